"""A removal on the setup page that is broken off: what is off, what is gone, and what the page says of it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.breaking_off import INPUTS, SECRETS, break_off, remove_now
from tests.ui.kit.stand import APP, Stand
from tests.ui.setup_steps import AtSetup, organisations, secret_names, secret_of, store

pytestmark = pytest.mark.once


# -- removing


def test_remove_whose_answer_was_lost_takes_the_secrets_too(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    break_off(setup, f"{INPUTS}/prod?*", "DELETE", done=True)
    remove_now(setup, "prod")
    setup.said("prod and its token are removed.")
    assert organisations(fresh) == {} and secret_names(fresh) == []


def test_remove_that_never_reached_splunk_leaves_it_off_and_whole(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    break_off(setup, f"{INPUTS}/prod?*", "DELETE")
    remove_now(setup, "prod")
    setup.said("prod could not be removed; it is off.")
    assert organisations(fresh)["prod"].disabled and secret_of(fresh, "prod") == slack.token
    remove_now(setup, "prod")
    setup.said("prod and its token are removed.")
    assert organisations(fresh) == {} and secret_names(fresh) == []


def test_the_network_goes_before_it_is_switched_off(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    break_off(setup, f"{INPUTS}/prod/disable?*", "POST", offline=True)
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    assert "Whether prod is off now is not known." in setup.said("prod is not removed")
    setup.page.clock.run_for(15_000)
    assert not organisations(fresh)["prod"].disabled and secret_of(fresh, "prod") == slack.token
    setup.visitor.context.set_offline(False)
    remove_now(setup, "prod")
    setup.said("prod and its token are removed.")
    assert organisations(fresh) == {} and secret_names(fresh) == []


@pytest.mark.parametrize("done", [False, True], ids=["it is on", "it is off"])
def test_the_answer_to_switching_off_is_lost(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, done: bool
) -> None:
    store(fresh, slack)
    setup = at_setup()
    break_off(setup, f"{INPUTS}/prod/disable?*", "POST", done=done)
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    if done:
        setup.said("prod is switched off, and will be removed")
        setup.page.get_by_role("button", name="Undo: prod").click()
        setup.said("prod stays.")
    else:
        setup.said("prod is not removed")
    assert not organisations(fresh)["prod"].disabled and secret_of(fresh, "prod") == slack.token


@pytest.mark.parametrize("done", [False, True], ids=["it is off", "it is on again"])
def test_the_network_goes_while_a_removal_is_undone(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, done: bool
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.page.clock.install()
    break_off(setup, f"{INPUTS}/prod/enable?*", "POST", done=done, offline=True)
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.get_by_role("button", name="Undo: prod").click()
    assert "Whether prod is on now is not known." in setup.said("prod stays, but may still be off.")
    setup.page.clock.run_for(15_000)
    assert organisations(fresh)["prod"].disabled is not done and secret_of(fresh, "prod") == slack.token
    setup.visitor.context.set_offline(False)


@pytest.mark.parametrize("done", [False, True], ids=["it is there", "it is gone"])
def test_the_network_goes_in_the_middle_of_removing(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator, done: bool
) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    break_off(setup, f"{INPUTS}/prod?*", "DELETE", done=done, offline=True)
    remove_now(setup, "prod")
    setup.said("Whether prod was removed is not known.")
    assert ("prod" in organisations(fresh)) is not done and secret_of(fresh, "prod") == slack.token
    setup.visitor.context.set_offline(False)
    setup.button("Remove the stored secret").click()
    if not done:
        setup.said("prod is in Splunk, so its secret stays.")
        assert secret_of(fresh, "prod") == slack.token
        remove_now(setup, "prod")
        setup.said("prod and its token are removed.")
    else:
        setup.said("The stored secret is removed.")
    assert organisations(fresh) == {} and secret_names(fresh) == []


def test_the_network_goes_between_input_and_secret(at_setup: AtSetup, fresh: Stand, slack: SlackSimulator) -> None:
    store(fresh, slack)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    break_off(setup, f"{SECRETS}/*", "DELETE", offline=True)
    remove_now(setup, "prod")
    setup.said("prod is removed, but its secret is still stored.")
    setup.visitor.context.set_offline(False)
    setup.button("Remove the stored secret").click()
    setup.said("The stored secret is removed.")
    assert secret_names(fresh) == [] and organisations(fresh) == {}


def test_remove_takes_the_password_of_a_proxy_that_is_set_no_more(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    fresh.splunkd.passwords.put(APP, "prod.proxy", "user:password", APP)
    setup = at_setup()
    setup.expect_status("404")
    setup.page.clock.install()
    remove_now(setup, "prod")
    setup.said("prod and its token are removed.")
    assert secret_names(fresh) == []


def test_undo_counts_however_often_remove_was_asked_for(
    at_setup: AtSetup, fresh: Stand, slack: SlackSimulator
) -> None:
    store(fresh, slack)
    setup = at_setup()
    held: list[Any] = []
    setup.page.route(f"{INPUTS}/prod/disable?*", lambda route: held.append(route))
    setup.page.clock.install()
    for _ in range(2):
        if setup.button("Remove: prod").count() and setup.button("Remove: prod").is_enabled():
            setup.act("Remove", "prod")
            setup.button("Remove", setup.dialog).click()
            setup.dialog.wait_for(state="detached")
    for route in held:
        route.continue_()
    setup.said("prod is switched off, and will be removed")
    setup.page.get_by_role("button", name="Undo: prod").click()
    setup.said("prod stays.")
    setup.page.clock.run_for(15_000)
    setup.visitor.settle()
    assert not organisations(fresh)["prod"].disabled and secret_of(fresh, "prod") == slack.token
