"""What the collector relies on in an audit entry: `id`, `date_create`, `action`. Everything else passes
through.

The event that reaches the index is the entry's own text. Only what cannot stand in a one-line XML event
changes: line breaks between members become spaces, and raw control characters inside strings (which JSON
forbids) become the escapes that mean the same.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, NamedTuple

#: `date_create` is in seconds since 1970; anything beyond 2100 is another unit or nonsense.
LATEST_SECOND = 4_102_444_800

_CONTROL_BYTES = bytes(range(0x20))
_NOT_XML = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_STRING_OR_BREAK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\x00-\x1f\ud800-\udfff\ufffe\uffff]', re.DOTALL)


class Entry(NamedTuple):
    """One audit entry on its way to the index.

    Attributes:
        second: `date_create`, or None when it is no plausible time.
        key: 64 bits that stand for the entry's `id`; for an entry without one, for its whole text. Together
            with
            `second` they tell repeats: a chance match needs two ids of the same second out of 2^64.
        action: Slack's verb, or "" when unreadable.
        problem: why the entry is not as the contract says, or "".
        data: the event text, UTF-8, escaped for XML.
    """

    second: int | None
    key: int
    action: str
    problem: str
    data: bytes


def make_entry(text: str, value: Any, problem: str = "", is_plain: bool = False) -> Entry:
    """Return the entry for its JSON text and parsed value (None when unreadable); for `is_plain` see `event_text`."""
    identity = second = action = None
    if isinstance(value, dict):
        identity = value.get("id")
        second = value.get("date_create")
        if type(second) is not int or not 0 < second <= LATEST_SECOND:
            second = _second(second)
        action = value.get("action")
    if type(action) is not str:
        action = ""
    if type(identity) is not str or not identity:
        identity = text
    # Quicker than Entry(...), which is written in Python.
    return tuple.__new__(Entry, (second, key_of(identity), action, problem, event_text(text, is_plain)))


def key_of(identity: str) -> int:
    """Return the 64 bits that stand for an entry's id."""
    return int.from_bytes(blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def event_text(text: str, is_plain: bool = False) -> bytes:
    """Return JSON text as one line of XML character data.

    Args:
        is_plain: a strict parser took it, so outside of white space there is no control character.
    """
    data = text.encode("utf-8", "surrogatepass")
    if is_plain:
        clean = not ("\n" in text or "\r" in text or "\t" in text)
    else:
        # Deleting bytes and comparing lengths is several times quicker than a search with a pattern.
        clean = len(data.translate(None, _CONTROL_BYTES)) == len(data)
    if not clean or not (text.isascii() or _NOT_XML.search(text) is None):
        data = _STRING_OR_BREAK.sub(_harmless, text).encode("utf-8")
    return data.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


def newest_first(entries: list[Entry]) -> list[Entry]:
    """Return a page's entries strictly newest first.

    Slack documents that order, but progress inside a window relies on it. An entry without a readable time
    stays behind its neighbour.
    """
    keyed = []
    last = LATEST_SECOND
    for entry in entries:
        last = last if entry.second is None else entry.second
        keyed.append(last)
    if all(earlier >= later for earlier, later in zip(keyed, keyed[1:])):
        return entries
    order = sorted(range(len(entries)), key=lambda index: -keyed[index])
    return [entries[index] for index in order]


def _second(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value == value:
        value = int(value) if abs(value) < LATEST_SECOND else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    return value if isinstance(value, int) and 0 < value <= LATEST_SECOND else None


def _harmless(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) > 1:
        return _NOT_XML.sub(lambda inner: f"\\u{ord(inner.group()):04x}", found)
    return "\t" if found == "\t" else " "
