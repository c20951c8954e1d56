"""Runs a fuzz target: fuzz/fuzz.py TARGET [libFuzzer options]. It must be built: ./run fuzz does that too.

It starts from the seeds, from what earlier runs found to be new, and from findings not repaired yet. What ends
it is kept in build/fuzz/findings/TARGET/.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
CACHE = Path(os.environ.get("KINODE_CACHE", Path.home() / ".cache" / "kinode"))
# The longest input, in bytes; of the others 4096.
LONGEST = {"component": 128 << 10, "zip": 16 << 10, "vfs": 8 << 10}


def targets():
    return sorted(each.stem for each in (ROOT / "fuzz").glob("*.cpp"))


def command(target, options=()):
    """What runs the target, its folders made. With a file among the options it takes that alone."""
    corpus = CACHE / "fuzz" / target
    findings = BUILD / "findings" / target
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    inputs = [corpus, findings, *(each / target for each in (ROOT / "fuzz" / "seeds", BUILD / "seeds"))]
    if any(Path(each).is_file() for each in options):
        inputs = []
    return [str(BUILD / "bin" / f"fuzz_{target}"), f"-artifact_prefix={findings}/", "-timeout=10", "-rss_limit_mb=2048",
            f"-max_len={LONGEST.get(target, 4096)}", *options, *(str(each) for each in inputs if each.is_dir())]


def environment():
    # By itself a sanitizer looks for LLVM's own symbolizer, which is not installed with Clang.
    variables = dict(os.environ, ASAN_OPTIONS=f"external_symbolizer_path={shutil.which('addr2line')}")
    if os.access("/dev/shm", os.W_OK):
        variables["TMPDIR"] = "/dev/shm"  # a home for each input: no disk keeps up
    return variables


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in targets():
        print("targets: " + " ".join(targets()))
        return 2
    return subprocess.run(command(sys.argv[1], sys.argv[2:]), env=environment()).returncode


if __name__ == "__main__":
    sys.exit(main())
