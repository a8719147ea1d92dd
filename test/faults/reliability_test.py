"""The tables of docs/reliability.md are what the result files say: sums over several of them, and loud where something is wrong."""

import json
import os
import tempfile
import unittest

import reliability

RULE = {"name": "no-epoch-check", "scope": "s", "states": 5, "transitions": 6, "recoveries": 0, "seconds": 1.0, "complete": False}
MODEL = {"commit": "c1", "scopes": [{**RULE, "name": "two nodes", "states": 1234, "complete": True}], "rules": [{**RULE, "violation": "a|b", "trace_length": 7}]}


def campaign(**more):
    return {"commit": "c1", "seed": 1, "log": "kafka", "brokers": 3, "minutes": 2, "injected": {"kill": 3}, "not_run": {}, "damage": {}, "kills": {"broker": 2},
            "fail_points": {}, "counts": {"I1 commands": 10}, "violations": {}, "exit": 0, **more}


class Tables(unittest.TestCase):
    def test_the_model(self):
        text = reliability.model([MODEL])
        self.assertIn("Commit c1. 1,234 states in 1 s.", text)
        self.assertIn("| two nodes | s | 1,234 | 6 | 0 | 1.0 s | complete, clean |", text)
        self.assertIn("| `no-epoch-check` | 5 | 7 | a\\|b |", text)

    def test_a_rule_without_a_counterexample_is_loud(self):
        self.assertIn("**no counterexample**", reliability.model([{**MODEL, "rules": [RULE]}]))

    def test_several_campaigns_are_added_up(self):
        text = reliability.torture([campaign(), campaign(seed=2, kills={"broker": 1, "server": 4}), campaign(seed=3, log="embedded", brokers=0, kills={"server": 5})])
        self.assertIn("Seeds 1, 2, 3. 0 violations.", text)
        self.assertIn("| real kills | embedded | Kafka, 3 brokers | all |", text)
        self.assertIn("| kill -9: broker | 0 | 3 | 3 |", text)
        self.assertIn("| kill -9: all | 5 | 7 | 12 |", text)
        self.assertIn("| I1 commands | 10 | 20 | 30 |", text)
        self.assertIn("Every fault could be injected.", text)

    def test_what_was_not_run_and_what_failed_is_told(self):
        text = reliability.torture([campaign(not_run={"fsync-fail": "no strace"}, violations={"lost": 2}, exit=3), campaign(exit=1)])
        self.assertIn("3 violations", text)
        self.assertIn("fsync-fail on Kafka, 3 brokers: no strace", text)

    def test_simulated_seeds_are_summed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "seeds")
            with open(path, "w", encoding="utf-8") as file:
                for seed in (7, 8):
                    file.write(json.dumps({"seed": seed, "hash": "00", "steps": 10, "virtual_seconds": 1800.0, "crashes": 2, "violation": None}) + "\n")
                file.write(json.dumps({"seed": 9, "steps": 1, "virtual_seconds": 0, "crashes": 1, "invariant": "I1", "violation": "lost"}) + "\n")
            text = reliability.simulation([path])
        self.assertIn("3 seeds (7 to 9), 21 steps, 1.0 virtual hours, 1 violations: 9 (I1).", text)
        self.assertIn("| crashes | 5 |", text)

    def test_fuzzing(self):
        one = {"target": "json", "executions": 1000, "coverage": 5, "features": 6, "processor_seconds": 1800.0, "crashes": []}
        self.assertIn("| json | 2,000 | 5 | 6 | 3,600 s | 0 |", reliability.fuzz([{"commit": "c", "results": [one]}, {"commit": "c", "results": [one]}]))

    def test_storms_are_added_up(self):
        one = {"commit": "c", "seed": 7, "minutes": 5.0, "faults": {"broker killed": 2}, "counts": {"I2 events": 600}}
        text = reliability.storm([one, {**one, "seed": 8}])
        self.assertIn("Commit c. Seeds 7, 8, 10.0 minutes", text)
        self.assertIn("| broker killed | 4 |", text)
        self.assertIn("| I2 events | 1,200 |", text)

    def test_only_the_tables_are_replaced(self):
        document = "a\n<!-- model -->\nold\n<!-- end of model -->\nb\n"
        self.assertEqual(reliability.replace(document, "model", "new"), "a\n<!-- model -->\nnew\n<!-- end of model -->\nb\n")
        with self.assertRaises(SystemExit):
            reliability.replace(document, "fuzz", "new")

    def test_the_document_has_a_place_for_each(self):
        with open(os.path.join(reliability.SOURCE, "docs", "reliability.md"), encoding="utf-8") as file:
            document = file.read()
        for name in ("model", "simulation", "defects", "torture", "fuzz"):
            reliability.replace(document, name, "")


if __name__ == "__main__":
    unittest.main()
