"""A subscriber that reads the events of the bank for as long as the torture lasts, and records what it saw."""

import json
import random
import threading
import time

from http_client import Connection


class Subscriber(threading.Thread):
    """Resumes by Last-Event-ID wherever a connection ends, and ends some by itself. `where` as for a client."""

    def __init__(self, seed, where, stop):
        super().__init__()
        self.random = random.Random(f"{seed}-subscriber")
        self.where, self.stop = where, stop
        self.history, self.last_id, self.connections, self.error = [{"kind": "subscription", "subscriber": "s"}], None, 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                address = self.where()
                if address is None:
                    time.sleep(0.05)
                    continue
                try:
                    self.follow(address, time.monotonic() + self.random.uniform(0.5, 8))
                except (OSError, ConnectionError, ValueError):
                    time.sleep(0.05)
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            raise

    def follow(self, address, until):
        with Connection(address, 2) as connection:
            resume = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
            connection.send(f"GET /v1/events/bank/account HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{resume}\r\n".encode())
            _, status, _ = connection.head()
            if status != 200:
                raise ConnectionError(f"answered {status}")
            self.connections += 1
            text = b""
            while time.monotonic() < until and not self.stop.is_set():
                piece = connection.chunk()
                if not piece:
                    return
                text += piece
                while b"\n\n" in text:
                    block, text = text.split(b"\n\n", 1)
                    self.take(block.decode())

    def take(self, block):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "data" not in fields:
            return
        self.last_id = fields["id"]
        self.history.append({"kind": "event", "subscriber": "s", "token": fields["id"], "event": json.loads(fields["data"]), "connection": self.connections})
