"""Comparison and conditional functions (SR: Comparison and Conditional functions)."""
from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Sequence
from re import Pattern
from typing import Any, Callable, Union

from ..evaluate import TRUTH, Closure, EvalContext, constant, truth_of, value_of
from ..expressions import Call, Expression
from ..jsonpath import dump
from ..pcre import compile_regex
from ..values import Truth, Value, address, equal, looks_numeric, members, text
from .registry import NULL, any_of, common_kind, literal_text, special


def _branch(node: Expression, kind: str) -> Closure:
    return truth_of(node) if kind == TRUTH else value_of(node)


def _if_kind(call: Call) -> str:
    return common_kind(list(call.arguments[1:]), call)


@special("if(condition, then, else)", 3, 3, _if_kind)
def _if(call: Call) -> Closure:
    kind = _if_kind(call)
    test = truth_of(call.arguments[0])
    then, otherwise = _branch(call.arguments[1], kind), _branch(call.arguments[2], kind)
    return lambda row, context: (then if test(row, context) else otherwise)(row, context)


def _case_kind(call: Call) -> str:
    if len(call.arguments) % 2:
        raise call.place.error(f"{call.name}() needs pairs of a condition and a value; it has "
                               f"{len(call.arguments)} arguments. A default is the pair true(), value.")
    return common_kind(list(call.arguments[1::2]), call)


@special("case(condition, value, ...)", 2, None, _case_kind)
def _case(call: Call) -> Closure:
    kind = _case_kind(call)
    pairs = [(truth_of(test), _branch(value, kind))
             for test, value in zip(call.arguments[::2], call.arguments[1::2])]

    def chosen(row: Any, context: EvalContext) -> Any:
        for test, value in pairs:
            if test(row, context):
                return value(row, context)
        return None

    return chosen


@special("validate(condition, message, ...)", 2, None, _case_kind)
def _validate(call: Call) -> Closure:
    """The message of the first condition that is false; null if all are true."""
    kind = _case_kind(call)
    pairs = [(truth_of(test), _branch(value, kind))
             for test, value in zip(call.arguments[::2], call.arguments[1::2])]

    def chosen(row: Any, context: EvalContext) -> Any:
        for test, value in pairs:
            if test(row, context) is False:
                return value(row, context)
        return None

    return chosen


@special("coalesce(value, ...)", 1, None, lambda call: common_kind(list(call.arguments), call))
def _coalesce(call: Call) -> Closure:
    kind = common_kind(list(call.arguments), call)
    parts = [_branch(node, kind) for node in call.arguments]

    def first(row: Any, context: EvalContext) -> Any:
        for part in parts:
            value = part(row, context)
            if value is not None:
                return value
        return None

    return first


@special("nullif(value, value)", 2, 2)
def _nullif(call: Call) -> Closure:
    left, right = value_of(call.arguments[0]), value_of(call.arguments[1])
    written = constant(call.arguments[1])
    # A text that is no number equals only itself; other values go the long way.
    known = written if type(written) is str and not looks_numeric(written) else None

    def result(row: Any, context: EvalContext) -> Value:
        a: Value = left(row, context)
        if known is not None and type(a) is str:
            return None if a == known else a
        b: Value = right(row, context)
        if a is None or b is None:
            return a
        if type(a) is tuple or type(b) is tuple:
            return None if a == b else a
        return None if equal(a, b) else a

    return result


@special("null()", 0, 0, NULL)
def _null(call: Call) -> Closure:
    return lambda row, context: None


@special("true()", 0, 0, TRUTH)
def _true(call: Call) -> Closure:
    return lambda row, context: True


@special("false()", 0, 0, TRUTH)
def _false(call: Call) -> Closure:
    return lambda row, context: False


@special("in(field, value, ...)", 2, None, TRUTH)
def _in(call: Call) -> Closure:
    return membership(call.arguments[0], call.arguments[1:])


def membership(operand: Expression, items: Sequence[Expression]) -> Closure:
    """Build `operand IN (items)`: exact, case-sensitive, no wildcards (SR: in)."""
    subject = value_of(operand)
    literals = [constant(item) for item in items]
    if all(type(literal) is str and literal[:1] not in tuple("0123456789+-.") for literal in literals):
        return any_of(Call("in", ()), frozenset(literals).__contains__, subject)
    others = [value_of(item) for item in items]

    def test(row: Any, context: EvalContext) -> Truth:
        value = subject(row, context)
        if value is None:
            return None
        if type(value) is tuple and context.switches.mv_equality != "any":
            return None
        for other in others:
            candidate = other(row, context)
            if any(equal(a, b) for a in members(value) for b in members(candidate)):
                return True
        return False

    return test


# --- patterns -----------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def like_pattern(pattern: str) -> Pattern[str]:
    """Compile a pattern of like: % any run, _ one character, both ends anchored."""
    body = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.compile(body + r"\Z", re.S)


def like(subject: Expression, pattern: Expression) -> Closure:
    reader = value_of(subject)
    fixed = constant(pattern)
    if fixed is not None:
        return any_of(Call("like", ()), _matcher(like_pattern(text(fixed)).match), reader)
    return _dynamic(reader, value_of(pattern), lambda found: like_pattern(found).match)


def _matcher(match: Callable[[str], Any]) -> Callable[[str], bool]:
    return lambda value: match(value) is not None


def _dynamic(subject: Closure, pattern: Closure, prepare: Callable[[str], Callable[[str], Any]]) -> Closure:
    """A test whose pattern comes from the row."""

    def test(row: Any, context: EvalContext) -> Truth:
        wanted = pattern(row, context)
        value = subject(row, context)
        if wanted is None or value is None:
            return None
        found = prepare(text(wanted))
        if type(value) is tuple and context.switches.mv_equality != "any":
            return None
        return any(found(text(item)) is not None for item in members(value))

    return test


@special("like(text, pattern)", 2, 2, TRUTH)
def _like(call: Call) -> Closure:
    return like(call.arguments[0], call.arguments[1])


@special("match(text, regex)", 2, 2, TRUTH)
def _match(call: Call) -> Closure:
    subject, pattern = call.arguments
    fixed = constant(pattern)
    if fixed is not None:
        search = compile_regex(text(fixed), pattern.place).search
        return any_of(call, _matcher(search), value_of(subject))
    return _dynamic(value_of(subject), value_of(pattern),
                    lambda found: compile_regex(found, pattern.place).search)


_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


@functools.lru_cache(maxsize=4096)
def network(written: str) -> tuple[int, int, int] | None:
    """Parse a CIDR block (a plain address is a block of one): version, start, mask. None if it is none."""
    try:
        found: _Network = ipaddress.ip_network(written.strip(), strict=False)
    except ValueError:
        return None
    return found.version, int(found.network_address), int(found.netmask)


def inside(block: tuple[int, int, int], candidate: str) -> bool:
    """Tell whether a text is an address in this block; false for a text that is no address."""
    found = address(candidate)
    return found is not None and found.version == block[0] and int(found) & block[2] == block[1]


@special("cidrmatch(network, address)", 2, 2, TRUTH)
def _cidrmatch(call: Call) -> Closure:
    written, subject = call.arguments
    fixed = constant(written)
    if fixed is not None:
        block = network(text(fixed))
        if block is None:
            raise written.place.error(f'"{text(fixed)}" is no network; write for example "10.0.0.0/8" '
                                      'or "2001:db8::/32".')
        # The same addresses come again and again.
        return any_of(call, functools.lru_cache(maxsize=4096)(functools.partial(inside, block)), value_of(subject))

    def prepare(found: str) -> Callable[[str], Any]:
        parsed = network(found)
        return lambda candidate: True if parsed is not None and inside(parsed, candidate) else None

    return _dynamic(value_of(subject), value_of(written), prepare)


@special("searchmatch(search)", 1, 1, TRUTH)
def _searchmatch(call: Call) -> Closure:
    from ..searchexpr import parse_search
    from ..searchmatch import compile_search

    expression = parse_search(literal_text(call, 0, "a search"), call.arguments[0].place)
    if expression.times:
        raise call.arguments[0].place.error("searchmatch() takes no time modifiers.")
    test = compile_search(expression.root)
    return lambda row, context: test(row)


@special("lookup(name, json_object(field, value, ...), json_array(field, ...))", 3, 3)
def _lookup(call: Call) -> Closure:
    """Read one row of a lookup; the result is a JSON object of the output fields."""
    import json

    name = literal_text(call, 0, "the lookup's name")
    given, wanted = value_of(call.arguments[1]), value_of(call.arguments[2])

    def found(row: Any, context: EvalContext) -> Value:
        if context.lookup is None:
            raise call.place.error("lookup() cannot be used where no lookups are at hand.")
        inputs, outputs = given(row, context), wanted(row, context)
        if inputs is None or outputs is None:
            return None
        answer = context.lookup(name, json.loads(text(inputs)), json.loads(text(outputs)))
        if answer is None:
            return None
        return dump({key: list(value) if type(value) is tuple else value for key, value in answer.items()})

    return found
