"""A small scripted Slack and a small splunkd for tests that start the input as a real process.

Both speak HTTP on loopback. They know the manuals' rules (newest first, inclusive bounds, cursor = position) and play
the faults that a test asks for; they know nothing of the collector.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

TOKEN = "xoxp-1111-2222-invented-for-tests"
#: A fault gets the running number of the call to /logs and its parameters; it returns None or an answer.
Fault = Callable[[int, "dict[str, str]"], "Answer | None"]


class Answer:
    """What the server sends instead of a page."""

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        cut_at: int | None = None,
        silent_seconds: float = 0.0,
    ) -> None:
        self.status, self.body, self.headers = status, body, headers or {}
        self.cut_at, self.silent_seconds = cut_at, silent_seconds


def problem(status: int, code: str, **headers: str) -> Answer:
    """Return a JSON error as Slack words it."""
    return Answer(
        status, json.dumps({"ok": False, "error": code}).encode(), {k.replace("_", "-"): v for k, v in headers.items()}
    )


class SlackDouble:
    """Audit entries behind /audit/v1/logs.

    Args:
        entries: dicts with id and date_create; `appears_at` (epoch) keeps one back until then.
        slack_now: the server's own clock, for the Date header and for `invalid_range`.
    """

    def __init__(self, entries: list[dict[str, Any]] | None = None, token: str = TOKEN, page_size: int = 9999) -> None:
        self.entries = entries or []
        self.raw: dict[str, str] = {}
        self.token = token
        self.page_size = page_size
        self.skew = 0.0
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.violations: list[str] = []
        self.fault: Fault = lambda number, params: None
        self.last_page_form = "empty"
        self.first_second = 0
        self.logs_calls = 0
        self.exchange: Callable[[dict[str, str]], dict[str, Any]] | None = None
        self.exchanges: list[dict[str, str]] = []
        self.auth_answer: bytes | None = None
        self.scopes = "identify,auditlogs:read"
        self.gate: threading.Event | None = None
        self._server = _start(self._handle)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def now(self) -> float:
        return time.time() + self.skew

    def logs_requests(self) -> list[dict[str, str]]:
        return [params for path, params in self.requests if path.endswith("/logs")]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        params = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.requests.append((parts.path, params))
        if parts.path == "/api/auth.test":
            good = handler.headers.get("Authorization") == f"Bearer {self.token}"
            body = (
                {"ok": True, "is_enterprise_install": True, "team_id": "E0TEST"}
                if good
                else {"ok": False, "error": "invalid_auth"}
            )
            self._send(
                handler, Answer(200, self.auth_answer or json.dumps(body).encode(), {"X-OAuth-Scopes": self.scopes})
            )
            return
        if parts.path == "/api/oauth.v2.access" and self.exchange is not None:
            length = int(handler.headers.get("Content-Length") or 0)
            form = {k: v[0] for k, v in parse_qs(handler.rfile.read(length).decode()).items()}
            if "Authorization" in handler.headers:
                self.violations.append("a token beside the refresh form")
            self.exchanges.append(form)
            self._send(handler, Answer(200, json.dumps(self.exchange(form)).encode()))
            return
        if parts.path != "/audit/v1/logs":
            self._send(handler, Answer(404, b"<html>not here</html>"))
            return
        self.logs_calls += 1
        if self.token and self.token in handler.path:
            self.violations.append("token in the address")
        if int(params.get("latest", 0)) > self.now():
            self.violations.append(f"latest {params['latest']} is in the future")
        answer = self.fault(self.logs_calls, params)
        if answer is None and handler.headers.get("Authorization") != f"Bearer {self.token}":
            answer = Answer(401)
        self._send(handler, answer or self.page(params))

    def page(self, params: dict[str, str]) -> Answer:
        """Return the page that the rules give for these parameters."""
        now = self.now()
        oldest, latest = int(params.get("oldest", 0)), int(params.get("latest", now))
        if oldest < self.first_second or latest > now:
            return problem(400, "invalid_range")
        found = sorted(
            (e for e in self.entries if oldest <= e["date_create"] <= latest and e.get("appears_at", 0) <= now),
            key=lambda e: (-e["date_create"], e["id"]),
        )
        if params.get("action"):
            found = [e for e in found if e["action"] in params["action"].split(",")]
        if "cursor" in params:
            try:
                after = json.loads(base64.b64decode(params["cursor"]))
            except ValueError:
                return problem(400, "invalid_cursor")
            found = [e for e in found if [-e["date_create"], e["id"]] > after]
        limit = min(int(params["limit"]), self.page_size)
        page, rest = found[:limit], found[limit:]
        cursor = (
            base64.b64encode(json.dumps([-page[-1]["date_create"], page[-1]["id"]]).encode()).decode() if rest else ""
        )
        return Answer(body=self.body(page, cursor))

    def body(self, page: list[dict[str, Any]], cursor: str) -> bytes:
        texts = [self.raw.get(e["id"]) or json.dumps({k: v for k, v in e.items() if k != "appears_at"}) for e in page]
        end = ', "response_metadata": ' + json.dumps({"next_cursor": cursor})
        if not cursor:
            end = {
                "empty": end,
                "absent": ', "response_metadata": {}',
                "null": ', "response_metadata": {"next_cursor": null}',
                "none": "",
            }[self.last_page_form]
        return ('{"entries": [' + ", ".join(texts) + "]" + end + "}").encode("utf-8", "surrogatepass")

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        if self.gate is not None:
            self.gate.wait(240)
        if answer.silent_seconds:
            time.sleep(answer.silent_seconds)
        handler.send_response_only(answer.status)
        if "Date" not in answer.headers:
            handler.send_header("Date", formatdate(self.now(), usegmt=True))
        handler.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body[: answer.cut_at])
        if answer.cut_at is not None:
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()


class SplunkdDouble:
    """storage/passwords and messages, as splunk-sdk reads them."""

    def __init__(self, secrets: dict[str, str] | None = None) -> None:
        self.secrets = secrets if secrets is not None else {"prod": TOKEN}
        self.messages: dict[str, str] = {}
        self.session_key = "invented-session-key"
        #: Told of each call about secrets before it is done: method, and name ("" for all of them).
        self.before: Callable[[str, str], None] = lambda method, name: None
        self._server = _start(self._handle)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        length = int(handler.headers.get("Content-Length") or 0)
        form = {k: v[0] for k, v in parse_qs(handler.rfile.read(length).decode()).items()}
        if handler.headers.get("Authorization") != f"Splunk {self.session_key}":
            self._answer(
                handler,
                401,
                "<response><messages><msg type='WARN'>call not properly authenticated</msg></messages></response>",
            )
        elif path.startswith("/services/messages"):
            self._messages(handler, path, form)
        elif path == "/servicesNS/nobody/slack_audit_monitor/storage/passwords" or path.startswith(
            "/servicesNS/nobody/slack_audit_monitor/storage/passwords/"
        ):
            of_one = path.rsplit("/", 1)[1].replace("%3A", ":").split(":")
            name = form.get("name") or (of_one[1] if len(of_one) > 1 else "")
            self.before(handler.command, name)
            if handler.command == "POST":
                self.secrets[name] = form["password"]
            elif handler.command == "DELETE":
                del self.secrets[name]
            self._answer(handler, 200, self._feed())
        else:
            self._answer(handler, 404, "<response><messages><msg type='ERROR'>Not Found</msg></messages></response>")

    def _messages(self, handler: BaseHTTPRequestHandler, path: str, form: dict[str, str]) -> None:
        if handler.command == "POST":
            self.messages[form["name"]] = form["value"]
        elif handler.command == "DELETE":
            if self.messages.pop(path.rsplit("/", 1)[1], None) is None:
                self._answer(handler, 404, "<response/>")
                return
        self._answer(handler, 200, "<response/>")

    def _feed(self) -> str:
        base = "/servicesNS/nobody/slack_audit_monitor/storage/passwords/"
        entries = "".join(
            f"<entry><title>slack_audit_monitor:{escape(name)}:</title>"
            f"<id>{self.url}{base}slack_audit_monitor%3A{escape(name)}%3A</id>"
            f'<link href="{base}slack_audit_monitor%3A{escape(name)}%3A" rel="alternate"/>'
            '<content type="text/xml"><s:dict>'
            f'<s:key name="clear_password">{escape(secret)}</s:key><s:key name="realm">slack_audit_monitor</s:key>'
            f'<s:key name="username">{escape(name)}</s:key></s:dict></content></entry>'
            for name, secret in self.secrets.items()
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
            f'xmlns:s="http://dev.splunk.com/ns/rest"><title>passwords</title>{entries}</feed>'
        )

    def _answer(self, handler: BaseHTTPRequestHandler, status: int, body: str) -> None:
        data = body.encode()
        handler.send_response_only(status)
        handler.send_header("Content-Type", "text/xml; charset=UTF-8")
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("Connection", "close")  # splunk-sdk reads an empty body without it
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own business."""


def _start(handle: Callable[[BaseHTTPRequestHandler], None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # otherwise each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            try:
                handle(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_POST = do_DELETE = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
