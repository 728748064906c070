"""The dashboards of reviews on inventories that hold something: what their tiles count and their tables show."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox import spl
from sandbox.confs import AppConfs
from sandbox.spl.knowledge import Knowledge
from tests.app import view_data
from tools.views import read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = Knowledge.load(ROOT)
VIEWS = {view.name: view for view in read_views(ROOT) if view.name in ("apps", "outside_parties")}
SAVED = AppConfs(ROOT).conf("savedsearches")
KEPT = {
    "Accounts": "slack_audit_accounts",
    "App Inventory": "slack_audit_app_inventory",
    "Guest Inventory": "slack_audit_guest_inventory",
    "Outside Organisations": "slack_audit_outside_organisations",
}


@cache
def events(hostile: bool) -> list[Any]:
    """The entries of the test of views, and what was shared outside, which is rare."""
    found = view_data.hostile_entries() if hostile else view_data.entries()
    known = {one["id"] for one in found}
    outside = [one for one in view_data.organisation().entries if (one.get("details") or {}).get("is_ext_shared")]
    found = [*found, *(one for one in outside if one["id"] not in known)]
    return [{"_raw": json.dumps(one), "_time": one["date_create"], "source": view_data.SOURCE} for one in found]


@cache
def inventories(hostile: bool) -> dict[str, list[dict[str, Any]]]:
    """What the Backfills make of the entries of the test of views."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for name, table in KEPT.items():
        search = SAVED[f"Slack - {name} - Lookup Backfill"]["search"]
        tables[table] = spl.search(search, events(hostile), now=view_data.now(), app=APP).lookups[table]
    return tables


def rows(view: str, source: str, *, hostile: bool = False, filled: bool = True, **tokens: str) -> list[dict[str, Any]]:
    board = VIEWS[view]
    held = {name: str(of["options"].get("defaultValue", "*")) for name, of in board.inputs.items()}
    query = view_data.filled(board.queries()[source], {**held, **tokens})
    return spl.search(
        query,
        events(hostile),
        now=view_data.now(),
        earliest="-30d@d",
        latest="now",
        app=APP,
        lookups=inventories(hostile) if filled else {},
    ).rows


TABLES = {
    "apps": ("ds_ranking", "ds_reviews", "ds_scopes", "ds_bots_list", "ds_calls_list", "ds_installed_list"),
    "outside_parties": ("ds_guests_list", "ds_inviters", "ds_guest_table", "ds_guest_news", "ds_orgs_list",
                        "ds_connections", "ds_invites", "ds_dms", "ds_outgoing"),
}  # fmt: skip
PANELS = [(view, source) for view, sources in TABLES.items() for source in sources]


@pytest.mark.parametrize(("view", "source"), PANELS)
def test_a_table_of_a_living_organisation_is_not_empty(view: str, source: str) -> None:
    assert rows(view, source)


@pytest.mark.parametrize(("view", "source"), PANELS)
def test_hostile_names_stay_text_in_their_own_cells(view: str, source: str) -> None:
    usual, hostile = rows(view, source), rows(view, source, hostile=True)
    assert hostile
    assert {column for row in hostile for column in row} <= {column for row in usual for column in row} 


def test_the_tiles_count_what_the_tables_list() -> None:
    assert rows("apps", "ds_there") == [{"tile": str(len(rows("apps", "ds_ranking")))}]
    assert rows("apps", "ds_due") == [{"tile": str(len(rows("apps", "ds_reviews")))}]
    guests = rows("outside_parties", "ds_guests_list")
    assert rows("outside_parties", "ds_guests_there") == [{"tile": str(len(guests))}]
    endless = [row for row in guests if row["expires"] in ("none seen", "taken away")]
    assert rows("outside_parties", "ds_no_expiry") == [{"tile": str(len(endless))}]


def test_no_inventory_is_no_zero() -> None:
    tiles = [("apps", name) for name in ("ds_there", "ds_due", "ds_new", "ds_wide", "ds_left", "ds_risky")]
    tiles += [("outside_parties", name) for name in ("ds_guests_there", "ds_no_expiry", "ds_orgs_there", "ds_dms_open")]
    assert {str(rows(view, tile, filled=False)) for view, tile in tiles} == {"[{'tile': 'no inventory'}]"}


def test_tiles_over_entries_tell_none_from_nothing_collected() -> None:
    kinds = [row.get("kind") for row in rows("apps", "ds_acts")]
    for kind in ("installed", "approved", "restricted", "removed"):
        assert rows("apps", f"ds_{kind}") == [{"tile": str(kinds.count(kind))}]
        assert rows("apps", f"ds_{kind}", organisation="slack_audit://other") == [{"tile": "no data"}]


def test_another_organisation_sees_nothing_of_this_one() -> None:
    for view, source in (("apps", "ds_ranking"), ("outside_parties", "ds_guests_list"), ("outside_parties", "ds_orgs")):
        assert rows(view, source, organisation=view_data.SOURCE)
        assert rows(view, source, organisation="slack_audit://other") == []


def test_one_app_and_its_entries() -> None:
    app = rows("apps", "ds_ranking")[0]
    told = {row["about"]: row["text"] for row in rows("apps", "ds_one", app=app["app_id"])}
    assert told["Name"] == app["app_name"] and told["Risk"].startswith(str(app["risk"]))
    assert rows("apps", "ds_history", app=app["app_id"])
    (hint,) = rows("apps", "ds_one")
    assert "Click a row" in hint["text"]
    assert rows("apps", "ds_history") == []
