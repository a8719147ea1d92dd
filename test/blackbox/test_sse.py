"""API.md section 2: server-sent events: every accepted event once, in order, across reconnects."""

import json
import threading
import time
import unittest
import urllib.parse

from harness import ServerCase, TOKEN, positions, unique

TARGET = "/v1/events/bank/account"


class Subscription:
    """One connection that reads events as they come."""

    def __init__(self, server, query="", last_id=None):
        self.connection = server.connect()
        fields = "Accept: text/event-stream\r\n" + (f"Last-Event-ID: {last_id}\r\n" if last_id else "")
        self.connection.send(f"GET {TARGET}{query} HTTP/1.1\r\nHost: {server.http}\r\n{fields}\r\n".encode())
        _, self.status, fields = self.connection.head()
        self.fields = {name.lower(): value for name, value in fields}
        self.text, self.comments = b"", 0

    def _read(self):
        if "chunked" in self.fields.get("transfer-encoding", ""):
            data = self.connection.chunk()
            if not data:
                raise ConnectionError("the subscription ended")
            self.text += data
        else:
            if not self.connection.buffer:
                self.connection._more()
            self.text, self.connection.buffer = self.text + self.connection.buffer, b""

    def next(self):
        """The next event: {"id", "event", "data"}; comments are counted on the way."""
        while True:
            while b"\n\n" not in self.text:
                self._read()
            block, self.text = self.text.split(b"\n\n", 1)
            found = {}
            for line in block.decode().split("\n"):
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, value = line.split(":", 1)
                    found[name] = value.removeprefix(" ")
            if "data" in found:
                return found

    def comment(self):
        while b":" not in self.text:
            self._read()
        return self.text

    def close(self):
        self.connection.close()


class Subscriptions(ServerCase):
    def subscribe(self, query="", last_id=None):
        found = Subscription(self.server, query, last_id)
        self.addCleanup(found.close)
        self.assertEqual((found.status, found.fields.get("content-type", "").split(";")[0]), (200, "text/event-stream"), found.fields)
        return found

    def until(self, subscription, event_id):
        """All events up to and with that one."""
        found = []
        while not found or json.loads(found[-1]["data"])["id"] != event_id:
            found.append(subscription.next())
        return found

    def mine(self, events, stream_id):
        return [each for each in (json.loads(each["data"]) for each in events) if each["stream"] == f"bank/account/{stream_id}"]

    def test_an_event_as_it_is_sent(self):
        stream_id = self.open_account(overdraft_limit=9)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 5}, {"Foldlog-Correlation": "corr"}), 3)
        events = self.until(self.subscribe(), f"{stream_id}/3")
        for each in events:
            self.assertEqual(set(each), {"id", "event", "data"})
            self.assertRegex(each["id"], TOKEN)
        found = self.mine(events, stream_id)
        stream = self.stream(stream_id, 3).json()["events"]
        self.assertEqual(found, [{"stream": f"bank/account/{stream_id}", **each} for each in stream])
        last = events[-1]
        self.assertEqual(last["event"], "bank.OverdraftStarted.v1")
        self.assertIn(json.loads(last["data"])["position"], last["id"].split(","))

    def test_events_come_live(self):
        stream_id = self.open_account()
        subscription = self.subscribe()
        self.until(subscription, f"{stream_id}/1")
        for version in range(2, 12):
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), version)
            self.until(subscription, f"{stream_id}/{version}")

    def test_resuming_misses_nothing_and_doubles_nothing(self):
        accounts = [self.open_account("r", overdraft_limit=10) for _ in range(10)]
        stop, written = threading.Event(), {each: 1 for each in accounts}

        def write():
            at = 0
            while not stop.is_set() or at < 300:
                stream_id = accounts[at % 10]
                command = "Deposit" if at // 10 % 2 else "Withdraw"  # each a commit of two events
                written[stream_id] = self.command(stream_id, command, {"amount": 5}).json()["version"]
                at += 1
        writer = threading.Thread(target=write)
        writer.start()
        seen, last_id, turns = {}, None, 0
        try:
            while True:
                by_parameter = turns % 2 == 1 and last_id
                subscription = self.subscribe(f"?after={urllib.parse.quote(last_id)}" if by_parameter else "", None if by_parameter else last_id)
                for _ in range(37):
                    event = subscription.next()
                    last_id, data = event["id"], json.loads(event["data"])
                    seen.setdefault(data["stream"], []).append(data["version"])
                    if stop.is_set() and all(seen.get(f"bank/account/{each}", [0])[-1] == version for each, version in written.items()):
                        break
                subscription.close()
                turns += 1
                if turns == 8:
                    stop.set()
                    writer.join()
                if stop.is_set() and all(seen.get(f"bank/account/{each}", [0])[-1] >= version for each, version in written.items()):
                    break
        finally:
            stop.set()
            writer.join()
        for each, version in written.items():
            self.assertEqual(seen[f"bank/account/{each}"], list(range(1, version + 1)))

    def test_resuming_after_a_crash_of_the_server(self):
        stream_id = self.open_account(balance=5)
        last = self.until(self.subscribe(), f"{stream_id}/2")[-1]
        self.restart(crash=True)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)
        found = self.mine(self.until(self.subscribe("", last["id"]), f"{stream_id}/3"), stream_id)
        self.assertEqual([each["version"] for each in found], [3])

    def test_last_event_id_comes_before_after(self):
        stream_id = self.open_account()
        first = self.until(self.subscribe(), f"{stream_id}/1")[-1]
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)
        second = self.until(self.subscribe("", first["id"]), f"{stream_id}/2")[-1]
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)
        found = self.mine(self.until(self.subscribe(f"?after={first['id']}", second["id"]), f"{stream_id}/3"), stream_id)
        self.assertEqual([each["version"] for each in found], [3])

    def test_partitions_that_the_token_does_not_name_start_at_their_beginning(self):
        accounts = [self.open_account("p") for _ in range(20)]
        one = self.must_be_done(self.command(accounts[0], "Deposit", {"amount": 1}), 2)["token"]
        named = next(iter(positions(one)))
        subscription, found, wanted = self.subscribe(f"?after={one}"), set(), set()
        for each in accounts[1:]:
            token = self.must_be_done(self.command(each, "Deposit", {"amount": 1}), 2)["token"]
            wanted |= {(each, 2)} | ({(each, 1)} if named not in positions(token) else set())
        until = time.monotonic() + 60
        while not wanted <= found and time.monotonic() < until:
            data = json.loads(subscription.next()["data"])
            found.add((data["stream"].split("/", 2)[2], data["version"]))
        self.assertTrue(wanted <= found)
        self.assertNotIn((accounts[0], 2), found)

    def test_only_the_types_asked_for(self):
        stream_id = self.open_account(overdraft_limit=5, balance=1)
        self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 2}), 4)
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 2}), 6)
        events = self.until(self.subscribe("?types=bank.OverdraftStarted.v1,bank.OverdraftEnded.v1"), f"{stream_id}/6")
        self.assertEqual({each["event"] for each in events}, {"bank.OverdraftStarted.v1", "bank.OverdraftEnded.v1"})
        self.assertEqual([each["version"] for each in self.mine(events, stream_id)], [4, 6])

    def test_a_comment_at_least_every_fifteen_seconds(self):
        subscription = self.subscribe("?types=bank.AccountClosed.v1")
        started = time.monotonic()
        subscription.connection.socket.settimeout(45)
        self.assertTrue(subscription.comment().startswith(b":"))
        self.assertLess(time.monotonic() - started, 40)

    def test_a_node_behind_the_token_neither_resends_nor_refuses(self):
        stream_id = self.open_account()
        partition = next(iter(positions(self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"])))
        subscription = self.subscribe(f"?after={partition}@999999999")
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 3)
        subscription.connection.socket.settimeout(2)
        try:
            while True:
                self.assertNotIn(partition + "@", json.loads(subscription.next()["data"])["position"])
        except TimeoutError:
            pass

    def test_what_is_refused(self):
        event_stream = {"Accept": "text/event-stream"}
        self.must_be_problem(self.server.get(TARGET + "?types=bank.Nothing.v1", event_stream), "invalid-parameter")
        self.must_be_problem(self.server.get(TARGET + "?types=AccountCreated", event_stream), "invalid-parameter")
        self.must_be_problem(self.server.get(TARGET + "?types=", event_stream), "invalid-parameter")
        self.must_be_problem(self.server.get(TARGET + "?nothing=1", event_stream), "invalid-parameter")
        self.must_be_problem(self.server.get(TARGET + "?after=x", event_stream), "invalid-token")
        self.must_be_problem(self.server.get(TARGET + "?after=bank.account/99@0", event_stream), "invalid-token")
        self.must_be_problem(self.server.get(TARGET, {**event_stream, "Last-Event-ID": "x"}), "invalid-token")
        self.must_be_problem(self.server.get("/v1/events/bank/nothing", event_stream), "unknown-route")
        self.must_be_problem(self.server.get(TARGET, {"Accept": "application/json"}), "not-acceptable")
        self.must_be_problem(self.server.request("POST", TARGET, b"{}", {"Content-Type": "application/json"}), "method-not-allowed")

    def test_many_subscribers_see_the_same(self):
        stream_id = self.open_account()
        subscriptions = [self.subscribe() for _ in range(20)]
        for version in range(2, 22):
            self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), version)
        for each in subscriptions:
            found = self.mine(self.until(each, f"{stream_id}/21"), stream_id)
            self.assertEqual([event["version"] for event in found], list(range(1, 22)))


if __name__ == "__main__":
    unittest.main()
