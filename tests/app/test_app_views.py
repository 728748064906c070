"""Dashboards: every search of every view runs in the search engine, on entries, on none and on hostile names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox import spl
from sandbox.confs import AppConfs
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.macros import MacroDefinition, expand
from tests.app import view_data
from tools.view_check import check_views
from tools.views import View, read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = Knowledge.load(ROOT)
MACROS = {
    name: MacroDefinition(stanza["definition"], tuple(re.findall(r"\w+", stanza.get("args", ""))), False, "", "")
    for name, stanza in AppConfs(ROOT).conf("macros").items()
}
VIEWS = {view.name: view for view in read_views(ROOT)}
SEARCHES = [(view.name, source) for view in VIEWS.values() for source in view.queries()]
CLICKS = [(view.name, link.panel) for view in VIEWS.values() for link in view.links() if link.query]
PANELS = [(view.name, panel) for view in VIEWS.values() for panel in view.panels]


@pytest.fixture(scope="session")
def geo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The address database of the invented organisation."""
    path = tmp_path_factory.mktemp("geo") / "geo.csv"
    view_data.organisation().write_geo_csv(path)
    return path


@cache
def events_of(kind: str) -> list[Any]:
    """Entries and findings of one kind."""
    return {
        "entries": lambda: view_data.as_events(view_data.entries()),
        "nothing": list,
        "hostile names": lambda: view_data.as_events(view_data.hostile_entries()),
    }[kind]()


def tokens_of(view: View, kind: str) -> dict[str, str]:
    """What the inputs of a view hold: their defaults, and where one is asked for, one that finds something."""
    wanted = {"account": view_data.entries()[0]["actor"]["user"]["id"], "finding": "0123456789abcdef"}
    if kind == "hostile names":
        wanted = {"account": view_data.HOSTILE[0], "finding": view_data.HOSTILE[4]}
    return {
        token: wanted.get(token, str(source["options"].get("defaultValue", "*")))
        for token, source in view.inputs.items()
    }


def run(view: View, query: str, kind: str, geo: Path, row: dict[str, str] | None = None) -> list[dict[str, Any]]:
    text = view_data.as_dispatched(view_data.filled(query, tokens_of(view, kind), row))
    moment = view_data.now()
    return spl.search(text, events_of(kind), now=moment, earliest="-30d@d", latest="now", app=APP, geo=geo).rows


@cache
def rows_of(name: str, source: str, kind: str, geo: Path) -> list[dict[str, Any]]:
    """What a source of a view finds: several panels may show it."""
    return run(VIEWS[name], VIEWS[name].queries()[source], kind, geo)


def last_columns(query: str) -> set[str]:
    """The columns that a search names itself in its last `table`."""
    named = re.findall(r"\|\s*table\s+([^|\]]*)", expand(query, MACROS).text)
    return set(re.findall(r"[\w.]+", named[-1])) if named else set()


def test_the_views_agree_with_each_other() -> None:
    assert check_views(ROOT) == []


@pytest.mark.parametrize("kind", ["entries", "nothing", "hostile names"])
@pytest.mark.parametrize(("name", "source"), SEARCHES)
def test_every_search_runs(name: str, source: str, kind: str, geo: Path) -> None:
    rows_of(name, source, kind, geo)


@pytest.mark.parametrize(("name", "panel"), CLICKS)
def test_every_search_that_a_click_opens_runs(name: str, panel: str, geo: Path) -> None:
    view = VIEWS[name]
    row = {field: view_data.HOSTILE[4] for field in view.fields_shown(panel)}
    for link in view.links():
        if link.panel == panel:
            run(view, link.query, "entries", geo, row)


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_what_a_panel_shows_is_in_the_result(name: str, panel: str, geo: Path) -> None:
    view = VIEWS[name]
    for source in view.panels[panel].get("dataSources", {}).values():
        rows = rows_of(name, source, "entries", geo)
        found = {column for row in rows for column in row} | last_columns(view.queries()[source])
        assert view.fields_shown(panel) <= found
        assert found or rows, "nothing to show"
