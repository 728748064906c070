"""The dashboard of daily digests in a browser: as an analyst sees it in the morning."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from sandbox.splunkd.inputs import InputEvent
from slack_audit_monitor.digest.day import read_day
from slack_audit_monitor.digest.page import Author, digest_of
from slack_audit_monitor.digest.ranking import ranked, worth_telling
from slack_audit_monitor.digest.wording import words_of
from tests.digest.digest_world import finding
from tests.ui.conftest import Visit
from tests.ui.kit.stand import Stand, empty_stand
from tests.ui.kit.visitor import THEMES

DAY = 86_400
HOSTILE = '<img src=x onerror=alert(1)> [open](https://evil.example) \u202egnp.exe'


def digest(end: int, *findings: dict[str, Any]) -> str:
    """A digest as the alert action stores it."""
    named = datetime.fromtimestamp(end, timezone.utc)
    window = {"section": "window", "day": f"{named:%Y-%m-%d}", "window_end": str(end), "window_from": "the day before",
              "window_to": f"{named:%A}", "findings": str(len(findings)), "recorded_findings": "9"}  # fmt: skip
    volume = {"section": "volume", "source": "slack_audit://prod", "last": str(end), "entries": "168"}
    rows = [{name: cell if isinstance(cell, list) else str(cell) for name, cell in one.items()} for one in findings]
    day = read_day([window, volume, *({**row, "section": "finding"} for row in rows)])
    items = ranked(day.findings)
    told = [words_of(item) for item in worth_telling(items)]
    return digest_of(day, items, told, Author(), "").event(written_at=end + 60)


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A quiet morning after an eventful one."""
    with empty_stand(tmp_path_factory.mktemp("stand")) as stand:
        stand.splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        today = int(time.time()) // DAY * DAY
        eventful = digest(
            today - DAY,
            finding(1, severity="critical", risk_score=90, user=["zoe@corp.example"], src_user=[]),
            finding(2, entity="W2", user=["max@corp.example"], src_user=[], summary=f"The app {HOSTILE} came in."),
            finding(3, entity="W3", user=["ida@corp.example"], src_user=[], severity="medium", risk_score=40),
        )
        quiet = digest(today, finding(4, severity="low", risk_score=20))
        stand.splunkd.index.add(
            [InputEvent(raw, None, "h", "slack_audit_digest", "slack:audit:digest", "slack_audit")
             for raw in (eventful, quiet)]
        )  # fmt: skip
        yield stand


def yesterday() -> str:
    return f"{datetime.fromtimestamp(int(time.time()) // DAY * DAY - DAY, timezone.utc):%Y-%m-%d}"


@pytest.mark.parametrize("theme", THEMES)
def test_the_newest_digest_is_read(visit: Visit, mornings: Stand, theme: str) -> None:
    visitor = visit(theme, at=mornings)
    visitor.open_view("daily_digest")
    text = visitor.text()
    assert "A quiet day: nothing to look at, 1 finding for the record alone" in text
    assert "nothing on this day" in text and "Worded by the template; no model is set up." in text
    visitor.screenshot("daily_digest-quiet")
    assert visitor.accessibility() == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_day_with_things_and_a_click_on_the_gravest(visit: Visit, mornings: Stand, theme: str) -> None:
    visitor = visit(theme, at=mornings)
    visitor.open_view("daily_digest", day=yesterday())
    text = visitor.text()
    assert "3 things worth attention: 2 to act on now, 1 to look at today" in text
    assert "‹img src=x onerror=alert(1)›" in text and "https[:]//evil[.]example" in text
    assert visitor.page.locator("a[href*='evil'], img[src='x']").count() == 0
    visitor.screenshot("daily_digest-eventful")
    visitor.page.get_by_text(f"{1:016x}", exact=True).first.click()
    visitor.page.wait_for_url(lambda address: "/findings" in address and f"form.finding={1:016x}" in address)


def test_without_a_digest_the_page_says_so(visit: Visit, mornings: Stand) -> None:
    visitor = visit(at=mornings)
    visitor.open_view("daily_digest", **{"global_time.earliest": "-90d@d", "global_time.latest": "-60d@d"})
    text = visitor.text()
    assert "No digest yet" in text and "That is not a quiet day" in text
