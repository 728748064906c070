"""What searches read: counted from the index alone it is the same, for every search, as counted while they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.bench_cost import measure
from bench.report import screen

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]


def test_counting_alone_gives_the_figures_of_running() -> None:
    run, entries = measure(100, 3, ROOT, screen())
    counted, same_entries = measure(100, 3, ROOT, screen(), count_only=True)
    assert same_entries == entries
    assert sorted(counted.each) == sorted(run.each)
    reading = [name for name, cost in run.costs.items() if cost.reads]
    assert len(reading) > 40, "too quiet a day to compare by"
    assert sum(cost.reads for cost in run.costs.values()) > 2 * entries
