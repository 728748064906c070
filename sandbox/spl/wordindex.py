"""Where words stand: positions of the events that may hold a term, for conditions that only a run knows.

What a subsearch answers (a list of accounts, of files) is another condition at each run, so no list of its matches can
be kept. Words of every event are, in buckets by their hash: a bucket holds at least the events of each of its words.
What such an answer names are ids, and those are long. Of the many short words only those are kept that some search
names anyway; the others would cost more than they help.
So the answer is a superset, and whoever asks tests what it is given. Nothing is read before the first question.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from typing import Any, Callable

from .candidates import folded_words
from .searchterms import All, Formula, IndexTerm, MetadataEquals

BUCKETS = 1 << 20
LONG = 9
"""A word of so many bytes is kept. Slack's ids have nine letters or more."""
COMMON_FROM = 4096
"""A bucket with more events than this, and more than a fourth of all, is not kept: it rules out too little."""


class WordIndex:
    """Buckets over a growing list of events.

    Args:
        named: gives the words that searches name; asked no more once an event is indexed.
    """

    def __init__(self, events: Sequence[Any], named: Callable[[], frozenset[bytes]] = frozenset) -> None:
        self._events = events
        self._named = named
        self._short: frozenset[bytes] = frozenset()
        self._known = 0
        self._buckets: dict[int, array[int] | None] = {}
        self._common: set[bytes] = set()  # words whose buckets are not kept

    @property
    def is_begun(self) -> bool:
        """Whether somebody has asked already."""
        return self._known > 0

    def positions(self, formula: Formula, first: int, last: int) -> Collection[int] | None:
        """Return positions, in no order, that hold those of all events which can satisfy it; None when that is no help.

        An event that satisfies the formula is among them; one among them need not satisfy it.

        Args:
            first, last: only positions from here to there, both included.
        """
        self._catch_up()
        return self._found(formula, first, last)

    def _found(self, formula: Formula, first: int, last: int) -> Collection[int] | None:
        if isinstance(formula, IndexTerm):
            word = formula.text.encode()
            if len(word) < LONG and word not in self._short:
                return None
            bucket = self._buckets.get(_bucket(word), ())
            return bucket and bucket[bisect_left(bucket, first) : bisect_right(bucket, last)]
        if isinstance(formula, MetadataEquals):
            return None
        parts = [self._found(part, first, last) for part in formula.parts]
        known = [part for part in parts if part is not None]
        if isinstance(formula, All):
            return min(known, key=len, default=None)
        return None if len(known) < len(parts) else set().union(*known)

    def _catch_up(self) -> None:
        buckets, common = self._buckets, self._common
        if not self.is_begun:
            self._short = frozenset(word for word in self._named() if len(word) < LONG)
        short = self._short
        for position in range(self._known, len(self._events)):
            for word in folded_words(self._events[position].raw):
                if (len(word) < LONG and word not in short) or word in common:
                    continue
                number = _bucket(word)
                try:
                    bucket: array[int] | None = buckets[number]
                except KeyError:
                    bucket = buckets[number] = array("I")
                if bucket is None:
                    common.add(word)
                    continue
                if bucket and bucket[-1] == position:
                    continue
                bucket.append(position)
                if len(bucket) > COMMON_FROM and 4 * len(bucket) > position:
                    buckets[number] = None
        self._known = len(self._events)


def _bucket(word: bytes) -> int:
    return hash(word) % BUCKETS
