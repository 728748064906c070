"""Members of a search head cluster: one splunkd each, and one key-value store for all of them.

The rows are kept by the sandbox's store, whose rules (an existing `_key` is refused, MongoDB's query words) have
tests of their own.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from slack_double import SplunkdDouble

from sandbox.splunkd.kvstore import KeyExists, KvStore

COLLECTION = "slack_audit_checkpoints"
DATA = f"/servicesNS/nobody/slack_audit_monitor/storage/collections/data/{COLLECTION}"
NOT_READY = {"messages": [{"type": "ERROR", "text": "KV Store initialization has not completed yet."}]}


class SharedStore:
    """What all members see.

    Attributes:
        fault: gets method and path of a call; a status to answer with, or None.
        calls: method, path and size of the body of each call.
    """

    def __init__(self) -> None:
        self.rows = KvStore(None, "slack_audit_monitor", {COLLECTION: {}})
        self.fault: Callable[[str, str], int | None] = lambda method, path: None
        self.calls: list[tuple[str, str, int]] = []
        self.largest_row = 0
        self._lock = threading.Lock()

    def all(self, kind: str | None = None) -> list[dict[str, Any]]:
        return self.rows.query(COLLECTION, {} if kind is None else {"kind": kind})

    def put(self, row: dict[str, Any]) -> None:
        self.rows.save(COLLECTION, row)

    def remove(self, key: str) -> None:
        self.rows.delete(COLLECTION, {"_key": key})

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        with self._lock:
            self.calls.append((method, path, len(body)))
            status = self.fault(method, path)
            if status is not None:
                return status, NOT_READY
            rest = path[len(DATA) :].lstrip("/")
            if method == "POST":
                told = json.loads(body)
                for row in told if isinstance(told, list) else [told]:
                    self.largest_row = max(self.largest_row, len(json.dumps(row)))
                if rest == "batch_save":
                    return 200, [self.rows.save(COLLECTION, row) for row in told]
                try:
                    return 201, {"_key": self.rows.insert(COLLECTION, told)}
                except KeyExists as problem:
                    return 409, {"messages": [{"type": "ERROR", "text": str(problem)}]}
            wanted = {"_key": rest} if rest else json.loads(query.get("query", "{}"))
            found = self.rows.query(COLLECTION, wanted)
            if rest and not found:
                return 404, {"messages": [{"type": "ERROR", "text": f"Could not find object id={rest}"}]}
            if method == "DELETE":
                self.rows.delete(COLLECTION, wanted)
                return 200, {}
            return 200, found[0] if rest else found


class MemberDouble(SplunkdDouble):
    """The splunkd of one member."""

    def __init__(self, store: SharedStore, number: int, roles: tuple[str, ...] = ("search_head", "shc_member")) -> None:
        self.store, self.number, self.roles = store, number, roles
        super().__init__()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        if parts.path == "/services/server/info":
            info = {
                "serverName": f"sh{self.number}",
                "guid": f"{self.number:08d}-0000-4000-8000-000000000000",
                "server_roles": list(self.roles),
            }
            self._json(handler, 200, {"entry": [{"name": "server-info", "content": info}]})
        elif parts.path.startswith(DATA):
            body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            if handler.headers.get("Authorization") != f"Splunk {self.session_key}":
                self._json(handler, 401, {"messages": [{"type": "WARN", "text": "call not properly authenticated"}]})
                return
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._json(handler, *self.store.answer(handler.command, parts.path, query, body))
        else:
            super()._handle(handler)

    def _json(self, handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        handler.send_response_only(status)
        handler.send_header("Content-Type", "application/json; charset=UTF-8")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
