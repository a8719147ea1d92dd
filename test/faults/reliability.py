"""Writes the tables of docs/reliability.md from the result files of the tools, so that no figure is typed by hand.

  tools/reliability [--model FILE …] [--simulation FILE …] [--defects FILE] [--torture FILE …] [--storm FILE …]
                    [--fuzz FILE …] [--document FILE]

--model        `model --json --commit …` and `model --rule all --json --commit …`
--simulation   `simulate --json`: a line for each seed; sums are taken
--defects      `simulate --table`
--torture      `tools/torture --json`; what several files count is added up
--storm        what `test/blackbox/test_storm.py` writes to FOLDLOG_STORM_JSON
--fuzz         `tools/fuzz --json`
A table stands between `<!-- name -->` and `<!-- end of name -->`; those whose files are not given stay as they are.
Exit: 0 written, 1 a file or a place for a table is missing, 2 wrong usage.
"""

import argparse
import collections
import json
import os
import re
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
NO_COUNTS = ("seed", "steps", "virtual_seconds")


def table(head, rows):
    lines = [head, ["---"] + ["---:" if all(re.match(r"^[\d,.]+( s)?$", str(row[at])) for row in rows) and rows else "---" for at in range(1, len(head))]]
    return "\n".join("| " + " | ".join(str(each).replace("|", "\\|") for each in row) + " |" for row in [*lines, *rows])


def number(count):
    return f"{count:,}" if isinstance(count, int) else f"{count:,.1f}"


def commits(files):
    found = sorted({each["commit"] for each in files if each.get("commit")})
    return f"Commit {', '.join(found)}." if found else ""


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def model(files):
    """States by scope, then the rules that were taken out."""
    scopes = [[each["name"], each["scope"], number(each["states"]), number(each["transitions"]), number(each["recoveries"]), f"{each['seconds']:.1f} s",
               "violation" if "violation" in each else "complete, clean" if each["complete"] else "not complete"] for file in files for each in file["scopes"]]
    rules = [[f"`{each['name']}`", number(each["states"]), each["trace_length"] if "violation" in each else "-",
              each.get("violation", "**no counterexample**")] for file in files for each in file["rules"]]
    states = sum(each["states"] for file in files for each in file["scopes"])
    seconds = sum(each["seconds"] for file in files for each in file["scopes"])
    return "\n\n".join(part for part in (
        f"{commits(files)} {number(states)} states in {seconds:.0f} s.".strip(),
        table(["scope", "of", "states", "transitions", "courses to the end", "time", "outcome"], scopes) if scopes else "",
        table(["without the rule", "states until it shows", "steps of the trace", "what is wrong then"], rules) if rules else "") if part)


def simulation(paths):
    """Sums over all seeds; the lines are many and are read one by one."""
    sums, seeds, broken, first, last, found = collections.Counter(), 0, [], None, None, []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in filter(str.strip, file):
                one = json.loads(line)
                if "seed" not in one:
                    found.append(one)
                    continue
                seeds += 1
                first, last = min(first or one["seed"], one["seed"]), max(last or one["seed"], one["seed"])
                if one.get("violation"):
                    broken.append(f"{one['seed']} ({one.get('invariant')})")
                sums.update({name: value for name, value in one.items() if isinstance(value, (int, float)) and not isinstance(value, bool)
                             and name != "seed"})
    rows = [[name.replace("_", " "), number(int(count) if float(count).is_integer() else count)] for name, count in sums.items() if name not in NO_COUNTS]
    return (f"{commits(found)} {number(seeds)} seeds ({first} to {last}), {number(int(sums['steps']))} steps, "
            f"{number(sums['virtual_seconds'] / 3600)} virtual hours, {len(broken)} violations{': ' + ', '.join(broken) if broken else ''}.").strip() + \
        "\n\n" + table(["what happened", "times"], rows)


def torture(files):
    """Kills, faults, what was checked, for each log and in all."""
    kinds = sorted({(each["log"], each["brokers"]) for each in files})
    names = ["embedded" if log == "embedded" else f"Kafka, {brokers} broker{'s' if brokers > 1 else ''}" for log, brokers in kinds]

    def sums(count):
        columns = collections.defaultdict(lambda: [0] * len(kinds))
        for each in files:
            for name, value in count(each).items():
                columns[name][kinds.index((each["log"], each["brokers"]))] += value
        return [[name, *map(number, values), number(sum(values))] for name, values in sorted(columns.items())]

    not_run = collections.Counter(f"{name} on {names[kinds.index((each['log'], each['brokers']))]}: {why}" for each in files for name, why in each["not_run"].items())
    kills = lambda each: {**{f"kill -9: {name}": count for name, count in each["kills"].items()}, "kill -9: all": sum(each["kills"].values())}
    minutes = lambda each: {"minutes of faults": each["minutes"], "campaigns": 1}
    head = ["", *names, "all"]
    parts = [f"{commits(files)} Seeds {', '.join(str(each['seed']) for each in files)}. "
             f"{sum(sum(each.get('violations', {}).values()) + (each['exit'] != 0 and not each.get('violations')) for each in files)} violations.",
             table(["campaigns", *head[1:]], sums(minutes)), table(["real kills", *head[1:]], sums(kills)),
             table(["fail points that were reached", *head[1:]], sums(lambda each: each["fail_points"])),
             table(["faults injected", *head[1:]], sums(lambda each: each["injected"])),
             table(["damage done to the log afterwards", *head[1:]], sums(lambda each: each["damage"])),
             table(["what the checker counted", *head[1:]], sums(lambda each: each.get("counts", {}))),
             "Not run, since the machine could not: " + "; ".join(not_run) + "." if not_run else "Every fault could be injected."]
    return "\n\n".join(parts)


def storm(files):
    """What was done to the nodes and brokers, what was checked; it ends with an error instead of a file when a rule is broken."""
    faults, counts = collections.Counter(), collections.Counter()
    for each in files:
        faults.update(each["faults"])
        counts.update(each["counts"])
    rows = lambda of: [[name, number(count)] for name, count in sorted(of.items())]
    return "\n\n".join((f"{commits(files)} Seeds {', '.join(str(each['seed']) for each in files)}, {number(sum(each['minutes'] for each in files))} minutes of faults "
                        "at random after each of them once. 0 violations.", table(["fault", "times"], rows(faults)), table(["what the checker counted", "all"], rows(counts))))


def fuzz(files):
    sums = collections.OrderedDict()
    for file in files:
        for each in file["results"]:
            one = sums.setdefault(each["target"], [0, 0, 0, 0.0, 0])
            one[0] += each["executions"]
            one[1], one[2] = max(one[1], each["coverage"]), max(one[2], each["features"])
            one[3] += each["processor_seconds"]
            one[4] += len(each["crashes"])
    hours = sum(one[3] for one in sums.values()) / 3600
    return f"{commits(files)} {number(hours)} hours of processor.\n\n" + table(
        ["target", "executions", "edges", "features", "processor", "inputs found that end it"],
        [[name, number(one[0]), number(one[1]), number(one[2]), f"{one[3]:,.0f} s", one[4]] for name, one in sums.items()])


def replace(document, name, text):
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.S)
    if not place.search(document):
        sys.exit(f"reliability: the document has no place for '{name}'")
    return place.sub(lambda found: f"{found.group(1)}{text}\n{found.group(2)}", document)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="reliability", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "simulation", "torture", "storm", "fuzz"):
        parser.add_argument(f"--{name}", nargs="+", metavar="FILE")
    parser.add_argument("--defects", metavar="FILE")
    parser.add_argument("--document", default=os.path.join(SOURCE, "docs", "reliability.md"))
    options = parser.parse_args(arguments)
    try:
        with open(options.document, encoding="utf-8") as file:
            document = file.read()
        for name, write in (("model", model), ("torture", torture), ("storm", storm), ("fuzz", fuzz)):
            if getattr(options, name):
                document = replace(document, name, write([read(path) for path in getattr(options, name)]))
        if options.simulation:
            document = replace(document, "simulation", simulation(options.simulation))
        if options.defects:
            with open(options.defects, encoding="utf-8") as file:
                document = replace(document, "defects", file.read().strip())
    except OSError as error:
        sys.exit(f"reliability: {error}")
    with open(options.document, "w", encoding="utf-8") as file:
        file.write(document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
