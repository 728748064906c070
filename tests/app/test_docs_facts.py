"""Figures and lists that the pages take from the product: alerts, dashboards, the health score, capabilities."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ElementTree

import pytest

from sandbox.slack_api.organisation.stories import STORIES
from tests.app.doc_pages import ROOT, blocks, tables
from tools.app_check import scheme_arguments
from tools.detections_doc import Catalogue

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text(encoding="utf-8")
VIEWS = [path for path in (ROOT / "default" / "data" / "ui" / "views").glob("*.xml") if path.stem != "setup_page"]
WORDS = dict(zip(range(6, 13), ("six", "seven", "eight", "nine", "ten", "eleven", "twelve")))


def test_the_readme_counts_the_alerts() -> None:
    told = {int(number) for number in re.findall(r"(\d+) alerts\b", README)}
    assert told == {len(Catalogue(ROOT).alerts)}


def test_the_readme_counts_the_dashboards() -> None:
    assert f"{WORDS[len(VIEWS)]} dashboards" in README


def test_the_readme_counts_the_stories_of_the_demo() -> None:
    assert len(STORIES) == 20 and "twenty attack stories" in README


def test_every_dashboard_is_described() -> None:
    page = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    labels = [ElementTree.parse(path).findtext("label") or path.stem for path in VIEWS]
    assert not [label for label in labels if label not in page]


def test_the_health_score_is_explained_as_it_is_counted() -> None:
    with (ROOT / "lookups" / "slack_audit_health_checks.csv").open(encoding="utf-8", newline="") as file:
        shipped = {row["check"]: (row["points"], row["most"], row["advice"]) for row in csv.DictReader(file)}
    told = {
        cells[0].strip("`"): (cells[2], cells[3], cells[4].replace("`", ""))
        for cells in tables(ROOT / "docs" / "health.md", "check")
    }
    assert told == shipped


def test_the_stanza_of_the_digest_holds_parameters_that_exist() -> None:
    spec = (ROOT / "README" / "alert_actions.conf.spec").read_text(encoding="utf-8")
    stanza = next(block.text for block in blocks(ROOT / "docs" / "digest.md") if block.text.startswith("["))
    named = re.findall(r"(?m)^(param\.\w+) =", stanza)
    assert named and not [name for name in named if f"\n{name} = " not in spec]


def test_the_names_of_the_settings_on_the_page_are_those_of_the_scheme() -> None:
    rows = tables(ROOT / "docs" / "configure.md", "Setting")
    told = {name for cells in rows for name in re.findall(r"`(\w+)`", cells[0])}
    assert set(scheme_arguments(ROOT)) <= told
