"""Alerts, thresholds and baselines on the setup page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.kit.stand import Stand
from tests.ui.setup_steps import AtSetup, SetupPage, refuse, rules

pytestmark = pytest.mark.once


def is_on(stand: Stand, name: str) -> bool:
    return stand.splunkd.conf_store.stanzas("savedsearches")[name].get("disabled") == "0"


def macro(stand: Stand, name: str) -> str:
    return str(stand.splunkd.conf_store.stanzas("macros")[name]["definition"])


# -- alerts


def test_a_whole_tier_is_switched_on_and_off(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("alerts")
    archive = rules(fresh, "archive")
    card = setup.page.locator('[data-test-tier="archive"]')
    assert f"0 of {len(archive)} alerts on" in card.inner_text()
    card.get_by_role("button", name=f"Switch all {len(archive)} on").click()
    setup.said("Archive: report only: all alerts are on.")
    assert all(rules(fresh, "archive").values()) and sum(rules(fresh).values()) == len(archive)
    assert f"{len(archive)} of {len(archive)} alerts on" in card.inner_text()
    assert fresh.splunkd.conf_store.stanzas("app")["install"]["is_configured"] == "1"
    card.get_by_role("button", name="Switch all off").click()
    setup.said("Archive: report only: all alerts are off.")
    assert not any(rules(fresh).values())


def test_a_tier_that_stops_in_the_middle_says_how_far_it_came(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("alerts")
    setup.expect_status("503")
    done: list[str] = []

    def stop(route: Any) -> None:
        done.append(route.request.url)
        if len(done) > 5:
            route.fulfill(status=503, content_type="application/json", body='{"messages":[{"text":"busy"}]}')
        else:
            route.fallback()

    setup.page.route("**/saved/searches/*", stop)
    card = setup.page.locator('[data-test-tier="review"]')
    card.get_by_role("button", name="Switch all").first.click()
    setup.said("then Splunk stopped.")
    on = sum(rules(fresh, "review").values())
    assert f"{on} of " in card.inner_text() and on == 5


def test_a_single_alert_is_switched(at_setup: AtSetup, fresh: Stand) -> None:
    name = "Slack - Impossible Travel - Rule"
    setup = at_setup("alerts")
    switch = setup.page.get_by_role("switch", name="Run Impossible Travel")
    switch.click()
    setup.said("Impossible Travel is on.")
    assert is_on(fresh, name) and sum(rules(fresh).values()) == 1
    switch.click()
    setup.said("Impossible Travel is off.")
    assert not is_on(fresh, name)


def test_a_switch_that_splunk_refuses_goes_back(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("alerts")
    setup.expect_status("403")
    refuse(setup.page, "**/saved/searches/*", 403, "You may not (requires capability: schedule_search).")
    switch = setup.page.get_by_role("switch", name="Run Impossible Travel")
    switch.click()
    setup.said("the capability schedule_search is missing")
    assert switch.get_attribute("aria-checked") == "false"


def test_alerts_are_found_by_words(at_setup: AtSetup) -> None:
    setup = at_setup("alerts")
    setup.page.get_by_role("textbox", name="Find an alert").fill("U09")
    rows = setup.page.locator("[data-test-alert]")
    assert "Impossible Travel" in [text.split("\n")[0] for text in rows.locator("strong").all_inner_texts()]
    setup.page.get_by_role("textbox", name="Find an alert").fill("zebra")
    setup.said("No alert fits these words.")


# -- thresholds


def tune(setup: SetupPage, alert: str) -> None:
    setup.page.get_by_role("textbox", name="Find an alert").fill(alert)
    setup.page.get_by_role("button", name=f"Thresholds and notes: {alert}", exact=True).click()


def test_thresholds_are_set_and_reset(at_setup: AtSetup, fresh: Stand) -> None:
    name = "slack_failed_sign_ins_by_account_threshold"
    setup = at_setup("alerts")
    tune(setup, "Failed Sign-ins by Account")
    field = setup.page.locator(f'[data-macro="{name}"]')
    assert "As shipped: 10" in field.inner_text()
    field.get_by_role("textbox").fill("25")
    field.get_by_role("button", name=f"Save {name}").click()
    setup.said(f"{name} is saved.")
    assert macro(fresh, name) == "25" and "Changed." in field.inner_text()
    field.get_by_role("button", name=f"Reset {name}").click()
    setup.said(f"{name} is as shipped again.")
    assert macro(fresh, name) == "10" and "Changed." not in field.inner_text()


def test_a_threshold_that_no_search_could_use_is_refused(at_setup: AtSetup, fresh: Stand) -> None:
    name = "slack_failed_sign_ins_by_account_threshold"
    setup = at_setup("alerts")
    tune(setup, "Failed Sign-ins by Account")
    field = setup.page.locator(f'[data-macro="{name}"]')
    field.get_by_role("textbox").fill("many")
    field.get_by_role("textbox").press("Enter")
    field.get_by_text("A whole number is expected here").wait_for()
    assert macro(fresh, name) == "10"


def test_all_changed_values_are_reset_at_once_and_that_can_be_undone(at_setup: AtSetup, fresh: Stand) -> None:
    changes = {"slack_mass_download_threshold": "50", "slack_audit_baseline_days": "60",
               "slack_export_filter": 'search NOT user="backup@corp.example"'}  # fmt: skip
    before = {name: macro(fresh, name) for name in changes}
    for name, definition in changes.items():
        fresh.splunkd.conf_store.write("macros", name, {"definition": definition})
    setup = at_setup("alerts")
    setup.button("Reset all 3 changed values").click()
    setup.said("3 values are as shipped again.")
    assert {name: macro(fresh, name) for name in changes} == before
    setup.button("Undo").click()
    setup.said("3 values are as before again.")
    assert {name: macro(fresh, name) for name in changes} == changes


# -- baselines


def test_baselines_are_filled_and_switched_on(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")
    setup.button("Fill all from history, then switch all on").click()
    setup.said("All baselines are filled and on.", 120)
    stanzas = fresh.splunkd.conf_store.stanzas("savedsearches")
    kept = [name for name in stanzas if name.endswith(" - Lookup Gen")]
    assert kept and all(is_on(fresh, name) for name in kept)
    run = {job.name for job in fresh.splunkd.jobs.all()}
    assert {name for name in stanzas if name.endswith(" - Lookup Backfill")} <= run


def test_one_baseline_is_filled_with_its_progress_and_its_failure(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")
    setup.expect_status("503")
    row = setup.page.locator('[data-test-baseline="Accounts"]')
    refuse(setup.page, "**/dispatch?*", 503, "KV Store initialization has not completed yet.", times=1)
    row.get_by_role("button", name="Fill Accounts from history now").click()
    row.get_by_text("KV store is not ready").wait_for()
    row.get_by_role("button", name="Fill Accounts from history now").click()
    row.get_by_text("Done: 0 rows").wait_for()


def stop_half_way(setup: SetupPage) -> None:
    """Fill Accounts from a history of which 42 % are read, and stop."""
    half = {"content": {"sid": "x", "isDone": False, "isFailed": False, "doneProgress": 0.42, "messages": {}}}
    setup.page.route(
        "**/search/jobs/*?*",
        lambda route: route.fulfill(json=half) if route.request.method == "GET" else route.fulfill(json={}),
    )
    row = setup.page.locator('[data-test-baseline="Accounts"]')
    row.get_by_role("button", name="Fill Accounts from history now").click()
    row.get_by_text("42 %").wait_for()
    row.get_by_role("button", name="Stop: Accounts").click()
    row.get_by_text("Stopped").wait_for()


def test_a_running_backfill_shows_its_progress_and_can_be_stopped(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")
    stop_half_way(setup)


def test_a_baseline_that_was_stopped_once_can_be_filled_with_the_others(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")
    stop_half_way(setup)
    setup.page.unroute("**/search/jobs/*?*")
    setup.page.wait_for_timeout(500)
    setup.button("Fill all from history, then switch all on").click()
    setup.said("All baselines are filled and on.", 120)
    setup.page.locator('[data-test-baseline="Accounts"]').get_by_text("Done: 0 rows").wait_for()


def test_a_backfill_that_is_stopped_before_it_has_begun_is_cancelled(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")
    setup.expect_status("404")
    held: list[Any] = []
    setup.page.route("**/dispatch?*", lambda route: held.append(route))
    row = setup.page.locator('[data-test-baseline="Accounts"]')
    row.get_by_role("button", name="Fill Accounts from history now").click()
    row.get_by_role("button", name="Stop: Accounts").click()
    row.get_by_text("Stopped").wait_for()
    with setup.page.expect_request(lambda asked: asked.method == "DELETE" and "/search/jobs/" in asked.url):
        held[0].continue_()
    setup.visitor.settle()
    assert "Stopped" in row.inner_text() and "Done" not in row.inner_text()


def test_a_kv_store_that_is_not_ready_is_said(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("baselines")

    def starting(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        body["entry"][0]["content"]["kvStoreStatus"] = "starting"
        route.fulfill(response=answer, json=body)

    setup.page.route("**/server/info?*", starting)
    setup.page.reload()
    setup.said("KV store does not call itself ready")
