#!/usr/bin/env python3
"""Fetches the official JSON-Schema-Test-Suite: the source archive of `jsonschema` on PyPI carries it in its folder json/.

    fetch_suite.py FOLDER        leaves it in FOLDER/suite, and prints that path; what is there already is not fetched again
"""

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

VERSION = "4.26.0"


def fetch(folder):
    suite = os.path.join(folder, f"suite-{VERSION}")
    if os.path.isdir(suite):
        return suite
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--no-binary", "jsonschema", "--dest", scratch, f"jsonschema=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        archives = glob.glob(os.path.join(scratch, "jsonschema-*.tar.gz"))
        if done.returncode != 0 or len(archives) != 1:
            raise SystemExit("the JSON-Schema-Test-Suite can't be had: " + " ".join(command) + "\n" + done.stdout + done.stderr)
        with tarfile.open(archives[0]) as archive:
            archive.extractall(scratch, filter="data")
        unpacked = os.path.join(scratch, f"jsonschema-{VERSION}", "json")
        if not os.path.isdir(unpacked):
            raise SystemExit(f"{archives[0]} does not carry the JSON-Schema-Test-Suite (no folder json)")
        shutil.move(unpacked, suite)
    return suite


if __name__ == "__main__":
    print(fetch(sys.argv[1]))
