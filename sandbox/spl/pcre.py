"""Regular expressions as Splunk's PCRE reads them, on top of the `regex` package.

`(?<name>...)`, possessive and atomic groups are known to `regex` as they are. Letters and digits of
\\w \\d \\b are ASCII, as in PCRE without its Unicode option.
"""
from __future__ import annotations

import functools
import warnings
from typing import Any, Callable

import regex

from .errors import NOWHERE, Place

_GROUP = regex.compile(r"\\(\d)")


@functools.lru_cache(maxsize=2048)
def _compile(pattern: str) -> Any | str:
    flags = 0 if "(?i" in pattern and not pattern.isascii() else regex.ASCII
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return regex.compile(pattern.replace(r"\z", r"\Z"), flags)
        except (regex.error, OverflowError, RecursionError, ValueError, KeyError, IndexError) as error:
            return str(error)


def compile_regex(pattern: str, place: Place = NOWHERE) -> Any:
    """Compile a pattern (cached).

    Raises:
        SplError: it is no regular expression; says why and points at `place`.
    """
    found = _compile(pattern)
    if isinstance(found, str):
        raise place.error(f'"{pattern}" is no regular expression: {found}.')
    return found


def replacement(template: str) -> Callable[[Any], str]:
    r"""Return the function for `sub`: \1 to \9 are groups, everything else is literal."""
    pieces = _GROUP.split(template)
    if len(pieces) == 1:
        return lambda match: template
    literals, groups = pieces[::2], [int(group) for group in pieces[1::2]]

    def replaced(match: Any) -> str:
        parts = [literals[0]]
        for literal, group in zip(literals[1:], groups):
            if group <= match.re.groups:
                parts.append(match.group(group) or "")
            parts.append(literal)
        return "".join(parts)

    return replaced
