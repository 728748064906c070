"""Somebody who looks at the pages of a stand-in in a real browser, and notes what goes wrong on them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.ui.kit.axe import Axe
from tests.ui.kit.stand import APP, Stand
from tools.environments import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

SCREENSHOTS = ROOT / "build" / "screenshots"
LOCALE = "/en-US"
THEMES = ("light", "dark")
# What axe says about Splunk's own components, which nobody who writes a view can change: rule, part of the selector.
SPLUNKS_OWN = (
    ("color-contrast", '[data-test="viz-description"]'),  # grey on white, in the light theme
    ("button-name", 'data-test="clickable"'),  # the sign of a panel without rows
    ("label-content-name-mismatch", 'button[data-test="prev"]'),  # of a paginator
    ("label-content-name-mismatch", 'button[data-test="next"]'),
)
_LOOK_MILLISECONDS, _QUIET_LOOKS = 50, 8
# Splunk's dialogs blur the page behind them, by 0 px. Without a graphics card each frame of that costs 30 ms, for
# whatever moves in the dialog; so it is done for a picture alone.
_UNBLURRED = """(() => {
    const sheet = (window.__unblurred = new CSSStyleSheet());
    sheet.replaceSync('[data-test="modal-overlay"] { backdrop-filter: none !important; }');
    document.adoptedStyleSheets.push(sheet);
})()"""
# Splunk's components check each definition against their schema, which they compile anew for that: a second of work.
# A definition says the same whatever data there is, so who looks at its data need not have it checked again.
_UNCHECKED = """(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...more) {
        if (!(message?.schema && message.definition)) post.call(this, message, ...more);
    };
})()"""
# Nothing is asked for, no search runs and nothing turns, at so many looks in a row. Looks and not the time are counted:
# where the machine has no time for the page, the page has none to change.
_SETTLED = """(looks) => {
    const kept = (window.__settled ??= { quiet: 0, seen: '' });
    const root = document.documentElement;
    const now = JSON.stringify([
        root.dataset.searches ?? '0',
        performance.getEntriesByType('resource').length,
        document.body?.innerText.length ?? -1,
        document.querySelectorAll('svg, canvas, [data-test]').length,
    ]);
    const waits = document.querySelector('[data-test="wait-spinner"], [data-test="search-status-loading"]');
    if (now !== kept.seen || waits || Number(root.dataset.searches ?? 0) > 0) {
        kept.seen = now;
        kept.quiet = 0;
        return false;
    }
    kept.quiet += 1;
    return kept.quiet > looks;
}"""


def address_of(view: str) -> str:
    """Where a view of the app stands."""
    return f"{LOCALE}/app/{APP}/{view}"


@dataclass
class Visitor:
    """One browser window of one person, signed in, in one theme. `problems` grows with what the console says."""

    stand: Stand
    context: BrowserContext
    page: Page
    theme: str
    problems: list[str] = field(default_factory=list)
    # Texts of console errors that a test provokes on purpose, such as a refused password.
    expected: list[str] = field(default_factory=list)
    _axe: Axe | None = field(default=None, repr=False)

    @classmethod
    def arrive(
        cls,
        stand: Stand,
        context: BrowserContext,
        theme: str = "light",
        *,
        signed_in: bool = True,
        checks_definitions: bool = True,
    ) -> Visitor:
        """Come to the stand-in with a browser window of one's own."""
        visitor = cls(stand, context, context.new_page(), theme)
        visitor.page.add_init_script(_UNBLURRED)
        if not checks_definitions:
            visitor.page.add_init_script(_UNCHECKED)
        visitor.page.on("console", visitor._heard)
        visitor.page.on("pageerror", lambda error: visitor.problems.append(f"{type(error).__name__}: {error}"))
        visitor.page.on("response", visitor._answered)
        context.add_cookies([{"name": "splunkweb_theme", "value": theme, "url": stand.base}])
        if signed_in:
            assert context.request.get(stand.web.start_address, max_redirects=0).status == 302
        return visitor

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self._cancelled_twice(message.location.get("url", ""), message.text):
            self.problems.append(f"{message.text} ({message.location.get('url', '')})")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not self._cancelled_twice(response.url, str(response.status)):
            self.problems.append(f"status {response.status} of {response.request.method} {response.url}")

    @staticmethod
    def _cancelled_twice(url: str, said: str) -> bool:
        """Splunk's components cancel a search twice when tokens change; the second is answered "Unknown sid"."""
        return re.search(r"/search/jobs/[^/]+/control$", url) is not None and "404" in said

    # -- going somewhere

    def go(self, path: str, **query: str) -> Page:
        """Open a page of the app by its path behind the locale, and wait until it stands."""
        address = f"{self.stand.base}{LOCALE}{path}"
        self.page.goto(f"{address}?{urlencode(query)}" if query else address)
        self.settle()
        return self.page

    def open_view(self, name: str, **tokens: str) -> Page:
        """Open a view; tokens preset its inputs: `account="x"`, `**{"global_time.earliest": "-7d"}`."""
        return self.go(f"/app/{APP}/{name}", **{f"form.{token}": value for token, value in tokens.items()})

    def switch_theme(self, theme: str) -> None:
        """Let the page be drawn again in a theme, as whoever presses the button in Splunk's bar."""
        other = next(one for one in THEMES if one != theme)
        self.page.get_by_role("button", name=f"{theme.title()} theme").click()
        self.page.get_by_role("button", name=f"{other.title()} theme").wait_for()
        self.page.evaluate("() => { window.__settled = undefined; }")
        self.theme = theme
        self.settle()
        assert self.page.evaluate("document.body.dataset.theme") == theme

    def settle(self, seconds: float = 60) -> None:
        """Wait until every panel has its rows: no search is under way and the page has stopped to change."""
        self.page.wait_for_function(
            _SETTLED, arg=_QUIET_LOOKS, polling=_LOOK_MILLISECONDS, timeout=seconds * 1000
        )

    # -- looking

    def check_stands(self, name: str) -> None:
        """The page has a heading, and the app's navigation says that one is here."""
        here = self.page.locator("nav a[aria-current=page]")
        assert here.get_attribute("href") == address_of(name), name
        assert self.page.locator("h1").count() >= 1, name

    def unexpected(self) -> list[str]:
        """What the console and the network said that the test did not provoke."""
        return [text for text in self.problems if not any(part in text for part in self.expected)]

    def text(self) -> str:
        """All text of the page as a reader sees it."""
        return str(self.page.inner_text("body"))

    def screenshot(self, name: str, *, whole: bool = True) -> Path:
        """Keep a picture as build/screenshots/<name>-<theme>.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}-{self.theme}.png"
        size = self.page.viewport_size
        if whole and size:
            # The window grows first: a panel that is resized by the picture itself is taken before it has its width.
            height = self.page.evaluate("() => document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": size["width"], "height": min(max(height, size["height"]), 8000)})
            self.settle()
        self.page.evaluate("() => { window.__unblurred.disabled = true; }")
        self.page.screenshot(path=path, animations="disabled")
        self.page.evaluate("() => { window.__unblurred.disabled = false; }")
        if whole and size:
            self.page.set_viewport_size(size)
        return path

    def accessibility(self, *, within: str = "body", without: tuple[str, ...] = ()) -> list[str]:
        """What axe finds that is serious or worse: one line for each element, with the rule and the element.

        What it finds in Splunk's own components and no view can change is left out: see SPLUNKS_OWN.
        """
        self._axe = self._axe or Axe(self.context, self.page)
        lines = []
        for violation in self._axe.serious(within, without):
            for node in violation["nodes"]:
                line = f"{violation['id']}: {'; '.join(node['target'])}"
                # The selector may be any that is short: the element itself names its component, too.
                if not any(violation["id"] == rule and part in line + node["html"] for rule, part in SPLUNKS_OWN):
                    lines.append(line)
        return lines

    def first_paint(self) -> float:
        """Milliseconds from the start of the navigation to the first contents on the screen."""
        paint = self.page.evaluate(
            "() => performance.getEntriesByName('first-contentful-paint').map((entry) => entry.startTime)"
        )
        assert paint, "the browser has not painted anything"
        return float(paint[0])
