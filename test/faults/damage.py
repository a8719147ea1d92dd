"""Damage to the log, done after the judgement (I9): it must be reported, or be without effect; never folded."""

import json
import os
import random
import shutil

from harness import run
from world import Violation

EMBEDDED_TRIALS, REPORTED = 5, (1, 3)
FOREIGN = {"no headers": [], "a type of its own": ["-H", "ce_type=bank.DepositMade.v1", "-H", "content-type=application/json"]}


def damage_log(world, counts):
    (damage_embedded if world.broker is None else write_foreign)(world, counts)


def accepted(text):
    return sorted(line for line in text.splitlines() if json.loads(line)["verdict"] == "accepted")


def damage_embedded(world, counts):
    """Copies of the log with one flipped bit or a file cut short: `verify` says so, or every accepted event is still the same."""
    node, sound = world.nodes[0], accepted(world.tool("tail", "bank.account", *world.where, "--all"))
    for trial in range(EMBEDDED_TRIALS):
        copy = os.path.join(world.folder, f"damaged-{trial}")
        shutil.copytree(node.data, copy)
        what = spoil(world.random, os.path.join(copy, "log"))
        code, out, err = run("verify", "--log", "embedded", "--data", copy, "--views", copy, timeout=600)
        if code in REPORTED and (out + err).strip():
            counts[f"{what}, reported"] += 1
        else:
            ended, text, _ = run("tail", "bank.account", "--log", "embedded", "--data", copy, "--all", timeout=600)
            if code != 0 or ended != 0 or accepted(text) != sound:
                raise Violation(f"I9: {what} in {copy}: verify exited {code}, tail {ended}, and the accepted events are others\n{out}{err}")
            counts[f"{what}, without effect"] += 1
        shutil.rmtree(copy)


def spoil(chance, folder):
    """Flips a bit of a file, or cuts it short; says what."""
    files = sorted(each for each in os.listdir(folder) if each.endswith((".log", ".sst")) and os.path.getsize(os.path.join(folder, each)))
    name = chance.choice(files)
    path, kind = os.path.join(folder, name), "write-ahead log" if name.endswith(".log") else "table file"
    size = os.path.getsize(path)
    at = chance.randrange(size)
    with open(path, "r+b") as file:
        if chance.random() < 0.4:
            file.truncate(at)
            return f"{kind} cut short"
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << chance.randrange(8)]))
        return f"bit flipped in a {kind}"


def write_foreign(world, counts):
    """Records of another program in the topic: `verify` names them, and a replay folds what it folded before."""
    before = world.replay(2)
    shutil.rmtree(world.replayed(2))
    key, value = "account-1", '{"amount":7,"balance":7}'
    for what, headers in FOREIGN.items():
        partition = random.randrange(8)
        world.kcat("-P", "-p", str(partition), "-K", "|", *headers, text=f"{key}|{value}\n")
        code, out, err = run("verify", *world.where, timeout=600)
        if code != 3 or "foreign" not in out + err:
            raise Violation(f"I9: a foreign record with {what} in partition {partition}: verify exited {code}\n{out}{err}")
        counts[f"foreign record with {what}, reported"] += 1
    after = world.replay(2)
    if digests(after) != digests(before):
        raise Violation(f"I9: foreign records were folded: {before} and then {after}")


def digests(text):
    return [(each["view"], each["rows"], each["digest"]) for each in map(json.loads, text.splitlines())]
