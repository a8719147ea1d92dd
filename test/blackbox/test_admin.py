"""API.md section 2 "The admin listener"."""

import re
import unittest

from harness import FoldlogCase, ServerCase, partition_of, run


class Admin(ServerCase):
    def ask(self, target, method="GET"):
        return self.server.request(method, target, admin=True)

    def test_alive_and_ready(self):
        for target in ("/livez", "/readyz", "/readyz?verbose"):
            self.assertEqual(self.ask(target).status, 200, target)
            self.assertEqual(self.ask(target, "HEAD").status, 200, target)

    def test_readyz_verbose_has_a_line_per_check(self):
        lines = self.ask("/readyz?verbose").body.decode().splitlines()
        self.assertGreaterEqual(len(lines), 2)
        self.assertTrue(all(lines))

    def test_metrics_are_prometheus_text(self):
        self.open_account()
        answer = self.ask("/metrics")
        self.assertEqual((answer.status, answer.header("Content-Type").split(";")[0]), (200, "text/plain"))
        text = answer.body.decode()
        sample = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? \S+( \d+)?$')
        typed = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram|summary|untyped)$", text, re.M))
        for line in text.splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, sample)
                name = re.split(r"[{ ]", line)[0]
                self.assertTrue({name, re.sub(r"_(bucket|sum|count)$", "", name)} & typed, f"no TYPE for {name}")
        self.assertTrue(any(name.startswith("foldlog_") for name in typed), typed)
        for subject in ("command", "append", "group", "sync", "epoch", "void", "projection", "http"):
            self.assertTrue(any(subject in name for name in typed), f"no metric on {subject}: {sorted(typed)}")

    def total(self, what):
        text = self.ask("/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if not line.startswith("#") and "command" in line and "_bucket" not in line and what in line)

    def test_commands_are_counted(self):
        before = self.total("command")
        stream_id = self.open_account()
        for _ in range(10):
            self.command(stream_id, "Deposit", {"amount": 1})
        self.assertGreaterEqual(self.total("command") - before, 11)

    def test_partitions(self):
        answer = self.ask("/admin/partitions")
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"))
        partitions = answer.json()
        self.assertEqual(sorted(each["partition"] for each in partitions), list(range(8)))
        for each in partitions:
            self.assertEqual(set(each), {"topic", "partition", "owner", "epoch", "end_offset", "state"})
            self.assertEqual(each["topic"], "bank.account")
            self.assertRegex(each["epoch"], r"^\d+-[0-9a-f]{8}$")
            self.assertGreater(each["end_offset"], int(each["epoch"].split("-")[0]))

    def test_the_end_offset_is_that_of_the_next_record(self):
        stream_id = self.open_account()
        end = lambda: next(each["end_offset"] for each in self.ask("/admin/partitions").json() if each["partition"] == partition_of(stream_id))
        body = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)
        self.assertEqual(end(), int(body["token"].split("@")[1]) + 1)

    def test_a_new_start_is_a_new_epoch(self):
        epochs = lambda: {each["partition"]: each["epoch"] for each in self.ask("/admin/partitions").json()}
        before = epochs()
        self.restart()
        after = epochs()
        for partition, epoch in before.items():
            self.assertGreater(int(after[partition].split("-")[0]), int(epoch.split("-")[0]))
            self.assertNotEqual(after[partition].split("-")[1], epoch.split("-")[1])

    def test_projections(self):
        stream_id = self.open_account()
        token = self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), 2)["token"]
        self.row("accounts", stream_id, token)
        answer = self.ask("/admin/projections")
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/json"))
        found = answer.json()
        self.assertLessEqual({(view, partition) for view in ("accounts", "owners", "turnover") for partition in range(8)},
                             {(each["view"], each["partition"]) for each in found})
        for each in found:
            self.assertEqual(set(each), {"domain", "view", "topic", "partition", "position", "lag", "rate", "state"})
            self.assertEqual((each["domain"], each["topic"]), ("bank", "bank.account"))
            self.assertIn(each["state"], ("running", "catching-up"))
        self.eventually(lambda: all(each["lag"] == 0 and each["state"] == "running" for each in self.ask("/admin/projections").json()),
                        "no lag when nothing is written", 20)

    def test_no_acknowledged_event_is_missing_from_the_lag(self):
        stream_id = self.open_account()
        for version in range(2, 102):
            offset = int(self.must_be_done(self.command(stream_id, "Deposit", {"amount": 1}), version)["token"].split("@")[1])
            for each in self.ask("/admin/projections").json():
                if each["partition"] == partition_of(stream_id):
                    self.assertGreaterEqual(int(each["position"].split("@")[1]) + each["lag"], offset, each)

    def test_the_two_listeners_share_no_routes(self):
        self.assertEqual(self.ask("/v1/views/bank/accounts").status, 404)
        for target in ("/livez", "/readyz", "/metrics", "/admin/partitions", "/admin/projections"):
            self.must_be_problem(self.server.get(target), "unknown-route")

    def test_other_methods(self):
        self.assertEqual(self.ask("/metrics", "DELETE").status, 405)
        self.assertEqual(self.ask("/metrics", "OPTIONS").status, 204)


class Program(FoldlogCase):
    def test_help(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        for word in ("serve", "replay", "tail", "verify", "dump", "topics"):
            self.assertIn(word, out)
        for command in ("serve", "replay", "tail", "verify", "dump"):
            code, out, _ = run(command, "--help")
            self.assertEqual(code, 0, command)
            self.assertIn("--", out)

    def test_wrong_usage_exits_2(self):
        for arguments in ((), ("nonsense",), ("serve", "--nonsense"), ("replay",), ("tail",), ("dump",), ("serve", "--partitions", "x"),
                          ("tail", "bank.account", "--log", "nonsense"), ("serve", "--partitions", "0")):
            code, _, err = run(*arguments, timeout=30)
            self.assertEqual((code, bool(err.strip())), (2, True), f"{arguments}: {err}")


if __name__ == "__main__":
    unittest.main()
