"""Values and the rules that hold for them everywhere: numbers in text, comparison, order, wildcards.

A value is text, a number, a multivalue (tuple of texts and numbers) or None, which is Splunk's
null. Booleans live inside expressions only. Fields keep the text they came with; a text counts as
a number when it reads as one, spaces and thousands separators not included.
"""
from __future__ import annotations

import functools
import ipaddress
import math
import operator
import re
from collections.abc import Iterable
from re import Pattern
from typing import Any, Callable, Optional, Union

Number = Union[int, float]
Scalar = Union[str, int, float]
Value = Union[str, int, float, tuple[Scalar, ...], None]
Truth = Optional[bool]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?").fullmatch
_NUMBER_START = frozenset("0123456789+-.")
# Splunk calculates in doubles: beyond 2**53 whole numbers are no longer exact.
_EXACT = 2 ** 53


def number(value: Any) -> Number | None:
    """Return the number that a value is or reads as, else None (multivalues included)."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is str and value and value[0] in _NUMBER_START:
        if value.isdigit() and value.isascii() and len(value) < 16:
            return int(value)
        if value.isascii() and _NUMBER(value):
            return tidy(float(value))
    return None


def looks_numeric(value: str) -> bool:
    """Say whether a text begins as a number does; one that does not is none."""
    return value[:1] in _NUMBER_START


def tidy(result: float) -> Number:
    """Turn a whole double into an int where that is exact; keep the rest."""
    if type(result) is int and -_EXACT <= result <= _EXACT:
        return result
    if result == result and -_EXACT <= result <= _EXACT and result == math.floor(result):
        return int(result)
    return result


def limit(result: Number) -> Number:
    """Give up exactness where a double would have none."""
    if type(result) is int and not -_EXACT <= result <= _EXACT:
        try:
            return float(result)
        except OverflowError:
            return math.inf if result > 0 else -math.inf
    return result


def text(value: Any) -> str:
    """Return the text of a scalar (a multivalue's values are joined by line ends, null is empty)."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if kind is float:
        return number_text(value)
    if kind is tuple:
        return "\n".join(text(item) for item in value)
    if value is None:
        return ""
    return "True" if value is True else "False" if value is False else str(value)


def number_text(value: Number) -> str:
    """Write a number as Splunk shows it: no trailing zeros, at most 16 significant digits."""
    if type(value) is int:
        return str(value)
    if value != value:
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == math.floor(value) and abs(value) < 1e16:
        return str(int(value))
    return format(value, ".16g")


def members(value: Any) -> tuple[Scalar, ...]:
    """Return the values of a field as a tuple; none for null."""
    if value is None:
        return ()
    return value if type(value) is tuple else (value,)


def multivalue(items: Iterable[Scalar]) -> Value:
    """Build a field value from its members: none gives null, one gives the member itself."""
    found = tuple(items)
    if len(found) > 1:
        return found
    return found[0] if found else None


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}


def comparison(symbol: str) -> Callable[[Any, Any], bool]:
    """Return the comparison of two scalars: as numbers if both are, else as text by code point."""
    compare = _COMPARE[symbol]

    def compared(left: Any, right: Any) -> bool:
        if type(left) is str and type(right) is str and not (
                left and right and left[0] in _NUMBER_START and right[0] in _NUMBER_START):
            return compare(left, right)
        a, b = number(left), number(right)
        if a is not None and b is not None:
            return compare(a, b)
        return compare(text(left), text(right))

    return compared


equal = comparison("=")


@functools.lru_cache(maxsize=4096)
def address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address; None for any other text."""
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def address_key(value: Any) -> tuple[int, int] | None:
    """Sort key of an IP address (version, number), None for anything else."""
    written = text(value)
    parsed = address(written) if ":" in written or ("." in written and looks_numeric(written)) else None
    return (parsed.version, int(parsed)) if parsed is not None else None


def compare_auto(left: Scalar, right: Scalar) -> int:
    """Order two scalars by the rule of `sort auto`: numbers, else addresses, else text. -1, 0 or 1."""
    a: Any = number(left)
    b: Any = number(right) if a is not None else None
    if a is None or b is None:
        a = address_key(left)
        b = address_key(right) if a is not None else None
        if a is None or b is None:
            a, b = text(left), text(right)
    return int(a > b) - int(a < b)


def text_order(items: Iterable[Scalar]) -> list[Scalar]:
    """Sort by text and code point, as values() and mvsort() do."""
    return sorted(items, key=text)


def has_wildcard(pattern: str) -> bool:
    return "*" in pattern


@functools.lru_cache(maxsize=2048)
def wildcard(pattern: str, case_sensitive: bool = False) -> Pattern[str]:
    """Compile a whole-value pattern in which only `*` is special."""
    parts = re.split(r"\*+", pattern)
    return re.compile(".*".join(re.escape(part) for part in parts) + r"\Z",
                      re.S if case_sensitive else re.S | re.I)


def wildcard_match(pattern: str, candidate: str, case_sensitive: bool = True) -> bool:
    """Tell whether a name or value fits a pattern in which `*` stands for any run."""
    return wildcard(pattern, case_sensitive).match(candidate) is not None
