"""streamstats: order, windows, resets and its limit (SR: streamstats)."""

from __future__ import annotations

import pytest

from sandbox.spl import SplError, Switches
from tests.spl.run_table import result, run

LETTERS = [{"k": k, "n": n} for k, n in (("a", 1), ("b", 2), ("a", 3), ("a", 4), ("b", 5))]


def column(spl: str, given: list, name: str, **options: object) -> list:
    return [row.get(name) for row in run(spl, given, **options)]


TABLE = [
    ("streamstats count AS x", [1, 2, 3, 4, 5]),
    ("streamstats sum(n) AS x BY k", [1, 2, 4, 8, 7]),
    # current=f leaves the current row out: count starts at 0, other functions are absent.
    ("streamstats current=f count AS x", [0, 1, 2, 3, 4]),
    ("streamstats current=f last(n) AS x", [None, 1, 2, 3, 4]),
    ("streamstats current=f last(n) AS x BY k", [None, None, 1, 3, 2]),
    ("streamstats window=2 sum(n) AS x", [1, 3, 5, 7, 9]),
    ("streamstats window=2 current=f sum(n) AS x", [None, 1, 3, 5, 7]),
    # With BY, global=t (the default) is one window over all groups, global=f one for each group.
    ("streamstats window=2 sum(n) AS x BY k", [1, 2, 3, 7, 5]),
    ("streamstats window=2 global=f sum(n) AS x BY k", [1, 2, 4, 7, 7]),
    ("streamstats window=3 min(n) AS x", [1, 1, 1, 2, 3]),
    ("streamstats window=3 max(n) AS x", [1, 2, 3, 4, 5]),
    ("streamstats window=3 first(n) AS x", [1, 1, 1, 2, 3]),
    ("streamstats window=3 dc(k) AS x", [1, 2, 2, 2, 2]),
    ("streamstats window=2 values(k) AS x", ["a", ["a", "b"], ["a", "b"], "a", ["a", "b"]]),
    ("streamstats window=2 list(k) AS x", ["a", ["a", "b"], ["b", "a"], ["a", "a"], ["a", "b"]]),
    ("streamstats window=2 avg(n) AS x", [1, 1.5, 2.5, 3.5, 4.5]),
    ("streamstats reset_on_change=t count AS x BY k", [1, 1, 1, 2, 1]),
    ('streamstats reset_before="(k=\\"b\\")" count AS x', [1, 1, 2, 3, 1]),
    ('streamstats reset_after="(n>=3)" count AS x', [1, 2, 3, 1, 1]),
]


@pytest.mark.parametrize(("spl", "expected"), TABLE, ids=[line[0] for line in TABLE])
def test_table(spl: str, expected: list) -> None:
    assert column(f"search * | {spl}", LETTERS, "x") == expected


def test_a_row_without_the_by_field_passes_untouched() -> None:
    assert run("search * | streamstats count AS x BY k | table n x", [{"n": 1}, {"n": 2, "k": "a"}]) == [
        {"n": 1}, {"n": 2, "x": 1},
    ]  # fmt: skip


TIMES = [{"_time": time, "n": time} for time in (1000, 1300, 1599, 1600, 1601)]


@pytest.mark.parametrize(("edge", "expected"), [("inclusive", [1, 2, 3, 4, 4]), ("exclusive", [1, 2, 3, 3, 4])])
def test_time_window_slides_and_its_far_edge_is_a_switch(edge: str, expected: list) -> None:
    spl = "search * | sort 0 _time | streamstats time_window=10m count AS x"
    assert column(spl, TIMES, "x", switches=Switches(time_window_edge=edge)) == expected


def test_time_window_needs_rows_in_order_of_time() -> None:
    given = [{"_time": 10, "k": 2}, {"_time": 30, "k": 1}, {"_time": 20, "k": 3}]
    with pytest.raises(SplError, match="needs rows in order of _time"):
        run("search * | sort 0 k | streamstats time_window=1m count", given)


def test_ten_thousand_rows_are_the_limit_and_a_warning_tells() -> None:
    given = [{"n": 1}] * 10_001
    answer = result("search * | streamstats sum(n) AS x | sort 0 - x | head 2 | table x", given)
    assert answer.rows == [{"x": 10_000}, {"x": 10_000}]
    assert any("10000 rows" in warning for warning in answer.warnings)
    assert not result("search * | streamstats sum(n) AS x", given[:10_000]).warnings


def test_sums_of_fractions_do_not_drift_in_a_window() -> None:
    given = [{"n": n} for n in (1e16, 0.1, 0.2, 0.3)]
    assert column("search * | streamstats window=2 sum(n) AS x", given, "x")[-1] == pytest.approx(0.5)


def test_a_window_of_rows_and_one_of_time_hold_together() -> None:
    ages = ((0, "a"), (1, "a"), (2, "a"), (30, "b"), (31, "a"))
    given = [{"_time": 1_700_000_000 - age, "u": u} for age, u in ages]
    spl = "search * | sort 0 - _time | streamstats window=2 time_window=10s count AS x BY u"
    assert column(spl, given, "x") == [1, 2, 2, 1, 1]
