"""Date and time functions (SR: Date and Time functions). The zone is that of the run."""
from __future__ import annotations

from typing import Any

from ..evaluate import Closure, EvalContext, constant
from ..expressions import Call
from ..strftime import compile_format, compile_parser
from ..timemod import parse_modifier
from ..values import Value, tidy
from .registry import argument, special


@special("now()", 0, 0)
def _now(call: Call) -> Closure:
    """The second at which the search started."""
    return lambda row, context: int(context.now)


@special("time()", 0, 0)
def _time(call: Call) -> Closure:
    return lambda row, context: context.now if context.clock is None else context.clock


@special('relative_time(time, "modifier")', 2, 2)
def _relative_time(call: Call) -> Closure:
    moment, modifier = argument(call.arguments[0], "n", call), argument(call.arguments[1], "t", call)
    place = call.arguments[1].place
    fixed = constant(call.arguments[1])
    prepared = None if fixed is None else parse_modifier(str(fixed), place)

    def shifted(row: Any, context: EvalContext) -> Value:
        start = moment(row, context)
        written = modifier(row, context) if prepared is None else ""
        if start is None or written is None:
            return None
        found = prepared or parse_modifier(written, place)
        try:
            return found.resolve(start, context.zone)
        except (OverflowError, ValueError, OSError):  # outside of the years that a calendar has
            return None

    return shifted


@special('strftime(time, "format")', 2, 2)
def _strftime(call: Call) -> Closure:
    moment, pattern = argument(call.arguments[0], "n", call), argument(call.arguments[1], "t", call)
    place = call.arguments[1].place
    fixed = constant(call.arguments[1])
    prepared = None if fixed is None else compile_format(str(fixed), place)

    def rendered(row: Any, context: EvalContext) -> Value:
        instant = moment(row, context)
        written = pattern(row, context) if prepared is None else ""
        if instant is None or written is None:
            return None
        render = prepared or compile_format(written, place)
        try:
            return render(instant, context.zone)
        except (OverflowError, ValueError, OSError):
            return None

    return rendered


@special('strptime(text, "format")', 2, 2)
def _strptime(call: Call) -> Closure:
    subject, pattern = argument(call.arguments[0], "t", call), argument(call.arguments[1], "t", call)
    place = call.arguments[1].place
    fixed = constant(call.arguments[1])
    prepared = None if fixed is None else compile_parser(str(fixed), place)

    def parsed(row: Any, context: EvalContext) -> Value:
        value = subject(row, context)
        written = pattern(row, context) if prepared is None else ""
        if value is None or written is None:
            return None
        parse = prepared or compile_parser(written, place)
        found = parse(value, context.zone, context.now)
        return None if found is None else tidy(found)

    return parsed
