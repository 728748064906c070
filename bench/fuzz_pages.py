"""Ten thousand mutated pages through the collector: `python -m bench.fuzz_pages [--pages N] [--seed S]`.

Prints what was played and what came of it; the exit code is 1 if a rule was broken. What is mutated and what must
hold is in tests/collect/fuzzed_pages.py, of which the tests play a short part.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 40


def main() -> int:
    """Play cases until enough pages were mutated; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz_pages", description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=10_000, help="mutated pages to serve (default: 10000)")
    parser.add_argument("--seed", type=int, default=1_000_000, help="first case; the same seed plays the same")
    parser.add_argument("--cases", type=int, default=0, help="this many cases in place of --pages")
    chosen = parser.parse_args()
    fuzz, entry = _load()
    slack, tally = fuzz.FuzzedSlack(), fuzz.Tally()
    started, seed = time.monotonic(), chosen.seed
    try:
        while tally.cases < chosen.cases if chosen.cases else tally.pages < chosen.pages:
            fuzz.run_case(slack, seed, entry, tally)
            seed += 1
            if len(tally.failures) > SHOWN:
                break
    finally:
        slack.close()
    for line in tally.failures[:SHOWN]:
        sys.stdout.write(line[:400] + "\n")
    figures = {name: value for name, value in vars(tally).items() if name != "failures"}
    figures.update(failures=len(tally.failures), seconds=round(time.monotonic() - started, 1))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if tally.failures else 0


def _load() -> tuple[Any, Any]:
    """Return the mutations and the maker of entries, from beside the tests that use them."""
    for folder in (ROOT, ROOT / "bin", ROOT / "tests" / "collect"):
        sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("collect_conftest", ROOT / "tests" / "collect" / "conftest.py")
    assert spec is not None and spec.loader is not None  # noqa: S101 - a file of this repository
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    return sys.modules["fuzzed_pages"], conftest.entry


if __name__ == "__main__":
    sys.exit(main())
