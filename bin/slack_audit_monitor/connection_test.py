"""Tries the connection before an input is saved, so that an admin learns at once what is wrong and what to do."""

from __future__ import annotations

from typing import Any

from slack_audit_monitor.client import Query, SlackClient
from slack_audit_monitor.clock import Clock
from slack_audit_monitor.errors import ConfigError, RangeRefused, RateLimited, RefusedBySlack, SlackAuditError
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import redact
from slack_audit_monitor.settings import Settings
from slack_audit_monitor.token_watch import ENOUGH_SCOPES

#: No Enterprise organisation is without a single audit entry for so long.
QUIET_SECONDS = 14 * 86_400
DAY_SECONDS = 86_400
MOST_HALVINGS = 12
NEEDED_SCOPE = "auditlogs:read"


def test_connection(client: SlackClient, settings: Settings, clock: Clock) -> list[str]:
    """Ask Slack whose token this is and for one audit entry; return warnings, each a sentence.

    Raises:
        ConfigError: what is wrong, as an admin can act on it.
    """
    warnings: list[str] = []
    identity = _identity(client)
    if identity is not None:
        if identity.get("is_enterprise_install") is False:
            raise ConfigError(
                "token",
                "token: it comes from an installation on one workspace; an owner must install the Slack app "
                "on the whole organisation.",
            )
        scopes = identity.get("scopes")
        if scopes is not None and NEEDED_SCOPE not in scopes:
            has = redact(", ".join(sorted(scopes)))[:300] or "none"
            raise ConfigError(
                "token",
                f"token: it lacks the scope {NEEDED_SCOPE} (it has: {has}). Add it to the Slack app's user scopes, "
                "install the app again and store the new token.",
            )
        excess = sorted(set(scopes or ()) - ENOUGH_SCOPES)
        if excess:
            warnings.append(
                f"The token can do more than read audit logs: {redact(', '.join(excess))[:300]}. "
                f"{NEEDED_SCOPE} is enough."
            )
    latest = int(clock.slack_now()) - 2
    start = min(settings.start_at, latest - 1)
    try:
        found = client.page(Query(start, latest, 1))
        is_filtered = settings.actions or settings.actor or settings.entity
        if found.entries and not is_filtered and _is_empty(client, start, min(start + QUIET_SECONDS, latest)):
            first = _first_day(client, start, latest)
            warnings.append(
                f"start_time ({iso(start)}) lies before the organisation's data: its first entries are of about "
                f"{iso(first)[:10]}. Collection begins there."
            )
    except RangeRefused:
        # The organisation may be younger than the start: the collector finds the first second by itself.
        warnings.append(
            f"start_time ({iso(start)}) lies before the organisation's data: Slack refuses to look so far back. "
            "Collection begins with the organisation's first entry."
        )
        _one_entry(client, latest)
    except SlackAuditError as problem:
        raise _as_config_error(problem) from problem
    return warnings


def _is_empty(client: SlackClient, oldest: int, latest: int) -> bool:
    return not client.page(Query(oldest, latest, 1)).entries


def _first_day(client: SlackClient, start: int, latest: int) -> int:
    """Return the day before which there is nothing, by halving; few calls, because the day is enough."""
    low, high = start + QUIET_SECONDS, latest
    for _ in range(MOST_HALVINGS):
        if high - low <= DAY_SECONDS:
            break
        middle = (low + high) // 2
        if _is_empty(client, start, middle):
            low = middle
        else:
            high = middle
    return high


def _identity(client: SlackClient) -> dict[str, Any] | None:
    try:
        return client.auth_test()
    except RefusedBySlack as problem:
        if problem.code in ("", "bad_endpoint", "unknown_method", "method_not_supported"):
            return None  # a relay that passes the audit endpoints only: the page will tell
        raise _as_config_error(problem) from problem
    except SlackAuditError as problem:
        raise _as_config_error(problem) from problem


def _one_entry(client: SlackClient, latest: int) -> None:
    try:
        client.page(Query(latest - 3600, latest, 1))
    except SlackAuditError as problem:
        raise _as_config_error(problem) from problem


def _as_config_error(problem: SlackAuditError) -> ConfigError:
    if isinstance(problem, RefusedBySlack):
        return ConfigError(problem.setting, f"{problem.setting}: {problem}")
    if isinstance(problem, RateLimited):
        return ConfigError(
            "calls_per_minute",
            f"{problem} Other readers of this organisation's audit logs use its calls up; try again in a minute.",
        )
    return ConfigError("connection", f"Slack cannot be reached as configured. {problem}")
