"""Many nodes on three brokers: under load while they are killed, paused, restarted, added; what they refuse; migration."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import harness
from harness import Broker, FoldlogCase, Server, partition_of, run
from load import Client

sys.path.insert(0, os.path.join(harness.SOURCE, "test", "checker"))
import checker  # noqa: E402  pylint: disable=wrong-import-position


class ClusterCase(FoldlogCase):
    brokers = 3

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-cluster-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.broker = Broker(os.path.join(self.folder, "kafka"), self.brokers)
        self.addCleanup(self.broker.down)
        self.nodes = {}

    def serve(self, name, roles, *more, wait=True, http="127.0.0.1:0", admin="127.0.0.1:0"):
        server = Server(os.path.join(self.folder, name), self.broker.log,
                        ["--replicas", str(self.brokers), "--roles", roles, *([] if "--node" in more else ["--node", name]), *more], wait=wait, http=http, admin=admin)
        self.addCleanup(lambda: (server.process.poll() is None and server.process.send_signal(signal.SIGCONT), server.kill(), server.forget()))
        self.nodes[name] = server
        return server

    def again(self, name, roles, *more):
        """The node once more, at the address that it had."""
        before = self.nodes[name]
        return self.serve(name, roles, *more, http=before.http, admin=before.admin)

    def grow(self, command=3, query=2, front=1):
        for role, count in (("command", command), ("query", query), ("front", front)):
            for number in range(count):
                self.serve(f"{role}-{number + 1}", role, wait=False)
        for server in self.nodes.values():
            server.wait_ready(60)
        self.eventually(lambda: self.shared_out(), "each partition has one owner", 60)

    def of_role(self, role):
        return [server for name, server in self.nodes.items() if name.startswith(role) and server.process.poll() is None]

    def owners(self):
        """{partition: [names of the nodes that serve it]}"""
        found = {}
        for name, server in self.nodes.items():
            if not name.startswith("command") or server.process.poll() is not None:
                continue
            for each in server.request("GET", "/admin/partitions", admin=True).json():
                if each["state"] == "serving":
                    found.setdefault(each["partition"], []).append(name)
        return found

    def shared_out(self):
        found = self.owners()
        return sorted(found) == list(range(8)) and all(len(names) == 1 for names in found.values())

    def post_note(self, key, text):
        """Puts a note of a node that is none onto the board."""
        subprocess.run(["kcat", "-b", self.broker.bootstrap, "-P", "-t", "foldlog.nodes", "-p", "0", "-k", key, "-D", "\x01"],
                       input=text.encode(), check=True, timeout=30)

    @staticmethod
    def note(**fields):
        known = {"foldlog-node": 1, "cluster": "main", "instance": "forged", "version": "0.1.0", "roles": "command,query", "endpoint": "http://127.0.0.1:1",
                 "topics": "bank.account", "partitions": 8, "serves": "command,query", "load": 0, "ttl-ms": 3000, "owns": ""}
        return "".join(f"{name}: {value}\n" for name, value in {**known, **{each.replace("_", "-"): value for each, value in fields.items()}}.items())

    def open_accounts(self, through, count=16):
        for at in range(count):
            self.must_be_done(through.command(f"acc-{at}", "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
        return [f"acc-{at}" for at in range(count)]


class Storm(ClusterCase):
    def start_load(self, count=4):
        self.stop, self.accounts = threading.Event(), [f"storm-{at}" for at in range(24)]
        turn = iter(range(10**9))

        def where():
            alive = [name for name in self.nodes if name.split("-")[0] in ("front", "command") and self.nodes[name].process.poll() is None]
            return self.nodes[alive[next(turn) % len(alive)]].http if alive else None
        self.clients = [Client(number, 7, self.accounts, where, self.stop) for number in range(count)]
        for client in self.clients:
            client.read = lambda *_: None  # reads are asked of every query node by name, below
            client.start()

    def end_load(self):
        self.stop.set()
        for client in self.clients:
            client.join(150)
            self.assertFalse(client.is_alive() or client.error, client.error)
            client.disconnect()
        return [entry for client in self.clients for entry in client.history]

    def judge(self, history):
        tail = run("tail", "bank.account", "--log", self.broker.log, "--all")
        self.assertEqual(tail[0], 0, tail[2])
        records = checker.folded_log.read_tail(tail[1].splitlines())
        judge = checker.Checker(history, records)
        self.assertEqual(judge.run(), [], dict(judge.counts))
        self.assertGreater(sum(entry["status"] == 200 for entry in history), 100)

    def test_invariants_hold_while_nodes_come_and_go(self):
        self.grow()
        self.start_load()
        time.sleep(2)
        self.nodes["command-1"].kill()                                   # killed, and back
        time.sleep(2)
        self.again("command-1", "command")
        self.nodes["command-2"].process.send_signal(signal.SIGSTOP)      # paused for longer than the group waits
        time.sleep(9)
        self.nodes["command-2"].process.send_signal(signal.SIGCONT)
        subprocess.run([os.path.join(harness.SOURCE, "tools", "kafka"), "kill", "2", "--dir", self.broker.folder], check=True, timeout=60)
        time.sleep(3)
        subprocess.run([os.path.join(harness.SOURCE, "tools", "kafka"), "start", "2", "--dir", self.broker.folder], check=True, timeout=60)
        self.serve("command-4", "command")                               # one more
        self.serve("query-3", "query")                                   # and a late query node
        time.sleep(2)
        history = self.end_load()
        self.eventually(self.shared_out, "each partition has one owner again", 60)
        self.judge(history)
        self.read_everywhere()

    def read_everywhere(self):
        """What a command's token names every query node shows, and the front."""
        front = self.nodes["front-1"]
        for account in self.open_accounts(front, 8):
            token = self.must_be_done(front.command(account, "Deposit", {"amount": 5}), 2)["token"]
            for server in [*self.of_role("query"), front]:
                answer = server.get(f"/v1/views/bank/accounts/{account}", {"Foldlog-Token": token, "Prefer": "wait=20"})
                self.assertEqual((answer.status, answer.json().get("balance")), (200, 5), repr(answer))

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


class Errors(ClusterCase):
    brokers = 1

    def refuses(self, name, roles, *more, says):
        server = self.serve(f"refused-{len(self.nodes)}", roles, "--node", name, *more, wait=False)
        self.assertEqual(server.wait(30), 1)
        self.assertIn(says, server.stderr())

    def shout(self, key, text):
        """The note again and again, as a living node would."""
        quiet = threading.Event()

        def work():
            while not quiet.wait(0.2):
                self.post_note(key, text)
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(lambda: (quiet.set(), thread.join()))
        self.post_note(key, text)
        return quiet

    def test_what_does_not_fit_does_not_begin_and_what_is_there_goes_on(self):
        first = self.serve("command-1", "command,query,front")
        self.refuses("command-1", "command", says="has the name command-1 already")
        self.refuses("other", "command", "--cluster", "other", says="the cluster 'main' (node command-1")
        self.refuses("counts", "command", "--partitions", "16", says="partitions is 8, wanted 16")
        self.refuses("secure", "command", "--kafka-property", "security.protocol=NONSENSE", says="librdkafka does not take security.protocol=NONSENSE")
        quiet = self.shout("future", "foldlog-node: 2\n")
        self.refuses("late", "command", says="speaks format 2")
        quiet.set()
        self.must_be_done(first.command("alice", "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
        code, _, err = run("serve", "--roles", "command", "--data", os.path.join(self.folder, "embedded"), "--http", "127.0.0.1:0")
        self.assertEqual(code, 2)
        self.assertIn("the embedded log belongs to one process", err)

    def test_a_front_with_nobody_behind_it(self):
        front = self.serve("front-1", "front", "--command-timeout", "1")
        self.must_be_problem(front.command("alice", "CreateAccount", {"owner": "A", "currency": "EUR"}), "not-ready")
        self.must_be_problem(front.get("/v1/views/bank/accounts/alice"), "not-ready")
        self.shout("garden-1", self.note(topics="garden.bed"))  # serves another domain: no business of the bank's reads
        self.must_be_problem(front.get("/v1/views/bank/accounts/alice"), "not-ready")
        self.serve("command-1", "command")
        self.eventually(lambda: front.command("alice", "CreateAccount", {"owner": "A", "currency": "EUR"}).status in (200, 409), "commands pass")
        self.must_be_problem(front.get("/v1/views/bank/accounts/alice"), "not-ready")
        query = self.serve("query-1", "query")
        answer = self.eventually(lambda: next((each for each in [front.get("/v1/views/bank/accounts/alice")] if each.status == 200), None), "reads pass")
        self.assertEqual(answer.body, query.get("/v1/views/bank/accounts/alice").body)
        self.assertEqual(front.get("/v1/views/bank/nothing/alice").status, 404)
        self.assertEqual(front.request("PUT", "/v1/views/bank/accounts/alice").status, 405)

    def test_an_owner_that_cannot_be_reached(self):
        node = self.serve("command-1", "command", "--command-timeout", "2")
        self.must_be_done(node.command("alice", "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
        front = self.serve("front-1", "front", "--command-timeout", "2")
        self.shout("ghost", self.note(roles="command", serves="command", owns=f"bank.account/{partition_of('alice')}@999999"))
        self.eventually(lambda: b'foldlog_nodes 3' in front.request("GET", "/metrics", admin=True).body, "the ghost is believed")
        answer = self.eventually(lambda: front.command("alice", "Deposit", {"amount": 5}), "an answer")
        self.assertIn(answer.status, (200, 503), repr(answer))  # the ready node takes it once the circuit is open
        self.must_be_done(self.eventually(lambda: next((each for each in [front.command("alice", "Deposit", {"amount": 5}, {"Idempotency-Key": "k"})]
                                                        if each.status == 200), None), "the ready node takes it"))
        metrics = front.request("GET", "/metrics", admin=True).body.decode()
        self.assertRegex(metrics, r'foldlog_peer_circuit_opened_total\{peer="ghost"\} [1-9]')

    def test_what_clients_decide_reaches_its_owner_from_everywhere(self):
        orders = ("--domain", os.path.join(harness.SOURCE, "examples", "orders"))
        nodes = [self.serve(name, roles, *orders) for name, roles in
                 (("command-1", "command"), ("command-2", "command"), ("query-1", "query"), ("front-1", "front"))]
        through = [nodes[0], nodes[1], nodes[3]]
        placed = json.dumps([{"type": "orders.OrderPlaced.v1", "data": {"customer": "Ann", "total": 500}}]).encode()

        def append(node, order, key, headers=None):
            return node.request("POST", f"/v1/streams/orders/order/{order}", placed, {**harness.JSON, "Idempotency-Key": key, **(headers or {})})

        def two_owners():
            states = nodes[0].request("GET", "/admin/partitions", admin=True).json()
            return {"command-1", "command-2"} == {each["owner"] for each in states}
        self.eventually(two_owners, "the partitions are shared out", 60)
        for number in range(8):
            order = f"order-{number}"
            first = append(through[number % 3], order, "k", {"If-None-Match": "*"})
            self.assertEqual((200, 1), (first.status, first.json().get("version")), repr(first))
            again = append(through[(number + 1) % 3], order, "k", {"If-None-Match": "*"})
            self.assertEqual(first.json()["token"], again.json().get("token"), repr(again))
            self.must_be_problem(append(through[(number + 2) % 3], order, "other", {"If-None-Match": "*"}), "version-mismatch", current_version=1)
            seen = nodes[3].get(f"/v1/streams/orders/order/{order}", {"Foldlog-Token": first.json()["token"]})
            self.assertEqual((200, 1), (seen.status, seen.json().get("version")), repr(seen))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        asked = [node.request("QUERY", "/v1/views/bank/accounts", b"limit=5", form) for node in nodes[2:]]
        self.assertEqual((200, asked[0].body), (asked[1].status, asked[1].body), repr(asked[1]))

    def test_events_stream_through_the_front(self):
        self.serve("node-1", "command,query")
        front = self.serve("front-1", "front")
        token = self.must_be_done(front.command("alice", "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)["token"]
        self.eventually(lambda: front.get("/v1/views/bank/accounts/alice", {"Foldlog-Token": token}).status == 200, "reads pass")
        with front.connect() as connection:
            connection.send(b"GET /v1/events/bank/account HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            seen = b""
            while b"AccountCreated" not in seen:
                seen += connection.socket.recv(65536)
            self.must_be_done(front.command("alice", "Deposit", {"amount": 5}), 2)
            while b"DepositMade" not in seen:
                seen += connection.socket.recv(65536)
        self.assertIn(b"text/event-stream", seen)


class Migration(ClusterCase):
    brokers = 1

    def test_an_embedded_log_moves_to_kafka_as_it_is(self):
        data = os.path.join(self.folder, "embedded")
        server = Server(data)
        for at in range(40):
            self.must_be_done(server.command(f"acc-{at % 7}", "CreateAccount" if at < 7 else "Deposit", {"owner": "A", "currency": "EUR"} if at < 7 else {"amount": at},
                                             {"Idempotency-Key": f"k{at}"}))
        server.kill()
        server.forget()
        before = run("tail", "bank.account", "--log", "embedded", "--data", data, "--all")[1]
        digests = run("replay", "--log", "embedded", "--data", data, "--into", os.path.join(self.folder, "a"), "--json")[1]
        where = ["--from", f"embedded:{data}", "--to", self.broker.log, "--replicas", "1"]
        code, out, err = run("migrate", *where)
        self.assertEqual(code, 0, err)
        self.assertIn("copied", out)
        self.assertEqual(sorted(run("tail", "bank.account", "--log", self.broker.log, "--all")[1].splitlines()), sorted(before.splitlines()))
        self.assertEqual(run("replay", "--log", self.broker.log, "--into", os.path.join(self.folder, "b"), "--json")[1], digests)
        code, _, err = run("migrate", *where)
        self.assertEqual(code, 1)
        self.assertIn("the topics must be empty", err)
        node = self.serve("node-1", "command,query,front")
        again = node.command("acc-3", "Deposit", {"amount": 38}, {"Idempotency-Key": "k38"})
        self.assertEqual(again.header("Idempotent-Replayed"), "true", repr(again))


if __name__ == "__main__":
    unittest.main()
