"""A failed case as a note that an analyst can read.

slack_owner_granted :: the entry twice
Somebody becomes an owner. …
expected 1 finding, got 0
  missing: entity {'contains': 'W0ZOE'}
Rows after each pipe, run of Tue 2026-03-03 09:05:00Z: 1 → 1 → 0
  …
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .entries import Arrival
from .findings import Expectation, Finding, nearest, pair_up
from .moments import show_instant
from .scenario import Case

_COLUMNS = ("rule_id", "severity", "entity", "user", "src", "first_time", "last_time", "count", "summary")
_TIMES = ("first_time", "last_time")


@dataclass(frozen=True)
class ExplainedRun:
    """One run of the alert, and how many rows each pipe left."""

    now: float
    rows_after: tuple[tuple[str, int], ...]  # (the command as written, rows after it)


def disagreement(case: Case, expected: Sequence[Expectation], findings: Sequence[Finding]) -> list[str]:
    """Lines on what differs; empty when the findings are those expected."""
    pairs = pair_up(expected, findings)
    missing = [want for i, want in enumerate(expected) if i not in pairs]
    spare = [finding for j, finding in enumerate(findings) if j not in pairs.values()]
    if not missing and not spare:
        return []
    lines = [f"expected {_count(expected)}, got {_count(findings)}"]
    for want in missing:
        lines.append(f"  missing: {_describe(want.wanted)}")
        for column, difference in sorted((nearest(want, spare) or {}).items()):
            lines.append(f"    nearest finding differs in {column}: {difference}")
    for finding in spare:
        lines.append(f"  {'not accepted' if missing else 'not expected'}: {show_finding(finding, case.start)}")
    return lines


def case_note(case: Case, lines: Sequence[str], runs: Sequence[ExplainedRun], entries: Sequence[str]) -> str:
    """The whole note: scenario, what differs, what was sent, and the rows after each pipe."""
    note = ["", case.title, f"  {case.scenario.story.strip()}", *lines]
    if entries:
        note += ["Entries, in order of arrival:", *(f"  {line}" for line in entries)]
    if not runs:
        note.append("No run of the alert had any entry in its window.")
    for run in runs:
        counts = " → ".join(str(count) for _, count in run.rows_after)
        note.append(f"Rows after each pipe, run of {show_instant(run.now)}: {counts}")
        note += [f"  {before:>6} → {after:<6} {_shorten(command)}" for command, before, after in _changes(run)]
    return "\n".join(note)


def show_finding(finding: Finding, start: int) -> str:
    """The columns that tell one finding from another; times as offsets from the start."""
    shown = []
    for column in _COLUMNS:
        value = finding.get(column)
        if column in _TIMES and isinstance(value, (int, float)):
            value = f"{int(value) - start:+d}s"
        shown.append(f"{column}={value!r}")
    return " ".join(shown)


def _describe(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{column} {value}" for column, value in wanted.items()) or "any finding"


def _count(things: Sequence[Any]) -> str:
    return f"{len(things)} finding{'' if len(things) == 1 else 's'}"


def _changes(run: ExplainedRun) -> list[tuple[str, int | str, int]]:
    """The commands that changed the number of rows, with the numbers before and after."""
    changes: list[tuple[str, int | str, int]] = []
    before: int | str = "index"
    for command, after in run.rows_after:
        if after != before:
            changes.append((command, before, after))
        before = after
    return changes


def _shorten(command: str, width: int = 150) -> str:
    flat = " ".join(command.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def show_entry(arrival: Arrival, start: int) -> str:
    """One entry on one line: when, what, who, from where, and when it arrived."""
    entry = arrival.entry
    if arrival.log:
        return f"{int(entry['date_create']) - start:+d}s: the collector's log: {arrival.log}"
    actor = (entry.get("actor") or {}).get("user") or {}
    created = int(entry["date_create"])
    who = actor.get("id") or actor.get("email") or "nobody"
    address = (entry.get("context") or {}).get("ip_address") or "no address"
    late = arrival.arrives_at - created
    when = f"{created - start:+d}s, arrived {late:+d}s"
    return f"{when}: {entry['action']} by {who} from {address} ({arrival.label})"
