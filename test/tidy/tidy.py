"""The rules of DESIGN.md section 12 that a machine can check, as functions from {path: text} to complaints."""

import re

# Which folders a folder may include, besides itself. Tests, benchmarks and tools compose: they may include all.
MAY_INCLUDE = {
    "core/base": (),
    "core/runtime": ("core/base",),
    "core/log": ("core/base", "core/runtime"),
    "core/store": ("core/base", "core/runtime", "core/log"),  # a checkpoint holds the arbiter's state
    "core/http": ("core/base", "core/runtime"),
    "core/cluster": ("core/base", "core/runtime", "core/log", "core/store", "core/http"),
    "schemas": ("core/base",),
    "command": ("core/base", "core/runtime", "core/log", "core/store", "core/http", "core/cluster", "schemas"),
    "projections": ("core/base", "core/runtime", "core/log", "core/store", "core/http", "core/cluster", "schemas"),
    "query": ("core/base", "core/runtime", "core/log", "core/store", "core/http", "core/cluster", "schemas"),
}
FREE = ("tools/", "test/", "bench/")
SIDES = ("schemas", "command", "projections", "query")

# Who may include which library; tests and benchmarks (their rivals are the bare libraries) may.
LIBRARIES = (
    ("librdkafka", r"<librdkafka/", r"^core/log/kafka_"),
    ("RocksDB", r"<rocksdb/", r"^core/(store/|log/embedded_log)"),
    ("Beast", r"<boost/beast", r"^core/http/"),
    ("simdjson", r"<simdjson", r"^schemas/"),
    ("CLI11", r"<CLI/", r"^tools/"),
    ("toml++", r"<toml\+\+/", r"^tools/"),
    ("doctest", r"<doctest/", r"^$"),
)
LINES_MAX = 400
# The ratchet: files that are longer, with the length that they may not exceed. It only ever gets shorter.
LONGER = {}
STATUS_TABLE = re.compile(r"^core/http/problem(_\w+)?\.(h|cpp)$")
STATUSES = (r"(?:20[0-24]|30[1-478]|40[0-9]|41[0-7]|42[1-9]|431|50[0-5])")

CODE = re.compile(r"\.(h|cpp)$")
COUNTED = re.compile(r"(\.(h|cpp|py|cmake)|CMakeLists\.txt|^tools/[a-z_]+|^\.ci/run)$")
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")))


def code(files):
    return {path: text for path, text in files.items() if CODE.search(path)}


def includes(text):
    return re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"][^>"]+[>"])', text, re.M)


def room(path):
    """The folder of MAY_INCLUDE that a path is in; None for others."""
    return next((folder for folder in MAY_INCLUDE if path.startswith(folder + "/")), None)


def include_direction(files):
    complaints = []
    for path, text in code(files).items():
        here = room(path)
        if here is None:
            if not path.startswith(FREE):
                complaints.append(f"{path}: in no folder that DESIGN.md section 12 knows")
            continue
        for included in includes(text):
            target = included[1:-1]
            there = room(target)
            if included.startswith('"') and there is None:
                complaints.append(f'{path}: includes "{target}": from the root of the source, as "core/base/names.h"')
            elif there and there != here and there not in MAY_INCLUDE[here]:
                complaints.append(f"{path}: {here} may not include {there} ({target})")
            elif there in SIDES and "/" not in path.removeprefix(here + "/") and there == here and "/" in target.removeprefix(there + "/"):
                if not target.startswith("projections/process/"):
                    complaints.append(f"{path}: the engine does not know its domains ({target})")
    return complaints


def library_borders(files):
    complaints, parsers = [], []
    for path, text in code(files).items():
        found = includes(text)
        for name, pattern, allowed in LIBRARIES:
            if any(re.match(pattern, each) for each in found):
                if name == "simdjson" and not path.startswith(("test/", "bench/")):
                    parsers.append(path)
                if not path.startswith(("test/", "bench/")) and not re.match(allowed, path):
                    complaints.append(f"{path}: may not include {name}")
    if len(parsers) > 1:
        complaints.append(f"simdjson in more than one file: {', '.join(sorted(parsers))}")
    return complaints


def file_sizes(files, longer=None):
    longer = LONGER if longer is None else longer
    complaints = []
    for path, text in files.items():
        if COUNTED.search(path):
            lines, most = text.count("\n"), longer.get(path, LINES_MAX)
            if lines > most:
                complaints.append(f"{path}: {lines} lines, at most {most}")
    for path, most in longer.items():
        if path not in files or files[path].count("\n") <= LINES_MAX:
            complaints.append(f"{path}: is no longer longer than {LINES_MAX} lines: take it out of the ratchet ({most})")
    return complaints


def bare(line):
    """A line of C++ without its strings and comments."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    return re.sub(r"//.*", "", line)


def status_numbers(files):
    complaints = []
    for path, text in code(files).items():
        if path.startswith(FREE) or STATUS_TABLE.match(path):
            continue
        for at, line in enumerate(text.splitlines(), 1):
            if re.search(rf"HTTP/1\.[01] {STATUSES}\b", line) or (
                    re.search("status", bare(line), re.I) and re.search(rf"(?<![\w.']){STATUSES}(?![\w.'])", bare(line))):
                complaints.append(f"{path}:{at}: a status number outside the problem table: {line.strip()}")
    return complaints


def unfinished(files):
    return [f"{path}:{at}: {line.strip()}" for path, text in files.items() for at, line in enumerate(text.splitlines(), 1)
            if UNFINISHED.search(line) and not path.startswith("test/tidy/")]


def headers_guarded(files):
    return [f"{path}: no #pragma once" for path, text in code(files).items() if path.endswith(".h") and "#pragma once" not in text]


def trailing_space(files):
    return [f"{path}:{at}: space at the end of the line" for path, text in files.items()
            for at, line in enumerate(text.split("\n"), 1) if line != line.rstrip(" \t") and not path.endswith(".md")]
