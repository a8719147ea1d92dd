#!/usr/bin/env python3
"""Sends every case of cases.py to a started `foldlog serve`, and says which did not come out as they may.

  run.py [--through direct|drip|tls|nginx|haproxy] [--only WORDS] [-v]

direct   as the table says. drip: one byte after the other. tls: through the TLS listener.
nginx, haproxy   through that proxy, which may refuse more than we do. What it passes on must never be read in another way than
it was meant: HIDDEN is never deposited to, OWN as often as an answer says so, and other clients get their own answers.
"""

import argparse
import itertools
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "blackbox")]

from cases import CASES, HIDDEN, OWN  # noqa: E402
from harness import NDJSON, Server  # noqa: E402
from http_client import Connection  # noqa: E402
from proxies import Proxy  # noqa: E402

SENTINEL = b"GET /problems/internal HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BREATH = 0.002  # seconds between two pieces


class Wrong(Exception):
    """What a case should not have come to."""


def make_certificate(folder):
    certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


class TlsConnection(Connection):
    def __init__(self, address):
        super().__init__(address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)


class Markers:
    """Two accounts for each case; how often each was deposited to is read off the versions of their streams."""

    def __init__(self, server):
        self.server, self.numbers = server, itertools.count(1)

    def new(self):
        number = b"%06d" % next(self.numbers)
        self.names = [text[:-6] + number for text in (OWN, HIDDEN)]
        self.batch("CreateAccount", {"owner": "a", "currency": "EUR"})
        return self.names

    def deposits(self):
        return [version - 2 for version in self.batch("Deposit", {"amount": 1})]

    def batch(self, command, data):
        lines = [json.dumps({"domain": "bank", "category": "account", "id": name.decode(), "command": command, "data": data}) for name in self.names]
        answer = self.server.request("POST", "/v1/commands", "\n".join(lines).encode(), NDJSON)
        versions = [line.get("version") for line in answer.lines()]
        if len(versions) != 2 or None in versions:
            raise Wrong(f"the markers cannot be read: {answer!r}")
        return versions


def send(connection, pieces, drip):
    try:
        for at, piece in enumerate(pieces):
            if at > 0 or drip:
                time.sleep(BREATH)
            step = drip or len(piece)
            for start in range(0, len(piece), step):
                connection.send(piece[start:start + step])
    except OSError:
        pass  # the server has had enough: its answer says why


def kind_of(answer):
    if answer.header("Content-Type") != "application/problem+json":
        return None
    return answer.json()["type"].rsplit("/", 1)[1]


def as_wished(answers, closed, wish):
    *steps, end = wish.split(" ")
    if len(steps) != len(answers) or closed != (end == "closes"):
        return False
    for step, answer in zip(steps, answers):
        status, _, kind = step.partition("/")
        if answer.status != int(status) or (kind and kind_of(answer) != kind):
            return False
    return True


def check_head(answer):
    for name, value in answer.fields:
        if name.lower().startswith("x-injected"):
            raise Wrong(f"a header was injected: {answer!r}")
        if name.lower() == "content-length" and not value.isdigit():
            raise Wrong(f"no length: {answer!r}")
    if answer.status in (204, 405) and not answer.header("Allow"):
        raise Wrong(f"no Allow: {answer!r}")


def run_direct(case, pieces, connect, markers, drip=0):
    answers, closed = [], False
    wanted = max(len(wish.split(" ")) - 1 for wish in case.outcome.split("|"))
    with connect() as connection:
        send(connection, pieces, drip)
        if case.half_close:
            connection.socket.shutdown(1)
        try:
            for at in range(wanted):
                answers.append(connection.answer(case.to[at] if at < len(case.to) else "GET"))
                check_head(answers[-1])
            if any(wish.endswith("stays") for wish in case.outcome.split("|")):
                connection.send(SENTINEL)
                if connection.answer().json().get("type") != "/problems/internal":
                    raise Wrong("the connection stays, but is out of step")
            else:
                closed = connection.at_end()
        except ConnectionError:
            closed = True
    if not any(as_wished(answers, closed, wish) for wish in case.outcome.split("|")):
        raise Wrong(f"came to {answers!r}, {'closed' if closed else 'open'}; allowed: {case.outcome}")
    own, hidden = markers.deposits()
    least = 0 if "|" in case.outcome else case.own
    if not least <= own <= case.own or hidden != 0:
        raise Wrong(f"{own} deposits instead of {case.own}, {hidden} hidden ones")


def read_all(connection, methods):
    answers = []
    try:
        while True:
            answers.append(connection.answer(methods[len(answers)] if len(answers) < len(methods) else "GET"))
    except (ConnectionError, TimeoutError):
        return answers


def run_behind(case, pieces, names, proxy, markers):
    """Gives whether the server answered anything of it."""
    with Connection(proxy.address, timeout=8) as connection:
        send(connection, [*pieces, SENTINEL], 0)
        answers = read_all(connection, case.to)
    deposited = [sum(answer.status == 200 and b"/" + name in answer.body for answer in answers) for name in names]
    in_step = bool(answers) and b"/problems/internal" in answers[-1].body
    data = b"".join(pieces)
    for name, said, done, may in zip(names, deposited, markers.deposits(), (True, case.behind)):
        if done > (data.count(name) if may else 0):
            raise Wrong(f"{done} deposits to {name.decode()}: {answers!r}")
        if said > done or (in_step and said != done) or (not may and said):
            raise Wrong(f"{done} deposits to {name.decode()}, but {said} answers say so: {answers!r}")
    for answer in answers:
        check_head(answer) if answer.header("Content-Type") in ("application/json", "application/problem+json") else None
    for kind in ("refused", "not-ready", "outcome-unknown"):  # other clients, over the proxy's connections to us
        with Connection(proxy.address, timeout=30) as other:
            answer = other.request("GET", f"/problems/{kind}")
            if answer.status != 200 or answer.json().get("type") != f"/problems/{kind}":
                raise Wrong(f"another client asked for {kind} and got {answer!r}")
    return any(b"/problems/" in answer.body or b"bank/account" in answer.body for answer in answers[:len(answers) - in_step])


def named(case, names):
    return [piece.replace(OWN, names[0]).replace(HIDDEN, names[1]) for piece in case.pieces]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--through", default="direct", choices=("direct", "drip", "tls", "nginx", "haproxy"))
    parser.add_argument("--only", default="")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="foldlog-http-edge-")
    arguments, proxy = [], None
    if options.through == "tls":
        certificate, key = make_certificate(folder)
        arguments = ["--https", "127.0.0.1:0", "--tls-certificate", certificate, "--tls-key", key]
    server = Server(os.path.join(folder, "data"), arguments=arguments)
    failures = passed_on = 0
    try:
        if options.through in ("nginx", "haproxy"):
            proxy = Proxy(options.through, server.http, folder)
        connect = (lambda: TlsConnection(server.https)) if options.through == "tls" else server.connect
        markers = Markers(server)
        cases = [case for case in CASES if options.only in case.name and not (options.through == "tls" and case.half_close)]
        for case in cases:
            began = time.monotonic()
            try:
                names = markers.new()
                pieces = named(case, names)
                if proxy:
                    passed_on += run_behind(case, pieces, names, proxy, markers)
                else:
                    size = sum(map(len, pieces))
                    drip = max(1, size // 2000) if options.through == "drip" else 0
                    run_direct(case, pieces, connect, markers, drip)
            except (Wrong, AssertionError, OSError, ValueError) as wrong:
                failures += 1
                print(f"FAILED  {case.name}: {type(wrong).__name__} {str(wrong)[:1500]}", flush=True)
            if options.verbose:
                print(f"{time.monotonic() - began:6.2f} s  {case.name}", flush=True)
    finally:
        if proxy:
            proxy.stop()
        code = server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if proxy and not options.only and passed_on < len(cases) // 3:
        failures += 1
        print(f"FAILED  {options.through} passed on only {passed_on} cases: they prove nothing", flush=True)
    print(f"{len(cases)} cases through {options.through}: {failures} failed" + (f", {passed_on} passed on by the proxy" if proxy else ""), flush=True)
    return 1 if failures or code else 0


if __name__ == "__main__":
    sys.exit(main())
