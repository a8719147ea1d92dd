"""A log that an older bank began, read by every part of today's program."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "blackbox"))
from harness import FoldlogCase, Server, run  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden", "deposit_made_v0.ndjson")


def write_log(data, *files):
    subprocess.run([os.environ["GOLDEN_LOG"], data, *files], check=True, timeout=60)


class Evolution(FoldlogCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-evolution-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = os.path.join(self.folder, "data")
        with open(GOLDEN, encoding="utf-8") as file:
            self.golden = [json.loads(line) for line in file]

    def tail(self, *arguments):
        code, out, err = run("tail", "bank.account", "--data", self.data, *arguments)
        self.assertEqual(code, 0, err)
        return sorted(((each["id"], each["type"], each["data"]) for each in map(json.loads, out.splitlines())), key=lambda each: each[0])

    def test_tail_shows_what_was_written_and_with_upcast_what_it_means_today(self):
        write_log(self.data, GOLDEN)
        self.assertEqual(sorted(((each["type"], each["data"]) for each in self.golden), key=repr),
                         sorted(((kind, data) for _, kind, data in self.tail()), key=repr))
        self.assertEqual(
            [("alice/1", "bank.AccountCreated.v1", {"owner": "Alice", "currency": "EUR", "overdraft_limit": 5000}),
             ("alice/2", "bank.DepositMade.v1", {"amount": 12500, "balance": 12500, "reference": "salary"}),
             ("alice/3", "bank.DepositMade.v1", {"amount": 100, "balance": 12600}),
             ("bob/1", "bank.AccountCreated.v1", {"owner": "Bob", "currency": "USD", "overdraft_limit": 0}),
             ("bob/2", "bank.DepositMade.v1", {"amount": 7, "balance": 7, "reference": "ä ✓"}),
             ("bob/3", "bank.DepositMade.v1", {"amount": 1, "balance": 8, "reference": "today's"})], self.tail("--upcast"))

    def test_verify_and_replay_read_it(self):
        write_log(self.data, GOLDEN)
        code, out, err = run("verify", "--data", self.data)
        self.assertEqual(code, 0, out + err)
        into = os.path.join(self.folder, "views")
        code, out, err = run("replay", "--data", self.data, "--into", into)
        self.assertEqual(code, 0, out + err)
        code, out, err = run("dump", "--views", into, "--view", "accounts")
        rows = {each["key"]: each["row"] for each in map(json.loads, out.splitlines())}
        self.assertEqual({"alice": 12600, "bob": 8}, {key: row["balance"] for key, row in rows.items()}, err)

    def test_a_server_goes_on_where_the_older_bank_stopped(self):
        write_log(self.data, GOLDEN)
        server = Server(self.data)
        self.addCleanup(lambda: (server.kill(), server.forget()))
        done = self.must_be_done(server.command("alice", "Withdraw", {"amount": 12600}), 4, ["WithdrawalMade"])
        self.assertEqual(0, done["events"][0]["data"]["balance"])
        view = server.get("/v1/views/bank/accounts/alice", {"Foldlog-Token": done["token"]})
        self.assertEqual((0, 4), (view.json()["balance"], view.json()["version"]))
        state = server.get("/v1/streams/bank/account/alice/state?version=2")
        self.assertEqual(12500, state.json()["state"]["balance"], repr(state))
        events = server.get("/v1/streams/bank/account/alice").json()["events"]
        self.assertEqual(["bank.AccountCreated.v1", "bank.DepositMade.v0", "bank.DepositMade.v0", "bank.WithdrawalMade.v1"],
                         [each["type"] for each in events], "a stream is shown as it was written")
        self.assertEqual(0, server.stop())
        code, out, err = run("verify", "--data", self.data, "--views", self.data)
        self.assertEqual(code, 0, out + err)

    def test_an_event_type_that_nobody_knows_halts_its_partition_and_is_named(self):
        strange = os.path.join(self.folder, "strange.ndjson")
        with open(strange, "w", encoding="utf-8") as file:
            file.write('{"id":"alice","type":"bank.DepositMade.v7","data":{}}\n')
        write_log(self.data, GOLDEN, strange)
        server = Server(self.data, wait=False)
        self.addCleanup(lambda: (server.kill(), server.forget()))
        self.eventually(lambda: "bank.DepositMade.v7" in server.stderr(), "the node names the event type")
        self.assertNotIn("ready ", server.stdout())
        self.assertNotEqual(0, run("verify", "--data", self.data)[0] if server.kill() is not None else 0)


if __name__ == "__main__":
    unittest.main()
