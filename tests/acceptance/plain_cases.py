"""Which scenario cases can be told to any splunkd, and how: once ingested, once searched.

A real splunkd stamps index times itself and keeps its own history, site lists and address database. So cases that
need any of these, or entries that arrive at set times, are left to the simulation in tests/detections. What remains
is moved to the present by whole weeks, under ids of its own, and run by one dispatch with explicit times.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.confs import AppConfs
from tests.acceptance.feeders import feeders, looks_at_settled_entries
from tests.acceptance.target import Target
from tests.detections.kit.contract import APP_ROOT, ActionList, Contract
from tests.detections.kit.entries import EntryBuilder
from tests.detections.kit.findings import Expectation
from tests.detections.kit.report import disagreement
from tests.detections.kit.scenario import Case, load_scenario

_WEEK = 7 * 86_400
# Lines that arrive at a time of their own, or twice, speak of index times; the collector's own log is no entry.
_TIMED = ("arrives", "arrives_at", "same_as", "log")
# By title: cases in which several runs, or the office hours of a site, decide; alerts whose history is counted from the
# present (two days of watched installations) or is that of all accounts, which other cases have a part in.
_LEFT_OUT = (
    "off_hours",
    "again",
    "midnight",
    "slack_anomaly_stacking",
    "slack_app_install_then_mass_download",
    "slack_failed_sign_ins_of_unknown_accounts",
    "slack_grant_then_purge",
    "slack_sign_in_of_deactivated_account",
)


@dataclass(frozen=True)
class Told:
    """A case as it was put into a splunkd."""

    entries: Sequence[Mapping[str, Any]]
    expected: Sequence[Expectation]
    earliest: int
    latest: str


def plain_cases() -> list[Case]:
    """Every case that one dispatch can judge."""
    folder = Path(__file__).resolve().parents[1] / "detections"
    scenarios = [load_scenario(path) for path in sorted(folder.glob("*.yaml"))]
    return [case for scenario in scenarios for case in scenario.cases if is_plain(case)]


def is_plain(case: Case) -> bool:
    return not (
        case.lookups
        or case.geo
        or case.macros
        or case.until
        or case.zone != "UTC"
        or any(part in case.title for part in _LEFT_OUT)
        or any(key in line for line in case.lines for key in _TIMED)
        or _needs_history(case)
    )


def _needs_history(case: Case) -> bool:
    """Whether entries lie a day or more apart: then runs between them decide."""
    from tests.detections.kit.moments import parse_at

    times = [parse_at(line["at"], case.start) for line in case.lines if "at" in line]
    return not times or max(times) - min(times) >= 86_400


def chosen(cases: Sequence[Case]) -> list[Case]:
    """For each alert its first case that fires and its first that stays quiet."""
    found: dict[tuple[str, bool], Case] = {}
    for case in cases:
        found.setdefault((case.scenario.slug, bool(case.alerts)), case)
    return list(found.values())


def tell(case: Case, now: float) -> Told:
    """The case's entries and expectations, moved by whole weeks so that the last entry is in the past, just so."""
    builder = EntryBuilder(case, ActionList(), Contract())
    arrivals = builder.build()
    last = max(int(arrival.entry["date_create"]) for arrival in arrivals)
    shift = int((now - last) // _WEEK) * _WEEK
    fresh: dict[str, str] = {}
    entries = []
    for arrival in arrivals:
        entry = json.loads(json.dumps(arrival.entry))
        entry["date_create"] += shift
        if "id" in entry:
            entry["id"] = fresh.setdefault(str(entry["id"]), str(uuid.uuid4()))
        entries.append(entry)

    def ids_of(label: str) -> list[str]:
        return [fresh.get(identity, identity) for identity in builder.ids_of(label)]

    first = min(entry["date_create"] for entry in entries)
    expected = [Expectation(wanted, case.start + shift, ids_of) for wanted in case.alerts]
    # A rule that waits for late entries is asked as of the second after the last one.
    latest = str(last + shift + 1) if looks_at_settled_entries(case.scenario.detection) else "now"
    return Told(entries, expected, first - 3600, latest)


def complaint(case: Case, target: Target) -> str | None:
    """What the target's saved search reports otherwise than the case expects; None when nothing."""
    told = tell(case, target.now())
    since = target.ingest(told.entries)
    for title in feeders(case.scenario.detection):
        target.dispatch(title, earliest=told.earliest, latest="now", indexed_since=since)
    rows = target.dispatch(case.scenario.detection, earliest=told.earliest, latest=told.latest, indexed_since=since)
    findings = first_of_each(case.scenario.detection, rows)
    wrong = disagreement(case, told.expected, findings)
    return "\n".join([f"{case.title} on {target.name}:", *wrong]) if wrong else None


def first_of_each(title: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the alert's throttling lets through of one run's results."""
    settings = AppConfs(APP_ROOT).conf("savedsearches")[title]
    if settings.get("alert.suppress") != "1":
        return list(rows)
    names = [name.strip() for name in settings.get("alert.suppress.fields", "").split(",") if name.strip()]
    seen: set[str] = set()
    kept = []
    for row in rows:
        key = json.dumps([row.get(name) for name in names])
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept
