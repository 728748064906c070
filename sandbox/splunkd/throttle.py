"""Throttling of alerts: what fired within the period does not fire again.

Per search, or per values of some fields of a result; values are compared as they are,
so `Ana` and `ana` are two. Source: "Throttle alerts" in the Alerting Manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.splunkd.saved_searches import SavedSearch

_EXPIRE_CHECK_SIZE = 4096


class Throttle:
    """The memory of all alerts of one stand-in."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, ...], float] = {}

    def passes(self, search: SavedSearch, row: Mapping[str, Any], at: float) -> bool:
        """Whether a trigger at `at` fires; if so it is remembered for the period."""
        suppression = search.suppression
        if suppression is None:
            return True
        key = throttle_key(search, row)
        if at < self._until.get(key, at):
            return False
        self._until[key] = at + suppression.seconds
        if len(self._until) > _EXPIRE_CHECK_SIZE and len(self._until) % _EXPIRE_CHECK_SIZE == 1:
            self._until = self.holding(at)
        return True

    def remaining(self, search: SavedSearch, now: float) -> float:
        """Seconds until everything of this search may fire again; 0 when nothing holds it."""
        owner = throttle_key(search, {})[0]
        return max([0.0, *(until - now for key, until in self._until.items() if key[0] == owner)])

    def holding(self, now: float) -> dict[tuple[str, ...], float]:
        """What may not fire again yet, and until when."""
        return {key: until for key, until in self._until.items() if until > now}

    def forget(self, search: SavedSearch) -> None:
        """End the throttling of a search, as an analyst's acknowledgement does."""
        owner = throttle_key(search, {})[0]
        self._until = {key: until for key, until in self._until.items() if key[0] != owner}


def throttle_key(search: SavedSearch, row: Mapping[str, Any]) -> tuple[str, ...]:
    """What is throttled together: the search or its group, and the values of the fields."""
    suppression = search.suppression
    if suppression is None:
        return (f"search {search.name}",)
    owner = f"group {suppression.group}" if suppression.group else f"search {search.name}"
    names = sorted(row) if suppression.fields == ("*",) else suppression.fields
    return (owner, *(_joined(row.get(name)) for name in names))


def _joined(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "\n".join(str(member) for member in value)
    return str(value)
