"""API.md section 2 "Limits" and DESIGN.md section 11: limits at one below, at, and one above; bytes that are no HTTP."""

import threading
import time
import unittest

from harness import JSON, ServerCase, in_parallel
from http_client import render

LINE, FIELDS, COUNT, BODY = 8 * 1024, 16 * 1024, 64, 1024 * 1024


class Limits(ServerCase):
    def raw(self, data, to="GET"):
        """Sends these bytes on a fresh connection; the answer, and whether the server closed afterwards."""
        with self.server.connect() as connection:
            connection.send(data)
            answer = connection.answer(to)
            return answer, connection

    def must_close_with(self, data, kind):
        with self.server.connect() as connection:
            connection.send(data)
            self.must_be_problem(connection.answer(), kind)
            self.assertTrue(connection.at_end(), f"{kind}: the connection stays open")

    def test_request_lines_end_at_8_kib(self):
        def request(length):
            target = "/nothing/" + "x" * (length - len("GET /nothing/ HTTP/1.1"))
            return f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        for length in (LINE - 1, LINE):
            self.must_be_problem(self.raw(request(length))[0], "unknown-route")
        self.must_close_with(request(LINE + 1), "uri-too-long")
        self.must_close_with(request(LINE * 2), "uri-too-long")

    def test_header_fields_end_at_16_kib(self):
        def request(length):  # fields with their CRLFs, without the empty line
            fields = "Host: a\r\n"
            while length - len(fields) > 1000:
                fields += "X-Padding: " + "x" * 487 + "\r\n"
            fields += "X-Last: " + "x" * (length - len(fields) - len("X-Last: \r\n")) + "\r\n"
            assert len(fields) == length
            return f"GET /nothing HTTP/1.1\r\n{fields}\r\n".encode()
        for length in (FIELDS - 1, FIELDS):
            self.must_be_problem(self.raw(request(length))[0], "unknown-route")
        self.must_close_with(request(FIELDS + 1), "headers-too-large")

    def test_one_field_may_fill_it(self):
        def request(length):
            return b"GET /nothing HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (length - len("Host: a\r\nX: \r\n")) + b"\r\n\r\n"
        self.must_be_problem(self.raw(request(FIELDS))[0], "unknown-route")
        self.must_close_with(request(FIELDS + 1), "headers-too-large")

    def test_fields_end_at_64(self):
        def request(count):
            return b"GET /nothing HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: 1\r\n" % at for at in range(count - 1)) + b"\r\n"
        for count in (COUNT - 1, COUNT):
            self.must_be_problem(self.raw(request(count))[0], "unknown-route")
        self.must_close_with(request(COUNT + 1), "headers-too-large")

    def test_line_and_fields_at_their_limits_together(self):
        line = "GET /nothing/" + "x" * (LINE - len("GET /nothing/ HTTP/1.1")) + " HTTP/1.1\r\n"
        fields = "Host: a\r\nX: " + "x" * (FIELDS - len("Host: a\r\nX: \r\n")) + "\r\n"
        self.must_be_problem(self.raw((line + fields + "\r\n").encode())[0], "unknown-route")

    def test_bodies_end_at_1_mib(self):
        stream_id = self.open_account()
        target = f"/v1/commands/bank/account/{stream_id}/Deposit"
        for at, length in enumerate((BODY - 1, BODY)):
            self.must_be_done(self.server.request("POST", target, b'{"amount":1}' + b" " * (length - 12), JSON), at + 2)
        # Only the head is sent: the answer needs no more than that.
        self.must_close_with(render("POST", target, None, {**JSON, "Content-Length": str(BODY + 1)}), "body-too-large")
        self.must_close_with(render("POST", target, None, {**JSON, "Content-Length": str(2**62)}), "body-too-large")

    def test_chunked_bodies_have_the_same_limit(self):
        stream_id = self.open_account()
        target = f"/v1/commands/bank/account/{stream_id}/Deposit"
        head = render("POST", target, None, {**JSON, "Transfer-Encoding": "chunked"})

        def chunked(length, size=50000):
            body = b'{"amount":1}' + b" " * (length - 12)
            parts = [body[at:at + size] for at in range(0, len(body), size)]
            return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts)
        for at, length in enumerate((12, BODY - 1, BODY)):
            self.must_be_done(self.raw(head + chunked(length) + b"0\r\n\r\n", "POST")[0], at + 2)
        self.must_close_with(head + chunked(BODY) + b"1\r\n", "body-too-large")

    def test_a_refused_body_leaves_no_command(self):
        stream_id = self.open_account()
        target = f"/v1/commands/bank/account/{stream_id}/Deposit"
        self.must_close_with(render("POST", target, None, {**JSON, "Content-Length": str(BODY + 1)}) + b'{"amount":1}', "body-too-large")
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)


class Syntax(ServerCase):
    def must_close_with(self, data, kind="malformed-request"):
        with self.server.connect() as connection:
            connection.send(data)
            answer = connection.answer()
            self.assertEqual(answer.json().get("type"), f"/problems/{kind}", f"{data[:200]!r}: {answer!r}")
            self.must_be_problem(answer, kind)
            self.assertTrue(connection.at_end(), f"{data[:200]!r}: the connection stays open")

    def post(self, fields, body=b'{"amount":1}', version="1.1", line=None):
        line = line or f"POST /v1/commands/bank/account/{self.stream_id}/Deposit HTTP/{version}"
        return line.encode() + b"\r\n" + fields + b"Content-Type: application/json\r\n\r\n" + body

    def setUp(self):
        self.stream_id = self.open_account()

    def test_the_host(self):
        self.must_close_with(self.post(b"Content-Length: 12\r\n"))
        self.must_close_with(self.post(b"Host: a\r\nHost: a\r\nContent-Length: 12\r\n"))

    def test_the_content_length(self):
        for fields in (b"Content-Length: 12\r\nContent-Length: 12\r\n", b"Content-Length: 12, 12\r\n", b"Content-Length: -1\r\n",
                       b"Content-Length: +12\r\n", b"Content-Length: 0x0c\r\n", b"Content-Length: 12a\r\n", b"Content-Length: \r\n",
                       b"Content-Length: 12\r\nContent-Length: 13\r\n"):
            self.must_close_with(self.post(b"Host: a\r\n" + fields))
        self.must_close_with(self.post(b"Host: a\r\nContent-Length: 99999999999999999999999\r\n"), "body-too-large")

    def test_transfer_codings(self):
        chunked = b'c\r\n{"amount":1}\r\n0\r\n\r\n'
        for fields, kind in ((b"Transfer-Encoding: gzip\r\n", "not-implemented"), (b"Transfer-Encoding: gzip, chunked\r\n", "not-implemented"),
                             (b"Transfer-Encoding: nonsense\r\n", "not-implemented"),
                             (b"Transfer-Encoding: chunked, gzip\r\n", "malformed-request"),
                             (b"Transfer-Encoding: chunked, chunked\r\n", "malformed-request"),
                             (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "malformed-request"),
                             (b"Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", "malformed-request"),
                             (b"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n", "malformed-request")):
            self.must_close_with(self.post(b"Host: a\r\n" + fields, chunked), kind)
        self.must_close_with(self.post(b"Host: a\r\nTransfer-Encoding: chunked\r\n", chunked, version="1.0"))

    def test_chunks(self):
        head = b"Host: a\r\nTransfer-Encoding: chunked\r\n"
        for body in (b"x\r\n", b"-1\r\n", b"c{\r\n", b"fffffffffffffffff\r\n", b'c\r\n{"amount":1}XX0\r\n\r\n'):
            self.must_close_with(self.post(head, body))
        with self.server.connect() as connection:  # extensions and trailers are taken and dropped
            connection.send(self.post(head, b'6;name="value"\r\n{"amou\r\n6\r\nnt":1}\r\n0;last\r\nX-Trailer: 1\r\nIdempotency-Key: a b\r\n\r\n'))
            self.must_be_done(connection.answer(), 2)
            self.assertEqual(connection.request("GET", "/problems/refused").status, 200)

    def test_endless_chunk_extensions_are_cut_off(self):
        with self.server.connect() as connection:
            connection.send(self.post(b"Host: a\r\nTransfer-Encoding: chunked\r\n", b""))
            try:
                for _ in range(64):
                    connection.send(b"1;" + b"x" * 65536)
            except ConnectionError:
                return
            connection.socket.settimeout(30)
            try:
                answer = connection.answer()
                self.assertIn(answer.status, (400, 413, 431), repr(answer))
            except ConnectionError:
                pass

    def test_fields_that_are_none(self):
        for fields in (b"Host: a\r\nX-Folded: 1\r\n 2\r\n", b"Host: a\r\nX-Folded: 1\r\n\t2\r\n", b"Host: a\r\nX-Space : 1\r\n", b"Host: a\r\n: 1\r\n",
                       b"Host: a\r\nno colon\r\n", b"Host: a\r\nX-Nul: a\x00b\r\n", b"Host: a\r\nX(Y): 1\r\n", b"Host: a\r\nX-CR: a\rb\r\n",
                       b" Host: a\r\n"):
            self.must_close_with(self.post(fields + b"Content-Length: 12\r\n"))

    def test_request_lines_that_are_none(self):
        for line in ("POST", "POST /", "POST  / HTTP/1.1", "POST / HTTP/1.1 x", "POST / HTTP/x", "POST / http/1.1", "POST / HTTP/11", "/ POST HTTP/1.1",
                     "P(ST / HTTP/1.1", "GET nothing HTTP/1.1", "\x16\x03\x01 / HTTP/1.1"):
            self.must_close_with(self.post(b"Host: a\r\nContent-Length: 12\r\n", line=line))

    def test_versions(self):
        def get(version):
            return f"GET /problems/refused HTTP/{version}\r\nHost: a\r\n\r\n".encode()
        for version in ("2.0", "3.0", "9.9"):
            self.must_close_with(get(version), "version-not-supported")
        with self.server.connect() as connection:  # 1.2 is taken as 1.1: the connection stays
            for _ in range(2):
                connection.send(get("1.2"))
                self.assertEqual(connection.answer().status, 200)
        with self.server.connect() as connection:  # 1.0 closes by itself
            connection.send(b"GET /problems/refused HTTP/1.0\r\n\r\n")
            self.assertEqual(connection.answer().status, 200)
            self.assertTrue(connection.at_end())

    def test_percent_signs_that_encode_nothing(self):
        for target in ("/v1/streams/bank/account/%", "/v1/streams/bank/account/%4", "/v1/streams/bank/account/%zz"):
            answer = self.server.get(target)
            self.assertEqual(answer.status, 400, f"{target}: {answer!r}")

    def test_the_absolute_form(self):
        answer = self.server.request("GET", f"http://{self.server.http}/problems/refused")
        self.assertEqual(answer.status, 200, repr(answer))

    def test_nothing_of_it_did_anything(self):
        self.must_close_with(self.post(b"Content-Length: 12\r\n"))
        self.must_close_with(self.post(b"Host: a\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n"))
        self.must_be_done(self.command(self.stream_id, "Deposit", {"amount": 1}), 2)


class Patience(ServerCase):
    def test_a_head_that_does_not_come_within_ten_seconds(self):
        def wait(at):
            with self.server.connect() as connection:
                connection.send((b"", b"GET /problems/refused HTTP/1.1\r\n", b"GET /problems/refused HTTP/1.1\r\nHost: a\r\nX-Slow: ")[at])
                connection.socket.settimeout(50)
                started = time.monotonic()
                try:
                    while connection.socket.recv(4096):
                        pass
                except ConnectionError:
                    pass
                return time.monotonic() - started
        for seconds in in_parallel(3, wait):
            self.assertGreater(seconds, 5)
            self.assertLess(seconds, 45)

    def test_a_head_that_drips_is_closed_too(self):
        with self.server.connect() as connection:
            stop = threading.Event()

            def drip():
                try:
                    for byte in b"GET /problems/refused HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000:
                        if stop.wait(0.5):
                            return
                        connection.send(bytes([byte]))
                except OSError:
                    pass
            thread = threading.Thread(target=drip)
            started = time.monotonic()
            thread.start()
            connection.socket.settimeout(50)
            try:
                while connection.socket.recv(4096):
                    pass
            except ConnectionError:
                pass
            finally:
                stop.set()
                thread.join()
            self.assertLess(time.monotonic() - started, 45)


if __name__ == "__main__":
    unittest.main()
