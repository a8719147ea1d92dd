"""API.md section 2: If-Match and If-None-Match on commands."""

import unittest

from harness import ServerCase, in_parallel, unique

CREATE = {"owner": "O", "currency": "EUR"}


class Conditions(ServerCase):
    def test_the_stream_must_be_at_that_version(self):
        stream_id = self.open_account()
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}, {"If-Match": '"1"'}), 2)
        for stale in ("0", "1", "3", "9223372036854775807"):
            answer = self.command(stream_id, "Deposit", {"amount": 1}, {"If-Match": f'"{stale}"'})
            self.must_be_problem(answer, "version-mismatch", current_version=2)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}, {"If-Match": '"2"'}), 3)

    def test_version_zero_and_if_none_match_mean_that_it_must_not_exist(self):
        for headers in ({"If-Match": '"0"'}, {"If-None-Match": "*"}):
            stream_id = unique("new")
            self.must_be_done(self.command(stream_id, "CreateAccount", CREATE, headers), 1)
            self.must_be_problem(self.command(stream_id, "CreateAccount", CREATE, headers), "version-mismatch", current_version=1)

    def test_a_stream_that_does_not_exist_is_at_version_zero(self):
        answer = self.command(unique("none"), "CreateAccount", CREATE, {"If-Match": '"3"'})
        self.must_be_problem(answer, "version-mismatch", current_version=0)

    def test_a_commit_of_two_events_counts_as_two_versions(self):
        stream_id = self.open_account(overdraft_limit=10)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 5}, {"If-Match": '"1"'}), 3)
        answer = self.command(stream_id, "Withdraw", {"amount": 1}, {"If-Match": '"2"'})
        self.must_be_problem(answer, "version-mismatch", current_version=3)

    def test_anything_but_one_strong_tag_is_malformed(self):
        stream_id = self.open_account()
        for field in ('W/"1"', '"1", "2"', "*", "1", '"a"', '""', '"-1"', '"+1"', '"1.0"', '" 1"', '"1', '1"', '"9223372036854775808"',
                      '"18446744073709551617"', "'1'", ""):
            answer = self.command(stream_id, "Deposit", {"amount": 1}, {"If-Match": field})
            self.assertEqual(answer.status, 400, f"{field}: {answer!r}")
            self.must_be_problem(answer, "malformed-request")
        for field in ('"1"', 'W/"1"', "", "**", '*, "1"'):
            answer = self.command(stream_id, "Deposit", {"amount": 1}, {"If-None-Match": field})
            self.assertEqual(answer.status, 400, f"{field}: {answer!r}")
            self.must_be_problem(answer, "malformed-request")

    def test_both_conditions_at_once_are_malformed(self):
        self.must_be_problem(self.command(unique("b"), "CreateAccount", CREATE, {"If-Match": '"0"', "If-None-Match": "*"}), "malformed-request")

    def test_a_repeated_field_is_malformed(self):
        stream_id = self.open_account()
        fields = [("Content-Type", "application/json"), ("If-Match", '"1"'), ("If-Match", '"1"')]
        self.must_be_problem(self.server.request("POST", f"/v1/commands/bank/account/{stream_id}/Deposit", b'{"amount":1}', fields),
                             "malformed-request")

    def test_of_many_that_expect_the_same_version_one_wins(self):
        stream_id = self.open_account()
        for version in range(1, 21):
            answers = in_parallel(8, lambda at: self.command(stream_id, "Deposit", {"amount": at + 1}, {"If-Match": f'"{version}"'}))
            self.assertEqual(sorted(each.status for each in answers), [200] + [412] * 7)
            for each in answers:
                if each.status == 412:
                    self.must_be_problem(each, "version-mismatch", current_version=version + 1)

    def test_a_mismatch_never_shows_a_version_inside_a_commit(self):
        stream_id = self.open_account(overdraft_limit=10)  # version 1; below: always commits of two events, so odd versions

        def drive(at):
            seen = []
            for turn in range(40):
                if at == 0:
                    name = "Withdraw" if turn % 2 == 0 else "Deposit"
                    self.assertEqual(self.command(stream_id, name, {"amount": 5}).status, 200)
                else:
                    seen.append(self.command(stream_id, "CloseAccount", {}, {"If-Match": '"99999"'}).json()["current_version"])
            return seen
        for seen in in_parallel(4, drive)[1:]:
            self.assertEqual([each for each in seen if each % 2 == 0], [])
            self.assertEqual(seen, sorted(seen))


if __name__ == "__main__":
    unittest.main()
