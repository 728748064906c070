"""What is broken off on the setup page: an answer that never came, a session that ended, a second click meanwhile."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.breaking_off import INPUTS, SECRETS, break_off
from tests.ui.conftest import Visit
from tests.ui.kit.stand import Stand, empty_stand
from tests.ui.setup_steps import AtSetup, SetupPage, organisations, refuse, secret_names, secret_of, store

pytestmark = pytest.mark.once


# -- adding


@pytest.mark.parametrize("done", [False, True], ids=["the secret was not stored", "the secret was stored"])
def test_add_is_broken_off_while_the_secret_is_stored(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, done: bool
) -> None:
    setup = at_setup()
    setup.expect_status("404")
    break_off(setup, f"{SECRETS}?*", "POST", done=done)
    setup.begin("prod", slack.token)
    setup.button("Save", setup.dialog).click()
    setup.said("Splunk Web did not answer")
    assert secret_names(fresh) == [] and organisations(fresh) == {}
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved")
    assert secret_of(fresh, "prod") == slack.token


def test_add_is_broken_off_between_secret_and_input(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    break_off(setup, f"{INPUTS}?*", "POST")
    setup.begin("prod", slack.token)
    setup.field("Proxy user").fill("user")
    setup.type_secret("Proxy password", "proxy-s3cret")
    setup.button("Save", setup.dialog).click()
    setup.said("Splunk Web did not answer")
    assert secret_names(fresh) == [] and organisations(fresh) == {}


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("pattern", [f"{SECRETS}?*", f"{INPUTS}?*"], ids=["secret", "input"])
def test_the_network_goes_in_the_middle_of_adding(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, pattern: str, done: bool
) -> None:
    setup = at_setup()
    setup.expect_status("404", "409")
    break_off(setup, pattern, "POST", done=done, offline=True)
    setup.begin("prod", slack.token)
    setup.button("Save", setup.dialog).click()
    setup.said("Whether prod was saved is not known.")
    is_made = done and pattern == f"{INPUTS}?*"
    is_stored = done or pattern == f"{INPUTS}?*"
    assert set(organisations(fresh)) == ({"prod"} if is_made else set())
    assert secret_names(fresh) == (["prod"] if is_stored else [])
    setup.visitor.context.set_offline(False)
    setup.button("Remove the stored secret").click()
    if is_made:
        setup.said("prod is in Splunk, so its secret stays.")
        setup.button("Cancel", setup.dialog).click()
        setup.button("Look again").click()
        setup.row("prod").wait_for()
        assert secret_of(fresh, "prod") == slack.token
    else:
        setup.said("The stored secret is removed.")
        assert secret_names(fresh) == []
        setup.button("Save", setup.dialog).click()
        setup.said("prod is saved")
        assert secret_of(fresh, "prod") == slack.token and set(organisations(fresh)) == {"prod"}


def test_the_session_ends_between_secret_and_input(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.expect_status("401", "409")
    refuse(setup.page, f"{INPUTS}?*", 401, "call not properly authenticated")
    refuse(setup.page, f"{SECRETS}/*", 401, "call not properly authenticated", method="DELETE", times=1)
    setup.begin("prod", slack.token)
    setup.button("Save", setup.dialog).click()
    assert "Log in again in another tab" in setup.said("The token was stored before that")
    setup.page.unroute(f"{INPUTS}?*")
    setup.button("Save", setup.dialog).click()
    setup.said("prod is saved")
    assert secret_names(fresh) == ["prod"]


def test_a_double_click_saves_once(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    setup = at_setup()
    setup.begin("prod", slack.token)
    before = len(setup.asked)
    setup.button("Save", setup.dialog).dblclick()
    setup.said("prod is saved")
    made = [url for method, url in setup.asked[before:] if method == "POST" and "/data/inputs/slack_audit?" in url]
    assert len(made) == 1 and set(organisations(fresh)) == {"prod"}


# -- a new token


def begin_rotation(setup: SetupPage, slack: SlackSimulator) -> None:
    setup.act("New token", "prod")
    setup.type_secret("User OAuth token", slack.tokens.add("xoxp-second"))


def test_the_network_goes_while_the_new_token_is_tried(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("409")
    break_off(setup, f"{INPUTS}?*", "POST", offline=True)
    begin_rotation(setup, slack)
    setup.button("Replace the token").click()
    assert "could not be taken away again" in setup.said("The old token is still in place.")
    setup.visitor.context.set_offline(False)
    setup.button("Replace the token").click()
    setup.said("prod uses the new token from its next run on.")
    assert secret_of(fresh, "prod") == "xoxp-second"
    assert set(organisations(fresh)) == {"prod"} and secret_names(fresh) == ["prod"]


@pytest.mark.parametrize("done", [False, True], ids=["the old one is in place", "the new one is in place"])
def test_the_answer_to_the_new_token_is_lost(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, done: bool
) -> None:
    store(fresh, slack)
    setup = at_setup()
    break_off(setup, f"{SECRETS}/*prod*", "POST", done=done, offline=True)
    begin_rotation(setup, slack)
    setup.button("Replace the token").click()
    setup.said("Whether the new token is in place is not known")
    assert secret_of(fresh, "prod") == ("xoxp-second" if done else slack.token)
    setup.visitor.context.set_offline(False)
    setup.button("Replace the token").click()
    setup.said("prod uses the new token from its next run on.")
    assert secret_of(fresh, "prod") == "xoxp-second" and secret_names(fresh) == ["prod"]


def test_the_network_goes_after_the_new_token_is_in_place(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    break_off(setup, f"{INPUTS}/prod?*", "POST", offline=True)
    begin_rotation(setup, slack)
    setup.button("Replace the token").click()
    setup.said("The new token is in place")
    assert secret_of(fresh, "prod") == "xoxp-second"
    setup.visitor.context.set_offline(False)


def type_pair(setup: SetupPage, slack: SlackSimulator) -> str:
    """Type a new rotating pair into the dialog; returns its refresh token."""
    _, refresh = slack.tokens.start_rotation()
    setup.dialog.get_by_text("Token with rotation").click()
    setup.field("Client ID").fill(slack.tokens.client_id)
    setup.type_secret("Client secret", slack.tokens.client_secret)
    setup.type_secret("Refresh token", refresh)
    return refresh


def test_a_pair_is_replaced_while_a_run_renews_the_old_one(
    visit: Visit, slack: SlackSimulator, tmp_path: Path, at_setup: AtSetup
) -> None:
    asked, may_answer = threading.Event(), threading.Event()
    exchange = slack.tokens.exchange

    def slowly(form: dict[str, str]) -> dict[str, object]:
        answer = exchange(form)
        asked.set()
        may_answer.wait(120)
        return answer

    with empty_stand(tmp_path / "alive", alive=True) as stand:
        setup = at_setup(at=stand)
        setup.expect_status("404")
        slack.tokens.exchange = slowly  # type: ignore[method-assign]
        setup.button("Add organisation").click()
        setup.field("Name").fill("prod")
        setup.field("Interval").fill("10")
        type_pair(setup, slack)
        setup.advanced({"API address": slack.api_url})
        setup.button("Save", setup.dialog).click()
        setup.said("prod is saved")
        assert asked.wait(120), "no run renews the pair"
        setup.act("New token", "prod")
        refresh = type_pair(setup, slack)
        setup.button("Replace the token").click()
        setup.said("prod uses the new token from its next run on.")
        new = secret_of(stand, "prod") or ""
        assert json.loads(new)["refresh_token"] == refresh
        may_answer.set()
        deadline = time.monotonic() + 120
        while not (kept := json.loads(secret_of(stand, "prod.renewed") or "{}")).get("access_token"):
            assert time.monotonic() < deadline, "no run renews the new pair"
            time.sleep(0.2)
        assert kept["access_token"] in slack.tokens.alive() and refresh not in slack.tokens._refresh
        assert secret_of(stand, "prod") == new, "what was stored on the page stays"
        # What splunkd heard; the same line of the app's own log is read and indexed a little later.
        said = [row["_raw"] for row in stand.search("search index=_internal sourcetype=splunkd token_replaced", "-1h")]
        assert len(said) == 1 and "The token that was stored last is used from now on." in said[0]
        setup.act("Remove", "prod")
        setup.button("Remove", setup.dialog).click()
        setup.said("prod and its token are removed.")
        assert secret_names(stand) == []


# -- two windows


def test_what_another_window_removed_is_said(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.act("Edit", "prod")
    fresh.splunkd.confs.remove("slack_audit", "prod")
    setup.field("Interval").fill("120")
    setup.button("Save", setup.dialog).click()
    setup.said("somebody may have removed it")
    assert organisations(fresh) == {}
    setup.button("Cancel", setup.dialog).click()


# -- the status


def test_a_search_that_takes_longer_than_the_next_look_is_waited_for(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    held: list[Any] = []
    setup.page.route(
        "**/search/jobs?*", lambda route: held.append(route) if route.request.method == "POST" else route.fallback()
    )
    setup.page.clock.install()
    setup.page.reload()
    setup.row("prod").get_by_text("Looking ...").wait_for()
    for _ in range(3):
        setup.page.clock.run_for(10_000)
    assert len(held) == 1, "one search at a time"
    held[0].continue_()
    setup.page.clock.run_for(3_000)
    setup.row("prod").get_by_text("No run yet").wait_for()
