"""API.md section 2: a stream's events and its state at a version."""

import unittest

from harness import POSITION, ServerCase, TIME, unique


class Streams(ServerCase):
    def target(self, stream_id, query=""):
        return f"/v1/streams/bank/account/{stream_id}{query}"

    def test_a_streams_events(self):
        stream_id = unique("s")
        sent = [self.command(stream_id, "CreateAccount", {"owner": "O", "currency": "EUR", "overdraft_limit": 50}, {"Idempotency-Key": "c1"}),
                self.command(stream_id, "Withdraw", {"amount": 20}, {"Idempotency-Key": "c2", "Foldlog-Correlation": "journey-1"}),
                self.command(stream_id, "Deposit", {"amount": 25, "reference": "é"}, {"Foldlog-Correlation": '"quoted"'})]
        bodies = [self.must_be_done(each) for each in sent]
        answer = self.stream(stream_id, 5)
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"))
        body = answer.json()
        self.assertEqual((set(body), body["stream"], body["version"], body["next"]),
                         ({"stream", "version", "events", "next"}, f"bank/account/{stream_id}", 5, None))
        answered = [(event, each["command_id"]) for each in bodies for event in each["events"]]
        self.assertEqual([each["version"] for each in body["events"]], [1, 2, 3, 4, 5])
        for event, (first, command_id) in zip(body["events"], answered):
            self.assertEqual(set(event), {"type", "id", "version", "position", "time", "command_id", "correlation_id", "data"})
            self.assertEqual({name: event[name] for name in ("type", "id", "version", "position", "data")}, first)
            self.assertEqual(event["command_id"], command_id)
            self.assertRegex(event["time"], TIME)
        self.assertEqual([each["correlation_id"] for each in body["events"]], ["c1", "journey-1", "journey-1", "quoted", "quoted"])
        self.assertEqual([each["type"] for each in body["events"]],
                         [f"bank.{name}.v1" for name in ("AccountCreated", "WithdrawalMade", "OverdraftStarted", "DepositMade", "OverdraftEnded")])
        self.assertEqual([each["time"] for each in body["events"]], sorted(each["time"] for each in body["events"]))
        self.assertEqual(body["events"][1]["time"], body["events"][2]["time"])
        self.assertEqual(len({POSITION.match(each["position"]).group(1) for each in body["events"]}), 1)

    def test_pages_of_a_stream(self):
        stream_id = self.open_account()
        for _ in range(9):
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}))
        self.stream(stream_id, 10)

        def page(query):
            body = self.server.get(self.target(stream_id, query)).json()
            return [each["version"] for each in body["events"]], body["next"], body["version"]
        self.assertEqual(page("?limit=4"), ([1, 2, 3, 4], 5, 10))
        self.assertEqual(page("?limit=4&from_version=5"), ([5, 6, 7, 8], 9, 10))
        self.assertEqual(page("?limit=4&from_version=9"), ([9, 10], None, 10))
        self.assertEqual(page("?limit=2&from_version=9"), ([9, 10], None, 10))
        self.assertEqual(page("?from_version=10"), ([10], None, 10))
        self.assertEqual(page("?from_version=11"), ([], None, 10))
        self.assertEqual(page("?from_version=999999"), ([], None, 10))
        for bad in ("?from_version=0", "?from_version=-1", "?from_version=x", "?from_version=", "?limit=0", "?limit=1001", "?limit=x", "?limit=1&limit=1",
                    "?nothing=1"):
            self.must_be_problem(self.server.get(self.target(stream_id, bad)), "invalid-parameter")
        self.assertEqual(page("?limit=1000"), (list(range(1, 11)), None, 10))

    def test_a_hundred_events_by_default(self):
        stream_id = self.open_account()
        line = {"domain": "bank", "category": "account", "id": stream_id, "command": "Deposit", "data": {"amount": 1}}
        self.server.batch([line] * 120)
        body = self.stream(stream_id, 121).json()
        self.assertEqual(([each["version"] for each in body["events"]], body["next"]), (list(range(1, 101)), 101))

    def test_streams_that_are_not_there(self):
        self.must_be_problem(self.server.get(self.target(unique("none"))), "no-such-stream")
        self.must_be_problem(self.server.get(self.target(unique("none"), "/state")), "no-such-stream")
        self.must_be_problem(self.server.get(self.target("a%20b")), "invalid-id")
        self.must_be_problem(self.server.get(self.target("a%20b", "/state")), "invalid-id")
        self.must_be_problem(self.server.get("/v1/streams/bank/nothing/a"), "unknown-route")
        self.must_be_problem(self.server.get("/v1/streams/banks/account/a"), "unknown-route")

    def test_the_state_at_every_version(self):
        stream_id = self.open_account(owner="Ann", currency="CHF", overdraft_limit=50)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 20}), 2)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 30}), 4)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 10}), 6)
        self.must_be_done(self.command(stream_id, "CloseAccount", {}), 7)
        self.stream(stream_id, 7)
        balances = {1: 0, 2: 20, 3: -10, 4: -10, 5: 0, 6: 0, 7: 0}
        for version, balance in balances.items():
            answer = self.server.get(self.target(stream_id, f"/state?version={version}"))
            self.assertEqual((answer.status, answer.json()), (200, {
                "stream": f"bank/account/{stream_id}", "version": version,
                "state": {"owner": "Ann", "currency": "CHF", "overdraft_limit": 50, "balance": balance,
                          "status": "closed" if version == 7 else "open"}}))
        self.assertEqual(self.server.get(self.target(stream_id, "/state")).json()["version"], 7)
        for bad in ("0", "8", "-1", "x", "", "99999999999999999999"):
            self.must_be_problem(self.server.get(self.target(stream_id, f"/state?version={bad}")), "invalid-parameter")

    def test_head_options_and_other_methods(self):
        stream_id = self.open_account()
        self.stream(stream_id, 1)
        for target in (self.target(stream_id), self.target(stream_id, "/state")):
            get, head = self.server.get(target), self.server.request("HEAD", target)
            self.assertEqual((head.status, head.body, head.header("Content-Length")), (200, b"", get.header("Content-Length")))
            answer = self.server.request("OPTIONS", target)
            self.assertEqual((answer.status, {each.strip() for each in answer.header("Allow").split(",")}), (204, {"GET", "HEAD", "OPTIONS"}))
            self.must_be_problem(self.server.request("DELETE", target), "method-not-allowed")

    def test_a_reader_never_sees_half_a_commit(self):
        stream_id = self.open_account(overdraft_limit=10)
        self.stream(stream_id, 1)
        for turn in range(50):
            self.must_be_done(self.command(stream_id, "Deposit" if turn % 2 else "Withdraw", {"amount": 5}), 3 + 2 * turn)
            for _ in range(3):
                self.assertEqual(self.server.get(self.target(stream_id)).json()["version"] % 2, 1)
                self.assertEqual(self.server.get(self.target(stream_id, "/state")).json()["version"] % 2, 1)

    def test_streams_survive_restart_and_crash(self):
        stream_id = self.open_account(balance=5)
        before = self.stream(stream_id, 2).body
        for crash in (False, True):
            self.restart(crash=crash)
            self.assertEqual(self.stream(stream_id, 2).body, before)


if __name__ == "__main__":
    unittest.main()
