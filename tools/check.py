"""Everything that can be said about the app without running its tests: `make check`, the quick half `make lint`.

Each step runs even after another has failed, so one run tells all that is wrong; the end sums up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable

from tools.app_check import check_app
from tools.conf_check import check_confs
from tools.detections_doc import check_docs
from tools.environments import ROOT, clean_variables
from tools.node import NodeMissing, check_types
from tools.package import PackageError, build


def _command(*arguments: str) -> Callable[[], bool]:
    """Return a step that runs a module of this environment's Python; its output goes to the screen."""

    def run() -> bool:
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=clean_variables(), stdin=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    return run


def _confs() -> bool:
    problems = sorted(set(check_confs(ROOT) + check_app(ROOT) + check_docs(ROOT)))
    for problem in problems:
        print(problem)
    return not problems


def _typescript() -> bool:
    try:
        return check_types()
    except NodeMissing as error:
        print(error)
        return False


def _package() -> bool:
    try:
        package = build()
    except (PackageError, NodeMissing, SystemExit) as error:
        print(f"Not packaged: {error}")
        return False
    print(f"built {package.relative_to(ROOT)}", flush=True)
    # bandit and slim first: they take seconds.
    passed = _command("tools.gates", str(package))()
    return _command("tools.appinspect_gate", str(package))() and passed


QUICK = {
    "ruff": _command("ruff", "check", "--quiet", "."),
    "types": _command("mypy", "--no-error-summary"),
    "confs": _confs,
}
WHOLE = {**QUICK, "TypeScript": _typescript, "package, bandit, slim, AppInspect": _package}


def main() -> None:
    """Run the steps and sum up; the exit code is 0 only if each of them passed."""
    parser = argparse.ArgumentParser(description="Check the app.")
    parser.add_argument("--quick", action="store_true", help="without the package and its checkers")
    steps = QUICK if parser.parse_args().quick else WHOLE
    failed = []
    for name, step in steps.items():
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        passed = step()
        print(f"    {'ok' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
        failed += [] if passed else [name]
    print(f"Failed: {', '.join(failed)}" if failed else f"All {len(steps)} checks passed.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
