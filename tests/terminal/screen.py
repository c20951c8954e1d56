"""A terminal for tests: tmux, without a person before it. What it shows is looked at as a person would see it."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 60


class Failed(Exception):
    """What was expected did not come."""


def until(what, predicate):
    """Waits until `predicate` gives something true, and returns that. tmux tells of no change, so it is asked."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := predicate():
            return value
        time.sleep(0.05)
    raise Failed(f"not within {PATIENCE} s: {what() if callable(what) else what}")


class Screen:
    """A window of `columns` and `rows` with a command in it."""

    def __init__(self, command, columns=80, rows=24):
        self.folder = tempfile.TemporaryDirectory(prefix="kinode-tmux-")
        self.socket = str(Path(self.folder.name) / "socket")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "exec sh")
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        self._tmux("respawn-pane", "-k", command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stderr=subprocess.DEVNULL, check=False)
        self.folder.cleanup()

    def _tmux(self, *words, text=None):
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        environment.pop("TMUX", None)
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *words], input=text, capture_output=True, text=True,
                              env=environment, timeout=PATIENCE)
        if done.returncode != 0:
            raise Failed(f"tmux {' '.join(words)}: {done.stderr}")
        return done.stdout

    def type(self, text):
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys):
        """As tmux names them: Enter, C-a, Up, ..."""
        self._tmux("send-keys", *keys)

    def enter(self, text):
        self.type(text)
        self.press("Enter")

    def paste(self, text):
        """Bracketed, where the program asked for that."""
        self._tmux("load-buffer", "-", text=text)
        self._tmux("paste-buffer", "-p", "-r")

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self):
        """The lines shown, without those below the last that has something; wrapped ones are whole."""
        shown = [line.rstrip() for line in self._tmux("capture-pane", "-p", "-J", "-S", "-500").split("\n")]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def rows(self):
        """As lines, each row of the window by itself."""
        shown = [line.rstrip() for line in self._tmux("capture-pane", "-p").split("\n")]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def last(self):
        lines = self.lines()
        return lines[-1] if lines else ""

    def wait_last(self, text):
        """Waits until the last line is `text`."""
        until(lambda: f"last line {text!r}, but:\n" + "\n".join(self.lines()), lambda: self.last() == text.rstrip())

    def wait(self, text, times=1):
        """Waits until `text` is shown in so many lines."""
        until(lambda: f"{times} lines with {text!r}, but:\n" + "\n".join(self.lines()),
              lambda: sum(1 for line in self.lines() if text in line) >= times)

    def has(self, text):
        return any(text in line for line in self.lines())

    def cursor(self):
        """Column and row."""
        return tuple(map(int, self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()))
