"""convert: texts that mean numbers or times become numbers or times, and back (SR: convert)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Callable

from ..context import RunContext
from ..stream import TEXT, TokenStream
from ..strftime import strftime, strptime
from ..values import Value, members, multivalue, number, text, tidy, wildcard_match
from .base import Command, Compiler, Rows, chosen_names, command

Conversion = Callable[[Value, str, RunContext], Value]

DEFAULT_TIME_FORMAT = "%m/%d/%Y %H:%M:%S"


def _ctime(value: Value, form: str, context: RunContext) -> Value:
    moment = number(value)
    return value if moment is None else strftime(moment, form, context.zone)


def _mktime(value: Value, form: str, context: RunContext) -> Value:
    return strptime(text(value), form, context.zone)


def _leading_number(value: Value, form: str, context: RunContext) -> Value:
    found = re.match(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text(value))
    return number(found.group().strip()) if found else None


def _without_commas(value: Value, form: str, context: RunContext) -> Value:
    return number(text(value).replace(",", ""))


def _num(value: Value, form: str, context: RunContext) -> Value:
    return number(value)


def _auto(value: Value, form: str, context: RunContext) -> Value:
    found = number(value)
    return value if found is None else found


def _seconds(value: Value, form: str, context: RunContext) -> Value:
    found = re.fullmatch(r"(?:(\d+)\+)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", text(value).strip())
    if found is None:
        return number(value)
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return tidy(days * 86400 + hours * 3600 + minutes * 60 + seconds)


_SIZES = {"": 1.0, "k": 1.0, "m": 1024.0, "g": 1024.0**2}


def _kilobytes(value: Value, form: str, context: RunContext) -> Value:
    found = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*([kmg]?)\s*", text(value), re.I)
    return None if found is None else tidy(float(found.group(1)) * _SIZES[found.group(2).lower()])


def _milliseconds(value: Value, form: str, context: RunContext) -> Value:
    """Turn [MM:]SS.SSS into seconds."""
    found = re.fullmatch(r"\s*(?:(\d+):)?(\d+(?:\.\d+)?)\s*", text(value))
    return None if found is None else tidy(float(found.group(1) or 0) * 60 + float(found.group(2)))


CONVERSIONS: dict[str, Conversion] = {
    "ctime": _ctime, "mktime": _mktime, "num": _num, "auto": _auto, "rmunit": _leading_number,
    "rmcomma": _without_commas, "dur2sec": _seconds, "memk": _kilobytes, "mstime": _milliseconds,
}  # fmt: skip


class Convert(Command):
    """convert: one conversion per field; fields named in none() are left alone by wildcards."""

    idle = True

    def __init__(self, form: str, steps: Sequence[tuple[Conversion, str, str]], spared: Sequence[str]) -> None:
        self._form = form
        self._steps = steps
        self._spared = spared

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            for convert, field, target in self._steps:
                for name in chosen_names([field], row.names()) if "*" in field else [field]:
                    value = row.get(name)
                    if value is None or any(wildcard_match(pattern, name) for pattern in self._spared):
                        continue
                    converted = [convert(member, self._form, context) for member in members(value)]
                    found = multivalue([item for item in converted if item is not None and not isinstance(item, tuple)])
                    row.set(target if target != field else name, found)
        return rows


@command("convert")
def parse_convert(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"timeformat": TEXT})
    steps: list[tuple[Conversion, str, str]] = []
    spared: list[str] = []
    while not stream.at_end():
        stream.accept(",")
        if stream.option_name() is not None:
            stream.options({"timeformat": TEXT}, options)
            continue
        token = stream.peek()
        name = stream.word("a conversion function").lower()
        if name not in CONVERSIONS and name != "none":
            raise stream.error(f'The command convert knows no function "{name}".', (*CONVERSIONS, "none"), name, token)
        stream.expect("(")
        field = stream.field()
        stream.expect(")")
        if name == "none":
            spared.append(field)
            continue
        target = stream.field("a new name", wildcards=False) if stream.accept("as") else field
        steps.append((CONVERSIONS[name], field, target))
    if not steps:
        raise stream.error("The command convert needs at least one function, for example ctime(_time).")
    return Convert(options.get("timeformat", DEFAULT_TIME_FORMAT), steps, spared)
