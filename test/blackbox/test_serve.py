"""API.md section 4: serve: the ready line, what ends it, draining, and where its settings come from."""

import json
import os
import shutil
import socket
import tempfile
import threading
import time
import unittest

from harness import ON_KAFKA, Broker, FoldlogCase, JSON, PROBLEMS, Server
from http_client import Connection, render


class ServeCase(FoldlogCase):
    @classmethod
    def setUpClass(cls):
        cls.log = "embedded"
        if ON_KAFKA:
            folder = tempfile.mkdtemp(prefix="foldlog-kafka-")
            cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
            cls.broker = Broker(folder)
            cls.addClassCleanup(cls.broker.down)
            cls.log = cls.broker.log

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-serve-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = os.path.join(self.folder, "data")

    def serve(self, *arguments, data=None, **more):
        server = Server(data or self.data, more.pop("log", self.log), arguments, **more)
        self.addCleanup(lambda: (server.kill(), server.forget()))
        return server

    def must_fail(self, server, *words, code=1):
        self.assertEqual(server.wait(), code, server.stderr()[-1000:])
        self.assertEqual(server.stdout(), "")
        self.assertTrue(server.stderr().strip(), "no reason on stderr")
        for word in words:
            self.assertIn(word.lower(), server.stderr().lower())


class Lines(ServeCase):
    def test_one_line_on_stdout_when_it_serves(self):
        server = self.serve()
        self.assertRegex(server.ready_line, r"^ready http=\S+ admin=\S+ log=\S+$")
        self.assertEqual(server.request("GET", "/v1/views/bank/accounts").status, 200)
        self.assertEqual(server.request("GET", "/readyz", admin=True).status, 200)
        self.assertNotIn("http=127.0.0.1:0 ", server.ready_line)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.stdout(), server.ready_line + "\n")

    def test_log_lines_are_json_and_hold_no_bodies(self):
        server = self.serve()
        server.command("a", "CreateAccount", {"owner": "SECRET-OWNER", "currency": "EUR"})
        server.command("a", "Deposit", b'{"amount":"SECRET-AMOUNT"')
        self.assertEqual(server.stop(), 0)
        lines = server.stderr().splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertIsInstance(json.loads(line), dict, line)
        self.assertNotIn("SECRET", server.stderr())

    def test_a_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.must_fail(self.serve(http=address, wait=False), str(taken.getsockname()[1]))
            self.must_fail(self.serve(admin=address, wait=False, data=self.data + "2"), str(taken.getsockname()[1]))

    def test_another_partition_count_than_the_logs(self):
        first = "8" if ON_KAFKA else "3"  # the broker's topic was made with the default by an earlier test
        server = self.serve("--partitions", first)
        self.assertEqual(len(server.request("GET", "/admin/partitions", admin=True).json()), int(first))
        self.assertEqual(server.stop(), 0)
        self.must_fail(self.serve("--partitions", "4", wait=False), "partition")
        self.assertEqual(self.serve("--partitions", first).stop(), 0)


@unittest.skipIf(ON_KAFKA, "about the embedded log")
class Embedded(ServeCase):
    def test_a_second_server_on_the_same_data(self):
        first = self.serve()
        self.must_fail(self.serve(wait=False))
        self.assertEqual(first.command("a", "CreateAccount", {"owner": "O", "currency": "EUR"}).status, 200)
        self.assertEqual(first.stop(), 0)
        self.assertEqual(self.serve().stop(), 0)

    def test_the_first_goes_and_the_second_comes_after_a_crash_too(self):
        first = self.serve()
        first.command("a", "CreateAccount", {"owner": "O", "currency": "EUR"})
        first.kill()
        second = self.serve()
        self.assertEqual(second.command("a", "Deposit", {"amount": 1}).json()["version"], 2)

    def test_data_that_cannot_be_written(self):
        path = os.path.join(self.folder, "file")
        with open(path, "w", encoding="utf-8") as file:
            file.write("no folder")
        self.must_fail(self.serve(data=path, wait=False))


class Draining(ServeCase):
    def test_no_accepted_command_is_lost(self):
        server = self.serve()
        self.assertEqual(server.command("drain", "CreateAccount", {"owner": "O", "currency": "EUR"}).status, 200)
        done, bad, stop = [], [], threading.Event()

        def load():
            try:
                with server.connect() as connection:
                    while not stop.is_set():
                        connection.send(render("POST", "/v1/commands/bank/account/drain/Deposit", b'{"amount":1}', JSON))
                        answer = connection.answer()
                        if answer.status == 200:
                            done.append(answer.json()["version"])
                        elif answer.status not in (503,):
                            bad.append(repr(answer))
                        if (answer.header("Connection") or "").lower() == "close":
                            return
            except (ConnectionError, OSError):
                pass
        threads = [threading.Thread(target=load) for _ in range(8)]
        for each in threads:
            each.start()
        time.sleep(1)
        self.assertEqual(server.stop(), 0)
        stop.set()
        for each in threads:
            each.join()
        self.assertEqual(bad, [])
        self.assertGreater(len(done), 0)
        self.assertEqual(len(set(done)), len(done))
        again = self.serve()
        version = again.command("drain", "Deposit", {"amount": 1}).json()["version"]
        self.assertGreater(version, max(done))

    def test_it_ends_with_idle_connections_and_subscriptions_open(self):
        server = self.serve()
        connections = [server.connect() for _ in range(5)]
        connections[0].send(f"GET /v1/events/bank/account HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.assertEqual(connections[0].head()[1], 200)
        connections[1].send(b"GET /v1/views/bank/accounts?token=bank.account/0@99999999 HTTP/1.1\r\nHost: a\r\nPrefer: wait=30\r\n\r\n")
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 25)
        for each in connections:
            each.close()

    def test_a_command_under_way_is_answered(self):
        server = self.serve()
        with server.connect() as connection:
            body = json.dumps({"owner": "O", "currency": "EUR"}).encode()
            request = render("POST", "/v1/commands/bank/account/under-way/CreateAccount", body, JSON)
            connection.send(request[:-5])
            time.sleep(0.2)
            waiter = threading.Timer(0.3, lambda: connection.send(request[-5:]))
            waiter.start()
            self.assertEqual(server.stop(), 0)
            waiter.join()
            try:
                answer = connection.answer()
            except (ConnectionError, OSError):
                return  # closed before the request was whole: nothing was accepted
            self.assertTrue(answer.status == 200 or answer.status == PROBLEMS["not-ready"], repr(answer))


class Restarting(ServeCase):
    def test_kill_9_keeps_what_was_acknowledged(self):
        version = 0
        for _ in range(4):
            server = self.serve()
            if version == 0:
                server.command("kept", "CreateAccount", {"owner": "O", "currency": "EUR"})
                version = 1
            with Connection(server.http) as connection:
                for _ in range(25):
                    connection.send(render("POST", "/v1/commands/bank/account/kept/Deposit", b'{"amount":1}', JSON))
                    version += 1
                    self.assertEqual(connection.answer().json()["version"], version)
            server.kill()


@unittest.skipIf(ON_KAFKA, "settings do not depend on the log; on Kafka the partition count is fixed by the first")
class Settings(ServeCase):
    """The partition count tells which setting was taken."""

    def partitions(self, server):
        count = len(server.request("GET", "/admin/partitions", admin=True).json())
        self.assertEqual(server.stop(), 0)
        return count

    def config(self, text):
        path = os.path.join(self.folder, "foldlog.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_the_default(self):
        self.assertEqual(self.partitions(self.serve()), 8)

    def test_the_file(self):
        self.assertEqual(self.partitions(self.serve("--config", self.config("partitions = 3\n"))), 3)

    def test_the_environment_before_the_file(self):
        server = self.serve("--config", self.config("partitions = 3\n"), environment={"FOLDLOG_PARTITIONS": "5"})
        self.assertEqual(self.partitions(server), 5)

    def test_the_flag_before_the_environment(self):
        server = self.serve("--config", self.config("partitions = 3\n"), "--partitions", "7", environment={"FOLDLOG_PARTITIONS": "5"})
        self.assertEqual(self.partitions(server), 7)

    def test_addresses_from_the_environment_and_the_file(self):
        server = self.serve("--config", self.config('admin = "127.0.0.1:0"\n'), http=None, admin=None, environment={"FOLDLOG_HTTP": "127.0.0.1:0"})
        self.assertNotIn(":8080", server.ready_line)
        self.assertNotIn(":8081", server.ready_line)
        self.assertEqual(self.partitions(server), 8)

    def test_every_mistake_is_said_with_key_value_and_reason(self):
        server = self.serve("--config", self.config('partitions = 0\nhttp = "nonsense"\n'), http=None, wait=False)
        self.assertIn(server.wait(), (1, 2))
        for word in ("partitions", "http", "nonsense"):
            self.assertIn(word, server.stderr())

    def test_a_key_that_is_unknown_and_a_file_that_is_none(self):
        server = self.serve("--config", self.config("partitoins = 3\n"), wait=False)
        self.assertIn(server.wait(), (1, 2))
        self.assertIn("partitoins", server.stderr())
        for text in ("partitions = \n", "= 3\n"):
            self.assertIn(self.serve("--config", self.config(text), wait=False).wait(), (1, 2))
        self.assertIn(self.serve("--config", os.path.join(self.folder, "none.toml"), wait=False).wait(), (1, 2))


if __name__ == "__main__":
    unittest.main()
