"""Totals of stretches of events, so that tstats over a week need not look at each event of that week again.

Knows events in order of their time, how many there are and between which times they lie, for each combination of
some indexed fields. A late event makes the stretches from its place on unknown again. Splunk keeps the like beside its
raw data ("tsidx files", Managing Indexers and Clusters of Indexers, "How the indexer stores indexes").
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .store import Event

STRETCH = 512
"""Events whose totals are kept together."""


class Totals:
    """Of some events: how many, and the least and greatest of `time` and of `indextime`."""

    __slots__ = ("count", "least", "greatest")

    def __init__(self, time: float, indextime: float) -> None:
        self.count = 1
        self.least = [time, indextime]
        self.greatest = [time, indextime]

    def add(self, other: Totals) -> None:
        """Take in the events of the other."""
        self.count += other.count
        self.least = list(map(min, self.least, other.least))
        self.greatest = list(map(max, self.greatest, other.greatest))

    def copy(self) -> Totals:
        """Return totals that can grow without changing these."""
        made = Totals(0, 0)
        made.count, made.least, made.greatest = self.count, self.least, self.greatest
        return made


ByCells = dict[Any, Totals]


class Summaries:
    """Totals of one ordered list of events, by what they hold in some indexed fields.

    Args:
        attributes: of `Event`; at least one.
    """

    def __init__(self, attributes: Sequence[str]) -> None:
        self._held: Callable[[Event], Any] = attrgetter(*attributes)
        self._whole: list[ByCells] = []

    def forget_from(self, place: int) -> None:
        """Take note that the list has changed from this place on."""
        del self._whole[place // STRETCH :]

    def between(self, events: Sequence[Event], positions: Sequence[int], low: int, high: int) -> ByCells:
        """Return the totals of the events at `positions[low:high]`."""
        first, last = -(-low // STRETCH), high // STRETCH
        if first >= last:
            return self._count(events, positions[low:high])
        while len(self._whole) < last:
            start = len(self._whole) * STRETCH
            self._whole.append(self._count(events, positions[start : start + STRETCH]))
        found = self._count(events, positions[low : first * STRETCH])
        for part in (*self._whole[first:last], self._count(events, positions[last * STRETCH : high])):
            for cells, totals in part.items():
                if cells in found:
                    found[cells].add(totals)
                else:
                    found[cells] = totals.copy()
        return found

    def _count(self, events: Sequence[Event], positions: Sequence[int]) -> ByCells:
        held = self._held
        found: ByCells = {}
        for position in positions:
            event = events[position]
            cells, time, indextime = held(event), event.time, event.indextime
            totals = found.get(cells)
            if totals is None:
                found[cells] = Totals(time, indextime)
                continue
            totals.count += 1
            least, greatest = totals.least, totals.greatest
            if time < least[0]:
                least[0] = time
            elif time > greatest[0]:
                greatest[0] = time
            if indextime < least[1]:
                least[1] = indextime
            elif indextime > greatest[1]:
                greatest[1] = indextime
        return found
