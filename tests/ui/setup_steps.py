"""What a person does on the setup page, and what the page may never do, whatever it is asked for.

The fixture `at_setup` gives somebody who has opened the page. It watches that no answer of storage/passwords is ever
read and that no secret stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from sandbox.slack_api import SlackSimulator
from sandbox.splunkd.daemon import SCHEME
from tests.ui.kit.stand import APP, Stand
from tests.ui.kit.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

PASSWORDS = "/storage/passwords"
# Remembers which answers the page's own code has read; runs before anything of the page.
_WATCH = """() => {
    window.__read = [];
    for (const how of ['text', 'json', 'arrayBuffer', 'blob', 'formData', 'bytes']) {
        const original = Response.prototype[how];
        if (!original) continue;
        Response.prototype[how] = function () {
            window.__read.push([this.ok, this.url]);
            return original.call(this);
        };
    }
}"""


class SetupPage:
    """The page as somebody uses it; every secret that is typed is watched from then on."""

    def __init__(self, visitor: Visitor, slack: SlackSimulator) -> None:
        self.visitor = visitor
        self.page: Page = visitor.page
        self.slack = slack
        self.secrets: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.page.on("request", self._note)
        visitor.context.add_init_script(f"({_WATCH})()")

    def _note(self, request: Request) -> None:
        self.asked.append((request.method, request.url))

    # -- going about

    def open(self, room: str = "") -> SetupPage:
        self.visitor.go(f"/app/{APP}/setup_page{f'#{room}' if room else ''}")
        return self

    def room(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
        self.page.get_by_role("tabpanel").get_by_role("heading", level=2).wait_for()

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def field(self, label: str) -> Locator:
        return self.dialog.get_by_role("textbox", name=label)

    def said(self, text: str, seconds: float = 40) -> str:
        """Wait for a sentence in one of the live regions, and give all of that region."""
        region = self.page.locator('[role="status"], [role="alert"]').filter(has_text=text).first
        region.wait_for(timeout=seconds * 1000)
        return str(region.inner_text())

    def complaint(self, field: str) -> str:
        """What stands beside a field of the dialog."""
        return str(self.dialog.locator(f'[data-field="{field}"]').inner_text())

    # -- organisations

    def type_secret(self, label: str, secret: str) -> None:
        self.secrets.append(secret)
        self.field(label).fill(secret)

    def begin(self, name: str, token: str, **advanced: str) -> None:
        """Open the dialog and fill it in; `advanced` by label, `API address` is the simulator unless it is given."""
        self.button("Add organisation").click()
        self.dialog.wait_for()
        self.field("Name").fill(name)
        self.type_secret("User OAuth token", token)
        self.advanced({"API address": self.slack.api_url, **advanced})

    def advanced(self, values: dict[str, str]) -> None:
        opener = self.dialog.get_by_role("button", name="Advanced settings")
        if opener.get_attribute("aria-expanded") != "true":
            opener.click()
        for label, value in values.items():
            self.field(label).fill(value)

    def add(self, name: str, token: str = "", **advanced: str) -> None:
        self.begin(name, token or self.slack.token, **advanced)
        self.button("Save", self.dialog).click()
        self.dialog.wait_for(state="detached", timeout=40_000)

    def row(self, name: str) -> Locator:
        return self.page.locator(f'[data-test-organisation="{name}"]')

    def act(self, action: str, name: str) -> None:
        self.page.get_by_role("button", name=f"{action}: {name}", exact=True).click()

    def expect_status(self, *parts: str) -> None:
        """Errors that the test provokes: the browser logs each answer of 400 and more."""
        self.visitor.expected.extend(parts)

    # -- what may never be

    def check_secrets(self) -> None:
        """No answer that holds a secret was read, and none of what was typed is anywhere in the page."""
        if self.page.is_closed():
            return
        if self.dialog.count():
            self.page.keyboard.press("Escape")
            self.dialog.wait_for(state="detached")
        read = self.page.evaluate("() => window.__read")
        assert [url for ok, url in read if ok and PASSWORDS in url] == []
        assert [url for method, url in self.asked if method == "GET" and PASSWORDS in url] == []
        places = self.page.evaluate(
            """() => ({
                page: document.documentElement.outerHTML,
                fields: [...document.querySelectorAll('input, textarea')].map((one) => one.value).join(' '),
                storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]),
                address: location.href + document.cookie,
            })"""
        )
        for secret in self.secrets:
            assert [place for place, text in places.items() if secret in text] == [], "a secret stays"
            assert not any(secret in url for _, url in self.asked), "a secret stands in an address"


AtSetup = Callable[..., SetupPage]


def organisations(stand: Stand) -> dict[str, Any]:
    """Name -> settings, as splunkd has them."""
    return {stanza.name: stanza for stanza in stand.splunkd.confs.stanzas(SCHEME)}


def secret_of(stand: Stand, name: str) -> str | None:
    found = stand.splunkd.passwords._store.get((APP, name))
    return found[0] if found else None


def secret_names(stand: Stand) -> list[str]:
    return [name for _, name in stand.splunkd.passwords._store.keys()]


def store(stand: Stand, slack: SlackSimulator, name: str = "prod", **settings: str) -> None:
    """An organisation that is there already."""
    stand.splunkd.passwords.put(APP, name, slack.token, APP)
    stand.splunkd.confs.write(SCHEME, name, {"api_url": slack.api_url, "disabled": "0", **settings})


def refuse(page: Any, pattern: str, status: int, text: str, *, method: str = "POST", times: int | None = None) -> None:
    """Let an endpoint answer like a splunkd that says no."""

    def handle(route: Any) -> None:
        if route.request.method != method:
            route.fallback()
            return
        body = '{"messages":[{"type":"ERROR","text":"' + text + '"}]}'
        route.fulfill(status=status, content_type="application/json", body=body)

    page.route(pattern, handle, **({} if times is None else {"times": times}))


def rules(stand: Stand, tier: str = "") -> dict[str, bool]:
    """Alert -> whether it is on."""
    return {
        name: settings.get("disabled") == "0"
        for name, settings in stand.splunkd.conf_store.stanzas("savedsearches").items()
        if name.endswith(" - Rule") and tier in ("", settings["action.slack_audit_finding.param.tier"])
    }
