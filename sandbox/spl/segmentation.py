"""How Splunk cuts raw text into index terms, and how a search term is found in raw text.

Breakers are those of segmenters.conf: major ones end every segment, minor ones also cut a segment
into smaller ones. Knows nothing of events or searches.
"""
from __future__ import annotations

import functools
import re
from re import Pattern

MAJOR = "[]<>(){}|!;,'\"*\n\r \t&?+"
MINOR = "/:=@.-$#%\\_"

_MAJOR_CLASS = re.escape(MAJOR).replace("\n", "n")
_ANY_CLASS = _MAJOR_CLASS + re.escape(MINOR)
_MINOR_SPLIT = re.compile(f"[{_ANY_CLASS}]+")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_NEVER = re.compile(r"(?!)")
_SPACES = re.compile(r"\s+")


def minor_segments(raw: str) -> frozenset[str]:
    """Return the lower-case smallest segments of a raw text."""
    return frozenset(part for part in _MINOR_SPLIT.split(raw.lower()) if part)


def whole_segments(literal: str, start_open: bool = False, end_open: bool = False) -> list[str]:
    """Return the smallest segments that raw text must contain if it contains this literal.

    Args:
        start_open, end_open: the literal may be preceded or followed by more of a segment (it stands
            next to a wildcard), so its first or last segment proves nothing.

    Only plain ASCII segments count: others may be written differently in the raw text (JSON escapes).
    """
    parts = _MINOR_SPLIT.split(literal.lower())
    if start_open:
        parts[0] = ""
    if end_open:
        parts[-1] = ""
    return [part for part in parts if _PLAIN.fullmatch(part)]


def literal_segments(pattern: str) -> list[str]:
    """As `whole_segments`, for a pattern with `*` wildcards."""
    pieces = pattern.split("*")
    last = len(pieces) - 1
    return [segment for index, piece in enumerate(pieces)
            for segment in whole_segments(piece, index > 0, index < last)]


@functools.lru_cache(maxsize=1024)
def term_pattern(term: str, case_sensitive: bool = False, major_only: bool = False) -> Pattern[str]:
    """Compile the pattern that finds a search term in raw text.

    The term must begin and end at a breaker; `*` stands for any run without a major breaker.
    `major_only` is the rule of TERM(): breakers on both sides must be major, and since no indexed term
    holds a major breaker, one inside the parentheses finds nothing (SM Use CASE() and TERM() to match phrases).
    """
    if major_only and any(letter in MAJOR for letter in term.replace("*", "")):
        return _NEVER
    edge = _MAJOR_CLASS if major_only else _ANY_CLASS
    inner = f"[^{_MAJOR_CLASS}]*"
    body = inner.join(re.escape(part) for part in re.split(r"\*+", term))
    before = "" if term[:1] and term[0] in MAJOR + MINOR and not major_only else f"(?<![^{edge}])"
    after = "" if term[-1:] and term[-1] in MAJOR + MINOR and not major_only else f"(?![^{edge}])"
    return re.compile(before + body + after, 0 if case_sensitive else re.I)
