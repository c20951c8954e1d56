#!/usr/bin/env python3
"""Real nodes on a line with faults, and among peers that mean ill. See README.md.

    network_faults.py [CASE...]     all, or those whose name contains one of these
"""

import concurrent.futures
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE / "harness")]

import machines  # noqa: E402
import nodes  # noqa: E402

DEBIANS_PYTHON = "/usr/bin/python3"
CLONE_NEWUSER = 0x10000000
# Cases that mostly wait, for time-outs of the system's: they wait together.
WAITING = ("partition", "half_open", "killed")


def find_cryptography():
    """The library may be there for Debian's own Python alone."""
    if importlib.util.find_spec("cryptography") is None and sys.executable != DEBIANS_PYTHON:
        os.execv(DEBIANS_PYTHON, [DEBIANS_PYTHON, *sys.argv])
    return importlib.util.find_spec("cryptography") is not None


def become_root_of_our_own():
    """A user namespace, in which everybody may make network namespaces; without effect on files."""
    if os.geteuid() == 0:
        return
    user, group = os.geteuid(), os.getegid()
    machines.check(machines.LIBC.unshare(CLONE_NEWUSER), "no user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    # Only to a network namespace of our own can we come back.
    machines.check(machines.LIBC.unshare(machines.CLONE_NEWNET), "no network namespace")


def why_not():
    """Why this system cannot run the cases; None: it can."""
    if not find_cryptography():
        return "Python has no library `cryptography`: install python3-cryptography"
    if not shutil.which("ip"):
        return "there is no `ip`: install iproute2"
    try:
        become_root_of_our_own()
        line = machines.Line()
        try:
            line.machine()
        finally:
            line.close()
    except (machines.Unavailable, OSError) as why:
        return str(why)
    return None


def all_cases():
    import crowd_cases
    import flood_cases
    import liar_cases
    import line_cases
    import stranger_cases

    return [(name, case) for module in (line_cases, stranger_cases, liar_cases, crowd_cases, flood_cases)
            for name, case in module.CASES.items()]


def run(name, case):
    """What went wrong, empty if nothing did; and the seconds."""
    begin = time.monotonic()
    folder = tempfile.mkdtemp(prefix="kinode-faults-")
    wrong = ""
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            line = machines.Line()
            stack.callback(line.close)
            case(line, folder)
        except Exception:  # whatever it is, the other cases are worth as much
            wrong = traceback.format_exc()
    seconds = time.monotonic() - begin
    print(f"{'FAILED' if wrong else 'ok':6} {name}, {seconds:.1f} s\n{wrong}", end="", flush=True)
    return name, wrong, seconds


def report(results, skipped):
    """In the form of GoogleTest, which ./test counts."""
    where = os.environ.get("GTEST_OUTPUT", "")
    if not where.startswith("xml:"):
        return
    failed = sum(1 for _, wrong, _ in results if wrong)
    root = xml.etree.ElementTree.Element("testsuites", tests=str(len(results) + len(skipped)), failures=str(failed))
    for name, wrong, seconds in results:
        entry = xml.etree.ElementTree.SubElement(root, "testcase", name=name, result="completed", time=f"{seconds:.3f}")
        if wrong:
            xml.etree.ElementTree.SubElement(entry, "failure").text = wrong
    for name in skipped:
        xml.etree.ElementTree.SubElement(root, "testcase", name=name, result="skipped")
    xml.etree.ElementTree.ElementTree(root).write(where.removeprefix("xml:"))


def main():
    reason = why_not()
    if reason:
        print(f"note: network_faults is skipped: {reason}")
        report([], ["all"])
        return 0
    nodes.raise_descriptor_limit()
    chosen = [(name, case) for name, case in all_cases()
              if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    if not chosen:
        print("no such case")
        return 1
    waiting = [each for each in chosen if each[0].startswith(WAITING)]
    with concurrent.futures.ThreadPoolExecutor(len(WAITING) + 1) as pool:
        results = list(pool.map(lambda each: run(*each), waiting))
    results += [run(*each) for each in chosen if each not in waiting]
    report(results, [])
    failed = [name for name, wrong, _ in results if wrong]
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
