"""Every dashboard in a browser: with data, with none and with hostile names, in both themes; and where clicks lead.

The pages are looked at by axe, their console must stay silent, and pictures are kept in build/screenshots.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from sandbox.splunkd.inputs import InputEvent
from tests.app import view_data
from tests.ui.conftest import Visit
from tests.ui.kit.stand import Stand, empty_stand
from tests.ui.kit.visitor import THEMES, Visitor
from tools.environments import ROOT
from tools.views import read_views

VIEWS = {view.name: view for view in read_views(ROOT)}
if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOWN = ("data", "empty", "hostile")
NOT_IN_PRESETS = ("drilldown.linkToSearch", "drilldown.linkToDashboard")
"""Handlers of Splunk Enterprise that the published presets, and so their schema, lack."""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """An app that is set up and has collected nothing."""
    with empty_stand(tmp_path_factory.mktemp("bare")) as stand:
        stand.splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        yield stand


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """An organisation in which everybody and everything has a name that an attacker would choose."""
    with empty_stand(tmp_path_factory.mktemp("hostile")) as stand:
        stand.splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        entries = view_data.hostile_entries()
        later = int(time.time()) - 600 - max(entry["date_create"] for entry in entries)
        for entry in entries:
            entry["date_create"] += later
        stand.add_entries(entries)
        stand.splunkd.index.add(
            [
                InputEvent(
                    found["_raw"],
                    float(found["_time"]),
                    "sandbox",
                    found["source"],
                    found["sourcetype"],
                    found["index"],
                )
                for found in view_data.findings(entries)
            ]
        )
        yield stand


def tokens_of(name: str, stand: Stand) -> dict[str, str]:
    """What the inputs of a view need to show something: the gravest finding and its account."""
    found = stand.search(
        "`slack_audit_findings` | sort 1 - risk_score finding_id | eval account=mvindex(split(entity, \"|\"), 0)"
        " | table finding_id account",
        "-30d",
    )
    if not found:
        return {}
    wanted = {"finding": found[0]["finding_id"], "account": found[0]["account"]}
    return {token: value for token, value in wanted.items() if token in VIEWS[name].inputs}


def look_at(visit: Visit, name: str, stand: Stand, shown: str) -> Iterator[Visitor]:
    """Open a view in one theme and draw it again in the other; in each let axe look at it, keep a picture.

    What it begins with changes from view to view and from data to data: each view is opened in both.
    """
    begin = (list(VIEWS).index(name) + SHOWN.index(shown)) % len(THEMES)
    visitor = visit(THEMES[begin], at=stand, checks_definitions=shown == "data")
    visitor.open_view(name, **tokens_of(name, stand))
    visitor.check_stands(name)
    for theme in (visitor.theme, THEMES[1 - begin]):
        if theme != visitor.theme:
            visitor.switch_theme(theme)
        visitor.screenshot(f"{name}-{shown}")
        assert visitor.accessibility() == []
        yield visitor


@pytest.mark.parametrize("name", VIEWS)
def test_with_data(visit: Visit, stand: Stand, name: str) -> None:
    for visitor in look_at(visit, name, stand, "data"):
        text = visitor.text()
        for panel in VIEWS[name].panels.values():
            assert panel.get("title", "") in text
        assert "no data" not in text.splitlines(), "there are entries in the time range"


@pytest.mark.parametrize("name", VIEWS)
def test_without_data(visit: Visit, bare: Stand, name: str) -> None:
    for visitor in look_at(visit, name, bare, "empty"):
        values = '[data-test="single-value-major-value"], [data-test="major-value"]'
        shown = visitor.page.locator(values).all_inner_texts()
        assert not [text for text in shown if text.strip() == "0"], "no data looks like zero"


@pytest.mark.parametrize("name", VIEWS)
def test_with_hostile_names(visit: Visit, hostile: Stand, name: str) -> None:
    for visitor in look_at(visit, name, hostile, "hostile"):
        page = visitor.page
        assert page.locator('img[src="x"], script[src*="evil"], [onerror], a[href*="evil.example"]').count() == 0
        assert not page.evaluate("() => document.body.innerHTML.includes('<script>alert')")
        width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, "a name makes the page wider than the window"


# -- where clicks lead


def query_of(visitor: Visitor) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(visitor.page.url).query).items()}


def click_cell(visitor: Visitor, panel: str, leads_to: str = "") -> str:
    """Click the first cell of a table, which leads to another view or changes this one; returns its text."""
    cell = visitor.page.locator(f'[data-id="{panel}"] tbody tr >> nth=0').locator("td").first
    text, before = cell.inner_text().strip(), visitor.page.url
    cell.click()
    if leads_to:
        visitor.page.wait_for_url(f"**/{leads_to}?*")
    else:
        visitor.page.wait_for_function("(before) => window.location.href !== before", arg=before)
    visitor.settle()
    return text


def test_from_an_account_of_the_overview_to_everything_it_touched(visit: Visit) -> None:
    visitor = visit()
    visitor.open_view("overview")
    user = click_cell(visitor, "viz_people", "account_investigation")
    assert query_of(visitor)["form.account"] == user
    assert query_of(visitor)["form.global_time.earliest"]
    assert user in visitor.text()


def test_from_a_rule_to_its_findings_and_from_a_row_to_the_finding_with_its_evidence(visit: Visit) -> None:
    visitor = visit()
    visitor.open_view("overview")
    rule = click_cell(visitor, "viz_rules", "findings")
    assert query_of(visitor)["form.rule"] == rule
    assert "Why it matters" not in visitor.text(), "no finding is chosen yet"
    click_cell(visitor, "viz_table")
    assert "Why it matters" in visitor.text()
    assert visitor.page.locator('[data-id="viz_evidence"] tbody tr').count() > 0
    finding = query_of(visitor)["form.finding"]
    again = visit()
    again.open_view("findings", finding=finding)
    assert "Why it matters" in again.text(), "the address of a finding opens it"


# -- Splunk's own schema


@pytest.fixture(scope="module")
def schema(browser: Browser, bare: Stand) -> Iterator[jsonschema.Draft7Validator]:
    """Splunk's own schema of a dashboard, as its components give it."""
    context = browser.new_context(bypass_csp=True, locale="en-US")
    page = Visitor.arrive(bare, context).go("/app/slack_audit_monitor/dashboards")
    scripts = page.evaluate("() => [...document.scripts].map((one) => one.src)")
    module = next(link for link in scripts if "/harness/" in link).rsplit("/", 1)[0] + "/schema.js"
    yield jsonschema.Draft7Validator(json.loads(page.evaluate(f"() => import({module!r}).then((it) => it.schema())")))
    context.close()


def problems_of(definition: dict[str, Any], schema: jsonschema.Draft7Validator) -> list[str]:
    """What the schema finds wrong. Of layouts it knows the form with tabs alone, which older Splunks lack."""
    found = [
        f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message[:200]}"
        for error in schema.iter_errors(definition)
        if list(error.absolute_path)[:1] != ["layout"]
    ]
    return [problem for problem in found if not any(kind in problem for kind in NOT_IN_PRESETS)]


@pytest.mark.parametrize("name", VIEWS)
def test_a_definition_is_what_splunks_components_accept(name: str, schema: jsonschema.Draft7Validator) -> None:
    assert problems_of(VIEWS[name].definition, schema) == []


def test_the_schema_refuses_what_is_wrong(schema: jsonschema.Draft7Validator) -> None:
    wrong = json.loads(json.dumps(VIEWS["overview"].definition))
    wrong["visualizations"]["viz_timeline"]["options"]["legendDisplay"] = "beside"
    wrong["visualizations"]["viz_rules"]["type"] = "splunk.tabel"
    named = {problem.split("/")[1].split(":")[0] for problem in problems_of(wrong, schema)}
    assert named >= {"viz_timeline", "viz_rules"}
