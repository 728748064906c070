"""transaction: events that belong together become one row (SR: transaction).

Events must come newest first, as they do from the index. Splunk gives transactions up under memory pressure, and the
order of its rows is not promised; here the documented limits are kept exactly and a warning says what is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from ..context import RunContext
from ..evaluate import compile_condition
from ..rows import Row
from ..searchexpr import parse_search, subsearches
from ..searchmatch import compile_search
from ..stream import BOOLEAN, INTEGER, TEXT, TokenStream
from ..timemod import parse_span
from ..tokens import STRING, Token
from ..values import Number, Scalar, members, multivalue, number, text, text_order, tidy
from .base import Command, Compiler, Rows, command

MAX_EVENTS = 1000
MAX_OPEN_TRANSACTIONS = 5000
MAX_OPEN_EVENTS = 100_000
"""SR: transaction, maxevents; limits.conf [transactions] maxopentxn and maxopenevents."""

Condition = Callable[[Row, RunContext], bool]


class _Open:
    """A transaction that still takes events. Its rows come newest first."""

    __slots__ = ("rows", "times", "known", "ended", "closed", "evicted")

    def __init__(self) -> None:
        self.rows: Rows = []
        self.times: list[Number] = []
        self.known: dict[str, set[str]] = {}
        self.ended = False
        self.closed = False
        self.evicted = False

    def add(self, row: Row, time: Number, keys: dict[str, set[str]]) -> None:
        self.rows.append(row)
        self.times.append(time)
        for name, values in keys.items():
            self.known.setdefault(name, set()).update(values)


class Transaction(Command):
    """One transaction command with its options."""

    def __init__(self, fields: Sequence[str], options: dict[str, Any]) -> None:
        self._fields = fields
        self._span: float | None = options.get("maxspan")
        self._pause: float | None = options.get("maxpause")
        self._most: int = options.get("maxevents", MAX_EVENTS)
        self._starts: Condition | None = options.get("startswith")
        self._ends: Condition | None = options.get("endswith")
        self._connected: bool = options.get("connected", True)
        self._keep_orphans: bool = options.get("keeporphans", False)
        self._keep_evicted: bool = options.get("keepevicted", False)
        self._most_open: int = options.get("maxopentxn", MAX_OPEN_TRANSACTIONS)
        self._most_events: int = options.get("maxopenevents", MAX_OPEN_EVENTS)
        self._lists: frozenset[str] | bool = options.get("mvlist", False)
        self._null: str = options.get("nullstr", "NULL")
        self._raw_list: bool = options.get("mvraw", False)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        context.warn(
            "transaction gives transactions up under memory load and promises no order; use stats or streamstats BY."
        )
        open_ones: list[_Open] = []
        done: list[_Open] = []
        out: Rows = []
        waiting = counted = 0
        previous: Number | None = None
        for row in rows:
            time = number(row.get("_time"))
            if time is None or (previous is not None and time > previous):
                context.warn("transaction needs events newest first; put `sort 0 -_time` before it.")
            previous = time if time is not None else previous
            keys = {name: {text(v) for v in members(row.get(name))} for name in self._fields}
            keys = {name: values for name, values in keys.items() if values}
            if self._fields and not keys:
                if self._keep_orphans:
                    row.set("_txn_orphan", 1)
                    out.append(row)
                continue
            place = self._place(row, time or 0, keys, open_ones, done, context)
            place.add(row, time or 0, keys)
            waiting += 1
            if self._starts is not None and self._starts(row, context):
                self._close(place, open_ones, done)
            elif 0 < self._most <= len(place.rows):
                self._close(place, open_ones, done)
            waiting -= sum(len(one.rows) for one in done[counted:])
            counted = len(done)
            if open_ones and (len(open_ones) > self._most_open or waiting > self._most_events):
                context.warn("transaction reached maxopentxn or maxopenevents and gave up its oldest open transaction.")
                open_ones[0].evicted = True
                done.append(open_ones.pop(0))
        for one in (*done, *open_ones):
            if one.closed or self._keep_evicted or self._counts_unclosed(one):
                out.append(self._row(one))
        out.sort(key=lambda found: -float(number(found.get("_time")) or 0))
        return out

    def _counts_unclosed(self, one: _Open) -> bool:
        """Without a start to wait for, what the search's end cut is shown, with closed_txn=0."""
        return not one.evicted and self._starts is None and (self._ends is None or one.ended)

    def _place(
        self, row: Row, time: Number, keys: dict[str, set[str]], open_ones: list[_Open], done: list[_Open],
        context: RunContext,
    ) -> _Open:  # fmt: skip
        """Return the open transaction that takes this event, a new one if none does."""
        is_end = self._ends is not None and self._ends(row, context)
        for one in reversed(open_ones):
            if not self._fits(one, keys):
                continue
            too_long = self._span is not None and one.times[0] - time >= self._span
            too_late = self._pause is not None and one.times[-1] - time > self._pause
            if too_long or too_late or is_end:
                self._end_of(one, open_ones, done)
                break
            return one
        fresh = _Open()
        fresh.ended = is_end
        open_ones.append(fresh)
        return fresh

    def _end_of(self, one: _Open, open_ones: list[_Open], done: list[_Open]) -> None:
        """An older event does not belong to it: complete unless it still waits for its start or end."""
        open_ones.remove(one)
        one.closed = self._starts is None and (self._ends is None or one.ended)
        done.append(one)

    def _close(self, one: _Open, open_ones: list[_Open], done: list[_Open]) -> None:
        open_ones.remove(one)
        one.closed = self._ends is None or one.ended
        done.append(one)

    def _fits(self, one: _Open, keys: dict[str, set[str]]) -> bool:
        if not self._fields:
            return True
        shared = False
        for name, values in keys.items():
            known = one.known.get(name)
            if known is None:
                continue
            if not known & values:
                return False
            shared = True
        return shared or not self._connected

    def _row(self, one: _Open) -> Row:
        members_of = list(reversed(one.rows))
        names = list(dict.fromkeys(name for row in members_of for name in row.names()))
        found = Row()
        for name in names:
            if not name.startswith("_"):
                found.set(name, multivalue(self._values(name, members_of)))
        raws: list[Scalar] = [text(row.get("_raw")) for row in members_of if row.get("_raw") is not None]
        if raws:
            found.set("_raw", multivalue(raws) if self._raw_list else "\n".join(map(text, raws)))
        found.set("_time", one.times[-1])
        found.set("duration", tidy(float(one.times[0]) - float(one.times[-1])))
        found.set("eventcount", len(one.rows))
        found.set("closed_txn", 1 if one.closed else 0)
        return found

    def _values(self, name: str, rows: Rows) -> list[Scalar]:
        listed = self._lists if isinstance(self._lists, bool) else name in self._lists
        if listed:
            return [value for row in rows for value in members(row.get(name)) or (self._null,)]
        return text_order({text(value): value for row in rows for value in members(row.get(name))}.values())


def _seconds(value: str, token: Token, stream: TokenStream) -> float | None:
    if value.startswith("-"):
        return None
    span = parse_span(value)
    if span is None or (span.unit and span.seconds is None):
        raise stream.error("A length of time is needed here, for example 30s, 5m or 2h.", token=token)
    return float(span.count if span.seconds is None else span.seconds)


def _flag_or_fields(value: str, token: Token, stream: TokenStream) -> bool | frozenset[str]:
    if value.lower() in ("t", "true", "1", "f", "false", "0"):
        return value.lower() in ("t", "true", "1")
    return frozenset(part.strip() for part in value.split(",") if part.strip())


def _condition(stream: TokenStream, compiler: Compiler) -> Condition:
    """Take what follows startswith= or endswith=: a text to search for, (a search) or eval(a condition)."""
    token = stream.peek()
    if token.is_word("eval") and stream.lexer.argument(token.end).is_symbol("("):
        stream.next()
        stream.next()
        test = compile_condition(stream.expression())
        stream.expect(")")
        return lambda row, context: test(row, context.evaluation) is True
    if token.is_symbol("("):
        stream.next()
        expression = _parenthesised(stream)
    else:
        value = stream.word("a text to search for")
        quoted = token.kind == STRING and not any(sign in value for sign in "=<>()")
        expression = parse_search(f'"{value}"' if quoted and " " in value else value, stream.lexer.place(token.start))
    if subsearches(expression.root) or expression.times:
        raise stream.error("startswith and endswith take neither subsearches nor times.", token=token)
    matches = compile_search(expression.root, compiler.switches)
    return lambda row, context: matches(row)


def _parenthesised(stream: TokenStream) -> Any:
    start, depth = stream.position, 1
    while depth:
        token = stream.next()
        if token.kind == "end":
            raise stream.error("This parenthesis is never closed.")
        depth += int(token.is_symbol("(")) - int(token.is_symbol(")"))
    return parse_search(stream.source.text[start : stream.position - 1], stream.lexer.place(start))


@command("transaction")
def parse_transaction(stream: TokenStream, compiler: Compiler) -> Command:
    known = {
        "maxspan": _seconds, "maxpause": _seconds, "maxevents": INTEGER, "connected": BOOLEAN, "keeporphans": BOOLEAN,
        "keepevicted": BOOLEAN, "maxopentxn": INTEGER, "maxopenevents": INTEGER, "mvlist": _flag_or_fields,
        "nullstr": TEXT, "mvraw": BOOLEAN,
    }  # fmt: skip
    options: dict[str, Any] = {}
    fields: list[str] = []
    while not stream.at_end():
        name = (stream.option_name() or "").lower()
        if name in ("startswith", "endswith"):
            stream.next()
            stream.next()
            options[name] = _condition(stream, compiler)
        elif name in known:
            options[name] = stream.option(name, known[name])
        elif name:
            # Refuses the option by its name: `name`, `delim` and `unifyends` are not known here.
            stream.options({**known, "startswith": TEXT, "endswith": TEXT})
        else:
            fields.extend(part.strip() for part in stream.field(wildcards=False).split(",") if part.strip())
            stream.accept(",")
    return Transaction(fields, options)
