"""Reads a raw log and runs the rule of API.md section 3 on it: which records count. Shares no code with the engine.

Two sources: `foldlog tail bank.account --all` (JSON lines) and `kcat -J` (JSON lines with headers).
"""

import datetime
import hashlib
import json

CLAIM, PROOF = "foldlog.PartitionClaimed.v1", "foldlog.OwnershipProved.v1"


class Record:
    """One record of the log. verdict: this program's own; printed: what the engine said of it, None when it said nothing."""

    __slots__ = ("partition", "offset", "type", "id", "stream_id", "version", "epoch", "epochseq", "index", "count", "command_id", "command_hash",
                 "time", "data", "nonce", "printed", "verdict", "name")

    def __init__(self, **fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))

    @property
    def position(self):
        return f"bank.account/{self.partition}@{self.offset}"


def _commit(text):
    if not text:
        return None, None
    index, count = text.split("/")
    return int(index), int(count)


def read_tail(lines):
    """Records of `tail --all`."""
    for line in lines:
        found = json.loads(line)
        place, offset = found["position"].rsplit("@", 1)
        index, count = _commit(found.get("commit"))
        event = not str(found.get("type", "")).startswith("foldlog.") and found["verdict"] != "claim"
        yield Record(partition=int(place.rsplit("/", 1)[1]), offset=int(offset), type=CLAIM if found["verdict"] == "claim" else found.get("type"),
                     id=found.get("id"), stream_id=found["stream"].split("/", 2)[2] if event and found.get("stream") else None,
                     version=found.get("version"), epoch=found.get("epoch"), epochseq=found.get("epochseq"), index=index, count=count,
                     command_id=found.get("command_id"), time=found.get("time"), data=found.get("data"), nonce=found.get("nonce"),
                     printed=found["verdict"])


def read_kcat(lines, damage):
    """Records of `kcat -J`; calls damage(text) for one whose headers are not as API.md says."""
    for line in lines:
        found = json.loads(line)
        flat = found.get("headers") or []
        headers = dict(zip(flat[::2], flat[1::2]))
        where = f'bank.account/{found["partition"]}@{found["offset"]}'
        if len(headers) * 2 != len(flat):
            damage(f"{where}: a header stands twice")
        kind = headers.get("ce_type", "")
        index, count = _commit(headers.get("ce_commit"))
        event = not kind.startswith("foldlog.")
        sequence = headers.get("ce_epochseq")
        record = Record(partition=found["partition"], offset=found["offset"], type=kind, id=headers.get("ce_id"),
                        stream_id=found["key"] if event else None, version=int(headers["ce_id"].rsplit("/", 1)[1]) if event else None,
                        epoch=headers.get("ce_epoch"), epochseq=int(sequence) if sequence is not None else None, index=index, count=count,
                        command_id=headers.get("ce_commandid"), command_hash=headers.get("ce_commandhash"), time=headers.get("ce_time"),
                        data=json.loads(found["payload"]) if found.get("payload") else None, nonce=headers.get("ce_nonce"))
        if event:
            _check_headers(record, found, headers, damage, where)
        elif kind in (CLAIM, PROOF) and found.get("key"):
            damage(f"{where}: {kind} has a key")
        yield record


def _check_headers(record, found, headers, damage, where):
    expected = {"content-type": "application/json", "ce_specversion": "1.0", "ce_source": "/bank/account",
                "ce_id": f"{record.stream_id}/{record.version}", "ce_subject": record.stream_id}
    for name, value in expected.items():
        if headers.get(name) != value:
            damage(f"{where}: header {name} is {headers.get(name)!r}, not {value!r}")
    if record.time and milliseconds(record.time) != found.get("ts"):
        damage(f"{where}: the timestamp {found.get('ts')} is not ce_time {record.time}")


def milliseconds(time):
    moment = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def judge(records, damage):
    """Gives every record of one partition (in offset order) its verdict; the accepted events, in order."""
    accepted, epoch, following, gathered = [], None, 0, []
    for at, record in enumerate(records):
        if record.offset != at:
            damage(f"{record.position}: the offset {at} is missing")
            return accepted
        if record.type == CLAIM:
            for each in gathered:
                each.verdict = "void"
            epoch, following, gathered = f"{record.offset}-{record.nonce}", 0, []
            record.verdict = "claim"
        elif record.epoch == epoch and record.epochseq == following:
            if record.index != len(gathered) or (gathered and record.count != gathered[0].count):
                damage(f"{record.position}: event {record.index}/{record.count} does not continue its commit")
                return accepted
            following += 1
            gathered.append(record)
            record.verdict = "open"
            if record.index == record.count - 1:
                for each in gathered:
                    each.verdict = _kind(each)
                accepted += [each for each in gathered if each.verdict == "accepted"]
                gathered = []
        else:
            record.verdict = "void"
    return accepted


def _kind(record):
    if record.type == PROOF:
        return "proof"
    return "refused" if record.type.startswith("foldlog.") else "accepted"


def partition_of(stream_id, partitions):
    """murmur2 as Kafka's Java client has it."""
    data, mask = stream_id.encode(), 0xFFFFFFFF
    hashed = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at:at + 4], "little") * 0x5BD1E995 & mask
        word = (word ^ word >> 24) * 0x5BD1E995 & mask
        hashed = (hashed * 0x5BD1E995 & mask) ^ word
    if whole < len(data):
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * 0x5BD1E995 & mask
    hashed = (hashed ^ hashed >> 13) * 0x5BD1E995 & mask
    return ((hashed ^ hashed >> 15) & 0x7FFFFFFF) % partitions


def canonical(value):
    """RFC 8785 for values without fractions."""
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(each)}" for name, each in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def command_hash(command, data, condition):
    return hashlib.sha256(canonical([command, data, condition]).encode()).hexdigest()[:16]
