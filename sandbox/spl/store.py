"""Events kept for searching: by event time, by index time, and by ready-made answers to frequent filters.

Knows order and selection. A filter comes in as a key, a need and a test; the store remembers which events pass it and
brings that list up to date after new events. So a scheduled search over a window without candidates costs two
bisections. Knows nothing of fields, confs or the search language.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping, Sequence
from itertools import islice
from operator import le
from typing import Callable

from .candidates import Classes, Need
from .summaries import ByCells, Summaries
from .values import Value, tidy
from .wordindex import WordIndex

MERGE_AT = 256
"""From this many new events on, sorting anew beats inserting one by one."""

CLASSES_FROM = 4
"""From this many needs on, sorting events into classes beats looking for each need's terms in each event."""

BOUNDED_TO = 20_000
"""In a window of so many events their first and last position say where to look for a word; more are most of all."""
WORDS_FROM, WORDS_BEGUN_FROM = 2_000, 50
"""With fewer events in the window, looking at each of them beats knowing where every word stands; fewer still, once
that is known."""


class Event:
    """One indexed event. ``fields`` are indexed fields besides the metadata; ``cache`` belongs to the field reader."""

    __slots__ = (
        "raw", "time", "indextime", "host", "source", "sourcetype", "index", "fields", "synthetic", "cache",
        "cache_owner",
    )  # fmt: skip

    def __init__(
        self,
        raw: str,
        time: float,
        *,
        indextime: float | None = None,
        host: str = "localhost",
        source: str = "",
        sourcetype: str = "",
        index: str = "main",
        fields: Mapping[str, Value] | None = None,
        synthetic: bool = False,
    ) -> None:
        self.raw = raw
        self.time = tidy(time)
        self.indextime = self.time if indextime is None else tidy(indextime)
        self.host = host
        self.source = source
        self.sourcetype = sourcetype
        self.index = index
        self.fields: Mapping[str, Value] = fields or {}
        self.synthetic = synthetic
        self.cache: object = None
        self.cache_owner: object = None


class Filter:
    """A named condition: equal keys promise equal answers, for ever.

    Attributes:
        need: what every event must contain; None for nothing.
        test: what it must pass besides; None for nothing.
    """

    __slots__ = ("key", "need", "test", "known")

    def __init__(self, key: Hashable, need: Need | None = None, test: Callable[[Event], bool] | None = None) -> None:
        self.key = key
        self.need = need
        self.test = test
        self.known: tuple[object, object] | None = None  # a store, and what it keeps of the events that pass


class _Ordered:
    """Positions of events sorted by one of their times; ties in order of arrival."""

    __slots__ = ("times", "positions", "summaries")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.positions: list[int] = []
        self.summaries: dict[tuple[str, ...], Summaries] = {}

    def add(self, times: Sequence[float], positions: Sequence[int]) -> None:
        for summaries in self.summaries.values():
            summaries.forget_from(bisect_right(self.times, min(times)))
        if not self.times or times[0] >= self.times[-1]:
            if all(map(le, times, islice(times, 1, None))):
                self.times.extend(times)
                self.positions.extend(positions)
                return
        if len(times) >= MERGE_AT:
            # What lies before the earliest of them stays: new events are seldom old ones.
            at = bisect_right(self.times, min(times))
            pairs = sorted(zip(self.times[at:] + list(times), self.positions[at:] + list(positions)))
            self.times[at:] = [pair[0] for pair in pairs]
            self.positions[at:] = [pair[1] for pair in pairs]
            return
        for time, position in zip(times, positions):
            if not self.times or time >= self.times[-1]:
                self.times.append(time)
                self.positions.append(position)
            else:
                at = bisect_right(self.times, time)
                self.times.insert(at, time)
                self.positions.insert(at, position)

    def range(self, start: float | None, end: float | None) -> tuple[int, int]:
        low = 0 if start is None else bisect_left(self.times, start)
        high = len(self.times) if end is None else bisect_left(self.times, end)
        return low, high


class _Sorter:
    """The classes of the store's events, once enough needs ask for them."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self._classes = Classes()
        self._needs: set[Hashable] = set()
        self._start: int | None = None

    def register(self, need: Need) -> None:
        self._needs.add(need.formula)
        self._classes.learn(need)
        if self._start is None and len(self._needs) >= CLASSES_FROM:
            self._start = len(self._events)

    @property
    def words(self) -> frozenset[bytes]:
        """The words that needs have named so far."""
        return self._classes.words

    def sorted_until(self) -> int | None:
        """Return the position of the first event that is not in a class yet; None while there are no classes."""
        return None if self._start is None else self._start + len(self._classes.numbers)

    def numbers(self, first: int) -> list[int]:
        """Return the classes of the events from a position on that is not before `sorted_until` of some moment."""
        reached = self.sorted_until()
        if reached is None or self._start is None:
            raise ValueError("there are no classes")
        if reached < len(self._events):
            self._classes.take(self._events[reached:])
        return self._classes.numbers[first - self._start :]

    def meets(self, number: int, need: Need) -> bool:
        return self._classes.meets(number, need)


class _Posting:
    """The events that pass one filter, in both orders."""

    __slots__ = ("_filter", "_sorter", "_from", "_met", "known", "by_time", "by_indextime")

    def __init__(self, wanted: Filter | None, sorter: _Sorter) -> None:
        self._filter = wanted
        self._sorter = sorter
        self._from: int | None = None
        self._met: dict[int, bool] = {}
        self.known = 0
        self.by_time = _Ordered()
        self.by_indextime = _Ordered()
        if wanted is not None and wanted.need is not None:
            sorter.register(wanted.need)

    def catch_up(self, events: Sequence[Event]) -> None:
        if self.known == len(events):
            return
        fresh = self._fresh(events)
        self.known = len(events)
        if fresh:
            self.by_time.add([events[position].time for position in fresh], fresh)
            self.by_indextime.add([events[position].indextime for position in fresh], fresh)

    def _fresh(self, events: Sequence[Event]) -> Sequence[int]:
        """Return the positions of the new events that pass."""
        start, end = self.known, len(events)
        need = None if self._filter is None else self._filter.need
        test = None if self._filter is None else self._filter.test
        found: Sequence[int] = range(start, end)
        if need is not None:
            if self._from is None:
                # Events that were sorted before this need was known may lack its words.
                self._from = self._sorter.sorted_until()
            direct = end if self._from is None else min(end, max(start, self._from))
            met = need.met_by
            kept = [position for position in range(start, direct) if met(events[position])]
            if direct < end:
                kept += self._by_class(direct, need)
            found = kept
        return found if test is None else [position for position in found if test(events[position])]

    def _by_class(self, first: int, need: Need) -> list[int]:
        numbers, met = self._sorter.numbers(first), self._met
        for number in set(numbers):
            if number not in met:
                met[number] = self._sorter.meets(number, need)
        return [position for position, number in enumerate(numbers, first) if met[number]]


class EventStore:
    """All events of one sandbox. Append only."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._sorter = _Sorter(self.events)
        self._postings: dict[Hashable, _Posting] = {}
        self._words = WordIndex(self.events, lambda: self._sorter.words)

    def __len__(self) -> int:
        return len(self.events)

    def append(self, event: Event) -> None:
        """Add one event; its time may lie before those already there."""
        self.events.append(event)

    def extend(self, events: Sequence[Event]) -> None:
        """Add several events."""
        self.events.extend(events)

    def is_empty(
        self,
        earliest: float | None = None,
        latest: float | None = None,
        index_earliest: float | None = None,
        index_latest: float | None = None,
        wanted: Filter | None = None,
    ) -> bool:
        """Say whether no event that passes lies in one of the two windows; bounds as for `select`."""
        _, low, high = self._narrower(earliest, latest, index_earliest, index_latest, wanted)
        return high <= low

    def select(
        self,
        earliest: float | None = None,
        latest: float | None = None,
        index_earliest: float | None = None,
        index_latest: float | None = None,
        wanted: Filter | None = None,
        tie_seed: int | None = None,
    ) -> list[Event]:
        """Return the events inside both windows that pass the filter, newest first.

        Lower bounds are inclusive, upper ones exclusive. Of equal times the one that came last is first;
        with ``tie_seed`` ties are shuffled, since Splunk promises no order for them.
        """
        posting = self._posting(wanted)
        low, high = posting.by_time.range(earliest, latest)
        if low >= high:
            return []
        events = self.events
        if index_earliest is None and index_latest is None:
            chosen = [events[position] for position in posting.by_time.positions[low:high]]
        else:
            first, last = posting.by_indextime.range(index_earliest, index_latest)
            if first >= last:
                return []
            if last - first < high - low:
                positions = sorted(posting.by_indextime.positions[first:last])
                chosen = [
                    event
                    for event in (events[position] for position in positions)
                    if (earliest is None or event.time >= earliest) and (latest is None or event.time < latest)
                ]
                chosen.sort(key=lambda event: event.time)
            else:
                chosen = [
                    event
                    for event in (events[position] for position in posting.by_time.positions[low:high])
                    if (index_earliest is None or event.indextime >= index_earliest)
                    and (index_latest is None or event.indextime < index_latest)
                ]
        return _newest_first(chosen, tie_seed)

    def select_meeting(
        self,
        need: Need,
        earliest: float | None = None,
        latest: float | None = None,
        index_earliest: float | None = None,
        index_latest: float | None = None,
        wanted: Filter | None = None,
        tie_seed: int | None = None,
    ) -> list[Event]:
        """Return what `select` gives, without the events that do not meet a need which holds for this once.

        Args:
            need: at least as strong as that of the filter, which has no test.
        """
        passing, low, high = self._narrower(earliest, latest, index_earliest, index_latest, wanted)
        count, positions = high - low, None
        if count <= 0:
            return []
        if count >= (WORDS_BEGUN_FROM if self._words.is_begun else WORDS_FROM):
            first, last = 0, len(self.events)
            if count <= BOUNDED_TO:
                narrow = passing[low:high]
                first, last = min(narrow), max(narrow)
            positions = self._words.positions(need.formula, first, last)
        if positions is None or len(positions) > count:
            found = self.select(earliest, latest, index_earliest, index_latest, wanted, tie_seed)
            return [event for event in found if need.met_by(event)]
        chosen = [
            event
            for event in map(self.events.__getitem__, sorted(positions))
            if (earliest is None or event.time >= earliest)
            and (latest is None or event.time < latest)
            and (index_earliest is None or event.indextime >= index_earliest)
            and (index_latest is None or event.indextime < index_latest)
            and need.met_by(event)
        ]
        chosen.sort(key=lambda event: event.time)
        return _newest_first(chosen, tie_seed)

    def totals(
        self, earliest: float | None, latest: float | None, wanted: Filter | None, attributes: tuple[str, ...]
    ) -> ByCells:
        """Count the events that pass, by what they hold in some indexed fields.

        Args:
            earliest: event time, inclusive; None for no bound.
            latest: event time, exclusive; None for no bound.
            attributes: of `Event`; at least one. The key of one attribute is its value, that of several a tuple.
        """
        ordered = self._posting(wanted).by_time
        summaries = ordered.summaries.get(attributes)
        if summaries is None:
            summaries = ordered.summaries[attributes] = Summaries(attributes)
        return summaries.between(self.events, ordered.positions, *ordered.range(earliest, latest))

    def _narrower(
        self, earliest: float | None, latest: float | None, index_earliest: float | None, index_latest: float | None,
        wanted: Filter | None,
    ) -> tuple[list[int], int, int]:  # fmt: skip
        """Return positions of events that pass, and from where to where in them the narrower one of the windows is."""
        posting = self._posting(wanted)
        first, last = posting.by_indextime.range(index_earliest, index_latest)
        low, high = posting.by_time.range(earliest, latest)
        if last - first < high - low:
            return posting.by_indextime.positions, first, last
        return posting.by_time.positions, low, high

    def _posting(self, wanted: Filter | None) -> _Posting:
        known = None if wanted is None else wanted.known
        if known is not None and known[0] is self and isinstance(known[1], _Posting):
            posting = known[1]  # a key may be large, and its hash slow
        else:
            posting = self._posting_of(None if wanted is None else wanted.key, wanted)
            if wanted is not None:
                wanted.known = (self, posting)
        posting.catch_up(self.events)
        return posting

    def _posting_of(self, key: Hashable, wanted: Filter | None) -> _Posting:
        if key not in self._postings:
            self._postings[key] = _Posting(wanted, self._sorter)
        return self._postings[key]


def _newest_first(chosen: list[Event], tie_seed: int | None) -> list[Event]:
    """Turn events around that are in order of time and, within a second, of arrival."""
    if tie_seed is not None:
        random.Random(tie_seed).shuffle(chosen)  # noqa: S311 - a reproducible order, no secret
        chosen.sort(key=lambda event: event.time)
    chosen.reverse()
    return chosen
