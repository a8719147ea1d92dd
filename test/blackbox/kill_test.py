#!/usr/bin/env python3
"""kill -9 in the middle of load, again and again; then every answer that a client ever got must be true of the log.

  kill_test.py --log embedded|kafka [--rounds 20] [--threads 8] [--accounts 50] [--seed N] [--keep]

Clients send mixed commands and record every attempt; an outcome in doubt is asked for again under the same command id. The
server is killed at random instants and started again on the same data. In the end test/checker judges the recorded history
against the raw log and the views, `verify --views` must find nothing, and a replay must give the same rows.
Exit: 0 all well, 1 the test could not be done, 3 a violation.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "checker"))
import checker  # pylint: disable=wrong-import-position

from harness import Broker, Server, run  # pylint: disable=wrong-import-position
from load import Client  # pylint: disable=wrong-import-position

class Storm:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.data = os.path.join(folder, "data")
        self.broker = Broker(os.path.join(folder, "kafka")) if options.log == "kafka" else None
        self.log = self.broker.log if self.broker else "embedded"
        self.server, self.stop = None, threading.Event()
        self.where_to = ["--log", self.log, "--data", self.data]

    def address(self):
        server = self.server
        return server.http if server else None

    def start_server(self):
        self.server = Server(self.data, self.log)

    def blow(self):
        """The rounds; gives the history."""
        instant = random.Random(self.options.seed)
        accounts = [f"account-{at}" for at in range(self.options.accounts)]
        self.start_server()
        clients = [Client(at, self.options.seed, accounts, self.address, self.stop) for at in range(self.options.threads)]
        for each in clients:
            each.start()
        try:
            for turn in range(self.options.rounds):
                before = sum(len(each.history) for each in clients)
                time.sleep(instant.uniform(0.2, 1.5))
                dead, self.server = self.server, None
                dead.kill()
                dead.forget()
                attempts = sum(len(each.history) for each in clients) - before
                self.start_server()
                print(f"round {turn + 1}: killed after {attempts} attempts", flush=True)
            time.sleep(1)
        finally:
            self.stop.set()
            for each in clients:
                each.join(150)
        for each in clients:
            if each.error or each.is_alive():
                raise RuntimeError(f"client {each.number} failed: {each.error}")
            each.disconnect()
        return [entry for each in clients for entry in each.history]

    def settle(self):
        """Waits until the views reflect the whole log."""
        until = time.monotonic() + 60
        while True:
            behind = [each for each in self.server.request("GET", "/admin/projections", admin=True).json() if each["lag"]]
            if not behind:
                return
            if time.monotonic() > until:
                raise TimeoutError(f"the projections do not catch up: {json.dumps(behind)}\n{self.server.stderr()[-2000:]}")
            time.sleep(0.1)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def command_line(self, *arguments):
        code, out, err = run(*arguments, timeout=300)
        if code != 0:
            print(f"foldlog {' '.join(arguments)} exited {code}\n{out[-3000:]}{err[-3000:]}")
            sys.exit(3 if code == 3 else 1)
        return out

    def judge(self, history):
        arguments = ["--history", self.write("history.jsonl", "".join(json.dumps(each) + "\n" for each in history))]
        self.settle()
        if self.server.stop() != 0:
            print("the server did not end well after SIGTERM")
            return 1
        tail = self.command_line("tail", "bank.account", *self.where_to, "--all")
        arguments += ["--log", self.write("tail.jsonl", tail)]
        if self.broker:
            records = subprocess.run(["kcat", "-b", self.broker.bootstrap, "-C", "-t", "bank.account", "-o", "beginning", "-e", "-q", "-J"],
                                     stdout=subprocess.PIPE, check=True, text=True, timeout=120).stdout
            arguments += ["--kcat", self.write("kcat.jsonl", records)]
        live = self.command_line("dump", "--views", self.data)
        arguments += ["--views", self.write("views.jsonl", live)]
        code = checker.main(arguments)
        self.command_line("verify", *self.where_to, "--views", self.data)
        replayed = os.path.join(self.folder, "replayed")
        self.command_line("replay", *self.where_to, "--into", replayed, "--json")
        if sorted(self.command_line("dump", "--views", replayed).splitlines()) != sorted(live.splitlines()):
            print("VIOLATION replay: its rows are not those of the live views")
            code = 3
        in_doubt = sum(each.get("status") == "unknown" for each in history)
        if code == 0 and (in_doubt == 0 or not any(each.get("status") == 200 for each in history)):
            print(f"no proof: {in_doubt} outcomes in doubt")
            code = 1
        return code

    def end(self):
        if self.server:
            self.server.kill()
            self.server.forget()
        if self.broker:
            self.broker.down()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--keep", action="store_true", help="leave history, log and views behind")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix=f"foldlog-kill-{options.log}-")
    storm, code = None, 1
    try:
        storm = Storm(options, folder)
        code = storm.judge(storm.blow())
    finally:
        if storm:
            storm.end()
        if options.keep or code == 3:
            print(f"history, log and views: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
