"""A small world that is all in order: one server's life in three epochs, its log, its clients' history, its views. Tests break it."""

import copy

import bank
import folded_log
from checker import Checker
from folded_log import Record, partition_of

PARTITIONS = 8


class World:
    """A small sound world: one server's life in three epochs, its log, its clients' history, its views."""

    def __init__(self):
        self.history, self.log, self.clock = [], {at: [] for at in range(PARTITIONS)}, 0.0
        self.epochs, self.sequences, self.states, self.versions, self.count = {}, {}, {}, {}, 0
        self.claim_all()

    def tick(self):
        self.clock += 1.0
        return self.clock

    def claim_all(self):
        for partition, records in self.log.items():
            nonce = f"{len(records) * 16 + partition + 256:08x}"
            self.epochs[partition], self.sequences[partition] = f"{len(records)}-{nonce}", 0
            records.append(Record(partition=partition, offset=len(records), type=folded_log.CLAIM, nonce=nonce, printed="claim"))

    def append(self, stream_id, command_id, events, printed="accepted", whole=True, epoch=None):
        partition = partition_of(stream_id, PARTITIONS)
        records, version = self.log[partition], self.versions.get(stream_id, 0)
        written = []
        for at, (name, data) in enumerate(events if whole else events[:-1]):
            record = Record(partition=partition, offset=len(records), type=f"bank.{name}.v1", id=f"{stream_id}/{version + at + 1}", stream_id=stream_id,
                            version=version + at + 1, epoch=epoch or self.epochs[partition], epochseq=self.sequences[partition], index=at, count=len(events),
                            command_id=command_id, time=f"2026-11-21T09:30:{int(self.clock) % 60:02d}.{self.count % 1000000:06d}Z",
                            data=copy.deepcopy(data), printed=printed)
            self.sequences[partition] += 1
            records.append(record)
            written.append(record)
        return written

    def send(self, stream_id, command, data, status=None, condition=None, command_id=None, record_as=None):
        """One command and its answer, as the engine would do it. status "unknown": applied, but nobody heard; "lost": not applied."""
        self.count += 1
        command_id = command_id or f"c{self.count}"
        start = self.tick()
        decision = bank.decide(self.states.get(stream_id), command, data)
        entry = {"kind": "command", "start": start, "stream": f"bank/account/{stream_id}", "command": command, "data": data,
                 "command_id": command_id, "condition": condition}
        if decision[0] == "refused":
            body = {"type": "/problems/refused", "status": 409, "code": decision[1], "version": self.versions.get(stream_id, 0), **decision[2]}
            self.history.append({**entry, "status": 409, "body": body, "end": self.tick()})
            return self.history[-1]
        if status == "lost":
            self.history.append({**entry, "status": "unknown", "body": None, "end": self.tick()})
            return self.history[-1]
        written = self.append(stream_id, command_id, decision[1])
        for name, each in decision[1]:
            self.states[stream_id] = bank.evolve(self.states.get(stream_id), name, each)
        self.versions[stream_id] = self.versions.get(stream_id, 0) + len(written)
        body = {"command_id": command_id, "stream": entry["stream"], "version": written[-1].version, "token": written[-1].position,
                "events": [{"type": each.type, "id": each.id, "version": each.version, "position": each.position, "data": copy.deepcopy(each.data)}
                           for each in written]}
        unknown = status == "unknown"
        self.history.append({**entry, "status": "unknown" if unknown else 200, "body": None if unknown else body, "end": self.tick()})
        self.history[-1]["applied"] = body
        return self.history[-1]

    def repeat(self, entry, status=200, body=None):
        again = {**entry, "start": self.tick(), "end": self.tick(), "status": status, "body": copy.deepcopy(body or entry["applied"]), "replayed": True}
        self.history.append(again)
        return again

    def token(self, until=None):
        """Of all that is in the log, or of `until`'s partition only up to that record."""
        ends = {at: len(records) - 1 for at, records in self.log.items()}
        if until:
            ends[until.partition] = until.offset
        return ",".join(f"bank.account/{at}@{offset}" for at, offset in ends.items())

    def read(self, stream_id):
        version = self.versions[stream_id]
        times = {each.version: each.time for each in self.records() if each.stream_id == stream_id and each.printed == "accepted"}
        self.history.append({"kind": "read", "start": self.tick(), "end": self.tick(), "session": "1/1", "stream": f"bank/account/{stream_id}",
                             "token": self.token(), "status": 200, "position": self.token(),
                             "row": bank.account_row(stream_id, self.states[stream_id], version, times[1], times[version])})
        return self.history[-1]

    def subscribe(self):
        """A subscriber that sees all events, one partition after the other."""
        self.history.append({"kind": "subscription", "subscriber": "s"})
        seen = {}
        for each in self.records():
            if each.printed == "accepted":
                seen[each.partition] = each.position
                self.history.append({"kind": "event", "subscriber": "s", "token": ",".join(seen.values()), "event": {
                    "stream": f"bank/account/{each.stream_id}", "type": each.type, "id": each.id, "version": each.version, "position": each.position,
                    "time": each.time, "command_id": each.command_id, "data": copy.deepcopy(each.data)}})

    def records(self):
        return [each for records in self.log.values() for each in records]

    def views(self):
        events = [each for each in self.records() if each.printed == "accepted"]
        for each in events:
            each.name = bank.name_of(each.type)
        return [{"view": f"bank/{view}", "key": key, "row": row} for view, rows in bank.views(events).items() for key, row in rows.items()]

    def violations(self, views=None, **more):
        return Checker(self.history, self.records(), self.views() if views is None else views, PARTITIONS, **more).run()


def sound_world():
    world = World()
    for name in ("ann", "bob", "eve"):
        world.send(name, "CreateAccount", {"owner": name.title(), "currency": "EUR", "overdraft_limit": 100}, condition=0)
        world.deposit = world.send(name, "Deposit", {"amount": 50})
        world.overdrawn = world.send(name, "Withdraw", {"amount": 80, "reference": "rent"})
        world.refused = world.send(name, "Withdraw", {"amount": 71})
    world.read("ann")
    world.in_doubt = world.send("ann", "Deposit", {"amount": 5}, "unknown")
    partition = partition_of("bob", PARTITIONS)  # a crash in the middle of a commit: void once the next claim comes
    for each in world.append("bob", "torn", [("DepositMade", {"amount": 40, "balance": 10}), ("OverdraftEnded", {})], printed="void", whole=False):
        world.history.append({"kind": "command", "start": world.tick(), "end": world.tick(), "stream": "bank/account/bob", "command": "Deposit",
                              "data": {"amount": 40}, "command_id": "torn", "condition": None, "status": "unknown", "body": None, "torn": each.offset})
    stale, sequence = world.epochs[partition], world.sequences[partition]
    world.claim_all()
    world.repeat(world.in_doubt)
    world.sequences[partition] = sequence  # what the superseded writer still appends
    world.append("bob", "late", [("DepositMade", {"amount": 1, "balance": -29})], printed="void", epoch=stale)
    world.sequences[partition] = 0
    world.send("bob", "Deposit", {"amount": 40})
    world.send("bob", "Deposit", {"amount": 7}, "lost")
    world.send("eve", "Deposit", {"amount": 30})
    world.closed = world.send("eve", "CloseAccount", {})
    world.read("bob")
    world.subscribe()
    return world
