"""API.md sections 2 "Commands" and 5: what a command answers, what the bank allows, what is checked in which order."""

import json
import unittest

from harness import NDJSON, POSITION, ServerCase, TOKEN, UUID7, partition_of, unique

TRILLION = 10**12


class Answers(ServerCase):
    def test_a_command_answers_its_events_version_and_token(self):
        stream_id = unique("alice")
        answer = self.command(stream_id, "CreateAccount", {"owner": "Alice", "currency": "EUR"})
        body = self.must_be_done(answer, 1, ["AccountCreated"])
        self.assertEqual(answer.header("ETag"), '"1"')
        self.assertIsNone(answer.header("Idempotent-Replayed"))
        self.assertEqual(body["stream"], f"bank/account/{stream_id}")
        self.assertEqual(body["events"][0]["data"], {"owner": "Alice", "currency": "EUR", "overdraft_limit": 0})

    def test_the_second_command_answers_the_second_version_at_a_later_offset(self):
        stream_id = self.open_account()
        first = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)
        second = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 2}), 3)
        self.assertEqual([each["data"] for each in second["events"]], [{"amount": 2, "balance": 3}])
        partition, offset = POSITION.match(first["token"]).groups()
        later_partition, later_offset = POSITION.match(second["token"]).groups()
        self.assertEqual(later_partition, partition)
        self.assertGreater(int(later_offset), int(offset))

    def test_the_server_makes_a_uuid7_when_no_command_id_is_sent(self):
        stream_id = self.open_account()
        ids = [self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}))["command_id"] for _ in range(3)]
        for each in ids:
            self.assertRegex(each, UUID7)
        self.assertEqual(len(set(ids)), 3)

    def test_the_command_id_sent_is_the_one_answered(self):
        stream_id = self.open_account()
        for sent, bare in (("my-key", "my-key"), ('"quoted key"'.replace(" ", "_"), "quoted_key"), ("!#$%&/()=?~", "!#$%&/()=?~")):
            body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}, {"Idempotency-Key": sent}))
            self.assertEqual(body["command_id"], bare)

    def test_a_stream_lives_in_the_partition_that_the_java_client_would_choose(self):
        self.assertEqual(partition_of("foobar", 1 << 31), -790332482 & 0x7FFFFFFF)  # a vector of Kafka's own UtilsTest
        for stem in ("a", "bob", "carol-1", "some.longer~id:with@signs"):
            stream_id = unique(stem)
            body = self.must_be_done(self.command(stream_id, "CreateAccount", {"owner": "O", "currency": "EUR"}))
            self.assertEqual(int(POSITION.match(body["token"]).group(1)), partition_of(stream_id), stream_id)

    def test_percent_encoded_ids_are_the_same_ids(self):
        stream_id = self.open_account("perc")
        encoded = stream_id.replace("p", "%70", 1)
        body = self.must_be_done(self.command(encoded, "Deposit", {"amount": 1}, raw_id=True), 2)
        self.assertEqual(body["stream"], f"bank/account/{stream_id}")

    def test_the_ids_grammar(self):
        create = {"owner": "O", "currency": "EUR"}
        longest = (unique("l") + "x" * 128)[:128]
        every_sign = unique("AZaz09._~:@-")
        for good in (longest, every_sign):
            self.must_be_done(self.command(good, "CreateAccount", create), 1)
        self.must_be_done(self.command(unique("a:b@c~d"), "CreateAccount", create, raw_id=True), 1)
        for bad in (longest + "x", "a b", "é", "a+b", "a*b", "a,b", "a'b", "a%b"):
            self.must_be_problem(self.command(bad, "CreateAccount", create), "invalid-id")
        for bad in (".", "..", "%2E", "%2E%2E", "a%00b", "a%0Ab", "%FF"):
            self.must_be_problem(self.command(bad, "CreateAccount", create, raw_id=True), "invalid-id")


class Bank(ServerCase):
    def test_a_deposit_and_a_withdrawal_carry_the_balance_after_them(self):
        stream_id = self.open_account()
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 500, "reference": "gift"}), 2, ["DepositMade"])
        self.assertEqual(body["events"][0]["data"], {"amount": 500, "balance": 500, "reference": "gift"})
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 200}), 3, ["WithdrawalMade"])
        self.assertEqual(body["events"][0]["data"], {"amount": 200, "balance": 300})
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 300, "reference": ""}), 4, ["WithdrawalMade"])
        self.assertEqual(body["events"][0]["data"], {"amount": 300, "balance": 0, "reference": ""})
        body = self.must_be_done(self.command(stream_id, "CloseAccount", {}), 5, ["AccountClosed"])
        self.assertEqual(body["events"][0]["data"], {})

    def test_falling_below_zero_starts_the_overdraft_and_rising_to_zero_ends_it_in_the_same_commit(self):
        stream_id = self.open_account(overdraft_limit=100, balance=50)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 50}), 3, ["WithdrawalMade"])  # 0: not below
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 60}), 5, ["WithdrawalMade", "OverdraftStarted"])
        self.assertEqual([each["data"] for each in body["events"]], [{"amount": 60, "balance": -60}, {"balance": -60}])
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 40}), 6, ["WithdrawalMade"])  # already below
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 99}), 7, ["DepositMade"])  # -1: still below
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 9, ["DepositMade", "OverdraftEnded"])
        self.assertEqual([each["data"] for each in body["events"]], [{"amount": 1, "balance": 0}, {}])
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 10, ["DepositMade"])
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 2}), 12, ["WithdrawalMade", "OverdraftStarted"])
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 50}), 14, ["DepositMade", "OverdraftEnded"])

    def test_withdrawals_stop_at_the_overdraft_limit(self):
        stream_id = self.open_account(overdraft_limit=100, balance=50)
        body = self.must_be_refused(self.command(stream_id, "Withdraw", {"amount": 151}), "insufficient-funds",
                                    balance=50, available=150, version=2)
        self.assertEqual(body["status"], 409)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 150}), 4)
        self.must_be_refused(self.command(stream_id, "Withdraw", {"amount": 1}), "insufficient-funds",
                             balance=-100, available=0, version=4)

    def test_an_account_is_created_once_closed_or_not(self):
        stream_id = self.open_account()
        create = {"owner": "Other", "currency": "USD"}
        self.must_be_refused(self.command(stream_id, "CreateAccount", create), "account-exists", version=1)
        self.must_be_done(self.command(stream_id, "CloseAccount", {}), 2)
        self.must_be_refused(self.command(stream_id, "CreateAccount", create), "account-exists", version=2)

    def test_nothing_but_creation_works_without_an_account(self):
        for name, data in (("Deposit", {"amount": 1}), ("Withdraw", {"amount": 1}), ("CloseAccount", {})):
            self.must_be_refused(self.command(unique("nobody"), name, data), "no-such-account", version=0)

    def test_a_closed_account_takes_nothing(self):
        stream_id = self.open_account()
        self.must_be_done(self.command(stream_id, "CloseAccount", {}), 2)
        for name, data in (("Deposit", {"amount": 1}), ("Withdraw", {"amount": 1}), ("CloseAccount", {})):
            self.must_be_refused(self.command(stream_id, name, data), "account-closed", version=2)

    def test_only_an_empty_account_can_be_closed(self):
        rich = self.open_account(balance=7)
        self.must_be_refused(self.command(rich, "CloseAccount", {}), "balance-not-zero", balance=7, version=2)
        poor = self.open_account(overdraft_limit=10)
        self.must_be_done(self.command(poor, "Withdraw", {"amount": 3}), 3)
        self.must_be_refused(self.command(poor, "CloseAccount", {}), "balance-not-zero", balance=-3, version=3)

    def test_a_balance_stops_at_ten_to_the_fifteen(self):
        stream_id = self.open_account()
        line = {"domain": "bank", "category": "account", "id": stream_id, "command": "Deposit", "data": {"amount": TRILLION}}
        for _ in range(2):
            self.assertEqual({each["status"] for each in self.server.batch([line] * 500).lines()}, {200})
        self.must_be_refused(self.command(stream_id, "Deposit", {"amount": 1}), "balance-too-large", version=1001)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 1}))
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}))
        self.assertEqual(body["events"][0]["data"]["balance"], 10**15)

    def test_a_refusal_leaves_no_trace(self):
        stream_id = self.open_account(balance=5)
        for _ in range(3):
            self.must_be_refused(self.command(stream_id, "Withdraw", {"amount": 6}), "insufficient-funds", version=2)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)


class Schemas(ServerCase):
    def test_amounts_are_whole_numbers_from_one_to_a_trillion(self):
        stream_id = self.open_account(balance=1)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": TRILLION}), 4)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": TRILLION}), 5)
        for name in ("Deposit", "Withdraw"):
            self.must_violate(self.command(stream_id, name, {"amount": 0}), ("/amount", "minimum"))
            self.must_violate(self.command(stream_id, name, {"amount": -1}), ("/amount", "minimum"))
            self.must_violate(self.command(stream_id, name, {"amount": TRILLION + 1}), ("/amount", "maximum"))
            self.must_violate(self.command(stream_id, name, b'{"amount":18446744073709551616}'), ("/amount", "maximum"))
            for wrong in (b'"5"', b"null", b"true", b"[5]", b"{}", b"5.5", b"0.5"):
                answer = self.command(stream_id, name, b'{"amount":' + wrong + b"}")
                self.assertIn(("/amount", "type"),
                              [(each["pointer"], each["keyword"]) for each in self.must_be_problem(answer, "schema-violation")["errors"]],
                              repr(answer))

    def test_five_point_zero_is_the_integer_five(self):
        stream_id = self.open_account()
        balance = 0
        for written in (b"5.0", b"5", b"5.00e0", b"0.5e1", b"50e-1"):
            body = self.must_be_done(self.command(stream_id, "Deposit", b'{"amount":' + written + b"}"))
            balance += 5
            self.assertEqual(body["events"][0]["data"], {"amount": 5, "balance": balance})
            self.assertIsInstance(body["events"][0]["data"]["amount"], int, written)

    def test_owner_currency_and_overdraft_limit(self):
        def create(**data):
            return self.command(unique("s"), "CreateAccount", {"owner": "O", "currency": "EUR", **data})
        for good in ({"owner": "x"}, {"owner": "x" * 200}, {"owner": "😀" * 200}, {"overdraft_limit": 0},
                     {"overdraft_limit": TRILLION}, {"currency": "XXX"}):
            self.must_be_done(create(**good), 1)
        for bad, keyword in (({"owner": ""}, "minLength"), ({"owner": "x" * 201}, "maxLength"), ({"owner": "😀" * 201}, "maxLength"),
                             ({"owner": 5}, "type"), ({"owner": None}, "type"),
                             ({"currency": "eur"}, "pattern"), ({"currency": "EURO"}, "pattern"), ({"currency": "EU"}, "pattern"),
                             ({"currency": "EUR\n"}, "pattern"), ({"currency": 1}, "type"),
                             ({"overdraft_limit": -1}, "minimum"), ({"overdraft_limit": TRILLION + 1}, "maximum"),
                             ({"overdraft_limit": "1"}, "type"), ({"overdraft_limit": 1.5}, "type"), ({"overdraft_limit": None}, "type")):
            self.must_violate(create(**bad), ("/" + next(iter(bad)), keyword))

    def test_references_hold_up_to_140_characters(self):
        stream_id = self.open_account()
        for good in ("", "x" * 140, "é" * 140):
            body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1, "reference": good}))
            self.assertEqual(body["events"][0]["data"]["reference"], good)
        self.must_violate(self.command(stream_id, "Deposit", {"amount": 1, "reference": "x" * 141}), ("/reference", "maxLength"))
        self.must_violate(self.command(stream_id, "Deposit", {"amount": 1, "reference": 5}), ("/reference", "type"))

    def test_every_violation_is_listed(self):
        stream_id = unique("v")
        self.must_violate(self.command(stream_id, "CreateAccount", {}), ("", "required"), ("", "required"))
        self.must_violate(self.command(stream_id, "CreateAccount", {"owner": "", "currency": "x", "overdraft_limit": -1, "more": 1}),
                          ("/owner", "minLength"), ("/currency", "pattern"), ("/overdraft_limit", "minimum"),
                          ("/more", "additionalProperties"))
        self.must_violate(self.command(stream_id, "Deposit", {"reference": "r", "a/b~c": 1, "é": 2}),
                          ("", "required"), ("/a~1b~0c", "additionalProperties"), ("/é", "additionalProperties"))
        self.must_violate(self.command(stream_id, "CloseAccount", {"reason": "x"}), ("/reason", "additionalProperties"))

    def test_data_must_be_an_object(self):
        for wrong in (b"[]", b"5", b"null", b'"x"', b"true"):
            self.must_violate(self.command(unique("o"), "CloseAccount", wrong), ("", "type"))


class Bodies(ServerCase):
    def test_what_is_no_json_is_malformed(self):
        stream_id = self.open_account()
        for wrong in (b"", b" ", b"{", b'{"amount":1', b'{"amount":1,}', b"{'amount':1}", b'{"amount":01}', b'{"amount":+1}', b'{"amount":.5}',
                      b'{"amount":1.}', b'{"amount":NaN}', b'{"amount":1}{"amount":1}', b'{"amount":1} x', b'{amount:1}', b'{"amount":1,"amount":1}',
                      b'{"amount":1,"amo\\u0075nt":2}', b'{"amount":1,"reference":"\xff"}', b'{"amount":1,"reference":"\xc3\x28"}',
                      b'{"amount":1,"reference":"\xed\xa0\x80"}', b'{"amount":1,"reference":"\\ud800"}', b'{"amount":1,"reference":"\\udc00\\ud800"}',
                      b'{"amount":1,"reference":"\\x41"}', b'{"amount":1,"reference":"a\nb"}', b'{"amount":1,"reference":"a\x00b"}',
                      b'{"amount":1/**/}', b'\x00{"amount":1}'):
            answer = self.command(stream_id, "Deposit", wrong)
            self.assertEqual((answer.status, answer.json().get("type")), (400, "/problems/malformed-json"), wrong)
            self.must_be_problem(answer, "malformed-json")
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)  # none of them did anything

    def test_duplicate_keys_deep_inside_are_malformed_too(self):
        self.must_be_problem(self.command(unique("d"), "Deposit", b'{"amount":1,"x":[{"a":{"b":1,"b":2}}]}'), "malformed-json")

    def test_nesting_ends_at_64(self):
        def nested(depth):  # the object is depth 1
            return b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
        self.must_be_problem(self.command(unique("d"), "Deposit", nested(63)), "schema-violation")
        self.must_be_problem(self.command(unique("d"), "Deposit", nested(64)), "schema-violation")
        self.must_be_problem(self.command(unique("d"), "Deposit", nested(65)), "malformed-json")
        self.must_be_problem(self.command(unique("d"), "Deposit", b"[" * 64 + b"]" * 64), "schema-violation")
        self.must_be_problem(self.command(unique("d"), "Deposit", b"[" * 65 + b"]" * 65), "malformed-json")

    def test_valid_json_in_other_spellings_is_taken(self):
        stream_id = self.open_account()
        body = self.must_be_done(self.command(stream_id, "Deposit", b' \t\r\n{ "reference" : "\\u00e9\\ud83d\\ude00\\/\\n" , "\\u0061mount":1e2 } \r\n'))
        self.assertEqual(body["events"][0]["data"], {"amount": 100, "balance": 100, "reference": "é😀/\n"})

    def test_a_body_must_say_that_it_is_json(self):
        stream_id = self.open_account()
        target, body = f"/v1/commands/bank/account/{stream_id}/Deposit", b'{"amount":1}'
        for good in ("application/json", "application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"'):
            self.must_be_done(self.server.request("POST", target, body, {"Content-Type": good}))
        for bad in ("text/plain", "application/x-ndjson", "application/xml", "application/jsonx", "json", "application/x-www-form-urlencoded"):
            self.must_be_problem(self.server.request("POST", target, body, {"Content-Type": bad}), "unsupported-media-type")
        self.must_be_problem(self.server.request("POST", target, body), "unsupported-media-type")

    def test_accept_may_not_exclude_json(self):
        stream_id = self.open_account()
        for good in ("*/*", "application/*", "application/json", "text/html, application/json;q=0.5", "text/*, */*;q=0.1"):
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}, {"Accept": good}))
        for bad in ("text/html", "application/xml", "application/json;q=0", "image/*, text/*"):
            self.must_be_problem(self.command(stream_id, "Deposit", {"amount": 1}, {"Accept": bad}), "not-acceptable")


class Order(ServerCase):
    """Each request has two faults; the earlier check answers."""

    def ask(self, target, body=b'{"amount":1}', **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        fields.setdefault("Content-Type", "application/json")
        return self.server.request("POST", "/v1/commands/" + target, body, fields)

    def test_the_route_before_the_content_type(self):
        self.must_be_problem(self.ask("bank/account/a/Nonsense", Content_Type="text/plain"), "unknown-command")
        self.must_be_problem(self.ask("bank/nothing/a/Deposit", Content_Type="text/plain"), "unknown-route")
        self.must_be_problem(self.ask("nowhere/account/a/Deposit", Content_Type="text/plain"), "unknown-route")

    def test_the_content_type_before_the_id(self):
        self.must_be_problem(self.ask("bank/account/a%20b/Deposit", Content_Type="text/plain"), "unsupported-media-type")

    def test_the_id_before_the_command_id_before_the_condition(self):
        self.must_be_problem(self.ask("bank/account/a%20b/Deposit", Idempotency_Key="x y", If_Match="1"), "invalid-id")
        self.must_be_problem(self.ask("bank/account/a/Deposit", Idempotency_Key="x y", If_Match="1"), "invalid-command-id")

    def test_the_head_before_the_body(self):
        self.must_be_problem(self.ask("bank/account/a%20b/Deposit", b"{"), "invalid-id")
        self.must_be_problem(self.ask("bank/account/a/Deposit", b"{", Idempotency_Key="x y"), "invalid-command-id")
        self.must_be_problem(self.ask("bank/account/a/Deposit", b"{", If_Match="1"), "malformed-request")

    def test_json_before_schema(self):
        self.must_be_problem(self.ask("bank/account/a/Deposit", b'{"amount":0,"amount":0}'), "malformed-json")

    def test_schema_before_the_repeated_command_id(self):
        stream_id = self.open_account()
        self.must_be_done(self.ask(f"bank/account/{stream_id}/Deposit", Idempotency_Key="once"))
        self.must_be_problem(self.ask(f"bank/account/{stream_id}/Deposit", b'{"amount":0}', Idempotency_Key="once"), "schema-violation")

    def test_the_repeated_command_id_before_the_version(self):
        stream_id = self.open_account()
        first = self.ask(f"bank/account/{stream_id}/Deposit", Idempotency_Key="once", If_Match='"1"')
        self.must_be_done(first, 2)
        again = self.ask(f"bank/account/{stream_id}/Deposit", Idempotency_Key="once", If_Match='"1"')
        self.assertEqual((again.status, again.body), (200, first.body))
        self.must_be_problem(self.ask(f"bank/account/{stream_id}/Deposit", Idempotency_Key="once", If_Match='"7"'), "command-id-reused")

    def test_the_version_before_the_decision(self):
        stream_id = self.open_account()
        answer = self.ask(f"bank/account/{stream_id}/Withdraw", If_Match='"9"')  # would be insufficient-funds
        self.must_be_problem(answer, "version-mismatch", current_version=1)


class Routes(ServerCase):
    def test_unknown_domains_categories_and_commands(self):
        data = {"amount": 1}
        for target, kind in (("bank/account/a/Nonsense", "unknown-command"), ("bank/account/a/deposit", "unknown-command"),
                             ("bank/accounts/a/Deposit", "unknown-route"), ("banks/account/a/Deposit", "unknown-route"),
                             ("bank/account/a", "unknown-route"), ("bank/account/a/Deposit/more", "unknown-route"), ("bank", "unknown-route")):
            answer = self.server.request("POST", f"/v1/commands/{target}", json.dumps(data).encode(), {"Content-Type": "application/json"})
            self.must_be_problem(answer, kind)

    def test_query_parameters_are_not_known_here(self):
        stream_id = self.open_account()
        answer = self.server.request("POST", f"/v1/commands/bank/account/{stream_id}/Deposit?dry=1", b'{"amount":1}',
                                     {"Content-Type": "application/json"})
        self.must_be_problem(answer, "invalid-parameter")

    def test_commands_are_posted(self):
        for target in ("/v1/commands/bank/account/a/Deposit", "/v1/commands"):
            for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
                answer = self.server.request(method, target, b"{}" if method in ("PUT", "PATCH") else None)
                self.assertEqual(answer.status, 405, repr(answer))
                self.assertEqual({each.strip() for each in answer.header("Allow").split(",")}, {"POST", "OPTIONS"}, repr(answer))
                if method != "HEAD":
                    self.must_be_problem(answer, "method-not-allowed")
            answer = self.server.request("OPTIONS", target)
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual({each.strip() for each in answer.header("Allow").split(",")}, {"POST", "OPTIONS"})

    def test_a_token_names_one_partition(self):
        body = self.must_be_done(self.command(self.open_account(), "Deposit", {"amount": 1}))
        self.assertRegex(body["token"], TOKEN)
        self.assertNotIn(",", body["token"])
        self.assertEqual(NDJSON["Content-Type"], "application/x-ndjson")


if __name__ == "__main__":
    unittest.main()
