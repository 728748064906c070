"""Mathematical and trigonometric functions (SR: Mathematical functions; Trig and Hyperbolic functions).

Where a function has no real result (root or logarithm of a negative number) the result is null.
"""
from __future__ import annotations

import math
from typing import Callable

from ..evaluate import Closure
from ..expressions import Call
from ..values import Number, limit, tidy
from .registry import alias, scalar, special


@special("pi()", 0, 0)
def _pi(call: Call) -> Closure:
    return lambda row, context: math.pi


def _real(calculate: Callable[..., float]) -> Callable[..., Number | None]:
    def result(*values: Number) -> Number | None:
        try:
            found = calculate(*values)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return None
        if isinstance(found, complex) or found != found:
            return None
        return tidy(found) if type(found) is float else limit(found)

    return result


def _round(value: Number, places: Number = 0) -> float:
    """Halves go up; negative places are those before the point."""
    places = max(-300, min(int(places), 300))
    if type(value) is int and places >= 0 or math.isinf(value):
        return value
    if places > 15:
        return value
    factor = 10.0 ** places
    scaled = value * factor
    if abs(scaled) >= 2 ** 52:
        return value
    rounded = math.floor(scaled + 0.5)
    return round(rounded / factor, places) if places > 0 else rounded / factor


def _log(value: Number, base: Number = 10) -> float:
    if base == 10:
        return math.log10(value)
    return math.log(value) / math.log(base)


def _floor(value: Number) -> float:
    return value if math.isinf(value) else math.floor(value)


def _ceiling(value: Number) -> float:
    return value if math.isinf(value) else math.ceil(value)


def _pow(value: Number, exponent: Number) -> float:
    return math.pow(value, exponent)


scalar("abs(number)", "n")(_real(abs))
scalar("ceiling(number)", "n")(_real(_ceiling))
alias("ceil", "ceiling")
scalar("floor(number)", "n")(_real(_floor))
scalar("exact(expression)", "n")(_real(lambda value: value))
scalar("exp(number)", "n")(_real(math.exp))
scalar("ln(number)", "n")(_real(math.log))
scalar("log(number[, base])", "nn", 1)(_real(_log))
scalar("pow(number, exponent)", "nn")(_real(_pow))
scalar("round(number[, decimals])", "nn", 1)(_real(_round))
scalar("sqrt(number)", "n")(_real(math.sqrt))
for _name, _calculate in (
    ("acos", math.acos), ("acosh", math.acosh), ("asin", math.asin), ("asinh", math.asinh),
    ("atan", math.atan), ("atanh", math.atanh), ("cos", math.cos), ("cosh", math.cosh),
    ("sin", math.sin), ("sinh", math.sinh), ("tan", math.tan), ("tanh", math.tanh),
):
    scalar(f"{_name}(number)", "n")(_real(_calculate))
scalar("atan2(y, x)", "nn")(_real(math.atan2))
scalar("hypot(x, y)", "nn")(_real(math.hypot))
