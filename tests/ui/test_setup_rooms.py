"""The setup page as a whole, and its smaller rooms: Slack app and host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.kit.stand import Stand
from tests.ui.kit.visitor import THEMES
from tests.ui.setup_steps import AtSetup, refuse, rules, store

pytestmark = pytest.mark.once

ROOMS = {"organisations": "Organisations", "alerts": "Alerts", "baselines": "Baselines", "lists": "Site lists",
         "slack": "Slack app", "host": "This host"}  # fmt: skip
LARGEST_BUNDLE = 1_200_000
SLOWEST_PAINT_MILLISECONDS = 2_000


# -- the page as a whole


@pytest.mark.parametrize("theme", THEMES)
def test_every_room_can_be_read_by_everybody(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, theme: str
) -> None:
    store(fresh, slack)
    setup = at_setup(theme=theme)
    found: dict[str, list[str]] = {}
    for name, label in ROOMS.items():
        setup.room(label)
        setup.visitor.settle()
        setup.visitor.screenshot(f"setup-{name}", whole=name != "alerts")
        found[name] = setup.visitor.accessibility(within="#sam-setup-root")
    assert found == {name: [] for name in ROOMS}


@pytest.mark.parametrize("theme", THEMES)
def test_the_dialogs_can_be_read_by_everybody(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, theme: str
) -> None:
    store(fresh, slack, proxy_url="http://proxy.example:3128")
    setup = at_setup(theme=theme)
    setup.begin("second", "xoxb-wrong-kind")
    setup.button("Save", setup.dialog).click()
    setup.said("1 field needs a look")
    setup.visitor.screenshot("setup-add", whole=False)
    assert setup.visitor.accessibility(within='[role="dialog"]') == []
    setup.button("Cancel", setup.dialog).click()
    for action in ("Edit", "New token", "Remove"):
        setup.act(action, "prod")
        setup.dialog.wait_for()
        setup.visitor.screenshot(f"setup-{action.lower().replace(' ', '-')}", whole=False)
        assert setup.visitor.accessibility(within='[role="dialog"]') == [], action
        setup.page.keyboard.press("Escape")
        setup.dialog.wait_for(state="detached")


def test_the_first_paint_is_quick_and_the_bundle_small(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup()
    assert setup.visitor.first_paint() < SLOWEST_PAINT_MILLISECONDS
    shown = setup.page.evaluate(
        """() => performance.getEntriesByType('resource')
            .find((one) => one.name.includes('setup_page.js')).decodedBodySize"""
    )
    assert 0 < shown <= LARGEST_BUNDLE


def test_the_first_visit_leads_to_the_setup(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup()
    setup.visitor.go("/app/slack_audit_monitor/")
    assert "setup_page" in setup.page.url
    setup.button("Finish setup").click()
    setup.said("Splunk now counts the app as set up.")
    assert fresh.splunkd.conf_store.stanzas("app")["install"]["is_configured"] == "1"
    setup.visitor.go("/app/slack_audit_monitor/")
    assert "setup_page" not in setup.page.url


def test_an_ended_session_is_said(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup()
    setup.expect_status("401")
    refuse(setup.page, "**/splunkd/__raw/**", 401, "call not properly authenticated", method="GET")
    setup.page.reload()
    setup.said("Your Splunk session has ended.")
    setup.page.unroute("**/splunkd/__raw/**")
    setup.button("Look again").click()
    setup.page.get_by_role("tab", name="Alerts").wait_for()


def test_a_splunk_without_the_input_is_said(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup()
    setup.expect_status("404")
    refuse(setup.page, "**/data/inputs/slack_audit?*", 404, "Not Found", method="GET")
    setup.page.reload()
    setup.said("Splunk must be restarted once")


# -- Slack app and host


def test_the_manifest_is_copied_for_both_kinds_of_slack(at_setup: AtSetup) -> None:
    setup = at_setup("slack")
    setup.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    setup.button("Copy manifest").click()
    setup.said("Copied.")
    manifest = json.loads(setup.page.evaluate("() => navigator.clipboard.readText()"))
    assert manifest["oauth_config"]["scopes"]["user"] == ["auditlogs:read"]
    assert setup.page.get_by_role("link", name="https://api.slack.com/apps").is_visible()
    setup.page.get_by_role("radio", name="GovSlack").check()
    assert setup.page.get_by_role("link", name="https://api.slack-gov.com/apps").is_visible()
    assert "ordinary Slack do not exist there" in setup.visitor.text()
    setup.page.get_by_role("radio", name="Token rotation: a new one every 12 hours").check()
    setup.button("Copy manifest").click()
    setup.page.wait_for_function(
        "async () => JSON.parse(await navigator.clipboard.readText()).settings.token_rotation_enabled"
    )


def test_a_host_that_only_collects_shows_only_that(at_setup: AtSetup, fresh: Stand) -> None:
    for name in list(rules(fresh))[:3]:
        fresh.splunkd.conf_store.write("savedsearches", name, {"disabled": "0"})
    setup = at_setup("host")
    setup.page.get_by_role("radio", name="only collects").check()
    assert setup.page.get_by_role("tab").all_inner_texts() == ["Organisations", "Slack app", "This host"]
    assert "Forward the host's own logs" in setup.visitor.text()
    setup.said("3 searches are on here, where nothing should search.")
    setup.button("Switch them off").click()
    setup.said("They are off.")
    assert not any(rules(fresh).values())
    setup.page.reload()
    setup.page.get_by_role("tab", name="This host").wait_for()
    assert setup.page.get_by_role("tab").count() == 3, "the choice is remembered"


def test_a_host_that_only_searches_warns_of_a_second_collector(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup("host")
    setup.page.get_by_role("radio", name="only searches").check()
    setup.said("Two collectors of one organisation double its entries.")
    assert "Nothing copies it from here" in setup.visitor.text()
    assert "Slack app" not in setup.page.get_by_role("tab").all_inner_texts()


def test_a_member_of_a_cluster_is_told_what_that_means(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup()

    def member(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        body["entry"][0]["content"]["server_roles"] = ["search_head", "shc_member"]
        route.fulfill(response=answer, json=body)

    setup.page.route("**/server/info?*", member)
    setup.page.reload()
    setup.page.get_by_role("tab", name="This host").click()
    assert setup.page.get_by_role("radio", name="only searches").is_checked()
    assert "member of a search head cluster" in setup.visitor.text()


def test_pictures_are_kept(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.begin("prod", slack.token)
    setup.button("Test connection").click()
    setup.said("Slack accepts the token")
    picture = setup.visitor.screenshot("setup-tested", whole=False)
    assert Path(picture).stat().st_size > 10_000
