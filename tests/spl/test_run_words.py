"""A condition that holds for one run finds the same events whether each is looked at or the index of words is asked."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.spl import candidates, wordindex
from sandbox.spl import store as stores
from sandbox.spl.candidates import Metadata, Need, folded_words
from sandbox.spl.searchterms import All, Formula, IndexTerm, MetadataEquals
from sandbox.spl.searchterms import Any as AnyPart
from sandbox.spl.store import Event, EventStore, Filter

pytestmark = pytest.mark.once

WORDS = ("login", "u01", "u02", "common", "zürich")
TEXTS = st.lists(st.sampled_from((*WORDS, "LOGIN", "u01x")), max_size=4).map(
    lambda found: '"common":"' + '","'.join(found)
)
EVENTS = st.lists(st.tuples(TEXTS, st.integers(0, 60), st.integers(0, 20), st.sampled_from("ab")), max_size=25)
TERMS = st.sampled_from(WORDS[:4]).map(IndexTerm)
FORMULAS = st.recursive(
    TERMS | st.sampled_from("ab").map(lambda name: MetadataEquals("source", name)),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: AnyPart(tuple(parts)))
    | st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
    max_leaves=6,
)
BOUND = st.none() | st.integers(0, 80)
ANY_OF_TWO = AnyPart((IndexTerm("u01"), IndexTerm("u02")))


def of(event: Event) -> Metadata:
    return event.index, event.sourcetype, event.source, event.host


@example([[('"common":"u01', 5, 1, "a")], [('"common":"u02', 4, 9, "b")]], ANY_OF_TWO, (0, 10, None, None), None, 99, 1)
@given(
    st.lists(EVENTS, max_size=4),
    FORMULAS,
    st.tuples(BOUND, BOUND, BOUND, BOUND),
    st.none() | st.integers(0, 3),
    st.sampled_from([2, 99]),
    st.sampled_from([1, 4]),
)
@settings(max_examples=150, deadline=None)
def test_the_index_of_words_loses_and_adds_nothing(
    batches: list[list[tuple[str, int, int, str]]],
    formula: Formula,
    bounds: tuple[int | None, int | None, int | None, int | None],
    tie_seed: int | None,
    many: int,
    longer: int,
) -> None:
    store, need = EventStore(), Need(formula)
    base = Filter("base", Need(IndexTerm("common")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "WORDS_FROM", 0)
        patch.setattr(candidates, "MANY_WORDS", many)
        patch.setattr(wordindex, "COMMON_FROM", 5)
        patch.setattr(wordindex, "LONG", longer)
        patch.setattr(wordindex, "BUCKETS", 7)  # so that words share buckets
        for batch in batches:
            store.extend([
                Event(raw, time, indextime=time + lag, source=source) for raw, time, lag, source in batch
            ])  # fmt: skip
            both = Need(All((IndexTerm("common"), formula)))
            found = store.select_meeting(both, *bounds, wanted=base, tie_seed=tie_seed)
            in_window = store.select(*bounds, wanted=base)
            held = [event for event in in_window if need.met_by_class(frozenset(folded_words(event.raw)), of(event))]
            looked_at = [event for event in in_window if need.met_by(event)]
            assert set(map(id, held)) <= set(map(id, found)) <= set(map(id, looked_at))
            if tie_seed is None:
                assert found == [event for event in in_window if event in found]
            else:
                assert [event.time for event in found] == sorted((event.time for event in found), reverse=True)


def test_nothing_is_indexed_before_a_question_over_many_events() -> None:
    store = EventStore()
    store.extend([Event('{"id":"u01"}', second) for second in range(stores.WORDS_FROM)])
    assert len(store.select_meeting(Need(IndexTerm("u01")), 0, 100)) == 100
    assert store._words._known == 0
    assert len(store.select_meeting(Need(IndexTerm("u01")), 0, None)) == stores.WORDS_FROM
    assert store._words._known == stores.WORDS_FROM
