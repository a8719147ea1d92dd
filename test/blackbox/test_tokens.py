"""API.md section 2: tokens: reading one's own writes, waiting, saying that the view is behind."""

import time
import unittest

from harness import ServerCase, in_parallel, partition_of, positions


class Tokens(ServerCase):
    def test_a_read_with_the_token_reflects_the_write(self):
        stream_id = self.open_account()
        for version in range(2, 102):
            token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), version)["token"]
            row = self.row("accounts", stream_id, token)
            self.assertEqual((row["version"], row["balance"]), (version, version - 1))

    def test_the_same_in_parallel_and_over_many_partitions(self):
        def session(_):
            stream_id, seen = self.open_account(), {}
            for version in range(2, 22):
                token = self.command(stream_id, "Deposit", {"amount": 1}).header("Foldlog-Token")
                answer = self.view("accounts", stream_id, token)
                self.assertEqual(answer.json()["version"], version)
                reflected = positions(answer.header("Foldlog-Position"))
                for partition, offset in positions(token).items():
                    self.assertGreaterEqual(reflected[partition], offset)
                for partition, offset in seen.items():
                    self.assertGreaterEqual(reflected[partition], offset, "a position went back within a session")
                seen = reflected
        in_parallel(8, session)

    def test_the_token_as_a_parameter(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.assertEqual(self.server.get(f"/v1/views/bank/accounts/{stream_id}?token={token}").json()["version"], 2)
        self.assertEqual(self.server.get(f"/v1/views/bank/accounts/{stream_id}?token={token.replace('/', '%2F')}").json()["version"], 2)

    def test_a_view_that_stays_behind_says_so(self):
        stream_id = self.open_account()
        ahead = f"bank.account/{partition_of(stream_id)}@999999999"
        for wait, least, most in (("wait=0", 0, 20), ("wait=1", 0.9, 30), ("wait=2", 1.9, 30)):
            started = time.monotonic()
            answer = self.view("accounts", stream_id, ahead, {"Prefer": wait})
            body = self.must_be_problem(answer, "projection-behind")
            self.assertGreaterEqual(time.monotonic() - started, least)
            self.assertLess(time.monotonic() - started, most)
            for partition, offset in positions(body["position"]).items():
                self.assertTrue(partition.startswith("bank.account/") and offset < 999999999)

    def test_without_prefer_it_waits_five_seconds(self):
        started = time.monotonic()
        self.must_be_problem(self.view("accounts", "any", "bank.account/0@999999999"), "projection-behind")
        self.assertGreaterEqual(time.monotonic() - started, 4.5)

    def test_a_waiting_read_is_answered_when_the_write_comes(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        partition, offset = next(iter(positions(token).items()))
        ahead = f"{partition}@{offset + 1}"

        def side(at):
            if at == 0:
                return self.view("accounts", stream_id, ahead, {"Prefer": "wait=30"})
            time.sleep(0.5)
            return self.command(stream_id, "Deposit", {"amount": 1})
        started = time.monotonic()
        read, write = in_parallel(2, side)
        self.must_be_done(write, 3)
        self.assertEqual((read.status, read.json()["version"]), (200, 3), repr(read))
        self.assertLess(time.monotonic() - started, 25)

    def test_waiting_reads_do_not_hold_up_the_rest(self):
        stream_id = self.open_account()
        waiting = [self.server.connect() for _ in range(50)]
        for connection in waiting:
            connection.send(f"GET /v1/views/bank/accounts/{stream_id}?token=bank.account/0@999999999 HTTP/1.1\r\nHost: a\r\n"
                            "Prefer: wait=3\r\n\r\n".encode())
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)
        for connection in waiting:
            self.must_be_problem(connection.answer(), "projection-behind")
            connection.close()

    def test_invalid_tokens(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        for bad in ("x", "bank.account", "bank.account/0", "bank.account/0@", "bank.account/0@x", "bank.account/0@-1", "bank.account/-1@0",
                    "bank.account/8@0", "bank.account/999@0", "bank.nothing/0@0", "other.account/0@0", token + ",", "," + token,
                    token + "," + token, "bank.account/0@99999999999999999999", "bank.account/4294967296@0"):
            self.must_be_problem(self.view("accounts", stream_id, None, {"Foldlog-Token": bad}), "invalid-token")
            self.must_be_problem(self.server.get(f"/v1/views/bank/accounts?token={bad}"), "invalid-token")

    def test_views_over_all_partitions_wait_for_every_position_named(self):
        tokens = {}
        for _ in range(30):
            tokens.update(positions(self.must_be_done(self.command(self.open_account(owner="Many"), "Deposit", {"amount": 1}))["token"]))
        token = ",".join(f"{partition}@{offset}" for partition, offset in sorted(tokens.items()))
        row = self.row("owners", "Many", token)
        self.assertEqual((row["accounts"], row["deposits"]), (30, 30))


if __name__ == "__main__":
    unittest.main()
