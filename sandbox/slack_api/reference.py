"""What `/actions` and `/schemas` answer.

The names are those that Slack lists; the list also tells which action filter Slack would refuse.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any

_ACTIONS = Path(__file__).parent / "data" / "actions.csv"

_SHAPES: dict[str, dict[str, str]] = {
    "workspace": {"id": "string", "name": "string", "domain": "string"},
    "enterprise": {"id": "string", "name": "string", "domain": "string"},
    "user": {"id": "string", "name": "string", "email": "string", "team": "string"},
    "file": {"id": "string", "name": "string", "filetype": "string", "title": "string"},
    "channel": {
        "id": "string",
        "name": "string",
        "privacy": "string",
        "is_shared": "bool",
        "is_org_shared": "bool",
        "teams_shared_with": "string[]",
    },
    "app": {
        "id": "string",
        "name": "string",
        "is_distributed": "bool",
        "is_directory_approved": "bool",
        "is_workflow_app": "bool",
        "scopes": "array",
        "bot_scopes": "array",
    },
    "workflow": {"id": "string", "name": "string"},
    "usergroup": {"id": "string", "name": "string"},
    "barrier": {"id": "string", "primary_usergroup": "string", "barriered_from_usergroup": "string"},
    "message": {"team": "string", "channel": "string", "timestamp": "string"},
    "role": {"id": "string", "name": "string", "type": "string"},
    "account_type_role": {"id": "string", "name": "string"},
    "canvas": {"id": "string", "filetype": "string", "title": "string"},
    "huddle": {"id": "string", "date_start": "int", "date_end": "int", "participants": "string[]"},
    "template": {"id": "string", "template_name": "string"},
    "legal_hold_policy": {"id": "string", "name": "string"},
}
_SECOND_APP_SHAPE = {
    "id": "string",
    "app_id": "string",
    "distribution_type": "string",
    "user_ids": "string[]",
}


@lru_cache(maxsize=1)
def _rows() -> list[dict[str, str]]:
    with _ACTIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def known_actions() -> frozenset[str]:
    """Every action name that has been public at any time."""
    return frozenset(row["action"] for row in _rows())


@lru_cache(maxsize=1)
def live_actions() -> frozenset[str]:
    """The names that `/actions` lists; a filter on another one is refused."""
    return frozenset(row["action"] for row in _rows() if row["live"] == "yes")


def actions_answer() -> dict[str, Any]:
    """Names by category. Some stand in two, as with Slack; there are no descriptions."""
    listed: dict[str, list[str]] = {}
    for row in _rows():
        if row["live"] == "yes":
            for category in row["api_category"].split("|"):
                listed.setdefault(category, []).append(row["action"])
    return {"actions": listed}


def schemas_answer() -> dict[str, Any]:
    """Shapes of entities; `app` is there twice with different members, as with Slack."""
    shapes = [{"type": kind, kind: members} for kind, members in _SHAPES.items()]
    shapes.append({"type": "app", "app": _SECOND_APP_SHAPE})
    return {"schemas": shapes}
