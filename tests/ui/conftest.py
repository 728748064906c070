"""Fixtures of the tests in a browser: a stand-in with a life behind it, a browser, and somebody who looks.

    def test_something(visit):
        visitor = visit(theme="dark")
        visitor.open_view("overview")

Each test ends with a look at what the console said: an error that the test did not expect fails it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from sandbox.slack_api import SlackSimulator
from tests.ui.kit.stand import Stand, empty_stand, lived_stand
from tests.ui.kit.visitor import Visitor
from tests.ui.setup_steps import AtSetup, SetupPage
from tools.browser import BrowserMissing, find_browser
from tools.node import NodeMissing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Headless and offline: whatever a browser does by itself is switched off.
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--font-render-hinting=none",
    # A page lives for seconds: what the optimising compiler wins comes after its end.
    "--js-flags=--no-opt",
)  # fmt: skip
# The first test pays for what all share: packages, pages, the prepared life.
_SECONDS = 900
HERE = Path(__file__).parent
WIDTH, HEIGHT = 1440, 900

Visit = Callable[..., Visitor]


@pytest.hookimpl(tryfirst=True)  # before `-m "not once"` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.once)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_SECONDS))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium; a test that cannot have one fails and says what to install."""
    if sys.version_info < (3, 10):
        pytest.fail("The tests in a browser need Python 3.10 or newer: install one and run `make test`", pytrace=False)
    from playwright.sync_api import sync_playwright

    try:
        found = find_browser()
    except (BrowserMissing, NodeMissing) as error:
        pytest.fail(str(error), pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found.executable, env={**os.environ, **found.variables}, args=list(_FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A stand-in with weeks of life and the findings of the last days. Shared: a test leaves it as it was."""
    try:
        with lived_stand(tmp_path_factory.mktemp("stand")) as stand:
            yield stand
    except NodeMissing as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Somebody who looks at the pages of a stand-in: `visit(theme="dark", at=stand, signed_in=False)`.

    `checks_definitions`: Splunk's components check those of the dashboards, too, and what they find is an error.
    """
    visitors: list[Visitor] = []

    def visit(
        theme: str = "light", at: Stand | None = None, signed_in: bool = True, checks_definitions: bool = False
    ) -> Visitor:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            locale="en-US",
            timezone_id="UTC",
            color_scheme=theme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        there = at or request.getfixturevalue("stand")
        visitors.append(
            Visitor.arrive(there, context, theme, signed_in=signed_in, checks_definitions=checks_definitions)
        )
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
    said = [text for visitor in visitors for text in visitor.unexpected()]
    assert not said, "the console said:\n" + "\n".join(said)


# -- the setup page


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    """A simulated Slack, in which nothing has happened."""
    with SlackSimulator([], per_minute=None) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Stand]:
    """The app as it was just installed."""
    with empty_stand(tmp_path / "stand") as stand:
        yield stand


@pytest.fixture
def at_setup(fresh: Stand, visit: Visit, slack: SlackSimulator) -> Iterator[AtSetup]:
    """Open the page: `at_setup("alerts", theme="dark")`; at the end no secret may be left anywhere."""
    pages: list[SetupPage] = []

    def arrive(room: str = "", *, theme: str = "light", at: Stand | None = None) -> SetupPage:
        page = SetupPage(visit(theme, at or fresh), slack)
        pages.append(page)
        return page.open(room)

    yield arrive
    for page in pages:
        page.check_secrets()
