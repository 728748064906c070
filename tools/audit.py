"""Ask the public advisory databases about everything that ships: `make audit`.

pip-audit for lib/, npm audit for the setup page's bundle. Both need more than a package registry's files, and many
mirrors do not pass their questions on; pip-audit then calls everything unknown and ends as if all were well. So what
was not answered is said, and counts as a failure. A known advisory passes only with a reason in audit_expected.json.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.environments import ROOT, clean_variables, ensure
from tools.node import UI, NodeMissing, find_node
from tools.pythons import preferred
from tools.vendor import REQUIREMENTS, pins

EXPECTED = Path(__file__).with_name("audit_expected.json")
PATIENCE_SECONDS = 300
EXIT_FOUND, EXIT_NOT_ASKED = 1, 2


class NotAnswered(Exception):
    """A database could not be asked; the text says which and why."""


def read_expected() -> dict[str, dict[str, str]]:
    """Return advisory -> package (pinned) and reason."""
    stored: dict[str, dict[str, str]] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return stored


def stale(expected: dict[str, dict[str, str]]) -> list[str]:
    """Return what is explained of a release that is not shipped any more."""
    shipped = set(pins().values())
    return [f"{name}: {entry['package']} is not shipped" for name, entry in expected.items()
            if entry["package"] not in shipped]  # fmt: skip


def of_pip(report: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return (package==version, names of an advisory) of pip-audit's report.

    Raises:
        NotAnswered: a package was skipped.
    """
    parts = report["dependencies"]
    skipped = [part["name"] for part in parts if "skip_reason" in part]
    if skipped or not parts:
        raise NotAnswered(f"pip-audit got no answer for {len(skipped)} of {len(parts)} packages ({', '.join(skipped)})")
    return [
        (f"{part['name']}=={part['version']}", [found["id"], *found.get("aliases", [])])
        for part in parts
        for found in part["vulns"]
    ]


def of_npm(report: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return (package, names of an advisory) of npm's report.

    Raises:
        NotAnswered: it is an error.
    """
    if "vulnerabilities" not in report:
        raise NotAnswered(f"npm audit got no answer ({report.get('message') or report.get('error') or 'no report'})")
    found = []
    for name, entry in report["vulnerabilities"].items():
        for cause in entry["via"]:
            if isinstance(cause, dict):  # a text names another entry
                advisory = re.search(r"GHSA(?:-\w{4}){3}", cause.get("url", ""))
                found.append((name, [advisory.group() if advisory else str(cause.get("source"))]))
    return found


def verdict(found: Sequence[tuple[str, list[str]]], expected: dict[str, dict[str, str]]) -> list[str]:
    """Return the advisories that nobody explained."""
    return [
        f"{package}: {' '.join(names)}"
        for package, names in found
        if not any(expected.get(name, {}).get("package") == package for name in names)
    ]


def _report(command: list[str], folder: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, cwd=folder, env=clean_variables(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        value = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise NotAnswered(f"{Path(command[0]).name} got no answer within {PATIENCE_SECONDS} seconds") from None
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise NotAnswered(f"{Path(command[0]).name} wrote no report ({last[:200]})") from None
    return value if isinstance(value, dict) else {}


def _ask_pip() -> list[tuple[str, list[str]]]:
    inner = ensure("audit", preferred())
    command = [str(inner), "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    return of_pip(_report([*command, "--format", "json", "--requirement", str(REQUIREMENTS)], ROOT))


def _ask_npm() -> list[tuple[str, list[str]]]:
    try:
        node = find_node()
    except NodeMissing as error:
        raise NotAnswered(f"npm audit was not run: {error}") from None
    return of_npm(_report([*node.npm, "audit", "--omit=dev", "--package-lock-only", "--json"], UI))


def main() -> None:
    """Ask, and say what was found, what was explained, and what could not be asked."""
    expected = read_expected()
    against, silent = stale(expected), []
    for name, ask in (("lib/ (pip-audit)", _ask_pip), ("setup page (npm audit)", _ask_npm)):
        try:
            found = ask()
        except NotAnswered as error:
            silent.append(f"{name}: {error}")
            continue
        unexplained = verdict(found, expected)
        print(f"{name}: {len(found)} known advisories, {len(found) - len(unexplained)} explained in {EXPECTED.name}")
        against += unexplained
    for sentence in against:
        print(f"  NOT ACCEPTED {sentence}")
    for sentence in silent:
        print(f"  NOT AUDITED {sentence}. Nothing is known about it: run `make audit` where the database is reached.")
    sys.exit(EXIT_FOUND if against else EXIT_NOT_ASKED if silent else 0)


if __name__ == "__main__":
    main()
