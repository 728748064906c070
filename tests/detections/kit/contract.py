"""Slack's side of the bargain, as the repository holds it: action names and the shape of a page.

Reads the shipped action list and the page contract; both are data of the product, so a scenario
cannot use a name or a shape that the product does not know. Knows no detection.
"""

from __future__ import annotations

import csv
import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema

from .problems import ScenarioError

APP_ROOT = Path(__file__).resolve().parents[3]
_ACTIONS = APP_ROOT / "lookups" / "slack_audit_actions.csv"
_PAGE_SCHEMA = APP_ROOT / "bin" / "slack_audit_monitor" / "logs_page.schema.json"
_UUID = re.compile(r'"id": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"')


class ActionList:
    """Slack's action names and the type of entity each one acts on."""

    def __init__(self, path: Path = _ACTIONS) -> None:
        with path.open(encoding="utf-8", newline="") as lines:
            self._types = {row["slack_action"]: row["entity_type"] for row in csv.DictReader(lines)}
        if not self._types:
            raise ScenarioError(f"{path.name} lists no action")

    def __contains__(self, action: object) -> bool:
        return action in self._types

    def entity_type(self, action: str) -> str:
        """`user`, `app`, `workspace|enterprise` …; "?" when no source tells."""
        return self._types.get(action) or "?"

    def hint(self, action: str) -> str:
        """`; did you mean …?`, or nothing."""
        near = difflib.get_close_matches(action, self._types, 1)
        return f"; did you mean {near[0]}?" if near else ""


class Contract:
    """The JSON Schema of one entry of a page."""

    def __init__(self, path: Path = _PAGE_SCHEMA) -> None:
        page = json.loads(path.read_text(encoding="utf-8"))
        entry = {**page["definitions"]["entry"], "definitions": page["definitions"]}
        self._validator = jsonschema.Draft7Validator(entry)
        # A scenario's history comes again with each of its cases, but for its ids.
        self._known: dict[str, str | None] = {}

    def complaint(self, entry: Mapping[str, Any]) -> str | None:
        """What is wrong with the entry, the deepest fault first; None when it keeps the contract."""
        text = _UUID.sub('"id": "a UUID"', json.dumps(entry))
        if text not in self._known:
            self._known[text] = self._fault(entry)
        return self._known[text]

    def _fault(self, entry: Mapping[str, Any]) -> str | None:
        fault = jsonschema.exceptions.best_match(self._validator.iter_errors(entry))
        if fault is None:
            return None
        return f"{'.'.join(str(step) for step in fault.absolute_path) or 'entry'}: {fault.message}"
