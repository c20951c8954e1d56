"""Nodes on machines of a line, with the package of test guests; and what one can see of them from outside."""

import base64
import http.client
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("KINODE_TEST_BUILD", ROOT / "build"))
PROGRAMS = Path(os.environ.get("KINODE_TEST_PROGRAMS", BUILD / "bin"))
CACHE = Path(os.environ.get("KINODE_CACHE", Path.home() / ".cache/kinode"))
TCP_PORT = 10_000
WS_PORT = 9_000
PATIENCE = 60
ACTOR = "actor:test-kit:test.os"
ECHO = "echo:test-kit:test.os"


class Failed(Exception):
    """The node did not do what it should."""


def until(what, predicate, limit=PATIENCE):
    """What `predicate` gives when it gives something. For what nothing tells of: memory, descriptors, an answer."""
    end = time.monotonic() + limit
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failed(f"not within {limit} s: {what}")
        time.sleep(0.02)


class Node:
    """A node in a process of its own, killed when it goes."""

    def __init__(self, machine, name, folder, *options, peers=""):
        self.machine, self.name, self.options = machine, name, options
        self.devnet = Path(folder)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        self.peers = self.folder / "peers.toml"
        self.peers.write_text(peers)
        self.changed = threading.Condition()
        self.said = bytearray()
        self.ended = True
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        command = [PROGRAMS / "kinode", self.folder / "home", "--port", "0", "--fake-node-name", self.name, "--detached",
                   "--verbosity", "2", "--ip", self.machine.ip, "--devnet", self.devnet / "devnet", "--peers", self.peers,
                   "--component-cache", CACHE / "conformance-components", "--bootstrap", BUILD / "packages" / "test-kit",
                   *self.options]
        with self.machine.inside():
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.ended = False
        mark = self.mark()
        threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()
        self.port = int(re.search(r"http://localhost:(\d+)", self.wait_for("http://localhost:", mark)).group(1))

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """In good order; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    # ---- what it says ----

    def listen(self, stream):
        with stream:
            while part := stream.read1(65536):
                with self.changed:
                    self.said += part
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def mark(self):
        """A place in what it says, for `wait_for`."""
        return len(self.said)

    def wait_for(self, text, since=0, limit=PATIENCE):
        """The line that has `text`, said after `since`."""
        end = time.monotonic() + limit
        with self.changed:
            while True:
                found = self.said.find(text.encode(), since)
                line_end = self.said.find(b"\n", found) if found >= 0 else -1
                if line_end >= 0:
                    return self.said[self.said.rfind(b"\n", 0, found) + 1:line_end].decode(errors="replace")
                left = end - time.monotonic()
                if left <= 0 or self.ended:
                    why = "ended and did not say" if self.ended else f"did not say within {limit} s:"
                    last = self.said[-2000:].decode(errors="replace")
                    raise Failed(f"{self.name} {why} `{text}`; the last it said:\n{last}")
                self.changed.wait(left)

    # ---- what it holds ----

    def memory(self):
        """Bytes of resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # ---- messages ----

    def rpc(self, process, body, expects=10, node=None, blob=None):
        message = {"process": process, "node": node, "inherit": False, "expects_response": expects, "metadata": None,
                   "body": body if isinstance(body, str) else json.dumps(body)}
        if blob is not None:
            message["data"] = base64.b64encode(blob).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.machine.connect("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/rpc:distro:sys/message", json.dumps(message), {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status != 200:
            raise Failed(f"{self.name} answers {response.status}: {text}")
        return bytes(json.loads(text)["body"]) if expects else b""

    def act(self, *steps, actor=ACTOR):
        """Has the actor do steps; their results."""
        results = json.loads(self.rpc(actor, {"steps": steps}))["results"]
        if results and isinstance(results[-1], dict) and "failed" in results[-1]:
            raise Failed(f"the actor did not understand: {results[-1]}")
        return results

    def ask(self, peer, process=ECHO, body="?", expects=5):
        """A request to a process of another node: `response`, `Timeout` or `Offline`."""
        answer = self.act({"do": "send_and_await", "to": f"{peer}@{process}", "body": body, "expects": expects})[-1]
        return answer.get("error", answer["kind"])

    def begin(self, peer, bodies, process=ECHO, expects=PATIENCE, **more):
        """Sends a request for each of `bodies` and does not wait; what comes is in `events`."""
        self.act({"do": "send_many", "requests": [{"to": f"{peer}@{process}", "body": body, "expects": expects, **more}
                                                  for body in bodies]})

    def events(self, count, limit=PATIENCE):
        """The next `count` responses and errors, which are then forgotten."""
        def seen():
            log = self.act({"do": "events", "clear": False})[-1]
            return log if len(log) >= count else None
        log = until(f"{count} events at {self.name}", seen, limit)
        self.act("events")
        return log


def raise_descriptor_limit(wanted=8192):
    """Nodes inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
