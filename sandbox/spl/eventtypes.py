"""Event types as tests of an event: base searches that may build on other event types and on tags.

What an event type says of `eventtype=` and `tag=` is replaced by what those stand for, before it is compiled. (KM:
About event types; Tag event types.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..confs import AppConfs
from .errors import SplError
from .extraction import EventType
from .macros import MacroDefinition, expand_text
from .searchexpr import AllOf, AnyOf, FieldComparison, FieldIn, NotNode, SearchNode, parse_search, subsearches
from .searchmatch import compile_search
from .switches import Switches
from .values import wildcard_match

Tag = tuple[str, str, str]
"""(field, value, tag)"""


def compile_event_types(
    confs: AppConfs, macros: Mapping[str, MacroDefinition], tags: Sequence[Tag], switches: Switches
) -> list[EventType]:
    """Return the event types of an app, in order of their names.

    Raises:
        SplError: one cannot be read, or leads back to itself; names file, line and stanza.
    """
    parsed: dict[str, SearchNode] = {}
    for name, settings in sorted(confs.conf("eventtypes").items()):
        if settings.get("disabled", "0").lower() in ("1", "true"):
            continue
        try:
            expression = parse_search(expand_text(settings.get("search", ""), macros))
            if subsearches(expression.root) or expression.times:
                raise SplError("An event type takes neither subsearches nor times.")
            parsed[name] = expression.root
        except SplError as error:
            raise SplError(f"{confs.origin('eventtypes', name, 'search')}: [{name}] search: {error}") from error
    found = []
    for name, node in parsed.items():
        try:
            found.append(EventType(name, compile_search(_resolved(node, parsed, tags, (name,)), switches)))
        except SplError as error:
            raise SplError(f"{confs.origin('eventtypes', name, 'search')}: [{name}] search: {error}") from error
    return found


def _resolved(
    node: SearchNode, types: Mapping[str, SearchNode], tags: Sequence[Tag], inside: tuple[str, ...]
) -> SearchNode:
    if isinstance(node, NotNode):
        return NotNode(_resolved(node.operand, types, tags, inside), node.place)
    if isinstance(node, AllOf):
        return AllOf(tuple(_resolved(part, types, tags, inside) for part in node.parts), node.place)
    if isinstance(node, AnyOf):
        return AnyOf(tuple(_resolved(part, types, tags, inside) for part in node.parts), node.place)
    if isinstance(node, FieldComparison):
        if node.field == "eventtype" or node.field == "tag" or node.field.startswith("tag::"):
            if node.operator != "=":
                raise node.place.error(f"An event type asks for {node.field} with = only here; use NOT.")
            return _meant(node.field, (node.value,), types, tags, inside)
    elif isinstance(node, FieldIn) and (node.field in ("eventtype", "tag") or node.field.startswith("tag::")):
        return _meant(node.field, node.values, types, tags, inside)
    return node


def _meant(
    field: str, values: Sequence[str], types: Mapping[str, SearchNode], tags: Sequence[Tag], inside: tuple[str, ...]
) -> SearchNode:
    """Return the condition that stands behind `eventtype=x` or `tag=x`."""
    if field != "eventtype":
        wanted = None if field == "tag" else field[len("tag::") :]
        asked = [
            FieldComparison(name, "=", value)
            for name, value, tag in tags
            if wanted in (None, name) and any(wildcard_match(pattern, tag, False) for pattern in values)
        ]
        return AnyOf(tuple(_resolved(part, types, tags, inside) for part in asked))
    parts = []
    for name, node in types.items():
        if any(wildcard_match(pattern, name, False) for pattern in values):
            if name in inside:
                raise SplError(f"The event type leads back to itself: {' -> '.join((*inside, name))}.")
            parts.append(_resolved(node, types, tags, (*inside, name)))
    return AnyOf(tuple(parts))
