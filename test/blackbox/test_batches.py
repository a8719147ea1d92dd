"""API.md section 2: NDJSON batches of commands."""

import json
import unittest

from harness import NDJSON, PROBLEMS, ServerCase, unique


def line(stream_id, command, data, **more):
    return {"domain": "bank", "category": "account", "id": stream_id, "command": command, "data": data, **more}


def create(stream_id, **more):
    return line(stream_id, "CreateAccount", {"owner": "O", "currency": "EUR"}, **more)


class Batches(ServerCase):
    def run_lines(self, lines):
        answer = self.server.batch(lines)
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/x-ndjson"), repr(answer))
        return answer.lines()

    def must_be_kind(self, found, kind, **members):
        self.assertEqual((found["status"], found["type"]), (PROBLEMS[kind], f"/problems/{kind}"), found)
        self.assertTrue(found["title"] and found["detail"], found)
        for name, value in members.items():
            self.assertEqual(found.get(name), value, found)

    def test_one_answer_line_per_command_in_order(self):
        one, other = unique("b"), unique("b")
        found = self.run_lines([create(one), create(other), line(one, "Deposit", {"amount": 5}),
                                line(other, "Withdraw", {"amount": 1}), line(one, "Withdraw", {"amount": 2})])
        self.assertEqual([each["status"] for each in found], [200, 200, 200, 409, 200])
        self.assertEqual(set(found[0]), {"status", "command_id", "stream", "version", "token", "events"})
        self.assertEqual([found[0]["stream"], found[1]["stream"]], [f"bank/account/{one}", f"bank/account/{other}"])
        self.assertEqual([found[at]["version"] for at in (0, 2, 4)], [1, 2, 3])
        self.assertEqual(found[4]["events"][0]["data"], {"amount": 2, "balance": 3})
        self.must_be_kind(found[3], "refused", code="insufficient-funds", version=1, balance=0, available=0)

    def test_lines_for_one_stream_run_in_their_order(self):
        stream_id = unique("b")
        found = self.run_lines([create(stream_id)] + [line(stream_id, "Deposit", {"amount": at}) for at in range(1, 200)])
        self.assertEqual([each["version"] for each in found], list(range(1, 201)))
        self.assertEqual(found[-1]["events"][0]["data"]["balance"], 199 * 200 // 2)

    def test_every_line_stands_alone(self):
        stream_id = unique("b")
        good = json.dumps(create(stream_id)).encode()
        deposit = json.dumps(line(stream_id, "Deposit", {"amount": 5})).encode()
        lacking = [{key: value for key, value in create("x").items() if key != gone} for gone in ("domain", "category", "id", "command", "data")]
        lines = [b"{", b"[]", b"5", good, b'{"domain":"bank","domain":"bank"}', b'"x"', b"\xff", deposit]
        lines += [json.dumps(each).encode() for each in lacking]
        found = self.run_lines(b"\n".join(lines))
        kinds = [each.get("type", "").removeprefix("/problems/") for each in found]
        self.assertEqual(kinds, ["malformed-json", "malformed-request", "malformed-request", "", "malformed-json", "malformed-request",
                                 "malformed-json", ""] + ["malformed-request"] * 5)
        self.assertEqual([found[3]["version"], found[7]["version"]], [1, 2])

    def test_each_line_has_the_problems_of_a_single_command(self):
        stream_id = unique("b")
        found = self.run_lines([
            create(stream_id), {**create("x"), "domain": "banks"}, {**create("x"), "category": "nothing"}, line("x", "Nonsense", {}),
            line("a b", "CloseAccount", {}), line(stream_id, "Deposit", {"amount": 0}), line(stream_id, "Deposit", {"amount": 1}, command_id="a b"),
            line(stream_id, "Deposit", {"amount": 1}, expected_version=7), create(stream_id, expected_version=0),
            line(stream_id, "Deposit", {"amount": 1}, expected_version=-1), line(stream_id, "Deposit", {"amount": 1}, expected_version="1"),
            line(5, "Deposit", {"amount": 1}), line(stream_id, "Deposit", {"amount": 1}, expected_version=1)])
        self.must_be_kind(found[1], "unknown-route")
        self.must_be_kind(found[2], "unknown-route")
        self.must_be_kind(found[3], "unknown-command")
        self.must_be_kind(found[4], "invalid-id")
        self.must_be_kind(found[5], "schema-violation")
        self.assertEqual([(each["pointer"], each["keyword"]) for each in found[5]["errors"]], [("/amount", "minimum")])
        self.must_be_kind(found[6], "invalid-command-id")
        self.must_be_kind(found[7], "version-mismatch", current_version=1)
        self.must_be_kind(found[8], "version-mismatch", current_version=1)
        for at in (9, 10, 11):
            self.must_be_kind(found[at], "malformed-request")
        self.assertEqual((found[12]["status"], found[12]["version"]), (200, 2))

    def test_repeats_in_batches(self):
        stream_id = unique("b")
        lines = [create(stream_id, command_id="c"), line(stream_id, "Deposit", {"amount": 5}, command_id="d")]
        first = self.run_lines(lines)
        self.assertEqual([each.get("replayed") for each in first], [None, None])
        self.assertEqual([each["command_id"] for each in first], ["c", "d"])
        again = self.run_lines(lines + [line(stream_id, "Deposit", {"amount": 6}, command_id="d")])
        self.assertEqual([each.pop("replayed", None) for each in again], [True, True, None])
        self.assertEqual(again[:2], first)
        self.must_be_kind(again[2], "command-id-reused")

    def test_a_repeat_within_one_batch(self):
        stream_id = unique("b")
        found = self.run_lines([create(stream_id)] + [line(stream_id, "Deposit", {"amount": 5}, command_id="d")] * 3)
        self.assertEqual([each.pop("replayed", None) for each in found], [None, None, True, True])
        self.assertEqual([found[2], found[3]], [found[1], found[1]])

    def test_a_single_command_and_a_line_are_the_same_command(self):
        stream_id = unique("b")
        self.run_lines([create(stream_id, expected_version=0, command_id="c")])
        answer = self.command(stream_id, "CreateAccount", {"owner": "O", "currency": "EUR"}, {"Idempotency-Key": "c", "If-None-Match": "*"})
        self.must_be_done(answer, 1)
        self.assertEqual(answer.header("Idempotent-Replayed"), "true")
        single = self.command(stream_id, "Deposit", {"amount": 5}, {"Idempotency-Key": "d"}).json()
        found = self.run_lines([line(stream_id, "Deposit", {"amount": 5}, command_id="d")])[0]
        self.assertEqual(found, {"status": 200, "replayed": True, **single})

    def test_blank_lines_carriage_returns_and_a_last_line_without_end(self):
        stream_id = unique("b")
        rows = [json.dumps(each).encode() for each in (create(stream_id), line(stream_id, "Deposit", {"amount": 1}))]
        found = self.run_lines(b"\n\r\n" + rows[0] + b"\r\n\n" + rows[1])
        self.assertEqual([each["status"] for each in found], [200, 200])

    def test_no_line_at_all_answers_an_empty_body(self):
        for nothing in (b"", b"\n", b"\r\n\n"):
            answer = self.server.batch(nothing)
            self.assertEqual((answer.status, answer.body), (200, b""), repr(answer))

    def test_over_five_hundred_lines_nothing_is_run(self):
        for count in (499, 500):
            stream_id = unique("b")
            found = self.run_lines([create(stream_id)] + [line(stream_id, "Deposit", {"amount": 1})] * (count - 1))
            self.assertEqual((len(found), found[-1]["version"]), (count, count))
        stream_id = unique("b")
        self.must_be_problem(self.server.batch([create(stream_id)] * 501), "body-too-large")
        self.must_be_refused(self.command(stream_id, "Deposit", {"amount": 1}), "no-such-account", version=0)

    def test_blank_lines_are_not_counted(self):
        stream_id = unique("b")
        rows = [create(stream_id)] + [line(stream_id, "Deposit", {"amount": 1})] * 499
        found = self.run_lines(b"\n\n".join(json.dumps(each).encode() for each in rows) + b"\n\n\n")
        self.assertEqual([each["status"] for each in found], [200] * 500)

    def test_a_batch_must_say_that_it_is_ndjson(self):
        body = json.dumps(create(unique("b"))).encode()
        for bad in ({"Content-Type": "application/json"}, {"Content-Type": "text/plain"}, {}):
            self.must_be_problem(self.server.request("POST", "/v1/commands", body, bad), "unsupported-media-type")
        answer = self.server.request("POST", "/v1/commands", body, {"Content-Type": NDJSON["Content-Type"] + "; charset=utf-8"})
        self.assertEqual(answer.status, 200, repr(answer))


if __name__ == "__main__":
    unittest.main()
