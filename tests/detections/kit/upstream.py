"""Which baselines an alert depends on: those that write a table it reads, and those that feed them in turn.

Read from the searches with their macros expanded. Knows no case and runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.spl.knowledge import Knowledge
from sandbox.spl.macros import expand_text
from sandbox.splunkd.saved_searches import SavedSearch

_WRITTEN = re.compile(r"\|\s*outputlookup\b([^|\]]*)")
_WORD = re.compile(r"\w+")


def upstream(alert: SavedSearch, baselines: Iterable[SavedSearch], knowledge: Knowledge) -> list[SavedSearch]:
    """Return the baselines that can change what the alert finds, in the order given.

    A table is read where its name stands anywhere in the text: better a baseline too many than one too few.
    """
    baselines = list(baselines)
    text = {search.name: expand_text(search.search, knowledge.macros) for search in [alert, *baselines]}
    written = {search.name: _written(text[search.name], knowledge) for search in baselines}
    read = _named(text[alert.name]) | _automatic(knowledge)
    needed: set[str] = set()
    while True:
        found = {name for name, names in written.items() if name not in needed and names & read}
        if not found:
            return [search for search in baselines if search.name in needed]
        needed |= found
        read = read.union(*(_named(text[name]) for name in found))


def tables_written(search: SavedSearch, knowledge: Knowledge) -> set[str]:
    """Return the lookups and collections that outputlookup fills in a search."""
    return _written(expand_text(search.search, knowledge.macros), knowledge)


def _written(text: str, knowledge: Knowledge) -> set[str]:
    named = {word for arguments in _WRITTEN.findall(text) for word in _WORD.findall(arguments)}
    return named & {*knowledge.definitions, *knowledge.collections}


def _named(text: str) -> set[str]:
    return set(_WORD.findall(text))


def _automatic(knowledge: Knowledge) -> set[str]:
    """Words of the automatic lookups: every search over the index reads their tables."""
    stanzas = knowledge.confs.conf("props").values() if knowledge.confs else ()
    return {
        word
        for stanza in stanzas
        for key, value in stanza.items()
        if key.startswith("LOOKUP-")
        for word in _WORD.findall(value)
    }
