"""Brokers in a folder: their jars, ports, processes, and whether they are ready. Used by tools/kafka."""
import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import string
import struct
import subprocess
import sys
import time

VERSION = "4.1.1"
USER, PASSWORD = "foldlog", "secret"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"
READY_SECONDS = 90
HERE = pathlib.Path(__file__).resolve().parent
QUICK_JVM = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def give_up(text):
    say(f"kafka: {text}")
    sys.exit(1)


def program(name, package):
    found = shutil.which(name)
    if not found:
        give_up(f"'{name}' is not installed; on Debian: apt-get install {package}")
    return found


# --- the jars ---------------------------------------------------------------------------------------------------------


def jars():
    """The folder with Kafka's jars; filled by Maven on first use."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "foldlog"
    folder = cache / f"kafka-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / f"kafka-{VERSION}.lock"):
        if not (folder / f"kafka_2.13-{VERSION}.jar").exists():
            download(folder)
    return folder


def download(folder):
    maven = program("mvn", "maven")
    say(f"kafka: Maven copies the jars of Kafka {VERSION} to {folder} (once)")
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    done = subprocess.run([maven, "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
                           "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"], stdin=subprocess.DEVNULL,
                          stdout=sys.stderr)
    if done.returncode != 0:
        give_up("Maven could not bring the jars; its messages stand above")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


# --- what is remembered in the folder ---------------------------------------------------------------------------------


class locked:
    """Only one of these commands at a time works on a folder."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def load(folder):
    try:
        return json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return None


def save(folder, state):
    fresh = folder / "state.json.new"
    fresh.write_text(json.dumps(state, indent=1) + "\n")
    fresh.rename(folder / "state.json")


def started_at(pid):
    """When the kernel started the process (ticks since boot): a pid together with it is never used twice."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def runs(node):
    return node.get("pid") is not None and started_at(node["pid"]) == node["started"]


def bootstrap(state):
    return ",".join(f"127.0.0.1:{node['port']}" for node in state["nodes"])


def node_of(state, number):
    for node in state["nodes"] if state else []:
        if node["id"] == number:
            return node
    give_up(f"there is no node {number} here")


# --- ports ------------------------------------------------------------------------------------------------------------


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port(taken):
    """Below the range that the kernel gives to outgoing connections: a killed broker finds its port again."""
    for _ in range(1000):
        port = random.randint(20000, 31999)
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    give_up("no free port between 20000 and 31999")


def choose_ports(brokers, first, secure=False):
    given = [first + i if first else None for i in range(brokers)]
    for port in given:
        if port and not is_free(port):
            give_up(f"port {port} on 127.0.0.1 is in use")
    taken = {port for port in given if port}
    return [{"id": i + 1, "port": port or free_port(taken), "controller_port": free_port(taken),
             **({"plain_port": free_port(taken)} if secure else {})} for i, port in enumerate(given)]


def plain_port(node):
    """Where brokers talk to each other, and where it is asked whether it is ready."""
    return node.get("plain_port", node["port"])


# --- nodes ------------------------------------------------------------------------------------------------------------


def format_node(folder, state, node, classpath):
    home = folder / f"n{node['id']}"
    home.mkdir(parents=True, exist_ok=True)
    brokers = len(state["nodes"])
    voters = ",".join(f"{n['id']}@127.0.0.1:{n['controller_port']}" for n in state["nodes"])
    template = string.Template((HERE / "node.properties").read_text())
    (home / "node.properties").write_text(template.substitute(
        node=node["id"], voters=voters, port=node["port"], controller_port=node["controller_port"], data=home / "data",
        min_insync=2 if brokers >= 3 else 1, replicas=brokers))
    if "plain_port" in node:
        secure = string.Template((HERE / "secure.properties").read_text())
        with open(home / "node.properties", "a") as properties:
            properties.write(secure.substitute(port=node["port"], plain_port=node["plain_port"], controller_port=node["controller_port"],
                                               broker_pem=folder / "broker.pem", user=USER, password=PASSWORD))
    return subprocess.Popen([program("java", "openjdk-17-jre-headless"), *QUICK_JVM, "-cp", classpath,
                             "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", home / "node.properties",
                             "--ignore-formatted"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def make_certificates(folder):
    """ca.pem, and broker.pem (key and certificate) for 127.0.0.1 signed by it."""
    openssl = program("openssl", "openssl")

    def run(*words):
        subprocess.run([openssl, *words], cwd=folder, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ["-newkey", "rsa:2048", "-nodes"]
    run("req", "-x509", *key, "-days", "30", "-subj", "/CN=foldlog development", "-keyout", "ca.key", "-out", "ca.pem")
    run("req", *key, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "broker.key", "-out", "broker.csr")
    run("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
        "-copy_extensions", "copy", "-out", "broker.crt")
    (folder / "broker.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())


def format_nodes(folder, state, classpath):
    for process in [format_node(folder, state, node, classpath) for node in state["nodes"]]:
        output, _ = process.communicate()
        if process.returncode != 0:
            give_up("Kafka could not format its storage:\n" + output.decode(errors="replace"))


def start_node(folder, node, classpath):
    home = folder / f"n{node['id']}"
    java = program("java", "openjdk-17-jre-headless")
    with open(home / "broker.log", "ab") as output:
        process = subprocess.Popen(
            [java, "-Xms128m", "-Xmx512m", *QUICK_JVM, "-Djava.awt.headless=true",
             "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
             "-cp", classpath, "kafka.Kafka", home / "node.properties"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    node["pid"], node["started"] = process.pid, started_at(process.pid)


def stop_nodes(nodes):
    """SIGTERM to all at once (a last broker alone finds no quorum to say goodbye to), SIGKILL after five seconds."""
    for node in nodes:
        signal_node(node, signal.SIGTERM)
    end = time.monotonic() + 5
    while any(runs(node) for node in nodes) and time.monotonic() < end:
        time.sleep(0.05)
    for node in nodes:
        signal_node(node, signal.SIGKILL)
    wait_gone(nodes)


def signal_node(node, number):
    if runs(node):
        os.kill(node["pid"], number)


def wait_gone(nodes):
    while any(runs(node) for node in nodes):
        time.sleep(0.01)


# --- ready ------------------------------------------------------------------------------------------------------------


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise OSError("connection closed")
        data += part
    return data


def listed_brokers(port):
    """The ids of the brokers that the one at this port lists: Kafka's Metadata request, version 1, no topics."""
    request = struct.pack(">hhih", 3, 1, 1, 7) + b"foldlog" + struct.pack(">i", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = receive(connection, struct.unpack(">i", receive(connection, 4))[0])
    except OSError:
        return set()
    count, at = struct.unpack_from(">i", answer, 4)[0], 8
    ids = set()
    for _ in range(count):
        number, host = struct.unpack_from(">ih", answer, at)
        ids.add(number)
        at += 6 + host + 4
        at += 2 + max(struct.unpack_from(">h", answer, at)[0], 0)
    return ids


def wait_ready(folder, state):
    """Until each running broker lists all running brokers."""
    expected = {node["id"] for node in state["nodes"] if node.get("pid")}
    end = time.monotonic() + READY_SECONDS
    for node in state["nodes"]:
        while node["id"] in expected and not expected <= listed_brokers(plain_port(node)):
            log = folder / f"n{node['id']}" / "broker.log"
            if not runs(node):
                give_up(f"node {node['id']} ended; the last of {log}:\n" + tail(log))
            if time.monotonic() > end:
                give_up(f"node {node['id']} is not ready after {READY_SECONDS} s; see {log}")
            time.sleep(0.03)


def tail(log):
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
