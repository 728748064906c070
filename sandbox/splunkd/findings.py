"""From a result row that fired to a finding: one flat record with agreed columns and types.

The search makes the columns; here they only get the types that a program may rely on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

COLUMNS = (
    "_time",
    "rule_id",
    "rule",
    "severity",
    "risk_score",
    "entity",
    "user",
    "src",
    "first_time",
    "last_time",
    "count",
    "event_ids",
    "mitre_attack",
    "summary",
    "next_step",
)
_NUMBERS = frozenset({"_time", "risk_score", "first_time", "last_time", "count"})
_LISTS = frozenset({"event_ids", "mitre_attack"})

Finding = dict[str, Any]


def finding_of(row: Mapping[str, Any], search: str, triggered_at: float) -> Finding:
    """The row with all agreed columns (None where the search gave nothing), further ones behind them.

    `triggered_at` is epoch seconds, as the other times are.
    """
    finding: Finding = {name: _typed(name, row.get(name)) for name in COLUMNS}
    finding.update({name: _plain(value) for name, value in row.items() if name not in finding})
    finding["triggered_at"] = _shortest(triggered_at)
    finding["search"] = search
    return finding


def _typed(name: str, value: Any) -> Any:
    if name in _LISTS:
        if value is None or value == "":
            return []
        return [str(member) for member in value] if isinstance(value, (list, tuple)) else [str(value)]
    if name in _NUMBERS:
        return _number(value)
    return _plain(value)


def _number(value: Any) -> Any:
    """A number where the text is one; anything else as it came, since hiding it would help nobody."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return _shortest(value) if isinstance(value, float) else _plain(value)


def _shortest(value: float) -> Any:
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if isinstance(value, float):
        return _shortest(value)
    return value


def iso(epoch: Any) -> str:
    """Epoch seconds for people: `2024-03-04 09:12:00`, in UTC."""
    if not isinstance(epoch, (int, float)):
        return ""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
