"""The rows about a whole node: how long it takes to start, how much it holds, how many processes fit."""

import itertools
import json
import shutil
import tempfile
import time
from pathlib import Path

from rows import PART, Figures, Result
from systems import BUILD, DRIVERS, Node

MAP_LIMIT = Path("/proc/sys/vm/max_map_count")


def unlike(component, number):
    """The same component, other bytes: a custom section more. So each package is compiled and kept by itself."""
    content = b"\x05bench" + number.to_bytes(4, "little")
    return component + bytes((0, len(content))) + content


def make_packages(folder, count):
    """Packages with one process each."""
    component = (BUILD / "packages" / "bench" / "pkg" / "bench-echo.wasm").read_bytes()
    metadata = json.loads((BUILD / "packages" / "bench" / "metadata.json").read_text())
    process = {"process_name": "echo", "process_wasm_path": "/echo.wasm", "on_exit": "Restart",
               "request_networking": False, "request_capabilities": [], "grant_capabilities": [], "public": True}
    for number in range(count):
        package = Path(folder) / f"boot-{number}"
        (package / "pkg").mkdir(parents=True)
        metadata["properties"]["package_name"] = package.name
        (package / "metadata.json").write_text(json.dumps(metadata))
        (package / "pkg" / "manifest.json").write_text(json.dumps([process]))
        (package / "pkg" / "echo.wasm").write_bytes(unlike(component, number))
        yield package


def boot(name, packages, budget, rounds):
    """The start of a node that was started before, until it is ready. One of its packages is the app store."""
    figures = Figures()
    folder = tempfile.mkdtemp(prefix="kinode-bench-")
    node = Node(packages=list(make_packages(folder, packages - 1)))
    try:
        node.start()
        node.halt()
        for _ in range(rounds):
            begin = time.monotonic_ns()
            node.start()
            figures.value.append((time.monotonic_ns() - begin) / 1e9)
            figures.cpu.append(node.cpu_ns() / 1e9)
            node.halt()
    finally:
        node.stop()
        shutil.rmtree(folder)
    return Result(name, f"warm start of a node with {packages} packages", budget, {"kinode": figures})


def stand(system, count):
    """Starts so many idle processes, and returns when they wait."""
    for begin in range(0, count, PART):
        system.run(f"stand {min(PART, count - begin)}")
    # One started now comes to run after those.
    system.run("start 1")


def idle_memory(systems, rounds, quick):
    result = Result("memory", "memory of an idle process", "24 KiB, then 12", {}, unit="B")
    for name, make in systems.items():
        count = 5 if quick else 4_000 if name == "kinode" else 40_000
        result.systems[name] = Figures()
        for _ in range(rounds):
            with make() as system:
                stand(system, 1)
                before = system.memory_bytes()
                stand(system, count)
                result.systems[name].value.append((system.memory_bytes() - before) / count)
    return result


def processes(name, limit, budget, quick):
    """How many there may be at once, all of which have answered a request: until one does not."""
    limit = 40 if quick else limit
    figures = Figures()
    with Node("--max-processes", str(limit)) as node:
        node.run("round-trips 1 100")
        cpu = node.cpu_ns()
        started = 0
        # A parent holds a capability of each child, and of those no more than 65 536.
        for driver in itertools.cycle(DRIVERS):
            part = node.run(f"start {PART}", driver)[1]
            started += part
            if part < PART:
                break
        figures.cpu.append((node.cpu_ns() - cpu) / max(started, 1) / 1e9)
        figures.value.append(started)
        node.run("round-trips 1 100")
    return Result(name, f"processes beside the node's own, limit {limit}", budget, {"kinode": figures}, unit="")


def map_limit():
    return int(MAP_LIMIT.read_text())
