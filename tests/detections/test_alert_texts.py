"""How an alert reads in Splunk's own e-mail and webhook: the tokens, filled in from real results of every alert.

The alert about malformed lookups has no scenario of entries; its columns are those of the macro as well.
"""

from __future__ import annotations

import json
import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.confs import AppConfs
from tests.detections.kit.contract import ActionList, Contract
from tests.detections.kit.entries import EntryBuilder
from tests.detections.kit.findings import as_list
from tests.detections.kit.scenario import Scenario, load_scenario
from tests.detections.kit.stage import Stage
from tools.views import APP, read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
EMAIL = AppConfs(ROOT).conf("alert_actions")["email"]
SAVED = AppConfs(ROOT).conf("savedsearches")
SCENARIOS = [load_scenario(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))]
VIEWS = {view.name: view for view in read_views(ROOT)}
MAY_BE_EMPTY = {"src"}
"""A finding that no address led to has none."""


@pytest.fixture(scope="module")
def first_findings() -> dict[str, dict[str, Any]]:
    """Alert -> the first finding of its first case that fires."""
    stage, actions, contract = Stage(), ActionList(), Contract()

    def play(scenario: Scenario) -> dict[str, Any]:
        for case in scenario.cases:
            if case.alerts:
                found = stage.play(case, EntryBuilder(case, actions, contract).build()).history.findings
                if found:
                    return dict(found[0])
        raise AssertionError(f"{scenario.detection}: no case fires")

    return {scenario.detection: play(scenario) for scenario in SCENARIOS}


def rendered(text: str, row: dict[str, Any], name: str) -> str:
    """Splunk's tokens filled in; one that the result lacks becomes nothing, as in Splunk."""

    def value(match: re.Match[str]) -> str:
        token = match.group(1)
        if token == "name":
            return name
        return "\n".join(str(member) for member in as_list(row.get(token.removeprefix("result."))))

    return re.sub(r"\$([\w.]+)\$", value, text)


def tokens(text: str) -> set[str]:
    return {token.removeprefix("result.") for token in re.findall(r"\$(result\.\w+)\$", text)}


@pytest.mark.parametrize("title", [scenario.detection for scenario in SCENARIOS])
def test_the_text_of_every_alert_is_whole(title: str, first_findings: dict[str, dict[str, Any]]) -> None:
    row = first_findings[title]
    for token in tokens(EMAIL["subject.alert"] + EMAIL["message.alert"]) - MAY_BE_EMPTY:
        assert as_list(row.get(token)), f"{token} is empty"
    subject = rendered(EMAIL["subject.alert"], row, title)
    message = rendered(EMAIL["message.alert"], row, title)
    assert subject.startswith(f"[Slack {row['severity']}] {title}: ")
    assert message.startswith(str(row["summary"]))
    assert f"What to do: {row['next_step']}" in message
    assert "$" not in subject.replace(title, "")


@pytest.mark.parametrize("title", [scenario.detection for scenario in SCENARIOS])
def test_its_links_open_the_finding_and_the_account(title: str, first_findings: dict[str, dict[str, Any]]) -> None:
    row = first_findings[title]
    for column, view, token, wanted in (
        ("finding_link", "findings", "finding", row["finding_id"]),
        ("investigation", "account_investigation", "account", as_list(row["user"])[0]),
    ):
        url = urlsplit(str(row[column]))
        assert url.path == f"/app/{APP}/{view}"
        asked = {name: values[0] for name, values in parse_qs(url.query, strict_parsing=True).items()}
        assert asked.pop(f"form.{token}") == str(wanted)
        assert {name.removeprefix("form.").split(".")[0] for name in asked} <= set(VIEWS[view].inputs)
        assert int(asked["form.global_time.earliest"]) < float(row["first_time"])
        assert int(asked["form.global_time.latest"]) > float(row["last_time"])


def test_a_webhook_gets_the_columns_as_plain_values(first_findings: dict[str, dict[str, Any]]) -> None:
    for row in first_findings.values():
        body = json.dumps({"search_name": row["rule"], "result": row})
        result = json.loads(body)["result"]
        assert {"summary", "next_step", "severity", "finding_link", "finding_id"} <= set(result)


def test_how_an_e_mail_reads_is_said_for_this_app_alone_and_sends_none() -> None:
    meta = ConfigParser(strict=True, interpolation=None)
    meta.read_string((ROOT / "metadata" / "default.meta").read_text(encoding="utf-8").replace("[]", "[all]"))
    assert meta["alert_actions/email"]["export"] == "none"
    assert set(EMAIL) == {
        *("subject.alert", "message.alert"),
        *("include.results_link", "include.view_link", "include.trigger_time", "include.search"),
        *("content_type", "sendresults", "inline", "sendcsv", "sendpdf"),
    }
    assert not [title for title, stanza in SAVED.items() if stanza.get("action.email", "0") != "0"]


def test_an_e_mail_is_plain_text_and_carries_no_file() -> None:
    """Names in it are strangers' words: as HTML they could be more than text, and in a spreadsheet a formula."""
    assert EMAIL["content_type"] == "plain"
    assert {EMAIL[name] for name in ("sendresults", "inline", "sendcsv", "sendpdf")} == {"0"}
    for title, stanza in SAVED.items():
        assert stanza.get("action.email.content_type", "plain") == "plain", title
        for name in ("sendresults", "inline", "sendcsv", "sendpdf"):
            assert stanza.get(f"action.email.{name}", "0") == "0", title
