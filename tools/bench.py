"""Run what measures, with its figures on the screen: `make bench`.

Each `bench/bench_<name>.py` is a measurement. `make bench ARGS=collector` runs one of them, `ARGS="collector --quick"`
with options of its own. The exit code is 1 if a figure missed its limit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "bench"


def measurements(folder: Path = FOLDER) -> dict[str, Path]:
    """Return name -> script, in the order in which they run."""
    return {path.stem[len("bench_") :]: path for path in sorted(folder.glob("bench_*.py"))}


def main(arguments: list[str]) -> int:
    """Run the measurement named first among the arguments, or all; return the worst exit code."""
    known = measurements()
    chosen = list(known)
    if arguments and not arguments[0].startswith("-"):
        if arguments[0] not in known:
            raise SystemExit(f"No measurement is called {arguments[0]}; there are {', '.join(known)}.")
        chosen, arguments = arguments[:1], arguments[1:]
    worst = 0
    for name in chosen:
        command = [sys.executable, str(known[name]), *arguments]
        worst = max(worst, abs(subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
