"""Every check and test of the project, as ./test runs them; see there.

A step is a thing that passes or fails as one (formatting, a build) or a test program that
counts its own cases. Each step's output goes to build/test-logs/; that of a failed one is shown.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "fuzz"))
import fuzz

LOGS = ROOT / "build" / "test-logs"
CARGO = os.environ.get("CARGO", "cargo")
JOBS = os.cpu_count() or 2


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.failures = []

    def add(self, name, passed, failed, seconds):
        self.passed += passed
        self.failed += failed
        if failed:
            self.failures.append(name)
        print(f"{'FAILED' if failed else 'ok':6} {name}: {passed} passed, {failed} failed, {seconds:.0f} s", flush=True)


def run(name, command, **options):
    """Runs to the end, its output in a file; whether it succeeded, the file, and the time."""
    log = LOGS / (name.replace("/", "-").replace(" ", "-") + ".log")
    begin = time.monotonic()
    with log.open("wb") as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, **options).returncode
    return status == 0, log, time.monotonic() - begin


def show(log):
    text = log.read_text(errors="replace")
    print(text[-20000:] if len(text) > 20000 else text, flush=True)


def step(tally, name, command, **options):
    ok, log, seconds = run(name, command, **options)
    tally.add(name, int(ok), int(not ok), seconds)
    if not ok:
        show(log)
    return ok


def build(tally, preset, folder, targets=()):
    """Configures and builds; shows how far it is, since the first time takes long."""
    print(f"building {folder}", flush=True)
    begin = time.monotonic()
    for command in (["cmake", "--preset", preset, "--log-level=WARNING"], ["ninja", "-C", folder, *targets]):
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            tally.add(f"build {preset}", 0, 1, time.monotonic() - begin)
            return False
    tally.add(f"build {preset}", 1, 0, time.monotonic() - begin)
    return True


def programs(folder, wanted):
    """The test programs of a build, as CTest knows them: name, command, and properties. The command is empty where
    the program was not built."""
    shown = subprocess.run(["ctest", "--test-dir", folder, "--show-only=json-v1"], cwd=ROOT, check=True,
                           capture_output=True)
    for test in json.loads(shown.stdout)["tests"]:
        properties = {each["name"]: each["value"] for each in test.get("properties", [])}
        if wanted(test["name"]):
            yield test["name"], test.get("command", []), properties


def count_cases(report, ok):
    """Passed and failed cases by the report of a GoogleTest program; without one the program is a case."""
    try:
        suites = xml.etree.ElementTree.parse(report).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return int(ok), int(not ok)
    failed = int(suites.get("failures", 0)) + int(suites.get("errors", 0))
    skipped = sum(1 for case in suites.iter("testcase") if case.get("result") == "skipped")
    passed = int(suites.get("tests", 0)) - failed - skipped
    return passed, max(failed, int(not ok))


def run_program(build_name, name, command, properties, more_environment):
    if not command:
        raise RuntimeError(f"{name} was not built for {build_name}: add it to the target unit_tests")
    report = LOGS / f"{build_name}-{name}.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, GTEST_OUTPUT=f"xml:{report}", GTEST_BRIEF="1", **more_environment)
    limit = ["timeout", "--kill-after=10", str(int(properties.get("TIMEOUT", 600)))]
    ok, log, seconds = run(f"{build_name} {name}", limit + command, env=environment)
    return log, seconds, *count_cases(report, ok)


def run_programs(tally, build_name, chosen, jobs=JOBS, **more_environment):
    def one(each):
        return each[0], *run_program(build_name, *each, more_environment)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, log, seconds, passed, failed in pool.map(one, chosen):
            tally.add(f"{build_name} {name}", passed, failed, seconds)
            if failed:
                show(log)
            for line in log.read_text(errors="replace").splitlines():
                if line.startswith("note: "):
                    print(f"       {line}", flush=True)


def labels(program):
    return program[2].get("LABELS", [])


def is_alone(program):
    """Whether it starts nodes or uses every core: these run one at a time."""
    return bool(labels(program))


def engine_tests(tally):
    """The engine's own tests, beside what the build compiled."""
    cache = os.environ["KINODE_CACHE"]
    environment = dict(os.environ, CARGO_TARGET_DIR=f"{cache}/engine")
    ok, log, seconds = run("engine", [CARGO, "test", "--release", "--locked", "--manifest-path", "engine/Cargo.toml"],
                           env=environment)
    counts = re.findall(r"test result: \w+\. (\d+) passed; (\d+) failed", log.read_text(errors="replace"))
    passed = sum(int(each[0]) for each in counts)
    failed = max(sum(int(each[1]) for each in counts), int(not ok))
    tally.add("engine", passed, failed, seconds)
    if failed:
        show(log)


def sanitized_tests(tally, wanted, chosen):
    """The unit tests of those chosen once more with the checks of AddressSanitizer and UndefinedBehaviorSanitizer,
    and their suites of real nodes against a node that has them."""
    nodes = [each for each in chosen if set(labels(each)) & {"conformance", "interop"}]
    if chosen and build(tally, "asan", "build/asan", ["unit_tests", "kinode", "kit"]):
        units = [each for each in programs("build/asan", wanted) if not labels(each)]
        run_programs(tally, "asan", units)
        # What is freed is given back soon, so that the memory of a node means something.
        options = "quarantine_size_mb=16:" + os.environ.get("ASAN_OPTIONS", "")
        run_programs(tally, "asan", nodes, jobs=1, KINODE_TEST_PROGRAMS=str(ROOT / "build/asan/bin"),
                     ASAN_OPTIONS=options)


def fuzz_targets(tally, patterns):
    """Each for half a minute, from where earlier runs came to. Only what is called by "fuzz ..." among patterns."""
    seconds = os.environ.get("KINODE_FUZZ_SECONDS", "30")
    names = [name for name in fuzz.targets() if not patterns or any(each.match(f"fuzz {name}") for each in patterns)]
    if not names or not build(tally, "fuzz", "build/fuzz", [f"fuzz_{name}" for name in names]):
        return

    def one(name):
        options = [f"-max_total_time={seconds}", "-print_final_stats=1"]
        return name, *run(f"fuzz {name}", fuzz.command(name, options), env=fuzz.environment())

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for name, ok, log, taken in pool.map(one, names):
            tally.add(f"fuzz {name}", int(ok), int(not ok), taken)
            if not ok:
                show(log)


def main():
    patterns = [re.compile(each) for each in sys.argv[1:]]

    def wanted(name):
        return not patterns or any(each.search(name) for each in patterns)

    LOGS.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    if not patterns:
        step(tally, "formatting", ["cmake/check-format.sh"])
    if build(tally, "default", "build"):
        if wanted("engine"):
            engine_tests(tally)
        chosen = list(programs("build", wanted))
        run_programs(tally, "build", [each for each in chosen if not is_alone(each)])
        run_programs(tally, "build", [each for each in chosen if is_alone(each)], jobs=1)
        sanitized_tests(tally, wanted, chosen)
        fuzz_targets(tally, patterns)
    if tally.failures:
        print("failed: " + ", ".join(tally.failures))
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
