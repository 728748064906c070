"""However the store picks candidates, a search finds the same events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.spl import store
from sandbox.spl.context import RunContext
from sandbox.spl.engine import compile_search_text
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.store import Event, EventStore

pytestmark = pytest.mark.once

KNOWLEDGE = Knowledge()
WORDS = ("login", "Login_failed", "user-login", "k\u00e9", "a.b", "1.5", "a", "\u212a", 'say "hi"', "x\ty", "LOG")
SEARCHES = (
    "login",
    "TERM(login)",
    "act=login",
    "act=Login_failed OR act=a.b",
    'act IN ("login", "1.5") NOT act=a',
    "act=log*",
    "login_failed host=h1",
    "index=other OR user-login",
    '"a b"',
    "NOT login",
    "act=k",
    'act="x*"',
    "host=h* a",
    "sourcetype=one act=LOG",
)

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
events = st.lists(
    st.tuples(texts, st.sampled_from(("h1", "h2")), st.sampled_from(("main", "other")), st.booleans()), max_size=8
)


def raw_text(words: str, as_json: bool) -> str:
    import json

    return json.dumps({"act": words, "n": 1}) if as_json else f"act={words} n=1"


def found(batches: list[Any], from_needs: int, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Run all searches after each batch of events, each search for the first time at another batch."""
    monkeypatch.setattr(store, "CLASSES_FROM", from_needs)
    plans = [compile_search_text(search, KNOWLEDGE) for search in SEARCHES]
    kept = EventStore()
    results: list[list[str]] = []
    for number, batch in enumerate(batches):
        kept.extend(
            [
                Event(raw_text(words, as_json), 10 * number + place, host=host, sourcetype="one", index=index)
                for place, (words, host, index, as_json) in enumerate(batch)
            ]
        )
        for plan in plans[: 3 * number + 3]:
            rows = plan.run(RunContext(now=1000, lookups=KNOWLEDGE.tables(), store=kept)).rows
            results.append([row["_raw"] for row in rows])
    return results


@settings(max_examples=60, deadline=None)
@given(st.lists(events, min_size=1, max_size=5))
def test_classes_of_events_find_what_looking_into_each_event_finds(batches: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        one_by_one = found(batches, 1_000_000, patch)
        at_once = found(batches, 0, patch)
        later = found(batches, 5, patch)
    assert at_once == one_by_one
    assert later == one_by_one


def test_a_word_between_breakers_is_found_and_a_part_of_a_word_is_not() -> None:
    with pytest.MonkeyPatch.context() as patch:
        batch = [("login", "h1", "main", True), ("relogin", "h1", "main", True), ("user-login", "h1", "main", True)]
        rows = found([batch], 0, patch)[0]
    assert rows == ['{"act": "user-login", "n": 1}', '{"act": "login", "n": 1}']
