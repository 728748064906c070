"""The jobs behind the triggered alerts of a simulation: their results can be looked at as those of a live one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.search_jobs import Job
from sandbox.splunkd.searching import Windows


def jobs_of_alerts(
    alerts: Iterable[FiredAlert], searches: Mapping[str, Mapping[str, str]], app: str, now: float
) -> list[Job]:
    """One job for each run that fired, with the rows that fired; it lives as long as its alerts are listed."""
    by_sid: dict[str, list[FiredAlert]] = {}
    for alert in alerts:
        by_sid.setdefault(alert.sid, []).append(alert)
    return [_job(sid, fired, searches.get(fired[0].search, {}), app, now) for sid, fired in by_sid.items()]


def _job(sid: str, fired: list[FiredAlert], settings: Mapping[str, str], app: str, now: float) -> Job:
    rows: list[dict[str, Any]] = [dict(row) for alert in fired for row in alert.results]
    first = fired[0]
    windows = Windows(
        settings.get("dispatch.earliest_time"),
        settings.get("dispatch.latest_time"),
        settings.get("dispatch.index_earliest"),
        settings.get("dispatch.index_latest"),
    )
    return Job(
        sid=sid,
        search=settings.get("search", ""),
        windows=windows,
        now=first.triggered_at,
        app=app,
        owner="nobody",
        name=first.search,
        label=first.search,
        ttl=max(alert.expires_at for alert in fired) - now,
        scheduled=True,
        created_at=first.triggered_at,
        touched_at=now,
        state="DONE",
        rows=rows,
        fields=list(dict.fromkeys(name for row in rows for name in row)),
    )
