"""Find the Pythons that Splunk runs (3.9, 3.13) and ours (3.11) on this machine.

Looks on PATH, in pyenv's versions and at the Python that is running. A Python counts when it starts and can make
virtual environments. Knows nothing of what is installed into them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WANTED = ("3.13", "3.11", "3.9")
"""Versions to test on, the preferred one first: the newest runs the demo fastest."""

OLDEST = (3, 9)
PROBE_SECONDS = 20
_PROBE = (
    "import sys, importlib.util as u; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable);"
    "print(int(all(u.find_spec(m) for m in ('venv', 'ensurepip'))))"
)


@dataclass(frozen=True)
class Python:
    """One interpreter: `version` as "3.9", `release` as "3.9.18"."""

    version: str
    release: str
    executable: str


@dataclass(frozen=True)
class Survey:
    """What was found, in the order of WANTED, and one sentence for each version that was not."""

    found: tuple[Python, ...]
    missing: tuple[str, ...]


def _candidates(version: str) -> Iterator[str]:
    """Yield executables that may be `version`, the surest first."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield sys.executable
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    releases = [folder for folder in home.glob(f"{version}.*") if re.fullmatch(r"[\d.]+", folder.name)]
    releases.sort(key=lambda path: [int(part) for part in path.name.split(".")], reverse=True)
    for release in releases:
        yield str(release / "bin" / "python")
    for name in (f"python{version}", "python3"):
        for folder in os.get_exec_path():
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                yield path


def probe(executable: str) -> tuple[Python, bool] | None:
    """Start `executable` and return what it is and whether it can make virtual environments; None: not a Python."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [executable, "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split("\n")
    if done.returncode != 0 or len(lines) < 3:
        return None
    release, real, usable = lines[0], lines[1], lines[2]
    return Python(".".join(release.split(".")[:2]), release, real), usable == "1"


def find(version: str) -> Python | str:
    """Return the first usable interpreter of `version`, else a sentence that says what is missing."""
    crippled = ""
    seen: set[str] = set()
    for executable in _candidates(version):
        if executable in seen:
            continue
        seen.add(executable)
        answer = probe(executable)
        if answer is None or answer[0].version != version:
            continue
        python, usable = answer
        if usable:
            return python
        crippled = f"{python.executable} cannot make virtual environments; apt-get install python{version}-venv"
    return crippled or "not on this machine (looked on PATH and in pyenv's versions)"


def survey() -> Survey:
    """Look for every wanted version; when there is none, take the Python that is running.

    Raises:
        SystemExit: not a single usable Python; the text says what to install.
    """
    found: list[Python] = []
    missing: list[str] = []
    for version in WANTED:
        answer = find(version)
        if isinstance(answer, Python):
            found.append(answer)
        else:
            missing.append(f"Python {version}: {answer}")
    if not found:
        running = probe(sys.executable)
        if running is None or not running[1] or sys.version_info[:2] < OLDEST:
            raise SystemExit("No Python that can make virtual environments.\n  " + "\n  ".join(missing))
        found.append(running[0])
    return Survey(tuple(found), tuple(missing))


def preferred() -> Python:
    """Return the Python to use where one is enough; looks no further than it must."""
    for version in WANTED:
        answer = find(version)
        if isinstance(answer, Python):
            return answer
    return survey().found[0]
