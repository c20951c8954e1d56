"""The rows whose work is an order to a system, and how it is timed."""

import contextlib
import time
from dataclasses import dataclass, field

from systems import Failed

# An order is answered within 15 s, also on a slow machine: large crowds are made in parts.
PART = 250


@dataclass
class Figures:
    """What was measured of one system: for each round seconds (or bytes, or how many), and seconds of processor time."""

    value: list = field(default_factory=list)
    cpu: list = field(default_factory=list)


@dataclass
class Result:
    name: str
    title: str
    budget: str
    systems: dict  # name: Figures
    unit: str = "s"


@dataclass(frozen=True)
class Row:
    """One row. `{count}`, `{size}` and `{crowd}` stand in its orders for its numbers."""

    name: str
    title: str
    order: str
    count: int
    budget: str = ""
    # How often peers do it, where that differs: they are to run as long.
    peer_count: int = 0
    size: int = 100
    peers: tuple = ("erlang", "caf")
    # Processes there are, and the order that makes them, in parts.
    crowd: int = 0
    make: str = ""
    # Orders before and after each round, not measured.
    before: str = ""
    after: str = ""
    # Whether each of the crowd does it `count` times.
    by_all: bool = False
    # How often the order is given in a round, one after the other.
    times: int = 1
    # Until the answer is here, and not by the system's own clock.
    outside: bool = False
    has_cpu: bool = True

    def counts(self, system, quick):
        """count, crowd, times"""
        if quick:
            return 2, min(self.crowd, 3), min(self.times, 2)
        return (self.count if system == "kinode" else self.peer_count or self.count), self.crowd, self.times


MIB = 1 << 20

ROWS = [
    Row("round-trip", "request and response, 100 B", "round-trips {count} {size}", 50_000, "2.5 us, then 1.4",
        peer_count=200_000),
    Row("one-way", "one-way flood, 100 B", "flood {count} {size}", 100_000, "0.7 us", peer_count=400_000),
    Row("blob", "1 MiB blob there and back, read at both ends", "blobs {count} {size}", 1_000, "120 us",
        peer_count=50_000, size=MIB),
    Row("relay-1k", "1 KiB blob passed on and back, unread", "relay {count} {size}", 30_000, peer_count=200_000,
        size=1024),
    Row("relay-512m", "512 MiB blob passed on and back, unread", "relay {count} {size}", 30_000, "as 1 KiB",
        peer_count=200_000, has_cpu=False, size=512 * MIB),
    Row("start", "start of a process until its first answer", "start {count}", 500, "60 us, then 20", peer_count=20_000,
        after="end"),
    Row("start-1000", "the same beside 1 000 processes", "start {count}", 500, "60 us, then 20", peer_count=20_000,
        crowd=1_000, make="stand {crowd}", after="end"),
    Row("start-10000", "the same beside 10 000 processes", "start {count}", 500, "60 us, then 20", peer_count=20_000,
        crowd=10_000, make="stand {crowd}", after="end"),
    Row("pairs", "round trips of 1 000 pairs at once", "pairs {count} {size}", 50, peer_count=200, crowd=1_000,
        make="make-pairs {crowd}", by_all=True),
    Row("fan-in", "1 000 senders to one receiver", "fan-in {count} {size}", 100, peer_count=400, crowd=1_000,
        make="make-senders {crowd}", by_all=True),
    Row("save", "durable state saves, 1 000 in flight", "save {count} {size}", 30, "50 us", peers=("alone",), crowd=1_000,
        make="make-savers {crowd}", by_all=True, outside=True),
    Row("save-single", "one durable state save, until its sender is told", "save {count} {size}", 1, peers=("alone",),
        crowd=1, make="make-savers {crowd}", times=200, outside=True),
    Row("kv-set", "100 B written to a key of kv, durable at the end", "kv-set {count} {size}", 5_000,
        peer_count=50_000, peers=("alone",), before="kv-fill 1000 {size}", after="kv-remove", outside=True),
    Row("kv-get", "100 B read from a key of kv", "kv-get {count} {size}", 5_000, peer_count=200_000, peers=("alone",),
        before="kv-fill 1000 {size}", after="kv-remove"),
    Row("sqlite-insert", "INSERT of a row of 100 B, durable at the end", "sqlite-insert {count} {size}", 5_000,
        peer_count=20_000, peers=("alone",), before="sqlite-fill 1000 {size}", after="sqlite-remove", outside=True),
    Row("sqlite-select", "SELECT of a row of 100 B by its key", "sqlite-select {count} {size}", 5_000,
        peer_count=100_000, peers=("alone",), before="sqlite-fill 1000 {size}", after="sqlite-remove"),
    Row("storm", "1 000 crash at once, until each answers again", "storm", 1, crowd=1_000,
        before="make-crashers {crowd}", by_all=True, peers=("erlang",)),
    Row("file-write-1k", "1 KiB written to the vfs, as a whole", "write-files {count} {size}", 2_000, size=1024,
        peers=("erlang",)),
    Row("file-read-1k", "1 KiB read from the vfs", "read-files {count} {size}", 5_000, peer_count=20_000, size=1024,
        peers=("erlang",)),
    Row("file-append-1k", "1 KiB appended to a file of the vfs", "append-files {count} {size}", 5_000, peer_count=20_000,
        size=1024, peers=("erlang",)),
    Row("file-write-1m", "1 MiB written to the vfs, as a whole", "write-files {count} {size}", 200, size=MIB,
        peers=("erlang",)),
    Row("file-read-1m", "1 MiB read from the vfs", "read-files {count} {size}", 1_000, size=MIB, peers=("erlang",)),
]


def prepare(system, row, quick):
    """Makes the crowd, and does the work once: code is compiled, memory touched."""
    _, crowd, _ = row.counts(system.name, quick)
    for begin in range(0, crowd if row.make else 0, PART):
        system.run(row.make.format(crowd=min(PART, crowd - begin)))
    one_round(system, row, quick)


def one_round(system, row, quick):
    """Seconds, and seconds of processor time, for one operation."""
    count, crowd, times = row.counts(system.name, quick)
    size = min(row.size, MIB) if quick else row.size
    if row.before:
        system.run(row.before.format(crowd=crowd, size=size))
    cpu = system.cpu_ns()
    begin = time.monotonic_ns()
    answers = [system.run(row.order.format(count=count, size=size)) for _ in range(times)]
    outside = time.monotonic_ns() - begin
    cpu = system.cpu_ns() - cpu
    if row.name.startswith("start") and answers[0][1] != count:
        raise Failed(f"{system.name} started {answers[0][1]} of {count}")
    if row.after:
        system.run(row.after)
    operations = times * count * (crowd if row.by_all else 1)
    inside = sum(answer[0] for answer in answers)
    return (outside if row.outside else inside) / operations / 1e9, cpu / operations / 1e9


def measure(row, systems, rounds, quick):
    """`systems` makes them, by name. Ours and the others take turns."""
    result = Result(row.name, row.title, row.budget, {})
    with contextlib.ExitStack() as running:
        taking_part = []
        for name, make in systems.items():
            if name == "kinode" or name in row.peers:
                system = running.enter_context(make())
                prepare(system, row, quick)
                taking_part.append(system)
                result.systems[name] = Figures()
        for _ in range(rounds):
            for system in taking_part:
                value, cpu = one_round(system, row, quick)
                result.systems[system.name].value.append(value)
                if row.has_cpu:
                    result.systems[system.name].cpu.append(cpu)
    return result
