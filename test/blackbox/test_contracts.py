"""/openapi.json, /asyncapi.json, /docs: what they say is what the server does. Every operation of the document is called."""

import json
import os
import re
import subprocess
import tempfile
import unittest
import urllib.parse

from harness import FOLDLOG, SOURCE, FoldlogCase, Server, ServerCase

# What no schema can say: data of each command that the domain accepts on the account that the calls are about, in this order.
COMMANDS = {"CreateAccount": {"owner": "Ann", "currency": "EUR"}, "Deposit": {"amount": 5, "reference": "r"}, "Withdraw": {"amount": 5}, "CloseAccount": {}}
KEYS = {"accounts": "contract-1", "owners": "Ann"}


class Documents(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.openapi = cls.server.get("/openapi.json").json()
        cls.asyncapi = cls.server.get("/asyncapi.json").json()

    def operations(self):
        for path, item in self.openapi["paths"].items():
            for method in ("get", "post", "x-query"):
                if method in item:
                    yield path, method.removeprefix("x-").upper(), item, item[method]

    def resolve(self, value):
        while "$ref" in value:
            at = self.openapi
            for key in value["$ref"].removeprefix("#/").split("/"):
                at = at[key]
            value = at
        return value

    def must_fit(self, schema, instances, what):
        """The engine's own validator judges; the schema's references point into the document."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.openapi["components"], **schema}, file)
            file.flush()
            done = subprocess.run([FOLDLOG, "schema", "validate", "--schema", file.name], input="".join(json.dumps(each) + "\n" for each in instances),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, set(done.stdout.split())), (0, {"valid"}), f"{what}: {done.stdout}")

    def must_be_documented(self, operation, answer, what):
        described = operation["responses"].get(str(answer.status)) or operation["responses"]["default"]
        described = self.resolve(described)
        content = described.get("content", {})
        if not answer.body:
            return
        kind = answer.header("Content-Type").split(";")[0]
        self.assertIn(kind, content, f"{what}: {answer!r}")
        for name, header in described.get("headers", {}).items():
            value = answer.header(name)
            if value is not None:
                self.must_fit(self.resolve(header)["schema"], [value], f"{what}: {name}")
        if kind.endswith("ndjson"):
            self.must_fit(content[kind]["schema"], answer.lines(), what)
        elif kind.endswith("json"):
            self.must_fit(content[kind]["schema"], [answer.json()], what)

    def target(self, path, item, operation):
        values = {each["name"]: each.get("example") for each in map(self.resolve, item.get("parameters", []) + operation.get("parameters", []))
                  if each["in"] == "path"}
        view = re.match(r"/v1/views/bank/(\w+)", path)
        values |= {"id": "contract-1"}
        if view:
            values["key"] = KEYS.get(view.group(1)) or self.server.get(f"/v1/views/bank/{view.group(1)}").json()["rows"][0]["key"]
        return path.format(**{name: urllib.parse.quote(str(value), safe="") for name, value in values.items()})

    def test_every_operation_does_what_the_document_says(self):
        done = {name: self.must_be_done(self.server.command("contract-1", name, data)) for name, data in list(COMMANDS.items())[:2]}
        token = done["Deposit"]["token"]
        for view in ("accounts", "owners", "turnover"):
            self.assertEqual(self.server.get(f"/v1/views/bank/{view}?token={token}").status, 200)
        called = 0
        for path, method, item, operation in self.operations():
            target, what = self.target(path, item, operation), f"{method} {path}"
            headers, body = {}, None
            if method != "GET":
                kind = next(iter(operation["requestBody"]["content"]))
                command = path.rsplit("/", 1)[1]
                body = (json.dumps(COMMANDS.get(command, {})) + "\n").encode() if kind != "application/x-www-form-urlencoded" else b"limit=1"
                headers["Content-Type"] = kind
            if path.startswith("/v1/events/"):
                with self.server.connect() as connection:
                    connection.send(f"GET {target} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n".encode())
                    _, status, fields = connection.head()
                    self.assertEqual((status, dict(fields)["Content-Type"].split(";")[0]), (200, "text/event-stream"), what)
                called += 1
                continue
            answer = self.server.request(method, target, body, headers, admin="servers" in item)
            called += 1
            self.must_be_documented(operation, answer, what)
            wanted = {200} if not path.startswith("/v1/commands/") else {200, 409}
            self.assertIn(answer.status, wanted, f"{what}: {answer!r}")
            # A parameter that nobody knows is a problem that the document knows, too.
            if method == "GET" and "servers" not in item:
                strange = self.server.request(method, target + "?strange=1")
                self.must_be_problem(strange, "invalid-parameter")
                self.assertIn("400", operation["responses"], what)
                self.must_be_documented(operation, strange, what)
        self.assertGreater(called, 20)

    def test_the_commands_change_what_they_are_to_change(self):
        named = {path.rsplit("/", 1)[1] for path, method, _, _ in self.operations() if path.startswith("/v1/commands/bank/account/")}
        self.assertEqual(named, set(COMMANDS))

    def test_the_document_and_the_routes_are_the_same(self):
        self.assertNotIn("openapi.json lacks a route", self.server.stderr())
        for path, method, item, operation in self.operations():
            route = operation["x-foldlog-route"]
            self.assertTrue(route.startswith(method + " /"), route)
            target = self.target(path, item, operation) if not path.startswith("/v1/views/bank/turnover/") else "/v1/views/bank/turnover/x"
            answer = self.server.request("OPTIONS", target, admin="servers" in item)
            self.assertEqual(answer.status, 204, f"{path}: {answer!r}")
            self.assertIn(method, answer.header("Allow").split(", "), f"{path}: {answer!r}")

    def test_every_problem_of_the_table_is_there(self):
        kinds = self.openapi["components"]["schemas"]["Problem"]["properties"]["type"]["oneOf"]
        for kind in kinds:
            answer = self.server.get(kind["const"])
            self.assertEqual((answer.json()["type"], answer.json()["status"], answer.json()["title"]), (kind["const"], kind["x-status"], kind["title"]))
        self.assertEqual(len(kinds), 32)

    def test_nothing_of_the_templates_is_left(self):
        for document in (self.openapi, self.asyncapi):
            self.assertNotRegex(json.dumps(document), r"\$[a-z_]+\$|x-each|x-problems|x-event\"")

    def test_every_event_has_a_message_with_its_schema(self):
        channel = self.asyncapi["channels"]["bank.account"]
        self.assertEqual(channel["address"], "bank.account")
        events = set(self.openapi["paths"]["/v1/streams/bank/account/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                     ["allOf"][1]["properties"]["events"]["items"]["properties"]["type"]["enum"])
        self.assertEqual({name for name in channel["messages"] if name.startswith("bank.")}, events)
        for name, reference in channel["messages"].items():
            message = self.asyncapi["components"]["messages"][reference["$ref"].rsplit("/", 1)[1]]
            self.assertEqual(message["name"], name)
            self.assertEqual(message["payload"].get("$ref", f"#/components/schemas/{name}"), f"#/components/schemas/{name}")
        self.assertEqual(channel["bindings"]["kafka"]["partitions"], 8)
        self.assertEqual(channel["bindings"]["kafka"]["topicConfiguration"], {"cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1})

    def test_the_page_needs_nothing_from_elsewhere(self):
        page = self.server.get("/docs", {"Accept": "text/html"})
        self.assertEqual((page.status, page.header("Content-Type")), (200, "text/html; charset=utf-8"))
        text = page.body.decode()
        self.assertNotRegex(text, r"(src|href)=\"(https?:)?//|@import|url\(")
        self.assertIn("default-src 'none'", page.header("Content-Security-Policy"))


class ClientSide(FoldlogCase):
    def test_a_domain_that_clients_decide_for_has_its_append_and_no_other_has(self):
        with tempfile.TemporaryDirectory(prefix="foldlog-contracts-") as folder:
            server = Server(os.path.join(folder, "data"), arguments=("--domain", os.path.join(SOURCE, "examples", "orders")))
            self.addCleanup(lambda: (server.kill(), server.forget()))
            text = server.get("/openapi.json").body
            paths = json.loads(text, object_pairs_hook=lambda pairs: self.assertEqual(len(pairs), len(dict(pairs)), "a name twice") or dict(pairs))["paths"]
            self.assertNotIn("openapi.json lacks a route", server.stderr())
            self.assertLessEqual({"get", "post"}, set(paths["/v1/streams/orders/order/{id}"]))
            self.assertNotIn("post", paths["/v1/streams/bank/account/{id}"])
            self.assertIn("POST", server.request("OPTIONS", "/v1/streams/orders/order/o-1").header("Allow").split(", "))
            events = [{"type": "orders.OrderPlaced.v1", "data": {"customer": "Ann", "total": 500}}]
            answer = server.request("POST", "/v1/streams/orders/order/o-1", json.dumps(events).encode(), {"Content-Type": "application/json"})
            self.assertIn(str(answer.status), paths["/v1/streams/orders/order/{id}"]["post"]["responses"])
            self.assertEqual(answer.status, 200, repr(answer))


if __name__ == "__main__":
    unittest.main()
