"""HTTP Event Collector: services/collector/event, /raw and /health on a listener of its own, as in splunkd.

Tokens are the stanzas [http://name] of inputs.conf, [http] switches the listener on (disabled = 0) and gives its
port. /event takes events as they are, with the time that they name; /raw goes through the parsing pipeline.
Answers carry the codes of "Troubleshoot HTTP Event Collector". Plain http, no acknowledgement, no indexed fields.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from werkzeug.wrappers import Request, Response

from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.parsing import Parsing

DEFAULT_PORT = 8088  # inputs.conf.spec, [http] port
_PREFIX = "http://"
_PLACE = ("host", "source", "sourcetype", "index")
_KNOWN_KEYS = frozenset({"time", "event", "fields", *_PLACE})

Names = Callable[[], set[str]]
Add = Callable[[Sequence[InputEvent]], None]


class _Refused(Exception):
    """An answer other than success. `number` is that of the event which is at fault."""

    def __init__(self, status: int, code: int, text: str, number: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body: dict[str, Any] = {"text": text, "code": code}
        if number is not None:
            self.body["invalid-event-number"] = number


@dataclass(frozen=True)
class _Token:
    """One stanza. `indexes` empty: any index."""

    place: Mapping[str, str]
    indexes: tuple[str, ...]
    auto_stamp: bool


class EventCollector:
    """A WSGI application that takes events for `add`."""

    def __init__(
        self, confs: ConfStore, parsing: Parsing, add: Add, names: Names, host: str, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._confs = confs
        self._parsing = parsing
        self._add = add
        self._names = names
        self._host = host

    def port(self) -> int | None:
        """Where to listen (0: any free port), None while inputs.conf does not switch the collector on."""
        settings = self._confs.merged("inputs").get("http", {})
        if _on(settings.get("disabled", "1")):
            return None
        return int(settings.get("port", DEFAULT_PORT))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        try:
            body = self._answer(request)
            return _json(body, 200)
        except _Refused as refusal:
            return _json(refusal.body, refusal.status)
        except sqlite3.Error:
            return _json({"text": "Server is busy", "code": 9}, 503)

    def _answer(self, request: Request) -> dict[str, Any]:
        path = request.path.rstrip("/")
        if path in ("/services/collector/health", "/services/collector/health/1.0") and request.method == "GET":
            return {"text": "HEC is healthy", "code": 17}
        handlers = {
            "/services/collector": self._events,
            "/services/collector/event": self._events,
            "/services/collector/event/1.0": self._events,
            "/services/collector/raw": self._raw,
            "/services/collector/raw/1.0": self._raw,
        }
        handler = handlers.get(path)
        if handler is None:
            raise _Refused(404, 404, "The requested URL was not found on this server.")
        if request.method != "POST":
            raise _Refused(405, 405, "Method Not Allowed")
        token = self._token(request)
        data = request.get_data()
        if not data.strip():
            raise _Refused(400, 5, "No data")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise _Refused(400, 6, "Invalid data format") from None
        events = handler(text, token, request)
        if not events:
            raise _Refused(400, 5, "No data")
        self._add(events)
        return {"text": "Success", "code": 0}

    def _token(self, request: Request) -> _Token:
        header = request.headers.get("Authorization", "")
        if not header:
            raise _Refused(401, 2, "Token is required")
        given = _token_text(header)
        for stanza, settings in self._confs.stanzas("inputs").items():
            if not stanza.startswith(_PREFIX) or not settings.get("token"):
                continue
            if not hmac.compare_digest(settings["token"].strip().encode(), given.encode()):
                continue
            if _on(settings.get("disabled", "0")):
                raise _Refused(403, 1, "Token disabled")
            if _on(settings.get("useACK", "0")):
                raise _Refused(400, 14, "ACK is disabled")
            indexes = tuple(name.strip() for name in settings.get("indexes", "").split(",") if name.strip())
            index = settings.get("index") or (indexes[0] if indexes else "main")
            name = stanza[len(_PREFIX) :]
            place = {
                "host": settings.get("host") or request.host.rsplit(":", 1)[0] or self._host,
                "source": settings.get("source") or f"http:{name}",
                "sourcetype": settings.get("sourcetype") or "httpevent",
                "index": "main" if index == "default" else index,
            }
            if place["host"] == "$decideOnStartup":
                place["host"] = self._host
            return _Token(place, indexes, _on(request.args.get("auto_extract_timestamp", "0")))
        raise _Refused(403, 4, "Invalid token")

    def _events(self, text: str, token: _Token, request: Request) -> list[InputEvent]:
        """JSON objects one behind the other, with or without white space between them."""
        decoder = json.JSONDecoder()
        found: list[InputEvent] = []
        position = 0
        while position < len(text):
            if text[position] in " \t\r\n":
                position += 1
                continue
            try:
                member, position = decoder.raw_decode(text, position)
            except ValueError:
                raise _Refused(400, 6, "Invalid data format", len(found)) from None
            found.append(self._event(member, len(found), token))
        return found

    def _event(self, member: Any, number: int, token: _Token) -> InputEvent:
        if not isinstance(member, dict):
            raise _Refused(400, 6, "Invalid data format", number)
        if "event" not in member:
            raise _Refused(400, 12, "Event field is required", number)
        event = member["event"]
        if event is None or event == "":
            raise _Refused(400, 13, "Event field cannot be blank", number)
        if member.get("fields") or set(member) - _KNOWN_KEYS:
            # Kept here they would be lost in silence: the stand-in's index has no indexed fields.
            raise _Refused(400, 15, "Error in handling indexed fields", number)
        place = {name: str(member[name]) if member.get(name) else token.place[name] for name in _PLACE}
        self._check_index(place["index"], token, number)
        return InputEvent(_text(event), self._time(member, token, number), **place)

    def _time(self, member: Mapping[str, Any], token: _Token, number: int) -> float | None:
        given = member.get("time")
        if given is None:
            # Without a time it is the moment of arrival: /event looks into the text only when asked to.
            return None if token.auto_stamp else self._clock()
        try:
            if isinstance(given, bool):
                raise ValueError
            return float(given)
        except (TypeError, ValueError):
            raise _Refused(400, 6, "Invalid data format", number) from None

    def _raw(self, text: str, token: _Token, request: Request) -> list[InputEvent]:
        given = request.args
        place = {name: given.get(name) or token.place[name] for name in _PLACE}
        self._check_index(place["index"], token, 0)
        pieces = self._parsing.break_up(
            text, sourcetype=place["sourcetype"], source=place["source"], host=place["host"]
        )
        return [InputEvent(piece, None, **place) for piece in pieces]

    def _check_index(self, index: str, token: _Token, number: int) -> None:
        if index not in self._names() or (token.indexes and index not in token.indexes):
            raise _Refused(400, 7, "Incorrect index", number)


def _token_text(header: str) -> str:
    """The token of `Splunk <token>`, or the password of Basic. Raises _Refused."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "splunk" and rest.strip():
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise _Refused(401, 3, "Invalid authorization")


def _text(event: Any) -> str:
    return event if isinstance(event, str) else json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _json(body: Mapping[str, Any], status: int) -> Response:
    response = Response(json.dumps(body), status, content_type="application/json; charset=UTF-8")
    response.headers["Connection"] = "close"
    return response


def _on(text: str | None) -> bool:
    return (text or "").strip().lower() in ("1", "true", "t", "yes")
