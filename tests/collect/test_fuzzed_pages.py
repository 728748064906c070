"""Mutated pages never crash a run, lose a good entry, or make an event up. `bench/fuzz_pages.py` plays many more."""

from __future__ import annotations

import random
import time

import pytest
from fuzzed_pages import WHOLE, FuzzedSlack, Tally, run_case, spoilt_entry


@pytest.fixture
def fuzzed():
    server = FuzzedSlack()
    yield server
    server.close()


@pytest.mark.parametrize("block", range(6))
def test_mutated_pages(block, fuzzed, make_entry):
    tally = Tally()
    for seed in range(block * 40, block * 40 + 40):
        run_case(fuzzed, seed, make_entry, tally)
    assert tally.failures == []
    assert tally.cases == 40 and tally.pages >= 40 and tally.odd_events > 0


def test_the_mutations_are_what_they_claim(make_entry):
    """Otherwise the fuzzing would play a few tame cases for ever."""
    rng = random.Random(1)  # noqa: S311 - a repeatable sample
    entry = make_entry(1, int(time.time()))
    texts = {spoilt_entry(rng, entry) for _ in range(500)}
    assert len(texts) > 350 and max(map(len, texts)) > 900_000
    for sign in (b"NaN", b"\\ud800", b"</data>", b"\x00", b"9" * 5_000, b'"id": ""', b"1" + b"0" * 400, b"\xff\xfe"):
        assert any(sign in text for text in texts), sign
    assert len(WHOLE) == 11
