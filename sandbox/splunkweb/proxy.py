"""Calls of a page to `/<locale>/splunkd/__raw/...`, passed on to splunkd with the session key of who is signed in."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from sandbox.splunkweb.browser_sessions import BrowserSessions, Session
from sandbox.splunkweb.exposed import OTHER_METHOD, UNKNOWN, Exposed

_PATIENCE_SECONDS = 300.0  # web.conf has 30; a search of the stand-in may take longer on a busy machine
FORM = "application/x-www-form-urlencoded"
_CHANGING = ("POST", "PUT", "DELETE")


class Proxy:
    """What lies behind `__raw`."""

    def __init__(self, splunkd: str, exposed: Exposed, sessions: BrowserSessions) -> None:
        address = urlsplit(splunkd)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 8089
        self._exposed = exposed
        self._sessions = sessions

    def answer(self, request: Request, session: Session | None, path: str) -> Response:
        """`path` is what stands behind `__raw`, as it was sent, without the query."""
        endpoint = _behind_namespace(path)
        verdict = UNKNOWN if endpoint is None else self._exposed.verdict(request.method, endpoint)
        if verdict == UNKNOWN:
            return refusal(404, f"Splunk Web does not expose {path}. web.conf can: [expose:<name>], pattern, methods.")
        if verdict == OTHER_METHOD:
            return refusal(405, f"Splunk Web does not expose {path} for {request.method}.")
        if session is None:
            return refusal(401, "call not properly authenticated")
        if request.method in _CHANGING and not self._sessions.vouched(request, session):
            return refusal(401, "Splunk cannot authenticate the request. CSRF validation failed.")
        return self._passed_on(request, session, path)

    def _passed_on(self, request: Request, session: Session, path: str) -> Response:
        query = request.query_string.decode("latin-1")
        headers = {"Authorization": f"Splunk {session.key}"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        return self.ask(request.method, f"{path}?{query}" if query else path, request.get_data(), headers)

    def ask(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """What splunkd answers. It is on this machine: no proxy of the environment comes between."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, target, body, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            said = answer.read()
        except (http.client.InvalidURL, UnicodeError):
            return refusal(400, "The address holds a character that must be encoded.")
        except OSError as error:
            return refusal(503, f"The connection to splunkd failed: {error}")
        finally:
            connection.close()
        kind = answer.headers.get("Content-Type", "text/plain; charset=UTF-8")
        return Response(said, answer.status, content_type=kind, headers={"Cache-Control": "no-store"})


def refusal(status: int, sentence: str) -> Response:
    """In the form that splunkd's own refusals have."""
    said = json.dumps({"messages": [{"type": "ERROR", "text": sentence}]})
    return Response(said, status, content_type="application/json; charset=UTF-8")


def _behind_namespace(path: str) -> str | None:
    """`storage/passwords` of `/servicesNS/nobody/app/storage/passwords`; None for another path."""
    parts = path.strip("/").split("/")
    if parts[0] == "services":
        return "/".join(parts[1:])
    if parts[0] == "servicesNS" and len(parts) > 3:
        return "/".join(parts[3:])
    return None
