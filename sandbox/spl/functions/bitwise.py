"""Bitwise functions (SR: Bitwise functions): whole numbers from 0 to 2**53 - 1, anything else gives null."""
from __future__ import annotations

import functools
import operator
from typing import Callable

from ..values import Number
from .registry import scalar

_LARGEST = 2 ** 53 - 1


def _bits(value: Number) -> int | None:
    return int(value) if 0 <= value <= _LARGEST and value == int(value) else None


def _fold(combine: Callable[[int, int], int], values: tuple[Number, ...]) -> int | None:
    found = [_bits(value) for value in values]
    known = [value for value in found if value is not None]
    return functools.reduce(combine, known) if len(known) == len(found) else None


@scalar("bit_and(number, number, ...)", "n*", 2)
def bit_and(*values: Number) -> int | None:
    return _fold(operator.and_, values)


@scalar("bit_or(number, number, ...)", "n*", 2)
def bit_or(*values: Number) -> int | None:
    return _fold(operator.or_, values)


@scalar("bit_xor(number, number, ...)", "n*", 2)
def bit_xor(*values: Number) -> int | None:
    return _fold(operator.xor, values)


@scalar("bit_not(number[, bitmask])", "nn", 1)
def bit_not(value: Number, mask: Number = _LARGEST) -> int | None:
    bits, wanted = _bits(value), _bits(mask)
    return None if bits is None or wanted is None else ~bits & wanted


@scalar("bit_shift_left(number, offset)", "nn")
def bit_shift_left(value: Number, offset: Number) -> int | None:
    bits, places = _bits(value), _bits(offset)
    if bits is None or places is None:
        return None
    return (bits << places) & _LARGEST if places < 64 else 0


@scalar("bit_shift_right(number, offset)", "nn")
def bit_shift_right(value: Number, offset: Number) -> int | None:
    bits, places = _bits(value), _bits(offset)
    return None if bits is None or places is None else bits >> min(places, 64)
