"""What a node says and does when Kafka goes away, and when two nodes claim the same log."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

import harness
from harness import Broker, FoldlogCase, Server


class KafkaFaults(FoldlogCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-kafka-faults-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.broker = Broker(os.path.join(self.folder, "kafka"))
        self.addCleanup(self.broker.down)

    def serve(self, name, log=None):
        server = Server(os.path.join(self.folder, name), log or self.broker.log)
        self.addCleanup(lambda: (server.kill(), server.forget()))
        return server

    def kafka(self, *words):
        subprocess.run([os.path.join(harness.SOURCE, "tools", "kafka"), *words, "--dir", self.broker.folder],
                       stdout=subprocess.DEVNULL, check=True, timeout=120)

    def ready(self, server):
        return server.request("GET", "/readyz?verbose", admin=True).status == 200

    def test_the_later_claim_wins_and_the_other_does_not_fight_back_for_ten_seconds(self):
        first = self.serve("first")
        self.must_be_done(first.command("alice", "CreateAccount", {"owner": "Alice", "currency": "EUR"}), 1)
        second = self.serve("second")
        self.must_be_done(second.command("alice", "Deposit", {"amount": 5}), 2)
        deposed = first.command("alice", "Deposit", {"amount": 7})
        at = time.monotonic()
        self.assertEqual(deposed.status, 503, repr(deposed))
        version = 2
        while time.monotonic() < at + 9:
            version += 1
            self.must_be_done(second.command("alice", "Deposit", {"amount": 1}), version)
            self.must_be_problem(first.command("alice", "Deposit", {"amount": 7}), "not-ready")
            time.sleep(0.5)
        self.assertFalse(self.ready(first))
        answer = self.eventually(lambda: next((each for each in [first.command("alice", "Deposit", {"amount": 2})]
                                               if each.status == 200), None), "the first node claims again", 20)
        self.must_be_done(answer, version + 1)
        self.assertEqual(answer.json()["events"][0]["data"]["balance"], 5 + (version - 2) + 2)

    def test_brokers_that_go_away_and_come_back(self):
        server = self.serve("node")
        token = self.must_be_done(server.command("alice", "CreateAccount", {"owner": "Alice", "currency": "EUR"}), 1)["token"]
        self.assertEqual(server.get("/v1/views/bank/accounts/alice", {"Foldlog-Token": token}).status, 200)
        self.kafka("kill", "1")
        self.eventually(lambda: not self.ready(server), "not ready without brokers")
        self.eventually(lambda: server.command("alice", "Deposit", {"amount": 5}).json()["type"] == "/problems/log-unavailable",
                        "commands are shed")
        self.assertEqual(server.get("/v1/views/bank/accounts/alice").json()["balance"], 0)
        self.kafka("start", "1")
        self.eventually(lambda: self.ready(server), "ready again")
        done = self.eventually(lambda: next((each for each in [server.command("alice", "Deposit", {"amount": 9})]
                                             if each.status == 200), None), "commands are taken again")
        balance = done.json()["events"][0]["data"]["balance"]
        self.assertIn(balance % 5, (4,), "9 and some fives that were in doubt")
        self.assertEqual(server.stop(), 0)

    def test_brokers_that_are_not_there_at_the_start(self):
        first = self.serve("node")
        self.must_be_done(first.command("alice", "CreateAccount", {"owner": "Alice", "currency": "EUR"}), 1)
        self.eventually(lambda: first.get("/v1/views/bank/accounts/alice").status == 200, "the view has the account")
        self.assertEqual(first.stop(), 0)
        self.kafka("kill", "1")
        server = self.serve("node")
        self.assertFalse(self.ready(server))
        self.assertEqual(server.get("/v1/views/bank/accounts/alice").json()["balance"], 0)
        self.must_be_problem(server.command("alice", "Deposit", {"amount": 5}), "log-unavailable")
        self.kafka("start", "1")
        self.eventually(lambda: self.ready(server), "ready once the broker is there")
        self.must_be_done(server.command("alice", "Deposit", {"amount": 5}), 2)


if __name__ == "__main__":
    unittest.main()
