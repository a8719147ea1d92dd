"""The checker must see: a sound history passes, and each way to break it by hand is reported under its rule."""

import copy
import hashlib
import unittest

import bank
import folded_log
from checker import INVARIANTS, Checker
from folded_log import Record, partition_of
from sound_world import PARTITIONS, sound_world

REPORTED = set()


def tearDownModule():  # pylint: disable=invalid-name
    unseen = set(INVARIANTS) - REPORTED
    if unseen:
        raise AssertionError(f"no broken history shows that these are seen: {sorted(unseen)}")


class SoundHistories(unittest.TestCase):
    def test_a_sound_world_passes(self):
        self.assertEqual(sound_world().violations(), [])

    def test_it_counts_what_it_saw(self):
        world = sound_world()
        checker = Checker(world.history, world.records(), world.views(), PARTITIONS)
        checker.run()
        self.assertEqual((checker.counts["I3 records claim"], checker.counts["I3 records void"], checker.counts["I2 streams"]), (16, 2, 3))
        self.assertEqual((checker.counts["I1 commands in doubt, not applied"], checker.counts["I7 reads 200"]), (2, 2))
        self.assertGreater(checker.counts["I3 records accepted"], 15)

    def test_kafkas_own_murmur2_vectors(self):
        for text, hashed in (("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536)):
            self.assertEqual(partition_of(text, 1 << 31), hashed & 0x7FFFFFFF)


class BrokenHistories(unittest.TestCase):
    def setUp(self):
        self.world = sound_world()
        self.views = self.world.views()

    def must_report(self, *rules, **more):
        found = {rule for rule, _ in self.world.violations(more.pop("views", self.views), **more)}
        self.assertLessEqual(found, set(INVARIANTS))
        for rule in rules:
            self.assertIn(rule, found)
        REPORTED.update(rules)

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

    def test_a_refused_repeat_of_an_attempt_that_nobody_waited_for_may_be_in_the_log(self):
        self.world.append("eve", self.world.refused["command_id"], [("WithdrawalMade", {"amount": 71, "balance": -71})])
        sent = {**self.world.refused, "status": "unknown", "body": None, "start": self.world.refused["start"] - 0.1}
        self.world.history.append(sent)
        self.must_report("refused")  # a server that died: the repeat is its last word
        sent["abandoned"] = True
        self.assertNotIn("refused", {rule for rule, _ in self.world.violations(self.views)})

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

    def reads(self):
        return [each for each in self.world.history if each["kind"] == "read"]

    def deliveries(self):
        return [at for at, each in enumerate(self.world.history) if each["kind"] == "event"]

    def test_a_read_that_is_behind_its_token(self):
        self.reads()[0]["token"] = self.world.token()
        self.must_report("token")

    def test_a_session_whose_positions_go_back(self):
        first, second = self.reads()
        second["position"], second["row"], second["token"], second["stream"] = first["position"], first["row"], "", first["stream"]
        first["position"] = self.world.token()
        self.must_report("session")

    def test_a_read_whose_position_is_not_that_of_its_row(self):
        self.reads()[-1]["position"] = self.world.token(until=self.event("bob", 1))
        self.must_report("read")

    def test_a_read_of_a_row_that_never_was(self):
        self.reads()[0]["row"]["balance"] += 1
        self.must_report("read")

    def test_a_read_inside_a_commit(self):
        event = self.event("ann", 3)
        self.reads()[0].update(token="", position=self.world.token(until=event))
        self.must_report("read")

    def test_a_row_that_is_not_shown(self):
        self.reads()[0].update(status=404, row=None)
        self.must_report("read")

    def test_an_event_that_a_subscriber_saw_twice(self):
        at = self.deliveries()[3]
        self.world.history.insert(at, copy.deepcopy(self.world.history[at]))
        self.must_report("subscriber")

    def test_an_event_that_a_subscriber_never_saw(self):
        for at in (self.deliveries()[2], self.deliveries()[-1]):
            gone = self.world.history.pop(at)
            self.must_report("subscriber")
            self.world.history.insert(at, gone)
        self.assertEqual(self.world.violations(self.views), [])

    def test_events_that_a_subscriber_saw_in_another_order(self):
        at = next(at for at in self.deliveries() if self.world.history[at]["event"]["version"] == 2)
        self.world.history[at - 1:at + 1] = reversed(self.world.history[at - 1:at + 1])
        self.must_report("subscriber")

    def test_a_void_record_that_a_subscriber_saw(self):
        late = next(each for each in self.world.records() if each.command_id == "late")
        at = self.deliveries()[-1]
        seen = copy.deepcopy(self.world.history[at])
        seen["event"].update(position=late.position, id=late.id)
        self.world.history.insert(at, seen)
        self.must_report("subscriber")

    def test_an_event_that_a_subscriber_saw_otherwise_than_it_is(self):
        for spoil in (lambda entry: entry["event"]["data"].update(amount=0), lambda entry: entry.update(token="bank.account/0@0")):
            entry = self.world.history[self.deliveries()[1]]
            sound = copy.deepcopy(entry)
            spoil(entry)
            self.must_report("subscriber")
            entry.update(sound)

    def test_a_replay_with_another_digest(self):
        rows = {view: {each["key"]: each["row"] for each in self.views if each["view"] == f"bank/{view}"} for view in ("accounts", "owners", "turnover")}
        digests = [{"view": view, "digest": bank.digest(each)} for view, each in rows.items()]
        self.assertEqual(self.world.violations(self.views, digests=digests), [])
        rows["owners"]["Ann"]["deposits"] += 1
        digests[1]["digest"] = bank.digest(rows["owners"])
        self.must_report("digest", digests=digests)

    def test_the_digest_of_a_view(self):
        canonical = '"a"\t{"a":1,"b":"é"}\n"b"\t{}\n'.encode()
        self.assertEqual(bank.digest({"b": {}, "a": {"b": "é", "a": 1}}), hashlib.sha256(canonical).hexdigest())

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

    def test_a_commit_of_two_moments(self):
        self.event("ann", 4).time = "2026-11-21T10:00:00.000000Z"
        self.must_report("commit")

    def test_an_event_that_does_not_fit_the_state(self):
        self.event("eve", 1).type = "bank.DepositMade.v1"
        self.event("eve", 1).data = {"amount": 1, "balance": 1}
        self.must_report("fold")

    def test_a_tail_that_is_not_the_log(self):
        tail = copy.deepcopy(self.world.records())
        self.assertEqual(self.world.violations(self.views, tail=tail), [])
        event = next(each for each in tail if each.stream_id == "ann" and each.version == 2)
        event.data["amount"] += 1
        self.must_report("tail", tail=tail)
        tail.remove(event)
        self.must_report("tail", tail=tail)

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
            REPORTED.add("headers")

    def test_a_command_hash_that_is_another(self):
        claim = Record(partition=partition_of("ann", PARTITIONS), offset=0, type=folded_log.CLAIM, nonce="9f3c2a71")
        (record,), _ = self.read(self.LINE % partition_of("ann", PARTITIONS))
        body = {"version": 1, "token": record.position, "stream": "bank/account/ann",
                "events": [{"type": record.type, "version": 1, "position": record.position, "data": record.data}]}
        entry = {"kind": "command", "start": 1, "end": 2, "stream": "bank/account/ann", "command": "CreateAccount", "data": {"owner": "A", "currency": "EUR"},
                 "command_id": "c1", "condition": None, "status": 200, "body": body}
        self.assertEqual({rule for rule, _ in Checker([entry], [claim, record], None, PARTITIONS).run()}, {"hash"})
        REPORTED.add("hash")
        record.command_hash = folded_log.command_hash("CreateAccount", {"currency": "EUR", "owner": "A"}, None)
        self.assertEqual(Checker([entry], [claim, record], None, PARTITIONS).run(), [])


if __name__ == "__main__":
    unittest.main()
