"""Counts what arrived against what happened: lost, repeated, changed, and what nobody had asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import unescape

_EVENT = re.compile(rb"<data>(.*?)</data><done/></event>", re.DOTALL)
_ID = re.compile(rb'"id":"([^"]+)"')


class Ledger:
    """What came, run by run.

    Args:
        expected: the id of each entry that must arrive, once, to the hash of its bytes.
        batch_entries: so many of the last entries of a killed process may come once more, whenever that is: the next
            run may find Slack unable to deliver their second.

    Attributes:
        repeats: entries that came once more.
        repeats_by_kill: those of them that a kill excuses; the number of the killed run to how many of its last
            entries came again.
    """

    def __init__(self, expected: Mapping[str, int], batch_entries: int = 0) -> None:
        self._expected = expected
        self._batch_entries = batch_entries
        self._arrived: set[str] = set()
        self._excused: dict[str, int] = {}
        self._runs = 0
        self.repeats = 0
        self.repeats_by_kill: Counter[int] = Counter()
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

    def take(self, output: bytes, was_killed: bool = False) -> tuple[int, int]:
        """Read the whole events of a run; return how many there were and how many of them were repeats.

        What follows the last whole event belongs to a killed process, and no indexer would make an event of it.
        """
        count = repeats = 0
        came: list[str] = []
        self._runs += 1
        for match in _EVENT.finditer(output):
            count += 1
            data = unescape(match.group(1).decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
            found = _ID.search(data)
            identity = found.group(1).decode() if found else ""
            came.append(identity)
            if identity not in self._expected:
                self.foreign += 1
            elif identity in self._arrived:
                repeats += 1
                if identity in self._excused:
                    self.repeats_by_kill[self._excused.pop(identity)] += 1
            else:
                self._arrived.add(identity)
                self.changed += self._expected[identity] != hash(data)
        self.repeats += repeats
        if was_killed and self._batch_entries:
            self._excused.update((identity, self._runs) for identity in came[-self._batch_entries :])
        return count, repeats
