"""API.md section 2 "Problems": documents, methods, negotiation, and what keeps or closes a connection."""

import unittest

from harness import JSON, PROBLEMS, ServerCase
from http_client import render


class Explanations(ServerCase):
    def test_every_kind_is_explained(self):
        for kind in PROBLEMS:
            answer = self.server.get(f"/problems/{kind}")
            self.assertEqual(answer.status, 200, f"{kind}: {answer!r}")
            self.assertGreater(len(answer.body), 20, kind)
            self.assertEqual(self.server.request("HEAD", f"/problems/{kind}").status, 200)

    def test_other_kinds_are_no_route(self):
        for kind in ("nothing", "Refused", ""):
            self.must_be_problem(self.server.get(f"/problems/{kind}"), "unknown-route")

    def test_routes_that_are_not_there(self):
        for target in ("/", "/v1", "/v2/views/bank/accounts", "/v1/views", "/v1/nothing", "/livez", "/metrics", "/admin/partitions"):
            answer = self.server.get(target)
            self.must_be_problem(answer, "unknown-route")


class Methods(ServerCase):
    def test_options_of_the_whole_server(self):
        answer = self.server.request("OPTIONS", "*")
        self.assertEqual((answer.status, answer.body), (204, b""), repr(answer))
        self.assertLessEqual({"GET", "HEAD", "POST", "OPTIONS"}, {each.strip() for each in answer.header("Allow").split(",")})

    def test_connect_and_trace_are_not_allowed(self):
        for method, target in (("TRACE", "/v1/views/bank/accounts"), ("CONNECT", "localhost:80")):
            answer = self.server.request(method, target)
            self.must_be_problem(answer, "method-not-allowed")
            self.assertIsNotNone(answer.header("Allow"))

    def test_unknown_methods_are_not_implemented(self):
        for method in ("BREW", "get", "PROPFIND"):
            with self.server.connect() as connection:
                self.must_be_problem(connection.request(method, "/v1/views/bank/accounts"), "not-implemented")
                self.assertTrue(connection.at_end(), method)

    def test_head_never_has_a_body(self):
        with self.server.connect() as connection:
            for target, status in (("/v1/views/bank/accounts", 200), ("/v1/views/bank/accounts/nobody", 404), ("/nothing", 404),
                                   ("/problems/refused", 200), ("/v1/commands", 405)):
                answer = connection.request("HEAD", target)
                self.assertEqual((answer.status, answer.body), (status, b""), target)
            self.assertEqual(connection.request("GET", "/v1/views/bank/accounts").status, 200)


class Expectations(ServerCase):
    def test_100_continue(self):
        stream_id = self.open_account()
        with self.server.connect() as connection:
            connection.send(render("POST", f"/v1/commands/bank/account/{stream_id}/Deposit", None,
                                   {**JSON, "Content-Length": "12", "Expect": "100-continue"}))
            self.assertEqual(connection.head()[1], 100)
            connection.send(b'{"amount":1}')
            self.must_be_done(connection.answer(), 2)

    def test_other_expectations_fail(self):
        with self.server.connect() as connection:
            connection.send(render("POST", "/v1/commands/bank/account/a/Deposit", b'{"amount":1}', {**JSON, "Expect": "the-unexpected"}))
            self.must_be_problem(connection.answer(), "expectation-failed")


class Connections(ServerCase):
    def test_answers_that_keep_the_connection(self):
        stream_id = self.open_account(balance=1)
        post = f"/v1/commands/bank/account/{stream_id}/"
        with self.server.connect() as connection:
            for method, target, body, headers, kind in (
                    ("GET", "/nothing", None, {}, "unknown-route"),
                    ("GET", "/v1/views/bank/nothing/a", None, {}, "unknown-view"),
                    ("GET", "/v1/views/bank/accounts/nobody", None, {}, "no-such-row"),
                    ("GET", "/v1/streams/bank/account/nobody", None, {}, "no-such-stream"),
                    ("GET", "/v1/views/bank/accounts?limit=0", None, {}, "invalid-parameter"),
                    ("GET", "/v1/views/bank/accounts?cursor=x", None, {}, "invalid-cursor"),
                    ("GET", "/v1/views/bank/accounts?token=x", None, {}, "invalid-token"),
                    ("GET", "/v1/views/bank/accounts", None, {"Accept": "text/html"}, "not-acceptable"),
                    ("DELETE", "/v1/views/bank/accounts", None, {}, "method-not-allowed"),
                    ("POST", post + "Nonsense", b"{}", JSON, "unknown-command"),
                    ("POST", post + "Deposit", b"{}", {"Content-Type": "text/plain"}, "unsupported-media-type"),
                    ("POST", post + "Deposit", b"{", JSON, "malformed-json"),
                    ("POST", post + "Deposit", b"{}", JSON, "schema-violation"),
                    ("POST", "/v1/commands/bank/account/a%20b/Deposit", b"{}", JSON, "invalid-id"),
                    ("POST", post + "Deposit", b"{}", {**JSON, "Idempotency-Key": "a b"}, "invalid-command-id"),
                    ("POST", post + "Withdraw", b'{"amount":2}', JSON, "refused"),
                    ("POST", post + "Deposit", b'{"amount":2}', {**JSON, "If-Match": '"9"'}, "version-mismatch")):
                answer = connection.request(method, target, body, headers)
                self.must_be_problem(answer, kind)
                self.assertNotEqual((answer.header("Connection") or "").lower(), "close", kind)
            self.assertEqual(connection.request("GET", "/v1/views/bank/accounts").status, 200)

    def test_a_malformed_condition_closes_it(self):
        with self.server.connect() as connection:
            self.must_be_problem(connection.request("POST", "/v1/commands/bank/account/a/Deposit", b'{"amount":1}', {**JSON, "If-Match": "x"}),
                                 "malformed-request")
            self.assertTrue(connection.at_end())

    def test_connection_close_is_respected(self):
        with self.server.connect() as connection:
            answer = connection.request("GET", "/v1/views/bank/accounts", None, {"Connection": "close"})
            self.assertEqual((answer.status, (answer.header("Connection") or "").lower()), (200, "close"))
            self.assertTrue(connection.at_end())

    def test_pipelined_requests_are_answered_in_order(self):
        stream_id = self.open_account()
        with self.server.connect() as connection:
            target = f"/v1/commands/bank/account/{stream_id}/Deposit"
            connection.send(b"".join(render("POST", target, b'{"amount":%d}' % at, JSON) for at in range(1, 51)))
            for at in range(1, 51):
                body = self.must_be_done(connection.answer(), at + 1)
                self.assertEqual(body["events"][0]["data"]["amount"], at)
            connection.send(render("GET", "/nothing") + render("GET", "/problems/refused") + render("HEAD", "/nothing") + render("GET", "/nothing"))
            self.assertEqual([connection.answer(method).status for method in ("GET", "GET", "HEAD", "GET")], [404, 200, 404, 404])

    def test_a_request_byte_by_byte(self):
        stream_id = self.open_account()
        with self.server.connect() as connection:
            for byte in render("POST", f"/v1/commands/bank/account/{stream_id}/Deposit", b'{"amount":7}', JSON):
                connection.send(bytes([byte]))
            self.assertEqual(self.must_be_done(connection.answer(), 2)["events"][0]["data"]["balance"], 7)


if __name__ == "__main__":
    unittest.main()
