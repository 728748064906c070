"""How much a day brought in, against what is usual: the median of other days of the same kind.

Working days are compared with working days, weekends with weekends: a Sunday is no collapse. With too few days to
compare with, nothing is called unusual.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slack_audit_monitor.digest.day import VOLUMES, Day, Volume

DAY_SECONDS = 86_400.0
FEWEST_DAYS = 3
#: "Far more" and "far less" than usual, and what is too little for either.
FAR_MORE = 2.0
FAR_LESS = 0.5
FLOOR = 20
_SATURDAY = 5


@dataclass(frozen=True)
class Against:
    """One number of the day. `usual` is None when there is nothing to compare with."""

    name: str
    number: int
    usual: float | None

    @property
    def verdict(self) -> str:
        """usual, far more, far less, or "" when it cannot be told."""
        if self.usual is None:
            return ""
        if max(self.number, self.usual) < FLOOR:
            return "usual"
        if self.number >= FAR_MORE * max(self.usual, 1.0):
            return "far more"
        return "far less" if self.number <= FAR_LESS * self.usual else "usual"


@dataclass(frozen=True)
class Input:
    """What one input brought in; `usual` as above."""

    source: str
    entries: int
    usual: float | None
    newest: float


def of_the_day(day: Day) -> list[Volume]:
    """Return the records of this very day, one an input; empty when nobody recorded the day."""
    return [volume for volume in day.volumes if day.start < volume.end <= day.end]


def against_usual(day: Day) -> list[Against]:
    """Return each kind of number, all inputs together."""
    today = of_the_day(day)
    if not today:
        return []
    end = max(volume.end for volume in today)
    before = _by_day(volume for volume in day.volumes if volume.end <= end - DAY_SECONDS / 2)
    alike = [numbers for at, numbers in before.items() if _is_weekend(at) == _is_weekend(end)]
    return [
        Against(title, sum(volume.numbers[name] for volume in today), _usual([numbers[name] for numbers in alike]))
        for name, title in VOLUMES.items()
    ]


def inputs(day: Day) -> list[Input]:
    """Return each input that brought something in, this day or one of those before."""
    today = {volume.source: volume for volume in of_the_day(day)}
    found = []
    for source in sorted({volume.source for volume in day.volumes} - {"-"}):
        now = today.get(source)
        before = [
            volume.numbers["entries"]
            for volume in day.volumes
            if volume.source == source and volume.end <= day.end - DAY_SECONDS / 2
            if _is_weekend(volume.end) == _is_weekend(day.end)
        ]
        newest = max((volume.newest for volume in day.volumes if volume.source == source), default=0.0)
        found.append(Input(source, now.numbers["entries"] if now else 0, _usual(before), newest))
    return found


def _by_day(volumes: Iterable[Volume]) -> Mapping[float, dict[str, int]]:
    days: dict[float, dict[str, int]] = {}
    for volume in volumes:
        numbers = days.setdefault(volume.end, dict.fromkeys(VOLUMES, 0))
        for name in VOLUMES:
            numbers[name] += volume.numbers[name]
    return days


def _usual(numbers: list[int]) -> float | None:
    return float(statistics.median(numbers)) if len(numbers) >= FEWEST_DAYS else None


def _is_weekend(end: float) -> bool:
    # The middle of the 24 hours names the day; UTC is near enough for all but the Pacific.
    return time.gmtime(end - DAY_SECONDS / 2).tm_wday >= _SATURDAY
