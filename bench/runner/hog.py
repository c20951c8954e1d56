"""Endless loops: how long the round trips of others take beside them."""

import itertools
import statistics
from dataclasses import dataclass, field

from table import ratio, shown_seconds

TITLE = "bystanders' round trips beside endless loops"
# Of the first, some are left out: code is compiled, memory touched.
WARM_UP = 200
# One order's round trips; an order is answered within 15 s, and beside 16 loops one may take 20 ms.
TRIPS = 500


@dataclass
class HogResult:
    """`talk`: each loop answered a thousand messages before, so that it counts as a process that waits for such;
    `mute`: it saw none. `pause`: milliseconds that the bystander sleeps before each round trip; what it sleeps longer
    counts. Of each system, a number for each round."""

    loops: int
    kind: str
    pause: int
    p50: dict = field(default_factory=dict)
    p99: dict = field(default_factory=dict)
    longest: dict = field(default_factory=dict)


def one_round(result, make, quick):
    with make() as system:
        system.run(f"latency {2 if quick else WARM_UP} 100 {result.pause}")
        if result.loops:
            system.run(f"hogs {result.loops} {result.kind}")
        _, p50, p99, longest = system.run(f"latency {2 if quick else TRIPS} 100 {result.pause}")
        for figures, nanoseconds in ((result.p50, p50), (result.p99, p99), (result.longest, longest)):
            figures.setdefault(system.name, []).append(nanoseconds / 1e9)


def measure(systems, rounds, quick):
    # CAF leaves it to an actor when it returns: beside as many loops as it has threads, nothing goes on.
    preemptive = [make for name, make in systems.items() if name != "caf"]
    for loops in (0, 1, 4) if quick else (0, 1, 4, 16):
        for kind, pause in itertools.product(("mute", "talk") if loops else ("-",), (0, 1)):
            result = HogResult(loops, kind, pause)
            for _ in range(rounds):
                for make in preemptive:
                    one_round(result, make, quick)
            yield result


def header():
    return ("loops", "before", "sleeps", "p50", "p99", "longest", "erlang p50", "p99", "longest", "x p50", "x p99")


def cells(result):
    yield from (str(result.loops), result.kind, f"{result.pause} ms" if result.pause else "-")
    figures = (result.p50, result.p99, result.longest)
    for system in ("kinode", "erlang"):
        for each in figures:
            yield shown_seconds(statistics.median(each[system])) if system in each else "-"
    for each in figures[:2]:
        yield ratio(each["kinode"], each["erlang"]) if "erlang" in each else "-"
