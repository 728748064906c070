"""What tstats adds up of kept totals is what it would find by looking at each event; late events count at once."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.spl import summaries
from sandbox.spl.context import RunContext
from sandbox.spl.engine import compile_search_text
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.store import Event, EventStore

pytestmark = pytest.mark.once

BARE = Knowledge()
SPL = (
    "| tstats count min(_time) AS first max(_time) AS last min(_indextime) AS early max(_indextime) AS late"
    " where index=main sourcetype=good BY source"
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 300), st.integers(0, 50), st.sampled_from(["a", "b", ""]), st.sampled_from(["good", "bad"])
    ),
    max_size=40,
)


def expected(events: list[Event], earliest: float, latest: float) -> list[dict[str, object]]:
    rows = []
    for source in ("a", "b"):
        found = [
            event
            for event in events
            if earliest <= event.time < latest and (event.source, event.sourcetype) == (source, "good")
        ]
        if found:
            times, arrivals = [event.time for event in found], [event.indextime for event in found]
            rows.append({
                "source": source, "count": len(found), "first": min(times), "last": max(times),
                "early": min(arrivals), "late": max(arrivals),
            })  # fmt: skip
    return rows


IN_ORDER = [(second, 0, "a", "good") for second in range(10, 30)]
A_LATE_ONE = [(12, 40, "b", "good")]


@example(batches=[IN_ORDER, A_LATE_ONE], window=(0, 100))
@given(batches=st.lists(EVENTS, max_size=6), window=st.tuples(st.integers(0, 300), st.integers(0, 300)))
@settings(max_examples=200, deadline=None)
def test_totals_are_those_of_the_events(
    batches: list[list[tuple[int, int, str, str]]], window: tuple[int, int]
) -> None:
    plan = compile_search_text(SPL, BARE)
    store = EventStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summaries, "STRETCH", 4)
        for batch in batches:
            store.extend([
                Event("{}", time, indextime=time + lag, source=source, sourcetype=sourcetype)
                for time, lag, source, sourcetype in batch
            ])  # fmt: skip
            context = RunContext(1000, BARE.tables(), store=store, earliest=window[0], latest=window[1])
            assert plan.run(context).rows == expected(store.events, *window)
