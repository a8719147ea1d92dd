"""A log that is not the one that was folded (I9): the owner says so, and decides nothing in that partition, until somebody has looked."""

import json
import os
import shutil
import socket
import unittest

from harness import ServerCase, partition_of


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


class OlderLog(ServerCase):
    def start_halted(self):
        """A server with a halted partition never prints its ready line: its addresses are given to it."""
        http, admin = free_address(), free_address()
        server = type(self.server)(self.data, self.log, http=http, admin=admin, wait=False)
        server.http, server.admin = http, admin
        type(self).server = server

        def answers():
            try:
                return server.request("GET", "/livez", admin=True).status == 200
            except (OSError, EOFError):
                self.assertIsNone(server.process.poll(), server.stderr()[-2000:])
                return None
        self.eventually(answers, "the admin listener answers")

    def partition(self, number):
        return next(each for each in self.server.request("GET", "/admin/partitions", admin=True).json() if each["partition"] == number)

    def state(self, number):
        return self.partition(number)["state"]

    def test_an_older_copy_of_the_log_halts_the_owner_of_what_was_lost(self):
        lost, kept = self.open_account("lost"), self.open_account("kept")
        while partition_of(kept) == partition_of(lost):
            kept = self.open_account("kept")
        hurt, well = partition_of(lost), partition_of(kept)
        log, old, new = (os.path.join(self.data, "log"), os.path.join(self.folder, "old"), os.path.join(self.folder, "new"))
        self.restart(before_start=lambda: shutil.copytree(log, old))
        last = self.must_be_done(self.command(lost, "Deposit", {"amount": 5}), 2)["token"]
        self.server.stop()
        self.server.forget()
        shutil.copytree(log, new)
        shutil.rmtree(log)
        shutil.copytree(old, log)

        self.start_halted()
        self.eventually(lambda: self.state(hurt) == "halted", "the partition is halted")
        halted = self.partition(hurt)
        self.assertIn(f"folded up to {last} ", halted["reason"])
        self.assertIn("the log ends at", halted["reason"])
        self.assertIn("Restore the log", halted["reason"])
        self.assertIn("delete its write_model folder", halted["reason"])
        self.assertIsNone(halted["owner"])
        answer = self.server.request("GET", "/readyz?verbose", admin=True)
        self.assertEqual(answer.status, 503)
        self.assertIn(f"bank.account/{hurt} is halted: the log was cut", answer.body.decode())
        lines = [json.loads(line) for line in self.server.stderr().splitlines()]
        said = [line for line in lines if line.get("state") == "halted" and line.get("partition") == hurt]
        self.assertEqual([(line["level"], line["topic"], line["reason"]) for line in said], [("error", "bank.account", halted["reason"])])
        problem = self.must_be_problem(self.command(lost, "Deposit", {"amount": 1}), "not-ready")
        self.assertIn("the log was cut", problem["detail"])
        self.eventually(lambda: self.state(well) == "serving", "the other partition serves")
        self.must_be_problem(self.command(kept, "CreateAccount", {"owner": "Ann", "currency": "EUR"}), "refused")
        self.assertEqual(self.state(hurt), "halted")
        self.assertEqual(self.server.stop(), 0)
        self.server.forget()

        with self.subTest("the log is restored"):
            shutil.rmtree(log)
            shutil.copytree(new, log)
            type(self).server = type(self.server)(self.data, self.log)
            self.must_be_done(self.command(lost, "Deposit", {"amount": 1}), 3)
            self.server.stop()
            self.server.forget()

        with self.subTest("the loss is accepted"):
            shutil.rmtree(log)
            shutil.copytree(old, log)
            shutil.rmtree(os.path.join(self.data, "write_model"))
            type(self).server = type(self.server)(self.data, self.log)
            self.must_be_done(self.command(lost, "Deposit", {"amount": 7}), 2)
            self.must_be_done(self.command(kept, "Deposit", {"amount": 1}), 2)


if __name__ == "__main__":
    unittest.main()
