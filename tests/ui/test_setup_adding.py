"""An organisation is added on the setup page, and all that Slack or Splunk may have against it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.kit.stand import Stand
from tests.ui.setup_steps import PASSWORDS, AtSetup, organisations, refuse, secret_names, secret_of, store

pytestmark = pytest.mark.once


# -- adding


def test_add_an_organisation_and_the_app_counts_as_set_up(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    assert "Not set up yet" in setup.visitor.text()
    setup.begin("prod", slack.token)
    setup.button("Test connection").click()
    setup.said("Slack accepts the token and delivers audit entries.")
    assert organisations(fresh) == {} and secret_names(fresh) == [], "a test saves nothing"
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved and collected from now on.")
    assert secret_of(fresh, "prod") == slack.token
    stanza = organisations(fresh)["prod"]
    assert not stanza.disabled and stanza.settings["api_url"] == slack.api_url
    assert fresh.splunkd.conf_store.stanzas("app")["install"]["is_configured"] == "1"
    setup.row("prod").wait_for()
    setup.page.get_by_text("Not set up yet").wait_for(state="detached")


def test_an_organisation_may_be_added_switched_off(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.begin("later", slack.token)
    setup.dialog.get_by_text("Collect as soon as it is saved").click()
    setup.button("Save", setup.dialog).click()
    setup.said("later is saved, and off.")
    assert organisations(fresh)["later"].disabled


def test_every_setting_of_the_input_can_be_set(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    values = {"Only these actions": "user_login, user_logout", "Calls a minute": "12", "Entries a page": "500",
              "Overlap": "60", "Checkpoint": "file", "Read timeout": "30"}  # fmt: skip
    setup = at_setup()
    setup.add("prod", **values)
    stored = organisations(fresh)["prod"].settings
    assert stored["actions"] == "user_login, user_logout" and stored["calls_per_minute"] == "12"
    assert stored["page_limit"] == "500" and stored["state"] == "file" and stored["overlap_seconds"] == "60"


def test_an_organisation_can_be_added_with_the_keyboard_alone(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    keys = setup.page.keyboard

    def to(name: str, most: int = 60) -> None:
        for _ in range(most):
            keys.press("Tab")
            focused = setup.page.evaluate(
                """() => {
                    const one = document.activeElement;
                    const group = one.closest('[data-field]');
                    const text = one.tagName === 'BUTTON' ? one.innerText : '';
                    return group?.dataset.field || one.getAttribute('aria-label') || text;
                }"""
            )
            if focused == name:
                return
        raise AssertionError(f"Tab never came to {name}")

    to("Add organisation")
    keys.press("Enter")
    setup.dialog.wait_for()
    to("name")
    keys.type("prod")
    to("token")
    setup.secrets.append(slack.token)
    keys.type(slack.token)
    to("Advanced settings")
    keys.press("Enter")
    to("api_url")
    keys.type(slack.api_url)
    to("Save")
    keys.press("Enter")
    setup.said("prod is saved")
    assert secret_of(fresh, "prod") == slack.token
    focused = setup.page.evaluate("() => document.activeElement.innerText")
    assert focused == "Add organisation", "the focus goes back to where the dialog was opened"


def test_remove_and_undo_with_the_keyboard_alone(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    keys = setup.page.keyboard

    def to(name: str, most: int) -> None:
        for _ in range(most):
            keys.press("Tab")
            if name == setup.page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
            ):
                return
        raise AssertionError(f"Tab never came to {name}")

    to("Remove: prod", 60)
    keys.press("Enter")
    setup.dialog.wait_for()
    to("Remove", 5)
    keys.press("Enter")
    setup.said("will be removed in 10 seconds")
    to("Undo: prod", 5)
    keys.press("Enter")
    setup.said("prod stays.")
    assert not organisations(fresh)["prod"].disabled


def test_escape_closes_the_dialog_and_forgets_what_was_typed(at_setup: AtSetup, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.begin("prod", slack.token)
    setup.page.keyboard.press("Escape")
    setup.dialog.wait_for(state="detached")
    setup.check_secrets()
    setup.button("Add organisation").click()
    assert setup.field("User OAuth token").input_value() == ""


def test_a_rotating_token_is_stored_as_a_pair(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    access, refresh = slack.tokens.start_rotation()
    setup = at_setup()
    setup.button("Add organisation").click()
    setup.field("Name").fill("prod")
    setup.dialog.get_by_text("Token with rotation").click()
    setup.field("Client ID").fill(slack.tokens.client_id)
    setup.type_secret("Client secret", slack.tokens.client_secret)
    setup.type_secret("Refresh token", refresh)
    setup.advanced({"API address": slack.api_url})
    setup.button("Test connection").click()
    assert "Slack was not asked" in setup.said("The connection was not tried: the token is renewed by the first run")
    setup.type_secret("Access token", access)
    setup.button("Test connection").click()
    setup.said("Slack accepts the token and delivers audit entries.")
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved")
    assert '"refresh_token":' in (secret_of(fresh, "prod") or "") and refresh in (secret_of(fresh, "prod") or "")


# -- what Slack says


REFUSALS = {
    "workspace_install": "whole organisation",
    "not_owner": "does not belong to an owner",
    "no_scope": "lacks the scope auditlogs:read",
    "no_plan": "not available on this Slack plan",
    "revoked": "The token was revoked or its app uninstalled",
}


def test_a_token_that_cannot_read_is_refused_beside_its_field(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    setup.expect_status("400")
    setup.begin("prod", "xoxp-first")
    for problem, said in REFUSALS.items():
        setup.type_secret("User OAuth token", slack.tokens.add(f"xoxp-invented-{problem}", problem=problem))
        setup.button("Save", setup.dialog).click()
        setup.said(said)
        assert said in setup.complaint("token")
        assert organisations(fresh) == {} and secret_names(fresh) == [], "nothing half saved"
        focused = setup.page.evaluate("() => document.activeElement.closest('[data-field]')?.dataset.field")
        assert focused == "token"


def test_a_token_that_can_do_more_is_taken_with_a_warning(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    token = slack.tokens.add("xoxp-wide", scopes=("auditlogs:read", "admin", "chat:write"))
    setup = at_setup()
    setup.begin("prod", token)
    setup.button("Test connection").click()
    assert "admin, chat:write" in setup.said("The token can do more than read audit logs")
    assert fresh.splunkd.messages.posted() == {}, "the advice of a test does not stay in the message bar"
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved and collected from now on. Note:")
    assert "The token can do more" in setup.row("prod").inner_text()


def test_a_wrong_kind_of_token_is_told_before_splunk_is_asked(at_setup: AtSetup, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.begin("prod", "xoxb-1234-bot")
    before = len(setup.asked)
    setup.button("Test connection").click()
    setup.said("1 field needs a look")
    assert "a bot token (xoxb-...)" in setup.complaint("token")
    assert not any(PASSWORDS in url for _, url in setup.asked[before:])


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_slack_cannot_be_reached(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("400")
    setup.begin("prod", slack.token, **{"API address": f"https://127.0.0.1:{closed_port()}"})
    setup.button("Test connection").click()
    assert "Slack cannot be reached as configured" in setup.said("cannot be reached")
    assert secret_names(fresh) == [] and organisations(fresh) == {}


def test_a_broken_tls_is_named(at_setup: AtSetup, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("400")
    setup.begin("prod", slack.token, **{"API address": slack.api_url.replace("http://", "https://")})
    setup.button("Test connection").click()
    assert "TLS" in setup.said("cannot be reached") or "SSL" in setup.said("cannot be reached")


def test_a_wrong_setting_is_told_beside_its_field(at_setup: AtSetup, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("400")
    setup.begin("prod", slack.token, **{"Start time": "yesterday", "Calls a minute": "0"})
    setup.button("Save", setup.dialog).click()
    setup.said("1 field needs a look")
    assert "A whole number from 1 to 50" in setup.complaint("calls_per_minute")
    setup.field("Calls a minute").fill("10")
    setup.button("Save", setup.dialog).click()
    setup.said("ISO 8601")
    assert "ISO 8601" in setup.complaint("start_time")
    setup.button("Cancel", setup.dialog).click()


# -- what Splunk says


def test_a_name_that_exists_is_refused_and_its_token_left_alone(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    store(fresh, slack)  # by somebody else, after the page was loaded
    setup.begin("prod", "xoxp-another-token")
    setup.button("Save", setup.dialog).click()
    setup.said('There is an organisation "prod" already')
    assert secret_of(fresh, "prod") == slack.token
    setup.button("Cancel", setup.dialog).click()


def test_a_missing_capability_is_named(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("403")
    fresh.splunkd.sessions.put_user("admin", "", ("power",))
    setup.begin("prod", slack.token)
    setup.button("Test connection").click()
    assert "edit_storage_passwords" in setup.said("the capability")
    setup.button("Cancel", setup.dialog).click()
    setup.visitor.page.reload()
    assert "logged in as admin, with the role power." in setup.said("Setting up is for the role slack_audit_admin")


def test_password_stored_but_input_refused_is_taken_back(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    setup.expect_status("500")
    refuse(setup.page, "**/data/inputs/slack_audit?*", 500, "disk is full")
    setup.begin("prod", slack.token)
    setup.button("Save", setup.dialog).click()
    assert "disk is full" in setup.said("Splunk failed with status 500")
    assert secret_names(fresh) == []
    setup.button("Cancel", setup.dialog).click()


def test_a_secret_that_cannot_be_taken_back_is_said_and_can_be_removed_later(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    setup = at_setup()
    setup.expect_status("500", "503")
    refuse(setup.page, "**/data/inputs/slack_audit?*", 500, "disk is full")
    refuse(setup.page, "**/storage/passwords/*", 503, "busy", method="DELETE", times=1)
    setup.begin("prod", slack.token)
    setup.button("Save", setup.dialog).click()
    setup.said("could not be taken away again")
    assert secret_names(fresh) == ["prod"]
    setup.button("Remove the stored secret").click()
    setup.said("The stored secret is removed.")
    assert secret_names(fresh) == []
    setup.button("Cancel", setup.dialog).click()


def test_the_network_goes_in_the_middle_of_saving(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to load resource")
    setup.begin("prod", slack.token)

    def cut(route: Any) -> None:
        if route.request.method == "POST":
            setup.visitor.context.set_offline(True)
            route.abort("internetdisconnected")
        else:
            route.fallback()

    setup.page.route("**/data/inputs/slack_audit?*", cut)
    setup.button("Save", setup.dialog).click()
    told = setup.said("Whether prod was saved is not known")
    assert "Splunk Web did not answer" in told
    setup.visitor.context.set_offline(False)
    setup.page.unroute("**/data/inputs/slack_audit?*")
    setup.button("Remove the stored secret").click()
    setup.said("The stored secret is removed.")
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved")
    assert secret_of(fresh, "prod") == slack.token


def test_an_answer_that_was_lost_on_the_way_is_found_out(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    """Splunk saved it, the answer never came: the page looks, and does not take the token away."""
    setup = at_setup()
    setup.expect_status("ERR_FAILED", "504")

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.fulfill(status=504, content_type="text/html", body="<html>gateway</html>")
        else:
            route.fallback()

    setup.page.route("**/data/inputs/slack_audit?*", lose)
    setup.add("prod")
    setup.said("prod is saved")
    assert secret_of(fresh, "prod") == slack.token and "prod" in organisations(fresh)


def test_what_a_closed_browser_left_of_a_test_is_tidied_up(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack, "setup-test", interval="0 0 1 1 *")
    setup = at_setup()
    setup.expect_status("404")
    setup.said("An earlier test had left")
    assert organisations(fresh) == {} and secret_names(fresh) == []
