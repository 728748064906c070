"""Every search in the documentation is understood by the engine, and those that need no data are run."""

from __future__ import annotations

import re

import pytest

from sandbox.spl import search
from tests.app.doc_pages import PAGES, Block, blocks, name_of, spans

pytestmark = pytest.mark.once

NOW = 1_772_366_400
SEARCH = re.compile(r"search [\w*]|\| \w+ .*\||`slack_\w+` \||index=\S+ \S+=")
TO_FILL_IN = re.compile(r"\.\.\.|…|\$\w+[|$]|\w+ <|=<")
REST = re.compile(r"\| rest /services\S*( \w+=\S+)*")
MACRO_ALONE = re.compile(r"\| `[^`]+`$")


def searches() -> list[tuple[str, str]]:
    """Return place and text of each search that stands in a code block or, whole, in backticks."""
    found = []
    for page in PAGES:
        for block in blocks(page):
            found.extend((block.where, text) for text in searches_of(block))
        for span in spans(page):
            if SEARCH.match(span) and not TO_FILL_IN.search(span):
                found.append((name_of(page), f"| makeresults | {span}" if span.startswith("search ") else span))
    return found


def searches_of(block: Block) -> list[str]:
    text = block.text.strip()
    if block.language not in ("", "spl") or not re.match(r"\||index=|`slack_", text):
        return []
    lines = text.splitlines()
    if all(MACRO_ALONE.match(line) for line in lines):
        return lines  # one search a line
    return [text]


SEARCHES = searches()


def test_there_are_searches() -> None:
    assert len(SEARCHES) > 6


@pytest.mark.parametrize("where, text", SEARCHES)
def test_a_search_runs(where: str, text: str) -> None:
    # The engine has no endpoints to ask; what a search makes of their answer is read all the same.
    result = search(REST.sub("| makeresults", text), [], now=NOW, earliest="-24h", latest="now")
    assert result.rows is not None
