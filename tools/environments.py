"""Virtual environments below build/venv, made from exact pins and made again only when the pins or the Python change.

An environment is a name (`dev`, `appinspect`, `icons`), a requirements file and a Python. The stamp inside holds a
digest of all that went in and is written last, so a set-up that was broken off starts over.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools.pythons import Python

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / "build" / "venv"
REQUIREMENTS = ROOT / "requirements"
INSTALLERS = REQUIREMENTS / "build.txt"
STAMP = "pins.sha256"


def say(text: str) -> None:
    """Write one line of progress; standard output belongs to the command that runs afterwards."""
    print(text, file=sys.stderr, flush=True)


def requirement_files(path: Path) -> list[Path]:
    """Return `path` and every file that it includes with -r, in reading order."""
    files = [path]
    for line in path.read_text(encoding="utf-8").splitlines():
        included = re.match(r"-r\s+(\S+)", line)
        if included:
            files += requirement_files((path.parent / included.group(1)).resolve())
    return files


def digest_of(path: Path, python: Python) -> str:
    """Return a digest of the pins that `path` names, of the installers' pins and of the Python."""
    sums = hashlib.sha256(f"{python.release} {python.executable}\n".encode())
    for file in requirement_files(INSTALLERS) + requirement_files(path):
        sums.update(file.read_bytes())
    return sums.hexdigest()


def clean_variables() -> dict[str, str]:
    """Return the process's variables without those that would lead Python or pip elsewhere or slow them down."""
    strays = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"}
    # Usual in containers; every process of the tests would compile all that it imports once more.
    strays.add("PYTHONDONTWRITEBYTECODE")
    return {key: value for key, value in os.environ.items() if key not in strays}


def _step(command: list[str], what: str) -> None:
    """Run one step of the set-up quietly; its output is shown when it fails.

    Raises:
        SystemExit: the step failed; the text says what was tried and what to do.
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean_variables(),
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise SystemExit(
            f"{tail}\n{what} failed (exit {done.returncode}). Packages come from the index that pip is configured for;"
            " check the network or `pip config`, then run the same make command again."
        )


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time work on what the lock file `path` stands for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure(name: str, python: Python) -> Path:
    """Return the Python of environment `name`, set up from requirements/<name>.txt when it is not yet, or not now.

    Raises:
        SystemExit: a package could not be installed.
    """
    pins = REQUIREMENTS / f"{name}.txt"
    label = python.version if name == "dev" else f"{name}-{python.version}"
    home = VENVS / label
    stamp, wanted, inner = home / STAMP, digest_of(pins, python), home / "bin" / "python"
    with locked(VENVS / f".{label}.lock"):
        if stamp.is_file() and stamp.read_text() == wanted and inner.exists():
            return inner
        say(f"Setting up {home.relative_to(ROOT)} for Python {python.release} (once, about half a minute) ...")
        started = time.monotonic()
        shutil.rmtree(home, ignore_errors=True)
        _step([python.executable, "-m", "venv", str(home)], f"Making {home.relative_to(ROOT)}")
        pip = [str(inner), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        _step([*pip, "install", "--no-deps", "-r", str(INSTALLERS)], "Installing the installers")
        # --no-deps: what is not pinned is not installed; `pip check` then tells whether a pin is lacking.
        _step([*pip, "install", "--no-deps", "--no-build-isolation", "-r", str(pins)], f"Installing {pins.name}")
        _step([*pip, "check"], f"Checking that {pins.name} names every package")
        stamp.write_text(wanted)
        say(f"  done in {time.monotonic() - started:.0f} s")
    return inner
