"""API.md section 2: the command id. A repeat gets the first answer, byte for byte, whatever happened in between."""

import shutil
import unittest

from harness import ON_KAFKA, ServerCase, in_parallel, unique

CREATE = {"owner": "O", "currency": "EUR"}


class Repeats(ServerCase):
    def must_be_repeat(self, answer, first):
        self.assertEqual(answer.status, 200, repr(answer))
        self.assertEqual(answer.header("Idempotent-Replayed"), "true", repr(answer))
        for name in ("ETag", "Foldlog-Token", "Content-Type"):
            self.assertEqual(answer.header(name), first.header(name), name)
        self.assertEqual(answer.body, first.body)

    def deposit(self, stream_id, key, data=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.command(stream_id, "Deposit", data or {"amount": 5}, {"Idempotency-Key": key, **fields})

    def test_a_repeat_answers_the_first_answer_byte_for_byte(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "k1")
        self.must_be_done(first, 2, ["DepositMade"])
        self.assertIsNone(first.header("Idempotent-Replayed"))
        self.must_be_repeat(self.deposit(stream_id, "k1"), first)
        self.must_be_done(self.deposit(stream_id, "k2"), 3)
        self.must_be_repeat(self.deposit(stream_id, "k1"), first)
        self.assertEqual(self.must_be_done(self.deposit(stream_id, "k3"), 4)["events"][0]["data"]["balance"], 15)

    def test_a_repeat_of_a_commit_of_two_events(self):
        stream_id = self.open_account(overdraft_limit=10)
        first = self.command(stream_id, "Withdraw", {"amount": 5, "reference": "é\n"}, {"Idempotency-Key": "w"})
        self.must_be_done(first, 3, ["WithdrawalMade", "OverdraftStarted"])
        self.deposit(stream_id, "d")
        self.must_be_repeat(self.command(stream_id, "Withdraw", {"amount": 5, "reference": "é\n"}, {"Idempotency-Key": "w"}), first)

    def test_a_repeat_after_a_restart_and_after_a_crash(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "k")
        self.restart()
        self.must_be_repeat(self.deposit(stream_id, "k"), first)
        self.must_be_done(self.deposit(stream_id, "later"), 3)
        self.restart(crash=True)
        self.must_be_repeat(self.deposit(stream_id, "k"), first)
        self.assertEqual(self.must_be_done(self.deposit(stream_id, "last"), 4)["events"][0]["data"]["balance"], 15)

    @unittest.skipUnless(ON_KAFKA, "the embedded log keeps all under --data")
    def test_a_repeat_after_the_store_was_deleted(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "k")
        self.restart(crash=True, before_start=lambda: shutil.rmtree(self.data))
        self.must_be_repeat(self.deposit(stream_id, "k"), first)
        self.assertEqual(self.row("accounts", stream_id, first.header("Foldlog-Token"))["balance"], 5)

    def test_the_quoted_and_the_bare_form_are_one_id(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "same")
        self.must_be_repeat(self.deposit(stream_id, '"same"'), first)

    def test_the_same_id_on_another_stream_is_another_command(self):
        one, other = self.open_account(), self.open_account()
        self.must_be_done(self.deposit(one, "shared"), 2)
        answer = self.deposit(other, "shared")
        self.must_be_done(answer, 2)
        self.assertIsNone(answer.header("Idempotent-Replayed"))

    def test_another_command_data_or_condition_under_the_same_id_is_a_reuse(self):
        stream_id = self.open_account(balance=100)
        first = self.deposit(stream_id, "k", If_Match='"2"')
        self.must_be_done(first, 3)
        self.must_be_problem(self.deposit(stream_id, "k", {"amount": 6}, If_Match='"2"'), "command-id-reused")
        self.must_be_problem(self.deposit(stream_id, "k", {"amount": 5, "reference": ""}, If_Match='"2"'), "command-id-reused")
        self.must_be_problem(self.deposit(stream_id, "k", If_Match='"3"'), "command-id-reused")
        self.must_be_problem(self.deposit(stream_id, "k"), "command-id-reused")
        answer = self.command(stream_id, "Withdraw", {"amount": 5}, {"Idempotency-Key": "k", "If-Match": '"2"'})
        self.must_be_problem(answer, "command-id-reused")
        self.must_be_repeat(self.deposit(stream_id, "k", If_Match='"2"'), first)

    def test_the_same_data_in_another_spelling_is_the_same_command(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "k", b'{"amount":5,"reference":"A\xc3\xa9"}')
        for spelling in (b'{"reference":"A\xc3\xa9","amount":5}', b' { "amount" : 5 , "reference" : "\\u0041\\u00e9" } ',
                         b'{"amount":5.0,"reference":"A\xc3\xa9"}', b'{"amount":50e-1,"reference":"A\xc3\xa9"}'):
            self.must_be_repeat(self.deposit(stream_id, "k", spelling), first)

    def test_both_ways_to_say_that_it_must_not_exist_are_one_condition(self):
        stream_id = unique("new")
        first = self.command(stream_id, "CreateAccount", CREATE, {"Idempotency-Key": "c", "If-None-Match": "*"})
        self.must_be_done(first, 1)
        self.must_be_repeat(self.command(stream_id, "CreateAccount", CREATE, {"Idempotency-Key": "c", "If-Match": '"0"'}), first)

    def test_correlation_and_trace_are_no_part_of_the_command(self):
        stream_id = self.open_account()
        first = self.deposit(stream_id, "k", Foldlog_Correlation="one")
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        self.must_be_repeat(self.deposit(stream_id, "k", Foldlog_Correlation="two", traceparent=trace), first)

    def test_a_default_left_out_is_not_the_default_sent(self):
        stream_id = unique("new")
        self.must_be_done(self.command(stream_id, "CreateAccount", CREATE, {"Idempotency-Key": "c"}), 1)
        answer = self.command(stream_id, "CreateAccount", {**CREATE, "overdraft_limit": 0}, {"Idempotency-Key": "c"})
        self.must_be_problem(answer, "command-id-reused")  # "data as sent"

    def test_a_refused_command_is_decided_again(self):
        stream_id = self.open_account()
        withdraw = lambda: self.command(stream_id, "Withdraw", {"amount": 5}, {"Idempotency-Key": "w"})
        self.must_be_refused(withdraw(), "insufficient-funds", version=1)
        self.must_be_done(self.deposit(stream_id, "d"), 2)
        answer = withdraw()
        self.must_be_done(answer, 3)
        self.assertIsNone(answer.header("Idempotent-Replayed"))

    def test_a_version_mismatch_leaves_the_id_free(self):
        stream_id = self.open_account()
        self.must_be_problem(self.deposit(stream_id, "k", If_Match='"7"'), "version-mismatch")
        self.must_be_done(self.deposit(stream_id, "k", If_Match='"1"'), 2)

    def test_many_at_once_with_one_id_have_one_effect(self):
        stream_id = self.open_account()
        for turn in range(10):
            answers = in_parallel(8, lambda _: self.deposit(stream_id, f"turn-{turn}"))
            self.assertEqual({(each.status, each.body) for each in answers}, {(200, answers[0].body)})
            self.assertEqual(sum(each.header("Idempotent-Replayed") is None for each in answers), 1)
        self.assertEqual(self.must_be_done(self.deposit(stream_id, "after"), 12)["events"][0]["data"]["balance"], 55)

    def test_the_grammar_of_command_ids(self):
        stream_id = self.open_account()
        self.must_be_done(self.deposit(stream_id, "x" * 128))
        self.must_be_done(self.deposit(stream_id, '"' + "y" * 128 + '"'))
        for bad in ("x" * 129, '"' + "x" * 129 + '"', "a b", '"a b"', "é", '""', "", "a\tb"):
            self.must_be_problem(self.deposit(stream_id, bad), "invalid-command-id")
        fields = [("Content-Type", "application/json"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        answer = self.server.request("POST", f"/v1/commands/bank/account/{stream_id}/Deposit", b'{"amount":1}', fields)
        self.assertEqual(answer.status, 400, repr(answer))

    def test_correlation_ids_have_the_grammar_of_command_ids(self):
        stream_id = self.open_account()
        self.must_be_done(self.deposit(stream_id, "1", Foldlog_Correlation="x" * 128))
        for bad in ("x" * 129, "a b", ""):
            self.must_be_problem(self.deposit(stream_id, unique("k"), Foldlog_Correlation=bad), "malformed-request")

    def test_a_malformed_traceparent_is_ignored(self):
        stream_id = self.open_account()
        for each in ("nonsense", "00-0-0-0", "", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
            self.must_be_done(self.deposit(stream_id, unique("k"), traceparent=each))


if __name__ == "__main__":
    unittest.main()
