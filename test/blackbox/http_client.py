"""HTTP over raw sockets, where exact bytes matter: what is sent is exactly what is given. Standard library only."""

import json
import socket

PATIENCE = 60.0  # seconds: generous everywhere, since sanitizers and a busy machine are slow


class Answer:
    """Status, header fields in order, and the body's bytes."""

    def __init__(self, version, status, fields, body):
        self.version, self.status, self.fields, self.body = version, status, fields, body

    def header(self, name):
        """The field's value; None when absent. Two of one name are an error."""
        found = [value for field, value in self.fields if field.lower() == name.lower()]
        if len(found) > 1:
            raise AssertionError(f"{name} stands {len(found)} times in the answer: {found}")
        return found[0] if found else None

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"no JSON in the answer ({error}): {self!r}") from error

    def lines(self):
        return [json.loads(line) for line in self.body.decode().splitlines()]

    def __repr__(self):
        return f"<{self.status} {dict(self.fields)} {self.body[:600]!r}>"


class Connection:
    """One keep-alive connection over a raw socket. What is sent is exactly what is given."""

    def __init__(self, address, timeout=PATIENCE):
        host, port = address.rsplit(":", 1)
        self.address = address
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.buffer += data

    def read_until(self, end):
        while end not in self.buffer:
            self._more()
        found, self.buffer = self.buffer.split(end, 1)
        return found

    def read_exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def at_end(self, timeout=PATIENCE):
        """True when the server closes the connection without another byte."""
        if self.buffer:
            return False
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except socket.timeout:
            return False

    def head(self):
        """(version, status, fields) of the next answer."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        fields = [(line.split(":", 1)[0], line.split(":", 1)[1].strip()) for line in lines[1:]]
        return version, int(status), fields

    def chunk(self):
        """The next chunk of a chunked body; b"" at its end."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        data = self.read_exactly(size)
        self.read_until(b"\r\n")
        return data

    def answer(self, to="GET"):
        version, status, fields = self.head()
        while status == 100:
            version, status, fields = self.head()
        names = {name.lower(): value for name, value in fields}
        body = b""
        if to == "HEAD" or status in (204, 304):
            pass
        elif "chunked" in names.get("transfer-encoding", ""):
            while data := self.chunk():
                body += data
        elif "content-length" in names:
            body = self.read_exactly(int(names["content-length"]))
        else:
            try:
                while True:
                    self._more()
            except ConnectionError:
                body, self.buffer = self.buffer, b""
        return Answer(version, status, fields, body)

    def request(self, method, target, body=None, headers=()):
        """Sends one well-formed request and reads its answer. headers: a dict or a list of pairs."""
        self.send(render(method, target, body, headers, self.address))
        return self.answer(method)


def render(method, target, body=None, headers=(), host="localhost"):
    fields = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if not any(name.lower() == "host" for name, _ in fields):
        fields.insert(0, ("Host", host))
    if body is not None and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in fields):
        fields.append(("Content-Length", str(len(body))))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    return head.encode("latin-1") + (body or b"")
