"""How `/audit/v1/logs` answers: from query parameters to the body of a page.

Knows which parameters Slack refuses and with which words, which it silently adjusts, and how a page is
shaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Union

from . import cursors
from .bulk import BulkJournal
from .faults import ENDS, Answer, Shape
from .journal import Journal, Query, Slice
from .reference import live_actions

MOST_ENTRIES = 9999
MOST_ACTIONS = 30
FIRST_SECOND = 1_519_862_400  # March 2018: nothing exists before
AnyJournal = Union[Journal, BulkJournal]


@dataclass(frozen=True)
class Manners:
    """How this Slack behaves where the public record leaves it open.

    Attributes:
        default_limit: entries a page when `limit` is missing or makes no sense.
        end: how the last page says so, one of ENDS.
        cursor_lifetime_seconds: Slack speaks of hours or days.
        strict_range: refuse bounds in the future or before March 2018 (`invalid_range`).
        always_overfull: entries that share the last second are always sent, above `limit`.
    """

    default_limit: int = 200
    end: str = "empty"
    cursor_lifetime_seconds: float = 4 * 3600
    strict_range: bool = True
    always_overfull: bool = False

    def __post_init__(self) -> None:
        if self.end not in ENDS:
            raise ValueError(f"end must be one of {', '.join(ENDS)}, not {self.end!r}")


class Refused(Exception):
    """Slack refuses the query."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


def answer_logs(
    journal: AnyJournal, parameters: Mapping[str, str], now: float, manners: Manners, shape: Shape
) -> Answer:
    """The answer to one request whose token is good."""
    try:
        query = read_query(parameters, now, manners)
        if shape.refuse_cursor and query.before is not None:
            raise Refused("invalid_cursor")
        cut = _shaped(journal, query, now, shape, manners)
    except Refused as refusal:
        return Answer.error(refusal.status, refusal.code)
    body = (
        b'{"entries":['
        + b",".join(cut.payloads)
        + b"]"
        + _ending(cut, parameters, now, manners, shape)
        + b"}"
    )
    return Answer(200, body, {"Content-Type": "application/json; charset=utf-8"}, len(cut.payloads))


def read_query(parameters: Mapping[str, str], now: float, manners: Manners) -> Query:
    """What is asked for.

    Raises:
        Refused: with Slack's error code.
    """
    oldest, latest = _second(parameters, "oldest"), _second(parameters, "latest")
    if manners.strict_range:
        for bound in (oldest, latest):
            if bound is not None and not FIRST_SECOND <= bound <= now:
                raise Refused("invalid_range")
    return Query(
        oldest=oldest,
        latest=latest,
        before=_position(parameters.get("cursor", ""), now, manners),
        limit=_limit(parameters.get("limit"), manners),
        actions=frozenset(_actions(parameters.get("action", ""))),
        actor=parameters.get("actor") or None,
        entity=parameters.get("entity") or None,
        overfull=manners.always_overfull,
    )


def _second(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:  # a collector that printed 1.65e+09 was refused
        raise Refused("invalid_range") from None


def _limit(text: str | None, manners: Manners) -> int:
    try:
        limit = int(text or "")
    except ValueError:
        return manners.default_limit
    return min(limit, MOST_ENTRIES) if limit > 0 else manners.default_limit


def _actions(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > MOST_ACTIONS or any(name not in live_actions() for name in names):
        raise Refused("invalid_action")
    return names


def _position(cursor: str, now: float, manners: Manners) -> cursors.Position | None:
    if not cursor:
        return None
    try:
        return cursors.read(cursor, now, manners.cursor_lifetime_seconds)
    except cursors.BadCursor:
        raise Refused("invalid_cursor") from None


def _shaped(journal: AnyJournal, query: Query, now: float, shape: Shape, manners: Manners) -> Slice:
    if shape.keep <= 0 and query.before is None:
        # Nothing yet, and a cursor to the very top: one second above the newest entry allowed.
        newest = int(now) if query.latest is None else query.latest
        return Slice([], cursors.Position(newest + 1, 0))
    if shape.keep <= 0:
        return Slice([], query.before)
    if shape.keep < 1:
        query = replace(query, limit=max(1, int(query.limit * shape.keep)))
    if shape.overfull:
        query = replace(query, overfull=True)
    if shape.repeat and query.before is not None:
        above = replace(query, before=None, oldest=query.before.second, limit=MOST_ENTRIES)
        rest = journal.cut(query, now)
        return Slice(journal.cut(above, now).payloads[-shape.repeat :] + rest.payloads, rest.next)
    return journal.cut(query, now)


def _ending(cut: Slice, parameters: Mapping[str, str], now: float, manners: Manners, shape: Shape) -> bytes:
    if cut.next is not None:
        cursor = parameters["cursor"] if shape.same_cursor else cursors.write(cut.next, now)
        return b',"response_metadata":{"next_cursor":"%s"}' % cursor.encode()
    endings: dict[str, bytes] = {
        "empty": b',"response_metadata":{"next_cursor":""}',
        "null": b',"response_metadata":{"next_cursor":null}',
        "absent": b',"response_metadata":{}',
        "no_metadata": b"",
    }
    return endings[shape.end or manners.end]
