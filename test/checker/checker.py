#!/usr/bin/env python3
"""Checks a recorded client history against the raw log and the views. Shares no code with the engine.

  checker.py --history FILE --log FILE [--kcat FILE] [--views FILE] [--digests FILE] [--partitions 8] [--foreign] [--json FILE]

--history   JSON lines, one per attempt: {"kind":"command", "start", "end" (seconds, one clock), "stream", "command", "data", "command_id",
            "condition" (expected version or null), "status" (200, 409, 412, 503 … or "unknown"), "body",
            "abandoned" (the client did not wait for the answer)},
            {"kind":"read", "start", "end", "session", "stream", "token" (sent), "status", "position" (Foldlog-Position), "row"},
            {"kind":"subscription", "subscriber"}: one that followed all events to the end, and in its order
            {"kind":"event", "subscriber", "token" (the id), "event"}
--log       `foldlog tail bank.account --all`
--kcat      the same log by `kcat -J`: then this is what is judged, and --log is compared with it
--views     `foldlog dump`, of views that reflect the whole log
--digests   `foldlog replay --json`, of one or several replays of the whole log
--foreign   the log may hold commands that the history does not know
--json      writes {"counts": {…}, "violations": {rule: number}}
Prints counts and the violations. Exit: 0 all well, 2 wrong usage, 3 a violation.
"""

import argparse
import collections
import json
import sys

import bank
import folded_log
import reads

FINAL = (200, 409, 412)
EXPECTED = (*FINAL, 429, 503, "unknown")
# Rule of this program -> the invariant of DESIGN section 13 that it stands for.
INVARIANTS = {**dict.fromkeys(("lost", "once", "refused", "foreign", "answer", "commit", "decision", "condition", "status", "hash", "order", "stale"), "I1"),
              **dict.fromkeys(("version", "partition", "fold", "balance"), "I2"), **dict.fromkeys(("verdict", "nonce", "tail"), "I3"),
              "view": "I4", "digest": "I5", "repeat": "I6", **dict.fromkeys(("token", "session", "read"), "I7"), "subscriber": "I8",
              **dict.fromkeys(("damage", "headers"), "I9")}


class Checker:
    def __init__(self, history, records, views=None, partitions=8, foreign=False, tail=None, digests=()):
        self.history, self.records, self.views = history, records, views
        self.partitions, self.foreign, self.tail, self.digests = partitions, foreign, tail, digests
        self.violations, self.counts = [], collections.Counter()
        self.events, self.streams, self.states = [], {}, {}

    def violated(self, rule, text):
        self.violations.append((rule, text))

    def run(self):
        self.judge_log()
        if self.tail is not None:
            self.compare_tail()
        self.fold_streams()
        self.check_commands()
        self.check_order()
        reads.check_reads(self)
        reads.check_subscriptions(self)
        if not any(rule == "fold" for rule, _ in self.violations):  # else there is no fold to compare with
            self.check_views()
            self.check_digests()
        return self.violations

    # --- the log -------------------------------------------------------------------------------------------------------

    def judge_log(self):
        by_partition = collections.defaultdict(list)
        for record in self.records:
            by_partition[record.partition].append(record)
        for partition, records in sorted(by_partition.items()):
            records.sort(key=lambda record: record.offset)
            self.events += folded_log.judge(records, lambda text: self.violated("damage", text))
            for record in records:
                self.counts[f"I3 records {record.verdict}"] += 1
                if record.printed is not None and record.printed != record.verdict:
                    self.violated("verdict", f"{record.position} is {record.verdict}, printed as {record.printed}")
        nonces = [record.nonce for record in self.records if record.type == folded_log.CLAIM]
        for nonce, count in collections.Counter(nonces).items():
            if count > 1:
                self.violated("nonce", f"the nonce {nonce} stands in {count} claims")

    def compare_tail(self):
        mine = {record.position: record for record in self.records}
        for other in self.tail:
            record = mine.pop(other.position, None)
            if record is None:
                self.violated("tail", f"{other.position} is in tail and not in Kafka")
            elif record.verdict != other.printed:
                self.violated("verdict", f"{record.position} is {record.verdict}, printed as {other.printed}")
            elif record.verdict == "accepted":
                for field in ("type", "id", "stream_id", "version", "epoch", "epochseq", "index", "count", "command_id", "time", "data"):
                    if getattr(record, field) != getattr(other, field):
                        self.violated("tail", f"{record.position}: {field} is {getattr(record, field)!r}, tail has {getattr(other, field)!r}")
        for position in mine:
            self.violated("tail", f"{position} is in Kafka and not in tail")

    def fold_streams(self):
        """Versions 1 … n, each event where its stream belongs, every balance right, and the state after every version."""
        for event in self.events:
            event.name = bank.name_of(event.type)
            stream = self.streams.setdefault(event.stream_id, [])
            states = self.states.setdefault(event.stream_id, [None])
            if event.version != len(stream) + 1:
                self.violated("version", f"{event.position}: {event.id} has version {event.version} after {len(stream)}")
            if event.id != f"{event.stream_id}/{event.version}":
                self.violated("version", f"{event.position}: the id {event.id} is not that of {event.stream_id}, {event.version}")
            if event.partition != folded_log.partition_of(event.stream_id, self.partitions):
                self.violated("partition", f"{event.position}: {event.stream_id} does not belong into this partition")
            if (states[-1] is None) != (event.name == "AccountCreated"):
                self.violated("fold", f"{event.position}: {event.name} does not fit the state {states[-1]}")
                state = states[-1] or {"owner": "?", "currency": "???", "overdraft_limit": 0, "balance": 0, "status": "open"}
            else:
                state = bank.evolve(states[-1], event.name, event.data)
            if "balance" in event.data and event.data["balance"] != state["balance"]:
                self.violated("balance", f"{event.position}: says the balance {event.data['balance']}, it is {state['balance']}")
            stream.append(event)
            states.append(state)
        self.counts["I2 events"], self.counts["I2 streams"] = len(self.events), len(self.streams)

    # --- commands ------------------------------------------------------------------------------------------------------

    def check_commands(self):
        applied = collections.defaultdict(list)
        for event in self.events:
            applied[(event.stream_id, event.command_id)].append(event)
        attempts = collections.defaultdict(list)
        for each in self.history:
            if each["kind"] == "command":
                attempts[(each["stream"].split("/", 2)[2], each["command_id"])].append(each)
        for key, events in applied.items():
            self.check_commit(key, events, attempts.get(key))
        for key, tries in attempts.items():
            self.check_outcome(key, sorted(tries, key=lambda each: each["start"]), applied.get(key, []))
        self.counts["I1 commands"] = len(attempts)

    def check_commit(self, key, events, tries):
        """The events of one command are one commit, are what the bank decides, and belong to a command that was sent."""
        where = f"command {key[1]} of {key[0]}"
        if len(events) != events[0].count or [each.index for each in events] != list(range(len(events))):
            self.violated("once", f"{where}: {len(events)} events in the folded log, its commit has {events[0].count}")
            return
        if len({each.time for each in events}) != 1 or [each.version for each in events] != list(range(events[0].version, events[0].version + len(events))):
            self.violated("commit", f"{where}: the events of its commit do not belong together")
            return
        if tries is None:
            if not self.foreign:
                self.violated("foreign", f"{where}: applied, and nobody sent it")
            return
        sent = tries[0]
        state = self.states[key[0]][events[0].version - 1]
        expected = bank.decide(state, sent["command"], sent["data"])
        if expected[0] != "events" or [(each.name, each.data) for each in events] != expected[1]:
            self.violated("decision", f"{where}: has {[(each.name, each.data) for each in events]}, the bank decides {expected[1:]}")
        if sent.get("condition") is not None and sent["condition"] != events[0].version - 1:
            self.violated("condition", f"{where}: expected version {sent['condition']}, applied at {events[0].version - 1}")
        if events[0].command_hash is not None:
            hashed = folded_log.command_hash(sent["command"], sent["data"], sent.get("condition"))
            for each in events:
                if each.command_hash != hashed:
                    self.violated("hash", f"{where}: ce_commandhash is {each.command_hash}, not {hashed}")

    def check_outcome(self, key, tries, events):
        where = f"command {key[1]} of {key[0]}"
        done = [each for each in tries if each["status"] == 200]
        statuses = [each["status"] for each in tries]
        for status in statuses:
            self.counts[f"I1 attempts {status}"] += 1
            if status not in EXPECTED:
                self.violated("status", f"{where}: answered {status}")
        if done:
            self.check_answer(where, done[0], events)
            for each in done[1:]:
                self.counts["I6 repeats of an acknowledged command"] += 1
                if each["body"] != done[0]["body"]:
                    self.violated("repeat", f"{where}: answered {done[0]['body']} and then {each['body']}")
            first = min(each["end"] for each in done)
            if any(each["status"] in (409, 412) and each["start"] > first for each in tries):
                self.violated("repeat", f"{where}: acknowledged, and refused on a repeat: {statuses}")
            return
        in_doubt = "unknown" in statuses
        # A repeat that was decided anew: the first attempt was not applied and cannot be. An attempt that the client did not wait for
        # is another matter: it may be decided after the repeat was refused, since a refusal leaves no trace.
        settled = statuses[-1] in (409, 412) and not any(each.get("abandoned") for each in tries)
        if events and (settled or not in_doubt):
            self.violated("refused", f"{where}: answered {statuses}, and its events are in the folded log at {events[0].position}")
        if in_doubt and not settled:
            self.counts["I1 commands in doubt, applied" if events else "I1 commands in doubt, not applied"] += 1

    def check_answer(self, where, answer, events):
        body = answer["body"]
        if not events:
            self.violated("lost", f"{where}: acknowledged at version {body.get('version')}, and not in the folded log")
            return
        said = [(each["type"], each["version"], each["position"], each["data"]) for each in body["events"]]
        found = [(each.type, each.version, each.position, each.data) for each in events]
        if said != found:
            self.violated("answer", f"{where}: answered {said}, the folded log has {found}")
        if (body["version"], body["token"], body["stream"]) != (events[-1].version, events[-1].position, answer["stream"]):
            self.violated("answer", f"{where}: version, token or stream of the answer are not those of the last event")

    def check_order(self):
        """What was answered before a command was sent is seen by it; a refusal is what the bank decides on the version that it names."""
        by_stream = collections.defaultdict(list)
        for each in self.history:
            if each["kind"] == "command" and each["status"] in FINAL:
                by_stream[each["stream"].split("/", 2)[2]].append(each)
        for stream_id, answers in by_stream.items():
            ended = sorted(answers, key=lambda each: each["end"])
            at, seen = 0, 0
            for each in sorted(answers, key=lambda each: each["start"]):
                while at < len(ended) and ended[at]["end"] < each["start"]:
                    seen = max(seen, self.version_of(ended[at]))
                    at += 1
                if each["status"] == 200:
                    if not each.get("replayed") and self.version_of(each) <= seen:
                        self.violated("order", f"{each['command_id']} of {stream_id}: version {self.version_of(each)} after {seen} had been answered")
                else:
                    self.check_refusal(stream_id, each, seen)

    @staticmethod
    def version_of(answer):
        return answer["body"]["current_version" if answer["status"] == 412 else "version"]

    def check_refusal(self, stream_id, answer, seen):
        where, version = f"{answer['command_id']} of {stream_id}", self.version_of(answer)
        states, stream = self.states.get(stream_id, [None]), self.streams.get(stream_id, [])
        if version < seen:
            self.violated("stale", f"{where}: decided on version {version} after {seen} had been answered")
        if version >= len(states):
            self.violated("stale", f"{where}: decided on version {version}, the folded log has {len(stream)}")
            return
        if 0 < version < len(stream) and stream[version].index != 0:
            self.violated("stale", f"{where}: shows the version {version}, which is inside a commit")
        if answer["status"] == 412:
            if answer.get("condition") == version:
                self.violated("condition", f"{where}: 412 at the version that it expected")
            return
        expected = bank.decide(states[version], answer["command"], answer["data"])
        if expected[0] != "refused" or answer["body"].get("code") != expected[1]:
            self.violated("decision", f"{where}: refused as {answer['body'].get('code')} at version {version}, the bank decides {expected}")
        elif any(answer["body"].get(name) != value for name, value in expected[2].items()):
            self.violated("decision", f"{where}: the members of {answer['body']} are not {expected[2]}")

    # --- views ---------------------------------------------------------------------------------------------------------

    def check_views(self):
        expected, found = bank.views(self.events), collections.defaultdict(dict)
        if self.views is None:
            return
        for each in self.views:
            view = each["view"].replace(".", "/").rsplit("/", 1)[-1]
            if each["key"] in found[view]:
                self.violated("view", f"{view}/{each['key']} stands twice")
            found[view][each["key"]] = each["row"]
        for view, rows in expected.items():
            self.counts[f"I4 rows of {view}"] = len(rows)
            for key in rows.keys() | found[view].keys():
                if rows.get(key) != found[view].get(key):
                    self.violated("view", f"{view}/{key} is {found[view].get(key)}, an independent fold gives {rows.get(key)}")

    def check_digests(self):
        """Each replay has folded the same rows as this program."""
        expected = {view: bank.digest(rows) for view, rows in bank.views(self.events).items()}
        for each in self.digests:
            view = each["view"]
            if view not in expected:
                continue
            self.counts["I5 digests of replayed views"] += 1
            if each["digest"] != expected[view]:
                self.violated("digest", f"a replay gives {view} the digest {each['digest']}, an independent fold {expected[view]}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--kcat")
    parser.add_argument("--views")
    parser.add_argument("--digests")
    parser.add_argument("--json")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--foreign", action="store_true")
    options = parser.parse_args(arguments)

    def lines(path):
        with open(path, encoding="utf-8") as file:
            return [line for line in file if line.strip()]
    headers = []
    tail = list(folded_log.read_tail(lines(options.log)))
    records = list(folded_log.read_kcat(lines(options.kcat), headers.append)) if options.kcat else tail
    checker = Checker([json.loads(line) for line in lines(options.history)], records,
                      [json.loads(line) for line in lines(options.views)] if options.views else None,
                      options.partitions, options.foreign, tail if options.kcat else None,
                      [json.loads(line) for line in lines(options.digests)] if options.digests else [])
    violations = checker.run() + [("headers", text) for text in headers]
    for name, count in sorted(checker.counts.items()):
        print(f"{count:9d}  {name}")
    print(f"{len(violations):9d}  violations")
    for rule, text in violations[:100]:
        print(f"VIOLATION {INVARIANTS[rule]} {rule}: {text}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"counts": checker.counts, "violations": collections.Counter(rule for rule, _ in violations)}, file)
    return 3 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
