"""Turns expressions into Python closures `(row, context) -> value`.

A row is anything with `.get(field) -> value or None`. Conditions give True, False or None
(unknown); `where` and `if` take only True. Names, argument counts and types are checked here, once,
with the place in the search; constant regexes, time formats and networks are prepared here too.
The functions themselves are in `functions`.
"""
from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone, tzinfo
from typing import Any, Callable, Optional

from .expressions import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Field,
    Literal,
    Logic,
    Membership,
    Not,
    Sign,
    walk,
)
from .switches import DEFAULT, Switches
from .values import Number, Truth, Value, comparison, limit, members, number, text, tidy

Closure = Callable[[Any, "EvalContext"], Any]
LookupAnswer = Callable[[str, Mapping[str, Value], Sequence[str]], Optional[Mapping[str, Value]]]

VALUE, TRUTH, NULL = "value", "truth", "null"


def _ignore(message: str) -> None:
    return None


@dataclass
class EvalContext:
    """What an expression may know besides the row.

    Attributes:
        now: epoch second at which the search started, `now()`.
        zone: time zone of the searching user.
        clock: epoch second at which rows are processed, `time()`; None means `now`.
        lookup: answers `lookup(name, {field: value}, [output field])` with a dict or None.
        warn: takes a sentence about a result that relies on something undocumented.
    """

    now: float
    zone: tzinfo = timezone.utc
    lookup: LookupAnswer | None = None
    switches: Switches = DEFAULT
    warn: Callable[[str], None] = _ignore
    clock: float | None = None
    _random: random.Random | None = None

    @property
    def random(self) -> random.Random:
        """Source of `random()`, the same numbers in each run."""
        if self._random is None:
            self._random = random.Random(0)  # noqa: S311 - not for secrets
        return self._random


def compile(node: Expression) -> Callable[[Any, EvalContext], Value]:  # noqa: A001 - the contract's word
    """Compile an expression whose result is assigned to a field.

    Raises:
        SplError: an unknown function, a wrong number or type of arguments, a Boolean result.
    """
    if kind_of(node) == TRUTH:
        raise _start(node).error("A field cannot take a condition's result; "
                                 "write if(condition, value, value) or tostring(condition).")
    return value_of(node)


def compile_condition(node: Expression) -> Callable[[Any, EvalContext], Truth]:
    """Compile a condition, as `where` takes it: True, False or None for unknown."""
    return truth_of(node)


def field_names(node: Expression) -> set[str]:
    """Return the fields that an expression reads (those of a constant searchmatch included)."""
    found = {part.name for part in walk(node) if isinstance(part, Field)}
    for part in walk(node):
        if isinstance(part, Call) and part.name == "searchmatch" and part.arguments:
            argument = part.arguments[0]
            if isinstance(argument, Literal):
                from .searchexpr import field_names as search_fields
                from .searchexpr import parse_search

                found.update(search_fields(parse_search(str(argument.value), argument.place).root))
    return found


def constant(node: Expression) -> Any:
    """Return the value of a literal (a signed number included), else None."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Sign) and isinstance(node.operand, Literal):
        found = number(node.operand.value)
        if found is not None:
            return -found if node.operator == "-" else found
    return None


def kind_of(node: Expression) -> str:
    """Tell whether a node gives a value, a condition, or nothing but null."""
    if isinstance(node, (Comparison, Membership, Not, Logic)):
        return TRUTH
    if isinstance(node, Call):
        from .functions import find

        return find(node).kind(node)
    return VALUE


def value_of(node: Expression) -> Closure:
    """Compile a node that must give a value."""
    if isinstance(node, Literal):
        literal = node.value
        return lambda row, context: literal
    if isinstance(node, Field):
        name = node.name
        return lambda row, context: row.get(name)
    if isinstance(node, Arithmetic):
        return _concatenation(node) if node.operator == "." else _arithmetic(node)
    if isinstance(node, Sign):
        return _sign(node)
    if isinstance(node, Call):
        from .functions import find

        function = find(node)
        if function.kind(node) != TRUTH:
            return function.build(node)
    raise _start(node).error("A value is needed here, not a condition; write if(condition, value, value) "
                             "or tostring(condition).")


def truth_of(node: Expression) -> Closure:
    """Compile a node that must give a condition."""
    if isinstance(node, Comparison):
        return _comparison(node)
    if isinstance(node, Logic):
        return _logic(node)
    if isinstance(node, Not):
        return _not(node)
    if isinstance(node, Membership):
        from .functions.comparison import membership

        return membership(node.operand, node.items)
    if isinstance(node, Call):
        from .functions import find

        function = find(node)
        kind = function.kind(node)
        if kind == TRUTH:
            return function.build(node)
        if kind == NULL:
            return lambda row, context: None
    raise _start(node).error("A condition is needed here, not a value; compare it with something, "
                             'for example x="text" or isnotnull(x).')


def _start(node: Expression) -> Any:
    """The place where a node begins (that of an operator is in its middle)."""
    while True:
        if isinstance(node, (Arithmetic, Comparison)):
            node = node.left
        elif isinstance(node, Logic):
            node = node.operands[0]
        elif isinstance(node, Membership):
            node = node.operand
        else:
            return node.place


# --- conditions ---------------------------------------------------------------------------


def _logic(node: Logic) -> Closure:
    tests = [truth_of(operand) for operand in node.operands]
    if node.operator == "XOR":
        return _xor(tests)
    if len(tests) == 2:
        return _pair(tests[0], tests[1], node.operator == "OR")
    decisive = node.operator == "OR"

    def test(row: Any, context: EvalContext) -> Truth:
        unknown = False
        for part in tests:
            found = part(row, context)
            if found is decisive:
                return decisive
            if found is None:
                unknown = True
        return None if unknown else not decisive

    return test


def _pair(first: Closure, second: Closure, decisive: bool) -> Closure:
    def test(row: Any, context: EvalContext) -> Truth:
        left = first(row, context)
        if left is decisive:
            return decisive
        right = second(row, context)
        if right is decisive:
            return decisive
        return None if left is None or right is None else not decisive

    return test


def _xor(tests: Sequence[Closure]) -> Closure:
    def test(row: Any, context: EvalContext) -> Truth:
        result = False
        for part in tests:
            found = part(row, context)
            if found is None:
                return None
            result ^= found
        return result

    return test


def _not(node: Not) -> Closure:
    inner = truth_of(node.operand)

    def test(row: Any, context: EvalContext) -> Truth:
        found = inner(row, context)
        if found is None:
            return None if context.switches.not_null == "null" else True
        return not found

    return test


def _comparison(node: Comparison) -> Closure:
    if node.operator == "like":
        from .functions.comparison import like

        return like(node.left, node.right)
    plain = constant(node.right)
    if node.operator in ("=", "!=") and type(plain) is str and number(plain) is None:
        return _text_equality(value_of(node.left), plain, node.operator == "=")
    compare = comparison(node.operator)
    left, right = value_of(node.left), value_of(node.right)

    def test(row: Any, context: EvalContext) -> Truth:
        a = left(row, context)
        if a is None:
            return None
        b = right(row, context)
        if b is None:
            return None
        if type(a) is tuple or type(b) is tuple:
            if context.switches.mv_equality != "any":
                return None
            context.warn(f"{node.operator} met a multivalue; what Splunk decides then is not documented. "
                         "Use mvfilter, mvfind or search.")
            return any(compare(x, y) for x in members(a) for y in members(b))
        return compare(a, b)

    return test


def _text_equality(left: Closure, literal: str, wanted: bool) -> Closure:
    """The commonest comparison: a field with a text that is no number."""
    compare = comparison("=" if wanted else "!=")

    def test(row: Any, context: EvalContext) -> Truth:
        value = left(row, context)
        if type(value) is str:
            return (value == literal) is wanted
        if value is None:
            return None
        if type(value) is tuple:
            if context.switches.mv_equality != "any":
                return None
            context.warn(("= " if wanted else "!= ") + "met a multivalue; what Splunk decides then is not "
                         "documented. Use mvfilter, mvfind or search.")
            return any(compare(item, literal) for item in value)
        return compare(value, literal)

    return test


# --- values -------------------------------------------------------------------------------


def _sign(node: Sign) -> Closure:
    inner = _numeric(node.operand, node)
    if node.operator == "+":
        return lambda row, context: number(inner(row, context))

    def negated(row: Any, context: EvalContext) -> Number | None:
        found = number(inner(row, context))
        return None if found is None else -found

    return negated


def _numeric(node: Expression, owner: Any) -> Closure:
    literal = constant(node)
    if type(literal) is str and number(literal) is None:
        raise node.place.error(f'The operator {owner.operator} needs numbers; "{literal}" is a text.')
    return value_of(node)


def _add(a: Number, b: Number) -> Number:
    return a + b


def _subtract(a: Number, b: Number) -> Number:
    return a - b


def _multiply(a: Number, b: Number) -> Number:
    return a * b


def _divide(a: Number, b: Number) -> Number | None:
    return None if b == 0 else a / b


def _modulo(a: Number, b: Number) -> Number | None:
    """The rest has the sign of the dividend, as in C."""
    if b == 0 or math.isinf(a):
        return None
    return math.fmod(a, b)


_ARITHMETIC: dict[str, Callable[[Number, Number], Number | None]] = {
    "+": _add, "-": _subtract, "*": _multiply, "/": _divide, "%": _modulo}


def _arithmetic(node: Arithmetic) -> Closure:
    calculate = _ARITHMETIC[node.operator]
    joins = node.operator == "+"
    if joins:
        left, right = value_of(node.left), value_of(node.right)
    else:
        left, right = _numeric(node.left, node), _numeric(node.right, node)

    def result(row: Any, context: EvalContext) -> Value:
        a = left(row, context)
        b = right(row, context)
        x, y = number(a), number(b)
        if x is None or y is None:
            if joins and type(a) is str and type(b) is str:
                return a + b
            if type(a) is tuple or type(b) is tuple:
                context.warn(f"{node.operator} met a multivalue and gave null; use mvmap.")
            return None
        try:
            found = calculate(x, y)
        except OverflowError:
            return math.inf
        if type(found) is float:
            return tidy(found)
        return None if found is None else limit(found)

    return result


def _concatenation(node: Arithmetic) -> Closure:
    parts: list[Expression] = []
    rest: Expression = node
    while isinstance(rest, Arithmetic) and rest.operator == ".":
        parts.append(rest.right)
        rest = rest.left
    parts.append(rest)
    closures = [value_of(part) for part in reversed(parts)]

    def joined(row: Any, context: EvalContext) -> Value:
        texts = []
        for part in closures:
            value = part(row, context)
            if type(value) is str:
                texts.append(value)
            elif value is None:
                return None
            elif type(value) is tuple:
                context.warn("The operator . met a multivalue and gave null; use mvjoin or mvmap.")
                return None
            else:
                texts.append(text(value))
        return "".join(texts)

    return joined
