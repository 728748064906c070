"""How long the demo takes: what `python bench/bench_demo.py` prints; on two quiet cores the limit is three minutes.

Exit code 1 when it took longer, or when the demo itself did not end well.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS_LIMIT = 180.0


def main() -> int:
    """Run the demo, print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sandbox", "demo", "--out", folder, "--json"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own demo
        if done.returncode:
            return done.returncode
        seconds = float(json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))["seconds"])
    sys.stdout.write(f"demo: {seconds:.0f} s, at most {SECONDS_LIMIT:g} s\n")
    return 0 if seconds <= SECONDS_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
