"""A likeness of the Slack Add-on for Splunk (Splunkbase 4986), written for tests of taking over from it.

How it behaves is known from its published source: it asks from its position on, newest first, page by page of 200
without any budget, leaves out the second of its position and everything older, and saves the newest second after each
page, beside a row that says where the unfinished walk began.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from slack_double import SplunkdDouble

from sandbox.spl import search

APP = "TA-slack-add-on-for-splunk"
COLLECTION = f"{APP}_checkpointer"
SOURCE = "slack_audit_logs"
DATA = f"/servicesNS/nobody/{APP}/storage/collections/data/{COLLECTION}/"


class AddOn:
    """One input of the add-on: its settings, its rows in the KV store, and what it has indexed."""

    def __init__(self, slack: Any, name: str = "old") -> None:
        self.slack, self.name = slack, name
        self.settings: dict[str, Any] = {
            "start_time": "2020-01-01 00:00:00",
            "index": "slack_audit",
            "disabled": False,
            "interval": "60",
        }
        self.rows: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.calls = 0

    @property
    def position(self) -> int:
        return int(self.rows.get(f"{self.name}_last_date", 1_577_836_800))

    def poll(self, dies_after_pages: int | None = None) -> None:
        """One run; it may die after so many pages."""
        unfinished = self.rows.get(f"{self.name}_last_recorded_successful_state")
        began = json.loads(unfinished)["epoch_time"] if unfinished else self.position
        newest, cursor, pages = max(self.position, began), "", 0
        while True:
            query = {"oldest": str(began), "limit": "200", **({"cursor": cursor} if cursor else {})}
            answer = requests.get(
                f"{self.slack.url}/audit/v1/logs",
                params=query,
                headers={"Authorization": f"Bearer {self.slack.token}"},
                timeout=60,
            )
            self.calls += 1
            answer.raise_for_status()
            page = answer.json()
            for entry in page["entries"]:
                if entry["date_create"] > began:
                    newest = max(newest, entry["date_create"])
                    self.events.append(event_of(json.dumps(entry), SOURCE))
            self.rows[f"{self.name}_last_date"] = newest
            cursor, pages = page["response_metadata"]["next_cursor"], pages + 1
            self.rows[f"{self.name}_last_recorded_successful_state"] = json.dumps(
                {"epoch_time": began, "next_cursor": cursor, "max_auditDateTime": newest}
            )
            if not cursor:
                del self.rows[f"{self.name}_last_recorded_successful_state"]
                return
            if pages == dies_after_pages:
                return


def event_of(raw: str, source: str) -> dict[str, Any]:
    """An entry as it stands in the index."""
    second = json.loads(raw)["date_create"]
    return {"_raw": raw, "_time": second, "source": source, "sourcetype": "slack:audit", "index": "slack_audit"}


class SplunkdWithAddOn(SplunkdDouble):
    """The splunkd of a host where both are installed; its searches are run by the sandbox's engine.

    Attributes:
        can_search: whether the index is to be searched from here, which it is not from most heavy forwarders.
        searches: texts of the searches that were asked for.
    """

    def __init__(self, add_on: AddOn | None) -> None:
        self.add_on = add_on
        self.can_search = True
        self.searches: list[str] = []
        super().__init__()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        if path == "/servicesNS/-/-/data/inputs/slack_audit_logs":
            self._inputs(handler)
        elif self.add_on is not None and path == f"/servicesNS/nobody/{APP}/storage/collections/config":
            names = [COLLECTION, "something_else"]
            self._json(handler, 200, {"entry": [{"name": name, "acl": {"app": APP}, "content": {}} for name in names]})
        elif self.add_on is not None and path.startswith(DATA):
            key = unquote(path[len(DATA) :])
            if key in self.add_on.rows:
                self._json(handler, 200, {"_key": key, "state": json.dumps(self.add_on.rows[key])})
            else:
                self._json(handler, 404, {"messages": [{"type": "ERROR", "text": "Could not find object."}]})
        elif path == "/servicesNS/nobody/slack_audit_monitor/search/v2/jobs/export":
            self._search(handler)
        else:
            super()._handle(handler)

    def _inputs(self, handler: BaseHTTPRequestHandler) -> None:
        if self.add_on is None:
            self._json(handler, 404, {"messages": [{"type": "ERROR", "text": "Not Found"}]})
            return
        entry = {"name": self.add_on.name, "acl": {"app": APP}, "content": self.add_on.settings}
        self._json(handler, 200, {"entry": [entry]})

    def _search(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.searches.append(form["search"])
        events = self.add_on.events if self.add_on is not None and self.can_search else []
        rows = search(form["search"], events, now=self._now(), earliest=int(form["earliest_time"])).rows
        text = "second,slack_event_id\n" + "".join(f"{row['second']},{row['slack_event_id']}\n" for row in rows)
        self._send(handler, 200, "text/csv", text.encode())

    def _now(self) -> float:
        return float(self.add_on.slack.now()) if self.add_on is not None else 0.0

    def _json(self, handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        self._send(handler, status, "application/json", json.dumps(body).encode())

    def _send(self, handler: BaseHTTPRequestHandler, status: int, kind: str, data: bytes) -> None:
        handler.send_response_only(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
