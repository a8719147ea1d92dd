"""The faults. Each takes the world and gives None when it was injected, else the reason why it could not be."""

import glob
import os
import re
import shutil
import signal
import subprocess
import time

import harness
from world import COMMAND_TIMEOUT, STORES, WITH_FAULTS, Node, Violation

FAIL_POINT = re.compile(r'fail_point\("([a-z-]+)"\)')


def fail_points(log):
    """Those that the source has, as far as this kind of log comes by them."""
    found = set()
    for folder in ("core", "command", "projections"):
        for path in glob.glob(os.path.join(harness.SOURCE, folder, "**", "*.cpp"), recursive=True):
            with open(path, encoding="utf-8") as file:
                found |= set(FAIL_POINT.findall(file.read()))
    other = "kafka-" if log == "embedded" else "log-"
    return sorted(each for each in found if not each.startswith(other))


def kill(world):
    """kill -9 at a random instant."""
    node = world.random.choice(world.nodes)
    node.kill()
    if world.random.random() < 0.3:
        node.copy_stores()
    node.start()


def fail_point(world):
    """kill -9 at a named place, at a random one of the times that it comes by."""
    if not os.path.exists(WITH_FAULTS):
        return f"{WITH_FAULTS} was not built"
    node = world.nodes[0]
    node.kill()
    name = world.random.choice(fail_points(world.options.log))
    count = world.random.choice((1, 2, 4, 8) if name.startswith("partition-") else (1, 2, 5, 40, 150))
    node.start(WITH_FAULTS, {"FOLDLOG_FAIL_POINT": f"{name}:{count}"}, wait=False)
    server, until = node.server, time.monotonic() + 6
    while server.process.poll() is None and time.monotonic() < until:
        if server.http is None and "\n" in server.stdout():
            server.wait_ready()
        time.sleep(0.005)
    died = server.process.poll() == -signal.SIGKILL
    if died:
        world.kills["server, at a fail point"] += 1
    if not died and server.process.poll() is not None:
        raise Violation(f"the server ended with {server.process.poll()} at {name}:{count}: {server.stderr()[-2000:]}")
    node.kill()
    node.start()
    if died:
        world.points[name] += 1
    return None if died else "the fail point was not reached in 6 s"


def pause(world):
    """SIGSTOP for longer than a command may take; on Kafka another node takes over meanwhile."""
    node = world.nodes[0]
    other = None
    node.paused = True
    node.server.process.send_signal(signal.SIGSTOP)
    try:
        if world.broker:
            other = add_node(world)
        time.sleep(COMMAND_TIMEOUT + 1 + world.random.random() * 3)
    finally:
        node.server.process.send_signal(signal.SIGCONT)
        node.paused = False
    if other:
        time.sleep(world.random.random() * 3)
        remove_node(world, other)


def term(world):
    """SIGTERM under load: it must end by itself and well."""
    node = world.random.choice(world.nodes)
    if not node.terminate():
        raise Violation("SIGTERM under load did not end the server with 0")
    if world.random.random() < 0.5:
        node.copy_stores()
    node.start()


def old_store(world):
    """The write model or the views deleted, or put back as they were some time ago."""
    node = world.nodes[0]
    node.kill()
    old = os.path.join(world.folder, f"old-{node.name}")
    for store in STORES:
        choice = world.random.random()
        path, copy = os.path.join(node.data, store), os.path.join(old, store)
        if choice < 0.4:
            shutil.rmtree(path, ignore_errors=True)
        elif choice < 0.9 and os.path.isdir(copy):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(copy, path)
    node.start()


def two_servers(world):
    """A second server claims the partitions of the same Kafka log; the first claims them back; and so on."""
    if not world.broker:
        return "the embedded log takes one server"
    other = add_node(world)
    time.sleep(8 + world.random.random() * 10)
    remove_node(world, other)
    return None


def add_node(world):
    node = Node(world, f"node-{len(world.nodes) + 1}-{world.random.randrange(1 << 30)}")
    node.start()
    world.nodes.append(node)
    return node


def remove_node(world, node):
    world.nodes.remove(node)
    if world.random.random() < 0.5:
        node.kill()
    elif not node.terminate():
        raise Violation("SIGTERM did not end the second server with 0")
    shutil.rmtree(node.data, ignore_errors=True)


def broker_kill(world):
    """kill -9 of one broker, back after a few seconds."""
    if not world.broker:
        return "there is no broker"
    which = str(world.random.randrange(world.options.brokers) + 1)
    kill_broker(world, which)
    time.sleep(world.random.uniform(0.5, 6))
    world.kafka("start", which)
    return None


def kill_broker(world, which):
    world.kafka("kill", which)
    world.kills["broker"] += 1


def all_brokers_kill(world):
    """kill -9 of all brokers at once."""
    if not world.broker:
        return "there is no broker"
    if world.options.brokers == 1:
        return "there is one broker only: that is broker-kill"
    for which in range(world.options.brokers):
        kill_broker(world, str(which + 1))
    time.sleep(world.random.uniform(0.5, 4))
    for which in range(world.options.brokers):
        world.kafka("start", str(which + 1))
    return None


def full_disk(world):
    """The disk of the data folder is filled up, and emptied again."""
    if not world.mounted:
        return world.not_mounted
    ballast = os.path.join(world.data_root, "ballast")
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * (1 << 20))
        except OSError:
            pass
    time.sleep(world.random.uniform(1, 4))
    os.unlink(ballast)
    time.sleep(1)
    return None


def inject_by_strace(world, how):
    if not shutil.which("strace"):
        return "strace is not installed"
    node = world.nodes[0]
    command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", f"inject=fsync,fdatasync:{how}", "-o", os.devnull, "-p", str(node.server.process.pid)]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(world.random.uniform(0.5, 2))
    attached = tracer.poll() is None
    tracer.send_signal(signal.SIGINT)
    told = tracer.communicate(timeout=20)[1]
    return None if attached else f"strace could not attach: {told.strip()[:200]}"


def fsync_fail(world):
    """fsync and fdatasync of the server fail for a while."""
    return inject_by_strace(world, "error=EIO")


def fsync_slow(world):
    """fsync and fdatasync of the server take 300 ms for a while."""
    return inject_by_strace(world, "delay_exit=300000")


def clock_jump(world):
    """The wall clock of the server jumps by hours, forth and back, while it runs (libfaketime; the monotonic clock stays)."""
    library = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
    if not library:
        return "libfaketime is not installed"
    if not os.path.exists(WITH_FAULTS):  # the other one has jemalloc, which asks for the time before libfaketime is ready
        return f"{WITH_FAULTS} was not built"
    node = world.nodes[0]
    node.kill()
    jumps = os.path.join(world.folder, "clock")
    write_jump(jumps, "+0")
    node.start(WITH_FAULTS, {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": jumps, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    for _ in range(4):
        time.sleep(world.random.uniform(0.3, 1))
        write_jump(jumps, f"{world.random.choice('+-')}{world.random.randrange(1, 100)}h")
    node.kill()
    node.start()
    return None


def write_jump(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(path + ".new", path)


ALL = {"kill": kill, "fail-point": fail_point, "pause": pause, "term": term, "old-store": old_store, "two-servers": two_servers,
       "broker-kill": broker_kill, "all-brokers-kill": all_brokers_kill, "full-disk": full_disk, "fsync-fail": fsync_fail,
       "fsync-slow": fsync_slow, "clock-jump": clock_jump}
OF_KAFKA = ("two-servers", "broker-kill", "all-brokers-kill")
OF_EMBEDDED = ("full-disk", "fsync-fail", "fsync-slow")
