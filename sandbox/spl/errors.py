"""The one error that a user of the search engine sees, and the text position behind it.

Everything that is wrong with a search (syntax, an unknown name, a wrong type, a missing
lookup) ends in `SplError`: what was found, where (line, column, caret), and the nearest
thing that is known. This module knows nothing about SPL itself.
"""
from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_EXCERPT_WIDTH = 100


class SplError(Exception):
    """A search that cannot be run. `str()` of it is what the user reads.

    Attributes:
        message: one sentence without the position.
        line, column: 1-based position in the search as the user wrote it, None when unknown.
        excerpt: the line in question with a caret line below, "" when unknown.
        suggestion: the nearest known name, None when nothing is near.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        excerpt: str = "",
        suggestion: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.suggestion = suggestion

    def __str__(self) -> str:
        head = self.message
        if self.suggestion:
            head += f' Did you mean "{self.suggestion}"?'
        if self.line is not None:
            head = f"line {self.line}, column {self.column}: {head}"
        return head + ("\n" + self.excerpt if self.excerpt else "")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that looks most like `name`, or None."""
    folded = {candidate.lower(): candidate for candidate in sorted(known, reverse=True)}
    found = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


@dataclass(frozen=True)
class Insertion:
    """A stretch of expanded text that came from a macro call in the original text."""

    start: int  # in the expanded text
    end: int
    original: int  # offset of the macro call in the original text
    shift: int | None  # expanded offset minus original offset for copied text, None inside a macro
    macro: str = ""


@dataclass(frozen=True)
class Source:
    """A search text, and how to get from an offset in it to the place the user wrote."""

    text: str
    original: str = ""
    insertions: tuple[Insertion, ...] = ()
    _starts: list[int] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.insertions:
            object.__setattr__(self, "original", self.original or self.text)
        self._starts.extend(item.start for item in self.insertions)

    def at(self, offset: int) -> Place:
        return Place(self, offset)

    def whence(self, offset: int) -> tuple[int, str]:
        """Return (offset in the original text, name of the macro it lies in or "")."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return offset, ""
        item = self.insertions[index]
        if item.shift is None:
            return item.original, item.macro
        return offset - item.shift, ""


class Place(NamedTuple):
    """An offset in a source; every syntax node carries one so that it can complain."""

    source: Source
    offset: int

    @property
    def line(self) -> int:
        return self._locate()[0]

    @property
    def column(self) -> int:
        return self._locate()[1]

    def _locate(self) -> tuple[int, int, str]:
        original = self.source.original
        offset, macro = self.source.whence(self.offset)
        offset = min(max(offset, 0), len(original))
        start = original.rfind("\n", 0, offset) + 1
        return original.count("\n", 0, offset) + 1, offset - start + 1, macro

    def error(self, message: str, known: Iterable[str] = (), name: str = "") -> SplError:
        """Build (not raise) the error for this place.

        Args:
            message: a full sentence.
            known: names that would have been right; the nearest to `name` is suggested.
        """
        line, column, macro = self._locate()
        if macro:
            around = self.source.text[max(0, self.offset - 20): self.offset + 30].replace("\n", " ")
            message += f" (In the expansion of macro `{macro}`, near: {around.strip()})"
        text = self.source.original.split("\n")[line - 1]
        return SplError(message, line, column, _excerpt(text, column), nearest(name, known) if name else None)


def _excerpt(line: str, column: int) -> str:
    line = line.replace("\t", " ").rstrip("\r")
    start = max(0, min(column - 1 - _EXCERPT_WIDTH // 2, len(line) - _EXCERPT_WIDTH))
    cut = line[start: start + _EXCERPT_WIDTH]
    return f"    {cut}\n    {' ' * (column - 1 - start)}^"


NOWHERE = Place(Source(""), 0)
