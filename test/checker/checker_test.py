"""The checker must see: a sound history passes, and each way to break it by hand is reported under its rule."""

import copy
import unittest

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

    def read(self, stream_id):
        version = self.versions[stream_id]
        times = {each.version: each.time for records in self.log.values() for each in records if each.stream_id == stream_id and each.printed == "accepted"}
        self.history.append({"kind": "read", "start": self.tick(), "end": self.tick(), "stream": f"bank/account/{stream_id}", "at_least": version,
                             "row": bank.account_row(stream_id, self.states[stream_id], version, times[1], times[version])})
        return self.history[-1]

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
    return world


class SoundHistories(unittest.TestCase):
    def test_a_sound_world_passes(self):
        self.assertEqual(sound_world().violations(), [])

    def test_it_counts_what_it_saw(self):
        world = sound_world()
        checker = Checker(world.history, world.records(), world.views(), PARTITIONS)
        checker.run()
        self.assertEqual((checker.counts["records claim"], checker.counts["records void"], checker.counts["streams"]), (16, 2, 3))
        self.assertEqual((checker.counts["commands in doubt, not applied"], checker.counts["reads"]), (2, 2))
        self.assertGreater(checker.counts["records accepted"], 15)

    def test_kafkas_own_murmur2_vectors(self):
        for text, hashed in (("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536)):
            self.assertEqual(partition_of(text, 1 << 31), hashed & 0x7FFFFFFF)


class BrokenHistories(unittest.TestCase):
    def setUp(self):
        self.world = sound_world()
        self.views = self.world.views()

    def must_report(self, *rules, **more):
        found = {rule for rule, _ in self.world.violations(more.pop("views", self.views), **more)}
        for rule in rules:
            self.assertIn(rule, found)

    def event(self, stream_id, version):
        return next(each for each in self.world.records() if each.stream_id == stream_id and each.version == version and each.printed == "accepted")

    def remove(self, *gone):
        """Takes records out of the log as if they had never been there."""
        for partition, records in self.world.log.items():
            kept = [each for each in records if each not in gone]
            removed_at = [each.offset for each in gone if each.partition == partition]
            for at, each in enumerate(kept):
                if each.type != folded_log.CLAIM and removed_at and each.offset > min(removed_at) and each.printed == "accepted":
                    each.epochseq -= sum(offset < each.offset for offset in removed_at) if each.epoch == gone[0].epoch else 0
                each.offset = at
            self.world.log[partition] = kept

    def test_an_acknowledged_command_that_is_not_in_the_log(self):
        last = self.event("eve", self.world.versions["eve"])
        self.remove(last)
        self.must_report("lost")

    def test_a_command_that_was_applied_twice(self):
        self.world.append("ann", self.world.deposit["command_id"], [("DepositMade", {"amount": 50, "balance": 25})])
        for each in self.world.history:
            if each["kind"] == "command" and each["command_id"] == self.world.deposit["command_id"]:
                each["stream"] = "bank/account/eve"
        self.world.append("eve", self.world.deposit["command_id"], [("DepositMade", {"amount": 50, "balance": 50})])
        self.must_report("once")

    def test_a_refused_command_that_is_in_the_log(self):
        self.world.append("eve", self.world.refused["command_id"], [("WithdrawalMade", {"amount": 71, "balance": -71})])
        self.must_report("refused")

    def test_a_commit_of_which_half_is_missing(self):
        second = self.event("ann", 4)  # OverdraftStarted, of the commit that begins with version 3
        second.epochseq = 99
        self.must_report("lost", "verdict")

    def test_an_outcome_that_no_server_may_give(self):
        self.world.refused["status"] = 422
        self.must_report("status")

    def test_a_version_that_is_missing(self):
        for event in [each for each in self.world.records() if each.stream_id == "ann" and each.version >= 3]:
            event.version += 1
            event.id = f"ann/{event.version}"
        self.must_report("version", "answer")

    def test_a_version_that_stands_twice(self):
        event = self.event("eve", 2)
        event.version, event.id = 1, "eve/1"
        self.must_report("version")

    def test_a_balance_that_is_wrong(self):
        self.event("ann", 2).data["balance"] += 1
        self.must_report("balance", "decision", "answer")

    def test_an_amount_that_is_not_the_one_sent(self):
        self.event("ann", 2).data["amount"] = 49
        self.must_report("decision", "answer", "balance")

    def test_a_repeat_with_another_answer(self):
        body = copy.deepcopy(self.world.deposit["applied"])
        body["version"] += 1
        self.world.repeat(self.world.deposit, body=body)
        self.must_report("repeat")

    def test_a_repeat_that_is_refused_after_the_acknowledgement(self):
        self.world.repeat(self.world.deposit, 409, {"code": "account-closed", "version": self.world.versions["eve"]})
        self.must_report("repeat")

    def test_a_record_of_a_superseded_writer_that_is_folded(self):
        record = next(each for each in self.world.records() if each.command_id == "late")
        record.printed = "accepted"
        self.must_report("verdict")

    def test_a_torn_commit_that_is_called_accepted(self):
        record = next(each for each in self.world.records() if each.command_id == "torn")
        record.printed = "accepted"
        self.must_report("verdict")

    def test_a_record_that_the_network_doubled(self):
        record = copy.copy(self.event("ann", 2))
        records = self.world.log[record.partition]
        records.insert(record.offset + 1, record)
        for at, each in enumerate(records):
            each.offset = at
        self.must_report("verdict")

    def test_an_offset_that_is_missing(self):
        self.world.log[partition_of("ann", PARTITIONS)].pop(2)
        self.must_report("damage")

    def test_an_event_that_does_not_continue_its_commit(self):
        self.event("ann", 4).index = 0
        self.must_report("damage")

    def test_a_stale_refusal(self):
        self.world.history.append({**self.world.refused, "command_id": "stale", "start": self.world.tick(), "end": self.world.tick()})
        self.must_report("stale")  # eve was closed since

    def test_a_refusal_that_the_bank_would_not_give(self):
        self.world.refused["body"]["code"] = "account-closed"
        self.must_report("decision")

    def test_refusal_members_that_are_wrong(self):
        self.world.refused["body"]["available"] += 1
        self.must_report("decision")

    def test_a_condition_that_was_not_kept(self):
        self.world.deposit["condition"] = 7
        self.must_report("condition")

    def test_a_mismatch_inside_a_commit(self):
        self.world.history.append({**self.world.closed, "command_id": "m", "condition": 9, "status": 412, "body": {"current_version": 3},
                                   "stream": "bank/account/ann", "start": 0.1, "end": 0.2})
        self.must_report("stale")

    def test_an_earlier_version_after_a_later_answer(self):
        self.world.deposit["start"], self.world.deposit["end"] = self.world.tick(), self.world.tick()
        self.must_report("order")

    def test_a_command_that_nobody_sent(self):
        self.world.append("ann", "nobody", [("DepositMade", {"amount": 1, "balance": -24})])
        self.must_report("foreign")

    def test_a_read_that_is_behind_its_token(self):
        read = next(each for each in self.world.history if each["kind"] == "read")
        read["at_least"] += 1
        self.must_report("token")

    def test_a_read_of_a_row_that_never_was(self):
        read = next(each for each in self.world.history if each["kind"] == "read")
        read["row"]["balance"] += 1
        self.must_report("read")

    def test_a_stream_in_the_wrong_partition(self):
        self.must_report("partition", foreign=True) if self.move_a_stream() else self.fail("nothing moved")

    def move_a_stream(self):
        source, target = partition_of("ann", PARTITIONS), (partition_of("ann", PARTITIONS) + 1) % PARTITIONS
        event = Record(**{name: getattr(self.event("ann", 1), name) for name in Record.__slots__})
        event.stream_id, event.id, event.command_id, event.partition = "zoe", "zoe/1", "moved", target if partition_of("zoe", PARTITIONS) != target else source
        event.offset, event.epoch = len(self.world.log[event.partition]), self.world.epochs[event.partition]
        event.epochseq = self.world.sequences[event.partition]
        self.world.log[event.partition].append(event)
        return True

    def test_a_nonce_that_is_used_twice(self):
        claims = [each for each in self.world.log[7] if each.type == folded_log.CLAIM]
        claims[1].nonce = claims[0].nonce
        self.must_report("nonce")

    def test_views_with_a_wrong_missing_or_additional_row(self):
        for spoil in (lambda views: views[0]["row"].update(balance=1), lambda views: views.pop(), lambda views: views.append(copy.deepcopy(views[0])),
                      lambda views: views.append({"view": "bank/owners", "key": "Zoe", "row": {}})):
            views = copy.deepcopy(self.views)
            spoil(views)
            self.must_report("view", views=views)


class KafkaRecords(unittest.TestCase):
    LINE = ('{"topic":"bank.account","partition":%d,"offset":1,"tstype":"create","ts":1795253400123,"headers":["content-type","application/json",'
            '"ce_specversion","1.0","ce_source","/bank/account","ce_id","ann/1","ce_type","bank.AccountCreated.v1","ce_subject","ann","ce_time",'
            '"2026-11-21T09:30:00.123456Z","ce_commandid","c1","ce_commandhash","0011223344556677","ce_epoch","0-9f3c2a71","ce_epochseq","0",'
            '"ce_commit","0/1"],"key":"ann","payload":"{\\"owner\\":\\"A\\",\\"currency\\":\\"EUR\\",\\"overdraft_limit\\":0}"}')

    def read(self, line):
        damage = []
        return list(folded_log.read_kcat([line], damage.append)), damage

    def test_a_record_of_kcat(self):
        (record,), damage = self.read(self.LINE % 3)
        self.assertEqual(damage, [])
        self.assertEqual((record.id, record.version, record.epoch, record.epochseq, record.index, record.count, record.command_hash),
                         ("ann/1", 1, "0-9f3c2a71", 0, 0, 1, "0011223344556677"))

    def test_headers_that_are_wrong(self):
        for old, new in (('"ts":1795253400123', '"ts":1795253400124'), ('"ce_subject","ann"', '"ce_subject","bob"'), ('"/bank/account"', '"/bank"'),
                         ('"1.0"', '"0.3"'), ('"key":"ann"', '"key":"bob"'), ('"ce_specversion","1.0"', '"ce_specversion","1.0","ce_specversion","1.0"')):
            self.assertTrue(self.read((self.LINE % 3).replace(old, new))[1], new)

    def test_a_command_hash_that_is_another(self):
        claim = Record(partition=partition_of("ann", PARTITIONS), offset=0, type=folded_log.CLAIM, nonce="9f3c2a71")
        (record,), _ = self.read(self.LINE % partition_of("ann", PARTITIONS))
        body = {"version": 1, "token": record.position, "stream": "bank/account/ann",
                "events": [{"type": record.type, "version": 1, "position": record.position, "data": record.data}]}
        entry = {"kind": "command", "start": 1, "end": 2, "stream": "bank/account/ann", "command": "CreateAccount", "data": {"owner": "A", "currency": "EUR"},
                 "command_id": "c1", "condition": None, "status": 200, "body": body}
        self.assertEqual({rule for rule, _ in Checker([entry], [claim, record], None, PARTITIONS).run()}, {"hash"})
        record.command_hash = folded_log.command_hash("CreateAccount", {"currency": "EUR", "owner": "A"}, None)
        self.assertEqual(Checker([entry], [claim, record], None, PARTITIONS).run(), [])


if __name__ == "__main__":
    unittest.main()
