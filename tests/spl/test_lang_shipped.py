"""Every shipped search, macro and calculated field is read, and survives printing and reading again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.confs import read_conf
from sandbox.spl import pipeline, printer, search
from sandbox.spl.evaluate import compile, compile_condition
from sandbox.spl.macros import MacroDefinition, expand
from sandbox.spl.searchexpr import parse_search, subsearches
from sandbox.spl.stream import parse_expression
from tools.views import read_views

DEFAULT = Path(__file__).resolve().parents[2] / "default"
SEARCHES = {
    name: keys["search"]
    for name, keys in read_conf(DEFAULT / "savedsearches.conf").items()
    if "search" in keys
}
CALCULATED = {
    f"{stanza} {key}": text
    for stanza, keys in read_conf(DEFAULT / "props.conf").items()
    for key, text in keys.items()
    if key.startswith("EVAL-")
}


def shipped_macros():
    found = {}
    for name, keys in read_conf(DEFAULT / "macros.conf").items():
        found[name] = MacroDefinition(
            keys.get("definition", ""),
            tuple(part.strip() for part in keys.get("args", "").split(",") if part.strip()),
            keys.get("iseval", "0").lower() in ("1", "true"),
            keys.get("validation", ""),
            keys.get("errormsg", ""),
        )
    return found


def survives(expression):
    assert parse_expression(printer.print_expression(expression)) == expression


def check(stage):
    """Read what eval, where and search hold; the other commands have tests of their own."""
    if stage.name == "eval":
        for assignment in stage.stream.assignments():
            survives(assignment.expression)
            compile(assignment.expression)
    elif stage.name == "where":
        condition = stage.stream.only_expression()
        survives(condition)
        compile_condition(condition)
    elif stage.name == "search":
        expression = stage.stream.search_expression()
        assert parse_search(printer.print_search(expression)) == expression
        for subsearch in subsearches(expression.root):
            for inner in subsearch.pipeline().stages:
                check(inner)


@pytest.mark.parametrize("name", SEARCHES)
def test_shipped_search(name):
    found = pipeline.parse(expand(SEARCHES[name], shipped_macros()))
    assert len(found.stages) > 1
    assert pipeline.parse(printer.print_pipeline(found)) == found
    for stage in found.stages:
        check(stage)


@pytest.mark.parametrize("name", CALCULATED)
def test_shipped_calculated_field(name):
    expression = parse_expression(CALCULATED[name])
    survives(expression)
    compile(expression)


def test_there_is_something_to_check():
    assert len(SEARCHES) >= 15
    assert len(CALCULATED) >= 15


def dashboard_searches():
    """Every search of every dashboard, by view and data source; a chain stands behind what it extends."""
    views = read_views(DEFAULT.parent)
    return {f"{view.name} {name}": query for view in views for name, query in view.queries().items()}


DASHBOARDS = dashboard_searches()


@pytest.mark.once
@pytest.mark.parametrize("name", DASHBOARDS)
def test_dashboard_search_parses_and_runs(name):
    entry = '{"id":"1","date_create":1700000000,"action":"user_login","actor":{"type":"user","user":{"id":"W1"}}}'
    spl = re.sub(r"\$[\w.]+\|s\$", '"W1"', DASHBOARDS[name])  # as a quoted value
    spl = re.sub(r"\$[\w.]+\$", "*", spl)
    parsed = pipeline.parse(expand(spl, shipped_macros()))
    assert pipeline.parse(printer.print_pipeline(parsed)) == parsed
    result = search(spl, [entry], now=1700000060, earliest="-24h", latest="now")
    assert isinstance(result.rows, list)


@pytest.mark.once  # the scenarios play each of them on every Python
@pytest.mark.parametrize("name", SEARCHES)
def test_shipped_search_runs_printed_as_it_does_written(name):
    """The printed text means the same: both give the same rows over a day of several kinds of entries."""
    entries = [
        json.dumps({
            "id": f"{number}", "date_create": 1700000000 - 7 * number, "action": action,
            "actor": {"type": "user", "user": {"id": f"W{number % 3}", "name": "Ana", "email": "ana@corp.example"}},
            "entity": {"type": "file", "file": {"id": f"F{number}", "name": "a", "filetype": "png"}},
            "context": {"ip_address": f"192.0.2.{number % 9}", "location": {"type": "workspace", "id": "T1"}},
        })
        for number in range(60)
        for action in ("user_login_failed", "user_login", "file_downloaded", "role_change_to_owner", "guest_created")
    ]  # fmt: skip
    expanded = pipeline.parse(expand(SEARCHES[name], shipped_macros()))
    written, printed = (
        search(text, entries, now=1700000030, earliest="-7d", latest="now")
        for text in (SEARCHES[name], printer.print_pipeline(expanded))
    )
    assert written.rows == printed.rows
    if "Failed Sign-ins by Account" in name or name.endswith("Lookup Gen") and "Addresses" in name:
        assert written.rows, "these entries are a burst by three accounts"
    assert written.lookups == printed.lookups
