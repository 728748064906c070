"""How scheduled searches can be divided between processes that see the same events and tell each other nothing.

A search asks tables that other searches fill: where it runs, those must run, too, so that each process has the tables
that its own searches ask. One that fills a table of automatic lookups, that writes into an index, or whose action
removes rows, runs in every process. The findings of a search count in one of them. What a search writes and reads is
taken from its text: a name that stands there counts as read, so the answer errs on the side of running too much. Two
things are known better. One whose action removes rows names tables to say how long their rows are kept, each for
itself: it reads what its commands name. And a table in which everybody looks up and writes keys with a beginning of
his own is many tables in one. Knows no processes, and of costs what it is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.spl.lookups import LookupFailure, LookupTables
from sandbox.splunkd.cleanup import PRUNE
from sandbox.splunkd.saved_searches import SavedSearch

_BEGINNINGS = 6
_WORTH_WHILE = 1e-6
_WORD = re.compile(r"\w+")
_KEYED_USE = r"\blookup\s+(?:local=true\s+)?{0}\s+_key\s+OUTPUT\b|\boutputlookup\s+append=true\s+key_field=_key\s+{0}\b"
_MAKES_KEY = re.compile(r"\b_key\s*=|\bAS\s+_key\b", re.IGNORECASE)
_MAKES_OWN_KEY = re.compile(r'\b_key\s*=\s*"([^"|]+\|)"\s*\.')
_NAMES_TABLE = re.compile(r"\b(?:input|output)?lookup\b([^|\]]*)", re.IGNORECASE)
_WRITES_TABLE = re.compile(r"\boutputlookup\b([^|\]]*)", re.IGNORECASE)
_WRITES_EVENTS = re.compile(r"\|\s*(?:outputcsv|collect|mcollect|sendalert)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Share:
    """What one process runs.

    Attributes:
        names: of the searches that run there.
        own: those of them whose findings are to be taken from there.
    """

    names: frozenset[str]
    own: frozenset[str]


def divide(
    searches: Sequence[SavedSearch],
    texts: Mapping[str, str],
    automatic: str,
    tables: LookupTables,
    parts: int,
    costs: Mapping[str, float],
) -> list[Share]:
    """Divide the searches; each is the own one of exactly one share, and the costliest share costs little.

    Args:
        texts: search name -> its text with all macros replaced.
        automatic: where lookups are named that no search needs to name (props.conf).
        parts: at least 1.
        costs: search name -> what it costs, in any unit; those that are missing cost next to nothing.
    """
    if not searches:
        return [Share(frozenset(), frozenset())] * parts
    names = sorted(search.name for search in searches)
    readers = _Readers(searches, texts, automatic, tables)
    needs = {name: {name} | readers.everywhere for name in names}
    feeders = {name: readers.feeders(name) for name in names}
    grows = True
    while grows:  # what feeds a feeder is needed as well
        grows = False
        for needed in needs.values():
            more = set().union(*(feeders[name] for name in needed)) - needed
            needed |= more
            grows = grows or bool(more)
    return _balanced(needs, {name: costs.get(name, 0.0) + 1e-9 for name in names}, parts)


def tables_written(text: str) -> list[str]:
    """Return the tables that a search fills, as it names them: of each outputlookup the word that is no option."""
    words = ([word for word in rest.split() if "=" not in word] for rest in _WRITES_TABLE.findall(text))
    return [plain[-1].strip('"') for plain in words if plain]


class _Readers:
    """Who fills the tables that whom names.

    Attributes:
        everywhere: names of the searches that each process must run.
    """

    def __init__(
        self, searches: Sequence[SavedSearch], texts: Mapping[str, str], automatic: str, tables: LookupTables
    ) -> None:
        self._tables = tables
        self._names_of: dict[str, set[str]] = {}
        for name, definition in tables.definitions().items():
            self._names_of.setdefault(definition.target, {_stem(definition.target)}).add(_stem(name))
        self._words = {search.name: _words_read(search, texts[search.name]) for search in searches}
        self._fills = {search.name: self._filled(texts[search.name]) for search in searches}
        self._apart = self._kept_apart(texts)
        always = set(_WORD.findall(automatic))
        self.everywhere = {
            search.name
            for search in searches
            if PRUNE in search.action_names
            or _WRITES_EVENTS.search(texts[search.name])
            or self._fills[search.name] & always
        }

    def feeders(self, reader: str) -> set[str]:
        """Return the searches that fill a table which this one names."""
        words = self._words[reader] - self._apart
        return {name for name, filled in self._fills.items() if name != reader and filled & words}

    def _kept_apart(self, texts: Mapping[str, str]) -> set[str]:
        """Return the names of the tables that are many tables in one; all must call such a table by one name."""
        found: set[str] = set()
        for filled in self._fills.values():
            used = {name: [one for one, words in self._words.items() if name in words] for name in filled}
            used = {name: users for name, users in used.items() if users}
            if len(used) == 1:
                ((name, users),) = used.items()
                if name not in found and _is_kept_apart(name, [texts[one] for one in users]):
                    found.add(name)
        return found

    def _filled(self, text: str) -> set[str]:
        """Return all names of the tables that a search fills."""
        found: set[str] = set()
        for written in tables_written(text):
            found.add(_stem(written))
            try:
                found |= self._names_of.get(self._tables.definition(written).target, set())
            except LookupFailure:
                pass  # a file that is not there yet, and has no other name
        return found


def _is_kept_apart(table: str, texts: Sequence[str]) -> bool:
    """Tell whether each of the searches that name a table looks up and writes rows with keys of its own alone."""
    use = re.compile(_KEYED_USE.format(re.escape(table)))
    beginnings = []
    for text in texts:
        own = _MAKES_OWN_KEY.findall(text)
        if len(own) != 1 or len(_MAKES_KEY.findall(text)) != 1:
            return False
        if len(use.findall(text)) != len(re.findall(rf"\b{re.escape(table)}\b", text)):
            return False
        beginnings += own
    return len(set(beginnings)) == len(beginnings)


def _words_read(search: SavedSearch, text: str) -> set[str]:
    places = _NAMES_TABLE.findall(text) if PRUNE in search.action_names else [text]
    return {word for place in places for word in _WORD.findall(place)}


def _stem(name: str) -> str:
    return name[:-4] if name.endswith(".csv") else name


def _balanced(needs: Mapping[str, set[str]], costs: Mapping[str, float], parts: int) -> list[Share]:
    """Give each search to a part such that the costliest part, with all that it needs, costs little.

    From several beginnings: all that need one of the costliest searches stand apart from all others. Then one search,
    or all that need a certain one, moves to another part as long as that makes things better.
    """
    dear = sorted(needs, key=lambda name: (-costs[name], name))[:_BEGINNINGS]
    beginnings = [{name: int(other not in needs[name]) % parts for name in needs} for other in dear]
    best = min((_Layout(needs, costs, parts, places) for places in beginnings), key=_Layout.improve)
    owned = [frozenset(name for name, place in best.places.items() if place == part) for part in range(parts)]
    return [Share(frozenset().union(*(needs[name] for name in mine)), mine) for mine in owned]


class _Layout:
    """Which search is in which part."""

    def __init__(
        self, needs: Mapping[str, set[str]], costs: Mapping[str, float], parts: int, places: dict[str, int]
    ) -> None:
        self._needs, self._costs, self.places = needs, costs, places
        self._loads = [self._load(part) for part in range(parts)]
        together = ([name for name in needs if other in needs[name]] for other in needs)
        self._groups = [[name] for name in needs] + [group for group in together if len(group) > 1]

    def improve(self) -> tuple[float, float]:
        """Move what is better moved; return the greatest load and the sum of all."""
        parts = range(len(self._loads))
        while True:
            moves = ((self._tried(group, part), group, part) for group in self._groups for part in parts)
            best, group, part = min(moves, key=lambda move: move[0])
            now = (max(self._loads), sum(self._loads))
            if best >= (now[0] * (1 - _WORTH_WHILE), now[1] * (1 - _WORTH_WHILE)):
                return now
            self.places.update(dict.fromkeys(group, part))
            self._loads = [self._load(one) for one in parts]

    def _tried(self, group: Sequence[str], part: int) -> tuple[float, float]:
        """Return what it would be with the group moved; nothing is moved."""
        before = {name: self.places[name] for name in group}
        self.places.update(dict.fromkeys(group, part))
        touched = {part, *before.values()}
        after = [self._load(one) if one in touched else load for one, load in enumerate(self._loads)]
        self.places.update(before)
        return max(after), sum(after)

    def _load(self, part: int) -> float:
        wanted = (self._needs[name] for name, place in self.places.items() if place == part)
        return sum(self._costs[name] for name in set().union(*wanted))
