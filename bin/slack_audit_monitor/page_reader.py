"""Reads the body of a `/logs` answer piece by piece and cuts it into entries without rewriting them.

A page may hold 9,999 entries of any size. Each is parsed on its own and handed over with its own text, so
that memory holds the entries' text and never a tree of the whole page, and big integers, duplicate keys, NaN
or lone surrogates reach the index as Slack wrote them. Where the parser refuses an entry, a scan for brackets
outside strings still finds where it ends, so that its neighbours are not lost. Knows JSON; does not know what
an entry means.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable

from slack_audit_monitor.errors import UnexpectedAnswer

#: Called with an entry's text and its parsed value; the value is None when the text cannot be parsed.
TakeEntry = Callable[[str, Any], None]

_SPACE = re.compile(r"[ \t\r\n]*")
_BRACKET_OR_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
_BARE_VALUE = re.compile(r"[^,\]\}\s]+")
#: Where the cursor stands when all that follows the entries is whole; a cursor has no escapes in it.
_CURSOR_AT_END = re.compile(r'"next_cursor"\s*:\s*"([^"\\\s]{1,1000})"\s*\}\s*\}\s*\Z')
CURSOR_BYTES = 4_000
#: A larger entry that is not whole yet is looked at again when there is twice as much of it: at each piece it would
#: take ever longer.
PATIENT_CHARACTERS = 1_000_000
_STRICT = json.JSONDecoder()
_STRICT_ENOUGH = json.JSONDecoder(strict=False)
#: Python refuses integers of more than 4,300 digits; for such an entry they stay text.
_ANY_INTEGER = json.JSONDecoder(strict=False, parse_int=str)

_BEFORE, _KEY, _ENTRY, _AFTER = "before", "key", "entry", "after"


class PageReader:
    """Feed it text until the body ends, then ask `close` for the members beside `entries`.

    Args:
        take: receives each entry as soon as its text is complete.
        take_plain: receives in its place those without a raw control character inside a string; nearly all.
    """

    def __init__(self, take: TakeEntry, take_plain: TakeEntry | None = None) -> None:
        self._take = take
        self._take_plain = take_plain or take
        self._text = ""
        self._at = 0
        self._state = _BEFORE
        self._members: dict[str, Any] = {}
        self._has_entries = False
        self._taken = 0
        self._is_doubtful = False
        self._needs_comma = False
        self._tail = ""
        self._enough = 0

    def feed(self, text: str) -> None:
        """Read on in the body."""
        self._text = self._text[self._at :] + text
        self._tail = (self._tail + text[-CURSOR_BYTES:])[-CURSOR_BYTES:]
        self._at = 0
        if len(self._text) < self._enough:
            return
        self._advance(final=False)
        left = len(self._text) - self._at
        self._enough = 2 * left if left > PATIENT_CHARACTERS else 0

    def close(self) -> dict[str, Any]:
        """Return the top-level members other than `entries`, plus `entries: True` if that array was there.

        Raises:
            UnexpectedAnswer: the body is no JSON object or ends in the middle.
        """
        self._advance(final=True)
        if self._state is not _AFTER:
            if self._state is _BEFORE:
                raise UnexpectedAnswer("Slack's answer is not a JSON object.")
            raise UnexpectedAnswer("Slack's answer is not a whole JSON object.", cursor=self._cursor_behind())
        if self._is_doubtful and self._taken > 1:
            raise UnexpectedAnswer(
                "An entry in Slack's answer is broken so that nobody can tell where it ends.",
                cursor=self._cursor_behind(),
            )
        if self._has_entries:
            self._members["entries"] = True
        return self._members

    def _cursor_behind(self) -> str | None:
        found = _CURSOR_AT_END.search(self._tail)
        return found.group(1) if found else None

    def _advance(self, final: bool) -> None:
        while self._state is not _AFTER:
            self._at = _end_of(_SPACE, self._text, self._at)
            if self._at >= len(self._text):
                return
            step = {_BEFORE: self._open, _KEY: self._member, _ENTRY: self._entry}[self._state]
            if not step(final):
                return

    def _open(self, final: bool) -> bool:
        if self._text[self._at] == "\ufeff":
            self._at += 1
            return True
        if self._text[self._at] != "{":
            raise UnexpectedAnswer("Slack's answer is not a JSON object.")
        self._at += 1
        self._state = _KEY
        return True

    def _member(self, final: bool) -> bool:
        """Read `"key": value` with its comma, or the object's end; False when the text does not reach that far."""
        text, at = self._text, self._at
        if text[at] == "}":
            self._at, self._state = at + 1, _AFTER
            return True
        if text[at] == ",":
            self._at = at + 1
            return True
        if text[at] != '"':
            raise UnexpectedAnswer("Slack's answer is broken JSON between its members.")
        end = _extent(text, at)
        if end is None:
            return False
        key = text[at + 1 : end - 1]
        at = _end_of(_SPACE, text, end)
        if at < len(text) and text[at] != ":":
            raise UnexpectedAnswer("Slack's answer is broken JSON after a member's name.")
        at = _end_of(_SPACE, text, at + 1)
        if at >= len(text):
            return False
        if key == "entries" and text[at] == "[":
            self._at, self._state, self._has_entries = at + 1, _ENTRY, True
            return True
        value, end = _value(text, at, final)
        if end is None:
            return False
        self._members[key] = value
        self._at = end
        return True

    def _entry(self, final: bool) -> bool:
        if not self._needs_comma:
            self._plain_entries()
        text, at = self._text, self._at
        if at >= len(text):
            return False
        if text[at] == "]":
            self._at, self._state = at + 1, _KEY
            return True
        if text[at] == ",":
            self._at, self._needs_comma = at + 1, False
            return True
        value, end = _value(text, at, final)
        if end is None:
            return False
        # A quote too many turns strings inside out, and a neighbour's brackets or quotes may end the entry.
        if self._needs_comma or (value is None and text.count('"date_create"', at, end) > 1):
            self._is_doubtful = True
        self._needs_comma = True
        self._taken += 1
        self._take(text[at:end], value)
        self._at = end
        return True

    def _plain_entries(self) -> None:
        """Take the entries that stand side by side without a space or a flaw, which nearly all do.

        One that is not whole, or not followed by a comma, is left to the careful way.
        """
        text, at, parse, take = self._text, self._at, _STRICT.raw_decode, self._take_plain
        last = text.rfind("},{")  # what begins behind it is cut off, as a rule
        while at <= last:
            try:
                if text[at] != "{":
                    break
                value, end = parse(text, at)
                if text[end] != ",":
                    break
            except (IndexError, ValueError, RecursionError):
                break
            take(text[at:end], value)
            self._taken += 1
            at = end + 1
        # The parser's complaint counts the lines before it: cheap in a short text only.
        self._text, self._at = text[at:], 0


def _value(text: str, at: int, final: bool) -> tuple[Any, int | None]:
    """Return the value that starts at `at` (None if unreadable) and its end.

    The end is None if more text is needed.
    """
    if text[at] not in '{["':
        found = _extent(text, at)
        if found is None or (found == len(text) and not final):
            return None, None  # a number or a word may go on in the next piece
        return _second_try(text[at:found]), found
    try:
        value, end = _STRICT_ENOUGH.raw_decode(text, at)
    except (ValueError, RecursionError):
        found = _extent(text, at)
        return (None, None) if found is None else (_second_try(text[at:found]), found)
    return value, end


def _second_try(text: str) -> Any:
    for decoder in (_STRICT_ENOUGH, _ANY_INTEGER):
        try:
            return decoder.decode(text)
        except (ValueError, RecursionError):
            continue
    return None


def _extent(text: str, at: int) -> int | None:
    """Return where the value that starts at `at` ends, by its brackets alone; None if it does not end in this text."""
    depth = 0
    if text[at] not in '{["':
        bare = _BARE_VALUE.match(text, at)
        return bare.end() if bare else at + 1
    for match in _BRACKET_OR_STRING.finditer(text, at):
        mark = match.group()
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        elif mark == '"':
            return None  # a string that does not end here
        if depth <= 0:
            return match.end()
    return None


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
