"""API.md section 2: lists of rows: bounds, order, indexes, cursors."""

import base64
import threading
import unittest
import urllib.parse

from harness import ServerCase, unique


class ListCase(ServerCase):
    def ask(self, view="accounts", headers=None, **parameters):
        pairs = {name.rstrip("_"): str(value) for name, value in parameters.items()}
        return self.server.get(f"/v1/views/bank/{view}?{urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)}",
                               {"Foldlog-Token": self.token, **(headers or {})})

    def keys(self, view="accounts", **parameters):
        answer = self.ask(view, **parameters)
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"), repr(answer))
        body = answer.json()
        self.assertEqual(set(body), {"rows", "next"})
        for each in body["rows"]:
            self.assertEqual(set(each), {"key", "row"})
        return [each["key"] for each in body["rows"]]

    def pages(self, limit, **parameters):
        """All keys, page by page."""
        found, cursor, count = [], None, 0
        while True:
            body = self.ask(limit=limit, **parameters, **({"cursor": cursor} if cursor else {})).json()
            self.assertIn("rows", body, body)
            self.assertLessEqual(len(body["rows"]), limit)
            found += [each["key"] for each in body["rows"]]
            cursor, count = body["next"], count + 1
            if cursor is None:
                return found
            self.assertTrue(body["rows"], "an empty page with a next one")
            self.assertLess(count, 10000)

    @classmethod
    def fill(cls, rows):
        """rows: (id, owner, balance), balances from -1000."""
        lines = []
        for stream_id, owner, balance in rows:
            common = {"domain": "bank", "category": "account", "id": stream_id}
            lines.append({**common, "command": "CreateAccount", "data": {"owner": owner, "currency": "EUR", "overdraft_limit": 1000}})
            if balance:
                lines.append({**common, "command": "Deposit" if balance > 0 else "Withdraw", "data": {"amount": abs(balance)}})
        tokens = {}
        for at in range(0, len(lines), 500):
            for each in cls.server.batch(lines[at:at + 500]).lines():
                assert each["status"] == 200, each
                partition, offset = each["token"].split("@")
                tokens[partition] = max(int(offset), tokens.get(partition, 0))
        cls.token = ",".join(f"{partition}@{offset}" for partition, offset in sorted(tokens.items()))


class Bounds(ListCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = [f"a{at:03d}" for at in range(150)] + ["b", "b~", "B", "ba", "b-", "b:1", "c"]
        cls.fill([(each, f"owner-{at % 7}", 0) for at, each in enumerate(cls.ids)])
        cls.ordered = sorted(cls.ids)  # ASCII: byte order

    def test_rows_come_in_key_order_100_at_a_time(self):
        self.assertEqual(self.keys(), self.ordered[:100])
        self.assertEqual(self.keys(limit=1000), self.ordered)
        self.assertEqual(self.keys(limit=1), self.ordered[:1])

    def test_a_listed_row_is_the_row(self):
        body = self.ask(prefix="a007").json()
        self.assertEqual(body, {"rows": [{"key": "a007", "row": self.row("accounts", "a007", self.token)}], "next": None})

    def test_limits_are_1_to_1000(self):
        for bad in ("0", "1001", "-1", "x", "", "1.0", "99999999999999999999", " 1", "+1"):
            self.must_be_problem(self.ask(limit=bad), "invalid-parameter")
        self.assertEqual(len(self.keys(limit=1000)), len(self.ids))

    def test_from_is_inclusive_and_to_exclusive(self):
        self.assertEqual(self.keys(from_="a010", to="a013"), ["a010", "a011", "a012"])
        self.assertEqual(self.keys(from_="a0105", to="a0115"), ["a011"])
        self.assertEqual(self.keys(from_="b~"), [each for each in self.ordered if each >= "b~"])
        self.assertEqual(self.keys(to="a001"), [each for each in self.ordered if each < "a001"])
        self.assertEqual(self.keys(from_="a013", to="a013"), [])
        self.assertEqual(self.keys(from_="a014", to="a013"), [])

    def test_prefix(self):
        self.assertEqual(self.keys(prefix="a01"), [f"a01{at}" for at in range(10)])
        self.assertEqual(self.keys(prefix="b"), ["b", "b-", "b:1", "ba", "b~"])
        self.assertEqual(self.keys(prefix="zzz"), [])
        self.assertEqual(self.keys(prefix="a01", from_="a015"), [f"a01{at}" for at in range(5, 10)])

    def test_descending_reverses_the_answer_not_the_bounds(self):
        self.assertEqual(self.keys(order="desc", limit=1000), self.ordered[::-1])
        self.assertEqual(self.keys(order="desc", from_="a010", to="a013"), ["a012", "a011", "a010"])
        self.assertEqual(self.keys(order="desc", prefix="b"), ["b~", "ba", "b:1", "b-", "b"])
        self.assertEqual(self.keys(order="asc", limit=3), self.ordered[:3])
        self.must_be_problem(self.ask(order="up"), "invalid-parameter")

    def test_paging_gives_every_row_once(self):
        for limit in (1, 7, 50, 157, 1000):
            self.assertEqual(self.pages(limit), self.ordered)
        self.assertEqual(self.pages(7, order="desc"), self.ordered[::-1])
        self.assertEqual(self.pages(2, prefix="b"), ["b", "b-", "b:1", "ba", "b~"])
        self.assertEqual(self.pages(3, from_="a010", to="a020", order="desc"), [f"a01{at}" for at in range(9, -1, -1)])

    def test_the_last_page_has_no_next(self):
        self.assertIsNone(self.ask(limit=len(self.ids)).json()["next"])
        self.assertIsNotNone(self.ask(limit=len(self.ids) - 1).json()["next"])

    def test_a_cursor_belongs_to_its_query(self):
        cursor = self.ask(limit=5).json()["next"]
        for other in ({"prefix": "a"}, {"order": "desc"}, {"from_": "a001"}, {"to": "c"}, {"index": "owner"}):
            self.must_be_problem(self.ask(cursor=cursor, **other), "invalid-cursor")
        self.must_be_problem(self.ask("owners", cursor=cursor), "invalid-cursor")
        self.assertEqual(self.keys(cursor=cursor, limit=3), self.ordered[5:8])  # only the limit may change

    def test_an_altered_cursor_is_invalid(self):
        cursor = self.ask(limit=5).json()["next"]
        for bad in ("", "x", "AAAA", cursor[:-1], cursor + "A", cursor[::-1], base64.urlsafe_b64encode(b'{"key":"a004"}').decode()):
            self.must_be_problem(self.ask(cursor=bad), "invalid-cursor")
        for at in range(len(cursor)):
            changed = cursor[:at] + ("B" if cursor[at] == "A" else "A") + cursor[at + 1:]
            answer = self.ask(cursor=changed)
            self.assertEqual(answer.status, 400, f"character {at} of {cursor} changed: {answer!r}")

    def test_unknown_and_repeated_parameters(self):
        self.must_be_problem(self.ask(nothing="1"), "invalid-parameter")
        self.must_be_problem(self.server.get("/v1/views/bank/accounts?limit=1&limit=2"), "invalid-parameter")
        self.must_be_problem(self.server.get("/v1/views/bank/nothing?limit=1"), "unknown-view")

    def test_lists_have_positions_and_respect_tokens(self):
        answer = self.ask()
        self.assertIn("bank.account/", answer.header("Foldlog-Position"))
        self.must_be_problem(self.ask(headers={"Foldlog-Token": "bank.account/0@999999999", "Prefer": "wait=0"}), "projection-behind")


class Indexes(ListCase):
    balances = [-1000, -999, -10, -9, -1, 0, 1, 2, 9, 10, 11, 99, 100, 10**12, 0, 10]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = [(f"i{at:02d}", f"Owner {chr(65 + at % 4)}", balance) for at, balance in enumerate(cls.balances)]
        cls.fill(cls.rows)
        cls.by_balance = [each[0] for each in sorted(cls.rows, key=lambda row: (row[2], row[0]))]
        cls.by_owner = [each[0] for each in sorted(cls.rows, key=lambda row: (row[1], row[0]))]

    def test_integers_compare_as_numbers_and_ties_come_in_key_order(self):
        self.assertEqual(self.keys(index="balance"), self.by_balance)
        self.assertEqual(self.keys(index="balance", order="desc"), self.by_balance[::-1])

    def test_text_compares_as_text(self):
        self.assertEqual(self.keys(index="owner"), self.by_owner)
        self.assertEqual(self.keys(index="owner", order="desc"), self.by_owner[::-1])

    def test_bounds_apply_to_the_indexed_value(self):
        def expected(low, high):
            return [each for each in self.by_balance if low <= self.rows[int(each[1:])][2] < high]
        self.assertEqual(self.keys(index="balance", from_="-10", to="10"), expected(-10, 10))
        self.assertEqual(self.keys(index="balance", from_="10"), expected(10, 10**15))
        self.assertEqual(self.keys(index="balance", to="0", order="desc"), expected(-10**15, 0)[::-1])
        self.assertEqual(self.keys(index="owner", from_="Owner B", to="Owner D"),
                         [each for each in self.by_owner if "Owner B" <= self.rows[int(each[1:])][1] < "Owner D"])
        self.assertEqual(self.keys(index="owner", prefix="Owner C"), [each for each in self.by_owner if self.rows[int(each[1:])][1] == "Owner C"])
        self.assertEqual(self.keys(index="owner", prefix="Owner"), self.by_owner)

    def test_exactly_one_value(self):
        self.assertEqual(self.keys(index="balance", value="10"), ["i09", "i15"])
        self.assertEqual(self.keys(index="balance", value="10", order="desc"), ["i15", "i09"])
        self.assertEqual(self.keys(index="balance", value="1"), ["i06"])
        self.assertEqual(self.keys(index="balance", value="12345"), [])
        self.assertEqual(self.keys(index="owner", value="Owner A"), [f"i{at:02d}" for at in (0, 4, 8, 12)])
        self.assertEqual(self.keys(index="owner", value="Owner"), [])

    def test_paging_through_an_index(self):
        for limit in (1, 3, 5):
            self.assertEqual(self.pages(limit, index="balance"), self.by_balance)
            self.assertEqual(self.pages(limit, index="balance", order="desc"), self.by_balance[::-1])
            self.assertEqual(self.pages(limit, index="owner", value="Owner B"), [f"i{at:02d}" for at in (1, 5, 9, 13)])

    def test_what_does_not_fit_an_index(self):
        for parameters in ({"value": "1"}, {"index": "nothing"}, {"index": "balance", "prefix": "1"}, {"index": "balance", "from_": "x"},
                           {"index": "balance", "to": "1.5"}, {"index": "balance", "value": "ten"}, {"index": "balance", "value": ""}):
            self.must_be_problem(self.ask(**parameters), "invalid-parameter")
        self.must_be_problem(self.ask("owners", index="owner"), "invalid-parameter")  # accounts has it, owners has none


class WhileWritesGoOn(ListCase):
    def test_no_row_that_stays_is_missed_or_doubled(self):
        stem = unique("w")
        staying = [f"{stem}-{at:04d}" for at in range(300)]
        self.fill([(each, "O", at) for at, each in enumerate(staying)])
        stop = threading.Event()
        written = []

        def write():
            at = 0
            while not stop.is_set():
                stream_id = f"{stem}-{at % 300:04d}-new-{at}"
                self.must_be_done(self.command(stream_id, "CreateAccount", {"owner": "N", "currency": "EUR"}))
                self.must_be_done(self.command(stream_id, "Deposit", {"amount": at % 300 + 1}))
                written.append(stream_id)
                at += 7
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for parameters in ({}, {"order": "desc"}, {"index": "balance"}, {"index": "balance", "order": "desc"}):
                found = self.pages(10, **parameters)
                self.assertEqual(sum(each not in staying and "-new-" not in each for each in found), 0)
                stayed = [each for each in found if each in staying]
                self.assertEqual(stayed, staying[::-1] if "order" in parameters else staying, parameters)
        finally:
            stop.set()
            writer.join()
        self.assertTrue(written)


if __name__ == "__main__":
    unittest.main()
