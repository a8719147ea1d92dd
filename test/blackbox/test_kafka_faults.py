"""What a node says and does when Kafka goes away, and when two nodes share it."""
import json
import os
import shutil
import subprocess
import tempfile
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

    def test_two_nodes_share_the_partitions_out_and_each_takes_every_command(self):
        first, second = self.serve("first"), self.serve("second")
        self.eventually(lambda: self.shared_out(first, second), "each owns a part")
        accounts = [f"acc-{at}" for at in range(16)]
        for at, account in enumerate(accounts):
            self.must_be_done((first, second)[at % 2].command(account, "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
        for account in accounts:
            self.must_be_done(first.command(account, "Deposit", {"amount": 5}), 2)
            self.must_be_done(second.command(account, "Deposit", {"amount": 7}), 3)
        lines = [{"domain": "bank", "category": "account", "id": account, "command": "Deposit", "data": {"amount": 1}}
                 for account in accounts for _ in range(5)]
        answers = [json.loads(line) for line in second.batch(lines).body.splitlines()]
        self.assertEqual([each["version"] for each in answers], [version for _ in accounts for version in range(4, 9)])
        first.kill()
        for account in accounts:  # waits for the group to notice
            done = self.eventually(lambda account=account: next((each for each in [
                second.command(account, "Deposit", {"amount": 1}, {"Idempotency-Key": "after"})] if each.status == 200), None),
                "the other takes over", 40)
            self.assertEqual(done.json()["events"][0]["data"]["balance"], 5 + 7 + 5 + 1)

    def shared_out(self, *servers):
        owned = [{each["partition"] for each in server.request("GET", "/admin/partitions", admin=True).json() if each["state"] == "serving"}
                 for server in servers]
        return all(owned) and sorted(at for each in owned for at in each) == list(range(8))

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
