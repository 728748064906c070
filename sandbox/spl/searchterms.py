"""What every match of a search expression must contain: index terms and metadata.

A formula is a tree of `All`, `Any` and leaves; None means that nothing can be said. It is
conservative: an event that matches always satisfies it, one that satisfies it need not match.
The store uses it to pick candidates.
"""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Callable, Optional, Union

from .searchexpr import AllOf, AnyOf, FieldComparison, FieldIn, NotNode, SearchNode, Term
from .segmentation import literal_segments

METADATA_FIELDS = ("index", "sourcetype", "source", "host")


@dataclass(frozen=True)
class All:
    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Any:
    """One of its parts holds; without parts nothing can match."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class IndexTerm:
    """A lower-case smallest segment of the raw text."""

    text: str


@dataclass(frozen=True)
class MetadataEquals:
    """A metadata field fits this pattern (wildcards, case ignored)."""

    field: str
    pattern: str


Formula = Union[All, Any, IndexTerm, MetadataEquals]
Leaf = Callable[[SearchNode], Optional[Formula]]


def terms(node: SearchNode, verbatim: Callable[[str], bool]) -> Formula | None:
    """Return the formula of index terms.

    Args:
        verbatim: tells whether a field's values stand in the raw text as they are (an automatically
            extracted field), so that its value's segments are index terms. Must be False for
            calculated, aliased, looked-up and metadata fields, event types and tags.
    """

    def leaf(part: SearchNode) -> Formula | None:
        if isinstance(part, Term):
            return _segments(part.text)
        if isinstance(part, FieldComparison) and part.operator == "=" and verbatim(part.field):
            return _value(part.value)
        if isinstance(part, FieldIn) and verbatim(part.field):
            return _either([_value(value) for value in part.values])
        return None

    return _formula(node, leaf)


def metadata(node: SearchNode, fields: Collection[str] = METADATA_FIELDS) -> Formula | None:
    """Return the formula of equalities on metadata fields."""

    def leaf(part: SearchNode) -> Formula | None:
        if isinstance(part, FieldComparison) and part.operator == "=" and part.field in fields:
            return MetadataEquals(part.field, part.value)
        if isinstance(part, FieldIn) and part.field in fields:
            return Any(tuple(MetadataEquals(part.field, value) for value in part.values))
        return None

    return _formula(node, leaf)


def _formula(node: SearchNode, leaf: Leaf) -> Formula | None:
    if isinstance(node, AllOf):
        found = [part for part in (_formula(part, leaf) for part in node.parts) if part is not None]
        return _both(found)
    if isinstance(node, AnyOf):
        return _either([_formula(part, leaf) for part in node.parts])
    if isinstance(node, NotNode):
        return Any(()) if node.operand == AllOf(()) else None
    return leaf(node)


def _both(parts: list[Formula]) -> Formula | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _either(parts: list[Formula | None]) -> Formula | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else Any(tuple(known))


def _segments(text: str) -> Formula | None:
    return _both([IndexTerm(segment) for segment in literal_segments(text)])


def _value(text: str) -> Formula | None:
    # JSON writes these characters as escapes, whose letters would join the next segment.
    if any(character in '"\\/' or character < " " or character > "~" for character in text):
        return None
    return _segments(text)
