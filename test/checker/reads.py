"""What reads of the accounts may show (I7), and what a subscriber may see (I8). Shares no code with the engine."""

import bisect

import bank
import folded_log


def parse_token(text):
    """{partition: offset}."""
    return {int(at.rsplit("/", 1)[1]): int(offset) for at, offset in (each.rsplit("@", 1) for each in text.split(","))} if text else {}


def row_at(checker, stream_id, version):
    stream = checker.streams[stream_id]
    return bank.account_row(stream_id, checker.states[stream_id][version], version, stream[0].time, stream[version - 1].time)


def check_reads(checker):
    """A row is the fold of its stream up to the position that the answer names; that position is never before the token, nor
    before what the same session was shown."""
    shown, offsets = {}, {stream_id: [event.offset for event in stream] for stream_id, stream in checker.streams.items()}
    for each in sorted((each for each in checker.history if each["kind"] == "read"), key=lambda each: each["start"]):
        stream_id = each["stream"].split("/", 2)[2]
        where = f"a read of {stream_id} in session {each['session']}"
        checker.counts[f"I7 reads {each['status']}"] += 1
        if each["status"] not in (200, 404, 429, 503):
            checker.violated("status", f"{where}: answered {each['status']}")
        if each["status"] not in (200, 404):
            continue
        position = parse_token(each["position"])
        check_behind(checker, "token", f"{where} with the token {each['token']}", parse_token(each["token"]), position)
        check_behind(checker, "session", f"{where}, which had been shown {shown.get(each['session'])}", shown.get(each["session"], {}), position)
        shown[each["session"]] = position
        reached = position.get(folded_log.partition_of(stream_id, checker.partitions), -1)
        check_row(checker, where, stream_id, bisect.bisect_right(offsets.get(stream_id, []), reached), each)


def check_behind(checker, rule, where, at_least, position):
    for partition, offset in at_least.items():
        if position.get(partition, -1) < offset:
            checker.violated(rule, f"{where}: reflects only offset {position.get(partition)} of partition {partition}")
            return


def check_row(checker, where, stream_id, version, read):
    stream, row = checker.streams.get(stream_id, []), read["row"]
    if not version or not row:
        if version or row:
            checker.violated("read", f"{where}: showed {row}, at {read['position']} its version is {version}")
    elif version < len(stream) and stream[version].index != 0:
        checker.violated("read", f"{where}: at {read['position']} the version {version} is inside a commit")
    elif row != row_at(checker, stream_id, version):
        checker.violated("read", f"{where}: showed {row}, its fold at {read['position']} is {row_at(checker, stream_id, version)}")


def check_subscriptions(checker):
    """Each subscriber has seen every accepted event once, in the order of its partition, and the tokens lead from one to the next."""
    expected = {}
    for event in checker.events:
        expected.setdefault(event.partition, []).append(event)
    seen = {}
    for each in checker.history:
        if each["kind"] == "subscription":
            seen[each["subscriber"]] = ({partition: iter(events) for partition, events in expected.items()}, {})
    for each in checker.history:
        if each["kind"] == "event":
            checker.counts["I8 events delivered"] += 1
            check_delivery(checker, each, *seen[each["subscriber"]])
    for subscriber, (left, _) in seen.items():
        for events in left.values():
            for missed in events:
                checker.violated("subscriber", f"subscriber {subscriber} never saw {missed.id} at {missed.position}")


def check_delivery(checker, entry, left, token):
    event, where = entry["event"], f"subscriber {entry['subscriber']}"
    partition, offset = next(iter(parse_token(event["position"]).items()))
    due = next(left.get(partition, iter(())), None)
    if due is None or due.position != event["position"]:
        checker.violated("subscriber", f"{where} saw {event['id']} at {event['position']}, due was {due.position if due else 'nothing'}")
        left[partition] = iter(())  # one report for a partition that has gone wrong
        return
    told = {"type": due.type, "id": due.id, "stream": f"bank/account/{due.stream_id}", "version": due.version, "time": due.time,
            "command_id": due.command_id, "data": due.data}
    for name, value in told.items():
        if event.get(name) != value:
            checker.violated("subscriber", f"{where}: {name} of {due.position} is {event.get(name)!r}, the log has {value!r}")
    token[partition] = offset
    if parse_token(entry["token"]) != token:
        checker.violated("subscriber", f"{where}: the id at {due.position} is {entry['token']}, it has seen {token}")
