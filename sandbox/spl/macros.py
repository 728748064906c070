"""Replaces macro calls in a search by their definitions, as text, before anything is parsed.

`` `name` `` and `` `name(a, "b, c")` `` call the definition that has that number of arguments; `$arg$` in
it is replaced by the argument's text. Definitions may call macros. Calls inside double quotes and
comments stay as they are. (KM: Use search macros in searches; macros.conf.)
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import Insertion, Place, Source, SplError
from .tokens import blank_comments

_CALL = re.compile(r"`\s*([A-Za-z0-9_:. -]+?)\s*(?:\((.*?)\)\s*)?`", re.S)
_STOPS = re.compile(r'["`]')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_ARGUMENT = re.compile(r"\$([A-Za-z0-9_-]+)\$")
_MAX_DEPTH = 50
_MAX_LENGTH = 1_000_000


@dataclass(frozen=True)
class MacroDefinition:
    """One stanza of macros.conf.

    Attributes:
        definition: the text that replaces the call.
        args: names of the arguments, in order.
        iseval: the definition is an eval expression whose result replaces the call.
        validation: an eval expression over the arguments that must hold; "" for none.
        errormsg: what to say when it does not.
    """

    definition: str
    args: tuple[str, ...] = ()
    iseval: bool = False
    validation: str = ""
    errormsg: str = ""


Macros = Mapping[str, MacroDefinition]


def macro_key(name: str, count: int) -> str:
    """The stanza name of a macro with this number of arguments: `name` or `name(2)`."""
    return f"{name}({count})" if count else name


def expand(search: str, macros: Macros) -> Source:
    """Blank the comments of a search and replace its macro calls.

    Returns:
        the text together with the way back to the places in `search`.

    Raises:
        SplError: an unknown macro, a wrong number of arguments, a failed validation, a loop; points at
            the call in `search`.
    """
    text = blank_comments(search)
    original = Source(text, search)
    pieces: list[str] = []
    insertions: list[Insertion] = []
    position = length = 0
    for call in _calls(text, original):
        copied = text[position: call.start]
        insertions.append(Insertion(length, length + len(copied), position, length - position))
        replaced = _replace(call, macros, original.at(call.start), (), [0])
        length += len(copied)
        insertions.append(Insertion(length, length + len(replaced), call.start, None, call.name))
        length += len(replaced)
        pieces += [copied, replaced]
        position = call.end
    if not insertions:
        return original
    insertions.append(Insertion(length, length + len(text) - position, position, length - position))
    return Source("".join(pieces) + text[position:], search, tuple(insertions))


def expand_text(search: str, macros: Macros) -> str:
    """As `expand`, the text alone."""
    return expand(search, macros).text


@dataclass(frozen=True)
class _Call:
    name: str
    arguments: tuple[str, ...]
    start: int
    end: int


def _calls(text: str, source: Source) -> list[_Call]:
    """Find the macro calls of a text, outside of double quotes."""
    found: list[_Call] = []
    position = 0
    while True:
        stop = _STOPS.search(text, position)
        if not stop:
            return found
        if stop.group() == '"':
            quoted = _QUOTED.match(text, stop.start())
            if not quoted:
                raise source.at(stop.start()).error("This double quote is never closed.")
            position = quoted.end()
            continue
        call = _CALL.match(text, stop.start())
        if not call:
            raise source.at(stop.start()).error("This backtick opens no macro call; "
                                                "write `name` or `name(argument)`.")
        arguments = _arguments(call.group(2)) if call.group(2) is not None else ()
        found.append(_Call(call.group(1), arguments, call.start(), call.end()))
        position = call.end()


def _arguments(inside: str) -> tuple[str, ...]:
    """Split at commas outside of double quotes and parentheses; quotes around an argument are taken off."""
    if not inside.strip():
        return ()
    parts = [""]
    depth = position = 0
    while position < len(inside):
        quoted = _QUOTED.match(inside, position)
        piece = quoted.group() if quoted else inside[position]
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += piece
        position += len(piece)
    return tuple(_unquoted(part.strip()) for part in parts)


def _unquoted(part: str) -> str:
    whole = _QUOTED.fullmatch(part)
    return re.sub(r'\\(["\\])', r"\1", part[1:-1]) if whole else part


def _replace(call: _Call, macros: Macros, place: Place, chain: tuple[str, ...], total: list[int]) -> str:
    """Return the text for one call, the calls inside its definition replaced too."""
    definition = _definition(call, macros, place)
    if call.name in chain or len(chain) >= _MAX_DEPTH:
        path = " -> ".join((*chain, call.name))
        raise place.error(f"The macro `{call.name}` calls itself ({path}).")
    values = dict(zip(definition.args, call.arguments))
    _validate(call.name, definition, values, place)
    text = blank_comments(_filled(definition.definition, values))
    inner = Source(text)
    try:
        calls = _calls(text, inner)
    except SplError as error:
        raise place.error(f"In the definition of macro `{call.name}`: {error.message}") from error
    pieces: list[str] = []
    position = 0
    for nested in calls:
        pieces += [text[position: nested.start], _replace(nested, macros, place, (*chain, call.name), total)]
        position = nested.end
    expanded = "".join(pieces) + text[position:]
    total[0] += len(expanded)
    if total[0] > _MAX_LENGTH:
        raise place.error(f"The macro `{call.name}` grows beyond {_MAX_LENGTH} characters.")
    return _evaluated(call.name, expanded, place) if definition.iseval else expanded


def _definition(call: _Call, macros: Macros, place: Place) -> MacroDefinition:
    count = len(call.arguments)
    found = macros.get(macro_key(call.name, count))
    if found is not None:
        if len(found.args) != count:
            raise place.error(f"The stanza of macro `{macro_key(call.name, count)}` names {len(found.args)} "
                              f"arguments in args, not {count}.")
        return found
    others = sorted(key for key in macros if key.split("(")[0] == call.name)
    if others:
        raise place.error(f"The macro `{call.name}` exists as {', '.join(others)}, not with "
                          f"{count} argument{'' if count == 1 else 's'}.")
    known = {key.split("(")[0] for key in macros}
    raise place.error(f"The macro `{call.name}` is not known.", known, call.name)


def _filled(template: str, values: dict[str, str]) -> str:
    """Replace $argument$; other dollar signs stay."""
    return _ARGUMENT.sub(lambda match: values.get(match.group(1), match.group()), template)


def _validate(name: str, definition: MacroDefinition, values: dict[str, str], place: Place) -> None:
    """Check the arguments: a condition must be true, a text result is the complaint itself."""
    if not definition.validation:
        return
    from .evaluate import TRUTH, EvalContext, compile_condition, kind_of, value_of
    from .stream import parse_expression
    from .values import text

    complaint = definition.errormsg or f"its validation does not hold: {definition.validation}"
    try:
        node = parse_expression(_filled(definition.validation, values))
        context = EvalContext(now=0)
        if kind_of(node) == TRUTH:
            holds: bool | None = compile_condition(node)(values, context)
        else:
            answer = value_of(node)(values, context)
            holds = answer is None
            complaint = complaint if answer is None else text(answer)
    except SplError as error:
        raise place.error(f"The validation of macro `{name}` cannot be evaluated: {error.message}") from error
    if not holds:
        given = ", ".join(f"{key}={value}" for key, value in values.items())
        raise place.error(f"The macro `{name}` refuses its arguments ({given}): {complaint}")


def _evaluated(name: str, expression: str, place: Place) -> str:
    from .evaluate import EvalContext, compile
    from .stream import parse_expression
    from .values import text

    try:
        result = compile(parse_expression(expression))({}, EvalContext(now=0))
    except SplError as error:
        raise place.error(f"The macro `{name}` cannot be evaluated: {error.message}") from error
    if result is None:
        raise place.error(f"The macro `{name}` evaluates to null instead of a text.")
    return text(result)
