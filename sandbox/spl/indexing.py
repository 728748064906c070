"""What props.conf says about an event before it is searched: where it ends, its time stamp and its greatest length.

Knows LINE_BREAKER, TIME_PREFIX, TIME_FORMAT, MAX_TIMESTAMP_LOOKAHEAD, TZ and TRUNCATE (props.conf.spec; "How timestamp
assignment works", Getting Data In). Texts that a search is given are single events; what the stand-in's index takes in
is broken. Lines are not merged (SHOULD_LINEMERGE).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timezone, tzinfo
from typing import Any

import regex

from .strftime import strptime
from .timemod import zone
from .values import number

LOOKAHEAD = 128
TRUNCATE_BYTES = 10_000
"""props.conf.spec: defaults of MAX_TIMESTAMP_LOOKAHEAD and TRUNCATE."""

_EPOCH = re.compile(r"\d{9,16}(?:\.\d+)?")


class IndexTimeRules:
    """The index-time settings of one kind of event.

    Raises:
        ValueError: a setting cannot be read; says which.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.stamps = "TIME_PREFIX" in settings or "TIME_FORMAT" in settings
        self._format = settings.get("TIME_FORMAT", "%s")
        try:
            self._prefix = _quick(settings.get("TIME_PREFIX", ""))
            self._breaker = _quick(settings.get("LINE_BREAKER", r"([\r\n]+)"))
            if not self._breaker.groups:
                raise ValueError(f"LINE_BREAKER = {settings['LINE_BREAKER']} has no group, which it needs")
            self._lookahead = int(settings.get("MAX_TIMESTAMP_LOOKAHEAD", LOOKAHEAD))
            self.truncate = int(settings.get("TRUNCATE", TRUNCATE_BYTES))
            self._zone: tzinfo = zone(settings["TZ"]) if settings.get("TZ") else timezone.utc
        except (regex.error, re.error, ValueError) as error:
            raise ValueError(f"LINE_BREAKER, TIME_PREFIX, MAX_TIMESTAMP_LOOKAHEAD, TRUNCATE or TZ: {error}") from error

    def events(self, text: str) -> list[str]:
        """Return the text in pieces: each break is dropped as far as the leftmost group that took part matches."""
        found, start = [], 0
        for match in self._breaker.finditer(text):
            group = next((number for number, part in enumerate(match.groups(), 1) if part is not None), None)
            if group is not None and match.end(group) > start:
                found.append(text[start : match.start(group)])
                start = match.end(group)
        return [*found, text[start:]]

    def time(self, raw: str) -> float | None:
        """Return the event's own time; None when the prefix or the format is not found."""
        found = self._prefix.search(raw)
        if found is None:
            return None
        start, end = found.end(), found.end() + self._lookahead
        if self._format == "%s":
            digits = _EPOCH.match(raw, start, end)
            if digits is None:
                return None
            written = digits.group()
            return float(written) if "." in written else int(written)
        window = raw[start:end]
        for length in range(len(window), 0, -1):
            moment = strptime(window[:length], self._format, self._zone)
            if moment is not None:
                return float(number(moment) or 0)
        return None

    def cut(self, raw: str) -> str:
        """Return the text as far as TRUNCATE lets it in; 0 is no limit."""
        if not self.truncate or len(raw) * 4 <= self.truncate:
            return raw
        data = raw.encode("utf-8", "replace")
        return raw if len(data) <= self.truncate else data[: self.truncate].decode("utf-8", "ignore")


def _quick(pattern: str) -> Any:
    """Compile with the standard library where that reads a pattern alike, which is faster."""
    plain = not re.search(r"\(\?|[*+?}]\+|\\[KRXGhHvVpPzZ]|\[\[:", pattern)
    return re.compile(pattern) if plain else regex.compile(pattern)
