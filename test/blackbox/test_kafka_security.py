"""A Kafka that clients reach by TLS with a password only: by configuration, and what a node says when it is not let in."""
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import Broker, FoldlogCase, Server, run
from test_tls import make_certificate

PROPERTIES = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "foldlog", "sasl.password": "secret"}


class KafkaSecurity(FoldlogCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="foldlog-kafka-security-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.broker = Broker(os.path.join(cls.folder, "kafka"), more=["--secure"])
        cls.addClassCleanup(cls.broker.down)

    def properties(self, **changed):
        trusted = {"ssl.ca.location": os.path.join(self.broker.folder, "ca.pem")}
        return {**PROPERTIES, **trusted, **{name.replace("_", "."): value for name, value in changed.items()}}

    def text(self, **changed):
        return ";".join(f"{name}={value}" for name, value in self.properties(**changed).items())

    def serve(self, name, arguments):
        server = Server(os.path.join(self.folder, name), self.broker.log, arguments)
        self.addCleanup(lambda: (server.kill(), server.forget()))
        return server

    def works(self, server, account):
        token = self.must_be_done(server.command(account, "CreateAccount", {"owner": "A", "currency": "EUR"}), 1)["token"]
        token = self.must_be_done(server.command(account, "Deposit", {"amount": 5}), 2)["token"]
        self.assertEqual(server.get(f"/v1/views/bank/accounts/{account}", {"Foldlog-Token": token, "Prefer": "wait=20"}).json()["balance"], 5)
        self.assertEqual(server.stop(), 0)

    def test_tls_and_a_password_by_flag_by_file_and_by_environment(self):
        self.works(self.serve("flag", ["--kafka-property", self.text()]), "flag")
        file = os.path.join(self.folder, "node.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write("[kafka]\n" + "".join(f'"{name}" = "{value}"\n' for name, value in self.properties().items()))
        self.works(self.serve("file", ["--config", file]), "file")
        environment = {"FOLDLOG_KAFKA_PROPERTY": self.text()}
        code, out, err = run("tail", "bank.account", "--log", self.broker.log, environment=environment)
        self.assertEqual((code, len(out.splitlines())), (0, 4), err)

    def is_kept_out(self, name, says, properties):
        """Not ready, and the reason stands in the log and in /readyz; commands are shed; it ends in good order."""
        server = self.serve(name, ["--kafka-property", properties])
        self.eventually(lambda: says in server.stderr(), f"{says} in the log")
        ready = server.request("GET", "/readyz?verbose", admin=True)
        self.assertEqual(ready.status, 503, repr(ready))
        self.assertIn(says, ready.body.decode())
        self.must_be_problem(server.command("alice", "Deposit", {"amount": 5}), "log-unavailable")
        self.assertEqual(server.stop(), 0)

    def test_a_wrong_password_is_named(self):
        self.is_kept_out("password", "Invalid username or password", self.text(sasl_password="wrong"))

    def test_a_broker_that_is_not_trusted_is_named(self):
        other, _ = make_certificate(self.folder, "other")
        self.is_kept_out("authority", "certificate could not be verified", self.text(ssl_ca_location=other))

    def test_without_tls_it_is_named_too(self):
        self.is_kept_out("plain", "security.protocol", "security.protocol=PLAINTEXT")

    def test_a_name_that_the_certificate_does_not_have(self):
        bootstrap = self.broker.bootstrap.replace("127.0.0.1", "localhost")
        done = subprocess.run(["openssl", "x509", "-in", os.path.join(self.broker.folder, "broker.crt"), "-noout", "-checkhost", "localhost"],
                              stdout=subprocess.PIPE, check=False, text=True)
        self.assertIn("does NOT match", done.stdout)
        code, _, err = run("tail", "bank.account", "--log", f"kafka:{bootstrap}", environment={"FOLDLOG_KAFKA_PROPERTY": self.text()})
        self.assertNotEqual(code, 0)
        self.assertIn("certificate could not be verified", err)


if __name__ == "__main__":
    unittest.main()
