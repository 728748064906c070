"""Functions over their arguments and the values of multivalues (SR: Statistical eval functions)."""
from __future__ import annotations

from typing import Any, Callable

from ..evaluate import Closure, EvalContext
from ..expressions import Call
from ..values import Number, Scalar, Value, limit, number, text, tidy
from .registry import scalar, special


def _key(value: Scalar) -> tuple[int, Any]:
    """Any text is greater than any number."""
    found = number(value)
    return (1, text(value)) if found is None else (0, found)


def _all(groups: tuple[tuple[Scalar, ...], ...]) -> list[Scalar]:
    return [item for group in groups for item in group]


def _extreme(name: str, choose: Callable[..., Scalar]) -> None:
    @scalar(f"{name}(value, ...)", "m*", 1)
    def extreme(*groups: tuple[Scalar, ...]) -> Value:
        found = _all(groups)
        return choose(found, key=_key) if found else None


_extreme("max", max)
_extreme("min", min)


def _numbers(groups: tuple[tuple[Scalar, ...], ...]) -> list[Number]:
    return [found for found in map(number, _all(groups)) if found is not None]


@scalar("sum(number, ...)", "m*", 1)
def _sum(*groups: tuple[Scalar, ...]) -> Number | None:
    found = _numbers(groups)
    return _tidy(sum(found)) if found else None


@scalar("avg(number, ...)", "m*", 1)
def _avg(*groups: tuple[Scalar, ...]) -> Number | None:
    found = _numbers(groups)
    return _tidy(sum(found) / len(found)) if found else None


def _tidy(value: Number) -> Number:
    return tidy(value) if type(value) is float else limit(value)


@special("random()", 0, 0)
def _random(call: Call) -> Closure:
    """A whole number from 0 to 2**31 - 1; the run's context decides the sequence."""

    def drawn(row: Any, context: EvalContext) -> int:
        return context.random.randrange(2 ** 31)

    return drawn
