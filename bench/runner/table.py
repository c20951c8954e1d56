"""Results as a table for people, and as JSON."""

import json
import os
import statistics
import time
from dataclasses import asdict
from pathlib import Path


def shown_seconds(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{rounded(seconds / size)} {unit}"
    return f"{rounded(seconds * 1e9)} ns"


def rounded(number):
    """Three digits, at least."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def shown(value, unit):
    if unit == "s":
        return shown_seconds(value)
    if unit == "B":
        return f"{rounded(value / 1024)} KiB"
    return f"{value:,.0f}".replace(",", " ")


def spread(values, unit):
    """The median, and the least and the most where there is more than one."""
    text = shown(statistics.median(values), unit)
    if len(values) > 1 and min(values) != max(values):
        text += f" ({shown(min(values), unit).split()[0]}..{shown(max(values), unit)})"
    return text


def ratio(ours, theirs):
    """The median of the rounds' ratios: both ran one after the other in a round."""
    pairs = [our / their for our, their in zip(ours, theirs) if their > 0]
    return f"{rounded(statistics.median(pairs))}x" if pairs else "-"


def cells(result, peers):
    ours = result.systems["kinode"]
    yield from (result.name, result.title, spread(ours.value, result.unit))
    yield spread(ours.cpu, "s") if ours.cpu else "-"
    for peer in peers:
        theirs = result.systems.get(peer)
        if not theirs:
            yield from ("-", "-", "-", "-")
            continue
        yield shown(statistics.median(theirs.value), result.unit)
        yield shown(statistics.median(theirs.cpu), "s") if theirs.cpu else "-"
        yield ratio(ours.value, theirs.value)
        yield ratio(ours.cpu, theirs.cpu) if theirs.cpu else "-"
    yield result.budget or "-"


def header(peers):
    yield from ("row", "what", "wall", "CPU")
    for peer in peers:
        yield from (f"{peer} wall", "CPU", "x wall", "x CPU")
    yield "budget"


def table(head, lines):
    """In the form of Markdown, the columns aligned."""
    rows = [list(head), *[list(line) for line in lines]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows)


def tables(results):
    """Those beside other systems of processes, and those beside what the node's storage is built on."""
    for peers, is_chosen in ((("erlang", "caf"), lambda result: "alone" not in result.systems),
                             (("alone",), lambda result: "alone" in result.systems)):
        chosen = [cells(result, peers) for result in results if is_chosen(result)]
        if chosen:
            yield table(header(peers), chosen)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def machine():
    return {"date": time.strftime("%Y-%m-%d %H:%M"), "processor": processor(), "cores": os.cpu_count(),
            "load": [round(each, 2) for each in os.getloadavg()]}


def write_json(path, before, results, hogs, network, backups):
    content = {"before": before, "after": machine(), "rows": [asdict(result) for result in results],
               "hog": [asdict(each) for each in hogs], "network": [asdict(each) for each in network],
               "backup": [asdict(each) for each in backups]}
    Path(path).write_text(json.dumps(content, indent=1) + "\n")
