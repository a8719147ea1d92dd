"""Real servers, a real Kafka, real faults under load; then every answer that a client ever got must be true of the log.

  tools/torture [--log embedded|kafka] [--brokers 1|3] [--minutes N] [--faults a,b] [--seed N] [--threads N]
                [--rate N] [--json FILE] [--keep] [--list-faults]

--faults       which; default: all that fit the log, mixed by the seed
--minutes      of faults (default 1); healing and judging come after it
--rate         commands a second of all clients together (default: as many as they can)
--json FILE    commit, seed, how often each fault was injected or not run and why, kills, what the checker counted
--keep         leaves history, log and views behind; a violation always does
Clients send mixed commands of the bank and record every attempt; what is in doubt is asked for again under the same id. A
subscriber follows all events across reconnects. In the end test/checker judges the recorded history against the raw log and the
views, `verify --views` must find nothing, and replays with one and with four threads must give the same rows. Then the log is damaged on
purpose, which must be reported.
Exit: 0 all well, 1 could not be done, 2 wrong usage, 3 a violation.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from world import Violation, World, harness  # first: it makes the others' folders known

import damage
import faults


def parse(arguments):
    parser = argparse.ArgumentParser(prog="torture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--faults")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--threads", type=int, default=8, help="clients")
    parser.add_argument("--rate", type=float, default=0, help="commands a second of all clients together; default: as many as they can")
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--list-faults", action="store_true")
    options = parser.parse_args(arguments)
    for name in (options.faults or "").split(","):
        if name and name not in faults.ALL:
            parser.error(f"there is no fault '{name}'; there are {', '.join(faults.ALL)}")
    if options.minutes <= 0:
        parser.error("--minutes wants a number above 0")
    return options


def fitting(options):
    if options.faults:
        return [each for each in options.faults.split(",") if each]
    others = faults.OF_EMBEDDED if options.log == "kafka" else faults.OF_KAFKA
    return [each for each in faults.ALL if each not in others and (each != "all-brokers-kill" or options.brokers == 3)]


def prepare_disk(world, wanted):
    """A small disk of its own, so that it can be filled."""
    world.not_mounted = ""
    if "full-disk" not in wanted:
        return
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", world.data_root], stderr=subprocess.PIPE, text=True, check=False)
    world.mounted, world.not_mounted = done.returncode == 0, f"no tmpfs can be mounted: {done.stderr.strip()[:200]}"


class Outage:
    """One of three brokers may be away while other faults go on."""

    def __init__(self, world):
        self.world, self.pool, self.running = world, concurrent.futures.ThreadPoolExecutor(1), None

    def takes(self, name):
        return name == "broker-kill" and self.world.options.brokers == 3

    def begin(self):
        self.running = self.running or self.pool.submit(faults.ALL["broker-kill"], self.world)

    def ended(self, wait=False):
        """True once for each outage that is over."""
        if not self.running or not (wait or self.running.done()):
            return False
        running, self.running = self.running, None
        running.result()
        return True


def inject(world, result, wanted):
    """Faults, one after the other, until the time is over."""
    until, cannot, attempts, outage = time.monotonic() + 60 * world.options.minutes, set(), 0, Outage(world)
    while time.monotonic() < until and len(cannot) < len(wanted):
        time.sleep(world.random.uniform(0.1, 1.2))
        name = world.random.choice([each for each in wanted if each not in cannot])
        result["injected"]["broker-kill"] += outage.ended(wait=name == "all-brokers-kill")
        if outage.takes(name):
            outage.begin()
            continue
        reason = faults.ALL[name](world)
        if reason is None:
            result["injected"][name] += 1
        elif name == "fail-point" and "not reached" in reason:
            result["injected"]["kill"] += 1  # it was killed all the same
        else:
            cannot.add(name)
            result["not_run"][name] = reason
            print(f"NOT RUN {name}: {reason}", flush=True)
        before, attempts = attempts, world.attempts()
        print(f"{name} after {attempts - before} attempts", flush=True)
    result["injected"]["broker-kill"] += outage.ended(wait=True)
    result["injected"] = +result["injected"]  # without those that are 0


def torture(world, result):
    wanted = fitting(world.options)
    prepare_disk(world, wanted)
    world.nodes[0].start()
    world.begin_load()
    inject(world, result, wanted)
    time.sleep(1)
    history = world.end_load()
    result.update(attempts_in_doubt=sum(each.get("status") == "unknown" for each in history), subscriptions=world.subscriber.connections,
                  kills=world.kills, fail_points=world.points)
    code = world.judge(history)
    with open(os.path.join(world.folder, "checked.json"), encoding="utf-8") as file:
        result.update(json.load(file))
    if code == 0:
        damage.damage_log(world, result["damage"])
    return code


def main(arguments=None):
    options = parse(arguments)
    if options.list_faults:
        for name, fault in faults.ALL.items():
            print(f"{name:18} {fault.__doc__}")
        return 0
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=harness.SOURCE, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    print(f"seed {options.seed}, commit {commit}", flush=True)
    result = {"commit": commit, "seed": options.seed, "log": options.log, "brokers": options.brokers if options.log == "kafka" else 0,
              "minutes": options.minutes, "injected": collections.Counter(), "not_run": {}, "damage": collections.Counter()}
    folder = tempfile.mkdtemp(prefix=f"foldlog-torture-{options.log}-")
    world, code = None, 1
    try:
        world = World(options, folder)
        code = torture(world, result)
    except Violation as violation:
        print(f"VIOLATION {violation}")
        code = 3
    finally:
        if world:
            world.end()
        result.update(exit=code, written=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(result, file, indent=1)
        if options.keep or code == 3:
            print(f"history, log and views: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({key: value for key, value in result.items() if key != "commit"}))
    if code == 0 and not result["counts"].get("I1 attempts 200"):
        print("no proof: nothing was acknowledged")
        code = 1
    print({0: "all well", 3: "VIOLATION"}.get(code, "could not be done"))
    return code


if __name__ == "__main__":
    sys.exit(main())
