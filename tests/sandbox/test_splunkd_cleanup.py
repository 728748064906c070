"""A simulation without alert actions removes old rows as the app's own action does, and counts the others."""

from __future__ import annotations

import pytest

from sandbox.confs import AppConfs
from sandbox.splunkd.cleanup import CleanupAlone
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.saved_searches import read_saved_searches

pytestmark = pytest.mark.once

NOW = 1_709_566_140.0
HOUR = 3_600
SEARCHES = {one.name: one for one in read_saved_searches(AppConfs(repository_root()).conf("savedsearches"))}


def test_old_rows_go_and_the_other_actions_are_counted() -> None:
    engine = SplEngine(repository_root())
    ages = {
        "slack_audit_session_sightings": ("last", 6),
        "slack_audit_seen_networks": ("last", 45 * 24),
        "slack_audit_accounts": ("last", 400 * 24),
        "slack_audit_judged_entries": ("indexed_at", 45 * 24),
    }
    for name, (field, hours) in ages.items():
        table = engine.tables.table(engine.tables.definition(name))
        table.add({"_key": "old", field: NOW - hours * HOUR - 1})
        table.add({"_key": "young", field: NOW - hours * HOUR + 1})
        table.add({"_key": "ageless"})
    cleanup = CleanupAlone(engine.tables)
    search = SEARCHES["Slack - Old History - Lookup Cleanup"]
    rows = tuple(engine.run(search, NOW).rows)
    cleanup.run(search, FiredAlert(search.name, NOW, NOW, 4, True, rows, actions=search.action_names), 0)
    for name in ages:
        left = engine.tables.table(engine.tables.definition(name)).rows()
        assert [row["_key"] for row in left] == ["young", "ageless"], name
    assert cleanup.left_out == 0
    rule = SEARCHES["Slack - Owner Granted - Rule"]
    cleanup.run(rule, FiredAlert(rule.name, NOW, NOW, 6, False, ({},), actions=rule.action_names), 0)
    assert cleanup.left_out == len(rule.action_names) > 0
