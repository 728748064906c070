"""Fill a lib/ folder with what lib/requirements.txt names: pure Python, trimmed, licences kept.

pip takes only wheels that run on any platform, so a package with compiled parts makes this fail instead of shipping.
The result is kept below build/ under a digest of all that shapes it; the installers are pinned, so it is the same
whichever Python made it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path

from tools.environments import INSTALLERS, ROOT, clean_variables

REQUIREMENTS = ROOT / "lib" / "requirements.txt"
NOTICES = "THIRD_PARTY_NOTICES.txt"
BUILT_HERE: dict[str, dict[str, str]] = {
    "splunk-sdk": {},  # published as source alone
    "maxminddb": {"CC": "/bin/false"},  # its wheels hold compiled parts; without a compiler it becomes pure Python
}
"""What is installed from source: package -> variables that its build sees."""
OLDEST_PYTHON = "3.9"

DROPPED_FOLDERS = (
    "bin",  # command-line starters with this machine's path in their first line
    "jsonschema/tests",
    "jsonschema/benchmarks",
    "certifi/tests",
    "urllib3/contrib/emscripten",
)
DROPPED_FILES = (
    "**/*.pyi",
    "**/py.typed",
    "tzdata/zoneinfo/tzdata.zi",  # the zones as source text; zoneinfo reads the compiled ones
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/*.tab",
)
KEPT_OF_DIST_INFO = re.compile(r"METADATA|(.*/)?(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*", re.IGNORECASE)


def _pip(*arguments: str, variables: Mapping[str, str] | None = None) -> None:
    """Run pip of the running Python; its output is shown when it fails.

    Raises:
        SystemExit: pip failed.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**clean_variables(), **(variables or {})},
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit("\n".join(done.stdout.splitlines()[-15:]) + "\npip could not fill lib/ (see above)")


def pins() -> dict[str, str]:
    """Return package -> `package==version` as lib/requirements.txt has them."""
    lines = (line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return {line.partition("==")[0]: line for line in lines if line and not line.startswith("#")}


def _digest() -> str:
    parts = (REQUIREMENTS, INSTALLERS, Path(__file__))
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def _trim(lib: Path) -> None:
    for name in DROPPED_FOLDERS:
        shutil.rmtree(lib / name, ignore_errors=True)
    for pattern in DROPPED_FILES:
        for path in lib.glob(pattern):
            path.unlink()
    for info in lib.glob("*.dist-info"):
        for path in sorted(info.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif not KEPT_OF_DIST_INFO.fullmatch(path.relative_to(info).as_posix()):
                path.unlink()


def _notices(lib: Path) -> str:
    """Return the third-party notice: package, version, licence, and where its text stands."""
    lines = [
        "Third-party software in this folder",
        "",
        "Installed unchanged from the Python Package Index, less tests, type stubs and command-line starters.",
        "",
    ]
    for info in sorted(lib.glob("*.dist-info"), key=lambda path: path.name.lower()):
        facts = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
        licence = facts["License-Expression"] or facts["License"] or _classified(facts.get_all("Classifier") or [])
        texts = [path.relative_to(lib).as_posix() for path in sorted(info.rglob("*"))]
        texts = [path for path in texts if not path.endswith("/METADATA") and (lib / path).is_file()]
        # The sdk's wheel carries no licence text; it is the licence that this app itself comes under.
        lines += [
            f"{facts['Name']} {facts['Version']}",
            f"  licence: {(licence or 'see its text').splitlines()[0]}",
            f"  text:    {', '.join(texts) or '../LICENSE (Apache License 2.0)'}",
            "",
        ]
    return "\n".join(lines)


def _classified(classifiers: list[str]) -> str:
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::"))


def vendored() -> Path:
    """Return a folder with the trimmed packages, installed now if they are not at hand.

    Raises:
        SystemExit: a package is not to be had, or has no pure wheel.
    """
    ready = ROOT / "build" / "lib" / _digest()
    if ready.is_dir():
        return ready
    making = ready.with_name(ready.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    wheels, lib = making / "wheels", making / "lib"
    for name, variables in BUILT_HERE.items():
        wish = ("wheel", "--no-deps", "--no-build-isolation", "--no-binary", name, "-w", str(wheels), pins()[name])
        _pip(*wish, variables=variables)
    _pip(
        *("install", "--target", str(lib), "--no-compile", "--no-deps", "--only-binary=:all:"),
        *("--platform", "any", "--python-version", OLDEST_PYTHON, "--implementation", "py", "--abi", "none"),
        *("--find-links", str(wheels), "-r", str(REQUIREMENTS)),
    )
    _trim(lib)
    (lib / NOTICES).write_text(_notices(lib), encoding="utf-8")
    lib.rename(ready)
    shutil.rmtree(making)
    return ready


if __name__ == "__main__":
    vendored()
