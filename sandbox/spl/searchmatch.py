"""Turns a search expression into a test of one event.

An event is anything with `.get(field) -> value or None`. Values and terms ignore case, field names
do not; wildcards match the whole value; `f!=x` needs the field, `NOT f=x` does not (SM: Difference
between != and NOT). Subsearches must have been inserted before.
"""
from __future__ import annotations

import ipaddress
import operator
import re
from typing import Any, Callable

from .searchexpr import AllOf, AnyOf, FieldComparison, FieldIn, NotNode, SearchNode, SubsearchNode, Term
from .segmentation import term_pattern
from .switches import DEFAULT, Switches
from .values import address, has_wildcard, number, text, wildcard

Test = Callable[[Any], bool]
ValueTest = Callable[[Any], bool]

_CIDR = re.compile(r"[0-9A-Fa-f:.]+/\d{1,3}")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compile_search(node: SearchNode, switches: Switches = DEFAULT) -> Test:
    """Return the test of a condition.

    Raises:
        SplError: a subsearch is left in it.
    """
    if isinstance(node, AllOf):
        return _all([compile_search(part, switches) for part in node.parts])
    if isinstance(node, AnyOf):
        return _either(node, switches)
    if isinstance(node, NotNode):
        inner = compile_search(node.operand, switches)
        return lambda event: not inner(event)
    if isinstance(node, FieldComparison):
        return _field(node, switches)
    if isinstance(node, FieldIn):
        return _membership(node)
    if isinstance(node, SubsearchNode):
        raise node.place.error("A subsearch cannot stand here.")
    return _term(node)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda event: first(event) and second(event)

    def test(event: Any) -> bool:
        for part in tests:
            if not part(event):
                return False
        return True

    return test


def _either(node: AnyOf, switches: Switches) -> Test:
    """Terms of one OR are looked for together: the text is read and lower-cased once for all of them."""
    parts = _alternatives(node)
    if any(isinstance(part, Term) and _is_anything(part) for part in parts):
        return lambda event: True
    found = [part for part in parts if isinstance(part, Term)]
    tests = [compile_search(part, switches) for part in parts if not isinstance(part, Term)]
    if found:
        tests.insert(0, _terms(found))
    return tests[0] if len(tests) == 1 else _any(tests)


def _alternatives(node: AnyOf) -> list[SearchNode]:
    found: list[SearchNode] = []
    for part in node.parts:
        found.extend(_alternatives(part) if isinstance(part, AnyOf) else [part])
    return found


def _any(tests: list[Test]) -> Test:
    def test(event: Any) -> bool:
        for part in tests:
            if part(event):
                return True
        return False

    return test


def _field(node: FieldComparison, switches: Switches) -> Test:
    name = node.field
    if node.operator in _ORDER:
        return _each(name, _ordering(node.operator, node.value))
    if node.operator == "=":
        if node.value == "*":
            return lambda event: event.get(name) is not None
        return _each(name, value_test(node.value, node.case_sensitive))
    if node.value == "*":
        return lambda event: False
    same = value_test(node.value, node.case_sensitive)
    every = switches.search_mv_differs == "all"

    def differs(event: Any) -> bool:
        value = event.get(name)
        if value is None:
            return False
        if type(value) is not tuple:
            return not same(value)
        if every:
            return not any(same(item) for item in value)
        return any(not same(item) for item in value)

    return differs


def _each(name: str, fits: ValueTest) -> Test:
    """A field holds when any of its values does."""

    def test(event: Any) -> bool:
        value = event.get(name)
        if value is None:
            return False
        if type(value) is tuple:
            return any(map(fits, value))
        return fits(value)

    return test


def _membership(node: FieldIn) -> Test:
    plain = frozenset(value.lower() for value in node.values if not _is_special(value))
    others = [value_test(value) for value in node.values if _is_special(value) or number(value) is not None]


    def listed(value: Any) -> bool:
        return (value if type(value) is str else text(value)).lower() in plain

    if not others:
        return _each(node.field, listed)
    return _each(node.field, lambda value: listed(value) or any(test(value) for test in others))


def _is_special(value: str) -> bool:
    return has_wildcard(value) or _network(value) is not None


def value_test(literal: str, case_sensitive: bool = False) -> ValueTest:
    """Return the test of one value against the right side of `=`: wildcards, CIDR, number, text."""
    if has_wildcard(literal):
        match = wildcard(literal, case_sensitive).match
        return lambda value: match(value if type(value) is str else text(value)) is not None
    network = _network(literal)
    if network is not None:
        return _inside(network, literal.lower())
    wanted = literal if case_sensitive else literal.lower()
    numeric = number(literal)
    if numeric is None:
        if case_sensitive:
            return lambda value: text(value) == wanted
        return lambda value: (value if type(value) is str else text(value)).lower() == wanted

    def same(value: Any) -> bool:
        # Field text is compared as written (007 is not 7); a calculated number by its value.
        return value.lower() == wanted if type(value) is str else value == numeric

    return same


def _inside(network: Any, written: str) -> ValueTest:
    version, start, mask = network.version, int(network.network_address), int(network.netmask)

    def inside(value: Any) -> bool:
        found = address(text(value))
        if found is None:
            return text(value).lower() == written
        return found.version == version and int(found) & mask == start

    return inside


def _network(literal: str) -> Any | None:
    if not _CIDR.fullmatch(literal):
        return None
    try:
        return ipaddress.ip_network(literal, strict=False)
    except ValueError:
        return None


def _ordering(sign: str, literal: str) -> ValueTest:
    compare = _ORDER[sign]
    limit = number(literal)
    folded = literal.lower()

    def fits(value: Any) -> bool:
        if limit is not None:
            found = value if type(value) is int else number(value)
            if found is not None:
                return compare(found, limit)
        return compare(text(value).lower(), folded)

    return fits


def _term(node: Term) -> Test:
    return (lambda event: True) if _is_anything(node) else _terms([node])


def _is_anything(node: Term) -> bool:
    return node.text == "" or (node.kind == "word" and node.text.strip("*") == "")


def _terms(nodes: list[Term]) -> Test:
    """Return the test that one of these terms stands in the raw text."""
    wanted = [
        (term_pattern(node.text, node.kind == "CASE", node.kind == "TERM").search, _needles(node)) for node in nodes
    ]

    def test(event: Any) -> bool:
        raw = event.get("_raw")
        if raw is None:
            raw = _all_values(event)
        elif type(raw) is not str:
            raw = text(raw)
        lower = raw.lower()
        for search, needles in wanted:
            for needle in needles:
                if needle not in lower:
                    break
            else:
                if search(raw) is not None:
                    return True
        return False

    return test


def _needles(node: Term) -> list[str]:
    """Return texts that must stand in the lower-cased raw text, the longest first; finding them is cheap."""
    if not node.text.isascii():
        return []
    return sorted((piece for piece in node.text.lower().split("*") if piece), key=len, reverse=True)


def _all_values(event: Any) -> str:
    """What a term searches in a row without raw text (a lookup's row): its values."""
    keys = getattr(event, "keys", None)
    if keys is None:
        return ""
    return "\n".join(text(event.get(name)) for name in keys() if not str(name).startswith("__"))
