"""A review from the entry to the reminder: inventory, REST row, schedule, triggered alert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.inputs import InputEvent
from tests.sandbox import stand_app

pytestmark = pytest.mark.once

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC, a Monday
DAY = 86_400
REMINDER = "Slack - App Reviews Due - Report"


def installed(app: str, at: int) -> InputEvent:
    ada = {"type": "user", "user": {"id": "W0ADA", "email": "ada@corp.example"}}
    entity = {"type": "app", "app": {"id": app, "name": f"App {app}", "scopes": ["admin.users:write"]}}
    entry = {"id": f"entry-{app}", "date_create": at, "action": "app_installed", "actor": ada, "entity": entity}
    return InputEvent(json.dumps(entry), None, "h", "slack_audit://prod", "slack:audit", "slack_audit")


def test_from_an_installation_to_a_review_that_is_due(tmp_path: Path) -> None:
    clock = {"now": float(NOON)}
    splunkd = Splunkd.open(
        tmp_path, repository_root(), clock=lambda: clock["now"], arrival=lambda at, raw: clock["now"]
    )
    try:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        splunkd.index.add([installed("A01", NOON - DAY), installed("A02", NOON - DAY)])
        job = service.saved_searches["Slack - App Inventory - Lookup Backfill"].dispatch()
        while not job.is_done():
            pass
        row = {"app_id": "A01", "reviewed_at": "2024-03-04", "reviewer": "ada", "verdict": "keep", "due": "2024-03-31"}
        service.kvstore["slack_audit_app_reviews"].data.insert(json.dumps(row))
        splunkd.conf_store.write("savedsearches", REMINDER, {"disabled": "0"})
        splunkd.scheduler.tick(clock["now"])
        assert _reminded(splunkd, clock, 1) == ["A02"]  # nobody looked at it yet
        row = {**row, "app_id": "A02", "due": ""}
        service.kvstore["slack_audit_app_reviews"].data.insert(json.dumps(row))
        assert _reminded(splunkd, clock, 2) == []
        assert _reminded(splunkd, clock, 4) == ["A01"]  # its own date has come
    finally:
        splunkd.close()


def _reminded(splunkd: Splunkd, clock: dict[str, float], weeks: int) -> list[Any]:
    """Let that Monday morning come; return the apps of the alert that it triggered."""
    clock["now"] = float(NOON + weeks * 7 * DAY - 5 * 3600)
    splunkd.scheduler.tick(clock["now"])
    fired = [alert for alert in splunkd.state.fired_at(clock["now"]) if clock["now"] - alert.triggered_at < 3600]
    assert all(alert.search == REMINDER and alert.digest for alert in fired)
    return [row["entity"] for alert in fired for row in alert.results]
