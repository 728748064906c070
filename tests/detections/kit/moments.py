"""How a scenario writes time: `+1h30m`, `-32d`, `2026-03-29T00:59:59Z`, `15 every 40s`.

Knows offsets, durations and repetitions as text. Knows nothing of entries or of Splunk's own
time modifiers. All results are whole seconds: Slack's clock (`date_create`) has no finer ones.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from .problems import ScenarioError

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PARTS = re.compile(r"(\d+)([smhd])")
_OFFSET = re.compile(r"([+-]?)((?:\d+[smhd])+)\Z")
_REPEAT = re.compile(r"(\d+) every ((?:\d+[smhd])+)\Z")


def parse_duration(text: Any) -> int:
    """Seconds of `90s`, `1h30m`, `+20m` or `-32d`.

    Raises:
        ScenarioError: anything else, a bare number included.
    """
    match = _OFFSET.match(str(text))
    if match is None:
        raise ScenarioError(f"{text!r} is no offset; write a sign and units, as +0m, +90s, +1h30m or -32d")
    seconds = sum(int(number) * _UNIT_SECONDS[unit] for number, unit in _PARTS.findall(match.group(2)))
    return -seconds if match.group(1) == "-" else seconds


def parse_instant(text: Any) -> int:
    """Epoch seconds of an ISO 8601 instant with its zone (`2026-03-29T00:59:59Z`)."""
    try:
        moment = datetime.fromisoformat(re.sub(r"Z\Z", "+00:00", str(text)))
    except ValueError:
        raise ScenarioError(f"{text!r} is no instant; write it as 2026-03-29T00:59:59Z") from None
    if moment.tzinfo is None:
        raise ScenarioError(f"{text!r} names no zone; add Z or an offset such as +01:00")
    return int(moment.astimezone(timezone.utc).timestamp())


def parse_at(text: Any, start: int) -> int:
    """Epoch seconds of an event's `at`: an offset from the case's start, or an instant."""
    if re.match(r"\d{4}-\d\d-\d\d", str(text)):
        return parse_instant(text)
    return start + parse_duration(text)


def parse_repeat(text: Any) -> tuple[int, int]:
    """(how many, seconds between two) of `15 every 40s`."""
    match = _REPEAT.match(str(text))
    if match is None or int(match.group(1)) < 1:
        raise ScenarioError(f"{text!r} is no repetition; write how many and how often, as 15 every 40s")
    return int(match.group(1)), parse_duration(match.group(2))


def show_instant(epoch: float) -> str:
    """`Tue 2026-03-03 09:00:00Z`: what a failure report prints."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%a %Y-%m-%d %H:%M:%SZ")
