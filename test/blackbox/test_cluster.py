"""Many nodes: what they refuse, what passes through them; migration. Nodes that come and go: test_storm.py."""
import json
import os
import threading
import unittest

import harness
from cluster_case import ClusterCase
from harness import Server, partition_of, run


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
