"""What every command module is made of.

A module registers each command with a parser: a function from the arguments to a `Command`. Parsing refuses what is
wrong, once; running is repeated and must leave the command as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from ..context import RunContext
from ..errors import Place
from ..lookups import Definition
from ..pipeline import Subsearch
from ..rows import Row
from ..stream import TokenStream
from ..switches import Switches
from ..values import wildcard_match

Rows = list[Row]


class Command:
    """One stage, ready to run.

    Attributes:
        generates: it makes rows of its own and takes none: it must stand first.
        idle: of no rows it makes no rows and does nothing else, so that it need not be run.
    """

    generates = False
    idle = False

    def run(self, rows: Rows, context: RunContext) -> Rows:
        """Return the rows that leave the stage. Rows may be changed in place: they belong to the pipeline."""
        raise NotImplementedError


class Compiler:
    """What a parser may ask for; engine.py has the real one."""

    switches: Switches

    def subsearch(self, subsearch: Subsearch) -> Command:
        """Compile a subsearch that makes its own rows; the rows it is given do not matter."""
        raise NotImplementedError

    def streams(self, subsearch: Subsearch) -> bool:
        """Say whether a subsearch passes events on one by one (no sorting, no statistics)."""
        raise NotImplementedError

    def over_rows(self, subsearch: Subsearch) -> Command:
        """Compile the inside of brackets that works on the rows it is given (appendpipe)."""
        raise NotImplementedError

    def template(self, subsearch: Subsearch, text: str) -> Command:
        """As `over_rows`, for a text that was changed (foreach)."""
        raise NotImplementedError

    def lookup(self, name: str, place: Place) -> Definition:
        """Return a lookup definition that is known when the search is compiled; SplError otherwise."""
        raise NotImplementedError

    def verbatim(self, field: str) -> bool:
        """Say whether a field's values stand in the raw text as they are."""
        raise NotImplementedError

    def depends_on_event_alone(self, fields: Sequence[str]) -> bool:
        """Say whether these fields of an event never change between runs."""
        raise NotImplementedError


STREAMING = frozenset(
    "search where eval fields rename rex regex spath makemv mvexpand nomv fillnull replace convert lookup iplocation"
    " addinfo bin bucket foreach strcat".split()
)
"""Commands that handle events one by one (SR: Command types; of bin and fillnull the form with a span, with fields)."""

Parser = Callable[[TokenStream, Compiler], Command]

COMMANDS: dict[str, Parser] = {}


def command(*names: str) -> Callable[[Parser], Parser]:
    """Register a parser under one or more command names."""

    def registered(parser: Parser) -> Parser:
        for name in names:
            COMMANDS[name] = parser
        return parser

    return registered


def is_internal(name: str) -> bool:
    """Say whether a wildcard passes this field over."""
    return name.startswith("_")


def chosen_names(patterns: Sequence[str], present: Sequence[str]) -> list[str]:
    """Return plain names as they are and wildcards as the present fields that fit, each once.

    A wildcard means no internal field unless it starts with an underscore itself.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if "*" not in pattern:
            found[pattern] = None
            continue
        for name in present:
            if (pattern.startswith("_") or not is_internal(name)) and wildcard_match(pattern, name):
                found[name] = None
    return list(found)


def all_names(rows: Rows) -> list[str]:
    """Return the names of all fields of all rows, each once."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(row.names()))
    return list(found)
