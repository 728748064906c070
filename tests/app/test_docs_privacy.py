"""docs/privacy.md and the app agree: every collection, how long it is kept, and every address that is called."""

from __future__ import annotations

import re

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import search
from slack_audit_monitor.addresses import ENVIRONMENTS
from slack_audit_monitor.log import KEPT_FILES, ROTATE_BYTES
from slack_audit_monitor.prune_action import EVERYTHING_ELSE
from tests.app.doc_pages import ROOT, tables

pytestmark = pytest.mark.once

PAGE = ROOT / "docs" / "privacy.md"
CONFS = AppConfs(ROOT)


def told_days() -> dict[str, str]:
    return {
        name: cells[3] for cells in tables(PAGE, "Collection") for name in re.findall(r"`(slack_audit_\w+)`", cells[0])
    }


def kept_days() -> dict[str, str]:
    """Return collection -> days, as the shipped cleanup and the fields of the collections have it."""
    cleanup = CONFS.conf("savedsearches")["Slack - Old History - Lookup Cleanup"]["search"]
    rows = search(cleanup, [], now=1_772_366_400, earliest="-1m", latest="now").rows
    days = {str(row["collection"]): f"{float(row['days']):g}" for row in rows}
    kept = {}
    for name, stanza in CONFS.conf("collections").items():
        ages = "field.last" in stanza or name == "slack_audit_judged_entries"
        kept[name] = days.get(name, days[EVERYTHING_ELSE]) if ages else "never"
    return kept


def test_every_collection_with_its_days() -> None:
    assert told_days() == kept_days()


def test_every_host_of_slacks_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    called = {address.split("/")[2] for addresses in ENVIRONMENTS.values() for address in addresses}
    assert len(called) == 4
    assert not [host for host in called if f"`{host}`" not in text]


def test_the_size_of_the_log() -> None:
    told = re.search(r"(\w+) files of (\d+) MB at most", PAGE.read_text(encoding="utf-8"))
    assert told is not None
    assert told[1] == {6: "six"}[KEPT_FILES + 1] and int(told[2]) == ROTATE_BYTES // 1_000_000


def test_every_field_in_the_table_is_one_of_the_app() -> None:
    props = (ROOT / "default" / "props.conf").read_text(encoding="utf-8")
    named = {name for cells in tables(PAGE, "Data") for name in re.findall(r"`([a-z_]+)`", cells[2])}
    assert len(named) > 8
    assert not [name for name in named if not re.search(rf"\b{name}\b", props)]
