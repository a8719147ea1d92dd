#!/usr/bin/env python3
"""The official JSON-Schema-Test-Suite, draft 2020-12, through `foldlog schema validate`.

    suite_test.py FOLDLOG FOLDER     every required test, and the optional ones that are not left out below

With FOLDLOG_JSON_SCHEMA_SUITE=<a checkout of the suite> its required tests are run instead, however many they are.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

from fetch_suite import fetch

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
CHECKOUT = os.environ.get("FOLDLOG_JSON_SCHEMA_SUITE")
# In the release that fetch_suite.py names. The suite's own repository has grown since: 1,299 in August 2026.
REQUIRED = 1257
OPTIONAL = 481

# Whole files of optional/ that are left out, each with its reason.
LEFT_OUT = {
    "cross-draft.json": "speaks of 2019-09; foldlog knows 2020-12 only and refuses other dialects",
    "dependencies-compatibility.json": "`dependencies` is no keyword of 2020-12",
    "format/idn-email.json": "not among the formats that are asserted",
    "format/idn-hostname.json": "not among the formats that are asserted",
    "format/iri-reference.json": "not among the formats that are asserted",
    "format/iri.json": "not among the formats that are asserted",
    "format/relative-json-pointer.json": "not among the formats that are asserted",
    "format/uri-template.json": "not among the formats that are asserted",
}


class Float(float):
    """A number that is written as it was read."""

    def __new__(cls, text):
        made = float.__new__(cls, text)
        made.text = text
        return made

    def __repr__(self):
        return self.text


def serve_remotes(suite, into):
    """The suite's remotes, as they would be served at http://localhost:1234."""
    os.symlink(os.path.abspath(os.path.join(suite, "remotes")), os.path.join(into, "localhost:1234"))


def validate(group, remotes, *flags):
    """The verdict of each test of a group; the reason instead when the schema is refused."""
    schema = remotes + ".json"
    with open(schema, "w", encoding="utf-8") as file:
        json.dump(group["schema"], file)
    lines = "".join(json.dumps(test["data"]) + "\n" for test in group["tests"])
    done = subprocess.run([PROGRAM, "schema", "validate", "--schema", schema, "--schema-dir", remotes, *flags], input=lines,
                          capture_output=True, text=True, encoding="utf-8", timeout=60)
    if done.returncode not in (0, 1):
        return [f"exit {done.returncode}: {done.stderr.strip()}"] * len(group["tests"])
    verdicts = [line == "valid" for line in done.stdout.splitlines()]
    if len(verdicts) != len(group["tests"]) or (done.returncode == 0) != all(verdicts):
        return [f"exit {done.returncode}, {len(verdicts)} lines: {done.stdout}{done.stderr}"] * len(group["tests"])
    return verdicts


class Suite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = CHECKOUT or fetch(FOLDER)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.remotes = os.path.join(cls.scratch.name, "remotes")
        os.mkdir(cls.remotes)
        serve_remotes(cls.suite, cls.remotes)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def run_files(self, pattern, flags_of):
        """The number of tests run, and what went wrong."""
        root = os.path.join(self.suite, "tests", "draft2020-12")
        count, wrong = 0, []
        for path in sorted(glob.glob(os.path.join(root, pattern), recursive=True)):
            file = os.path.relpath(path, os.path.join(root, "optional"))
            if file in LEFT_OUT:
                continue
            with open(path, encoding="utf-8") as source:
                groups = json.load(source, parse_float=Float)
            for group in groups:
                for test, verdict in zip(group["tests"], validate(group, self.remotes, *flags_of(file)), strict=True):
                    count += 1
                    if verdict is not test["valid"]:
                        wrong.append(f"{file}: {group['description']}: {test['description']}: {verdict}, not {test['valid']}")
        return count, wrong

    def test_every_required_test_passes(self):
        count, wrong = self.run_files("*.json", lambda file: ())
        print(f"required: {count - len(wrong)} of {count} pass")
        self.assertFalse(wrong, "\n".join(wrong))
        self.assertTrue(count >= REQUIRED if CHECKOUT else count == REQUIRED, f"{count} tests, not {REQUIRED}")

    @unittest.skipIf(CHECKOUT, "the list of what is left out fits the release")
    def test_the_optional_tests_that_are_not_left_out_pass(self):
        count, wrong = self.run_files("optional/**/*.json", lambda file: ("--assert-formats",) if file.startswith("format/") else ())
        print(f"optional: {count - len(wrong)} of {count} pass")
        for file, reason in LEFT_OUT.items():
            print(f"left out: {file}: {reason}")
        self.assertFalse(wrong, "\n".join(wrong))
        self.assertEqual(OPTIONAL, count)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
