"""Who may set up: the app's own role is enough for every part of the page, a reader is told so in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.conftest import Visit
from tests.ui.kit.stand import Stand
from tests.ui.setup_steps import SetupPage, organisations, secret_of

if TYPE_CHECKING:
    from playwright.sync_api import Response

WORDS = "drawn for this test alone"
Arrive = Callable[..., SetupPage]


@pytest.fixture
def arrive(visit: Visit, fresh: Stand, slack: SlackSimulator) -> Arrive:
    """Somebody with these roles and no others, signed in, on the setup page."""

    def arrive(*roles: str, room: str = "") -> SetupPage:
        fresh.splunkd.sessions.put_user("kim", WORDS, roles)
        visitor = visit(at=fresh, signed_in=False)
        answer = visitor.context.request.post(
            f"{fresh.base}/en-US/account/login",
            form={"username": "kim", "password": WORDS},
            headers={"X-Requested-With": "XMLHttpRequest"},
        )
        assert answer.status == 200
        return SetupPage(visitor, slack).open(room)

    return arrive


@pytest.mark.parametrize("roles", [("slack_audit_reader",), ("user",), ("user", "slack_audit_reader")])
def test_a_reader_is_told_in_a_sentence_who_may(arrive: Arrive, roles: tuple[str, ...]) -> None:
    setup = arrive(*roles)
    said = setup.page.locator("[data-test-may-not]")
    said.wait_for()
    text = said.inner_text()
    assert "Setting up is for the role slack_audit_admin" in text
    assert f"logged in as kim, with the role{'s' if len(roles) > 1 else ''} {', '.join(roles)}." in text
    assert setup.page.get_by_role("tab").count() == 0
    # The page asks for nothing that such a user is refused; and it is as readable as any.
    assert [url for _, url in setup.asked if "/data/inputs" in url or "/storage/" in url] == []
    setup.visitor.accessibility()


def test_the_setup_role_suffices_for_every_part(arrive: Arrive, fresh: Stand) -> None:
    refused: list[str] = []
    setup = arrive("slack_audit_admin")

    def heard(response: Response) -> None:
        if response.status in (401, 403):
            refused.append(f"{response.status} {response.request.method} {response.url}")

    setup.page.on("response", heard)
    setup.expect_status("404")  # of a proxy's password, which is removed as well if there is one
    setup.add("prod")
    setup.act("Test", "prod")
    setup.said("prod")
    setup.act("New token", "prod")
    setup.type_secret("User OAuth token", setup.slack.tokens.add("xoxp-second"))
    setup.button("Replace the token").click()
    setup.said("prod uses the new token from its next run on.")
    assert secret_of(fresh, "prod") == "xoxp-second"

    setup.room("Alerts")
    setup.page.get_by_role("switch", name="Run Impossible Travel").click()
    setup.said("Impossible Travel is on.")
    setup.page.get_by_role("textbox", name="Find an alert").fill("Failed Sign-ins by Account")
    setup.page.get_by_role("button", name="Thresholds and notes: Failed Sign-ins by Account", exact=True).click()
    field = setup.page.locator('[data-macro="slack_failed_sign_ins_by_account_threshold"]')
    field.get_by_role("textbox").fill("25")
    field.get_by_role("button", name="Save slack_failed_sign_ins_by_account_threshold").click()
    setup.said("slack_failed_sign_ins_by_account_threshold is saved.")

    setup.room("Baselines")
    row = setup.page.locator('[data-test-baseline="Accounts"]')
    row.get_by_role("button", name="Fill Accounts from history now").click()
    row.get_by_text("Done: 0 rows").wait_for()

    setup.room("Site lists")
    setup.page.get_by_role("radio", name="office networks", exact=True).check()
    setup.button("Add row").click()
    setup.page.get_by_label("network, row 1").fill("192.0.2.0/24")
    setup.button("Save list").click()
    setup.said("office networks is saved: 1 row.")

    setup.room("This host")
    setup.room("Organisations")
    setup.page.clock.install()
    setup.act("Remove", "prod")
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.clock.run_for(11_000)
    setup.said("prod and its token are removed.")
    assert refused == [] and organisations(fresh) == {} and secret_of(fresh, "prod") is None
    assert fresh.splunkd.conf_store.stanzas("app")["install"]["is_configured"] in ("1", "true")
    setup.check_secrets()


def test_a_role_that_somebody_has_cut_is_named(arrive: Arrive, fresh: Stand) -> None:
    fresh.splunkd.conf_store.write("authorize", "role_cut", {"slack_audit_setup": "enabled", "search": "enabled",
                                                            "list_inputs": "enabled"})  # fmt: skip
    setup = arrive("cut")
    setup.page.get_by_text("Your Splunk user lacks the capabilities").wait_for()
    text: Any = setup.page.get_by_text("Your Splunk user lacks the capabilities").inner_text()
    assert "edit_modinput_slack_audit, edit_storage_passwords, schedule_search, output_file" in text
