"""Backups of a running node into a folder, beside restic alone on the same files."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from systems import BUILD, Failed, Node
from table import ratio, shown_seconds

TITLE = "a running node's backups into a folder"
MIB = 1 << 20
PASSWORD = "a password of the bench"


@dataclass
class BackupResult:
    """Seconds of each round."""

    title: str
    kinode: list = field(default_factory=list)
    restic: list = field(default_factory=list)


def timed(figures, command, folder=None):
    begin = time.monotonic()
    ended = subprocess.run([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, env={**os.environ, "KINODE_PASSWORD": PASSWORD})
    if ended.returncode:
        raise Failed(f"{command[0]} failed: {ended.stdout.decode(errors='replace')}")
    if figures is not None:
        figures.append(time.monotonic() - begin)


def one_round(results, megabytes):
    folder = Path(tempfile.mkdtemp(prefix="kinode-bench-"))
    node = Node()
    home = Path(node.folder) / "home"
    kinode = BUILD / "bin" / "kinode"
    (folder / "password").write_text(PASSWORD)
    restic = ["restic", "--repo", folder / "alone", "--password-file", folder / "password", "--cache-dir", folder / "cache"]
    try:
        node.start()
        (home / "backup.toml").write_text('every = "never"\nverify_every = "never"\n')
        drive = home / "vfs/bench:bench.os/kept"
        drive.mkdir(parents=True)
        for number in range(megabytes):
            (drive / str(number)).write_bytes(os.urandom(MIB))
        timed(None, [kinode, "backup", "add", "disk", folder / "disk", "--home", home])
        timed(None, [*restic, "init"])

        def both(result):
            timed(result.kinode, [kinode, "backup", "now", "--home", home])
            timed(result.restic, [*restic, "backup", "vfs"], home)

        first, changed, same, back = results
        both(first)
        for number in range(max(megabytes // 100, 1)):
            (drive / str(number)).write_bytes(os.urandom(MIB))
        both(changed)
        both(same)
        timed(back.kinode, [kinode, "restore", "--from", folder / "disk", folder / "home"])
        timed(back.restic, [*restic, "restore", "latest", "--target", folder / "files"])
    finally:
        node.stop()
        shutil.rmtree(folder)


def measure(rounds, quick):
    megabytes = 4 if quick else 256
    results = [BackupResult(title) for title in (
        f"first snapshot, {megabytes} files of 1 MiB", "snapshot when a hundredth has changed", "when nothing has",
        "restore of all")]
    for _ in range(rounds):
        one_round(results, megabytes)
    return results


def header():
    return ("what", "kinode", "restic alone", "ratio")


def cells(result):
    yield from (result.title, shown_seconds(statistics.median(result.kinode)),
                shown_seconds(statistics.median(result.restic)), ratio(result.kinode, result.restic))
