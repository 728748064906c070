"""Events as callers give them (texts, dicts) made into events of the store.

Knows which dict keys are metadata and where the time of a Slack entry stands. Knows no search.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Callable, Union

from .errors import SplError
from .indexing import IndexTimeRules
from .store import Event
from .values import Value, multivalue, number

EventInput = Union[str, Mapping[str, Any]]

METADATA_KEYS = ("_time", "_indextime", "_raw", "host", "source", "sourcetype", "index")


RulesOf = Callable[[str, str, str], IndexTimeRules]
"""Index-time rules by source type, source and host."""


def make_event(given: EventInput, now: float, defaults: Mapping[str, str], rules_of: RulesOf | None = None) -> Event:
    """Make one event.

    Args:
        given: raw text, or a dict of metadata and fields; without `_raw` it is the compact JSON of the fields.
        now: the time of events that have none of their own.
        rules_of: what the app's props.conf says about time stamps and length; None without an app.
        defaults: host, source, sourcetype, index of events that do not say.

    Raises:
        SplError: `_time` or `_indextime` is no time.
    """
    if isinstance(given, str):
        host, source, sourcetype = defaults["host"], defaults["source"], defaults["sourcetype"]
        raw, time = _indexed(given, now, rules_of(sourcetype, source, host) if rules_of else None)
        return Event(raw, time, host=host, source=source, sourcetype=sourcetype, index=defaults["index"])
    fields = {str(key): value for key, value in given.items() if key not in METADATA_KEYS}
    metadata = {key: str(given.get(key, defaults.get(key, ""))) for key in ("host", "source", "sourcetype", "index")}
    synthetic = given.get("_raw") is None
    if synthetic:
        raw = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=str)
        rules = None
    else:
        raw = str(given["_raw"])
        rules = rules_of(metadata["sourcetype"], metadata["source"], metadata["host"]) if rules_of else None
    raw, own = _indexed(raw, now, rules)
    time = own if given.get("_time") is None else _time(given["_time"], "_time")
    indexed = given.get("_indextime")
    return Event(
        raw, time,
        indextime=time if indexed is None else _time(indexed, "_indextime"),
        fields=_flat(fields), synthetic=synthetic, **metadata,
    )  # fmt: skip


def make_events(
    given: Iterable[EventInput], now: float, defaults: Mapping[str, str], rules_of: RulesOf | None = None
) -> list[Event]:
    """Make many events, as `make_event` makes one; texts take the short way."""
    host, source, sourcetype, index = (defaults[key] for key in ("host", "source", "sourcetype", "index"))
    rules = rules_of(sourcetype, source, host) if rules_of else None
    if rules is None or not rules.stamps:
        return [make_event(event, now, defaults, rules_of) for event in given]
    found: list[Event] = []
    stamp, cut = rules.time, rules.cut
    for event in given:
        if type(event) is not str:
            found.append(make_event(event, now, defaults, rules_of))
            continue
        raw = cut(event)
        time = stamp(raw)
        moment = now if time is None else time
        found.append(Event(raw, moment, host=host, source=source, sourcetype=sourcetype, index=index))
    return found


def _indexed(raw: str, now: float, rules: IndexTimeRules | None) -> tuple[str, float]:
    """Return the text and the time that indexing gives an event."""
    if rules is None:
        return raw, _own_time(raw, now)
    kept = rules.cut(raw)
    if not rules.stamps:
        return kept, _own_time(kept, now)
    found = rules.time(kept)
    return kept, now if found is None else found


def _flat(fields: Mapping[str, Any]) -> dict[str, Value]:
    """Return the fields that are values by themselves; objects and null are left to JSON extraction."""
    found: dict[str, Value] = {}
    for name, value in fields.items():
        if isinstance(value, (list, tuple)) and value and not any(isinstance(item, (dict, list)) for item in value):
            found[name] = multivalue([_scalar(item) for item in value if item is not None])
        elif value is not None and not isinstance(value, (dict, list, tuple)):
            found[name] = _scalar(value)
    return found


def _scalar(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, (str, int, float)) else str(value)


def _own_time(raw: str, now: float) -> float:
    """Return `date_create` of a Slack entry, else now."""
    if '"date_create"' in raw:
        try:
            document = json.loads(raw)
        except ValueError:
            return now
        found = number(document.get("date_create")) if isinstance(document, dict) else None
        if found is not None:
            return float(found)
    return now


def _time(given: Any, key: str) -> float:
    found = number(given)
    if found is None and isinstance(given, str):
        found = iso_time(given)
    if found is None:
        raise SplError(f"{key} of an event is no time: {given!r}; give epoch seconds or ISO 8601.")
    return found


def iso_time(written: str) -> float | None:
    """Return the epoch seconds of an ISO 8601 text (UTC unless it says otherwise), None for anything else."""
    try:
        moment = datetime.fromisoformat(written.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
