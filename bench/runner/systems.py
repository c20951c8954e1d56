"""What is measured: a node, and the programs of other systems that do the same work.

Each is a process of its own that carries out orders, one at a time: a word and numbers, such as
`round-trips 100000 100`. It answers `ok` and numbers, the first of which are the nanoseconds that the
work took by its own clock.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
DRIVERS = ("driver:bench:bench.os", "second-driver:bench:bench.os")
PATIENCE = 3600


class Failed(Exception):
    """A system did not do what it was told."""


def cpu_clock(pid):
    """The kernel's clock of the processor time of all threads of a process (clock_getcpuclockid)."""
    return (~pid << 3) | 2


def numbers_of(name, order, answer):
    words = answer.split()
    if not words or words[0] != "ok":
        raise Failed(f"{name}, told `{order}`, says: {answer}")
    return [int(word) for word in words[1:]]


class System:
    """A running process. `pid` is set by `start`."""

    name = ""
    pid = None

    def cpu_ns(self):
        return time.clock_gettime_ns(cpu_clock(self.pid))

    def memory_bytes(self):
        """What it holds: pages that are shared among its own mappings once, and the tables that map them."""
        held = 0
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                held = int(line.split()[1])
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmPTE:"):
                held += int(line.split()[1])
        return held * 1024

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


class Node(System):
    """A node on a home of its own, with the package of bench/."""

    name = "kinode"

    def __init__(self, *options, packages=(BUILD / "packages" / "bench",), node_name="bench.os"):
        self.node_name = node_name
        self.options = list(options)
        self.packages = packages
        self.folder = tempfile.mkdtemp(prefix="kinode-bench-")
        self.process = None
        self.said = []

    def start(self):
        command = [str(BUILD / "bin" / "kinode"), self.folder + "/home", "--port", "0", "--fake-node-name", self.node_name,
                   "--detached", "--component-cache", str(BUILD / "bench-components"), *self.options]
        for package in self.packages:
            command += ["--bootstrap", str(package)]
        environment = {name: value for name, value in os.environ.items() if name != "RUST_BACKTRACE"}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
        self.pid = self.process.pid
        before = "http://localhost:"
        for line in self.process.stdout:
            self.said.append(line)
            if before in line:
                self.port = int(line.split(before)[1].split()[0])
                # What it says from now on must be taken, or it would wait for us.
                threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()
                return
        raise Failed("the node did not start; it said:\n" + "".join(self.said))

    def listen(self, stream):
        for line in stream:
            self.said.append(line)

    def run(self, order, driver=DRIVERS[0], metadata=None):
        message = {"process": driver, "node": None, "inherit": False, "expects_response": PATIENCE,
                   "metadata": metadata, "body": order}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", "/rpc:distro:sys/message", json.dumps(message), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        if response.status != 200:
            raise Failed(f"the node, told `{order}`, answers {response.status} {text}:\n" + "".join(self.said[-20:]))
        return numbers_of(self.name, order, bytes(json.loads(text)["body"]).decode(errors="replace"))

    def halt(self):
        """Ends it without ceremony; the home stays."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def stop(self):
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)


class Peer(System):
    """A program that reads an order from each line and writes the answer as a line."""

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.process = None

    def start(self):
        # Erlang would leave the dump of a crash wherever it was started.
        environment = dict(os.environ, ERL_CRASH_DUMP_SECONDS="0")
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                        env=environment)
        self.pid = self.process.pid
        said = self.process.stdout.readline().strip()
        if said != "ready":
            raise Failed(f"{self.name} did not start; it said: {said}")

    def run(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return numbers_of(self.name, order, self.process.stdout.readline())

    def stop(self):
        if not self.process:
            return
        # It may be in an endless loop.
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def erlang():
    """Erlang's peer, compiled; None where there is no Erlang."""
    if not shutil.which("erl") or not shutil.which("erlc"):
        return None
    folder = BUILD / "bench-peers"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "bench" / "peers").glob("*.erl"))
    subprocess.run(["erlc", "-o", folder, *sources], check=True)
    # Schedulers that wait do not spin: what is counted is work.
    quiet = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "+P", "2000000"]
    # -noinput would leave no standard input.
    return lambda: Peer("erlang", ["erl", "-noshell", *quiet, "-pa", str(folder), "-s", "bench_peer", "main"])


def caf():
    """CAF's peer; None where it was not built."""
    program = BUILD / "bin" / "caf_peer"
    return (lambda: Peer("caf", [str(program)])) if program.exists() else None


class Storage(Peer):
    """What the node's storage is built on, without the node; in a folder on the same file system."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="kinode-bench-")
        super().__init__("alone", [str(program), self.folder])

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def storage():
    """None where it was not built."""
    program = BUILD / "bin" / "storage_peer"
    return (lambda: Storage(program)) if program.exists() else None
