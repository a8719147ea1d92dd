"""3 command nodes, 2 query nodes, a front and three brokers under load, while nodes are killed, paused, added and removed, and
brokers are killed one at a time. FOLDLOG_STORM_MINUTES: after each fault once, random ones for so long (FOLDLOG_STORM_SEED);
FOLDLOG_STORM_JSON: a file for what was counted."""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

import harness
from cluster_case import ClusterCase
from harness import positions, run
from http_client import Connection
from load import Client, Reader

sys.path.insert(0, os.path.join(harness.SOURCE, "test", "checker"))
import checker  # noqa: E402  pylint: disable=wrong-import-position

MINUTES = float(os.environ.get("FOLDLOG_STORM_MINUTES", "0"))
SEED = int(os.environ.get("FOLDLOG_STORM_SEED", "7"))
FROZEN_SECONDS = 30  # longer than the group's session (6 s) and an announcement's time to live (3 s)


class Storm(ClusterCase):
    def start_load(self, count=4):
        self.stop, self.accounts = threading.Event(), [f"storm-{at}" for at in range(24)]
        self.random, self.faults, self.frozen, self.added = random.Random(SEED), collections.Counter(), set(), 0
        turn = iter(range(10**9))

        def where():
            alive = [name for name in list(self.nodes) if name.split("-")[0] in ("front", "command") and self.runs(name)]
            return self.nodes[alive[next(turn) % len(alive)]].http if alive else None
        self.clients = [Client(number, SEED, self.accounts, where, self.stop, timeout=5) for number in range(count)]
        self.readers = {}
        for client in self.clients:
            client.read = lambda *_: None  # reads are the readers' part: command nodes have none
            client.start()
        for name in ("query-1", "query-2", "front-1"):
            self.start_reader(name)

    def runs(self, name):
        return self.nodes[name].process.poll() is None and self.nodes[name].http is not None

    def start_reader(self, name, where=None):
        where = where or (lambda: self.nodes[name].http if self.runs(name) else None)
        # The front asks any query node: only who sends its token is sure not to go back.
        reader = Reader(name, SEED, self.clients, where, self.stop, always_token=name.startswith("front"))
        self.readers[name] = reader
        reader.start()
        return reader

    def end_load(self):
        self.stop.set()
        threads = [*self.clients, *self.readers.values()]
        for thread in threads:
            thread.join(150)
            self.assertFalse(thread.is_alive() or thread.error, thread.error)
        for client in self.clients:
            client.disconnect()
        return [entry for thread in threads for entry in thread.history]

    # --- faults ----------------------------------------------------------------------------------------------------------

    def kafka(self, *words):
        subprocess.run([os.path.join(harness.SOURCE, "tools", "kafka"), *words, "--dir", self.broker.folder], check=True, timeout=120,
                       stderr=subprocess.DEVNULL)

    def in_sync(self):
        done = subprocess.run(["kcat", "-b", self.broker.bootstrap, "-L", "-J", "-t", "bank.account"], stdout=subprocess.PIPE, check=False, timeout=60)
        topics = json.loads(done.stdout)["topics"] if done.returncode == 0 else []
        return bool(topics) and all(len(each["isrs"]) == self.brokers for each in topics[0]["partitions"])

    def kill_broker(self, number=None):
        number = number or self.random.randrange(1, 4)
        self.faults["broker killed"] += 1
        self.kafka("kill", str(number))
        time.sleep(2)
        self.kafka("start", str(number))
        self.eventually(self.in_sync, f"broker {number} has caught up", 90)

    def alive(self, role):
        return [name for name in self.nodes if name.startswith(role) and self.runs(name) and name not in self.frozen]

    def kill_node(self, name=None):
        name = name or self.random.choice(self.alive("command") + self.alive("query") + self.alive("front"))
        self.faults["node killed and started again"] += 1
        self.nodes[name].kill()
        time.sleep(2)
        self.again(name, name.split("-")[0])

    def freeze(self, name=None, meanwhile=None):
        """Stopped for 30 s, and awake again."""
        name = name or self.random.choice(self.alive("command") + self.alive("query"))
        self.faults["node stopped for 30 s"] += 1
        until = time.monotonic() + FROZEN_SECONDS
        self.frozen.add(name)
        self.nodes[name].process.send_signal(signal.SIGSTOP)
        while time.monotonic() < until:
            (meanwhile or (lambda: time.sleep(1)))()
        self.nodes[name].process.send_signal(signal.SIGCONT)
        self.frozen.remove(name)

    def replace(self, name=None):
        """One more node of its role, and this one removed for good."""
        name = name or self.random.choice(self.alive("command") + self.alive("query"))
        role = name.split("-")[0]
        self.faults[f"{role} node added, another removed for good"] += 1
        self.added += 1
        fresh = f"{role}-1{self.added:02d}"
        if role == "query":
            self.add_query_node(fresh)
        else:
            self.serve(fresh, role)
        if self.random.random() < 0.5:
            self.nodes[name].kill()
        else:
            self.assertEqual(self.nodes[name].stop(), 0, name)

    def add_query_node(self, name):
        """It is asked from its first moment on: what it shows first is at least what was acknowledged before it began."""
        before = self.told()
        http, admin = self.free_address(), self.free_address()
        reader = self.start_reader(name, lambda: http)
        self.serve(name, "query", http=http, admin=admin)
        first = self.eventually(lambda: reader.first or (reader.error and "error"), f"{name} shows rows", 60)
        self.assertIsNone(reader.error)
        behind = {at: offset for at, offset in before.items() if positions(first).get(at, -1) < offset}
        self.assertEqual(behind, {}, f"{name} answered at {first} before it had caught up")
        reader.where = lambda: self.nodes[name].http if self.runs(name) else None

    def told(self):
        """Everything that the clients were told: {partition: offset}."""
        found = {}
        for client in self.clients:
            for at, offset in dict(client.seen).items():
                found[at] = max(found.get(at, -1), offset)
        return found

    # --- the sentences ---------------------------------------------------------------------------------------------------

    def test_invariants_hold_while_nodes_and_brokers_come_and_go(self):
        self.grow()
        self.start_load()
        time.sleep(1)
        self.kill_node("command-1")
        self.kill_node("query-1")
        brokers = iter((1, 2, 3))
        self.freeze("command-2", lambda: (lambda number: self.kill_broker(number) if number else time.sleep(0.5))(next(brokers, None)))
        for left in brokers:
            self.kill_broker(left)
        self.replace("command-3")
        self.replace("query-2")
        until = time.monotonic() + MINUTES * 60
        while time.monotonic() < until:
            self.random.choice((self.kill_node, self.kill_node, self.kill_broker, self.freeze, self.replace))()
        time.sleep(2)
        history = self.end_load()
        self.eventually(self.shared_out, "each partition has one owner again", 60)
        self.read_everywhere()
        self.judge(history)

    def read_everywhere(self):
        """What a command's token names every query node shows, and the front."""
        front = self.nodes["front-1"]
        for account in (f"after-{at}" for at in range(8)):
            self.must_be_done(front.command(account, "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
            token = self.must_be_done(front.command(account, "Deposit", {"amount": 5}), 2)["token"]
            for server in [*self.of_role("query"), front]:
                answer = server.get(f"/v1/views/bank/accounts/{account}", {"Foldlog-Token": token, "Prefer": "wait=20"})
                self.assertEqual((answer.status, answer.json().get("balance")), (200, 5), repr(answer))

    def judge(self, history):
        """The independent checker over the log and every query node's rows."""
        queries = self.alive("query")
        for name in self.nodes:
            if self.runs(name):
                self.assertEqual(self.nodes[name].stop(), 0, name)
        code, tail, err = run("tail", "bank.account", "--log", self.broker.log, "--all")
        self.assertEqual(code, 0, err)
        records = list(checker.folded_log.read_tail(tail.splitlines()))
        for name in queries:
            code, rows, err = run("dump", "--views", self.nodes[name].data)
            self.assertEqual(code, 0, err)
            judge = checker.Checker(history, records, [json.loads(line) for line in rows.splitlines()])
            violations = [each for each in judge.run() if not (each[0] == "foreign" and " of after-" in each[1])]  # read_everywhere()
            self.assertEqual(violations[:5], [], dict(judge.counts))
        print("\n".join(f"{count:9d}  {what}" for what, count in [*sorted(self.faults.items()), *sorted(judge.counts.items())]), flush=True)
        if path := os.environ.get("FOLDLOG_STORM_JSON"):
            commit = subprocess.run(["git", "-C", harness.SOURCE, "rev-parse", "--short=12", "HEAD"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"commit": commit, "seed": SEED, "minutes": MINUTES, "faults": self.faults, "counts": judge.counts}, file)
        self.assertGreater(judge.counts["I1 attempts 200"], 100)
        self.assertGreater(judge.counts["I7 reads 200"], 100)
        self.assertGreater(judge.counts["I4 rows of accounts"], 10)

    def test_a_rolling_restart_fails_no_command_of_a_client_that_retries_once(self):
        self.grow(query=2)
        accounts, failures, stop, done = self.open_accounts(self.nodes["front-1"]), [], threading.Event(), []

        def work(number):
            turn = number
            while not stop.is_set():
                turn += 1
                account, command_id, tries, refused = accounts[turn % len(accounts)], f"c{number}-{turn}", 0, 0
                while True:
                    name = sorted(self.nodes)[(turn + tries + refused) % len(self.nodes)]
                    if name.startswith("query"):
                        refused += 1
                        continue
                    try:
                        answer = self.nodes[name].command(account, "Deposit", {"amount": 1}, {"Idempotency-Key": command_id})
                    except (OSError, ConnectionError, TypeError):  # restarts at this moment: the next node
                        refused += 1
                        if refused < 100:
                            time.sleep(0.01)
                            continue
                        failures.append(f"{command_id}: nobody listens")
                        break
                    if answer.status == 200:
                        done.append(command_id)
                        break
                    tries += 1
                    if answer.status != 503 or tries > 1:
                        failures.append(f"{command_id} at {name}: {answer!r}")
                        break
                    time.sleep(int(answer.header("Retry-After")))
        workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for worker in workers:
            worker.start()
        for name in list(self.nodes):
            self.assertEqual(self.nodes[name].stop(), 0, name)
            self.again(name, name.split("-")[0])
        stop.set()
        for worker in workers:
            worker.join(60)
        self.assertEqual(failures, [])
        total = sum(self.nodes["query-1"].get(f"/v1/streams/bank/account/{account}?from_version=1&limit=1").json()["version"] - 1 for account in accounts)
        self.assertGreater(len(done), 50)
        self.eventually(lambda: sum(self.nodes["query-1"].get(f"/v1/streams/bank/account/{account}?limit=1").json()["version"] - 1
                                    for account in accounts) == len(done), f"each once, whole: {len(done)}, first seen {total}")


class Late(ClusterCase):
    brokers = 1

    def test_a_query_node_that_joins_late_serves_nothing_until_it_has_caught_up(self):
        node, front = self.serve("command-1", "command"), self.serve("front-1", "front")
        accounts = [f"acc-{at}" for at in range(100)]
        node.batch([self.line(account, "CreateAccount", {"owner": "A", "currency": "EUR"}) for account in accounts])
        deposits = 600
        for _ in range(deposits * len(accounts) // 500):
            answer = node.batch([self.line(account, "Deposit", {"amount": 1}) for account in accounts for _ in range(5)])
        self.assertEqual({json.loads(line)["status"] for line in answer.body.splitlines()}, {200})
        http, seen = self.free_address(), collections.Counter()
        late = self.serve("query-1", "query", http=http, wait=False)

        def ask(at):
            with Connection(at, 30) as connection:
                answer = connection.request("GET", f"/v1/views/bank/accounts/{accounts[sum(seen.values()) % len(accounts)]}")
            seen[(at == http, answer.status)] += 1
            if answer.status == 503:
                self.must_be_problem(answer, "not-ready")
            else:
                self.assertEqual((answer.status, answer.json()["balance"]), (200, deposits), f"{answer!r} after {dict(seen)}")
        until = time.monotonic() + 120
        while (seen[(True, 200)] < 100 or seen[(False, 200)] < 100) and time.monotonic() < until:
            for at in (http, front.http):
                try:
                    ask(at)
                except OSError:
                    self.assertIsNone(late.process.poll(), late.stderr())  # does not listen yet
        self.assertGreater(seen[(True, 503)], 0, dict(seen))
        self.assertGreater(seen[(False, 503)], 0, dict(seen))
        self.assertEqual((seen[(True, 200)] >= 100, seen[(False, 200)] >= 100), (True, True), dict(seen))

    @staticmethod
    def line(account, name, data):
        return {"domain": "bank", "category": "account", "id": account, "command": name, "data": data}


if __name__ == "__main__":
    unittest.main()
