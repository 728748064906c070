"""Read exported entries: files of one JSON object a line, plain or gzip, in any order.

A line that is no entry is reported with file and line and left out; the rest counts. An
entry may carry `_indextime` (epoch seconds), which says when it arrived and is not part of
the event; without it the entry arrived as a poll each minute would have brought it.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

from sandbox.splunkd.arrivals import polled

_GZIP_MAGIC = b"\x1f\x8b"
_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


class ReadEntry(NamedTuple):
    """One entry; `raw` is its text without `_indextime`, times are epoch seconds."""

    raw: str
    time: float
    indextime: float


Complaint = Callable[[str], None]


class EntryReader:
    """Reads files and counts what was left out."""

    def __init__(self, complain: Complaint) -> None:
        self._complain = complain
        self.bad_lines = 0
        self.read = 0

    def entries(self, path: Path) -> Iterator[ReadEntry]:
        """The entries of one file. Raises OSError when it cannot be opened."""
        number = 0
        try:
            for number, line in enumerate(_lines(path), start=1):
                text = self._text(path, number, line)
                if text:
                    entry = self._entry(path, number, text)
                    if entry is not None:
                        self.read += 1
                        yield entry
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._refuse(path, number + 1, f"the compressed data is cut off or broken ({error})")

    def _text(self, path: Path, number: int, line: bytes) -> str:
        try:
            return line.decode("utf-8-sig" if number == 1 else "utf-8").strip(_SPACE)
        except UnicodeDecodeError as error:
            self._refuse(path, number, f"not UTF-8 at byte {error.start + 1} of the line")
            return ""

    def _entry(self, path: Path, number: int, text: str) -> ReadEntry | None:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
            self._refuse(path, number, f"not complete JSON: {reason}")
            return None
        if not isinstance(value, dict):
            self._refuse(path, number, f"a JSON object is expected, found {_kind(value)}")
            return None
        created, arrived = value.get("date_create"), value.get("_indextime")
        if not isinstance(created, (int, float)) or not _is_epoch(created):
            self._refuse(path, number, f"date_create must be epoch seconds, found {_kind(created)}")
            return None
        if arrived is None:
            return ReadEntry(text, float(created), polled(float(created), text))
        if not isinstance(arrived, (int, float)) or not _is_epoch(arrived):
            self._refuse(path, number, f"_indextime must be epoch seconds, found {_kind(arrived)}")
            return None
        return ReadEntry(without_member(text, "_indextime"), float(created), float(arrived))

    def _refuse(self, path: Path, number: int, reason: str) -> None:
        self.bad_lines += 1
        self._complain(f"{path}:{number}: {reason}")


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        compressed = plain.read(2) == _GZIP_MAGIC
        plain.seek(0)
        if compressed:
            with gzip.open(plain) as unpacked:
                yield from unpacked
        else:
            yield from plain


def _is_epoch(value: Any) -> bool:
    # Bounds of what a calendar can hold; they also keep infinity and not-a-number out.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 253_402_300_800


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return f"{json.dumps(value)[:40]}"


def without_member(text: str, name: str) -> str:
    """The text of a JSON object without one member; every other character stays as it was.

    `text` must be a valid object that starts at its brace.
    """
    at = _skip(text, text.index("{") + 1)
    kept: list[str] = []
    while text[at] != "}":
        start = at
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # the colon
        _, at = _DECODER.raw_decode(text, at)
        if key != name:
            kept.append(text[start:at])
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return "{" + ",".join(kept) + "}"


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
