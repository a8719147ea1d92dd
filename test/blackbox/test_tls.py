"""The TLS listener: version 1.3 only, beside the plain one, a certificate that is renewed while the server runs, patience."""

import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest

from harness import FoldlogCase, Server, run
from http_client import Connection, render


def make_certificate(folder, name):
    """PEM files of a self-signed certificate."""
    certificate, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, stderr=subprocess.DEVNULL)
    return certificate, key


class TlsConnection(Connection):
    def __init__(self, address, trusted, versions=(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), protocols=()):
        super().__init__(address)
        context = ssl.create_default_context(cafile=trusted)
        context.minimum_version, context.maximum_version = versions
        if protocols:
            context.set_alpn_protocols(list(protocols))
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost", suppress_ragged_eofs=False)
        except BaseException:
            self.close()
            raise


class Tls(FoldlogCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="foldlog-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.first = make_certificate(cls.folder, "first")
        cls.second = make_certificate(cls.folder, "second")
        cls.certificate, cls.key = os.path.join(cls.folder, "used.pem"), os.path.join(cls.folder, "used.key")
        cls.use(cls.first)
        cls.server = Server(os.path.join(cls.folder, "data"), arguments=[
            "--https", "127.0.0.1:0", "--tls-certificate", cls.certificate, "--tls-key", cls.key, "--head-timeout", "2"])
        cls.addClassCleanup(lambda: (cls.server.kill(), cls.server.forget()))

    @classmethod
    def tearDownClass(cls):
        if cls.server.stop() != 0:
            raise AssertionError("serve did not end well")

    @classmethod
    def use(cls, pair):
        for source, target in zip(pair, (cls.certificate, cls.key)):
            shutil.copyfile(source, target + ".new")
            os.replace(target + ".new", target)

    def connect(self, pair=None, **more):
        return TlsConnection(self.server.https, (pair or self.first)[0], **more)

    def reload(self, says):
        before = self.server.stderr().count(says)
        self.server.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: self.server.stderr().count(says) > before, says)

    def test_requests_and_answers_of_any_size(self):
        with self.connect() as connection:
            for size in (1, 1000, 100_000, 1_000_000):
                body = b'{"owner":"' + b"x" * size + b'"}'
                self.must_be_problem(connection.request("POST", f"/v1/commands/bank/account/size-{size}/CreateAccount", body,
                                                        {"Content-Type": "application/json"}), "schema-violation")
            lines = b"x\n" * 500
            connection.send(render("POST", "/v1/commands", lines, {"Content-Type": "application/x-ndjson"}) * 20)
            for _ in range(20):
                self.assertEqual(len(connection.answer().lines()), 500)

    def test_plain_and_tls_see_the_same(self):
        with self.connect() as connection:
            made = connection.request("POST", "/v1/commands/bank/account/both/CreateAccount", b'{"owner":"a","currency":"EUR"}',
                                      {"Content-Type": "application/json"})
        token = self.must_be_done(made, 1)["token"]
        self.assertEqual(self.server.get(f"/v1/views/bank/accounts/both?token={token}").status, 200)

    def test_older_versions_are_refused(self):
        with self.assertRaises(ssl.SSLError):
            self.connect(versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
        with self.connect() as connection:
            self.assertEqual(connection.socket.version(), "TLSv1.3")

    def test_protocols(self):
        with self.connect(protocols=("h2", "http/1.1")) as connection:
            self.assertEqual(connection.socket.selected_alpn_protocol(), "http/1.1")
            self.assertEqual(connection.request("GET", "/problems/refused").status, 200)
        with self.assertRaises(ssl.SSLError):
            self.connect(protocols=("h2",))

    def test_what_is_no_tls_is_closed(self):
        for data in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\0" * 100):
            with Connection(self.server.https) as connection:
                connection.send(data)
                connection.socket.settimeout(30)
                received = b""
                try:
                    while more := connection.socket.recv(4096):
                        received += more
                except ConnectionError:
                    pass
                self.assertNotIn(b"HTTP", received)
        with self.connect() as connection:
            self.assertEqual(connection.request("GET", "/problems/refused").status, 200)

    def test_a_handshake_that_does_not_come_is_closed(self):
        for start in (b"", b"\x16\x03\x01\x02\x00\x01"):
            with Connection(self.server.https) as connection:
                connection.send(start)
                connection.socket.settimeout(45)
                try:
                    self.assertEqual(connection.socket.recv(1), b"")
                except ConnectionError:
                    pass

    def test_the_end_is_told(self):
        with self.connect() as connection:
            connection.send(b"GET /problems/refused HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(connection.answer().status, 200)
            self.assertEqual(connection.socket.recv(1), b"")  # close_notify: a cut would be an SSLError

    def test_a_client_that_ends_its_side_gets_its_answers(self):
        context = ssl.create_default_context(cafile=self.first[0])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with Connection(self.server.https) as connection:
            def pump(action):
                while True:
                    try:
                        return action()
                    except ssl.SSLWantReadError:
                        connection.send(outgoing.read())
                        data = connection.socket.recv(65536)
                        incoming.write(data) if data else incoming.write_eof()
            pump(session.do_handshake)
            session.write(b"GET /problems/refused HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                session.unwrap()  # writes close_notify
            except ssl.SSLWantReadError:
                pass
            connection.send(outgoing.read())
            received = b""
            while data := connection.socket.recv(65536):
                received += data
            self.assertGreater(len(received), 500)  # the answer, encrypted, and not only an alert

    def test_a_renewed_certificate_is_taken_without_a_restart(self):
        with self.connect() as old:
            self.assertEqual(old.request("GET", "/problems/refused").status, 200)
            self.use(self.second)
            try:
                self.reload("the TLS certificate was read again")
                self.assertEqual(old.request("GET", "/problems/refused").status, 200)
                with self.connect(self.second) as new:
                    self.assertEqual(new.request("GET", "/problems/refused").status, 200)
                with self.assertRaises(ssl.SSLCertVerificationError):
                    self.connect(self.first)
                # A pair that does not fit, and a file that is none, leave the one in use.
                self.use((self.first[0], self.second[1]))
                self.reload("the TLS certificate stays as it was")
                os.unlink(self.key)
                self.reload("the TLS certificate stays as it was")
                with self.connect(self.second) as new:
                    self.assertEqual(new.request("GET", "/problems/refused").status, 200)
            finally:
                self.use(self.first)
                self.reload("the TLS certificate was read again")

    def test_a_server_with_a_bad_certificate_does_not_start(self):
        for arguments, code, reason in (
                (("--tls-certificate", self.first[0], "--tls-key", self.second[1]), 1, "key values mismatch"),
                (("--tls-certificate", "/nowhere.pem", "--tls-key", self.first[1]), 1, "the certificate /nowhere.pem"),
                ((), 2, "tls-certificate and tls-key")):
            got, _, text = run("serve", "--data", os.path.join(self.folder, "never"), "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                               "--https", "127.0.0.1:0", *arguments)
            self.assertEqual(got, code, text)
            self.assertIn(reason, text)

    def test_many_at_once(self):
        many = [self.connect() for _ in range(50)]
        try:
            for connection in many:
                connection.send(render("GET", "/problems/refused"))
            for connection in many:
                self.assertEqual(connection.answer().status, 200)
        finally:
            for connection in many:
                connection.close()


if __name__ == "__main__":
    unittest.main()
