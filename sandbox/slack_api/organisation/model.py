"""The organisation as a whole: generated once, then read.

Same seed, start, days and people: the same entries, byte for byte, on every Python.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ..journal import Journal, serialise
from . import (
    administration,
    directory,
    habits,
    machines,
    moving,
    near_misses,
    occasions,
    odd,
    routine,
    site_lookups,
    stories,
)
from . import days as ordinary_days
from .calendar import DEFAULT_START
from .people import Person
from .tales import Tale
from .world import World
from .writing import Object


@dataclass
class Organisation:
    """Entries, oldest first, and what is true about them."""

    seed: int
    start: int
    end: int
    people: list[Person] = field(repr=False)
    entries: list[Object] = field(repr=False)
    stories: list[Tale] = field(repr=False)
    routine: list[Tale] = field(repr=False)
    near_misses: list[Tale] = field(repr=False)
    habits: list[Tale] = field(repr=False)

    @classmethod
    def generate(
        cls,
        seed: int = 1,
        start: str = DEFAULT_START,
        days: int = 22,
        people: int = 420,
        stories_wanted: Iterable[str] | None = None,
    ) -> Organisation:
        """Invent an organisation.

        Args:
            seed: same seed, same entries.
            start: ISO 8601 with zone; days are counted from it. A Monday, so that weeks are whole.
            days: two quiet weeks, then the stories; 22 or more for all of them.
            people: 100 or more.
            stories_wanted: names of stories; None is all, an empty list none.

        Raises:
            ValueError: in words for whoever gave the wrong value.
        """
        world = World(seed, start, days, people)
        ordinary_days.live(world)
        machines.live(world)
        administration.live(world)
        told_routine = odd.play(world)
        told_routine += routine.play(world)
        told_stories = stories.play(world, stories_wanted)
        told_near_misses = near_misses.play(world)
        # The rest is about people whom no tale has cast.
        told_routine += moving.play(world)
        told_routine += occasions.play(world)
        directory.live(world)
        for tale in told_routine:
            for entry in tale.entries:
                world.staged(entry)
        entries = world.finish()
        return cls(
            seed=seed,
            start=world.calendar.begin,
            end=world.calendar.end,
            people=world.people,
            entries=entries,
            stories=told_stories,
            routine=told_routine,
            near_misses=told_near_misses,
            habits=habits.tales_of(entries, world.staged_ids),
        )

    def ground_truth(self) -> dict[str, Any]:
        """What a perfect set of alerts would find, ready for JSON."""
        return {
            "seed": self.seed,
            "start": self.start,
            "end": self.end,
            "people": len(self.people),
            "entries": len(self.entries),
            "stories": [tale.as_json() for tale in self.stories],
            "routine": [tale.as_json() for tale in self.routine],
            "near_misses": [tale.as_json() for tale in self.near_misses],
            "habits": [tale.as_json() for tale in self.habits],
            "unknown_actions": list(odd.UNKNOWN_ACTIONS),
        }

    def journal(self, arrivals: Mapping[str, float] | None = None) -> Journal:
        """The entries for a simulator; `arrivals` as for `Journal`."""
        return Journal(self.entries, arrivals)

    def late_arrivals(self, share: float, most_seconds: float) -> dict[str, float]:
        """A random `share` of entries, late by up to `most_seconds`: id -> when each becomes visible."""
        luck = World.luck_of("late", self.seed)
        return {
            entry["id"]: entry["date_create"] + luck.uniform(1, most_seconds)
            for entry in self.entries
            if luck.random() < share
        }

    def write_jsonl(self, path: str | Path) -> int:
        """One entry a line, oldest first; `.gz` is compressed. Returns how many."""
        with _open(Path(path)) as file:
            for entry in self.entries:
                file.write(serialise(entry).decode() + "\n")
        return len(self.entries)

    def write_geo_csv(self, path: str | Path) -> None:
        """Country, city, AS number and operator of every network that occurs."""
        site_lookups.write_geo(Path(path))

    def write_site_lookups(self, folder: str | Path) -> list[Path]:
        """The app's site lookups as this organisation would have filled them; returns the files."""
        return site_lookups.write_lookups(Path(folder), self.people)


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    if path.suffix != ".gz":
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    # No name and no time in the header: the same entries give the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        with io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file:
            yield file
