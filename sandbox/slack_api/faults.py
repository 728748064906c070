"""Everything that Slack's answers have been seen, or are allowed, to do wrong, by name.

A fault replaces the answer, bends the page, or spoils its delivery. When it happens is decided in `schedule`.
Sources are the public captures and collectors' bug reports that the fact page on this API lists.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from typing import Any, Callable

HTML = b"<!DOCTYPE html><html><head><title>Slack</title></head><body><p>Sign in to Slack</p></body></html>"
ENDS = ("empty", "null", "absent", "no_metadata")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer before it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    entries: int = 0

    @classmethod
    def json(cls, status: int, value: Any, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(
            status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **named}
        )

    @classmethod
    def error(cls, status: int, code: str, **headers: str) -> Answer:
        """`{"ok":false,"error":code}`; an empty code is an empty body."""
        return cls.json(status, {"ok": False, "error": code}, **headers) if code else cls(status)


@dataclass(frozen=True)
class Shape:
    """How a page differs from the plain one.

    Attributes:
        overfull: entries of the last second are all sent, above `limit`.
        keep: send only this share of the page (0 is an empty page) and a cursor for the rest.
        repeat: entries of the page before that come once more.
        same_cursor: `next_cursor` is the cursor of the request.
        refuse_cursor: the cursor is called invalid.
        end: how the last page says that it is the last, one of ENDS; None leaves it to the server.
    """

    overfull: bool = False
    keep: float = 1.0
    repeat: int = 0
    same_cursor: bool = False
    refuse_cursor: bool = False
    end: str | None = None


@dataclass(frozen=True)
class Delivery:
    """How an answer goes over the wire.

    `how` is `whole`, `reset` or `close` (in mid-body), `cut` (JSON breaks off), `silent` or `slow`;
    `share` is the part of the body that is sent; `seconds` how long a silent or slow server waits.
    """

    how: str = "whole"
    share: float = 0.5
    seconds: float = 0.0


@dataclass(frozen=True)
class Fault:
    """One named misbehaviour. `needs_cursor`: it makes sense only for a request that carries a cursor."""

    name: str
    instead: Answer | None = None
    shape: Shape = Shape()
    delivery: Delivery = Delivery()
    needs_cursor: bool = False
    retry_after_seconds: float | None = None


def rate_limited(retry_after: int = 30, spelling: str = "rate_limited") -> Fault:
    """429 with `Retry-After`; the body spells it `rate_limited` or `ratelimited`."""
    answer = Answer.error(429, spelling, Retry_After=str(retry_after))
    return Fault("rate_limited", instead=answer, retry_after_seconds=retry_after)


def unauthorised() -> Fault:
    """401 with an empty body, as Slack answers a token that it does not know."""
    return Fault("unauthorised", instead=Answer(401))


def error(code: str = "user_not_authorized", status: int = 403) -> Fault:
    """A JSON error; 400 and 403 have been reported."""
    return Fault("error", instead=Answer.error(status, code))


def ok_false(code: str = "internal_error") -> Fault:
    """Status 200 and `ok:false` in the body."""
    return Fault("ok_false", instead=Answer.error(200, code))


def html(status: int = 200) -> Fault:
    """A web page in place of JSON."""
    return Fault("html", instead=Answer(status, HTML, {"Content-Type": "text/html; charset=utf-8"}))


def server_error(status: int = 500, retry_after: int = 0) -> Fault:
    """5xx with a text body; 503 may carry `Retry-After`."""
    headers = {"Content-Type": "text/plain"}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return Fault("server_error", instead=Answer(status, b"upstream connect error", headers))


def reset(share: float = 0.5) -> Fault:
    """The connection is reset in mid-body."""
    return Fault("reset", delivery=Delivery("reset", share))


def close(share: float = 0.5) -> Fault:
    """The connection is closed in an orderly way before the promised length."""
    return Fault("close", delivery=Delivery("close", share))


def cut_json(share: float = 0.7) -> Fault:
    """A complete HTTP answer whose JSON breaks off."""
    return Fault("cut_json", delivery=Delivery("cut", share))


def silent(seconds: float = 600.0) -> Fault:
    """The request is taken and nothing comes; after `seconds` the connection is closed."""
    return Fault("silent", delivery=Delivery("silent", seconds=seconds))


def slow(seconds: float = 2.0) -> Fault:
    """The right answer, late."""
    return Fault("slow", delivery=Delivery("slow", 1.0, seconds))


def invalid_cursor() -> Fault:
    """The cursor has expired: 400 `invalid_cursor`."""
    return Fault("invalid_cursor", shape=Shape(refuse_cursor=True), needs_cursor=True)


def repeated_cursor() -> Fault:
    """The page is right, its `next_cursor` is the one just used."""
    return Fault("repeated_cursor", shape=Shape(same_cursor=True), needs_cursor=True)


def above_limit() -> Fault:
    """All entries of the page's last second, though that is more than `limit`."""
    return Fault("above_limit", shape=Shape(overfull=True))


def below_limit(keep: float = 0.5) -> Fault:
    """Fewer entries than `limit` though more follow."""
    return Fault("below_limit", shape=Shape(keep=keep))


def empty_page() -> Fault:
    """No entry at all, and a cursor behind which everything follows."""
    return Fault("empty_page", shape=Shape(keep=0.0))


def repeated_entries(count: int = 20) -> Fault:
    """The last entries of the page before come again."""
    return Fault("repeated_entries", shape=Shape(repeat=count), needs_cursor=True)


def last_page(end: str = "absent") -> Fault:
    """How "no more" is said: `next_cursor` empty, null or absent, or no `response_metadata` at all."""
    if end not in ENDS:
        raise ValueError(f"a last page ends in one of {', '.join(ENDS)}, not {end!r}")
    return Fault("last_page", shape=Shape(end=end))


FAULTS: dict[str, Callable[..., Fault]] = {
    maker.__name__: maker
    for maker in (
        rate_limited,
        unauthorised,
        error,
        ok_false,
        html,
        server_error,
        reset,
        close,
        cut_json,
        silent,
        slow,
        invalid_cursor,
        repeated_cursor,
        above_limit,
        below_limit,
        empty_page,
        repeated_entries,
        last_page,
    )
}


def parse(text: str) -> Fault:
    """A fault from `NAME` or `NAME:key=value,key=value`.

    Raises:
        ValueError: no such fault or no such key; the message says which there are.
    """
    name, _, rest = text.partition(":")
    maker = FAULTS.get(name.strip())
    if maker is None:
        raise ValueError(f"no fault is called {name.strip()!r}; known are {', '.join(sorted(FAULTS))}")
    known = inspect.signature(maker).parameters
    values: dict[str, Any] = {}
    pairs: list[str] = [pair for pair in rest.split(",") if pair.strip()]
    for pair in pairs:
        key, _, value = (part.strip() for part in pair.partition("="))
        if key not in known:
            allowed = ", ".join(known) or "none"
            raise ValueError(f"fault {name} has no parameter {key!r}; it takes: {allowed}")
        kind = type(known[key].default)
        try:
            values[key] = kind(value)
        except ValueError as problem:
            raise ValueError(f"fault {name}: {key} must be a {kind.__name__}, not {value!r}") from problem
    return maker(**values)
