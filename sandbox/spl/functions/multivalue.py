"""Multivalue functions (SR: Multivalue eval functions)."""
from __future__ import annotations

from typing import Any

from ..evaluate import Closure, EvalContext, constant, truth_of, value_of
from ..expressions import Call, Expression, Field, walk
from ..jsonpath import dump
from ..pcre import compile_regex
from ..timemod import parse_span
from ..values import Number, Scalar, Value, members, multivalue, number, text, text_order
from .registry import argument, literal_text, scalar, special

_LARGEST_RANGE = 100_000


class _Bound:
    """A row in which one field has another value."""

    __slots__ = ("_name", "_row", "value")

    def __init__(self, row: Any, name: str) -> None:
        self._row = row
        self._name = name
        self.value: Scalar = ""

    def get(self, name: str) -> Any:
        return self.value if name == self._name else self._row.get(name)


@special("mvappend(value, ...)", 1, None)
def _mvappend(call: Call) -> Closure:
    parts = [value_of(node) for node in call.arguments]
    return lambda row, context: multivalue(item for part in parts for item in members(part(row, context)))


@scalar("mvcount(field)", "m")
def _mvcount(values: tuple[Scalar, ...]) -> int | None:
    """Null, not 0, for a missing field."""
    return len(values) or None


@scalar("mvdedup(field)", "m")
def _mvdedup(values: tuple[Scalar, ...]) -> Value:
    first: dict[str, Scalar] = {}
    for item in values:
        first.setdefault(text(item), item)
    return multivalue(first.values())


@scalar("mvsort(field)", "m")
def _mvsort(values: tuple[Scalar, ...]) -> Value:
    return multivalue(text_order(values))


@scalar("mvjoin(field, delimiter)", "mt")
def _mvjoin(values: tuple[Scalar, ...], delimiter: str) -> Value:
    return delimiter.join(map(text, values)) if values else None


@scalar("mvindex(field, start[, end])", "mnn", 2)
def _mvindex(values: tuple[Scalar, ...], start: Number, end: Number | None = None) -> Value:
    """Counts from 0, negative from the end; `end` is included."""
    size = len(values)
    if end is None and type(start) is int:
        return values[start] if -size <= start < size else None
    first = int(start) + (size if start < 0 else 0)
    last = first if end is None else int(end) + (size if end < 0 else 0)
    if not 0 <= first < size or last < first:
        return None
    return multivalue(values[first: last + 1])


@scalar("mvzip(left, right[, delimiter])", "mmt", 2)
def _mvzip(left: tuple[Scalar, ...], right: tuple[Scalar, ...], delimiter: str = ",") -> Value:
    return multivalue(text(a) + delimiter + text(b) for a, b in zip(left, right))


@scalar("split(text, delimiter)", "tt")
def _split(value: str, delimiter: str) -> Value:
    """An empty delimiter gives the characters."""
    return multivalue(value.split(delimiter) if delimiter else tuple(value) or ("",))


@special("mvfind(field, regex)", 2, 2)
def _mvfind(call: Call) -> Closure:
    """Index of the first value in which the regex is found; null if there is none."""
    subject, pattern = value_of(call.arguments[0]), argument(call.arguments[1], "t", call)
    place = call.arguments[1].place
    fixed = constant(call.arguments[1])
    prepared = None if fixed is None else compile_regex(text(fixed), place)

    def found(row: Any, context: EvalContext) -> Value:
        expression = prepared
        if expression is None:
            written = pattern(row, context)
            if written is None:
                return None
            expression = compile_regex(written, place)
        for index, item in enumerate(members(subject(row, context))):
            if expression.search(text(item)):
                return index
        return None

    return found


@special("mvfilter(condition)", 1, 1)
def _mvfilter(call: Call) -> Closure:
    """The values for which the condition holds; it may name one field only."""
    condition = call.arguments[0]
    named = {node.name: node.place for node in walk(condition) if isinstance(node, Field)}
    if len(named) != 1:
        what = "no field" if not named else "the fields " + ", ".join(sorted(named))
        place = call.place if not named else list(named.values())[1]
        raise place.error(f"mvfilter() can look at one field only; its condition names {what}. "
                          "With other fields use mvmap(field, if(condition, field, null())).")
    name = next(iter(named))
    test = truth_of(condition)

    def kept(row: Any, context: EvalContext) -> Value:
        bound = _Bound(row, name)
        found: list[Scalar] = []
        for item in members(row.get(name)):
            bound.value = item
            if test(bound, context):
                found.append(item)
        return multivalue(found)

    return kept


@special("mvmap(field, expression)", 2, 2)
def _mvmap(call: Call) -> Closure:
    """The expression's results for each value of the field; nulls are left out."""
    subject: Expression = call.arguments[0]
    if not isinstance(subject, Field):
        raise subject.place.error("mvmap() needs a field as its first argument; "
                                  "give the expression a name with eval first.")
    name = subject.name
    expression = value_of(call.arguments[1])

    def mapped(row: Any, context: EvalContext) -> Value:
        bound = _Bound(row, name)
        found: list[Scalar] = []
        for item in members(row.get(name)):
            bound.value = item
            found.extend(members(expression(bound, context)))
        return multivalue(found)

    return mapped


@special("mvrange(start, end[, step])", 2, 3)
def _mvrange(call: Call) -> Closure:
    """Numbers from start, end excluded; the step may be a span such as "7d"."""
    start, end = (argument(node, "n", call) for node in call.arguments[:2])
    step: Closure = lambda row, context: 1  # noqa: E731
    if len(call.arguments) == 3:
        node = call.arguments[2]
        written = constant(node)
        if type(written) is str and number(written) is None:
            span = parse_span(written)
            seconds = span.seconds if span else None
            if seconds is None:
                raise node.place.error(f'"{written}" is no step; write a number or a span such as "7d".')
            step = lambda row, context: seconds  # noqa: E731
        else:
            step = argument(node, "n", call)

    def numbers(row: Any, context: EvalContext) -> Value:
        first, last, width = start(row, context), end(row, context), step(row, context)
        if first is None or last is None or not width:
            return None
        count = -(-(last - first) // width)
        if not count <= _LARGEST_RANGE:
            raise call.place.error(f"mvrange() would give more than {_LARGEST_RANGE} values.")
        return multivalue(first + index * width for index in range(max(0, int(count))))

    return numbers


@special("mv_to_json_array(field[, infer_types])", 1, 2)
def _mv_to_json_array(call: Call) -> Closure:
    reader = value_of(call.arguments[0])
    infer = len(call.arguments) > 1
    if infer:
        from .conversion import truth_or_text
        flag = truth_or_text(call.arguments[1])

    def array(row: Any, context: EvalContext) -> Value:
        value = reader(row, context)
        if value is None:
            return None
        inferred = infer and flag(row, context)
        return dump([_inferred(item) if inferred else item if type(item) is not str else str(item)
                     for item in members(value)])

    return array


def _inferred(item: Scalar) -> Any:
    from ..jsonpath import parse_text

    if type(item) is not str:
        return item
    found = parse_text(item)
    return item if found is None else found[0]


@special('commands("search")', 1, 1)
def _commands(call: Call) -> Closure:
    """The names of the commands of a search."""
    from ..pipeline import parse

    names = [stage.name for stage in parse(literal_text(call, 0, "a search")).stages]
    return lambda row, context: multivalue(names)
