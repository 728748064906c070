"""One result row: own values over an event whose fields are worked out only when somebody asks.

Knows how the two overlay each other. Does not know how a field is extracted (extraction.py) nor any command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Callable

from .values import Value


class FieldReader:
    """What a row needs to know about the event below it; extraction.py has the real one."""

    def field(self, event: object, name: str) -> Value:
        """Return one search-time field of the event, or None."""
        raise NotImplementedError

    def names(self, event: object) -> Iterable[str]:
        """Return the names of all fields of the event."""
        raise NotImplementedError


class Row:
    """A mutable row. In ``values`` None means "removed": it hides the event's field of that name.

    Attributes:
        get: returns the field of a name, or None when the row has none of that name. Nothing is called more often, so
            a row that has no event asks its values without a detour.
    """

    __slots__ = ("values", "event", "reader", "get")

    get: Callable[[str], Value]

    def __init__(
        self,
        values: dict[str, Value] | None = None,
        event: object | None = None,
        reader: FieldReader | None = None,
    ) -> None:
        self.values: dict[str, Value] = {} if values is None else values
        self.event = event
        self.reader = reader
        self.get = self.values.get if reader is None else partial(_over_event, self.values, event, reader)

    def set(self, name: str, value: Value) -> None:
        """Set a field; None removes it."""
        self.values[name] = value

    def names(self) -> list[str]:
        """Return the names of the fields that are there: the event's first, then the added ones."""
        if self.reader is None:
            return [name for name, value in self.values.items() if value is not None]
        found = [name for name in self.reader.names(self.event) if self.get(name) is not None]
        seen = set(found)
        return found + [name for name, value in self.values.items() if value is not None and name not in seen]

    def to_dict(self) -> dict[str, Value]:
        """Return all fields that are there; missing ones are absent."""
        return {name: self.get(name) for name in self.names()}

    def copy(self) -> Row:
        """Return a row that can change without changing this one."""
        return Row(dict(self.values), self.event, self.reader)

    def keep(self, names: Sequence[str]) -> None:
        """Let only these fields remain; those not there stay away."""
        kept: dict[str, Value] = {}
        for name in names:
            value = self.get(name)
            if value is not None:
                kept[name] = value
        self.values, self.event, self.reader, self.get = kept, None, None, kept.get


def _over_event(values: dict[str, Value], event: object, reader: FieldReader, name: str) -> Value:
    if name in values:
        return values[name]
    value = values[name] = reader.field(event, name)
    return value
