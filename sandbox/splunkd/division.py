"""How scheduled searches can be divided between processes that see the same events and tell each other nothing.

A search whose writes nobody else reads may run in one process alone. One that fills a table for others, that writes
into an index, or whose action removes rows, must run in every process, so that each has the tables that its own
searches ask; its findings count in one of them. What a search writes and reads is taken from its text: a name that
stands there counts as read, so the answer errs on the side of running too much. Knows no processes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.spl.lookups import LookupFailure, LookupTables
from sandbox.splunkd.cleanup import PRUNE
from sandbox.splunkd.saved_searches import SavedSearch

_DAY = 86_400
_WHOLE = 20
_WORD = re.compile(r"\w+")
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
    searches: Sequence[SavedSearch], texts: Mapping[str, str], automatic: str, tables: LookupTables, parts: int
) -> list[Share]:
    """Divide the searches; each is the own one of exactly one share.

    Args:
        texts: search name -> its text with all macros replaced.
        automatic: where lookups are named that no search needs to name (props.conf).
        parts: at least 1.
    """
    words = {name: set(_WORD.findall(text)) for name, text in texts.items()}
    names_of: dict[str, set[str]] = {}
    for name, definition in tables.definitions().items():
        names_of.setdefault(definition.target, {_stem(definition.target)}).add(_stem(name))
    always = set(_WORD.findall(automatic))

    def is_shared(search: SavedSearch) -> bool:
        if PRUNE in search.action_names:
            return True
        if _WRITES_EVENTS.search(texts[search.name]):
            return True
        for written in tables_written(texts[search.name]):
            try:
                names = names_of.get(tables.definition(written).target, set()) | {_stem(written)}
            except LookupFailure:
                names = {_stem(written)}
            others = (words[other.name] for other in searches if other.name != search.name)
            if names & always or any(names & theirs for theirs in others):
                return True
        return False

    shared = {search.name for search in searches if is_shared(search)}
    loads = [0.0] * parts
    own: list[set[str]] = [set() for _ in range(parts)]
    by_weight = sorted(searches, key=lambda search: (-_weight(search, texts[search.name]), search.name))
    for search in by_weight:
        place = loads.index(min(loads))
        own[place].add(search.name)
        if search.name not in shared:  # the others cost the same everywhere
            loads[place] += _weight(search, texts[search.name])
    return [Share(frozenset(shared | mine), frozenset(mine)) for mine in own]


def tables_written(text: str) -> list[str]:
    """Return the tables that a search fills, as it names them: of each outputlookup the word that is no option."""
    words = ([word for word in rest.split() if "=" not in word] for rest in _WRITES_TABLE.findall(text))
    return [plain[-1].strip('"') for plain in words if plain]


def _stem(name: str) -> str:
    return name[:-4] if name.endswith(".csv") else name


def _weight(search: SavedSearch, text: str) -> float:
    """Guess what a search costs in a day: how often it runs, and how much it does then.

    One that begins with a table does all its work each time; one that begins with events mostly finds none.
    """
    return _DAY / search.schedule.period_seconds() * len(text) * (_WHOLE if text.lstrip().startswith("|") else 1)
