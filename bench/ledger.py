"""Counts what arrived against what happened: lost, repeated, changed, and what nobody had asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import unescape

_EVENT = re.compile(rb"<data>(.*?)</data><done/></event>", re.DOTALL)
_ID = re.compile(rb'"id":"([^"]+)"')


class Ledger:
    """Args: `expected` maps the id of each entry that must arrive, once, to the hash of its bytes."""

    def __init__(self, expected: Mapping[str, int]) -> None:
        self._expected = expected
        self._arrived: set[str] = set()
        self.repeats = 0
        self.changed = 0
        self.foreign = 0

    @property
    def arrived(self) -> int:
        """How many different entries came."""
        return len(self._arrived)

    @property
    def lost(self) -> int:
        """How many have not come; of interest at the end only."""
        return len(self._expected) - len(self._arrived)

    def take(self, output: bytes) -> tuple[int, int]:
        """Read the whole events of a run; return how many there were and how many of them were repeats.

        What follows the last whole event belongs to a killed process, and no indexer would make an event of it.
        """
        count = repeats = 0
        for match in _EVENT.finditer(output):
            count += 1
            data = unescape(match.group(1).decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
            found = _ID.search(data)
            identity = found.group(1).decode() if found else ""
            if identity not in self._expected:
                self.foreign += 1
            elif identity in self._arrived:
                repeats += 1
            else:
                self._arrived.add(identity)
                self.changed += self._expected[identity] != hash(data)
        self.repeats += repeats
        return count, repeats
