"""Functions that tell what a value is (SR: Informational functions).

A field's text that reads as a number counts as a number.
"""
from __future__ import annotations

import json
from typing import Any, Callable

from ..evaluate import TRUTH, Closure, kind_of, truth_of, value_of
from ..expressions import Call
from ..values import number
from .registry import NULL, special


def _test(name: str, test: Callable[[Any], bool]) -> None:
    """Register a test of one value that is never unknown."""

    @special(f"{name}(value)", 1, 1, TRUTH)
    def build(call: Call) -> Closure:
        node = call.arguments[0]
        if kind_of(node) == TRUTH:
            inner = truth_of(node)
            if name in ("isnull", "isnotnull"):
                return lambda row, context: test(inner(row, context))
            return lambda row, context: name == "isbool" and inner(row, context) is not None
        reader = value_of(node)
        return lambda row, context: test(reader(row, context))


def _is_json(value: Any, kind: type) -> bool:
    if type(value) is not str or value.lstrip()[:1] not in ("[", "{"):
        return False
    try:
        return isinstance(json.loads(value), kind)
    except (ValueError, RecursionError):
        return False


def _whole(value: Any) -> bool:
    found = number(value)
    return found is not None and found == found and abs(found) != float("inf") and found == int(found)


_test("isnull", lambda value: value is None)
_test("isnotnull", lambda value: value is not None)
_test("isnum", lambda value: number(value) is not None)
_test("isint", _whole)
_test("isdouble", lambda value: number(value) is not None and not _whole(value))
_test("isstr", lambda value: type(value) is str and number(value) is None)
_test("isbool", lambda value: False)
_test("ismv", lambda value: type(value) is tuple)
_test("isarray", lambda value: _is_json(value, list))
_test("isobject", lambda value: _is_json(value, dict))


@special("typeof(value)", 1, 1)
def _typeof(call: Call) -> Closure:
    node = call.arguments[0]
    kind = kind_of(node)
    if kind == TRUTH:
        inner = truth_of(node)
        return lambda row, context: "Invalid" if inner(row, context) is None else "Boolean"
    if kind == NULL:
        return lambda row, context: "Invalid"
    reader = value_of(node)

    def name(value: Any) -> str:
        if value is None:
            return "Invalid"
        if type(value) is tuple:
            return "Multivalue"
        return "Number" if number(value) is not None else "String"

    return lambda row, context: name(reader(row, context))
