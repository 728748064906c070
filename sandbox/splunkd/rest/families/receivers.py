"""receivers/simple and receivers/stream: data in the body of a request, through the parsing pipeline into an index.

props.conf says where an event ends and where its time stands. `simple` answers when all of its
body is stored; `stream` stores what comes until the caller closes.
"""

from __future__ import annotations

import codecs
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from werkzeug.wrappers import Response

from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.parsing import Parsing
from sandbox.splunkd.rest.answers import RestError, json_response, xml_response
from sandbox.splunkd.rest.routing import Call, Endpoint

_CHUNK_BYTES = 256 * 1024


class ReceiverEndpoints:
    """What takes events over REST. `names` gives the indexes that exist."""

    def __init__(
        self,
        add: Callable[[Sequence[InputEvent]], None],
        names: Callable[[], set[str]],
        host: str,
        parsing: Parsing,
    ) -> None:
        self._add = add
        self._names = names
        self._host = host
        self._parsing = parsing

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("receivers/simple", ["POST"], self._simple),
            Endpoint("receivers/stream", ["POST"], self._stream),
        ]

    def _place(self, call: Call) -> dict[str, str]:
        given = call.query
        index = given.get("index", "main")
        if index not in self._names():
            raise RestError(400, f"supplied index '{index[:80]}' missing")
        return {
            "host": given.get("host") or call.address or self._host,
            "source": given.get("source", "www"),
            "sourcetype": given.get("sourcetype", "web_input"),
            "index": index,
        }

    def _simple(self, call: Call) -> Response:
        place = self._place(call)
        try:
            text = call.body.decode("utf-8")
        except UnicodeDecodeError:
            raise RestError(400, "The body is not UTF-8.") from None
        events = self._parsing.break_up(text, **_kind(place))
        if not events:
            raise RestError(400, "No data: the body holds no event.")
        self._store(events, place)
        found = {
            "_index": place["index"],
            "bytes": str(len(call.body)),
            **{name: place[name] for name in ("host", "source", "sourcetype")},
        }
        if call.output_mode == "json":
            return json_response(found)
        root = ElementTree.Element("response")
        result = ElementTree.SubElement(ElementTree.SubElement(root, "results"), "result")
        for name, value in found.items():
            field = ElementTree.SubElement(result, "field", {"k": name})
            ElementTree.SubElement(ElementTree.SubElement(field, "value"), "text").text = value
        return xml_response(root)

    def _stream(self, call: Call) -> Response:
        """Events are stored as their ends are seen; what the caller leaves without an end is an event, too."""
        place = self._place(call)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""
        for chunk in _chunks(call):
            *events, rest = self._parsing.pieces(rest + decoder.decode(chunk), **_kind(place))
            self._store([event for event in events if event.strip()], place)
        rest += decoder.decode(b"", final=True)
        self._store(self._parsing.break_up(rest, **_kind(place)), place)
        return Response("", 204)

    def _store(self, events: Sequence[str], place: Mapping[str, str]) -> None:
        if not events:
            return
        try:
            self._add([InputEvent(event, None, **place) for event in events])
        except sqlite3.Error as error:
            raise RestError(503, f"The index takes no events now: {error}.") from None


def _kind(place: Mapping[str, str]) -> dict[str, str]:
    return {name: place[name] for name in ("sourcetype", "source", "host")}


def _chunks(call: Call) -> Iterator[bytes]:
    """The body as it comes."""
    if call.stream is None:
        yield call.body
        return
    read: Any = getattr(call.stream, "read1", call.stream.read)
    while True:
        try:
            chunk = read(_CHUNK_BYTES)
        except OSError:
            return  # the caller is gone; what it sent is stored
        if not chunk:
            return
        yield chunk
