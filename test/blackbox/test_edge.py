"""The settings of the HTTP edge, each seen to take effect; compressed answers; the access log."""

import gzip
import json
import os
import tempfile
import threading
import unittest

from harness import FoldlogCase, JSON, NDJSON, Server, ServerCase, run
from http_client import render


def start(case, *arguments, environment=None):
    """A server for one test."""
    folder = tempfile.TemporaryDirectory(prefix="foldlog-edge-")
    case.addCleanup(folder.cleanup)
    server = Server(os.path.join(folder.name, "data"), arguments=arguments, environment=environment)
    case.addCleanup(lambda: (server.kill(), server.forget()))
    return server


def get(*fields, path=b"/problems/refused"):
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", b"Host: a", *fields)) + b"\r\n\r\n"


class Settings(FoldlogCase):
    def answer(self, server, data):
        with server.connect() as connection:
            connection.send(data)
            return connection.answer()

    def test_sizes(self):
        server = start(self, "--request-line-bytes", "100", "--header-bytes", "200", "--header-fields", "5", "--body-bytes", "50",
                       "--batch-commands", "3")
        self.assertEqual(len(server.batch(b"x\n" * 3).lines()), 3)
        self.must_be_problem(server.batch(b"x\n" * 4), "body-too-large")
        line = b"/problems/refused?" + b"&" * (100 - len(b"GET /problems/refused? HTTP/1.1"))
        self.assertEqual(self.answer(server, get(path=line)).status, 200)
        self.must_be_problem(self.answer(server, get(path=line + b"&")), "uri-too-long")
        padding = b"X: " + b"x" * (200 - len(b"Host: a\r\nX: \r\n"))
        self.assertEqual(self.answer(server, get(padding)).status, 200)
        self.must_be_problem(self.answer(server, get(padding + b"x")), "headers-too-large")
        self.assertEqual(self.answer(server, get(*[b"X: 1"] * 4)).status, 200)
        self.must_be_problem(self.answer(server, get(*[b"X: 1"] * 5)), "headers-too-large")
        target = "/v1/commands/bank/account/a/CreateAccount"
        body = b'{"owner":"a","currency":"EUR"}'
        self.assertEqual(self.answer(server, render("POST", target, body.ljust(50), JSON)).status, 200)
        self.must_be_problem(self.answer(server, render("POST", target, body.ljust(51), JSON)), "body-too-large")

    def test_a_body_that_drips(self):
        server = start(self, "--body-timeout", "1", "--body-rate", "1000000")
        with server.connect() as connection:
            connection.send(render("POST", "/v1/commands", None, {**NDJSON, "Content-Length": "1000"}))
            stop = threading.Event()

            def drip():
                try:
                    while not stop.wait(0.1):
                        connection.send(b"x")
                except OSError:
                    pass
            thread = threading.Thread(target=drip)
            thread.start()
            try:
                self.assertTrue(connection.at_end(), "a body that drips keeps its connection")
            finally:
                stop.set()
                thread.join()

    def test_time_outs(self):
        server = start(self, "--head-timeout", "1", "--idle-timeout", "2")
        with server.connect() as silent, server.connect() as idle:
            self.assertEqual(idle.request("GET", "/problems/refused").status, 200)
            self.assertTrue(silent.at_end())
            self.assertTrue(idle.at_end())

    def test_an_answer_that_is_not_taken(self):
        server = start(self, "--answer-timeout", "1", "--answer-rate", "1000000000")
        with server.connect() as connection:
            lines = b"x\n" * 500
            request = render("POST", "/v1/commands", lines, NDJSON)
            stop = threading.Event()

            def send():
                try:
                    while not stop.is_set():
                        connection.send(request)
                except OSError:
                    stop.set()
            thread = threading.Thread(target=send, daemon=True)
            thread.start()
            self.assertTrue(stop.wait(60), "a client that takes nothing keeps its connection")
            thread.join()

    def test_connections(self):
        server = start(self, "--connections", "3", "--connections-per-address", "2")
        with server.connect() as first, server.connect() as second:
            for one in (first, second):
                self.assertEqual(one.request("GET", "/problems/refused").status, 200)
            with server.connect() as third:
                self.must_be_problem(third.answer(), "too-many-requests")
                self.assertTrue(third.at_end())
        server = start(self, "--connections", "1")
        with server.connect() as first:
            self.assertEqual(first.request("GET", "/problems/refused").status, 200)
            with server.connect() as second:
                self.must_be_problem(second.answer(), "overloaded")
                self.assertTrue(second.at_end())

    def test_from_a_file_and_the_environment(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('request-line-bytes = 100\n[header]\nfields = 3\nbytes = 300\n')
            file.flush()
            server = start(self, "--config", file.name, environment={"FOLDLOG_HEADER_FIELDS": "4"})
            self.must_be_problem(self.answer(server, get(path=b"/" + b"x" * 100)), "uri-too-long")
            self.assertEqual(self.answer(server, get(*[b"X: 1"] * 3)).status, 200)
            self.must_be_problem(self.answer(server, get(*[b"X: 1"] * 4)), "headers-too-large")

    def test_values_that_are_none(self):
        for key, value in (("header-fields", "0"), ("body-rate", "fast"), ("head-timeout", "0"), ("access-log", "file"), ("https", "nowhere")):
            code, _, text = run("serve", f"--{key}", value)
            self.assertEqual(code, 2, text)
            self.assertIn(f"--{key}: {key} = '{value}'", text)


class Compression(ServerCase):
    def test_a_large_page_and_its_row(self):
        lines = [{"domain": "bank", "category": "account", "id": f"page-{at}", "command": "CreateAccount",
                  "data": {"owner": "o" * 200, "currency": "EUR"}} for at in range(100)]
        token = ",".join({str(each["token"]).split("@")[0]: each["token"] for each in self.server.batch(lines).lines()}.values())
        plain = self.server.get(f"/v1/views/bank/accounts?token={token}")
        self.assertEqual(plain.status, 200, repr(plain))
        self.assertIsNone(plain.header("Content-Encoding"))
        small = self.server.get(f"/v1/views/bank/accounts?token={token}", {"Accept-Encoding": "br, gzip"})
        self.assertEqual((small.header("Content-Encoding"), small.header("Vary")), ("gzip", "Accept-Encoding"))
        self.assertLess(len(small.body), len(plain.body) / 4)
        self.assertEqual(gzip.decompress(small.body), plain.body)
        self.assertEqual(plain.header("Vary"), "Accept-Encoding")
        with self.server.connect() as connection:
            head = connection.request("HEAD", f"/v1/views/bank/accounts?token={token}", None, {"Accept-Encoding": "gzip"})
            self.assertEqual(head.header("Content-Length"), str(len(small.body)))

    def test_the_answers_of_a_batch(self):
        with self.server.connect() as connection:
            answer = connection.request("POST", "/v1/commands", b"x\n" * 200, {**NDJSON, "Accept-Encoding": "gzip"})
        self.assertEqual(answer.header("Content-Encoding"), "gzip")
        self.assertEqual(len(gzip.decompress(answer.body).splitlines()), 200)

    def test_a_weak_tag_is_good_for_a_condition(self):
        stream_id = self.open_account(owner="o" * 200)
        target = f"/v1/views/bank/accounts/{stream_id}"
        row = self.eventually(lambda: (lambda answer: answer if answer.status == 200 else None)(self.server.get(target)), "the row")
        for tag in (row.header("ETag"), "W/" + row.header("ETag")):
            again = self.server.get(target, {"If-None-Match": tag, "Accept-Encoding": "gzip"})
            self.assertEqual((again.status, again.header("Vary")), (304, "Accept-Encoding"))


class AccessLog(FoldlogCase):
    def lines(self, server):
        return [line for line in map(json.loads, server.stderr().splitlines()) if line.get("message") == "request"]

    def test_a_line_for_each_answer_without_keys_and_bodies(self):
        server = start(self, "--access-log", "stderr")
        secret = "secret-stream"
        server.command(secret, "CreateAccount", {"owner": "secret-owner", "currency": "EUR"})
        server.get(f"/v1/views/bank/accounts/{secret}?token=secret-token")
        with server.connect() as connection:
            connection.send(b"nonsense\r\n\r\n")
            connection.answer()
        lines = self.eventually(lambda: self.lines(server) if len(self.lines(server)) == 3 else None, "three lines")
        self.assertEqual([(line["method"], line["route"], line["status"], line["client"]) for line in lines],
                         [("POST", "/v1/commands/{domain}/{category}/{id}/{command}", 200, "127.0.0.1"),
                          ("GET", "/v1/views/{domain}/{view}/{key...}", 400, "127.0.0.1"), ("", "", 400, "127.0.0.1")])
        for line in lines:
            self.assertGreater(line["body_bytes"], 0)
            self.assertGreaterEqual(line["took_us"], 0)
        self.assertNotIn("secret", server.stderr())

    def test_off_by_default(self):
        server = start(self)
        server.get("/problems/refused")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.lines(server), [])


if __name__ == "__main__":
    unittest.main()
