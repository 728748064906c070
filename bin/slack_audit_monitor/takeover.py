"""Going on where an input of the Slack Add-on for Splunk (Splunkbase 4986) stands.

Asked for by `start_time = slack_audit_logs://NAME`.

What its published source says of it, up to version 3:

    input       slack_audit_logs://NAME of its app, with start_time (UTC), index and disabled
    position    collection <app>_checkpointer of its app; a row's `state` is JSON:
        NAME_last_date     newest second that it saw; it skips that second from then on, and everything older
        NAME_last_recorded_successful_state     a JSON text, there while a walk is not finished. It walks newest first
                           and saves last_date after each page: what lies between `epoch_time` of this row and
                           last_date may be missing
    entries     source slack_audit_logs, sourcetype slack:audit, time date_create

So we start at that place, less `late_arrival_seconds` (it never looks back), and leave out what it has in the index by
id. An index that this Splunk cannot search leaves that to the searches, which count an id once.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from slack_audit_monitor import APP_ID
from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.entries import LATEST_SECOND, key_of
from slack_audit_monitor.errors import ConfigError, FatalError
from slack_audit_monitor.instants import iso, parse_instant
from slack_audit_monitor.kvstore import Collection, SplunkdRest, entries_of
from slack_audit_monitor.log import Log
from slack_audit_monitor.seen import SeenEntries
from slack_audit_monitor.settings import FIRST_DAY, FOLLOWED, Settings

_INPUTS = "/servicesNS/-/-/data/inputs/slack_audit_logs"
_EXPORT = f"/servicesNS/nobody/{APP_ID}/search/v2/jobs/export"
#: Ids to ask for, at most: some twenty megabytes for a moment. Newest first.
MOST_KNOWN = 200_000
_SAFE_INDEX = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True)
class Stand:
    """Where the other input stands.

    Attributes:
        position: everything up to this second was collected, as far as Slack had it then.
        index: where its entries are.
    """

    position: int
    index: str

    def start_at(self, late_arrival_seconds: int) -> int:
        """Return where we begin: before its position, because it never saw what showed up late."""
        return max(FIRST_DAY, self.position - late_arrival_seconds)


def go_on(
    rest: SplunkdRest, settings: Settings, checkpoint: Checkpoint, log: Log
) -> tuple[Settings, SeenEntries]:
    """Return the settings with the place to begin at, and what the other input has sent from there on.

    Only for an input that follows another one, and until its first walk is over: then its own position counts.

    Raises:
        ConfigError, KvStoreUnavailable, FatalError: see `read_stand`.
    """
    state = checkpoint.state
    if not settings.follows or state.looked_at is not None:
        return settings, SeenEntries(0)
    stand = read_stand(rest, settings)
    start_at = stand.start_at(settings.late_arrival_seconds) if state.start_at is None else state.start_at
    known = known_entries(rest, stand, start_at, log)
    log.info(
        "took_over",
        aloud=True,
        from_input=FOLLOWED + settings.follows,
        its_position=iso(stand.position),
        reading_from=iso(start_at),
        ids_known=len(known),
    )
    return replace(settings, start_at=start_at), known


def read_stand(rest: SplunkdRest, settings: Settings) -> Stand:
    """Ask splunkd where the input that the settings name stands.

    Raises:
        ConfigError: it is not there, still on, or its position cannot be read.
        KvStoreUnavailable, FatalError: splunkd does not tell.
    """
    name = settings.follows
    app, content = _input(rest, name)
    if str(content.get("disabled")).lower() not in ("1", "true"):
        raise _refusal(name, "this input is still on. Disable it, wait until its last run is over, and try again")
    return Stand(_position(rest, app, name, content), str(content.get("index") or ""))


def known_entries(rest: SplunkdRest, stand: Stand, start_at: int, log: Log) -> SeenEntries:
    """Return what the other input has in the index, from `start_at` on; empty if it cannot be searched from here.

    Raises:
        KvStoreUnavailable: splunkd does not answer; worth another run.
    """
    known = SeenEntries(0)
    where = f'index="{stand.index}" ' if stand.index and stand.index != "default" and _is_plain(stand.index) else ""
    search = (
        f'search {where}sourcetype="slack:audit" source="slack_audit_logs" '
        f"| eval second=floor(_time) | head {MOST_KNOWN} | table second slack_event_id"
    )
    times = {"earliest_time": str(start_at), "latest_time": "now"}
    form = {"search": search, **times, "output_mode": "csv", "preview": "0"}
    try:
        answer = rest.call("POST", _EXPORT, form=form)
    except FatalError as problem:
        log.warn("takeover_without_ids", reason=str(problem))
        return known
    for row in csv.DictReader(io.StringIO(answer.text)):
        second, identity = str(row.get("second") or ""), row.get("slack_event_id")
        if second.isdigit() and identity:
            known.add(int(second), key_of(identity))
    return known


def _input(rest: SplunkdRest, name: str) -> tuple[str, dict[str, Any]]:
    """Return the app and the settings of the other input."""
    answer = rest.call("GET", _INPUTS, params={"output_mode": "json", "count": "0"}, expected=(200, 404))
    entries = entries_of(answer) if answer.status_code == 200 else []
    for entry in entries:
        app = (entry.get("acl") or {}).get("app")
        if entry.get("name") == name and app and isinstance(entry.get("content"), dict):
            return str(app), entry["content"]
    there = ", ".join(sorted(str(entry.get("name")) for entry in entries)) or "none"
    raise _refusal(name, f"add-on 4986 has no such input on this host (it has: {there})")


def _position(rest: SplunkdRest, app: str, name: str, content: dict[str, Any]) -> int:
    config = rest.call(
        "GET",
        f"/servicesNS/nobody/{quote(app, safe='')}/storage/collections/config",
        params={"output_mode": "json", "count": "0"},
    )
    names = sorted(str(entry.get("name")) for entry in entries_of(config))
    rows = {}
    for collection in [one for one in names if one.endswith("_checkpointer")]:
        for kind in ("last_date", "last_recorded_successful_state"):
            row = Collection(rest, collection, app).row(quote(f"{name}_{kind}", safe=""))
            if row is not None:
                rows[kind] = _decoded(row.get("state"))
    if "last_recorded_successful_state" in rows:
        walk = _decoded(rows["last_recorded_successful_state"])
        second = _second(walk.get("epoch_time") if isinstance(walk, dict) else None)
    elif "last_date" in rows:
        second = _second(rows["last_date"])
    else:  # it has never finished a page
        try:
            second = parse_instant(str(content.get("start_time") or ""), 0)
        except (ValueError, OverflowError):
            second = None
    if second is None:
        raise _refusal(name, "the position of this input cannot be read. Write a time in its place: docs/migration.md")
    return second


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _second(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value <= LATEST_SECOND else None


def _is_plain(index: str) -> bool:
    return set(index) <= _SAFE_INDEX


def _refusal(name: str, reason: str) -> ConfigError:
    return ConfigError("start_time", f'start_time: found "{FOLLOWED}{name}": {reason}.')
