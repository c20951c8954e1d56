#!/usr/bin/env python3
"""A node's backups in remotes of each kind, on this machine. See README.md.

    backup_remotes.py [CASE...]     all, or those whose name contains one of these
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import xml.etree.ElementTree
from pathlib import Path

import servers

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("KINODE_TEST_BUILD", ROOT / "build"))
KINODE = Path(os.environ.get("KINODE_TEST_PROGRAMS", BUILD / "bin")) / "kinode"
PATIENCE = 120
PASSWORD = "the password of a person"
MARKER = b"a text that nobody may read there"
COUNTER = "counter:test-kit:test.os"


class Failed(Exception):
    """The node did not do what it should."""


def check(condition, what):
    if not condition:
        raise Failed(what)


def until(what, predicate):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := predicate():
            return value
        time.sleep(0.2)
    raise Failed(f"not within {PATIENCE} s: {what}")


def kinode(*words, password=PASSWORD, fails=False, **environment):
    """What the program printed."""
    ended = subprocess.run([KINODE, *map(str, words)], env={**os.environ, "KINODE_PASSWORD": password, **environment},
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           timeout=PATIENCE)
    check((ended.returncode != 0) == fails, f"kinode {' '.join(map(str, words))}: {ended.returncode}\n{ended.stdout}")
    return ended.stdout


class Node:
    """A node with the package of test guests, killed at its end."""

    def __init__(self, home):
        self.home = Path(home)
        self.process = None
        self.is_connected = False
        self.start()

    def start(self):
        command = [KINODE, self.home, "--port", "0", "--fake-node-name", "test.os", "--detached",
                   "--devnet", self.home.parent / "devnet", "--component-cache", servers.CACHE / "conformance-components",
                   "--bootstrap", BUILD / "packages/test-kit"]
        environment = {name: value for name, value in os.environ.items() if name != "KINODE_PASSWORD"}
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        said = b""
        for line in self.process.stdout:
            said += line
            if found := re.search(rb"http://localhost:(\d+)", line):
                self.port = int(found.group(1))
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise Failed(f"the node did not start:\n{said.decode(errors='replace')}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def rpc(self, process, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        message = {"process": process, "inherit": False, "expects_response": 15, "body": body}
        connection.request("POST", "/rpc:distro:sys/message", json.dumps(message), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        check(response.status == 200, f"the node answers {response.status}: {text}")
        return bytes(json.loads(text)["body"]).decode()

    def count(self):
        if not self.is_connected:
            for target, issuer in (("http-server:distro:sys", COUNTER), (COUNTER, "http-server:distro:sys")):
                self.rpc("kernel:distro:sys", json.dumps({"GrantCapabilities": {
                    "target": target, "capabilities": [{"issuer": f"test.os@{issuer}", "params": "\"messaging\""}]}}))
            self.is_connected = True
        return int(self.rpc(COUNTER, ""))

    def processes(self):
        """The processes with what they hold, in a form to compare."""
        debug = json.loads(self.rpc("kernel:distro:sys", json.dumps({"Debug": "ProcessMap"})))
        return {name: (entry["on_exit"], entry["public"], sorted(map(json.dumps, entry["capabilities"])))
                for name, entry in debug["Debug"]["ProcessMap"].items() if ":test-kit:" in name or "app-store" in name}

    def status(self, remote):
        return json.loads(self.rpc("backup:distro:sys", '"Status"'))["Status"]["remotes"][remote]


class Scene:
    """One case's folder, and what is to be ended after it."""

    def __init__(self, stack):
        self.stack = stack
        self.folder = Path(tempfile.mkdtemp(prefix="kinode-backup-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def node(self, home="home"):
        node = Node(self.folder / home)
        self.stack.callback(node.kill)
        return node

    def server(self, kind, name):
        server = kind(self.folder / name)
        self.stack.callback(server.stop)
        return server

    def add(self, node, name, server, url=None):
        words = [word for key in server.environment for word in ("--environment", key)]
        words += [word for key, value in server.options.items() for word in ("--option", f"{key}={value}")]
        return kinode("backup", "add", name, url or server.url, "--home", node.home, *words, **server.environment)

    def restore(self, server, home, **how):
        words = [word for key, value in server.options.items() for word in ("--option", f"{key}={value}")]
        return kinode("restore", "--from", server.url, self.folder / home, *words, **server.environment, **how)

    def fill(self, node, size=0):
        """Files that a package has."""
        drive = node.home / "vfs/test-kit:test.os/kept"
        drive.mkdir(parents=True, exist_ok=True)
        (drive / "file").write_bytes(MARKER * 100)
        if size:
            (drive / "large").write_bytes(os.urandom(size))


def drives(home):
    return {path.relative_to(home): path.read_bytes() for path in (home / "vfs").rglob("*") if path.is_file()}


# ---- cases ----

def every_kind_at_once(scene):
    """A REST server, an SFTP server, an S3 server, what rclone reaches and a folder; from each comes back a node that
    works."""
    node = scene.node()
    scene.fill(node)
    counted = max(node.count() for _ in range(5))
    class Folder:
        url, environment, options = str(scene.folder / "disk"), {}, {}
    class Rclone:
        url, environment, options = f"rclone:here:{scene.folder / 'rclone'}", {"RCLONE_CONFIG_HERE_TYPE": "local"}, {}
    kinds = {"rest": scene.server(servers.RestServer, "rest"), "sftp": scene.server(servers.SftpServer, "sftp"),
             "s3": scene.server(servers.S3Server, "s3"), "rclone": Rclone, "disk": Folder}
    for name, server in kinds.items():
        scene.add(node, name, server)
    said = kinode("backup", "now", "--home", node.home)
    processes = node.processes()
    check(said.count("the snapshot is there") == len(kinds), said)
    check(node.stop() == 0, "the node did not stop")
    before = drives(node.home)
    for name, server in kinds.items():
        scene.restore(server, f"from-{name}")
        check(drives(scene.folder / f"from-{name}") == before, f"{name}: other files came back")
        again = scene.node(f"from-{name}")
        check(again.processes() == processes, f"{name}: other processes came back:\n{again.processes()}\n{processes}")
        check(again.count() == counted + 1, f"{name}: the state is not that of the snapshot")
        again.kill()
    for name in ("rest", "sftp", "rclone", "disk"):
        for path in (scene.folder / name).rglob("*"):
            check(not path.is_file() or MARKER not in path.read_bytes(), f"{path} can be read")


def one_stops_in_the_middle(scene):
    """A remote's line is cut while it is sent to: the other is served, and the first catches up by itself."""
    node = scene.node()
    rest, disk = scene.server(servers.RestServer, "rest"), scene.server(servers.RestServer, "other")
    line = servers.CutLine(rest.port)
    scene.stack.callback(line.stop)
    scene.add(node, "cut", rest, url=f"rest:http://127.0.0.1:{line.port}/node")
    scene.add(node, "whole", disk)
    kinode("backup", "now", "--home", node.home)
    settings = node.home / "backup.toml"
    settings.write_text(re.sub(r"retry = .*", "retry = '1s'", settings.read_text()))
    node.rpc("backup:distro:sys", '"Reload"')
    scene.fill(node, 30 << 20)
    line.left = 10 << 20
    started = json.loads(node.rpc("backup:distro:sys", '{"Now":{}}'))["Started"]
    check(line.was_cut.wait(PATIENCE), "the line was not cut: not so much was sent")
    until("the other remote has its snapshot", lambda: str(started["whole"]) in node.status("whole")["done"])
    check(node.status("whole")["last_error"] is None, "the other remote failed, too")
    check(node.status("cut")["pending_since"] is not None, "nothing is pending at the one that was cut")
    line.left = None
    until("the one that was cut has caught up", lambda: node.status("cut")["pending_since"] is None)
    check(node.status("cut")["last"]["bytes"] == node.status("whole")["last"]["bytes"] or
          node.status("cut")["failures"] == 0, "it has not caught up")
    kinode("backup", "verify", "cut", "--home", node.home)


def goes_on_after_a_crash(scene):
    """The node is killed while it sends; the next start goes on, and no lock, no tree of it stays."""
    node = scene.node()
    rest = scene.server(servers.RestServer, "rest")
    line = servers.CutLine(rest.port)
    scene.stack.callback(line.stop)
    scene.add(node, "rest", rest, url=f"rest:http://127.0.0.1:{line.port}/node")
    kinode("backup", "now", "--home", node.home)
    scene.fill(node, 30 << 20)
    line.left = 10 << 20
    node.rpc("backup:distro:sys", '{"Now":{}}')
    check(line.was_cut.wait(PATIENCE), "not so much was sent that the node could be killed in the middle")
    node.kill()
    line.left = None
    node.start()
    kinode("backup", "now", "--home", node.home)
    kinode("backup", "verify", "--home", node.home)
    trees = node.home / "backup/trees"
    until("the trees are gone", lambda: not trees.exists() or not any(trees.iterdir()))
    check(node.status("rest")["pending_since"] is None, "something is still pending")


def tampered_and_wrong_password(scene):
    """Who has the remote but not the password reads nothing; what it changed is found."""
    node = scene.node()
    rest = scene.server(servers.RestServer, "rest")
    scene.fill(node)
    scene.add(node, "rest", rest)
    kinode("backup", "now", "--home", node.home)
    said = scene.restore(rest, "none", password="a guess", fails=True)
    check("the password does not open the repository" in said, said)
    check(not (scene.folder / "none").exists(), "something was restored")
    for pack in (rest.folder / "node/data").rglob("*"):
        if pack.is_file():
            content = bytearray(pack.read_bytes())
            content[len(content) // 2] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(content)
    said = kinode("backup", "verify", "--home", node.home, fails=True)
    check("If it is damaged" in said, said)
    shutil.rmtree(node.home / "cache/restic", ignore_errors=True)
    said = scene.restore(rest, "none", fails=True)
    check(not (scene.folder / "none").exists(), "what is damaged was restored as if it were whole: " + said)


def no_secret_on_a_command_line(scene):
    """While restic runs, neither its command line nor that of its children shows a password or a key."""
    node = scene.node()
    s3 = scene.server(servers.S3Server, "s3")
    scene.add(node, "s3", s3)
    scene.fill(node, 20 << 20)
    node.rpc("backup:distro:sys", '{"Now":{}}')
    lines = set()
    def finished():
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                lines.add(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        return node.status("s3")["pending_since"] is None
    until("the snapshot is there", finished)
    ours = [line for line in lines if line.startswith("restic ")]
    check(ours, "restic was not seen at work")
    for line in ours:
        check(s3.environment["AWS_SECRET_ACCESS_KEY"] not in line and PASSWORD not in line, f"a secret is shown: {line}")


CASES = {case.__name__: case for case in (every_kind_at_once, one_stops_in_the_middle, goes_on_after_a_crash,
                                          tampered_and_wrong_password, no_secret_on_a_command_line)}


def run(name, case):
    """What went wrong, empty if nothing did, or None where this machine cannot run it; and the seconds."""
    begin = time.monotonic()
    wrong = ""
    with contextlib.ExitStack() as stack:
        try:
            case(Scene(stack))
        except servers.Unavailable as why:
            print(f"note: {name} is skipped: {why}")
            wrong = None
        except Exception:  # whatever it is, the other cases are worth as much
            wrong = traceback.format_exc()
    seconds = time.monotonic() - begin
    how = {None: "skip", "": "ok"}.get(wrong, "FAILED")
    print(f"{how:6} {name}, {seconds:.1f} s\n{wrong or ''}", end="", flush=True)
    return name, wrong, seconds


def report(results):
    """In the form of GoogleTest, which ./test counts."""
    where = os.environ.get("GTEST_OUTPUT", "")
    if not where.startswith("xml:"):
        return
    failed = sum(1 for _, wrong, _ in results if wrong)
    root = xml.etree.ElementTree.Element("testsuites", tests=str(len(results)), failures=str(failed))
    for name, wrong, seconds in results:
        result = "skipped" if wrong is None else "completed"
        entry = xml.etree.ElementTree.SubElement(root, "testcase", name=name, result=result, time=f"{seconds:.3f}")
        if wrong:
            xml.etree.ElementTree.SubElement(entry, "failure").text = wrong
    xml.etree.ElementTree.ElementTree(root).write(where.removeprefix("xml:"))


def main():
    chosen = [(name, case) for name, case in CASES.items()
              if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    if not chosen:
        print("no such case")
        return 1
    results = [run(*each) for each in chosen]
    report(results)
    failed = [name for name, wrong, _ in results if wrong]
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
