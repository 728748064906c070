"""How a function of eval is declared, checked and turned into a closure.

Most functions take plain texts and numbers and give null as soon as an argument is null: those are
ordinary Python functions with the decorator `scalar`. The others build their closure themselves
(`special`). A multivalue where one text or number is needed gives null and a warning, because
Splunk's manuals do not say what happens then.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ..evaluate import NULL, TRUTH, VALUE, Closure, EvalContext, constant, kind_of, value_of
from ..expressions import Call, Expression, Field
from ..values import members, number, text

Build = Callable[[Call], Closure]


@dataclass(frozen=True)
class Function:
    """A function of eval.

    Attributes:
        usage: how it is called, for error texts: `substr(text, start[, length])`.
        minimum, maximum: number of arguments; no maximum is None.
        kind: tells from the call whether it gives a value, a condition or null.
        build: makes the closure; arguments are counted already.
    """

    name: str
    usage: str
    minimum: int
    maximum: int | None
    kind: Callable[[Call], str]
    build: Build


FUNCTIONS: dict[str, Function] = {}
# Names that belong to SPL2, to another command or to another product's language, with what to write instead.
ELSEWHERE = {
    "dc": "dc() is a function of stats; in eval write mvcount(mvdedup(x)).",
    "values": "values() is a function of stats.",
    "list": "list() is a function of stats.",
    "count": "count is a function of stats; in eval write mvcount(x).",
    "first": "first() is a function of stats; in eval write mvindex(x, 0).",
    "last": "last() is a function of stats; in eval write mvindex(x, -1).",
    "concat": "There is no concat(); join texts with the operator ., for example a.b.",
    "length": "There is no length(); write len(x).",
    "contains": 'There is no contains(); write like(x, "%text%") or match(x, "text").',
    "startswith": 'There is no startswith(); write like(x, "text%").',
    "ifnull": "There is no ifnull(); write coalesce(x, default).",
    "map": "There is no map(); write mvmap(x, expression).",
    "sigfig": "How many digits of a result are significant depends on how its operands were written, which is not "
    "kept here; write round(x, digits).",
    "filter": "There is no filter(); write mvfilter(condition).",
}


def find(call: Call) -> Function:
    """Return the function of a call.

    Raises:
        SplError: no such function, or a wrong number of arguments.
    """
    function = FUNCTIONS.get(call.name)
    if function is None:
        hint = ELSEWHERE.get(call.name)
        if hint:
            raise call.place.error(f"The function {call.name}() is not known in expressions. {hint}")
        raise call.place.error(f"The function {call.name}() is not known.", FUNCTIONS, call.name)
    count = len(call.arguments)
    if count < function.minimum or (function.maximum is not None and count > function.maximum):
        raise call.place.error(f"{call.name}() cannot take {count} argument{'' if count == 1 else 's'}; "
                               f"write {function.usage}.")
    return function


def _name(usage: str) -> str:
    return usage.split("(")[0]


def register(usage: str, minimum: int, maximum: int | None, kind: Any, build: Build) -> None:
    name = _name(usage)
    chosen = kind if callable(kind) else (lambda call: kind)
    FUNCTIONS[name] = Function(name, usage, minimum, maximum, chosen, build)


def alias(name: str, original: str) -> None:
    """Register a second name of a function."""
    known = FUNCTIONS[original]
    FUNCTIONS[name] = Function(name, known.usage.replace(original, name, 1), known.minimum, known.maximum,
                               known.kind, known.build)


def special(usage: str, minimum: int, maximum: int | None, gives: Any = VALUE) -> Callable[[Build], Build]:
    """Declare a function that builds its own closure from the call."""

    def declare(build: Build) -> Build:
        register(usage, minimum, maximum, gives, build)
        return build

    return declare


def scalar(usage: str, takes: str, minimum: int | None = None, gives: str = VALUE) -> Callable[..., Any]:
    """Declare a plain function of texts and numbers.

    Args:
        takes: one letter for each argument: t text, n number, v any value but null and multivalue,
            m members (a tuple, empty for null). The last letter repeats if followed by `*`.
        minimum: number of arguments that must stand; all by default.

    The function is not called when a t, n or v argument is null, or an n argument is no number.
    """
    repeats = takes.endswith("*")
    letters = takes.rstrip("*")
    least = (len(letters) if minimum is None else minimum)

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        def build(call: Call) -> Closure:
            return _apply(call, function, letters)

        register(usage, least, None if repeats else len(letters), gives, build)
        return function

    return declare


def _apply(call: Call, function: Callable[..., Any], letters: str) -> Closure:
    readers = [argument(node, letters[min(index, len(letters) - 1)], call)
               for index, node in enumerate(call.arguments)]
    strict = ["m" != letters[min(index, len(letters) - 1)] for index in range(len(readers))]
    # What is written as a number or a text is read once.
    known = [None if constant(node) is None else reader({}, _NOTHING) for node, reader in zip(call.arguments, readers)]
    open_ones = [place for place, value in enumerate(known) if value is None]
    if open_ones == [0]:
        return _apply_first(function, readers[0], strict[0], known[1:])
    parts = [(place, readers[place], strict[place]) for place in open_ones]

    def closure(row: Any, context: EvalContext) -> Any:
        values = known.copy()
        for place, reader, needed in parts:
            value = values[place] = reader(row, context)
            if value is None and needed:
                return None
        return function(*values)

    return closure


_NOTHING = EvalContext(now=0)


def _apply_first(function: Callable[..., Any], reader: Closure, needed: bool, rest: Sequence[Any]) -> Closure:
    """The first argument is read from the row, the others are known or there are none."""

    def closure(row: Any, context: EvalContext) -> Any:
        value = reader(row, context)
        return None if value is None and needed else function(value, *rest)

    return closure


def argument(node: Expression, letter: str, call: Call) -> Closure:
    """Compile one argument so that it gives what a letter of `scalar` promises, or None."""
    closure = value_of(node)
    if letter == "m":
        if isinstance(node, Field):
            name = node.name
            return lambda row, context: members(row.get(name))
        return lambda row, context: members(closure(row, context))
    if letter == "n":
        literal = constant(node)
        if type(literal) is str and number(literal) is None:
            raise node.place.error(f'{call.name}() needs a number here; "{literal}" is a text.')
    convert: Callable[[Any], Any] = text if letter == "t" else number if letter == "n" else _same
    wanted = str if letter == "t" else None

    def read(row: Any, context: EvalContext) -> Any:
        value = closure(row, context)
        if type(value) is wanted or value is None:
            return value
        if type(value) is tuple:
            context.warn(f"{call.name}() met a multivalue and gave null; use mvmap or mvjoin.")
            return None
        return convert(value)

    return read


def _same(value: Any) -> Any:
    return value


def literal_text(call: Call, index: int, what: str) -> str:
    """Return the text that argument `index` must be.

    Raises:
        SplError: it is not written as a text in double quotes.
    """
    found = constant(call.arguments[index])
    if type(found) is not str:
        place = call.arguments[index].place
        raise place.error(f"{call.name}() needs {what} as a text in double quotes here.")
    return found


def common_kind(nodes: list[Expression], call: Call) -> str:
    """The kind of alternatives (of if, case, coalesce): they must agree; null fits both."""
    kinds = {kind_of(node) for node in nodes} - {NULL}
    if len(kinds) > 1:
        raise call.place.error(f"The alternatives of {call.name}() are partly conditions and partly values; "
                               "they must be of one kind.")
    return kinds.pop() if kinds else NULL


def any_of(call: Call, test: Callable[[str], bool], reader: Closure) -> Closure:
    """Build a condition on one text; of a multivalue any value may hold (switch mv_equality)."""

    def closure(row: Any, context: EvalContext) -> bool | None:
        value = reader(row, context)
        if type(value) is str:
            return test(value)
        if value is None:
            return None
        if type(value) is tuple:
            if context.switches.mv_equality != "any":
                return None
            context.warn(f"{call.name}() met a multivalue; what Splunk decides then is not documented. "
                         "Use mvfilter or mvfind.")
            return any(test(text(item)) for item in value)
        return test(text(value))

    return closure


__all__ = [
    "FUNCTIONS", "NULL", "TRUTH", "VALUE", "Closure", "EvalContext", "Function", "alias", "any_of",
    "argument", "common_kind", "find", "literal_text", "register", "scalar", "special",
]
