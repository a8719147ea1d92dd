"""The world that is tortured: one server over the embedded log, or two over a Kafka of one or three brokers; its load, its end, its judgement."""

import collections
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("blackbox", "checker"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import checker  # pylint: disable=wrong-import-position
import harness  # pylint: disable=wrong-import-position
from harness import Broker, Server, run  # pylint: disable=wrong-import-position
from load import Client  # pylint: disable=wrong-import-position
from subscriber import Subscriber  # pylint: disable=wrong-import-position

STORES = ("write_model", "views")
COMMAND_TIMEOUT = 3
WITH_FAULTS = os.environ.get("FOLDLOG_WITH_FAULTS", os.path.join(os.path.dirname(harness.FOLDLOG), "..", "test", "faults", "foldlog_with_faults"))


class Node:
    """One server's place: a data folder, and the process that runs on it at present, if any."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.data = os.path.join(world.data_root, name)
        self.server, self.paused, self.copies = None, False, 0

    def start(self, program=harness.FOLDLOG, environment=None, wait=True):
        arguments = ["--command-timeout", str(COMMAND_TIMEOUT), "--node", self.name]
        if self.world.broker:
            arguments += ["--replicas", "3" if self.world.options.brokers == 3 else "1"]
        self.server = Server(self.data, self.world.log, arguments, environment, program=program, wait=wait)

    def kill(self, counted=True):
        """kill -9. The process is gone when this returns."""
        server, self.server = self.server, None
        if server:
            if counted and server.process.poll() is None:
                self.world.kills["server, at a random instant"] += 1
            server.kill()
            server.forget()

    def terminate(self):
        """SIGTERM; true when it ended well."""
        server, self.server = self.server, None
        code = server.stop()
        server.forget()
        return code == 0

    def copy_stores(self):
        """While it is down: a copy that `old-store` may put back later."""
        into = os.path.join(self.world.folder, f"old-{self.name}")
        shutil.rmtree(into, ignore_errors=True)
        for store in STORES:
            if os.path.isdir(os.path.join(self.data, store)):
                shutil.copytree(os.path.join(self.data, store), os.path.join(into, store))
        self.copies += 1

    def answers(self):
        return self.server is not None and not self.paused and self.server.http is not None


class World:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.data_root = os.path.join(folder, "disk")
        os.makedirs(self.data_root)
        self.mounted = False
        self.broker = Broker(os.path.join(folder, "kafka"), options.brokers) if options.log == "kafka" else None
        self.log = self.broker.log if self.broker else "embedded"
        self.nodes = [Node(self, "node-1")]
        self.stop, self.quiet, self.where = threading.Event(), threading.Event(), []
        self.clients, self.subscriber = [], None
        self.kills = collections.Counter()  # processes that were ended by SIGKILL in the middle of their work
        self.points = collections.Counter()

    # --- load ----------------------------------------------------------------------------------------------------------

    def address(self):
        there = [node.server for node in list(self.nodes) if node.answers()]
        return random.choice(there).http if there else None

    def begin_load(self):
        accounts = [f"account-{at}" for at in range(self.options.accounts)]
        pace = self.options.threads / self.options.rate if self.options.rate else 0
        self.clients = [Client(at, self.options.seed, accounts, self.address, self.stop, 300, pace) for at in range(self.options.threads)]
        self.subscriber = Subscriber(self.options.seed, self.address, self.quiet)
        for each in [*self.clients, self.subscriber]:
            each.start()

    def attempts(self):
        return sum(len(each.history) for each in self.clients)

    def end_load(self):
        """Everything in doubt is asked for again until it is known; then the history."""
        self.stop.set()
        for each in self.clients:
            each.join(320)
        self.settle()
        self.quiet.set()
        self.subscriber.join(30)
        for each in [*self.clients, self.subscriber]:
            if each.error or each.is_alive():
                raise RuntimeError(f"{each} did not end: {each.error}")
        return [entry for each in [*self.clients, self.subscriber] for entry in each.history]

    def settle(self):
        """Waits until the views reflect the whole log, and the subscriber has seen as many events as they tell of."""
        node = next(node for node in self.nodes if node.answers())
        self.wait(lambda: not [each for each in node.server.request("GET", "/admin/projections", admin=True).json() if each["lag"]],
                  "the projections do not catch up", node)
        rows = node.server.get("/v1/views/bank/accounts?limit=1000").json()["rows"]
        events = sum(each["row"]["version"] for each in rows)
        self.wait(lambda: len(self.subscriber.history) > events, f"the subscriber does not see all of {events} events", node)

    def wait(self, until, what, node):
        end = time.monotonic() + 120
        while not until():
            if time.monotonic() > end:
                raise Violation(f"{what} within 120 s: {node.server.request('GET', '/admin/projections', admin=True).body.decode()}\n"
                                f"{node.server.stderr()[-2000:]}")
            time.sleep(0.1)

    # --- Kafka ---------------------------------------------------------------------------------------------------------

    def kafka(self, *words):
        subprocess.run([os.path.join(harness.SOURCE, "tools", "kafka"), *words, "--dir", self.broker.folder],
                       stdout=subprocess.DEVNULL, check=True, timeout=180)

    # --- judgement -----------------------------------------------------------------------------------------------------

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def tool(self, *arguments):
        code, out, err = run(*arguments, timeout=600)
        if code != 0:
            print(f"foldlog {' '.join(arguments)} exited {code}\n{out[-3000:]}{err[-3000:]}", flush=True)
            raise Violation(f"foldlog {arguments[0]} exited {code}") if code == 3 else RuntimeError(f"foldlog {arguments[0]} exited {code}")
        return out

    def judge(self, history):
        """The exit code: 0, or 3 when something was violated. The servers are down afterwards."""
        node = self.nodes[0]
        for other in self.nodes[1:]:
            other.kill(counted=False)
        if not node.terminate():
            raise Violation("the server did not end well after SIGTERM")
        self.where = ["--log", self.log, "--data", node.data]
        arguments = ["--history", self.write("history.jsonl", "".join(json.dumps(each) + "\n" for each in history)),
                     "--log", self.write("tail.jsonl", self.tool("tail", "bank.account", *self.where, "--all"))]
        if self.broker:
            arguments += ["--kcat", self.write("kcat.jsonl", self.kcat("-C", "-o", "beginning", "-e", "-q", "-J"))]
        live = self.tool("dump", "--views", node.data)
        arguments += ["--views", self.write("views.jsonl", live), "--digests", self.write("digests.jsonl", self.replay(1) + self.replay(4)),
                      "--json", os.path.join(self.folder, "checked.json")]
        code = checker.main(arguments)
        self.tool("verify", *self.where, "--views", node.data)
        for threads in (1, 4):
            if sorted(self.tool("dump", "--views", self.replayed(threads)).splitlines()) != sorted(live.splitlines()):
                print(f"VIOLATION I5: the rows of a replay with {threads} threads are not those of the live views")
                code = 3
        return code

    def replayed(self, threads):
        return os.path.join(self.folder, f"replayed-{threads}")

    def replay(self, threads):
        return self.tool("replay", *self.where, "--into", self.replayed(threads), "--threads", str(threads), "--json")

    def kcat(self, *words, text=None):
        return subprocess.run(["kcat", "-b", self.broker.bootstrap, "-t", "bank.account", *words], input=text, stdout=subprocess.PIPE, check=True,
                              text=True, timeout=300).stdout

    def end(self):
        self.stop.set()
        self.quiet.set()
        for node in self.nodes:
            node.kill(counted=False)
        if self.broker:
            self.broker.down()
        if self.mounted:
            subprocess.run(["umount", "-l", self.data_root], check=False)


class Violation(Exception):
    """What the engine promises was not so."""
