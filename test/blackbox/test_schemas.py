"""`foldlog schema validate` and `foldlog schema check` (API.md section 4), and the registry at /v1/schemas."""

import glob
import json
import os
import shutil
import tempfile

from harness import SOURCE, FoldlogCase, Server, run

BANK = os.path.join(SOURCE, "schemas", "bank")
AMOUNT = '{"properties":{"amount":{"type":"integer","minimum":1}},"required":["amount"],"additionalProperties":false}'


class Folder(FoldlogCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-schemas-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Validate(Folder):
    def validate(self, schema, lines="", *arguments):
        path = self.file("schema.json", schema)
        code, out, err = run("schema", "validate", "--schema", path, *arguments, stdin=lines)
        return code, [line if line == "valid" else json.loads(line) for line in out.splitlines()], err

    def test_a_line_for_each_instance_on_stdin(self):
        code, lines, err = self.validate(AMOUNT, '{"amount":5}\n\n{"amount":0,"tip":1}\r\n{}\n{"amount":\n')
        self.assertEqual((1, ""), (code, err))
        self.assertEqual("valid", lines[0])
        self.assertEqual([[("/amount", "minimum"), ("/tip", "additionalProperties")], [("", "required")], [("", "json")]],
                         [[(each["pointer"], each["keyword"]) for each in line] for line in lines[1:]])
        for each in lines[1]:
            self.assertEqual(["pointer", "keyword", "detail"], list(each))
        self.assertEqual((0, ["valid", "valid"], ""), self.validate(AMOUNT, '{"amount":1}\n{"amount":2.0}'))
        self.assertEqual((0, [], ""), self.validate(AMOUNT))

    def test_a_line_for_each_file(self):
        good, bad = self.file("good.json", '{\n "amount": 1\n}\n'), self.file("bad.json", "[]")
        code, lines, _ = self.validate('{"type":"object"}', "", good, bad)
        self.assertEqual((1, "valid", "type"), (code, lines[0], lines[1][0]["keyword"]))
        code, _, err = self.validate(AMOUNT, "", os.path.join(self.folder, "none.json"))
        self.assertEqual(1, code)
        self.assertIn("none.json", err)

    def test_a_schema_that_is_none_is_exit_2_with_the_pointer(self):
        code, lines, err = self.validate('{"properties":{"a":{"type":"int"}}}', "{}\n")
        self.assertEqual((2, []), (code, lines))
        self.assertIn("/properties/a/type", err)
        self.assertEqual(2, run("schema", "validate", "--schema", os.path.join(self.folder, "none.json"))[0])
        self.assertEqual(2, run("schema", "validate")[0])

    def test_strict_turns_a_typo_into_an_error(self):
        self.assertEqual((0, ["valid"]), self.validate('{"minimun":5,"x-unit":"cent"}', "1\n")[:2])
        code, _, err = self.validate('{"minimun":5}', "1\n", "--strict")
        self.assertEqual(2, code)
        self.assertIn("/minimun", err)
        self.assertEqual(0, self.validate('{"x-unit":"cent"}', "1\n", "--strict")[0])

    def test_formats_are_asserted_on_request(self):
        self.assertEqual((0, ["valid"]), self.validate('{"format":"ipv4"}', '"1.2.3"\n')[:2])
        code, lines, _ = self.validate('{"format":"ipv4"}', '"1.2.3"\n', "--assert-formats")
        self.assertEqual((1, "format"), (code, lines[0][0]["keyword"]))

    def test_references_lead_into_the_schema_folder_and_nowhere_else(self):
        self.file("remotes/example.org:80/a.json", '{"$ref":"b.json"}')
        self.file("remotes/example.org:80/b.json", '{"type":"null"}')
        self.file("outside.json", "true")
        remotes = ("--schema-dir", os.path.join(self.folder, "remotes"))
        code, lines, _ = self.validate('{"$ref":"http://example.org:80/a.json"}', "1\nnull\n", *remotes, "--locations")
        self.assertEqual((1, "valid"), (code, lines[1]))
        self.assertEqual(("type", "http://example.org:80/b.json#/type"), (lines[0][0]["keyword"], lines[0][0]["schema"]))
        for reference in ("http://example.org:80/c.json", "http://x/../../outside.json", "http://../outside.json", "file:///etc/passwd", "outside.json"):
            code, _, err = self.validate(json.dumps({"$ref": reference}), "1\n", *remotes)
            self.assertEqual(2, code, reference)
            self.assertIn("/$ref leads nowhere", err)


class Check(Folder):
    def published(self):
        """The bank's schemas, as they were published."""
        for path in glob.glob(os.path.join(BANK, "*.json")):
            with open(path, encoding="utf-8") as file:
                self.file("bank/" + os.path.basename(path), file.read())

    def change(self, name, old, new):
        path = os.path.join(self.folder, "bank", name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        self.file("bank/" + name, text.replace(old, new))

    def check(self, *arguments, against=None):
        code, out, err = run("schema", "check", "--against", against or self.folder, "--json", *arguments)
        return code, [(each["schema"], each["direction"], each["pointer"]) for each in map(json.loads, out.splitlines())], err

    def test_what_was_published_stays_as_it_is(self):
        self.published()
        self.assertEqual((0, []), self.check()[:2])

    def test_an_incompatible_change_is_refused_with_its_place(self):
        self.published()
        self.change("Deposit.v1.json", '"maximum": 1000000000000', '"maximum": 2000000000000')
        wider = ("bank/Deposit.v1.json", "backward", "/properties/amount/maximum")
        code, found, err = self.check()
        self.assertEqual((1, [wider]), (code, found))
        self.assertIn("1 incompatible change", err)
        self.assertEqual([wider], self.check("--mode", "backward")[1])
        self.assertEqual((0, []), self.check("--mode", "forward")[:2])
        code, out, _ = run("schema", "check", "--against", self.folder)
        self.assertEqual(1, code)
        self.assertIn("bank/Deposit.v1.json: /properties/amount/maximum: not backward compatible: was 2000000000000, is 1000000000000", out)

    def test_forward_is_what_yesterdays_readers_need(self):
        self.published()
        self.change("DepositMade.v1.json", '["amount", "balance"]', '["amount", "balance", "reference"]')
        self.assertEqual((0, []), self.check("--mode", "backward")[:2])
        self.assertEqual((1, [("bank/DepositMade.v1.json", "forward", "/required")]), self.check("--mode", "forward")[:2])

    def test_a_published_schema_must_not_go_and_a_new_one_may_come(self):
        self.published()
        self.file("bank/Gone.v1.json", "{}")
        os.unlink(os.path.join(self.folder, "bank", "Withdraw.v1.json"))
        self.assertEqual((1, [("bank/Gone.v1.json", "backward", "")]), self.check()[:2])

    def test_against_a_running_node(self):
        server = Server(os.path.join(self.folder, "data"))
        self.addCleanup(lambda: (server.kill(), server.forget()))
        self.assertEqual((0, []), self.check(against=f"http://{server.http}")[:2])
        own = os.path.join(self.folder, "own")
        shutil.copytree(BANK, os.path.join(own, "bank"), ignore=lambda _, names: [name for name in names if not name.endswith(".json")])
        self.assertEqual((0, []), self.check("--schemas", own, against=f"http://{server.http}")[:2])
        self.folder = own
        self.change("CloseAccount.v1.json", '"properties": {}', '"properties": {"why": {}}')
        self.change("CloseAccount.v1.json", '"required": []', '"required": ["why"]')
        code, found, _ = self.check("--schemas", own, "--mode", "backward", against=f"http://{server.http}")
        self.assertEqual((1, [("bank/CloseAccount.v1.json", "backward", "/required")]), (code, found))
        self.assertEqual(0, server.stop())

    def test_a_folder_or_node_that_is_none_fails_and_is_named(self):
        self.assertEqual(1, self.check(against=os.path.join(self.folder, "none"))[0])
        self.file("bank/deposit.json", "{}")
        code, _, err = self.check()
        self.assertEqual(1, code)
        self.assertIn("deposit.json", err)
        self.assertEqual(1, self.check(against="http://127.0.0.1:1")[0])
