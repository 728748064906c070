"""Organisations that are there: test, edit, rotate, switch, remove, and how they are doing."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.conftest import Visit
from tests.ui.kit.stand import Stand, empty_stand
from tests.ui.setup_steps import AtSetup, organisations, refuse, secret_names, secret_of, store

pytestmark = pytest.mark.once


# -- those that are there


def test_edit_tries_the_connection_and_changes_nothing_when_it_fails(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("400")
    setup.act("Edit", "prod")
    setup.field("Interval").fill("120")
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved.")
    assert organisations(fresh)["prod"].settings["interval"] == "120"
    slack.tokens.revoke(slack.token)
    setup.act("Edit", "prod")
    setup.field("Interval").fill("300")
    setup.button("Save", setup.dialog).click()
    setup.said("token")
    assert organisations(fresh)["prod"].settings["interval"] == "120"
    setup.button("Cancel", setup.dialog).click()


def test_test_with_the_stored_token(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("400")
    setup.act("Test", "prod")
    setup.said("prod: Slack accepts the token and delivers audit entries.")
    slack.tokens.revoke(slack.token)
    setup.act("Test", "prod")
    alarm = setup.page.get_by_role("alert").filter(has_text="prod: ")
    alarm.wait_for()
    assert "The token was revoked" in alarm.inner_text()


def test_a_token_is_replaced_only_by_one_that_works(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("400")
    setup.act("New token", "prod")
    setup.type_secret("User OAuth token", slack.tokens.add("xoxp-revoked", problem="revoked"))
    setup.button("Replace the token").click()
    setup.said("The old token is still in place.")
    assert secret_of(fresh, "prod") == slack.token
    setup.type_secret("User OAuth token", slack.tokens.add("xoxp-second"))
    setup.button("Replace the token").click()
    setup.said("prod uses the new token from its next run on.")
    assert secret_of(fresh, "prod") == "xoxp-second" and secret_names(fresh) == ["prod"]
    assert set(organisations(fresh)) == {"prod"}


def test_switching_an_organisation(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    switch = setup.page.get_by_role("switch", name="Collect prod")
    switch.click()
    setup.said("prod is not collected any more. Its position is kept.")
    assert organisations(fresh)["prod"].disabled
    switch.click()
    setup.said("prod is collected from now on.")
    assert not organisations(fresh)["prod"].disabled


def test_remove_asks_first_and_can_be_undone(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.act("Remove", "prod")
    setup.button("Cancel", setup.dialog).click()
    assert not organisations(fresh)["prod"].disabled
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("prod is switched off, and will be removed in 10 seconds")
    assert organisations(fresh)["prod"].disabled and secret_of(fresh, "prod") == slack.token
    setup.page.get_by_role("button", name="Undo: prod").click()
    setup.said("prod stays.")
    assert not organisations(fresh)["prod"].disabled


def test_remove_takes_the_secrets_too(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack, proxy_url="http://proxy.example:3128")
    store(fresh, slack, "other")
    for kept in ("prod.proxy", "prod.renewed"):
        fresh.splunkd.passwords.put("slack_audit_monitor", kept, "invented", "slack_audit_monitor")
    setup = at_setup()
    setup.page.clock.install()
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.get_by_role("tab", name="This host").click()
    setup.page.clock.run_for(11_000)
    setup.said("prod and its token are removed.")
    assert set(organisations(fresh)) == {"other"} and secret_names(fresh) == ["other"]


def test_a_relays_token_is_stored_for_its_host_alone(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    """No test can reach a relay by its name: splunkd is taken at its word that the input accepts it."""

    def made(route: Any) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        form = {key: values[0] for key, values in parse_qs(route.request.post_data).items()}
        names.append(secret_names(fresh))
        fresh.splunkd.confs.write("slack_audit", form.pop("name"), {**form, "disabled": "1"})
        route.fulfill(status=201, content_type="application/json", body='{"entry":[]}')

    names: list[list[str]] = []
    setup = at_setup()
    setup.expect_status("404")
    setup.page.route("**/data/inputs/slack_audit?*", made)
    setup.page.route("**/data/inputs/slack_audit/prod?*", made)
    setup.begin("prod", slack.token, **{"API address": "https://relay.corp.example:8443/"})
    setup.dialog.get_by_text("The API address is at relay.corp.example").wait_for()
    setup.button("Test connection").click()
    setup.said("Slack accepts the token")
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved")
    assert names == [["setup-test@relay.corp.example"], ["prod@relay.corp.example"]]
    assert secret_names(fresh) == ["prod@relay.corp.example"]
    fresh.splunkd.passwords.put("slack_audit_monitor", "prod@relay.corp.example.renewed", "{}", "slack_audit_monitor")
    setup.page.clock.install()
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.clock.run_for(11_000)
    setup.said("prod and its token are removed.")
    assert secret_names(fresh) == [] and organisations(fresh) == {}


def test_a_secret_that_survives_its_organisation_is_said(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("503", "404")
    refuse(setup.page, "**/storage/passwords/*", 503, "busy", method="DELETE", times=1)
    setup.page.clock.install()
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.clock.run_for(11_000)
    setup.said("prod is removed, but its secret is still stored.")
    setup.button("Remove the stored secret").click()
    setup.said("The stored secret is removed.")
    assert secret_names(fresh) == []


def test_names_are_text_and_nothing_else(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    names = ["img src=x onerror=alert(1)", "Zürich 東京 &amp; 5 % \u202erf", "a%20b + c#d;e=g'h ${i}"]
    setup = at_setup()
    for name in names:
        setup.add(name)
        assert secret_of(fresh, name) == slack.token
    for name in names:
        setup.act("Test", name)
        setup.said(f"{name}: Slack accepts the token")
    store(fresh, slack, "<b onclick=alert(1)>bold</b>")  # by hand, in the conf file
    setup.button("Look again").click()
    setup.row("<b onclick=alert(1)>bold</b>").wait_for()


# -- how they are doing


def test_status_of_an_organisation_that_runs(
    visit: Visit, slack: SlackSimulator, tmp_path: Any, at_setup: AtSetup
) -> None:
    with empty_stand(tmp_path / "alive", alive=True) as stand:
        setup = at_setup(at=stand)
        setup.add("prod")
        setup.row("prod").filter(has_text="Working").wait_for(timeout=60_000)
        text = setup.row("prod").inner_text()
        assert "seconds ago" in text
        setup.visitor.screenshot("setup-working", whole=False)
        slack.tokens.revoke(slack.token)
        stand.splunkd.confs.write("slack_audit", "prod", {"interval": "10"})
        stand.splunkd.inputs.sync()
        setup.page.wait_for_timeout(1500)
        for _ in range(20):
            setup.button("Look again").click()
            setup.page.wait_for_timeout(1000)
            if "Stopped" in setup.row("prod").inner_text():
                break
        assert "token" in setup.row("prod").inner_text()
        setup.check_secrets()
        setup.visitor.context.close()


def test_organisations_of_other_hosts_are_shown(at_setup: AtSetup, fresh: Stand) -> None:
    from datetime import datetime, timezone

    from sandbox.splunkd.inputs import InputEvent

    now = fresh.clock()
    stamp = datetime.fromtimestamp(now - 40, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.000 +0000")
    line = f"{stamp} level=INFO pid=1 input=far event=run_finished outcome=done entries=5 lag_seconds=3"
    path = "/opt/splunk/var/log/splunk/slack_audit_monitor.log"
    fresh.splunkd.internal.add([InputEvent(line, now - 40, "hf1", path, "slack_audit_monitor", "_internal")])
    setup = at_setup()
    table = setup.page.get_by_role("table", name="Collected by other hosts")
    table.wait_for()
    assert "hf1" in table.inner_text() and "Working" in table.inner_text()


def test_an_index_that_the_alerts_do_not_search_is_said_and_mended(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack, index="security")
    setup = at_setup()
    setup.said("prod writes to the index security, but the alerts do not look there.")
    setup.button("Let the alerts search security too").click()
    setup.said("look into the index security too")
    definition = fresh.splunkd.conf_store.stanzas("macros")["slack_audit_index"]["definition"]
    assert definition == '(index="slack_audit" OR index="security")'
    setup.page.get_by_text("but the alerts do not look there").wait_for(state="detached")
