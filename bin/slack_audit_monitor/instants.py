"""Reads the points in time and the spans that an admin may write in a setting."""

from __future__ import annotations

import re
from datetime import datetime, timezone

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_RELATIVE = re.compile(r"-(\d{1,9})\s*([smhdw])\Z")
_EPOCH = re.compile(r"\d{9,11}(?:\.\d+)?\Z")
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?\Z",
    re.IGNORECASE,
)


def parse_instant(text: str, now: float) -> int:
    """Return epoch seconds for ISO 8601, epoch seconds, or a relative time such as `-30d`.

    A date without a zone is UTC, as everything in Slack's audit log is; a date without a time is its
    midnight.

    Raises:
        ValueError: the text is none of these, or no such day or hour exists.
    """
    text = text.strip()
    if text.lower() == "now":
        return int(now)
    relative = _RELATIVE.match(text)
    if relative:
        return int(now) - int(relative.group(1)) * UNIT_SECONDS[relative.group(2)]
    if _EPOCH.match(text):
        return int(float(text))
    parts = _ISO.match(text)
    if not parts:
        raise ValueError("not a point in time")
    day, clock, zone = parts.groups()
    clock = clock or "00:00:00"
    zone = (zone or "Z").upper().replace("Z", "+00:00")
    digits = zone[1:].replace(":", "").ljust(4, "0")
    clock = clock if clock.count(":") == 2 else clock + ":00"
    return int(datetime.fromisoformat(f"{day}T{clock}{zone[0]}{digits[:2]}:{digits[2:]}").timestamp())


def iso(second: float) -> str:
    """Return an epoch second as ISO 8601 in UTC, for people."""
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
