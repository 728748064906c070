"""Breaks a call of the setup page off on its way there or back."""

from __future__ import annotations

from typing import Any

from tests.ui.setup_steps import SetupPage

INPUTS = "**/data/inputs/slack_audit"
SECRETS = "**/storage/passwords"


def break_off(setup: SetupPage, pattern: str, method: str, *, done: bool = False, offline: bool = False) -> None:
    """Once: no answer to such a call. `done`: Splunk did it all the same; `offline`: nothing works from then on."""
    setup.expect_status("ERR_FAILED", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_FAILED", "Failed to load resource")
    used: list[str] = []

    def cut(route: Any) -> None:
        if used or route.request.method != method:
            route.fallback()
            return
        used.append(route.request.url)
        if done:
            route.fetch()
        if offline:
            setup.visitor.context.set_offline(True)
        route.abort("internetdisconnected" if offline else "connectionfailed")

    setup.page.route(pattern, cut)


def remove_now(setup: SetupPage, name: str) -> None:
    """Remove an organisation and let the ten seconds pass; the clock of the page must be installed."""
    setup.act("Remove", name)
    setup.button("Remove", setup.dialog).click()
    setup.said("will be removed in 10 seconds")
    setup.page.clock.run_for(11_000)
