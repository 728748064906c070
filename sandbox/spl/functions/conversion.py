"""Conversion functions (SR: Conversion functions)."""
from __future__ import annotations

import re
from typing import Any

from ..evaluate import NULL, TRUTH, Closure, EvalContext, constant, kind_of, truth_of, value_of
from ..expressions import Call, Expression
from ..jsonpath import dump, parse_text
from ..values import Number, Truth, Value, multivalue, number, text, tidy
from .registry import argument, scalar, special

_BASED = re.compile(r"[+-]?[0-9A-Za-z]+")
_CONVERSION = re.compile(r"%(?P<flags>[-+ #0']*)(?P<width>\d*|\*)(?:\.(?P<precision>\d*|\*))?"
                         r"(?:hh|h|ll|l|j|z|t|L)?(?P<type>[diouxXfFeEgGaAcsp%])")


@special("tonumber(text[, base])", 1, 2)
def _tonumber(call: Call) -> Closure:
    """Null for a field that does not read as a number; a literal that does not is refused."""
    subject = argument(call.arguments[0], "t", call)
    base = argument(call.arguments[1], "n", call) if len(call.arguments) == 2 else None
    fixed = constant(call.arguments[0])
    if type(fixed) is str and base is None and number(fixed) is None:
        raise call.arguments[0].place.error(f'tonumber() cannot turn the text "{fixed}" into a number.')

    def converted(row: Any, context: EvalContext) -> Value:
        value = subject(row, context)
        if value is None:
            return None
        if base is None:
            return number(value)
        found = base(row, context)
        if found is None or not 2 <= found <= 36 or found != int(found):
            return None
        return number(value) if found == 10 else _in_base(value, int(found))

    return converted


def _in_base(value: str, base: int) -> Number | None:
    if base == 16 and value[:2].lower() == "0x":
        value = value[2:]
    if not _BASED.fullmatch(value) or len(value) > 300:
        return None
    try:
        return tidy(float(int(value, base)))
    except (ValueError, OverflowError):
        return None


@special('tostring(value[, "hex" | "commas" | "duration" | "binary"])', 1, 2)
def _tostring(call: Call) -> Closure:
    node = call.arguments[0]
    kind = kind_of(node)
    if kind in (TRUTH, NULL):
        test = truth_of(node)
        names = {True: "True", False: "False", None: "NULL"}
        return lambda row, context: names[test(row, context)]
    reader = value_of(node)
    if len(call.arguments) == 1:
        return lambda row, context: _plain(reader(row, context))
    form = argument(call.arguments[1], "t", call)
    fixed = constant(call.arguments[1])
    if fixed is not None and fixed not in _FORMS:
        raise call.arguments[1].place.error(f'tostring() knows no format "{fixed}".', _FORMS, text(fixed))

    def formatted(row: Any, context: EvalContext) -> Value:
        value, name = number(reader(row, context)), form(row, context)
        return None if value is None or name not in _FORMS else _FORMS[name](value)

    return formatted


def _plain(value: Value) -> Value:
    return value if value is None or type(value) is tuple else text(value)


def _commas(value: Number) -> str:
    """Thousands separated; at most two decimals."""
    return f"{value:,}" if type(value) is int else f"{value:,.2f}"


def _duration(value: Number) -> str:
    """HH:MM:SS; a day and more has the days and a plus sign before it."""
    whole = int(abs(value))
    days, rest = divmod(whole, 86400)
    written = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    fraction = abs(value) - whole
    if fraction:
        written += f"{fraction:.6f}"[1:]
    return ("-" if value < 0 else "") + (f"{days}+" if days else "") + written


def _hex(value: Number) -> str | None:
    return f"0x{int(value):X}" if value >= 0 else f"-0x{int(-value):X}"


def _binary(value: Number) -> str | None:
    return f"{int(value):b}"


_FORMS = {"hex": _hex, "commas": _commas, "duration": _duration, "binary": _binary}


@special("printf(format, argument, ...)", 1, None)
def _printf(call: Call) -> Closure:
    form = argument(call.arguments[0], "t", call)
    readers = [value_of(node) for node in call.arguments[1:]]
    fixed = constant(call.arguments[0])
    if fixed is not None:
        wanted = _placeholders(text(fixed))
        if wanted is None:
            raise call.arguments[0].place.error(f'printf() cannot read the format "{text(fixed)}".')
        if wanted != len(readers):
            raise call.place.error(f"printf() has {len(readers)} values for {wanted} places in its format.")

    def printed(row: Any, context: EvalContext) -> Value:
        pattern = form(row, context)
        values = [reader(row, context) for reader in readers]
        if pattern is None or any(value is None for value in values) or _placeholders(pattern) != len(values):
            return None
        return _print(pattern, values)

    return printed


def _placeholders(pattern: str) -> int | None:
    """Count the values that a format takes; None if it cannot be read."""
    count = 0
    rest = _CONVERSION.sub("", pattern)
    if "%" in rest:
        return None
    for match in _CONVERSION.finditer(pattern):
        count += (match["width"] == "*") + (match["precision"] == "*") + (match["type"] != "%")
    return count


def _print(pattern: str, values: list[Any]) -> str | None:
    queue = iter(values)

    def piece(match: Any) -> str:
        shown: str
        if match["type"] == "%":
            return "%"
        width = text(next(queue)) if match["width"] == "*" else match["width"]
        precision = text(next(queue)) if match["precision"] == "*" else match["precision"]
        form, value = match["type"], next(queue)
        if len(width) > 4 or len(precision or "") > 4:
            raise ValueError("too wide")
        flags = match["flags"].replace("'", "")
        head = "%" + flags + width + ("." + precision if precision is not None else "")
        if form in "sc":
            shown = (head + "s") % (text(value)[:1] if form == "c" else text(value))
            return shown
        found = number(value)
        if found is None:
            raise ValueError("not a number")
        if "'" in match["flags"] and form in "diuf":
            places = int(precision or 6) if form == "f" else 0
            return (f"{found:,.{places}f}" if form == "f" else f"{int(found):,}").rjust(int(width or 0))
        if form in "aA":
            return float(found).hex()
        head += form.replace("u", "d").replace("p", "x")
        shown = head % (int(found) if form in "diouxXp" else found)
        return shown

    try:
        return _CONVERSION.sub(piece, pattern)
    except (ValueError, OverflowError, TypeError):
        return None


@scalar("ipmask(mask, ip)", "tt")
def _ipmask(mask: str, ip: str) -> str | None:
    """Bitwise AND of two IPv4 addresses."""
    try:
        pairs = list(zip((int(part) for part in mask.split(".")), (int(part) for part in ip.split("."))))
    except ValueError:
        return None
    if len(pairs) != 4 or mask.count(".") != 3 or ip.count(".") != 3 or any(
            not 0 <= part <= 255 for pair in pairs for part in pair):
        return None
    return ".".join(str(a & b) for a, b in pairs)


@scalar("toint(value)", "n")
def _toint(value: Number) -> Number:
    return tidy(float(int(value))) if abs(value) != float("inf") else value


@scalar("todouble(value)", "n")
def _todouble(value: Number) -> Number:
    return value


@scalar("tomv(value)", "m")
def _tomv(values: Any) -> Value:
    """The elements of a JSON array, or the value itself."""
    from ..jsonpath import field_value

    if len(values) == 1 and type(values[0]) is str:
        found = parse_text(values[0])
        if found is not None and isinstance(found[0], list):
            return multivalue(item for item in map(field_value, found[0]) if item is not None)
    return multivalue(values)


def _structure(name: str, kind: type) -> None:
    @scalar(f"{name}(value)", "t")
    def structure(value: str) -> str | None:
        found = parse_text(value)
        return dump(found[0]) if found is not None and isinstance(found[0], kind) else None


_structure("toarray", list)
_structure("toobject", dict)


def truth_or_text(node: Expression) -> Closure:
    """Compile an argument that may be a condition or a text such as "true"."""
    if kind_of(node) in (TRUTH, NULL):
        return truth_of(node)
    reader = value_of(node)
    return lambda row, context: _as_truth(reader(row, context))


def _as_truth(value: Value) -> Truth:
    found = number(value)
    if found is not None:
        return found != 0
    folded = text(value).lower()
    return True if folded in ("true", "t") else False if folded in ("false", "f") else None


@special("tobool(value)", 1, 1, TRUTH)
def _tobool(call: Call) -> Closure:
    return truth_or_text(call.arguments[0])
