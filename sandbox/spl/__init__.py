"""A search engine for the shipped SPL: a test instrument, not a Splunk.

`search` is the door for programs. It follows the manuals where they speak, makes open points switches, warns where a
limit or an undocumented point mattered, and refuses by name what it does not know.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Union

from .context import RunContext
from .engine import Plan, Result, compile_search_text
from .errors import SplError
from .events import EventInput, iso_time, make_event, make_events
from .geo import GeoInput, load_geo
from .knowledge import Knowledge
from .lookups import LookupFailure, LookupInput
from .store import Event, EventStore
from .switches import DEFAULT, Switches
from .timemod import resolve, zone
from .values import number

APP_ROOT = Path(__file__).resolve().parents[2]
"""The app that this sandbox belongs to."""

Time = Union[str, int, float]
AppInput = Union[str, Path, Knowledge, None]

_APP_DEFAULTS = {
    "host": "localhost",
    "source": "slack_audit://prod",
    "sourcetype": "slack:audit",
    "index": "slack_audit",
}
_BARE_DEFAULTS = {"host": "", "source": "", "sourcetype": "", "index": "main"}


def search(
    spl: str,
    events: Iterable[EventInput],
    *,
    now: Time,
    earliest: Time | None = None,
    latest: Time | None = None,
    tz: str | tzinfo = "UTC",
    app: AppInput = APP_ROOT,
    lookups: Mapping[str, LookupInput] | None = None,
    geo: GeoInput = None,
    index_earliest: Time | None = None,
    index_latest: Time | None = None,
    explain: bool = False,
    switches: Switches = DEFAULT,
) -> Result:
    """Run one search over these events.

    Args:
        events: raw texts, or dicts: _time _indextime _raw host source sourcetype index are metadata, the rest fields.
        now: when the search starts: epoch seconds or ISO 8601.
        earliest, latest, index_earliest, index_latest: time modifiers or epoch seconds; latest is exclusive.
        tz: the searching user's time zone, by IANA name.
        app: folder or loaded knowledge of an app; None for Splunk's defaults alone.
        lookups: tables by name: rows, or the path of a CSV; they replace the app's.
        geo: the address database (cidr,country,city,lat,lon,asn,as_org): a path or rows.
        explain: note the number of rows after each stage in `Result.stages`.

    Raises:
        SplError: the search, the app, a table or an event is not understood; says what and where.
    """
    knowledge = _knowledge(app)
    moment = _moment(now)
    try:
        where = zone(tz) if isinstance(tz, str) else tz
        database = load_geo(geo)
        tables = knowledge.tables(lookups, database)
    except (ValueError, OSError, LookupFailure) as error:
        raise SplError(str(error)) from error
    plan = compile_search_text(spl, knowledge, tables, switches)
    store = EventStore()
    defaults = _BARE_DEFAULTS if app is None else _APP_DEFAULTS
    rules_of = None if app is None else knowledge.index_time

    def bound(given: Time | None) -> float | None:
        return None if given is None or given == "" else resolve(given, moment, where)

    with _without_collector():
        store.extend(make_events(events, moment, defaults, rules_of))
        return plan.run(
            RunContext(
                now=moment, lookups=tables, store=store, zone=where, geo=database, switches=switches, explain=explain,
                earliest=bound(earliest), latest=bound(latest),
                index_earliest=bound(index_earliest), index_latest=bound(index_latest),
            )
        )  # fmt: skip


@contextmanager
def _without_collector() -> Iterator[None]:
    """Stop Python from looking for cycles among a million events that have none, which takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _knowledge(app: AppInput) -> Knowledge:
    if isinstance(app, Knowledge):
        return app
    if app is None:
        return Knowledge()
    return Knowledge.load(app)


def _moment(now: Time) -> float:
    found = number(now)
    if found is None and isinstance(now, str):
        found = iso_time(now)
    if found is None:
        raise SplError(f"now is no time: {now!r}; give epoch seconds or ISO 8601.")
    return found


__all__ = [
    "APP_ROOT", "Event", "EventStore", "Knowledge", "Plan", "Result", "RunContext", "SplError", "Switches",
    "compile_search_text", "load_geo", "make_event", "search",
]  # fmt: skip
