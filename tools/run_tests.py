"""Run the tests on every Python of 3.9, 3.11 and 3.13 that this machine has: `make test`.

One Python after the other, each spread over all cores; everything on the screen, and in build/tests/<version>.log. The
first one runs all tests, the others all but those marked `once`; 3.11, which Splunk does not run, then leaves out the
input and the detections, too. What failed is named again at the end. The exit code is 0 only if each of them passed
and ran at least one test.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.environments import ROOT, clean_variables, ensure, say
from tools.pythons import Python, find, survey

# What pytest's -m is given: all tests, and those that may depend on the Python.
EVERYTHING = ""
AGAIN = "not once"
# What Splunk runs (splunk-sdk and this app on its Pythons), and what plays only that: not run again on any other.
SPLUNKS = ("3.9", "3.13")
SPLUNKS_ALONE = ("tests/collect", "tests/detections")
LOGS = ROOT / "build" / "tests"
GRACE_SECONDS = 20  # for pytest to write down what it has after an interruption


@dataclass(frozen=True)
class Run:
    """The tests on one Python, over."""

    python: Python
    code: int  # pytest's exit code, or minus the signal that ended it
    seconds: float
    log: Path
    again: bool = False  # an earlier Python has run all tests, this one those that are not marked `once`

    @property
    def passed(self) -> bool:
        """Whether nothing failed and at least one test ran; after an earlier Python there may be none to run again."""
        return self.code == 0 or (self.again and self.code == 5)

    def __str__(self) -> str:
        said = {0: "passed", 1: "FAILED", 5: "FAILED: no test was found"}.get(self.code, f"FAILED (exit {self.code})")
        if self.code and self.passed:
            said = "has nothing to run again"
        where = "" if self.passed else f", see {self.log.relative_to(ROOT)}"
        return f"Python {self.python.release:<8} {said} in {self.seconds:.0f} s ({self.lines()[-1].strip('= ')}){where}"

    def lines(self) -> list[str]:
        """What pytest printed."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines() or ["no output"]

    def failures(self) -> list[str]:
        """Pytest's own lines that name what failed."""
        return [line for line in self.lines() if line.startswith(("FAILED ", "ERROR "))]


def choose(versions: list[str]) -> tuple[Python, ...]:
    """Return the Pythons to test on and say which are missing; `versions` empty: all that there are.

    Raises:
        SystemExit: a version that was asked for by name is not there.
    """
    if versions:
        chosen: list[Python] = []
        for version in versions:
            answer = find(version)
            if isinstance(answer, str):
                raise SystemExit(f"Python {version}: {answer}")
            chosen.append(answer)
        return tuple(chosen)
    seen = survey()
    for sentence in seen.missing:
        say(f"Not tested on {sentence}")
    return seen.found


def fill_lib(inner: Path) -> None:
    """Have the packaged lib/ at hand before the tests, which use no network."""
    command = [str(inner), "-m", "tools.vendor"]
    done = subprocess.run(command, cwd=ROOT, env=clean_variables(), stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def build_pages(inner: Path) -> None:
    """Have the pages, the bundle and the browser at hand, for the same reason. A test says what is missing."""
    for command in (["tools.node", "setup"], ["tools.node", "harness"], ["tools.browser"]):
        whole = [str(inner), "-m", *command]
        quiet = subprocess.DEVNULL
        subprocess.run(whole, cwd=ROOT, env=clean_variables(), stdin=quiet, stdout=quiet, check=False)


def run_one(python: Python, inner: Path, tests: str, arguments: list[str], workers: int) -> Run:
    """Test on one Python in so many processes at a time; pytest's lines go to the screen and into the log."""
    log = LOGS / f"{python.version}.log"
    say(f"\n=== Python {python.release}: {'all but tests marked once' if tests else 'all'}")
    command = [str(inner), "-m", "pytest", "-m", tests, "-o", f"cache_dir=build/pytest/{python.version}"]
    command += ["--durations=40", "--durations-min=4"]  # the whole run is to stay below 15 minutes: what takes longest
    if tests and python.version not in SPLUNKS:
        command += [f"--ignore={folder}" for folder in SPLUNKS_ALONE]
    if workers > 1:
        command += ["-n", str(workers), "--dist", "worksteal"]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env=clean_variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        with log.open("wb") as kept:
            while piece := os.read(process.stdout.fileno(), 65_536):
                kept.write(piece)
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
    finally:
        try:  # after Ctrl-C, which pytest got as well
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return Run(python, process.returncode, time.monotonic() - started, log, bool(tests))


def run_all(pythons: tuple[Python, ...], arguments: list[str], workers: int) -> list[Run]:
    """Test on each Python in turn and return how it went."""
    LOGS.mkdir(parents=True, exist_ok=True)
    inner = [ensure("dev", python) for python in pythons]
    for python in pythons:
        if python.version == "3.13":
            ensure("splunklib3", python)  # the tests use no network
    fill_lib(inner[0])
    if not any(argument.startswith("tests/") for argument in arguments) or any("tests/ui" in a for a in arguments):
        build_pages(inner[0])
    return [
        run_one(python, path, AGAIN if number else EVERYTHING, arguments, workers)
        for number, (python, path) in enumerate(zip(pythons, inner))
    ]


def report(runs: list[Run]) -> None:
    """Name what failed, then one line a Python, then the total."""
    for run in runs:
        if not run.passed:
            say(f"\n=== Python {run.python.release}")
            say("\n".join(run.failures() or run.lines()[-20:]))
    say("")
    for run in runs:
        say(str(run))
    said = "passed" if all(run.passed for run in runs) else "FAILED"
    say(f"Total: {said} on {len(runs)} Python{'s' * (len(runs) != 1)} in {sum(run.seconds for run in runs):.0f} s")


def main() -> None:
    """Test on each chosen Python and sum up."""
    parser = argparse.ArgumentParser(description="Run the tests on every supported Python of this machine.")
    parser.add_argument("--python", action="append", default=[], metavar="3.X", help="only this one; repeatable")
    # Many a test waits, for a clock, a retry or a browser: with one process a core, cores stand idle meanwhile.
    jobs = (os.cpu_count() or 1) + 1
    parser.add_argument("--jobs", type=int, default=jobs, help="processes at a time (default: one more than cores)")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args()
    pythons = choose(options.python)
    say("Testing on Python " + ", ".join(python.release for python in pythons))
    runs = run_all(pythons, options.pytest, max(1, options.jobs))
    report(runs)
    sys.exit(max(0 if run.passed else abs(run.code) for run in runs))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
