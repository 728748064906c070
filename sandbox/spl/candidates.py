"""Which events can match at all: formulas of index terms and metadata, asked of one event or of a whole class.

Events with the same metadata and the same terms, of those that some search names, are one class: each formula is
decided once for a class and not once for an event, however many searches there are. Knows no order and no windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Callable, Optional

from .searchterms import All, Formula, IndexTerm, MetadataEquals
from .searchterms import Any as AnyPart
from .segmentation import MAJOR, MINOR
from .values import wildcard

_FOLD = bytes(ord(" ") if chr(byte) in MAJOR + MINOR else byte for byte in range(256))
"""Every breaker becomes a space. Bytes of other alphabets stay: what stands beside them is no segment of its own."""

MANY_WORDS = 16
"""From this many on, cutting a text into its words beats looking for each of them in it."""

Metadata = tuple[Optional[str], Optional[str], Optional[str], Optional[str]]
_METADATA = attrgetter("index", "sourcetype", "source", "host")
_PLACE = {"index": 0, "sourcetype": 1, "source": 2, "host": 3}


class Need:
    """What every match of one condition must contain. Equal formulas are equal needs."""

    __slots__ = ("formula", "words", "_direct", "_of_class")

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.words = frozenset(word.encode() for word in _words(formula))
        self._direct = _direct(formula)
        self._of_class = _of_class(formula)

    def met_by(self, event: Any) -> bool:
        """Say whether an event can match, by its text."""
        if len(self.words) >= MANY_WORDS:
            return self._of_class(self.words.intersection(folded_words(event.raw)), _METADATA(event))
        # Lower-casing a text once is cheaper than looking for a term in any case.
        return self._direct(event, event.raw.lower())

    def met_by_class(self, words: frozenset[bytes], metadata: Metadata) -> bool:
        """Say the same of all events that have these words, of those that are looked for, and this metadata."""
        return self._of_class(words, metadata)


class Classes:
    """The classes of events.

    Attributes:
        numbers: that of its class for each event taken, in order.
        words: those that are looked for.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.words: frozenset[bytes] = frozenset()
        self._known: dict[tuple[frozenset[bytes], Metadata], int] = {}
        self._classes: list[tuple[frozenset[bytes], Metadata]] = []

    def learn(self, need: Need) -> None:
        """Look for the words of this need, too, in the events that are taken from now on."""
        self.words |= need.words

    def take(self, events: Sequence[Any]) -> None:
        """Find the classes of these events."""
        looked_for, known, numbers = self.words, self._known, self.numbers
        for event in events:
            key = (looked_for.intersection(folded_words(event.raw)), _METADATA(event))
            number = known.get(key)
            if number is None:
                number = known[key] = len(self._classes)
                self._classes.append(key)
            numbers.append(number)

    def meets(self, number: int, need: Need) -> bool:
        """Say whether events of a class can match."""
        return need.met_by_class(*self._classes[number])


def folded_words(raw: str) -> list[bytes]:
    """Return the smallest segments of a text in lower case; one that stands twice is there twice."""
    return raw.lower().encode("utf-8", "surrogatepass").translate(_FOLD).split()


def _words(formula: Formula) -> set[str]:
    if isinstance(formula, IndexTerm):
        return {formula.text}
    if isinstance(formula, MetadataEquals):
        return set()
    return {word for part in formula.parts for word in _words(part)}


def _flat(formula: All) -> list[Formula]:
    """Return what must hold together, long terms first: they rule out most."""
    found: list[Formula] = []
    for part in formula.parts:
        found.extend(_flat(part) if isinstance(part, All) else [part])
    return sorted(found, key=lambda part: -len(part.text) if isinstance(part, IndexTerm) else 0)


def _direct(formula: Formula) -> Callable[[Any, str], bool]:
    """Return a test of an event and its raw text in lower case."""
    if isinstance(formula, IndexTerm):
        needle = formula.text
        return lambda event, lower: needle in lower
    if isinstance(formula, MetadataEquals):
        read, fits = attrgetter(formula.field), _fits(formula.pattern)
        return lambda event, lower: fits(read(event))
    wanted = isinstance(formula, AnyPart)
    parts: Sequence[Formula] = _flat(formula) if isinstance(formula, All) else formula.parts
    tests = [_direct(part) for part in parts]

    def decide(event: Any, lower: str) -> bool:
        for test in tests:
            if test(event, lower) is wanted:
                return wanted
        return not wanted

    return tests[0] if len(tests) == 1 else decide


def _of_class(formula: Formula) -> Callable[[frozenset[bytes], Metadata], bool]:
    """Return a test of a class."""
    if isinstance(formula, IndexTerm):
        word = formula.text.encode()
        return lambda words, metadata: word in words
    if isinstance(formula, MetadataEquals):
        place, fits = _PLACE[formula.field], _fits(formula.pattern)
        return lambda words, metadata: fits(metadata[place])
    if isinstance(formula, AnyPart) and all(isinstance(part, IndexTerm) for part in formula.parts):
        one_of = frozenset(word.encode() for word in _words(formula))
        return lambda words, metadata: not one_of.isdisjoint(words)
    decide = any if isinstance(formula, AnyPart) else all
    tests = [_of_class(part) for part in formula.parts]
    return lambda words, metadata: decide(test(words, metadata) for test in tests)


def _fits(pattern: str) -> Callable[[Any], bool]:
    match = wildcard(pattern).match
    met: dict[Any, bool] = {}

    def fits(value: Any) -> bool:
        if value not in met:
            met[value] = match(value) is not None
        return met[value]

    return fits
