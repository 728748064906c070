"""Run Splunk's AppInspect on the package and decide by its report: `python -m tools.appinspect_gate PACKAGE`.

AppInspect exits 0 even after failures, so the verdict is read from its JSON. A warning passes only with a reason in
tools/appinspect_expected.json, and only while each of its messages matches what is expected there; an expected warning
that no longer appears fails too, so that the list stays true.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.environments import ROOT, clean_variables, ensure
from tools.pythons import preferred

EXPECTED = ROOT / "tools" / "appinspect_expected.json"
REPORT = ROOT / "build" / "appinspect.json"
TAGS = ("cloud", "private_victoria", "future")
FAILING = ("failure", "error", "future_failure", "manual_check", "skipped")
"""Results that never pass. `skipped` too: a broken package makes AppInspect skip nearly all of its checks."""
FEWEST_CHECKS = 200  # of about 250 with these tags; fewer means that the report is not what we think
START = "import pylibmagic, splunk_appinspect.main as main; main.execute()"  # pylibmagic first: it brings libmagic


@dataclass(frozen=True)
class Finding:
    """One check: its result and what it said, file and line included where it gave them."""

    check: str
    result: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Expected:
    """Why a warning is accepted, and the pattern that the start of each of its messages must match."""

    reason: str
    only: str

    def covers(self, finding: Finding) -> bool:
        """Return whether every message of the finding is one of those that were explained."""
        return all(re.match(self.only, message) for message in finding.messages)


def read_expected(path: Path = EXPECTED) -> dict[str, Expected]:
    """Return the accepted warnings by check."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {check: Expected(entry["reason"], entry["only"]) for check, entry in stored.items()}


def inspect(package: Path) -> dict[str, Any]:
    """Run AppInspect on `package` and return its report.

    Raises:
        SystemExit: it did not come to an end, or wrote no report.
    """
    inner = ensure("appinspect", preferred())
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [str(inner), "-c", START, "inspect", str(package), "--mode", "precert"]
    for tag in TAGS:
        command += ["--included-tags", tag]
    command += ["--skip-trusted-libraries-update", "--max-messages", "all"]
    command += ["--data-format", "json", "--output-file", str(REPORT)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean_variables(),
        check=False,
    )
    if not REPORT.is_file():
        raise SystemExit("\n".join(done.stdout.splitlines()[-20:]) + "\nAppInspect wrote no report (see above)")
    report: dict[str, Any] = json.loads(REPORT.read_text(encoding="utf-8"))
    return report


def checks(report: dict[str, Any]) -> Iterator[Finding]:
    """Yield every check of the report with its result."""
    for part in report["reports"]:
        for group in part["groups"]:
            for check in group["checks"]:
                said = tuple(entry["message"] for entry in check["messages"] if entry["result"] == check["result"])
                yield Finding(check["name"], check["result"], said)


def verdict(found: list[Finding], expected: dict[str, Expected]) -> list[str]:
    """Return what stands against the package, one sentence each; empty: it passes."""
    against = [
        f"{finding.result}: {finding.check}: {' | '.join(finding.messages) or 'no message'}"
        for finding in found
        if finding.result in FAILING
        or (finding.result == "warning" and not (finding.check in expected and expected[finding.check].covers(finding)))
    ]
    warned = {finding.check for finding in found if finding.result == "warning"}
    against += [
        f"expected warning no longer seen: {check}: remove it from {EXPECTED.name}"
        for check in sorted(set(expected) - warned)
    ]
    if len(found) < FEWEST_CHECKS:
        against.append(f"only {len(found)} checks ran, at least {FEWEST_CHECKS} were due")
    return against


def main() -> None:
    """Inspect, print the counts and each expected warning with its reason, and fail on anything else."""
    parser = argparse.ArgumentParser(description="Run AppInspect and judge its report.")
    parser.add_argument("package", type=Path)
    found = list(checks(inspect(parser.parse_args().package)))
    expected = read_expected()
    against = verdict(found, expected)
    counts = Counter(finding.result for finding in found)
    print("AppInspect: " + ", ".join(f"{counts[result]} {result}" for result in sorted(counts)))
    for check in sorted(expected):
        print(f"  expected warning {check}: {expected[check].reason}")
    for sentence in against:
        print(f"  NOT ACCEPTED {sentence}")
    print(f"  whole report: {REPORT.relative_to(ROOT)}")
    sys.exit(1 if against else 0)


if __name__ == "__main__":
    main()
