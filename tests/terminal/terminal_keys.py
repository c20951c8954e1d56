#!/usr/bin/env python3
"""A node at a terminal: its keys, and what stands on the screen. See README.md.

    terminal_keys.py [CASE...]     all, or those whose name contains one of these
"""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

from screen import PATIENCE, Failed, Screen, until

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("KINODE_TEST_BUILD", ROOT / "build"))
KINODE = Path(os.environ.get("KINODE_TEST_PROGRAMS", BUILD / "bin")) / "kinode"
COMPONENTS = Path(os.environ["KINODE_CACHE"]) / "conformance-components"
ACTOR = "actor:test-kit:test.os"
PROMPT = "test.os >"


def check(condition, what):
    if not condition:
        raise Failed(what)


class Desk:
    """A node with a home of its own, started at a terminal."""

    def __init__(self, stack, columns=80, rows=24, shell=False):
        self.home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinode-home-")))
        self.stack = stack
        self.size = {"columns": columns, "rows": rows}
        self.start(shell=shell)

    def command(self, *options):
        return shlex.join(map(str, (KINODE, self.home, "--port", 0, "--fake-node-name", "test.os", "--component-cache",
                                    COMPONENTS, "--devnet", self.home / "devnet", "--bootstrap",
                                    BUILD / "packages/test-kit", *options)))

    def start(self, *options, shell=False):
        after = "; echo status $?; stty -a"
        self.screen = self.stack.enter_context(
            Screen("bash --norc -i" if shell else self.command(*options) + after, **self.size))
        if shell:
            self.screen.enter(self.command(*options))
        self.screen.wait("type help for what can be done here")
        self.screen.wait_last(PROMPT)
        where = re.search(r"http://localhost:(\d+)", "".join(self.screen.lines()))
        self.port = int(where.group(1))

    def end(self, *keys):
        self.screen.press(*keys)
        self.screen.wait("status ")
        check(self.screen.has("status 0"), "\n".join(self.screen.lines()))

    def kinode(self, *words):
        return subprocess.run([KINODE, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)

    def print(self, text, verbosity=0):
        """Has a process print it."""
        step = {"do": "print", "verbosity": verbosity, "message": text}
        body = {"process": ACTOR, "expects_response": 15, "body": json.dumps({"steps": [step]})}
        request = urllib.request.Request(f"http://localhost:{self.port}/rpc:distro:sys/message",
                                         json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            check(reply.status == 200, reply.status)

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted((self.home / ".terminal_logs").glob("*.log")))


# ---- lines --------------------------------------------------------------------------------------------


def a_line_runs_a_script(stack):
    screen = Desk(stack).screen
    screen.enter("echo  what was  typed")
    screen.wait("terminal:sys:  what was  typed")
    screen.wait_last(PROMPT)
    screen.enter("")
    screen.enter("nonsense")
    screen.wait("'nonsense' is no alias")
    screen.enter("m our@echo:test-kit:test.os 'über Wörter' -a 5")
    screen.wait("terminal:sys: über Wörter")


def what_is_printed_stands_above_what_is_typed(stack):
    desk = Desk(stack)
    desk.screen.type("echo half a l")
    desk.screen.wait_last(f"{PROMPT} echo half a l")
    desk.print("something else")
    desk.screen.wait("something else")
    desk.screen.wait_last(f"{PROMPT} echo half a l")
    check(sum("echo half" in line for line in desk.screen.lines()) == 1, "\n".join(desk.screen.lines()))
    desk.screen.enter("ine")
    desk.screen.wait("terminal:sys: half a line")


def also_above_a_line_of_several_rows(stack):
    desk = Desk(stack, columns=40)
    long = "echo " + "0123456789" * 9
    desk.screen.type(long)
    desk.screen.wait_last(f"{PROMPT} {long}")
    for i in range(3):
        desk.print(f"line {i}")
        desk.screen.wait(f"line {i}")
        desk.screen.wait_last(f"{PROMPT} {long}")
    check(sum("012345" in line for line in desk.screen.lines()) == 1, "\n".join(desk.screen.lines()))
    desk.screen.press("C-a")
    until("the cursor in the first row", lambda: desk.screen.cursor()[0] == len(PROMPT) + 1)
    desk.print("with the cursor in its first row")
    desk.screen.wait("with the cursor in its first row")
    desk.screen.wait_last(f"{PROMPT} {long}")
    desk.screen.press("Enter")
    desk.screen.wait("terminal:sys: 0123")


def a_process_cannot_steer_the_terminal(stack):
    desk = Desk(stack)
    desk.screen.type("echo kept")
    desk.screen.wait_last(f"{PROMPT} echo kept")
    desk.print("\x1b[2J\x1b[H\x1b]0;title\x07\rtest.os > forged\x1b[31m\x9b2J")
    desk.screen.wait("?[2J?[H?]0;title")
    desk.screen.wait_last(f"{PROMPT} echo kept")
    check(desk.screen.has("is ready at"), "the screen was cleared")


# ---- editing ------------------------------------------------------------------------------------------


def keys_edit_the_line(stack):
    screen = Desk(stack).screen
    screen.type("cho bx")
    screen.press("C-a")
    screen.type("e")
    screen.press("C-e", "BSpace")
    screen.type("d")
    screen.press("Left", "Left")
    screen.type("a")
    screen.press("Right", "Right")
    screen.type("z")
    screen.press("Left", "Left", "DC")
    screen.wait_last(f"{PROMPT} echo abz")
    screen.press("Enter")
    screen.wait("terminal:sys: abz")


def letters_of_several_bytes_and_columns(stack):
    screen = Desk(stack).screen
    screen.type("echo äö日本語x")
    screen.wait_last(f"{PROMPT} echo äö日本語x")
    screen.press("BSpace", "BSpace", "Left", "BSpace")
    screen.wait_last(f"{PROMPT} echo äö本")
    screen.press("Enter")
    screen.wait("terminal:sys: äö本")


def M3_combining_letters_stay_together_on_long_lines(stack):
    desk = Desk(stack, columns=30)
    text = "e\u0301" * 30 + "n\u0303"
    desk.screen.enter("echo " + text)
    until("the line in the log", lambda: text in desk.log())


def what_is_pasted_runs_nothing(stack):
    screen = Desk(stack).screen
    screen.paste("echo one\necho two\x1b\x07\n")
    screen.wait_last(f"{PROMPT} echo oneecho two")
    screen.press("Enter")
    screen.wait("terminal:sys: oneecho two")


def the_window_may_change_its_size(stack):
    desk = Desk(stack, columns=60)
    text = "echo " + "abcdefghij" * 6
    desk.screen.type(text)
    desk.screen.wait_last(f"{PROMPT} {text}")
    desk.screen.resize(100, 24)
    desk.print("after it became wider")
    desk.screen.wait("after it became wider")
    desk.screen.type("Z")
    desk.screen.wait_last(f"{PROMPT} {text}Z")
    desk.screen.press("Enter")
    desk.screen.wait(f"terminal:sys: {text[5:]}Z")


def M2_a_window_may_be_narrow(stack):
    desk = Desk(stack)
    desk.screen.resize(5, 10)
    desk.screen.enter("echo narrow")
    until("the answer in the log", lambda: "terminal:sys: narrow" in desk.log())
    desk.screen.resize(80, 24)
    desk.screen.enter("echo wide again")
    desk.screen.wait("terminal:sys: wide again")


# ---- earlier lines ------------------------------------------------------------------------------------


def earlier_lines_come_back(stack):
    screen = Desk(stack).screen
    for text in ("echo one", "echo two", "echo two", "", "echo three"):
        screen.enter(text)
    screen.wait("terminal:sys: three")
    screen.type("not sent")
    screen.press("Up")
    screen.wait_last(f"{PROMPT} echo three")
    screen.press("C-p")
    screen.wait_last(f"{PROMPT} echo two")
    screen.press("Up")
    screen.wait_last(f"{PROMPT} echo one")
    screen.press("C-n", "Down", "Down")
    screen.wait_last(f"{PROMPT} not sent")


def earlier_lines_outlive_the_node(stack):
    desk = Desk(stack)
    desk.screen.enter("echo remembered")
    desk.screen.wait("terminal:sys: remembered")
    desk.end("C-c")
    check((desk.home / ".terminal_history").read_text() == "echo remembered\n", "the file")
    desk.start()
    desk.screen.press("Up")
    desk.screen.wait_last(f"{PROMPT} echo remembered")


def ctrl_r_searches(stack):
    screen = Desk(stack).screen
    for text in ("echo needle one", "echo hay", "echo needle two"):
        screen.enter(text)
    screen.wait("terminal:sys: needle two")
    screen.press("C-r")
    screen.type("needle")
    screen.wait(f"{PROMPT} echo needle two", times=2)
    screen.press("C-r")
    screen.wait(f"{PROMPT} echo needle one", times=2)
    screen.press("Enter")
    screen.wait("terminal:sys: needle one", times=2)
    screen.press("C-r")
    screen.type("hay")
    screen.press("C-g")
    screen.wait_last(PROMPT)


# ---- what is shown ------------------------------------------------------------------------------------


def ctrl_v_shows_more(stack):
    desk = Desk(stack)
    desk.print("not at first", verbosity=1)
    desk.screen.type("kept")
    for level in (1, 2, 3):
        desk.screen.press("C-v")
        desk.screen.wait(f"verbosity {level}:")
        desk.print(f"of level {level}", verbosity=level)
        desk.screen.wait(f"of level {level}")
    desk.screen.press("C-v")
    desk.screen.wait("verbosity 0:")
    desk.print("not at last", verbosity=1)
    desk.print("the end")
    desk.screen.wait("the end")
    check(not desk.screen.has("not at"), "\n".join(desk.screen.lines()))
    desk.screen.wait_last(f"{PROMPT} kept")
    check("not at first" in desk.log(), "the log has all")


def ctrl_w_sets_single_processes(stack):
    desk = Desk(stack)
    desk.screen.type("kept")
    desk.screen.press("C-w")
    desk.screen.wait("no process is shown otherwise")
    desk.screen.enter(f"{ACTOR} 2")
    desk.screen.wait(f"{ACTOR} shows 2")
    desk.print("a detail", verbosity=2)
    desk.screen.wait("a detail")
    desk.screen.enter(f"{ACTOR} mute")
    desk.screen.wait(f"{ACTOR} is muted")
    desk.print("not this")
    desk.screen.enter(f"{ACTOR} 9")
    desk.screen.wait("must be PROCESS:PACKAGE:PUBLISHER")
    desk.screen.enter(ACTOR)
    desk.screen.wait("no process is shown otherwise", times=2)
    desk.screen.press("C-w")
    desk.screen.wait_last(f"{PROMPT} kept")
    desk.print("heard again")
    desk.screen.wait("heard again")
    check(not desk.screen.has("not this"), "\n".join(desk.screen.lines()))


def ctrl_l_switches_the_files(stack):
    desk = Desk(stack)
    desk.screen.press("C-l")
    desk.screen.wait("to no file from now on")
    desk.print("in no file")
    desk.screen.press("C-l")
    desk.screen.wait("to files again")
    desk.print("in a file")
    until("the line in the file", lambda: "in a file" in desk.log())
    check("in no file" not in desk.log(), desk.log())


def process_verbosity_by_the_command_line(stack):
    desk = Desk(stack)
    desk.end("C-c")
    desk.start("--process-verbosity", json.dumps({ACTOR: {"U8": 3}, "echo:test-kit:test.os": "Muted"}))
    desk.print("the finest", verbosity=3)
    desk.screen.wait("the finest")


# ---- the end ------------------------------------------------------------------------------------------


def ctrl_c_and_ctrl_d_stop_the_node(stack):
    desk = Desk(stack)
    for key in ("C-c", "C-d"):
        desk.screen.type("half a line")
        desk.end(key)
        desk.screen.wait("stopping")
        check(desk.screen.has(" icanon ") and desk.screen.has(" echo "), "the terminal is not as it was")
        desk.start()


def exit_stops_the_node(stack):
    desk = Desk(stack)
    desk.screen.enter("exit")
    desk.end()


def it_goes_to_the_background_and_comes_back(stack):
    desk = Desk(stack, shell=True)
    desk.screen.type("echo before")
    desk.screen.wait_last(f"{PROMPT} echo before")
    desk.screen.press("C-z")
    desk.screen.wait("Stopped")
    desk.screen.enter("stty -a; echo in the shell")
    desk.screen.wait(" icanon ")
    desk.screen.enter("bg")
    desk.print("from the background")
    desk.screen.wait("from the background")
    desk.screen.enter("echo still a $((1+1)) shell")
    desk.screen.wait("still a 2 shell")
    desk.screen.enter("fg")
    desk.screen.enter(" and after")
    desk.screen.wait("terminal:sys: before and after")


# ---- without the package ------------------------------------------------------------------------------


def without_the_package_it_is_told(stack):
    desk = Desk(stack)
    uninstall = {"Uninstall": {"package_name": "terminal", "publisher_node": "sys"}}
    desk.kinode("exec", "-t", "2", desk.home, f"m our@main:app-store:sys '{json.dumps(uninstall)}'")
    until("the terminal gone", lambda: not (desk.home / "vfs/terminal:sys/pkg/scripts.json").exists())
    desk.screen.enter("help")
    desk.screen.wait("what is typed here goes to the package terminal:sys, but there is no process terminal:terminal:sys")
    desk.end("C-c")


# -------------------------------------------------------------------------------------------------------

CASES = {case.__name__: case for case in (
    a_line_runs_a_script, what_is_printed_stands_above_what_is_typed, also_above_a_line_of_several_rows,
    a_process_cannot_steer_the_terminal, keys_edit_the_line, letters_of_several_bytes_and_columns,
    M3_combining_letters_stay_together_on_long_lines, what_is_pasted_runs_nothing, the_window_may_change_its_size,
    M2_a_window_may_be_narrow, earlier_lines_come_back, earlier_lines_outlive_the_node, ctrl_r_searches,
    ctrl_v_shows_more, ctrl_w_sets_single_processes, ctrl_l_switches_the_files, process_verbosity_by_the_command_line,
    ctrl_c_and_ctrl_d_stop_the_node, exit_stops_the_node, it_goes_to_the_background_and_comes_back,
    without_the_package_it_is_told)}


def run(name, case):
    """What went wrong, empty if nothing did; and the seconds."""
    begin = time.monotonic()
    wrong = ""
    with contextlib.ExitStack() as stack:
        try:
            case(stack)
        except Exception:  # whatever it is, the other cases are worth as much
            wrong = traceback.format_exc()
    seconds = time.monotonic() - begin
    print(f"{'FAILED' if wrong else 'ok':6} {name}, {seconds:.1f} s\n{wrong}", end="", flush=True)
    return name, wrong, seconds


def report(results):
    """In the form of GoogleTest, which ./test counts."""
    where = os.environ.get("GTEST_OUTPUT", "")
    if not where.startswith("xml:"):
        return
    failed = sum(1 for _, wrong, _ in results if wrong)
    root = xml.etree.ElementTree.Element("testsuites", tests=str(len(results)), failures=str(failed))
    for name, wrong, seconds in results:
        entry = xml.etree.ElementTree.SubElement(root, "testcase", name=name, result="completed", time=f"{seconds:.3f}")
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
