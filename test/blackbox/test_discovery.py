"""What an answer says about where to go on: Link, Allow, Accept-Query, Deprecation, Sunset; and the drafts behind them."""

import os
import re
import tempfile
import unittest
import urllib.parse

from harness import FoldlogCase, Server, ServerCase, run, unique

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def next_of(answer):
    """The address of the next page; None at the end."""
    link = answer.header("Link")
    return re.fullmatch(r'<([^<>"]*)>; rel="next"', link).group(1) if link else None


class Pages(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = unique("owner")
        lines = [{"domain": "bank", "category": "account", "id": f"page-{at:03}", "command": "CreateAccount",
                  "data": {"owner": f"{cls.owner} <{at % 3}>", "currency": "EUR"}} for at in range(25)]
        cls.token = ",".join(sorted({each["token"].split("@")[0]: each["token"] for each in cls.server.batch(lines).lines()}.values()))

    def walk(self, address):
        rows, pages = [], 0
        while address:
            answer = self.server.get(address)
            self.assertEqual(answer.status, 200, f"{address}: {answer!r}")
            body, following = answer.json(), next_of(answer)
            self.assertEqual(following is None, body["next"] is None, repr(answer))
            rows += body.get("rows") or body.get("events")
            address, pages = following, pages + 1
        return rows, pages

    def test_the_next_links_of_a_list_lead_to_its_end(self):
        view = "/v1/views/bank/accounts"
        for query, count in ((f"limit=10&prefix=page-&token={self.token}", 25), ("limit=7&prefix=page-01&order=desc", 10),
                             (f"index=owner&value={urllib.parse.quote(self.owner + ' <1>')}&limit=3", 8), ("from=page-005&to=page-010&limit=1", 5)):
            rows, pages = self.walk(f"{view}?{query}")
            self.assertEqual(len({row["key"] for row in rows}), count, query)
            self.assertEqual(len(rows), count, query)
            self.assertGreater(pages, 1, query)
        self.assertEqual(len(self.walk(view + "?prefix=page-")[0]), 25)

    def test_the_next_links_of_a_stream_lead_to_its_end(self):
        stream_id = self.open_account()
        for _ in range(6):
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}))
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 8)["token"]
        events, pages = self.walk(f"/v1/streams/bank/account/{stream_id}?limit=3&token={token}")
        self.assertEqual([event["version"] for event in events], list(range(1, 9)))
        self.assertEqual(pages, 3)

    def test_a_query_is_a_list_whose_parameters_are_in_the_body(self):
        view = "/v1/views/bank/accounts"
        text = f"limit=10&prefix=page-&token={self.token}"
        asked = self.server.request("QUERY", view, text.encode(), FORM)
        got = self.server.get(f"{view}?{text}")
        self.assertEqual((asked.status, asked.body), (200, got.body), repr(asked))
        self.assertEqual(next_of(asked), next_of(got))
        self.assertEqual(asked.header("Accept-Query"), "application/x-www-form-urlencoded")
        self.assertEqual(len(self.walk(next_of(asked))[0]), 15)
        self.must_be_problem(self.server.request("QUERY", view, b"{}", {"Content-Type": "application/json"}), "unsupported-media-type")
        self.must_be_problem(self.server.request("QUERY", f"{view}?limit=1", b"", FORM), "invalid-parameter")
        self.must_be_problem(self.server.request("QUERY", view, b"limit=0", FORM), "invalid-parameter")
        self.must_be_problem(self.server.request("QUERY", view + "/a", b"", FORM), "method-not-allowed")

    def test_a_path_says_what_it_takes(self):
        for target, allow, query in (("/v1/views/bank/accounts", {"GET", "HEAD", "OPTIONS", "QUERY"}, True),
                                     ("/v1/views/bank/accounts/a", {"GET", "HEAD", "OPTIONS"}, False), ("/v1/commands", {"POST", "OPTIONS"}, False)):
            for method in ("OPTIONS", "DELETE"):
                answer = self.server.request(method, target)
                self.assertEqual(set(answer.header("Allow").split(", ")), allow, repr(answer))
                self.assertEqual(answer.header("Accept-Query") is not None, query, repr(answer))

    def test_an_idempotency_key_is_a_structured_field(self):
        stream_id = self.open_account()
        first = self.command(stream_id, "Deposit", {"amount": 1}, {"Idempotency-Key": "k-1"})
        self.must_be_done(first, 2)
        for same in ('"k-1"', '"k-1";a=1', '"k-1"; b="x;y"'):
            again = self.command(stream_id, "Deposit", {"amount": 1}, {"Idempotency-Key": same})
            self.assertEqual((again.body, again.header("Idempotent-Replayed")), (first.body, "true"), same)
        for wrong in ('"k-1', '"k-1";', '"k-1";A=1', '"k-1", "k-2"', '"k 1"', '"k\\1"'):
            self.must_be_problem(self.command(stream_id, "Deposit", {"amount": 1}, {"Idempotency-Key": wrong}), "invalid-command-id")
        self.must_be_problem(self.command(stream_id, "Deposit", {"amount": 2}, {"Idempotency-Key": "k-1"}), "command-id-reused")


class Deprecated(FoldlogCase):
    def test_a_route_that_is_marked_says_so_in_every_answer(self):
        folder = tempfile.TemporaryDirectory(prefix="foldlog-deprecated-")
        self.addCleanup(folder.cleanup)
        server = Server(os.path.join(folder.name, "data"), arguments=[
            "--deprecated-routes", "GET /v1/views/{domain}/{view} 2026-12-01 2027-06-01, POST /v1/commands 2026-12-01"])
        self.addCleanup(lambda: (server.kill(), server.forget()))
        for answer in (server.get("/v1/views/bank/accounts"), server.get("/v1/views/bank/accounts?limit=0"), server.request("HEAD", "/v1/views/bank/accounts")):
            self.assertEqual((answer.header("Deprecation"), answer.header("Sunset")), ("@1796083200", "Tue, 01 Jun 2027 00:00:00 GMT"), repr(answer))
        batch = server.batch(b"x\n")
        self.assertEqual((batch.header("Deprecation"), batch.header("Sunset")), ("@1796083200", None))
        self.assertIsNone(server.get("/v1/views/bank/accounts/a").header("Deprecation"))

    def test_a_route_that_is_not_there_cannot_be_marked(self):
        with tempfile.TemporaryDirectory(prefix="foldlog-deprecated-") as folder:
            for value, code, reason in (("GET /v1/nothing 2026-12-01", 1, "there is no route GET /v1/nothing"),
                                        ("POST /v1/commands 2026-12-01 2026-11-01", 1, "before its deprecation"),
                                        ("POST /v1/commands 2026-13-01", 2, "is not METHOD PATTERN SINCE"), ("POST /v1/commands", 2, "is not METHOD PATTERN SINCE")):
                got, _, text = run("serve", "--data", os.path.join(folder, "data"), "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                                   "--deprecated-routes", value)
                self.assertEqual(got, code, text)
                self.assertIn(reason, text)


if __name__ == "__main__":
    unittest.main()
