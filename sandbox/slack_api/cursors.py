"""Cursors: a position in the log and nothing else.

Slack's cursor holds where to go on, not what was asked: a client that drops `oldest` on the second page
runs on into the whole history. That trap is kept on purpose. A cursor also knows when it was issued, so
that it can expire, and carries a checksum, so that an altered one is refused.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import zlib
from dataclasses import dataclass

_numbers = itertools.count(1)


class BadCursor(ValueError):
    """Altered, expired or never issued: Slack says `invalid_cursor`."""


@dataclass(frozen=True)
class Position:
    """Go on with entries that are older than this one.

    `sequence` tells entries of one second apart; it has no meaning outside the journal that gave it.
    """

    second: int
    sequence: int


def write(position: Position, issued_at: float) -> str:
    """A cursor for `position`; two calls never give the same text."""
    body = f"{position.second}:{position.sequence}:{int(issued_at)}:{next(_numbers)}"
    checked = f"{body}:{zlib.crc32(body.encode()):08x}"
    return base64.b64encode(checked.encode()).decode()


def read(cursor: str, now: float, lifetime_seconds: float) -> Position:
    """The position in `cursor`.

    Raises:
        BadCursor: it was altered, or was issued more than `lifetime_seconds` before `now`.
    """
    try:
        body, _, check = base64.b64decode(cursor, validate=True).decode("ascii").rpartition(":")
        second, sequence, issued_at, _ = (int(part) for part in body.split(":"))
    except (ValueError, binascii.Error) as problem:
        raise BadCursor("the cursor cannot be read") from problem
    if check != f"{zlib.crc32(body.encode()):08x}":
        raise BadCursor("the cursor was altered")
    if now - issued_at > lifetime_seconds:
        raise BadCursor("the cursor has expired")
    return Position(second, sequence)
