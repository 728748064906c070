"""messages: the bulletin board that Splunk Web shows in its message bar."""

from __future__ import annotations

import threading

from werkzeug.wrappers import Response

from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint

_SEVERITIES = ("info", "warn", "error")


class Messages:
    """Messages by name; one of the same name replaces the one before."""

    def __init__(self) -> None:
        self._posted: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def posted(self) -> dict[str, dict[str, str]]:
        """Name -> {message, severity}, for those who run the stand-in."""
        with self._lock:
            return {name: dict(content) for name, content in self._posted.items()}

    def post(self, name: str, severity: str, text: str) -> None:
        """What splunkd itself has to say; an empty text takes the message back."""
        with self._lock:
            if text:
                self._posted[name] = {"message": text, "severity": severity}
            else:
                self._posted.pop(name, None)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("messages", ["GET"], self._list),
            Endpoint("messages", ["POST"], self._create),
            Endpoint("messages/<path:name>", ["GET"], self._read),
            Endpoint("messages/<path:name>", ["DELETE"], self._delete),
        ]

    def _entries(self) -> list[Entry]:
        return [
            Entry(name, {**content, name: content["message"]}, sharing="system")
            for name, content in sorted(self._posted.items())
        ]

    def _list(self, call: Call) -> Response:
        with self._lock:
            return feed_response(page_of(self._entries(), "messages", call.arguments), call.output_mode)

    def _create(self, call: Call) -> Response:
        name, value = call.arguments.get("name", ""), call.arguments.get("value", "")
        severity = call.arguments.get("severity", "info")
        if not name or not value:
            raise RestError(400, "The following required arguments are missing: name, value.")
        if severity not in _SEVERITIES:
            raise RestError(400, f"severity must be one of {', '.join(_SEVERITIES)}, found '{severity[:40]}'.")
        with self._lock:
            self._posted[name] = {"message": value, "severity": severity}
            entries = [entry for entry in self._entries() if entry.name == name]
        return feed_response(Feed("messages", entries), call.output_mode, 201)

    def _read(self, call: Call, name: str) -> Response:
        with self._lock:
            entries = [entry for entry in self._entries() if entry.name == name]
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed("messages", entries), call.output_mode)

    def _delete(self, call: Call, name: str) -> Response:
        with self._lock:
            if self._posted.pop(name, None) is None:
                raise RestError(404, f"Could not find object id={name}")
            return feed_response(Feed("messages", self._entries()), call.output_mode)
