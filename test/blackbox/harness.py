"""Starts real servers, speaks raw HTTP to them, and says what an answer must be. Python's standard library only.

Environment: FOLDLOG = the program; FOLDLOG_BLACKBOX_LOG = embedded (default) or kafka; FOLDLOG_SOURCE = the source folder.
On Kafka every test class has a broker of its own, since the topics' names are fixed by the domain.
"""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from http_client import PATIENCE, Connection

SOURCE = os.environ.get("FOLDLOG_SOURCE", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
FOLDLOG = os.environ.get("FOLDLOG", os.path.join(SOURCE, "build", "release", "tools", "foldlog"))
LOG_KIND = os.environ.get("FOLDLOG_BLACKBOX_LOG", "embedded")
ON_KAFKA = LOG_KIND == "kafka"

TOKEN = re.compile(r"^bank\.account/\d+@\d+(,bank\.account/\d+@\d+)*$")
POSITION = re.compile(r"^bank\.account/(\d+)@(\d+)$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}

# API.md section 2, "Problems".
PROBLEMS = {
    "malformed-request": 400, "malformed-json": 400, "schema-violation": 400, "invalid-id": 400,
    "invalid-command-id": 400, "invalid-parameter": 400, "invalid-cursor": 400, "invalid-token": 400,
    "unknown-route": 404, "unknown-command": 404, "unknown-view": 404, "no-such-row": 404, "no-such-stream": 404,
    "method-not-allowed": 405, "not-acceptable": 406, "unsupported-media-type": 415, "expectation-failed": 417,
    "refused": 409, "version-mismatch": 412, "body-too-large": 413, "uri-too-long": 414, "headers-too-large": 431,
    "command-id-reused": 422, "too-many-requests": 429, "overloaded": 503, "not-ready": 503, "log-unavailable": 503,
    "projection-behind": 503, "outcome-unknown": 503, "internal": 500, "not-implemented": 501,
    "version-not-supported": 505,
}
CLOSING = {"malformed-request", "body-too-large", "uri-too-long", "headers-too-large", "not-implemented",
           "version-not-supported"}

_counter = itertools.count(1)


def unique(stem):
    """A name that no other test of this run uses."""
    return f"{stem}-{os.getpid()}-{next(_counter)}"


def murmur2(data):
    """As Kafka's Java client computes it (org.apache.kafka.common.utils.Utils.murmur2)."""
    mask, multiplier, length = 0xFFFFFFFF, 0x5BD1E995, len(data)
    h = (0x9747B28C ^ length) & mask
    for at in range(0, length - length % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little")
        k = k * multiplier & mask
        k ^= k >> 24
        k = k * multiplier & mask
        h = h * multiplier & mask
        h ^= k
    tail = data[length - length % 4:]
    if tail:
        h ^= int.from_bytes(tail, "little")
        h = h * multiplier & mask
    h ^= h >> 13
    h = h * multiplier & mask
    return h ^ (h >> 15)


def partition_of(stream_id, partitions=8):
    return (murmur2(stream_id.encode()) & 0x7FFFFFFF) % partitions


def positions(token):
    """{"bank.account/3": 1207} of a token."""
    return {at.rsplit("@", 1)[0]: int(at.rsplit("@", 1)[1]) for at in token.split(",")} if token else {}


class Broker:
    """A Kafka of its own by tools/kafka."""

    def __init__(self, folder, brokers=1, more=()):
        self.folder = folder
        output = subprocess.run([os.path.join(SOURCE, "tools", "kafka"), "up", "--brokers", str(brokers), "--dir", folder,
                                 "--guard", str(os.getpid()), *more], stdout=subprocess.PIPE, check=True, text=True, timeout=180).stdout
        self.bootstrap = re.findall(r"bootstrap=(\S+)", output)[-1]
        self.log = "kafka:" + self.bootstrap

    def down(self):
        subprocess.run([os.path.join(SOURCE, "tools", "kafka"), "down", "--dir", self.folder, "--wipe"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)


class Server:
    """One `foldlog serve`. Port 0 unless told otherwise; what it wrote stays in its folder for the failure's report."""

    def __init__(self, data, log="embedded", arguments=(), environment=None, http="127.0.0.1:0", admin="127.0.0.1:0",
                 wait=True, program=FOLDLOG):
        self.data, self.log = data, log
        command = [program, "serve", "--data", data, "--log", log]
        if log != "embedded" and "--replicas" not in arguments:
            command += ["--replicas", "1"]
        if http:
            command += ["--http", http]
        if admin:
            command += ["--admin", admin]
        with tempfile.NamedTemporaryFile(delete=False) as out, tempfile.NamedTemporaryFile(delete=False) as err:
            self.stdout_path, self.stderr_path = out.name, err.name
            self.process = subprocess.Popen(command + list(arguments), stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(environment or {})})
        self.http = self.admin = self.https = self.ready_line = None
        if wait:
            self.wait_ready()

    def wait_ready(self, timeout=PATIENCE):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            text = self.stdout()
            if "\n" in text:
                self.ready_line = text.splitlines()[0]
                found = re.match(r"^ready http=(\S+) admin=(\S+) log=\S+?(?: https=(\S+))?$", self.ready_line)
                if not found:
                    raise AssertionError(f"not the ready line: {self.ready_line!r}")
                self.http, self.admin, self.https = found.groups()
                return self
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}: {self.stderr()[-2000:]}")
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"not ready within {timeout} s: {self.stderr()[-2000:]}")

    def stdout(self):
        with open(self.stdout_path, encoding="utf-8") as file:
            return file.read()

    def stderr(self):
        with open(self.stderr_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self, timeout=PATIENCE):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"serve did not end within {timeout} s: {self.stderr()[-2000:]}") from None

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        if code != 0:
            print(f"serve exited {code}:\n{self.stderr()[-4000:]}", flush=True)
        return code

    def kill(self):
        """SIGKILL: a crash."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()

    def forget(self):
        for path in (self.stdout_path, self.stderr_path):
            if os.path.exists(path):
                os.unlink(path)

    def connect(self, timeout=PATIENCE):
        return Connection(self.http, timeout)

    def request(self, method, target, body=None, headers=(), admin=False):
        with Connection(self.admin if admin else self.http) as connection:
            return connection.request(method, target, body, headers)

    def get(self, target, headers=()):
        return self.request("GET", target, None, headers)

    def command(self, stream_id, name, data, headers=None, raw_id=False):
        """Posts one command of the bank. data: a value, or bytes to be sent as they are."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        target = stream_id if raw_id else urllib.parse.quote(stream_id, safe="")
        return self.request("POST", f"/v1/commands/bank/account/{target}/{name}", body, {**JSON, **(headers or {})})

    def batch(self, lines):
        """Posts NDJSON. lines: values, or bytes to be sent as they are."""
        body = lines if isinstance(lines, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return self.request("POST", "/v1/commands", body, NDJSON)


def run(*arguments, timeout=120, environment=None, stdin=None):
    """Runs foldlog to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([FOLDLOG, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, text=True,
                          input=stdin, env={**os.environ, **(environment or {})}, check=False)
    return done.returncode, done.stdout, done.stderr


def in_parallel(count, action):
    """action(0) ... action(count - 1), each on its own thread, started together; their results in order."""
    results, errors, gate = [None] * count, [], threading.Barrier(count)

    def body(at):
        try:
            gate.wait()
            results[at] = action(at)
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)

    threads = [threading.Thread(target=body, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    if errors:
        raise errors[0]
    return results


class FoldlogCase(unittest.TestCase):
    """Words for what answers must be."""

    maxDiff = None

    def must_be_problem(self, answer, kind, **members):
        self.assertEqual((answer.status, answer.header("Content-Type")), (PROBLEMS[kind], "application/problem+json"),
                         repr(answer))
        body = answer.json()
        self.assertEqual(body["type"], f"/problems/{kind}", repr(answer))
        self.assertEqual(body["status"], PROBLEMS[kind], repr(answer))
        self.assertTrue(isinstance(body["title"], str) and body["title"], repr(answer))
        self.assertTrue(isinstance(body["detail"], str) and body["detail"], repr(answer))
        for name, value in members.items():
            self.assertEqual(body.get(name), value, f"{name} in {answer!r}")
        if PROBLEMS[kind] in (429, 503):
            self.assertRegex(answer.header("Retry-After") or "", r"^\d+$", repr(answer))
        return body

    def must_violate(self, answer, *expected):
        """The violations must be exactly these (pointer, keyword) pairs, in any order."""
        body = self.must_be_problem(answer, "schema-violation")
        for error in body["errors"]:
            self.assertTrue({"pointer", "keyword", "detail"} <= set(error), repr(answer))
            self.assertTrue(error["detail"], repr(answer))
        self.assertEqual(sorted((each["pointer"], each["keyword"]) for each in body["errors"]), sorted(expected), repr(answer))

    def must_be_refused(self, answer, code, **members):
        body = self.must_be_problem(answer, "refused", code=code, **members)
        self.assertIsInstance(body["version"], int)
        return body

    def must_be_done(self, answer, version=None, events=None):
        """A command that was applied: head and body agree with each other and with API.md. Gives the body."""
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"), repr(answer))
        body = answer.json()
        self.assertEqual(set(body), {"command_id", "stream", "version", "token", "events"}, repr(answer))
        self.assertEqual(answer.header("ETag"), f'"{body["version"]}"', repr(answer))
        self.assertEqual(answer.header("Foldlog-Token"), body["token"], repr(answer))
        self.assertRegex(body["token"], POSITION, repr(answer))
        stream_id = body["stream"].split("/", 2)[2]
        for event in body["events"]:
            self.assertEqual(set(event), {"type", "id", "version", "position", "data"}, repr(answer))
            self.assertEqual(event["id"], f'{stream_id}/{event["version"]}', repr(answer))
            self.assertRegex(event["position"], POSITION, repr(answer))
        if body["events"]:
            first = body["events"][0]
            self.assertEqual([each["version"] for each in body["events"]],
                             list(range(first["version"], body["version"] + 1)), repr(answer))
            partition, offset = POSITION.match(first["position"]).groups()
            self.assertEqual([each["position"] for each in body["events"]],
                             [f"bank.account/{partition}@{int(offset) + at}" for at in range(len(body["events"]))], repr(answer))
            self.assertEqual(body["token"], body["events"][-1]["position"], repr(answer))
        if version is not None:
            self.assertEqual(body["version"], version, repr(answer))
        if events is not None:
            self.assertEqual([each["type"] for each in body["events"]], [f"bank.{name}.v1" for name in events], repr(answer))
        return body

    def eventually(self, question, what, timeout=PATIENCE):
        """Asks until the answer is neither None nor False; gives that answer."""
        until = time.monotonic() + timeout
        while True:
            found = question()
            if found is not None and found is not False:
                return found
            if time.monotonic() > until:
                self.fail(f"not within {timeout} s: {what}")
            time.sleep(0.02)


class ServerCase(FoldlogCase):
    """A server of its own for the tests of one class, with fresh data; it must end well at the end."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="foldlog-blackbox-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.log = "embedded"
        if ON_KAFKA:
            cls.broker = Broker(os.path.join(cls.folder, "kafka"))
            cls.addClassCleanup(cls.broker.down)
            cls.log = cls.broker.log
        cls.data = os.path.join(cls.folder, "data")
        cls.server = Server(cls.data, cls.log, cls.arguments)
        cls.addClassCleanup(lambda: (cls.server.kill(), cls.server.forget()))

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"serve exited {code} after SIGTERM")

    @classmethod
    def restart(cls, crash=False, before_start=None):
        cls.server.kill() if crash else cls.server.stop()
        cls.server.forget()
        if before_start:
            before_start()
        cls.server = Server(cls.data, cls.log, cls.arguments)

    # The bank in few words.
    def command(self, stream_id, name, data, headers=None, **more):
        return self.server.command(stream_id, name, data, headers, **more)

    def open_account(self, stem="a", owner="Ann", currency="EUR", overdraft_limit=None, balance=0):
        """A new account with that balance; its id."""
        stream_id = unique(stem)
        data = {"owner": owner, "currency": currency}
        if overdraft_limit is not None:
            data["overdraft_limit"] = overdraft_limit
        self.must_be_done(self.command(stream_id, "CreateAccount", data), 1, ["AccountCreated"])
        if balance > 0:
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": balance}), 2)
        return stream_id

    def view(self, view, key, token=None, headers=None):
        fields = dict(headers or {})
        if token:
            fields["Foldlog-Token"] = token
        return self.server.get(f"/v1/views/bank/{view}/{urllib.parse.quote(key, safe='')}", fields)

    def row(self, view, key, token):
        answer = self.view(view, key, token)
        self.assertEqual(answer.status, 200, repr(answer))
        return answer.json()

    def stream(self, stream_id, at_least, query=""):
        """The stream's answer, once this node has folded that version (streams have no token)."""
        target = f"/v1/streams/bank/account/{urllib.parse.quote(stream_id, safe='')}"

        def there():
            answer = self.server.get(target)
            return answer.status == 200 and answer.json()["version"] >= at_least
        self.eventually(there, f"version {at_least} of {stream_id}")
        return self.server.get(target + query)
