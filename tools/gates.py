"""bandit on the Python that ships, Splunk's `slim validate` on the package; each finding is explained or not accepted.

Both speak in warnings that a person has to judge once. What was judged stands with its reason in
tools/bandit_expected.json and tools/slim_expected.json; anything else fails, and so does a reason for what is not found
any more, so that the lists stay true.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.environments import ROOT, clean_variables, ensure
from tools.pythons import preferred

BUILD = ROOT / "build"
#: Lines of slim that say how it went on.
_PROGRESS = re.compile(r"slim validate: (Validating app at |\[INFO\] |\[NOTE\] )")
_PLACE = re.compile(r"\S*/(?=default/|metadata/|app\.manifest)")


def read_expected(name: str) -> dict[str, str]:
    """Return pattern -> reason of tools/<name>_expected.json."""
    stored: dict[str, str] = json.loads((ROOT / "tools" / f"{name}_expected.json").read_text(encoding="utf-8"))
    return stored


def verdict(found: Sequence[str], expected: dict[str, str]) -> list[str]:
    """Return what stands against the app, one sentence each; empty: it passes."""
    unused = {pattern for pattern in expected if not any(re.fullmatch(pattern, line) for line in found)}
    against = [line for line in found if not any(re.fullmatch(pattern, line) for pattern in expected)]
    return against + [f"expected and no longer found: {pattern}" for pattern in sorted(unused)]


def bandit(folder: Path) -> list[str]:
    """Return bandit's findings in a folder as `check path: text`; without lines, which move.

    Raises:
        SystemExit: it did not come to an end.
    """
    inner = str(ensure("gates", preferred()))
    command = [inner, "-m", "bandit", "--quiet", "--recursive", str(folder), "--format", "json"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=clean_variables(), check=False
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{done.stdout}\n{done.stderr}\nbandit wrote no report (see above)") from None
    if report["errors"]:
        raise SystemExit(f"bandit could not read a file: {report['errors']}")
    found = []
    for one in report["results"]:
        path, text = Path(one["filename"]).relative_to(folder).as_posix(), " ".join(one["issue_text"].split())
        found.append(f"{one['test_id']} {path}: {text}")
    return found


def slim(package: Path) -> list[str]:
    """Return what slim complains about in the package, without the folder in which it looked.

    Raises:
        SystemExit: it did not come to an end.
    """
    home = BUILD / "slim"
    shutil.rmtree(home, ignore_errors=True)  # it keeps a copy of each package that it saw
    home.mkdir(parents=True)
    command = [str(ensure("gates", preferred()).parent / "slim"), "validate", str(package.resolve())]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home,
        env={**clean_variables(), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}, check=False,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.strip() and not _PROGRESS.match(line)]
    if "App validation complete" not in done.stdout:
        raise SystemExit(f"{done.stdout}\nslim validate did not come to an end (see above)")
    shutil.rmtree(home, ignore_errors=True)
    complaints = [_PLACE.sub("", line.removeprefix("slim validate: ")) for line in said]
    return complaints + ([f"slim validate ended with {done.returncode}"] if done.returncode else [])


def passes(name: str, found: Sequence[str]) -> bool:
    """Print the verdict of one checker; return whether it passes."""
    expected = read_expected(name)
    against = verdict(found, expected)
    print(f"{name}: {len(found)} findings, {len(found) - len(against)} explained in tools/{name}_expected.json")
    for sentence in against:
        print(f"  NOT ACCEPTED {sentence}")
    return not against


def main() -> None:
    """Run the checkers that the arguments name."""
    parser = argparse.ArgumentParser(description="Run bandit on bin/ and slim on a package.")
    parser.add_argument("package", type=Path, nargs="?", help="without it, bandit alone")
    package = parser.parse_args().package
    passed = passes("bandit", bandit(ROOT / "bin"))
    if package is not None:
        passed = passes("slim", slim(package)) and passed
    sys.stdout.flush()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
