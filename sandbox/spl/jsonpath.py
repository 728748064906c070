"""JSON texts and the paths that name a part of them: `a.b{0}.c{}`.

Shared by the JSON functions and spath. `{}` means all elements of an array, `{2}` one of them.
"""
from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from typing import Any, Union

from .errors import NOWHERE, Place
from .values import number_text

Step = Union[str, int, None]  # a key, an index, or None for all elements

_PART = re.compile(r"([^.{}]+)|\{(\d*)\}|(\.)")


def _refuse(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def parse_text(text: str) -> tuple[Any] | None:
    """Parse JSON; the document in a one-tuple (it may be null), or None where it is no JSON."""
    try:
        document, end = _DECODER.raw_decode(text)
        return (document if end == len(text) else _DECODER.decode(text),)
    except (ValueError, RecursionError):
        pass
    try:
        return (_DECODER.decode(text),)
    except (ValueError, RecursionError):
        return None


def read_text(text: str) -> tuple[Any] | None:
    """As `parse_text`, remembering the last texts; the document must not be changed."""
    return _read_short(text) if len(text) <= _SHORT else _read_long(text)


_SHORT = 2_000
# Stages take all rows of a search in turn: what one stage parsed should still be there for the next.
_read_short = functools.lru_cache(maxsize=8_000)(parse_text)
_read_long = functools.lru_cache(maxsize=128)(parse_text)


def dump(document: Any) -> str:
    """Write JSON compactly, with characters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def parse_path(written: str, place: Place = NOWHERE, first_index: int = 0) -> tuple[Step, ...]:
    """Cut a path into its steps.

    Raises:
        SplError: a brace is not closed or holds no number.
    """
    found = _steps(written, first_index)
    if isinstance(found, str):
        raise place.error(found)
    return found


@functools.lru_cache(maxsize=1024)
def _steps(written: str, first_index: int) -> tuple[Step, ...] | str:
    steps: list[Step] = []
    position = 0
    while position < len(written):
        match = _PART.match(written, position)
        if not match:
            return (f'The path "{written}" cannot be read at its character {position + 1}; '
                    "an array is written {} (all elements) or {0} (one).")
        key, index, _ = match.groups()
        if key is not None:
            steps.append(key)
        elif index is not None:
            steps.append(int(index) - first_index if index else None)
        position = match.end()
    return tuple(steps)


MISSING: Any = object()


def member(document: Any, keys: Sequence[Step]) -> Any:
    """Return what stands below these keys, each a member of the object before; MISSING if there is nothing."""
    for key in keys:
        if type(document) is not dict or key not in document:
            return MISSING
        document = document[key]
    return document


def select(document: Any, steps: tuple[Step, ...]) -> list[Any]:
    """Return all parts that a path names, in document order."""
    if all(type(step) is str for step in steps):
        part = member(document, steps)
        return [] if part is MISSING else [part]
    found = [document]
    for step in steps:
        if step is None:
            found = [item for part in found if isinstance(part, list) for item in part]
        elif isinstance(step, int):
            found = [part[step] for part in found if isinstance(part, list) and 0 <= step < len(part)]
        else:
            found = [part[step] for part in found if isinstance(part, dict) and step in part]
    return found


def field_value(part: Any) -> str | int | float | None:
    """Turn a part into a field value: null is null, Booleans and structures are JSON text."""
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, (int, float)):
        # What a double cannot hold or would show differently keeps its text.
        exact = not isinstance(part, int) or -2 ** 53 <= part <= 2 ** 53
        written = dump(part)
        return part if exact and number_text(part) == written else written
    return dump(part)


def spath_value(part: Any) -> str | int | float | None:
    """As `field_value`, for spath: numbers keep their text."""
    found = field_value(part)
    return found if found is None or isinstance(found, str) else dump(part)
