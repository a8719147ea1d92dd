"""API.md section 4: tail, replay, dump, verify, topics, against a log that a server wrote (and goes on writing)."""

import hashlib
import json
import os
import shutil
import subprocess
import unittest

from harness import FOLDLOG, ON_KAFKA, POSITION, Server, ServerCase, TIME, positions, run, unique

EVENT = {"position", "verdict", "type", "id", "stream", "version", "epoch", "epochseq", "commit", "command_id", "correlation_id", "time", "data"}


def canonical(value):
    """RFC 8785 for what the bank's rows hold: no floats, keys by UTF-16 code units."""
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(each) for name, each in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def digest(rows):
    """API.md section 4: of (key, row) pairs."""
    text = "".join(f"{canonical(key)}\t{canonical(row)}\n" for key, row in sorted(rows, key=lambda each: each[0].encode()))
    return hashlib.sha256(text.encode()).hexdigest()


class Tools(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.where = ["--log", cls.log, "--data", cls.data]

    def tail(self, *arguments):
        code, out, err = run("tail", "bank.account", *self.where, *arguments)
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def some_life(self, owner="Üwe \"the\" /owner\\ \t😀"):
        """Some accounts of two owners and two currencies; the last one's token."""
        for at in range(6):
            stream_id = self.open_account(unique("life"), owner=owner if at % 2 else "Ann", currency="USD" if at % 3 else "EUR",
                                          overdraft_limit=50, balance=at)
            self.command(stream_id, "Withdraw", {"amount": 20})
            self.command(stream_id, "Withdraw", {"amount": 10**6})
            self.command(stream_id, "Deposit", {"amount": 20, "reference": "é\n"})
        return self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}))["token"]

    def settled(self):
        """Waits until the views reflect the end of the log."""
        self.eventually(lambda: all(each["lag"] == 0 for each in self.server.request("GET", "/admin/projections", admin=True).json()), "no lag")

    def fresh_folder(self):
        return os.path.join(self.folder, unique("folder"))

    def replay(self, *arguments, into=None, code=0):
        into = into or self.fresh_folder()
        found, out, err = run("replay", *self.where, "--into", into, "--json", *arguments)
        self.assertEqual(found, code, f"{out}{err}")
        views = [json.loads(line) for line in out.splitlines()] if found == 0 else []
        return into, {each["view"].split("/")[-1].split(".")[-1]: each for each in views}

    def dump(self, folder, *arguments):
        code, out, err = run("dump", "--views", folder, *arguments)
        self.assertEqual(code, 0, err)
        rows = [json.loads(line) for line in out.splitlines()]
        for each in rows:
            self.assertEqual(set(each), {"view", "key", "row"})
        return rows


class Tail(Tools):
    def test_accepted_events(self):
        stream_id = self.open_account(overdraft_limit=5)
        body = self.must_be_done(self.command(stream_id, "Withdraw", {"amount": 5}, {"Idempotency-Key": "k", "Foldlog-Correlation": "c"}), 3)
        found = [each for each in self.tail() if each["stream"] == f"bank/account/{stream_id}"]
        for each in found:
            self.assertEqual((set(each), each["verdict"]), (EVENT, "accepted"))
            self.assertRegex(each["time"], TIME)
            self.assertRegex(each["epoch"], r"^\d+-[0-9a-f]{8}$")
            self.assertIsInstance(each["epochseq"], int)
        self.assertEqual([each["version"] for each in found], [1, 2, 3])
        self.assertEqual([each["commit"] for each in found], ["0/1", "0/2", "1/2"])
        self.assertEqual([(each["command_id"], each["correlation_id"]) for each in found[1:]], [("k", "c"), ("k", "c")])
        self.assertEqual([{name: each[name] for name in ("type", "id", "version", "position", "data")} for each in found[1:]], body["events"])

    def test_every_record_with_its_verdict(self):
        self.some_life()
        self.restart(crash=True)
        self.some_life()
        by_partition = {}
        for each in self.tail("--all"):
            partition, offset = POSITION.match(each["position"]).groups()
            by_partition.setdefault(int(partition), []).append((int(offset), each))
        self.assertEqual(sorted(by_partition), list(range(8)))
        for partition, records in by_partition.items():
            self.assertEqual([offset for offset, _ in records], list(range(len(records))), f"partition {partition}")
            self.assertEqual(records[0][1]["verdict"], "claim")
            self.assertGreaterEqual(sum(each["verdict"] == "claim" for _, each in records), 2)
            epoch, sequence = None, 0
            for offset, each in records:
                self.assertIn(each["verdict"], ("accepted", "void", "claim", "proof", "refused", "open"))
                if each["verdict"] == "claim":
                    self.assertRegex(each["nonce"], r"^[0-9a-f]{8}$")
                    epoch, sequence = f"{offset}-{each['nonce']}", 0
                elif each["verdict"] in ("accepted", "proof"):
                    self.assertEqual((each["epoch"], each["epochseq"]), (epoch, sequence))
                    sequence += 1
        accepted = [each for _, records in sorted(by_partition.items()) for _, each in records if each["verdict"] == "accepted"]
        key = lambda each: (int(POSITION.match(each["position"]).group(1)), int(POSITION.match(each["position"]).group(2)))
        self.assertEqual(sorted(self.tail(), key=key), accepted)

    def test_from_a_token_and_from_the_end(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 2}), 3)
        partition, offset = next(iter(positions(token).items()))
        found = [each for each in self.tail("--from", token) if each["position"].rsplit("@", 1)[0] == partition]
        self.assertEqual([each["id"] for each in found], [f"{stream_id}/3"])
        self.assertEqual(self.tail("--from", "end"), [])
        self.assertEqual(self.tail("--from", "beginning"), self.tail())
        for bad in ("nonsense", "bank.account/99@0", "bank.nothing/0@0"):
            self.assertEqual(run("tail", "bank.account", *self.where, "--from", bad)[0], 2, bad)
        self.assertGreaterEqual(offset, 0)

    def test_following(self):
        stream_id = self.open_account()
        with subprocess.Popen([FOLDLOG, "tail", "bank.account", *self.where, "--follow"], stdout=subprocess.PIPE, text=True) as process:
            try:
                for version in range(1, 6):
                    if version > 1:
                        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), version)
                    found = json.loads(process.stdout.readline())  # what other partitions hold may stand between
                    while found["stream"] != f"bank/account/{stream_id}":
                        found = json.loads(process.stdout.readline())
                    self.assertEqual(found["version"], version)
            finally:
                process.kill()

    def test_topics_that_are_not_there(self):
        code, _, err = run("tail", "bank.nothing", *self.where)
        self.assertIn(code, (1, 2))
        self.assertTrue(err)


class Replay(Tools):
    def test_a_replay_gives_the_servers_rows(self):
        self.some_life()
        self.settled()
        into, views = self.replay()
        self.assertEqual(set(views), {"accounts", "owners", "turnover"})
        rows = self.dump(into)
        for name, view in views.items():
            self.assertEqual(set(view), {"view", "rows", "digest", "position"})
            mine = [(each["key"], each["row"]) for each in rows if each["view"].split("/")[-1].split(".")[-1] == name]
            self.assertEqual(view["rows"], len(mine))
            self.assertEqual(view["digest"], digest(mine), name)
            for key, row in mine[:50]:
                self.assertEqual(self.view(name, key).json(), row)

    def test_any_number_of_threads_gives_the_same_digests(self):
        self.some_life()
        views = [self.replay("--threads", threads)[1] for threads in ("1", "2", "7")]
        for each in views[1:]:
            self.assertEqual({name: (view["rows"], view["digest"], view["position"]) for name, view in each.items()},
                             {name: (view["rows"], view["digest"], view["position"]) for name, view in views[0].items()})

    def test_up_to_a_token(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.must_be_done(self.command(stream_id, "Deposit", {"amount": 10}), 3)
        into, _ = self.replay("--to", token)
        rows = {each["key"]: each["row"] for each in self.dump(into, "--view", "accounts")}
        self.assertEqual((rows[stream_id]["version"], rows[stream_id]["balance"]), (2, 1))
        for bad in ("nonsense", "bank.account/99@0", "bank.nothing/0@0"):
            self.replay("--to", bad, code=2)

    def test_the_folder_must_be_empty(self):
        into, _ = self.replay()
        code, _, err = run("replay", *self.where, "--into", into)
        self.assertNotEqual(code, 0)
        self.assertTrue(err)
        empty = self.fresh_folder()
        os.makedirs(empty)
        self.replay(into=empty)

    def test_without_json_it_speaks_to_people(self):
        code, out, err = run("replay", *self.where, "--into", self.fresh_folder())
        self.assertEqual(code, 0, err)
        self.assertIn("accounts", out + err)
        self.assertNotIn("\x1b", out + err)  # progress bars only on a terminal

    def test_dump(self):
        self.some_life()
        into, views = self.replay()
        rows = self.dump(into)
        for name in views:
            mine = self.dump(into, "--view", name)
            keys = [each["key"].encode() for each in mine]
            self.assertEqual(keys, sorted(keys))
            self.assertEqual(mine, [each for each in rows if each["view"] == mine[0]["view"]])
        self.assertNotEqual(run("dump", "--views", into, "--view", "nothing")[0], 0)
        self.assertNotEqual(run("dump", "--views", self.fresh_folder())[0], 0)

    def test_dump_beside_the_server_and_after_it(self):
        self.some_life()
        self.settled()
        live = self.dump(self.data)
        self.assertTrue(live)
        self.server.stop()
        try:
            stopped = self.dump(self.data)
        finally:
            self.restart()
        into, _ = self.replay()
        self.assertEqual(stopped, self.dump(into))


class Verify(Tools):
    def verify(self, *arguments):
        return run("verify", *self.where, *arguments)

    def test_a_sound_log_beside_a_running_server_and_without_one(self):
        self.some_life()
        self.restart(crash=True)
        self.some_life()
        for stopped in (False, True):
            if stopped:
                self.server.stop()
            for arguments in ((), ("--views", self.data), ("--json",), ("--views", self.data, "--json")):
                code, out, err = self.verify(*arguments)
                self.assertEqual(code, 0, f"{arguments}: {out}{err}")
                if "--json" in arguments:
                    self.assertTrue([json.loads(line) for line in out.splitlines()])
                else:
                    self.assertIn("accepted", out)
        self.restart()

    def test_the_views_of_a_replay(self):
        self.some_life()
        into, _ = self.replay()
        self.some_life()  # the store is behind the log now: compared at its own position
        code, out, err = self.verify("--views", into)
        self.assertEqual(code, 0, f"{out}{err}")

    def test_views_that_are_not_of_this_log(self):
        self.some_life()
        into, _ = self.replay()
        code, out, err = run("verify", *self.where, "--views", into)
        self.assertEqual(code, 0, f"{out}{err}")
        if ON_KAFKA:
            self.skipTest("a second log needs a second broker")
        other = os.path.join(self.folder, unique("other"))
        server = Server(other)  # a second bank with another history
        try:
            for at in range(8):
                server.command(f"other-{at}", "CreateAccount", {"owner": "X", "currency": "EUR"})
            self.assertEqual(server.stop(), 0)
        finally:
            server.kill()
            server.forget()
        code, out, err = run("verify", "--log", "embedded", "--data", other, "--views", into)
        self.assertEqual(code, 3, f"{out}{err}")

    def test_damaged_views(self):
        self.some_life()
        into, _ = self.replay()
        tables = [os.path.join(at, name) for at, _, names in os.walk(into) for name in names if name.endswith((".sst", ".log"))]
        largest = max(tables, key=os.path.getsize)
        copy = largest + ".copy"
        shutil.copy(largest, copy)
        size = os.path.getsize(largest)
        with open(largest, "r+b") as file:
            for at in range(0, min(size, 4096), 64):
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 0x55]))
        os.unlink(copy)
        code, out, err = self.verify("--views", into)
        self.assertIn(code, (1, 3), f"{out}{err}")
        self.assertTrue((out + err).strip())

    def test_a_log_that_is_not_there(self):
        if not ON_KAFKA:
            for command in (("verify",), ("tail", "bank.account"), ("replay", "--into", self.fresh_folder())):
                code, _, err = run(*command, "--log", "embedded", "--data", self.fresh_folder())
                self.assertEqual((code, bool(err.strip())), (1, True), f"{command}: {err}")


@unittest.skipIf(ON_KAFKA, "about the embedded log's files")
class Damage(Tools):
    def test_flipped_bits_in_the_log_are_reported(self):
        for _ in range(20):
            self.some_life()
        self.server.stop()
        hurt = self.fresh_folder()
        shutil.copytree(self.data, hurt)
        self.restart()
        wounded = 0
        for at, _, names in os.walk(hurt):
            for name in names:
                path = os.path.join(at, name)
                if name.endswith((".sst", ".log")) and os.path.getsize(path) > 2000:
                    with open(path, "r+b") as file:  # the middle: the beginning of a table or of a write-ahead log stays well
                        file.seek(os.path.getsize(path) // 2)
                        byte = file.read(1)
                        file.seek(-1, os.SEEK_CUR)
                        file.write(bytes([byte[0] ^ 0xFF]))
                    wounded += 1
        self.assertGreater(wounded, 0)
        code, out, err = run("verify", "--log", "embedded", "--data", hurt)
        self.assertIn(code, (1, 3), f"{out}{err}")
        self.assertTrue((out + err).strip())


@unittest.skipUnless(ON_KAFKA, "about Kafka's topics")
class Topics(ServerCase):
    def test_check_compares_and_create_creates(self):
        code, out, err = run("topics", "check", "--log", self.log, "--partitions", "8", "--replicas", "1")
        self.assertEqual(code, 0, f"{out}{err}")
        code, out, err = run("topics", "check", "--log", self.log, "--partitions", "9", "--replicas", "1")
        self.assertNotEqual(code, 0)
        self.assertIn("partition", out + err)
        code, out, err = run("topics", "create", "--log", self.log, "--partitions", "8", "--replicas", "1")
        self.assertEqual(code, 0, f"{out}{err}")


if __name__ == "__main__":
    unittest.main()
