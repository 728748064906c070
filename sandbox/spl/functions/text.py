"""Text functions (SR: Text functions)."""
from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ..evaluate import Closure, EvalContext, constant
from ..expressions import Call
from ..jsonpath import parse_path, read_text, select, spath_value
from ..pcre import compile_regex, replacement
from ..values import Number, Value, multivalue, text
from .registry import argument, scalar, special

_BLANK = " \t"


@scalar("len(text)", "t")
def _len(value: str) -> int:
    """Characters, not bytes."""
    return len(value)


@scalar("lower(text)", "t")
def _lower(value: str) -> str:
    return value.lower()


@scalar("upper(text)", "t")
def _upper(value: str) -> str:
    return value.upper()


@scalar("trim(text[, characters])", "tt", 1)
def _trim(value: str, characters: str = _BLANK) -> str:
    return value.strip(characters)


@scalar("ltrim(text[, characters])", "tt", 1)
def _ltrim(value: str, characters: str = _BLANK) -> str:
    return value.lstrip(characters)


@scalar("rtrim(text[, characters])", "tt", 1)
def _rtrim(value: str, characters: str = _BLANK) -> str:
    return value.rstrip(characters)


@scalar("substr(text, start[, length])", "tnn", 2)
def _substr(value: str, start: Number, length: Number | None = None) -> str:
    """Counts from 1, negative from the end; edges as in SQLite, to which the manual points."""
    first = int(max(-2 ** 40, min(start, 2 ** 40)))
    count = len(value) if length is None else int(max(-2 ** 40, min(length, 2 ** 40)))
    if first < 0:
        first += len(value)
        if first < 0:
            count = max(0, count + first) if count >= 0 else count
            first = 0
    elif first > 0:
        first -= 1
    elif count > 0 and length is not None:
        count -= 1
    if count < 0:
        first, count = first + count, -count
        if first < 0:
            first, count = 0, count + first
    return value[first: first + max(count, 0)]


@scalar("urldecode(url)", "t")
def _urldecode(value: str) -> str:
    return unquote(value)


@special("replace(text, regex, replacement)", 3, 3)
def _replace(call: Call) -> Closure:
    subject, pattern, new = (argument(node, "t", call) for node in call.arguments)
    place = call.arguments[1].place
    fixed, fixed_new = constant(call.arguments[1]), constant(call.arguments[2])
    prepared = None if fixed is None else compile_regex(text(fixed), place)
    rewrite = None if fixed_new is None else replacement(text(fixed_new))

    def replaced(row: Any, context: EvalContext) -> Value:
        value = subject(row, context)
        if value is None:
            return None
        expression, change = prepared, rewrite
        if expression is None:
            written = pattern(row, context)
            if written is None:
                return None
            expression = compile_regex(written, place)
        if change is None:
            written = new(row, context)
            if written is None:
                return None
            change = replacement(written)
        return expression.sub(change, value)  # type: ignore[no-any-return]

    return replaced


@special("spath(value, path)", 2, 2)
def _spath(call: Call) -> Closure:
    """As the command spath with a path: several matches give a multivalue. JSON only."""
    subject, path = argument(call.arguments[0], "t", call), argument(call.arguments[1], "t", call)

    def found(row: Any, context: EvalContext) -> Value:
        value, written = subject(row, context), path(row, context)
        if value is None or written is None:
            return None
        document = read_text(value)
        if document is None:
            return None
        steps = parse_path(written, call.arguments[1].place, context.switches.spath_first_index)
        values = (spath_value(item) for item in select(document[0], steps))
        return multivalue(item for item in values if item is not None)

    return found
