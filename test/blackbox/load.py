"""Clients that send mixed commands of the bank, record every attempt, and ask again until they know the outcome."""

import json
import random
import threading
import time
import urllib.parse

from http_client import Connection, render

IN_DOUBT = ("/problems/outcome-unknown", "/problems/internal")


class Client(threading.Thread):
    """One connection's worth of load. `where` gives the address of a server that may be asked, None while there is none;
    `pace` is the least time from one command to the next, `timeout` what it waits for an answer, in seconds."""

    def __init__(self, number, seed, accounts, where, stop, patience=120, pace=0, timeout=30):
        super().__init__()
        self.random = random.Random(f"{seed}-{number}")
        self.number, self.accounts, self.where, self.stop = number, accounts, where, stop
        self.patience, self.pace, self.timeout = patience, pace, timeout
        self.history, self.versions, self.connection, self.count, self.error = [], {}, None, 0, None
        self.connections, self.done, self.seen = 0, [], {}  # seen: the positions that this client knows of, as one token

    def run(self):
        try:
            while not self.stop.is_set():
                began = time.monotonic()
                self.finish(*self.invent())
                if self.done and self.random.random() < 0.02:
                    self.finish(*self.random.choice(self.done))  # acknowledged long ago: the first answer again
                if self.random.random() < 0.1:
                    self.read()
                self.stop.wait(max(0.0, began + self.pace - time.monotonic()))
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            raise

    def invent(self):
        """A new command: (account, command, data, command id, expected version or None)."""
        account = self.random.choice(self.accounts)
        known = self.versions.get(account)
        self.count += 1
        command_id = f"client-{self.number}-{self.count}"
        if known is None or self.random.random() < 0.02:
            data = {"owner": f"Owner {self.random.randrange(7)}", "currency": self.random.choice(("EUR", "USD"))}
            if self.random.random() < 0.7:
                data["overdraft_limit"] = self.random.randrange(0, 500)
            return account, "CreateAccount", data, command_id, 0 if self.random.random() < 0.5 else None
        expected = known if self.random.random() < 0.15 else None
        choice = self.random.random()
        if choice < 0.02:
            return account, "CloseAccount", {}, command_id, expected
        data = {"amount": self.random.randrange(1, 400)}
        if self.random.random() < 0.3:
            data["reference"] = f"é-{self.random.randrange(1000)}"
        return account, "Deposit" if choice < 0.5 else "Withdraw", data, command_id, expected

    def finish(self, account, command, data, command_id, expected):
        """Sends the command until its outcome is known."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": command_id}
        if expected is not None:
            headers.update({"If-Match": f'"{expected}"'} if expected else {"If-None-Match": "*"})
        request = render("POST", f"/v1/commands/bank/account/{urllib.parse.quote(account)}/{command}", json.dumps(data).encode(), headers)
        give_up = time.monotonic() + self.patience
        while True:
            if time.monotonic() > give_up:
                raise TimeoutError(f"no outcome of {command_id} within {self.patience} s")
            connection = self.connected()
            if connection is None:
                continue
            start, status, body, replayed, abandoned = time.monotonic(), "unknown", None, False, False
            try:
                connection.send(request)
                answer = connection.answer()
                status, body, replayed = answer.status, answer.json(), answer.header("Idempotent-Replayed") == "true"
                if status >= 500 and body.get("type") in IN_DOUBT:
                    status = "unknown"
            except (OSError, ConnectionError) as failed:
                abandoned = isinstance(failed, TimeoutError)  # a living node may have it still, and decide it later than a repeat
                self.disconnect()
            self.history.append({"kind": "command", "abandoned": abandoned, "start": start, "end": time.monotonic(),
                                 "stream": f"bank/account/{account}", "command": command, "data": data,
                                 "command_id": command_id, "condition": expected, "status": status, "body": body, "replayed": replayed})
            if status == "unknown" or status in (429, 503):
                self.disconnect()  # another server may know more
                time.sleep(0.02)
                continue
            if status in (200, 409) and not replayed:
                self.versions[account] = body["version"] or None
            elif status == 412:
                self.versions[account] = body["current_version"] or None
            if status == 200:
                self.see(body["token"])
                if not replayed and self.random.random() < 0.05:
                    self.done = [*self.done[-19:], (account, command, data, command_id, expected)]
            return

    def see(self, token):
        for at, offset in (each.rsplit("@", 1) for each in token.split(",")):
            self.seen[at] = max(self.seen.get(at, -1), int(offset))

    def read(self):
        """A row of the view: behind everything that this client has seen, or, without a token, whatever this server has."""
        connection = self.connected()
        if connection is None or not self.versions:
            return
        account = self.random.choice(sorted(self.versions))
        token = ",".join(f"{at}@{offset}" for at, offset in sorted(self.seen.items())) if self.random.random() < 0.7 else ""
        start = time.monotonic()
        try:
            answer = connection.request("GET", f"/v1/views/bank/accounts/{urllib.parse.quote(account)}", None,
                                        {"Foldlog-Token": token, "Prefer": "wait=3"} if token else {})
        except (OSError, ConnectionError):
            self.disconnect()
            return
        position = answer.header("Foldlog-Position") or ""
        self.history.append({"kind": "read", "start": start, "end": time.monotonic(), "session": f"{self.number}/{self.connections}", "token": token,
                             "stream": f"bank/account/{account}", "status": answer.status, "position": position,
                             "row": answer.json() if answer.status == 200 else None})
        if position:
            self.see(position)

    def connected(self):
        if self.connection is None:
            address = self.where()
            try:
                self.connection = Connection(address, self.timeout) if address else None
            except OSError:
                self.connection = None
            if self.connection is None:
                time.sleep(0.02)
            else:
                self.connections += 1
        return self.connection

    def disconnect(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Reader(threading.Thread):
    """Rows of the view at one node, while the clients' commands go on: behind everything that one client was told, or whatever
    the node shows; what it may not answer is an error. `where` as a client's, of a node that answers reads."""

    HONEST = ("/problems/projection-behind", "/problems/not-ready", "/problems/log-unavailable", "/problems/overloaded")

    def __init__(self, name, seed, clients, where, stop, always_token=False):
        super().__init__()
        self.name, self.clients, self.where, self.stop, self.always_token = name, clients, where, stop, always_token
        self.random, self.history, self.error, self.sessions = random.Random(f"{seed}-{name}"), [], None, 0
        self.seen, self.not_ready, self.first = {}, 0, None  # first: the position of the first row that this node has shown

    def run(self):
        try:
            while not self.stop.is_set():
                self.session()
                self.stop.wait(0.02)
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            raise

    def session(self):
        """Reads on one connection, for as long as it stands."""
        address = self.where()
        if not address:
            return
        self.sessions, self.seen = self.sessions + 1, {}
        try:
            with Connection(address, 45) as connection:
                while not self.stop.is_set() and self.where() == address:
                    self.read(connection)
                    self.stop.wait(0.01)
        except (OSError, ConnectionError):
            pass  # killed or frozen: the next session

    def read(self, connection):
        client = self.random.choice(self.clients)
        token, account = dict(self.seen), self.random.choice(client.accounts)
        if self.always_token or self.random.random() < 0.7:
            for at, offset in dict(client.seen).items():
                token[at] = max(token.get(at, -1), offset)
        sent = ",".join(f"{at}@{offset}" for at, offset in sorted(token.items()))
        start = time.monotonic()
        answer = connection.request("GET", f"/v1/views/bank/accounts/{urllib.parse.quote(account)}", None,
                                    {"Foldlog-Token": sent, "Prefer": "wait=2"} if sent else {})
        position = answer.header("Foldlog-Position") or ""
        self.history.append({"kind": "read", "start": start, "end": time.monotonic(), "session": f"{self.name}/{self.sessions}", "token": sent,
                             "stream": f"bank/account/{account}", "status": answer.status, "position": position,
                             "row": answer.json() if answer.status == 200 else None})
        if answer.status == 503:
            kind = answer.json()["type"]
            if kind not in self.HONEST:
                raise AssertionError(f"a read at {self.name} was answered {answer!r}")
            self.not_ready += kind == "/problems/not-ready"
        elif answer.status == 404 and answer.json()["type"] != "/problems/no-such-row":
            raise AssertionError(f"a read at {self.name} was answered {answer!r}")
        elif position:
            self.first = self.first or position
            for at, offset in (each.rsplit("@", 1) for each in position.split(",")):
                self.seen[at] = max(self.seen.get(at, -1), int(offset))
