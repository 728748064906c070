"""The HTTP server in front of the simulator: loopback only, one thread a connection.

Knows HTTP, paths, tokens, rate limit and the delivery of faults. The standard library's server is used
because resets in mid-body and silence need the raw socket.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from . import control, faults
from .faults import Answer, Fault
from .reference import actions_answer, schemas_answer

if TYPE_CHECKING:
    from .simulator import SlackSimulator

LOGS = "/audit/v1/logs"


class Server(ThreadingHTTPServer):
    """Carries the simulator to the handlers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, simulator: SlackSimulator) -> None:
        self.simulator = simulator
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own business; there is nobody to tell."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Calls go to the call log; stderr is for troubles."""

    def _serve(self) -> None:
        slack = self.server.simulator
        parts = urlsplit(self.path)
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith("/sandbox/"):
            self._deliver(control.answer(slack, self.command, parts.path, body), None)
            return
        impolite = parts.path == LOGS and slack.limit.is_blocked
        answer, fault, problem = self._answer(parts.path, parameters, body)
        shown = {name: value for name, value in parameters.items() if name != "token"}
        slack.call_log.add(
            method=self.command,
            path=parts.path,
            parameters=shown,
            status=answer.status,
            at=slack.clock.now(),
            entries=answer.entries,
            body_bytes=len(answer.body),
            fault=fault.name if fault else "",
            impolite=impolite,
            token_problem=problem,
        )
        self._deliver(answer, fault)

    def _answer(self, path: str, parameters: dict[str, str], body: bytes) -> tuple[Answer, Fault | None, str]:
        slack = self.server.simulator
        if path == LOGS:
            return self._answer_logs(parameters)
        if path == "/audit/v1/actions":
            return Answer.json(200, actions_answer()), None, ""
        if path == "/audit/v1/schemas":
            return Answer.json(200, schemas_answer()), None, ""
        if path.startswith("/audit/"):
            return Answer.error(404, "bad_endpoint"), None, ""
        if path == "/api/auth.test":
            return self._answer_auth_test()
        if path in ("/api/oauth.v2.access", "/api/oauth.v2.exchange"):
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            return Answer.json(200, slack.tokens.exchange(form)), None, ""
        return Answer(200, faults.HTML, {"Content-Type": "text/html; charset=utf-8"}), None, ""

    def _answer_logs(self, parameters: dict[str, str]) -> tuple[Answer, Fault | None, str]:
        slack = self.server.simulator
        if self.command != "GET":
            return Answer.error(405, "method_not_allowed"), None, ""
        standing = slack.tokens.check(self.headers.get("Authorization"))
        if standing.status != 200:
            return Answer.error(standing.status, standing.code), None, standing.problem
        wait_seconds = slack.limit.take()
        if wait_seconds:
            return Answer.error(429, "rate_limited", Retry_After=str(wait_seconds)), None, ""
        fault = slack.schedule.choose("cursor" in parameters)
        if fault is not None and fault.retry_after_seconds:
            slack.limit.block(fault.retry_after_seconds)
        if fault is not None and fault.instead is not None:
            return fault.instead, fault, ""
        return slack.logs_answer(parameters, fault.shape if fault else faults.Shape()), fault, ""

    def _answer_auth_test(self) -> tuple[Answer, Fault | None, str]:
        slack = self.server.simulator
        standing = slack.tokens.check(self.headers.get("Authorization"))
        word = {401: "invalid_auth"}.get(standing.status, standing.code)
        if standing.problem in ("expired", "no token"):
            word = {"expired": "token_expired", "no token": "not_authed"}[standing.problem]
        if standing.problem in ("revoked", "inactive"):
            word = {"revoked": "token_revoked", "inactive": "account_inactive"}[standing.problem]
        # A token that only the audit API refuses is a good token for the Web API.
        if standing.status == 200 or standing.problem in (
            "not_owner",
            "workspace_install",
            "no_scope",
            "no_plan",
        ):
            identity = slack.identity(org_install=standing.problem != "workspace_install")
            scopes = ",".join(() if standing.problem == "no_scope" else standing.scopes)
            return Answer.json(200, identity, X_OAuth_Scopes=scopes), None, standing.problem
        return Answer.error(200, word), None, standing.problem

    def _deliver(self, answer: Answer, fault: Fault | None) -> None:
        delivery = fault.delivery if fault else faults.Delivery()
        body = answer.body
        if delivery.how in ("silent", "slow"):
            self.server.stopping.wait(delivery.seconds)
            if delivery.how == "silent":
                self.close_connection = True
                return
        if delivery.how == "cut":
            body = body[: max(1, int(len(body) * delivery.share))]
        head = self._head(answer, len(body))
        if delivery.how in ("reset", "close"):
            self._break(head + body[: int(len(body) * delivery.share)], hard=delivery.how == "reset")
            return
        self.wfile.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            self.wfile.write(body)

    def _head(self, answer: Answer, length: int) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Unknown',))[0]}",
            f"Date: {formatdate(self.server.simulator.clock.now(), usegmt=True)}",
            "Server: Apache",
        ]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {length}", "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _break(self, sent: bytes, *, hard: bool) -> None:
        self.wfile.write(sent)
        self.close_connection = True
        if hard:
            # Let what was sent arrive first: a reset throws away what the client has not read yet.
            time.sleep(0.01)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
