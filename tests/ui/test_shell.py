"""The pages around the app's views: sign-in, navigation, triggered alerts, searches, themes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.splunkd.fired_alerts import FiredAlert
from tests.ui.conftest import Visit
from tests.ui.kit.stand import APP, Stand, empty_stand
from tests.ui.kit.visitor import THEMES, Visitor, address_of
from tools.environments import ROOT
from tools.views import read_views

NAV = ROOT / "default" / "data" / "ui" / "nav" / "default.xml"
DASHBOARDS = {view.name for view in read_views(ROOT)}


def entries_of_navigation() -> list[str]:
    return [view.get("name", "") for view in ElementTree.parse(NAV).getroot().iter("view")]


# -- sign-in


def test_whoever_is_not_signed_in_is_asked_to_and_comes_where_he_wanted(visit: Visit, stand: Stand) -> None:
    visitor = visit(signed_in=False)
    visitor.go(f"/app/{APP}/reports")
    assert visitor.page.url.startswith(f"{stand.base}/en-US/account/login?return_to=")
    assert visitor.accessibility() == []
    visitor.page.get_by_label("Password").fill("wrong")
    visitor.expected = ["status 401", "401 (UNAUTHORIZED)"]
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.get_by_text("User and password do not fit.").wait_for()
    visitor.page.get_by_label("Password").fill(stand.splunkd.admin_password)
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.wait_for_url(f"**/app/{APP}/reports")


def test_the_printed_address_signs_in_and_leaves_no_token_in_the_address(visit: Visit, stand: Stand) -> None:
    visitor = visit(signed_in=False)
    visitor.page.goto(stand.web.start_address)
    visitor.settle()
    assert visitor.page.url == f"{stand.base}/en-US/app/{APP}/overview" or "form." in visitor.page.url
    assert "token" not in visitor.page.url
    stored = visitor.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert stand.web.sessions.token not in stored and "splunkd_" not in stored, "the session is no script's business"


def test_signing_out_ends_the_session(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    visitor.go(f"/app/{APP}/reports")
    visitor.page.get_by_role("link", name="Sign out").click()
    visitor.page.wait_for_url("**/account/login")
    visitor.go(f"/app/{APP}/reports")
    assert "/account/login" in visitor.page.url


def test_an_address_of_an_earlier_start_says_so(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    visitor.go("/account/start?token=old")
    assert "That address is of an earlier start." in visitor.text()


# -- navigation


def test_every_entry_of_the_navigation_leads_to_a_page_that_stands(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    visitor.go(f"/app/{APP}/reports")
    links = visitor.page.get_by_role("navigation", name="Slack Audit Monitor").get_by_role("link").all()
    names = entries_of_navigation()
    assert [link.get_attribute("href") for link in links] == [address_of(name) for name in names]
    # That each dashboard stands at its address, `test_dashboards` finds when it opens them.
    others = [name for name in names if name not in DASHBOARDS]
    assert "setup_page" in others and "search" in others
    for name in others:
        visitor.page.goto(stand.base + address_of(name))
        visitor.settle()
        visitor.check_stands(name)


def test_the_app_opens_with_its_default_view(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    visitor.page.goto(f"{stand.base}/")
    visitor.settle()
    default = ElementTree.parse(NAV).getroot().find("view[@default='true']")
    assert default is not None
    assert f"/app/{APP}/{default.get('name')}" in visitor.page.url


def test_a_view_that_is_not_there_is_said_to_be_missing(visit: Visit) -> None:
    visitor = visit()
    visitor.expected = ["status 404", "404 (NOT FOUND)"]
    visitor.go(f"/app/{APP}/nosuch")
    assert "Page not found" in visitor.text()


@pytest.mark.parametrize("page", ["dashboards", "alerts", "reports", "search"])
@pytest.mark.parametrize("theme", THEMES)
def test_splunks_own_pages(visit: Visit, page: str, theme: str) -> None:
    visitor = visit(theme)
    visitor.go(f"/app/{APP}/{page}")
    assert visitor.accessibility() == []
    visitor.screenshot(page, whole=False)


def test_the_lists_name_everything_that_ships(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    visitor.go(f"/app/{APP}/dashboards")
    views = {path.stem for path in (ROOT / "default" / "data" / "ui" / "views").glob("*.xml")}
    linked = {str(link.get_attribute("href")).rsplit("/", 1)[1] for link in visitor.page.locator("main a").all()}
    assert linked == views
    visitor.go(f"/app/{APP}/alerts")
    shown = visitor.page.locator("main").inner_text()
    searches = stand.splunkd.conf_store.stanzas("savedsearches")
    tracked = [name for name, settings in searches.items() if settings.get("alert.track") == "1"]
    assert len(tracked) > 50 and [name for name in tracked if name not in shown] == []


def test_the_theme_is_switched_and_stays(visit: Visit) -> None:
    visitor = visit("light")
    visitor.go(f"/app/{APP}/reports")

    def background() -> str:
        return str(visitor.page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor"))

    light = background()
    visitor.page.get_by_role("button", name="Dark theme").click()
    visitor.page.get_by_role("button", name="Light theme").wait_for()
    visitor.settle()
    assert background() != light
    visitor.go(f"/app/{APP}/dashboards")
    assert visitor.page.evaluate("document.body.dataset.theme") == "dark"


# -- triggered alerts


@pytest.mark.parametrize("theme", THEMES)
def test_triggered_alerts_are_listed_with_their_findings(visit: Visit, stand: Stand, theme: str) -> None:
    visitor = visit(theme)
    visitor.go(f"/alerts/{APP}")
    fired = stand.splunkd.state.fired_at(stand.clock())
    assert len(fired) > 20, "the prepared life has no alerts to show"
    assert f"{len(fired)} triggered" in visitor.text()
    rows = visitor.page.locator("main tbody tr")
    assert rows.count() == min(len(fired), 100)
    newest = max(fired, key=lambda alert: alert.triggered_at)
    assert newest.search in rows.first.inner_text()
    assert visitor.accessibility() == []
    visitor.screenshot("triggered_alerts", whole=False)


def a_finding(stand: Stand) -> dict[str, str]:
    """One finding whose alert is listed, and no other one of the same alert."""
    fired = Counter(alert.search for alert in stand.splunkd.state.fired_at(stand.clock()))
    rows = stand.search("`slack_audit_findings` | table finding_id search_name summary sid")
    found = next(row for row in rows if fired[row["search_name"]] == 1)
    return {name: str(value) for name, value in found.items()}


def test_a_finding_opens_from_its_alert_with_its_evidence(visit: Visit, stand: Stand) -> None:
    finding = a_finding(stand)
    visitor = visit()
    visitor.go(f"/alerts/{APP}")
    visitor.page.get_by_label("Filter by alert").fill(finding["search_name"])
    visitor.page.locator("main tbody a", has_text=finding["summary"][:60]).click()
    visitor.page.wait_for_url(f"**/findings?form.finding={finding['finding_id']}*")
    visitor.settle()
    assert finding["summary"][:60] in visitor.text()
    visitor.screenshot("finding")


def test_the_results_of_an_alert_are_the_rows_that_fired(visit: Visit, stand: Stand) -> None:
    finding = a_finding(stand)
    visitor = visit()
    visitor.go(f"/alerts/{APP}")
    visitor.page.get_by_label("Filter by alert").fill(finding["search_name"])
    visitor.page.get_by_role("link", name="View results").first.click()
    visitor.page.wait_for_url("**/search?sid=*")
    visitor.settle()
    assert f"Results of “{finding['search_name']}”" in visitor.text()
    header = [cell.inner_text().split("\n")[0].strip() for cell in visitor.page.locator("main thead th").all()]
    assert {"rule", "severity", "user", "summary", "event_ids"} <= set(header)
    assert "`slack_audit_" in visitor.page.get_by_role("textbox", name="Search").input_value()


# -- searches


def test_a_search_shows_its_rows_as_a_table(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    visitor.go(f"/app/{APP}/search")
    text = "`slack_audit_events` | stats count BY slack_action | sort - count | head 5"
    visitor.page.get_by_role("textbox", name="Search").fill(text)
    visitor.page.get_by_role("button", name="Search", exact=True).click()
    visitor.page.locator("main tbody tr").first.wait_for()
    visitor.settle()
    expected = stand.search(text, "-24h@h", "now")
    rows = visitor.page.locator("main tbody tr").all()
    shown = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    assert shown == [[str(row["slack_action"]), str(row["count"])] for row in expected]
    assert "q=" in visitor.page.url and "earliest=-24h" in visitor.page.url
    assert visitor.accessibility() == []


def test_events_are_shown_as_slack_wrote_them(visit: Visit, stand: Stand) -> None:
    visitor = visit()
    text = "`slack_audit_events` slack_action=file_downloaded | head 3"
    visitor.go(f"/app/{APP}/search", q=text, earliest="-7d", latest="now")
    raw = stand.search(text)[0]["_raw"]
    shown = visitor.page.locator("main tbody [role=group]").first.inner_text()
    assert json.loads(shown) == json.loads(raw)
    assert visitor.accessibility() == []
    visitor.screenshot("events", whole=False)


def test_a_search_that_cannot_run_says_why(visit: Visit) -> None:
    visitor = visit()
    visitor.expected = ["status 400", "400 (BAD REQUEST)"]
    visitor.go(f"/app/{APP}/search", q="index=slack_audit | nosuch", earliest="-1d", latest="now")
    assert "nosuch" in visitor.page.locator("main [role=alert], main [data-test=message]").first.inner_text()


def test_a_job_that_is_gone_says_so(visit: Visit) -> None:
    visitor = visit()
    visitor.expected = ["status 404", "404 (NOT FOUND)"]
    visitor.go(f"/app/{APP}/search", sid="1.1")
    assert "not kept any more" in visitor.text()


def test_the_time_range_picker_knows_splunks_presets(visit: Visit) -> None:
    visitor = visit()
    visitor.go(f"/app/{APP}/search")
    visitor.page.get_by_text("Last 24 hours").first.click()
    visitor.page.get_by_text("Previous week").first.click()
    visitor.page.get_by_role("textbox", name="Search").fill("| makeresults | eval a=1 | table a")
    visitor.page.get_by_role("button", name="Search", exact=True).click()
    visitor.page.locator("main tbody tr").first.wait_for()
    assert "earliest=-7d%40w0" in visitor.page.url and "latest=%40w0" in visitor.page.url


# -- names that somebody chose to do harm

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
RIGHT_TO_LEFT = "\u202egnp.exe\u202c \u0645\u0631\u062d\u0628\u0627"
LONG = "A" * 10_000


@pytest.mark.parametrize("theme", THEMES)
def test_hostile_names_stay_text(visit: Visit, tmp_path: Path, theme: str) -> None:
    with empty_stand(tmp_path) as stand:
        now = int(stand.clock())
        names = (MARKUP, RIGHT_TO_LEFT, LONG)
        for number, name in enumerate(names):
            person = {"id": f"W{number}", "name": name, "email": f"{number}@halden.example"}
            stand.add_entries([entry_of(person, now - 60 - number, f"id-{number}")])
        stand.splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        for number, name in enumerate(names):
            stand.splunkd.state.add_fired(
                FiredAlert(name[:2000], now - 30, now + 3600, 5, False, ({"user": name},), f"f{number}", f"1.{number}")
            )
        visitor = visit(theme, at=stand)
        visitor.go(f"/app/{APP}/search", q="index=slack_audit", earliest="-1h", latest="now")
        events = visitor.page.locator("main tbody [role=group]")
        assert [json.loads(event.inner_text())["actor"]["user"]["name"] for event in events.all()] == list(names)
        check_harmless(visitor)
        visitor.screenshot("events_hostile", whole=False)
        # Splunk extracts no field behind the 5,000th byte of an event: the longest name is cut out by hand.
        who = "| eval who=coalesce('actor.user.name', replace(_raw, \"^.*?(A{10000}).*$\", \"\\1\")) | table who"
        visitor.go(f"/app/{APP}/search", q=f"index=slack_audit {who}", earliest="-1h", latest="now")
        assert [cell.inner_text() for cell in visitor.page.locator("main tbody td").all()] == list(names)
        check_harmless(visitor)
        visitor.go(f"/alerts/{APP}")
        assert visitor.page.locator("main tbody tr").count() == 3
        assert MARKUP in visitor.text()
        check_harmless(visitor)
        visitor.screenshot("triggered_alerts_hostile", whole=False)


def entry_of(person: dict[str, str], at: int, identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "date_create": at,
        "action": "user_login",
        "actor": {"type": "user", "user": person},
        "entity": {"type": "user", "user": person},
        "context": {"ua": "-", "ip_address": "192.0.2.1", "location": {"type": "enterprise", "id": "E1", "name": "x"}},
    }


def check_harmless(visitor: Visitor) -> None:
    """No markup of a name has become an element, nothing ran, and the page is no wider than the window."""
    assert visitor.page.title().startswith(("Search", "Triggered alerts"))
    assert visitor.page.locator("main img, main script, main iframe").count() == 0
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert visitor.accessibility() == []
