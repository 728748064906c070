"""No file grows beyond what somebody reads in one go, unless it says or this list says why."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
HEAD_LINES = 12
REASON = "Long because"

EXEMPT = {
    "default/savedsearches.conf": "Splunk reads searches from one file; contents at its head",
    "default/macros.conf": "Splunk reads macros from one file; contents at its head",
    "default/data/ui/views/*.xml": "a dashboard is one JSON definition in one file, as Dashboard Studio writes it",
    "docs/detections.md": "generated: a section for each alert",
    "docs/macros.md": "generated: a row for each macro",
    "bin/slack_audit_monitor/logs_page.schema.json": "Slack's contract as a schema",
    "*package-lock.json": "written by npm",
    "bench/measured/*.json": "figures that a measurement wrote",
    "*.csv": "data",
}
"""Pattern -> why such a file may be long. A file that fits none says it at its head: a comment with `Long because`."""

TEXT = (
    *(".py", ".ts", ".tsx", ".mjs", ".js", ".css", ".conf", ".spec", ".xml", ".json"),
    *(".md", ".yaml", ".txt", ".toml", ".csv"),
)


def files() -> list[Path]:
    """Return what belongs to the repository: what git knows, or where there is no git, what is not built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [
        path for path in ROOT.rglob("*") if path.relative_to(ROOT).parts[0] not in ("build", "dist", ".git")
    ]
    return [path for path in found if path.suffix in TEXT and path.is_file()]


def complaint(path: str, text: str) -> str | None:
    lines = text.count("\n")
    if lines <= MOST_LINES or any(fnmatch(path, pattern) for pattern in EXEMPT):
        return None
    if REASON in "\n".join(text.splitlines()[:HEAD_LINES]):
        return None
    return f"{path}: {lines} lines, at most {MOST_LINES}: take a second job out, or say at the head why it is long"


def test_no_file_is_too_long_to_read() -> None:
    found = files()
    assert len(found) > 500
    told = (complaint(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found)
    assert [one for one in told if one] == []


def test_every_exemption_is_needed() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in files()]
    long = [name for name in names if (ROOT / name).read_text(encoding="utf-8").count("\n") > MOST_LINES]
    unused = [pattern for pattern in EXEMPT if not any(fnmatch(name, pattern) for name in long)]
    assert not unused


def test_a_long_file_without_a_reason_is_found() -> None:
    assert complaint("bin/long.py", "x = 1\n" * 401)
    assert not complaint("bin/long.py", "x = 1\n" * 400)
    assert not complaint("bin/long.py", '"""Words. Long because it is a list."""\n' + "x = 1\n" * 401)
