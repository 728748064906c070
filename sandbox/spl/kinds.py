"""Kinds of option values: what may stand after `name=` of a command's option.

A kind is a callable (value, token, stream) that returns the converted value or raises an `SplError`
that points at the token.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from .timemod import Span, parse_span
from .tokens import Token
from .values import number

if TYPE_CHECKING:
    from .stream import TokenStream

Kind = Callable[[str, Token, "TokenStream"], Any]

_TRUE, _FALSE = ("t", "true", "1", "yes", "y"), ("f", "false", "0", "no", "n")


def BOOLEAN(value: str, token: Token, stream: TokenStream) -> bool:
    """t, true, 1 or f, false, 0."""
    folded = value.lower()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise stream.error(f'A Boolean is needed here (t or f), not "{value}".', token=token)


def INTEGER(value: str, token: Token, stream: TokenStream) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return int(value)
    raise stream.error(f'A whole number is needed here, not {token}.', token=token)


def NUMBER(value: str, token: Token, stream: TokenStream) -> float:
    found = number(value)
    if found is None:
        raise stream.error(f"A number is needed here, not {token}.", token=token)
    return found


def TEXT(value: str, token: Token, stream: TokenStream) -> str:
    return value


def SPAN(value: str, token: Token, stream: TokenStream) -> Span:
    """A length of time such as 5m, 1d, 500ms, or a plain number (`unit` is "" then)."""
    found = parse_span(value)
    if found is None:
        raise stream.error(f"A span is needed here, for example 5m, 1h or 1d, not {token}.", token=token)
    return found


def choice(*allowed: str) -> Kind:
    """Make a kind that takes one of these lower-case words."""

    def chosen(value: str, token: Token, stream: TokenStream) -> str:
        if value.lower() in allowed:
            return value.lower()
        wanted = ", ".join(allowed)
        raise stream.error(f'One of {wanted} is needed here, not "{value}".', allowed, value, token)

    return chosen
