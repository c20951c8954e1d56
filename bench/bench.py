#!/usr/bin/env python3
"""./run bench [ROW...]: what the node's work costs, beside the same work in Erlang, in CAF and by its storage alone.

See README.md.
"""

import argparse
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "runner"))

import backup  # noqa: E402
import boot  # noqa: E402
import hog  # noqa: E402
import network  # noqa: E402
import rows  # noqa: E402
import systems  # noqa: E402
import table  # noqa: E402

# Maps of memory that so many processes and the node take.
MAPS_OF_100000 = 1_000_000


def whole_node_rows(chosen, arguments):
    """name: what measures it."""
    quick = arguments.quick
    return {
        "memory": lambda: boot.idle_memory(chosen, min(arguments.rounds, 2), quick),
        "processes": lambda: boot.processes("processes", 30_000, "30 000", quick),
        "processes-max": lambda: boot.processes("processes-max", 100_000, "100 000", quick),
        "boot-2": lambda: boot.boot("boot-2", 2, "0.15 s", arguments.rounds),
        "boot-20": lambda: boot.boot("boot-20", 3 if quick else 20, "0.3 s", arguments.rounds),
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", nargs="*", help="only these; `hog`, `network` and `backup` are tables of their own")
    parser.add_argument("--list", action="store_true", help="print the rows' names")
    parser.add_argument("--quick", action="store_true", help="each once and with few operations: the figures mean nothing")
    parser.add_argument("--rounds", type=int, default=5, help="of each system, in turns (default 5)")
    parser.add_argument("--no-peers", action="store_true", help="the node alone")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured to a file")
    return parser.parse_args()


def choose_systems(arguments):
    chosen = {"kinode": systems.Node}
    peers = {"erlang": systems.erlang, "caf": systems.caf, "alone": systems.storage}
    for name, find in ({} if arguments.no_peers else peers).items():
        make = find()
        if make:
            chosen[name] = make
        else:
            print(f"note: the peer {name} was not built: its columns stay empty", flush=True)
    return chosen


def choose_rows(arguments, whole_node):
    known = [row.name for row in rows.ROWS] + list(whole_node) + ["hog", "network", "backup"]
    for name in arguments.row:
        if name not in known:
            sys.exit(f"no row {name}; there are: {' '.join(known)}")
    if arguments.row:
        return arguments.row
    if boot.map_limit() < MAPS_OF_100000 and not arguments.quick:
        known.remove("processes-max")
        print(f"note: processes-max is left out, it takes `sysctl -w vm.max_map_count={MAPS_OF_100000}`", flush=True)
    return known


def measure_row(name, whole_node, chosen, arguments):
    print(f"measuring {name}", file=sys.stderr, flush=True)
    if name in whole_node:
        return whole_node[name]()
    row = next(row for row in rows.ROWS if row.name == name)
    return rows.measure(row, chosen, arguments.rounds, arguments.quick)


def measure_rows(names, whole_node, chosen, arguments):
    """The results, and how many rows failed; the others are worth as much."""
    results = []
    failed = 0
    for name in names:
        try:
            results.append(measure_row(name, whole_node, chosen, arguments))
        except systems.Failed as why:
            print(f"FAILED {name}: {why}", file=sys.stderr, flush=True)
            failed += 1
    return results, failed


def check(results, hogs, between):
    """No figure without a number: what was measured is there."""
    for result in results:
        for system, figures in result.systems.items():
            if not figures.value or not all(math.isfinite(value) and value > 0 for value in figures.value):
                sys.exit(f"row {result.name}: no figure of {system}: {figures.value}")
    for result in hogs:
        if not result.p99.get("kinode"):
            sys.exit(f"hog: no figure beside {result.loops} loops")
    for result in between:
        if not result.value or not all(math.isfinite(value) and value > 0 for value in result.value):
            sys.exit(f"network: no figure of {result.title}: {result.value}")


def main():
    arguments = parse_arguments()
    if arguments.quick:
        arguments.rounds = 1
    before = table.machine()
    chosen = choose_systems(arguments)
    of_processes = {name: make for name, make in chosen.items() if name != "alone"}
    whole_node = whole_node_rows(of_processes, arguments)
    names = choose_rows(arguments, whole_node)
    if arguments.list:
        print("\n".join(names))
        return

    print(f"{before['date']}, {before['cores']} x {before['processor']}, load {before['load']}; "
          f"medians of {arguments.rounds} rounds, for one operation (least..most)\n", flush=True)
    results, failed = measure_rows([name for name in names if name not in ("hog", "network", "backup")], whole_node, chosen, arguments)
    print("\n\n".join(table.tables(results)), flush=True)
    hogs = []
    if "hog" in names:
        print("measuring hog", file=sys.stderr, flush=True)
        rounds = min(arguments.rounds, 3)
        hogs = list(hog.measure(of_processes, rounds, arguments.quick))
        print(f"\n{hog.TITLE}; medians of {rounds} rounds; budget beside four: p50 0.2 ms, p99 2 ms\n")
        print(table.table(hog.header(), map(hog.cells, hogs)))
    between = []
    if "network" in names:
        print("measuring network", file=sys.stderr, flush=True)
        between = network.measure(arguments.rounds, arguments.quick)
        print(f"\n{network.TITLE}; medians of {arguments.rounds} rounds\n")
        print(table.table(network.header(), map(network.cells, between)))
    backups = []
    if "backup" in names:
        print("measuring backup", file=sys.stderr, flush=True)
        rounds = min(arguments.rounds, 3)
        backups = backup.measure(rounds, arguments.quick)
        print(f"\n{backup.TITLE}; medians of {rounds} rounds\n")
        print(table.table(backup.header(), map(backup.cells, backups)))
    check(results, hogs, between)
    print(f"\nload at the end {table.machine()['load']}")
    if arguments.json:
        table.write_json(arguments.json, before, results, hogs, between, backups)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
