"""The alert action `slack_audit_prune`: removes what is too old from the collections that detections compare with.

Each result of the alert names a collection (`*`: every one that no other result names) and the days to keep. The
store is asked to delete by the age of a row, in one call for each collection: a row that a search renews meanwhile is
not old any more when the store comes to it, so nothing that was just written is lost. docs/adr/0009-pruning.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from slack_audit_monitor import APP_ID
from slack_audit_monitor.alert_action import EXIT_DONE, run_action
from slack_audit_monitor.alert_payload import AlertPayload, Row
from slack_audit_monitor.errors import ConfigError
from slack_audit_monitor.kvstore import Collection, SplunkdRest, entries_of
from slack_audit_monitor.log import Log

DAY_SECONDS = 86_400
#: Less would cut into what the shipped searches look back at: 30 days of a baseline and entries a week late.
FEWEST_DAYS = 37
#: Notes from one search for another, a ring of two hours and a ring of two days: fewest days, and what says how many.
NOTES = {
    "slack_audit_session_sightings": (4 / 24, "the macro slack_audit_session_notes_hours"),
    "slack_audit_download_pace": (3, "the search"),
}
#: A row's age by collection; all others carry `last`. A collection without the field is left alone.
AGE_FIELDS = {"slack_audit_judged_entries": "indexed_at"}
USUAL_AGE_FIELD = "last"
EVERYTHING_ELSE = "*"
#: Deleting many rows takes the store a while.
TIMEOUT_SECONDS = 120.0
PATIENCE_SECONDS = 60.0
_CONFIG = f"/servicesNS/nobody/{APP_ID}/storage/collections/config"


def main(argv: Sequence[str]) -> int:
    """Do what splunkd asks for; return the exit status."""
    return run_action(argv, _prune, failed="history_not_pruned")


def _prune(payload: AlertPayload, log: Log, now: float) -> int:
    days_of = days_by_collection(payload.rows())
    triggered_at = payload.triggered_at(now)
    rest = SplunkdRest(
        payload.server_uri,
        payload.session_key,
        patience_seconds=PATIENCE_SECONDS,
        timeout_seconds=TIMEOUT_SECONDS,
        consequence="Old rows of the KV store stay where they are.",
    )
    with contextlib.closing(rest):
        there = age_fields(rest)
        for name in sorted(set(days_of) - set(there) - {EVERYTHING_ELSE}):
            log.warn("history_not_pruned", collection=name, reason="There is no such collection with an age.")
        for name, field in sorted(there.items()):
            days = days_of.get(name, days_of.get(EVERYTHING_ELSE))
            if days is None:
                continue
            before = triggered_at - days * DAY_SECONDS
            Collection(rest, name).delete({field: {"$lt": before}})
            log.info("history_pruned", collection=name, days=days, before=int(before))
    return EXIT_DONE


def days_by_collection(rows: Sequence[Row]) -> dict[str, float]:
    """Return collection -> days to keep.

    Raises:
        ConfigError: a row names no collection, or days that are no number or too few.
    """
    days_of: dict[str, float] = {}
    for row in rows:
        name, given = str(row.get("collection") or ""), str(row.get("days") or "")
        try:
            days = float(given)
        except ValueError:
            days = 0.0
        if not name:
            raise ConfigError("collection", "A result of the search names no collection. Nothing was removed.")
        fewest, said_by = NOTES.get(name, (FEWEST_DAYS, "the macro slack_audit_history_days"))
        if not days >= fewest:
            raise ConfigError(
                "days",
                f"{name} is to keep {given or 'no number of'} days; at least {fewest:.3g} are needed, as searches "
                f"look back that far. Correct {said_by}. Nothing was removed.",
            )
        days_of[name] = days
    return days_of


def age_fields(rest: SplunkdRest) -> dict[str, str]:
    """Return this app's collections that say how old a row is, each with the field that does."""
    answer = rest.call("GET", _CONFIG, params={"output_mode": "json", "count": "0"})
    found: dict[str, str] = {}
    for entry in entries_of(answer):
        name, content, acl = entry.get("name"), entry.get("content"), entry.get("acl")
        if not isinstance(name, str) or not isinstance(content, Mapping):
            continue
        # Collections that other apps share with us are none of our business.
        if isinstance(acl, Mapping) and acl.get("app") not in (None, APP_ID):
            continue
        field = AGE_FIELDS.get(name, USUAL_AGE_FIELD)
        if content.get(f"field.{field}") == "number":
            found[name] = field
    return found
