"""API.md sections 2 "Reads" and 5: rows of the bank's views."""

import datetime
import unittest
import urllib.parse

from harness import ON_KAFKA, ServerCase, TIME, TOKEN, unique


def currency_of_its_own():
    """Three capital letters that no other test of this run uses."""
    number = int(unique("c").rsplit("-", 1)[1])
    return "".join(chr(65 + number // 26**at % 26) for at in (2, 1, 0))


class Rows(ServerCase):
    def test_an_accounts_row(self):
        owner = unique("Ann")
        stream_id = self.open_account(owner=owner, currency="CHF", overdraft_limit=30)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 5}), 2)
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 10}), 4)
        answer = self.view("accounts", stream_id, body["token"])
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"), repr(answer))
        row = answer.json()
        times = [each["time"] for each in self.stream(stream_id, 4).json()["events"]]
        self.assertEqual(row, {"id": stream_id, "owner": owner, "currency": "CHF", "balance": -5, "overdraft_limit": 30, "status": "open",
                               "version": 4, "created_at": times[0], "changed_at": times[3]})
        self.assertRegex(row["created_at"], TIME)
        self.assertEqual(times[2], times[3])  # all events of a commit share it

    def test_closing_shows(self):
        stream_id = self.open_account()
        body = self.must_be_done(self.command(stream_id, "CloseAccount", {}), 2)
        row = self.row("accounts", stream_id, body["token"])
        self.assertEqual((row["status"], row["version"], row["balance"]), ("closed", 2, 0))

    def test_owners_count_over_all_partitions(self):
        owner = unique("Owner/with slash & é")
        accounts = [self.open_account(owner=owner, overdraft_limit=5) for _ in range(12)]
        tokens = []
        for at, each in enumerate(accounts):
            for _ in range(at % 3):
                self.must_be_done(self.command(each, "Deposit", {"amount": 2}))
            for _ in range(at % 3):
                self.must_be_done(self.command(each, "Withdraw", {"amount": 2}))
            if at < 4:
                self.must_be_done(self.command(each, "CloseAccount", {}))
            tokens.append(self.must_be_done(self.command(self.open_account(), "Deposit", {"amount": 1}))["token"])
        expected = {"owner": owner, "accounts": 12, "closed": 4, "deposits": 12, "withdrawals": 12}
        self.eventually(lambda: (answer := self.view("owners", owner)).status == 200 and answer.json() == expected,
                        f"{expected}; is {self.view('owners', owner)!r}", 15)

    def test_turnover_sums_by_currency_and_day(self):
        currency = currency_of_its_own()
        stream_id = self.open_account(currency=currency)
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 100}), 2)
        day = self.stream(stream_id, 2).json()["events"][1]["time"][:10]
        self.assertEqual(self.row("turnover", f"{currency}:{day}", body["token"]),
                         {"currency": currency, "day": day, "deposits": 1, "deposited": 100, "withdrawals": 0, "withdrawn": 0})
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 20}), 3)
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 3}), 4)
        later = self.stream(stream_id, 4).json()["events"][3]["time"][:10]
        if later == day:  # not over midnight
            self.assertEqual(self.row("turnover", f"{currency}:{day}", body["token"]),
                             {"currency": currency, "day": day, "deposits": 2, "deposited": 120, "withdrawals": 1, "withdrawn": 3})

    def test_creating_an_account_alone_makes_no_turnover(self):
        currency = currency_of_its_own()
        body = self.must_be_done(self.command(unique("t"), "CreateAccount", {"owner": "O", "currency": currency}), 1)
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        self.must_be_problem(self.view("turnover", f"{currency}:{today}", body["token"]), "no-such-row")

    def test_restart_and_crash_keep_the_rows(self):
        stream_id = self.open_account(balance=7)
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)
        before = self.row("accounts", stream_id, body["token"])
        for crash in (False, True):
            self.restart(crash=crash)
            self.assertEqual(self.row("accounts", stream_id, body["token"]), before)

    def test_rows_go_on_from_what_was_stored(self):
        stream_id = self.open_account(owner="Stored", overdraft_limit=5, balance=7)
        for turn, crash in enumerate((False, True, False), 1):
            self.restart(crash=crash)
            body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2 + turn)
            row = self.row("accounts", stream_id, body["token"])
            self.assertEqual((row["status"], row["balance"], row["version"], row["owner"], row["overdraft_limit"]),
                             ("open", 7 + turn, 2 + turn, "Stored", 5))
            self.assertEqual(self.row("owners", "Stored", body["token"])["deposits"], 1 + turn)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 10}), 6)
        body = self.must_be_done(self.command(stream_id, "CloseAccount", {}), 7)
        self.restart()
        self.assertEqual(self.row("accounts", stream_id, body["token"])["status"], "closed")


class Heads(ServerCase):
    def test_position_and_etag(self):
        stream_id = self.open_account(balance=5)
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)["token"]
        answer = self.view("accounts", stream_id, token)
        self.assertRegex(answer.header("Foldlog-Position"), TOKEN)
        self.assertRegex(answer.header("ETag"), r'^"[^"]+"$')
        partition, offset = token.split("@")
        reflected = {each.split("@")[0]: int(each.split("@")[1]) for each in answer.header("Foldlog-Position").split(",")}
        self.assertGreaterEqual(reflected[partition], int(offset))
        again = self.view("accounts", stream_id, answer.header("Foldlog-Position"))
        self.assertEqual((again.status, again.body, again.header("ETag")), (200, answer.body, answer.header("ETag")))

    def test_not_modified(self):
        stream_id = self.open_account(balance=5)
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)["token"]
        tag = self.view("accounts", stream_id, token).header("ETag")
        for condition in (tag, "*", f'"other", {tag}', f"W/{tag}"):
            answer = self.view("accounts", stream_id, token, {"If-None-Match": condition})
            self.assertEqual((answer.status, answer.body), (304, b""), f"{condition}: {answer!r}")
            self.assertEqual(answer.header("ETag"), tag)
        self.assertEqual(self.view("accounts", stream_id, token, {"If-None-Match": '"other"'}).status, 200)
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 4)["token"]
        answer = self.view("accounts", stream_id, token, {"If-None-Match": tag})
        self.assertEqual((answer.status, answer.json()["balance"]), (200, 7))
        self.assertNotEqual(answer.header("ETag"), tag)

    def test_head_is_get_without_the_body(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        for target in (f"/v1/views/bank/accounts/{stream_id}", "/v1/views/bank/accounts?limit=1", "/v1/views/bank/accounts/none-such"):
            with self.server.connect() as connection:
                get = connection.request("GET", target, None, {"Foldlog-Token": token})
                head = connection.request("HEAD", target, None, {"Foldlog-Token": token})
                after = connection.request("GET", target, None, {"Foldlog-Token": token})  # the connection is still in step
            self.assertEqual((head.status, head.body), (get.status, b""))
            for name in ("Content-Type", "Content-Length", "ETag"):
                self.assertEqual(head.header(name), get.header(name), name)
            self.assertEqual(after.body, get.body)

    def test_options_and_other_methods(self):
        for target, more in (("/v1/views/bank/accounts/a", set()), ("/v1/views/bank/accounts", {"QUERY"})):
            answer = self.server.request("OPTIONS", target)
            self.assertEqual((answer.status, answer.body), (204, b""), repr(answer))
            self.assertEqual({each.strip() for each in answer.header("Allow").split(",")}, {"GET", "HEAD", "OPTIONS"} | more)
            answer = self.server.request("POST", target, b"{}", {"Content-Type": "application/json"})
            self.must_be_problem(answer, "method-not-allowed")
            self.assertEqual({each.strip() for each in answer.header("Allow").split(",")}, {"GET", "HEAD", "OPTIONS"} | more)

    def test_accept_may_not_exclude_json(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.must_be_problem(self.view("accounts", stream_id, token, {"Accept": "text/html"}), "not-acceptable")
        self.assertEqual(self.view("accounts", stream_id, token, {"Accept": "application/json"}).status, 200)


class Keys(ServerCase):
    def test_what_is_not_there(self):
        self.must_be_problem(self.view("accounts", "nobody"), "no-such-row")
        self.must_be_problem(self.view("nothing", "nobody"), "unknown-view")
        self.must_be_problem(self.server.get("/v1/views/bank/nothing"), "unknown-view")
        self.must_be_problem(self.server.get("/v1/views/banks/accounts/a"), "unknown-route")  # "also: unknown domain"

    def test_a_key_is_all_that_follows_the_views_name(self):
        owner = unique("a/b c?&=é#")
        token = self.must_be_done(self.command(unique("k"), "CreateAccount", {"owner": owner, "currency": "EUR"}))["token"]
        for path in (urllib.parse.quote(owner, safe="/"), urllib.parse.quote(owner, safe="")):
            answer = self.server.get(f"/v1/views/bank/owners/{path}", {"Foldlog-Token": token})
            self.assertEqual((answer.status, answer.json().get("owner")), (200, owner), repr(answer))

    def test_keys_are_1_to_1024_bytes_of_utf8(self):
        for good in ("x" * 1024, "é" * 512):
            self.must_be_problem(self.view("owners", good), "no-such-row")
        self.must_be_problem(self.view("owners", "x" * 1025), "invalid-parameter")
        self.must_be_problem(self.view("owners", "é" * 512 + "x"), "invalid-parameter")
        self.must_be_problem(self.server.get("/v1/views/bank/owners/%FF"), "invalid-parameter")

    def test_unknown_and_repeated_parameters(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.must_be_problem(self.server.get(f"/v1/views/bank/accounts/{stream_id}?nothing=1"), "invalid-parameter")
        self.must_be_problem(self.server.get(f"/v1/views/bank/accounts/{stream_id}?token={token}&token={token}"), "invalid-parameter")
        self.assertEqual(self.server.get(f"/v1/views/bank/accounts/{stream_id}?token={token}").status, 200)


@unittest.skipIf(ON_KAFKA, "needs a log without records, and Kafka's has claims all the same")
class Nothing(ServerCase):
    def test_an_empty_bank_has_empty_lists(self):
        answer = self.server.get("/v1/views/bank/accounts")
        self.assertEqual((answer.status, answer.json()), (200, {"rows": [], "next": None}))


if __name__ == "__main__":
    unittest.main()
