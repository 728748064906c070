"""How bin, chart and timechart find the spans of their buckets (SR: bin, Bins options).

Takes what was written (span, bins, minspan, start, end, aligntime) and the values met, and answers with a function from
a value to its bucket. Cutting itself is in buckets.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from .buckets import default_span, number_bucket, time_buckets
from .kinds import INTEGER, NUMBER, SPAN, Kind
from .timemod import Span, parse_modifier, parse_span, resolve
from .tokens import Token
from .values import Number, Scalar, Value, number, number_text, tidy

if TYPE_CHECKING:
    from .context import RunContext
    from .errors import Place
    from .stream import TokenStream

DEFAULT_BINS = 100
MAX_BINS = 50_000
"""limits.conf [discretize]: default_time_bins, maxbins."""

Bucket = Callable[[Scalar], Scalar]

_LOG = re.compile(r"(\d+(?:\.\d+)?)?log(\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class LogSpan:
    """``2log10``: buckets grow by the base."""

    coefficient: float
    base: float

    def bucket(self, value: Scalar) -> Scalar:
        """Return the label ``low-high``; what is no positive number stays as it is."""
        found = number(value)
        if found is None or found <= 0:
            return value
        power = math.floor(math.log(found / self.coefficient, self.base) + 1e-9)
        low = tidy(self.coefficient * self.base**power)
        return f"{number_text(low)}-{number_text(tidy(float(low) * self.base))}"


def ANY_SPAN(value: str, token: Token, stream: TokenStream) -> Span | LogSpan:
    """A span of time or numbers, or a logarithmic one."""
    found = _LOG.fullmatch(value.lower())
    if found is None:
        plain: Span = SPAN(value, token, stream)
        return plain
    base, coefficient = float(found.group(2) or 10), float(found.group(1) or 1)
    if base <= 1 or not 1 <= coefficient < base:
        raise stream.error("A logarithmic span is [coefficient]log[base] with 1 <= coefficient < base.", token=token)
    return LogSpan(coefficient, base)


def _align(value: str, token: Token, stream: TokenStream) -> str:
    found = value.lower()
    if found not in ("earliest", "latest"):
        parse_modifier(found, stream.lexer.place(token.start))
    return found


OPTIONS: dict[str, Kind] = {
    "span": ANY_SPAN, "bins": INTEGER, "minspan": SPAN, "start": NUMBER, "end": NUMBER, "aligntime": _align,
}  # fmt: skip
"""Options of bin and of the row field of chart."""


def alignment(options: dict[str, Any], context: RunContext, place: Place) -> Number:
    """Return the moment from which spans below a day are counted."""
    written = options.get("aligntime")
    if written is None:
        return 0
    bounds: dict[str, float | None] = {"earliest": context.earliest, "latest": context.latest}
    if written in bounds:
        return bounds[written] or 0
    return resolve(written, context.now, context.zone, place)


def time_span(seconds: Number, options: dict[str, Any]) -> Span:
    """Return the span that was asked for, or the smallest usual one that fits the number of bins."""
    span = options.get("span")
    if isinstance(span, Span):
        return span
    found = parse_span(default_span(seconds, max(1, options.get("bins", DEFAULT_BINS))))
    least: Span | None = options.get("minspan")
    assert found is not None  # noqa: S101 - the usual spans parse
    if least is not None and (found.seconds or 0) < (least.seconds or 0) and found.months is None:
        return least
    return found


def bucket_of(
    field: str, options: dict[str, Any], values: Iterable[Value], context: RunContext, place: Place
) -> Bucket:
    """Return what maps each scalar to its bucket: epoch seconds for times, the text ``low-high`` for numbers."""
    span = options.get("span")
    if isinstance(span, LogSpan):
        return span.bucket
    if field == "_time" or (isinstance(span, Span) and span.unit):
        if span is None:
            span = time_span(_time_range(values, context), options)
        start = time_buckets(span, context.zone, context.switches, alignment(options, context, place))

        def moment_bucket(value: Scalar) -> Scalar:
            moment = number(value)
            return value if moment is None else start(moment)

        return moment_bucket
    width = span.count if isinstance(span, Span) else _width(values, options, context)
    return lambda value: number_bucket(value, width) or value


def _time_range(values: Iterable[Value], context: RunContext) -> Number:
    known = [moment for moment in map(number, values) if moment is not None]
    first = context.earliest if context.earliest is not None else min(known, default=0)
    last = context.latest if context.latest is not None else max(known, default=0)
    return max(0, last - first)


def _width(values: Iterable[Value], options: dict[str, Any], context: RunContext) -> Number:
    """Return the width of number buckets that nobody gave: a power of ten, as Splunk's examples show."""
    known = [float(found) for found in map(number, values) if found is not None]
    known.extend(float(options[name]) for name in ("start", "end") if name in options)
    if not known:
        return 1
    context.warn("The width that bins= or no span at all gives to number buckets is not documented; write span=.")
    bins = min(max(1, options.get("bins", DEFAULT_BINS)), MAX_BINS)
    reach = max(known) - min(known)
    width = 10.0 ** math.ceil(math.log10(reach / bins) - 1e-9) if reach > 0 else 1.0
    least: Span | None = options.get("minspan")
    return tidy(max(width, least.count if least is not None else 0))
