"""What the inventory of apps holds after entries in any order and any portions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import search
from tests.detections.kit.contract import APP_ROOT

pytestmark = pytest.mark.once

SPL = AppConfs(APP_ROOT).conf("savedsearches")["Slack - App Inventory - Lookup Gen"]["search"]
TABLE = "slack_audit_app_inventory"
NOW = 1_772_530_000
ANA = {"id": "W0ANA", "name": "Ana", "email": "Ana@corp.example"}
BO = {"id": "W0BO", "name": "Bo", "email": ""}

Entry = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]


def entry(number: int, action: str, who: Mapping[str, str], **members: Any) -> Entry:
    """The entry of second `number` of the story."""
    context = {"ip_address": "192.0.2.10", "location": {"type": "enterprise", "id": "E0EXAMPLE"}}
    return {
        "id": f"e{number}",
        "date_create": NOW - 3600 + number,
        "action": action,
        "actor": {"type": "user", "user": who},
        "entity": members.pop("entity"),
        "context": {**context, **members.pop("context", {})},
        **members,
    }


def app(**members: Any) -> Entry:
    return {"type": "app", "app": {"id": "A0NOTES", **members}}


def used_by(number: int, who: Mapping[str, str], name: str) -> Entry:
    file = {"type": "file", "file": {"id": "F01", "name": "x.pdf"}}
    return entry(number, "file_downloaded", who, entity=file, context={"app": {"id": "A0NOTES", "name": name}})


STORY = [
    entry(1, "app_installed", ANA, entity=app(name="Notes", scopes=["users:read"], bot_scopes=["chat:write"])),
    used_by(2, BO, "Notes"),
    entry(3, "app_approved", BO, entity=app(name="Notes")),
    entry(
        4,
        "app_scopes_expanded",
        BO,
        entity=app(name="Notes  Everywhere"),
        details={"previous_scopes": ["users:read"], "new_scopes": ["users:read", "files:read"]},
    ),
    used_by(5, ANA, "Notes  Everywhere"),
]


def kept(entries: Sequence[Entry], before: Rows | None = None) -> Rows:
    """The table after one run over these entries."""
    rows = {key: dict(row) for key, row in (before or {}).items()}
    result = search(
        SPL,
        [{"_time": one["date_create"], "_raw": json.dumps(one)} for one in entries],
        now=NOW,
        lookups={TABLE: list(rows.values())} if rows else {TABLE: [{"_key": "A0OTHER", "app_name": "Other"}]},
    )
    return {**rows, **{row["_key"]: dict(row) for row in result.rows}}


def test_one_app_from_installation_to_use() -> None:
    (row,) = kept(STORY).values()
    start = NOW - 3600
    assert {key: str(value) for key, value in row.items()} == {
        "_key": "A0NOTES",
        "app_name": "Notes  Everywhere",
        "name_key": "notes everywhere",
        "named_at": str(start + 5),
        "installs": f"{start + 1} W0ANA ana@corp.example;{start + 4} W0BO W0BO",
        "installer": "W0BO",
        "installed_by": "W0BO",
        "installed_at": str(start + 4),
        "scopes": "files:read users:read",
        "scopes_at": str(start + 4),
        "growth": f"{start + 4} W0BO files:read",
        "traits": f"{start + 1} bot",
        "approval": f"{start + 3} app_approved",
        "presence": f"{start + 1} app_installed",
        "sources": "slack_audit://prod",
        "first": str(start + 1),
        "latest": str(start + 5),
        "last_used": str(start + 5),
    }


WIDE = [
    entry(1, "app_installed", ANA, entity=app(name="Notes", is_directory_approved=False, is_distributed=True)),
    entry(2, "org_app_installed", ANA, entity=app(name="Notes", is_directory_approved=True)),
    entry(3, "app_restricted", BO, entity=app(name="Notes")),
    entry(4, "app_scopes_expanded", BO, entity=app(), details={"new_scopes": ["files:read"]}),
    entry(5, "app_scopes_expanded", BO, entity=app(), details={"new_scopes": ["a"], "previous_scopes": ["a", "b"]}),
    entry(6, "org_app_uninstalled", BO, entity=app(name="Notes")),
]


def test_what_a_review_asks_of_an_app() -> None:
    (row,) = kept(WIDE).values()
    start = NOW - 3600
    assert row["reach"] == f"{start + 6} org_app_uninstalled"
    assert row["presence"] == f"{start + 6} org_app_uninstalled"
    assert row["approval"] == f"{start + 3} app_restricted"
    assert row["traits"] == f"{start + 2} marketplace"
    assert row["growth"] == f"{start + 4} W0BO ?"  # the old list was not told; fewer scopes are no growth
    assert int(row["last"]) == int(row["latest"]) == start + 6  # gone: it may grow old


def test_what_acts_after_its_removal_is_not_gone() -> None:
    (row,) = kept([*WIDE, used_by(7, ANA, "Notes")]).values()
    assert "last" not in row


@pytest.mark.parametrize("portion", itertools.permutations(range(3)))
def test_the_newer_of_two_tales_stays_in_any_order(portion: tuple[int, ...]) -> None:
    parts = [WIDE[:2], WIDE[2:4], WIDE[4:]]
    rows: Rows = {}
    for number in portion:
        rows = kept(parts[number], rows)
    assert _texts(rows) == _texts(kept(WIDE))


@pytest.mark.parametrize("cut", range(1, len(STORY)))
@pytest.mark.parametrize("backwards", [False, True])
def test_portions_and_their_order_do_not_matter(cut: int, backwards: bool) -> None:
    portions = [STORY[:cut], STORY[cut:]]
    rows: Rows = {}
    for portion in reversed(portions) if backwards else portions:
        rows = kept(portion, rows)
    assert _texts(rows) == _texts(kept(STORY))


def test_copies_of_entries_do_not_matter() -> None:
    once = kept(STORY)
    for portion in itertools.permutations(STORY, 2):
        assert _texts(kept(portion, once)) == _texts(once)


def test_entries_that_name_no_app_leave_no_row() -> None:
    nameless = {"type": "app", "app": {"name": "No id"}}
    file = {"type": "file", "file": {"id": "F01", "name": "app"}}
    entries = [
        entry(1, "app_installed", ANA, entity=nameless),
        entry(2, "file_downloaded", ANA, entity=file, context={"app": None}),
        entry(3, "file_downloaded", ANA, entity=file),
    ]
    assert kept(entries) == {}


def _texts(rows: Rows) -> dict[str, dict[str, str]]:
    return {key: {name: str(value) for name, value in row.items()} for key, row in rows.items()}
