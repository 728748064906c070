"""Cuts a search into its commands, and a command's brackets into subsearches.

Knows pipes, quotes, brackets and comments; nothing about any command. The first command of a
search is `search` unless the text starts with a pipe; inside brackets a command name must stand.
Macros have been expanded before (`macros.expand` gives the `Source` to pass in).
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import Place, Source
from .tokens import blank_comments

if TYPE_CHECKING:
    from .stream import TokenStream

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_SINGLE = re.compile(r"'(?:[^'\\]|\\.)*'", re.S)
_STOPS = re.compile(r"""\\.|["'|\[\]]""", re.S)
_COMMAND = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_=])")
_MAX_NESTING = 50


@dataclass(frozen=True)
class Stage:
    """One command of a pipeline.

    Attributes:
        name: the command in lower case.
        stream: its arguments, ready to be parsed once.
        text: the command with its arguments as written (comments and macros already replaced).
        place: where it starts, for errors.
    """

    name: str
    text: str
    place: Place = field(compare=False, repr=False)
    arguments_start: int = field(compare=False, repr=False)
    end: int = field(compare=False, repr=False)

    @property
    def stream(self) -> TokenStream:
        """A fresh token stream over the arguments."""
        from .stream import TokenStream

        return TokenStream(self.place.source, self.arguments_start, self.end, self.name)

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column


@dataclass(frozen=True)
class Subsearch:
    """What stands between square brackets; parsed when asked for.

    Attributes:
        text: the inside, as written (foreach replaces its <<FIELD>> marks in it).
    """

    text: str
    place: Place = field(compare=False, repr=False)  # of the first character after the bracket
    depth: int = field(default=1, compare=False, repr=False)

    def pipeline(self) -> Pipeline:
        start = self.place.offset
        return _pipeline(self.place.source, start, start + len(self.text), True, self.depth)


@dataclass(frozen=True)
class Pipeline:
    """The commands of one search, in order."""

    stages: tuple[Stage, ...]
    text: str = field(compare=False)


def parse(search: str | Source) -> Pipeline:
    """Cut a search (macros already expanded) into its commands.

    Raises:
        SplError: unbalanced quotes or brackets, an empty command.
    """
    source = search if isinstance(search, Source) else Source(blank_comments(search), search)
    return _pipeline(source, 0, len(source.text), False, 0)


def _pipeline(source: Source, start: int, end: int, nested: bool, depth: int) -> Pipeline:
    if depth > _MAX_NESTING:
        raise source.at(start).error(f"Subsearches are nested more than {_MAX_NESTING} deep.")
    whole = source.text[start:end]
    first = start + len(whole) - len(whole.lstrip())
    implicit = not nested and not source.text.startswith("|", first)
    if source.text.startswith("|", first) and first < end:
        first += 1
    if first >= end:
        raise source.at(start).error("There is no command here; a search needs at least one.")
    stages: list[Stage] = []
    while True:
        stage, position = _stage(source, first, end, implicit and not stages)
        stages.append(stage)
        if position >= end:
            return Pipeline(tuple(stages), whole)
        first = position + 1


def _stage(source: Source, start: int, end: int, implicit: bool) -> tuple[Stage, int]:
    """Read one command from `start`; return it and the offset of the pipe after it (or `end`)."""
    text = source.text
    named = _COMMAND.match(text, start, end)
    if implicit and not (named and named.group(1).lower() == "search"):
        name, arguments = "search", start
    elif named:
        name, arguments = named.group(1).lower(), named.end()
    else:
        name, arguments = "", start
    stop = _end_of_stage(source, arguments, end, quotes=name != "search")
    written = text[start:stop]
    begin = start + len(written) - len(written.lstrip())
    if not name:
        what = written.strip().split()
        message = (f'A command name must stand here, not "{what[0]}".' if what
                   else "A command is missing here: nothing stands between two pipes or after the last one.")
        raise source.at(min(begin, stop)).error(message)
    return Stage(name, written.strip(), source.at(begin), arguments, stop), stop


def _end_of_stage(source: Source, position: int, end: int, quotes: bool) -> int:
    """Find the pipe that ends this command; `quotes` tells whether apostrophes quote."""
    text = source.text
    while True:
        found = _STOPS.search(text, position, end)
        if not found:
            return end
        mark = found.group()
        if mark == "|":
            return found.start()
        if mark == "]":
            raise source.at(found.start()).error("This ] closes a bracket that was never opened.")
        position = skip_bracket(source, found.start(), end) if mark == "[" else _after_quote(
            source, found, end, quotes)


def _after_quote(source: Source, found: re.Match[str], end: int, single: bool) -> int:
    mark, start = found.group(), found.start()
    if mark == '"':
        quoted = _QUOTED.match(source.text, start, end)
        if not quoted:
            raise source.at(start).error("This double quote is never closed.")
        return quoted.end()
    if mark == "'" and single:
        quoted = _SINGLE.match(source.text, start, end)
        if quoted:
            return quoted.end()
    return found.end()


def skip_bracket(source: Source, start: int, end: int) -> int:
    """Return the offset after the bracket that closes the one at `start`."""
    open_at = [start]
    quotes = [_quotes_matter(source.text, start + 1)]
    position = start + 1
    while open_at:
        found = _STOPS.search(source.text, position, end)
        if not found:
            raise source.at(open_at[-1]).error("This bracket is never closed; "
                                               "write ] at the end of the subsearch.")
        mark = found.group()
        position = found.end()
        if mark == "[":
            open_at.append(found.start())
            quotes.append(_quotes_matter(source.text, position))
        elif mark == "]":
            open_at.pop()
            quotes.pop()
        elif mark == "|":
            quotes[-1] = _quotes_matter(source.text, position)
        else:
            position = _after_quote(source, found, end, quotes[-1])
    return position


def _quotes_matter(text: str, position: int) -> bool:
    named = _COMMAND.match(text, position)
    return not (named and named.group(1).lower() == "search")
