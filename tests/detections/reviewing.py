"""What the tests of reviews share: entries of Slack as the inventories read them, and a run that keeps a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.confs import AppConfs
from sandbox.spl import search
from sandbox.spl.switches import DEFAULT, Switches
from tests.detections.kit.contract import APP_ROOT

SAVED = AppConfs(APP_ROOT).conf("savedsearches")
NOW = 1_772_530_000
DAY = 86_400
PROD = "slack_audit://prod"

Entry = Mapping[str, Any]
Row = dict[str, Any]
Rows = dict[str, Row]


def person(account: str, email: str = "", team: str = "T0OURS", **more: Any) -> dict[str, Any]:
    """A user as Slack writes one."""
    return {"id": account, "name": account.lower(), "email": email, "team": team, **more}


def entry(
    at: float, action: str, who: Mapping[str, Any], entity: Mapping[str, Any], *, place: str = "T0OURS", **members: Any
) -> Entry:
    """An entry of the audit log; its id is made of its content, so that copies are copies."""
    context = {"ip_address": "192.0.2.10", "location": {"type": "workspace", "id": place}, **members.pop("context", {})}
    content = {"date_create": int(at), "action": action, "actor": {"type": "user", "user": dict(who)}, "entity": entity}
    whole = {**content, "context": context, **members}
    return {"id": f"e-{abs(hash(json.dumps(whole, sort_keys=True)))}", **whole}


def user(whom: Mapping[str, Any]) -> dict[str, Any]:
    """A user as the thing acted on."""
    return {"type": "user", "user": dict(whom)}


def channel(number: str, name: str, **more: Any) -> dict[str, Any]:
    """A channel as the thing acted on."""
    return {"type": "channel", "channel": {"id": number, "name": name, **more}}


def learn(
    title: str, table: str, entries: Sequence[Entry], before: Rows | None = None, switches: Switches = DEFAULT
) -> Rows:
    """Return the table after one run of a Lookup Gen over these entries."""
    rows = {key: dict(row) for key, row in (before or {}).items()}
    result = search(
        SAVED[f"Slack - {title} - Lookup Gen"]["search"],
        [{"_time": one["date_create"], "_raw": json.dumps(one), "source": PROD} for one in entries],
        now=NOW,
        lookups={table: list(rows.values())} if rows else {},
        switches=switches,
    )
    return {row["_key"]: dict(row) for row in result.lookups.get(table, ())}


def texts(rows: Rows) -> dict[str, dict[str, str]]:
    """Rows with every value as text, for a comparison that does not ask how a number is kept."""
    return {key: {name: str(value) for name, value in row.items()} for key, row in rows.items()}
