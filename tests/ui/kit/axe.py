"""axe in a page: the look that finds what keeps people from using it.

It stands in a world of its own: the page's policy lets no foreign script in, and need not.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tools.node import packages

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page

SERIOUS = ("serious", "critical")
# The impact of a rule is that of everything it finds, so a rule below `serious` is not run at all.
_RUN = """axe.run(%s, {
    resultTypes: ['violations'],
    rules: Object.fromEntries(
        axe._audit.rules.filter((rule) => !%s.includes(rule.impact)).map((rule) => [rule.id, { enabled: false }])
    ),
}).then((found) => JSON.stringify(found.violations))"""


@cache
def _script() -> str:
    return (packages("harness") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


class Axe:
    """axe beside one page. Its world lasts as long as the document: a second look finds the script there."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._session: CDPSession = context.new_cdp_session(page)

    def serious(self, include: str, exclude: tuple[str, ...]) -> list[dict[str, Any]]:
        """The violations that are serious or worse in one part of the page, without some parts of that."""
        frame = self._session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        here = {"contextId": world["executionContextId"]}
        if self._evaluate("typeof axe", here) == "undefined":
            self._session.send("Runtime.evaluate", {"expression": _script(), **here})
        what = {"include": [[include]], "exclude": [[part] for part in exclude]}
        found = self._evaluate(_RUN % (json.dumps(what), json.dumps(SERIOUS)), {**here, "awaitPromise": True})
        return [violation for violation in json.loads(found) if violation["impact"] in SERIOUS]

    def _evaluate(self, expression: str, how: dict[str, Any]) -> Any:
        answer = self._session.send("Runtime.evaluate", {"expression": expression, **how})
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"]["value"]
