"""Many nodes of roles on a Kafka of their own, and words for what is asked of them."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import harness
from harness import Broker, FoldlogCase, Server


class ClusterCase(FoldlogCase):
    brokers = 3

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="foldlog-cluster-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.broker = Broker(os.path.join(self.folder, "kafka"), self.brokers)
        self.addCleanup(self.broker.down)
        self.nodes = {}

    def serve(self, name, roles, *more, wait=True, http="127.0.0.1:0", admin="127.0.0.1:0"):
        server = Server(os.path.join(self.folder, name), self.broker.log,
                        ["--replicas", str(self.brokers), "--roles", roles, *([] if "--node" in more else ["--node", name]), *more], wait=wait, http=http, admin=admin)
        self.addCleanup(lambda: (server.process.poll() is None and server.process.send_signal(signal.SIGCONT), server.kill(), server.forget()))
        self.nodes[name] = server
        return server

    def again(self, name, roles, *more):
        """The node once more, at the address that it had."""
        before = self.nodes[name]
        return self.serve(name, roles, *more, http=before.http, admin=before.admin)

    def grow(self, command=3, query=2, front=1):
        for role, count in (("command", command), ("query", query), ("front", front)):
            for number in range(count):
                self.serve(f"{role}-{number + 1}", role, wait=False)
        for server in self.nodes.values():
            server.wait_ready(60)
        self.eventually(lambda: self.shared_out(), "each partition has one owner", 60)

    def of_role(self, role):
        return [server for name, server in self.nodes.items() if name.startswith(role) and server.process.poll() is None]

    def owners(self):
        """{partition: [names of the nodes that serve it]}"""
        found = {}
        for name, server in self.nodes.items():
            if not name.startswith("command") or server.process.poll() is not None:
                continue
            for each in server.request("GET", "/admin/partitions", admin=True).json():
                if each["state"] == "serving":
                    found.setdefault(each["partition"], []).append(name)
        return found

    def shared_out(self):
        found = self.owners()
        return sorted(found) == list(range(8)) and all(len(names) == 1 for names in found.values())

    @staticmethod
    def free_address():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return "127.0.0.1:%d" % probe.getsockname()[1]

    def post_note(self, key, text):
        """Puts a note of a node that is none onto the board."""
        subprocess.run(["kcat", "-b", self.broker.bootstrap, "-P", "-t", "foldlog.nodes", "-p", "0", "-k", key, "-D", "\x01"],
                       input=text.encode(), check=True, timeout=30)

    @staticmethod
    def note(**fields):
        known = {"foldlog-node": 1, "cluster": "main", "instance": "forged", "version": "0.1.0", "roles": "command,query", "endpoint": "http://127.0.0.1:1",
                 "topics": "bank.account", "partitions": 8, "serves": "command,query", "load": 0, "ttl-ms": 3000, "owns": ""}
        return "".join(f"{name}: {value}\n" for name, value in {**known, **{each.replace("_", "-"): value for each, value in fields.items()}}.items())

    def open_accounts(self, through, count=16):
        for at in range(count):
            self.must_be_done(through.command(f"acc-{at}", "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)
        return [f"acc-{at}" for at in range(count)]
