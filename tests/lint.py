"""clang-tidy over the sources of src/ but the tests.

A source that was clean is not looked at again while its preprocessed text, the settings and clang-tidy
are the same: the sums of clean ones are kept in the cache outside the checkout.
"""

import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

TIDY = "clang-tidy-22"
PREPROCESSOR = "clang++-22"


def sources(root, build):
    """What a node and its tools are made of, with the flags it is compiled with; tests are not looked at."""
    entries = {Path(each["file"]): each for each in json.loads((build / "compile_commands.json").read_text())}
    for path, entry in entries.items():
        if path.is_relative_to(root / "src") and path.suffix == ".cpp" and not path.name.endswith("_test.cpp"):
            yield path, entry


def sum_of(entry, settings):
    """Of all that clang-tidy would see; none if it cannot be preprocessed."""
    words = shlex.split(entry["command"])
    if Path(words[0]).name == "ccache":
        words = words[1:]
    flags = [word for index, word in enumerate(words[1:], 1)
             if word not in ("-c", "-o") and words[index - 1] not in ("-c", "-o")]
    done = subprocess.run([PREPROCESSOR, "-E", "-w", "-P", *flags, entry["file"]], cwd=entry["directory"],
                          capture_output=True)
    if done.returncode != 0:
        return None
    return hashlib.sha256(settings + done.stdout).hexdigest()


def main():
    root = Path(__file__).resolve().parent.parent
    build = root / "build"
    clean = Path(os.environ["KINODE_CACHE"]) / "lint"
    clean.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    settings = version + (root / ".clang-tidy").read_bytes()

    def check(item):
        path, entry = item
        name = sum_of(entry, settings)
        if name and (clean / name).exists():
            os.utime(clean / name)
            return path, True, ""
        done = subprocess.run([TIDY, "--quiet", "-p", str(build), str(path)], capture_output=True, text=True)
        if done.returncode == 0 and name:
            (clean / name).touch()
        return path, done.returncode == 0, done.stdout

    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, ok, text in pool.map(check, sources(root, build)):
            if not ok:
                failed.append(path)
                print(text, flush=True)
    print(f"{len(failed)} sources with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
