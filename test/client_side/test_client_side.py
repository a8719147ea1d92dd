"""Domains that are only a folder of schemas: clients decide, in any language (examples/)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "blackbox"))
from harness import JSON, SOURCE, FoldlogCase, Server, in_parallel, positions, run, unique  # noqa: E402

ORDERS = os.path.join(SOURCE, "examples", "orders")
DECIDERS = {"python": [sys.executable, os.path.join(SOURCE, "examples", "decider.py")],
            "javascript": ["node", os.path.join(SOURCE, "examples", "decider.mjs")]}


def event(name, **data):
    return {"type": f"orders.{name}.v1", "data": data}


PLACED = event("OrderPlaced", customer="Ann", total=500)
PAID = event("OrderPaid", amount=500)


class ClientSide(FoldlogCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="foldlog-client-side-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.data = os.path.join(cls.folder, "data")
        cls.server = Server(cls.data, arguments=("--domain", ORDERS))
        cls.addClassCleanup(lambda: (cls.server.kill(), cls.server.forget()))

    @classmethod
    def tearDownClass(cls):
        if cls.server.stop() != 0:
            raise AssertionError("serve did not end well")

    def append(self, order, events, headers=None, target="/v1/streams/orders/order/"):
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return self.server.request("POST", target + order, body, {**JSON, **(headers or {})})

    def must_append(self, answer, version):
        self.assertEqual(200, answer.status, repr(answer))
        body = answer.json()
        self.assertEqual((version, f'"{version}"'), (body["version"], answer.header("ETag")), repr(answer))
        self.assertEqual(body["token"], answer.header("Foldlog-Token"))
        return body

    def stream(self, order, version):
        def there():
            answer = self.server.get(f"/v1/streams/orders/order/{order}")
            return answer if answer.status == 200 and answer.json()["version"] >= version else None
        return self.eventually(there, f"version {version} of {order}").json()

    def test_events_are_appended_all_or_none_after_the_version_that_was_decided_on(self):
        order = unique("o")
        body = self.must_append(self.append(order, [PLACED, PAID], {"If-None-Match": "*"}), 2)
        self.assertEqual(f"orders/order/{order}", body["stream"])
        self.assertEqual([PLACED, PAID], [{"type": each["type"], "data": each["data"]} for each in body["events"]])
        self.assertEqual([f"{order}/1", f"{order}/2"], [each["id"] for each in body["events"]])
        self.must_be_problem(self.append(order, [PLACED], {"If-None-Match": "*"}), "version-mismatch", current_version=2)
        self.must_be_problem(self.append(order, [PLACED], {"If-Match": '"1"'}), "version-mismatch", current_version=2)
        self.must_append(self.append(order, [event("OrderShipped", carrier="post")], {"If-Match": '"2"'}), 3)
        self.must_append(self.append(order, [event("OrderClosed")]), 4)
        seen = self.stream(order, 4)
        self.assertEqual(["orders.OrderPlaced.v1", "orders.OrderPaid.v1", "orders.OrderShipped.v1", "orders.OrderClosed.v1"],
                         [each["type"] for each in seen["events"]])

    def test_one_of_many_that_decided_on_the_same_version_wins(self):
        order = unique("o")
        answers = in_parallel(8, lambda at: self.append(order, [event("OrderPlaced", customer=str(at), total=1)], {"If-None-Match": "*"}))
        self.assertEqual([200] + [412] * 7, sorted(each.status for each in answers))

    def test_a_repeat_gets_the_first_answer_and_another_body_under_its_id_is_refused(self):
        order = unique("o")
        headers = {"Idempotency-Key": "k", "If-Match": '"0"'}
        first = self.append(order, [PLACED], headers)
        self.must_append(first, 1)
        again = self.append(order, [PLACED], headers)
        self.assertEqual((first.body, "true"), (again.body, again.header("Idempotent-Replayed")))
        self.must_be_problem(self.append(order, [PLACED, PAID], headers), "command-id-reused")
        self.assertEqual(1, self.stream(order, 1)["version"])

    def test_every_broken_rule_is_told_with_its_place_and_nothing_is_appended(self):
        order = unique("o")
        rows = [
            ([], ("", "minItems")),
            ({}, ("", "type")),
            ([PLACED] * 501, ("", "maxItems")),
            ([5], ("/0", "type")),
            ([{"type": "orders.OrderPlaced.v1"}], ("/0", "required")),
            ([{**PLACED, "id": 1}], ("/0/id", "additionalProperties")),
            ([PLACED, event("OrderLost")], ("/1/type", "enum")),
            ([{"type": "bank.DepositMade.v1", "data": {}}], ("/0/type", "enum")),
            ([{"type": "OrderPlaced", "data": {}}], ("/0/type", "enum")),
            ([PLACED, event("OrderPaid", amount=0)], ("/1/data/amount", "minimum")),
            ([event("OrderPlaced", total="x", tip=1)], ("/0/data/total", "type"), ("/0/data/tip", "additionalProperties"), ("/0/data", "required")),
        ]
        for events, *expected in rows:
            with self.subTest(events=str(events)[:80]):
                self.must_violate(self.append(order, events), *expected)
        self.must_be_problem(self.append(order, b"[{]"), "malformed-json")
        self.must_be_problem(self.append(order, [PLACED], {"Content-Type": "text/plain"}), "unsupported-media-type")
        self.must_be_problem(self.append(order, [PLACED], {"If-Match": "4"}), "malformed-request")
        self.must_be_problem(self.append("a%20b", [PLACED]), "invalid-id")
        self.must_be_problem(self.append(order, [PLACED], target="/v1/streams/orders/basket/"), "unknown-route")
        self.must_be_problem(self.append(order + "?x=1", [PLACED]), "invalid-parameter")
        self.must_be_problem(self.server.get(f"/v1/streams/orders/order/{order}"), "no-such-stream")

    def test_what_has_a_decider_takes_no_events_and_what_has_none_takes_no_commands(self):
        refused = self.append("alice", [{"type": "bank.DepositMade.v1", "data": {"amount": 1, "balance": 1}}], target="/v1/streams/bank/account/")
        self.must_be_problem(refused, "method-not-allowed")
        self.assertNotIn("POST", refused.header("Allow"))
        for name in ("append", "OrderPlaced"):
            answer = self.server.request("POST", f"/v1/commands/orders/order/x/{name}", b"[]", JSON)
            self.must_be_problem(answer, "unknown-command")
        self.must_append(self.append("with-state", [PLACED]), 1)
        self.must_be_problem(self.server.get("/v1/streams/orders/order/with-state/state"), "unknown-route")

    def test_the_schemas_are_served_also_those_that_others_refer_to(self):
        for path in ("order/OrderPlaced.v1.json", "Money.v1.json"):
            with open(os.path.join(ORDERS, path), "rb") as file:
                answer = self.server.get("/v1/schemas/orders/" + os.path.basename(path))
                self.assertEqual((200, file.read()), (answer.status, answer.body))
        tag = answer.header("ETag")
        self.assertEqual(304, self.server.get("/v1/schemas/orders/Money.v1.json", {"If-None-Match": tag}).status)
        listed = self.server.get("/v1/schemas").json()["schemas"]
        self.assertIn("/v1/schemas/orders/Money.v1.json", listed)
        self.assertIn("/v1/schemas/bank/DepositMade.v0.json", listed)
        for path in ("orders/Money.v2.json", "orders/Money.v1", "orders/money.v1.json", "shop/Money.v1.json"):
            self.must_be_problem(self.server.get("/v1/schemas/" + path), "unknown-route")

    def test_readers_see_the_events_as_any_others(self):
        order = unique("o")
        body = self.must_append(self.append(order, [PLACED], {"Foldlog-Correlation": "c-7"}), 1)
        (topic, offset), = positions(body["token"]).items()
        self.assertTrue(topic.startswith("orders.order/"))
        code, out, err = run("tail", "orders.order", "--data", self.data, "--domain", ORDERS)
        self.assertEqual(0, code, err)
        found = [each for each in map(json.loads, out.splitlines()) if each["stream"] == f"orders/order/{order}"]
        self.assertEqual([(PLACED["type"], PLACED["data"], "c-7", f"{topic}@{offset}")],
                         [(each["type"], each["data"], each["correlation_id"], each["position"]) for each in found])
        code, out, err = run("verify", "--data", self.data, "--domain", ORDERS)
        self.assertEqual(0, code, out + err)

    def test_it_is_all_there_after_a_crash(self):
        order = unique("o")
        self.must_append(self.append(order, [PLACED], {"Idempotency-Key": "k"}), 1)
        type(self).server.kill()
        type(self).server.forget()
        type(self).server = Server(self.data, arguments=("--domain", ORDERS))
        self.must_be_problem(self.append(order, [PAID], {"If-Match": '"0"'}), "version-mismatch", current_version=1)
        self.assertEqual("true", self.append(order, [PLACED], {"Idempotency-Key": "k"}).header("Idempotent-Replayed"))
        self.must_append(self.append(order, [PAID], {"If-Match": '"1"'}), 2)

    def decide(self, language, order, command, **data):
        return subprocess.run([*DECIDERS[language], f"http://{self.server.http}", order, command, json.dumps(data)],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_a_decider_in_thirty_lines_of_each_language(self):
        for language in DECIDERS:
            with self.subTest(language):
                order = unique("o")
                with open(DECIDERS[language][-1], encoding="utf-8") as file:
                    self.assertLessEqual(len([line for line in file if line.strip()]), 30)
                for version, (command, data) in enumerate((("place", {"customer": "Ann", "total": 500}), ("pay", {"amount": 200}), ("pay", {"amount": 300})), 1):
                    done = self.decide(language, order, command, **data)
                    self.assertEqual((0, version), (done.returncode, json.loads(done.stdout or "{}").get("version")), done.stderr)
                refused = self.decide(language, order, "pay", amount=1)
                self.assertNotEqual(0, refused.returncode)
                self.assertIn("refused: pay", refused.stderr)
                done = self.decide(language, order, "ship", carrier="post")
                self.assertEqual(5, json.loads(done.stdout)["version"], done.stderr)
                self.assertEqual(["OrderPlaced", "OrderPaid", "OrderPaid", "OrderShipped", "OrderClosed"],
                                 [each["type"].split(".")[1] for each in self.stream(order, 5)["events"]])

    def test_deciders_that_race_pay_an_order_once(self):
        order = unique("o")
        self.must_append(self.append(order, [PLACED]), 1)
        languages = ["python", "javascript"] * 2
        done = in_parallel(4, lambda at: self.decide(languages[at], order, "pay", amount=500))
        self.assertEqual(1, sum(each.returncode == 0 for each in done), [each.stderr for each in done])
        self.assertEqual(2, self.stream(order, 2)["version"])


class Folders(FoldlogCase):
    def refusal(self, files, name="orders"):
        with tempfile.TemporaryDirectory() as scratch:
            folder = os.path.join(scratch, name)
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
                with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                    file.write(text)
            code, _, err = run("serve", "--data", os.path.join(scratch, "data"), "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--domain", folder)
            self.assertEqual(1, code, err)
            return err

    def test_a_folder_that_is_no_domain_is_refused_with_the_place(self):
        good = {"order/OrderPlaced.v1.json": "{}"}
        rows = [
            ({"Money.v1.json": "{}"}, "holds no folder of events"),
            ({**good, "order/placed.json": "{}"}, "order/placed.json: not named"),
            ({**good, "order/OrderPaid.v1.json": '{"minimun":1}'}, "orders.OrderPaid.v1: schema: /v1/schemas/orders/OrderPaid.v1.json#/minimun is no keyword"),
            ({**good, "order/OrderPaid.v1.json": '{"$ref":"None.v1.json"}'}, "leads nowhere"),
            ({**good, "basket/OrderPlaced.v1.json": "{}"}, "orders.OrderPlaced.v1: it is there already"),
            ({"Order/OrderPlaced.v1.json": "{}"}, "'Order' is no category name"),
        ]
        for files, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(files))
        self.assertIn("is no name of a domain", self.refusal(good, "Orders"))
        self.assertIn("the domain bank was added twice", self.refusal(good, "bank"))
