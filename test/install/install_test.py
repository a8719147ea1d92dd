#!/usr/bin/env python3
"""Installs the build into an empty prefix, builds an outside project against it, and uses the server that comes out."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

BUILD = os.environ["FOLDLOG_BUILD"]
CXX = os.environ["FOLDLOG_CXX"]
FLAGS = os.environ.get("FOLDLOG_LINK_FLAGS", "")
OUTSIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "outside")


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}\n{done.stdout}")
    return done.stdout


class AnOutsideProject(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="foldlog-install-")
        prefix = os.path.join(cls.folder.name, "prefix")
        cls.build = os.path.join(cls.folder.name, "build")
        run("cmake", "--install", BUILD, "--prefix", prefix)
        run("cmake", "-S", OUTSIDE, "-B", cls.build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_CXX_COMPILER={CXX}", "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_EXE_LINKER_FLAGS={FLAGS}")
        run("cmake", "--build", cls.build)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_its_decider_is_as_specified(self):
        run(os.path.join(self.build, "counter_spec"))

    def test_its_server_takes_commands_and_shows_its_view(self):
        data = os.path.join(self.folder.name, "data")
        server = subprocess.Popen([os.path.join(self.build, "counting"), "serve", "--data", data, "--http", "127.0.0.1:0",
                                   "--admin", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            ready = server.stdout.readline()
            address = ready.split("http=")[1].split()[0]
            status, body = self.post(address, "/v1/commands/tally/counter/sheep/Count", {"by": 7})
            self.assertEqual((status, body["events"][0]["type"]), (200, "tally.Counted.v1"))
            token = body["token"]
            with urllib.request.urlopen(f"http://{address}/v1/views/tally/counters/sheep?token={token}") as answer:
                self.assertEqual(json.load(answer), {"count": 7, "resets": 0})
            status, body = self.post(address, "/v1/commands/tally/counter/sheep/Count", {"by": 7})
            self.assertEqual((status, body["code"], body["count"]), (409, "too-high", 7))
            status, body = self.post(address, "/v1/commands/tally/counter/sheep/Count", {"by": 11})
            self.assertEqual((status, body["errors"][0]["pointer"]), (400, "/by"))
            status, body = self.post(address, "/v1/commands/bank/account/alice/Deposit", {"amount": 1})
            self.assertEqual((status, body["type"]), (404, "/problems/unknown-route"))
        finally:
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(20), 0)
            server.stdout.close()

    def post(self, address, path, data):
        request = urllib.request.Request(f"http://{address}{path}", json.dumps(data).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
