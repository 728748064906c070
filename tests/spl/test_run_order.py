"""sort, dedup, head, tail, reverse, and the order in which events come (SM: How search processes events)."""

from __future__ import annotations

import pytest

from sandbox.spl import Switches
from tests.spl.run_table import check, result, run

TABLE = [
    ([{"n": n} for n in ("10", "9", "2")], "sort n", [{"n": "2"}, {"n": "9"}, {"n": "10"}]),
    ([{"n": n} for n in ("10", "9", "2")], "sort str(n)", [{"n": "10"}, {"n": "2"}, {"n": "9"}]),
    ([{"n": n} for n in ("b", "B", "1", "a")], "sort n", [{"n": "1"}, {"n": "B"}, {"n": "a"}, {"n": "b"}]),
    (
        [{"i": i} for i in ("10.0.0.9", "10.0.0.10", "9.0.0.1")],
        "sort i",
        [{"i": "9.0.0.1"}, {"i": "10.0.0.9"}, {"i": "10.0.0.10"}],
    ),
    # Missing values come last ascending and descending.
    ([{"k": 1}, {"n": 1}, {"n": 2}], "sort n", [{"n": 1}, {"n": 2}, {"k": 1}]),
    ([{"k": 1}, {"n": 1}, {"n": 2}], "sort -n", [{"n": 2}, {"n": 1}, {"k": 1}]),
    (
        [{"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}],
        "sort a, - b",
        [{"a": 1, "b": 2}, {"a": 1, "b": 1}, {"a": 2, "b": 1}],
    ),
    ([{"n": 1}, {"n": 3}, {"n": 2}], "sort 2 n desc", [{"n": 3}, {"n": 2}]),
    # dedup keeps the first met; rows without the field go unless keepempty.
    ([{"u": "a", "n": 1}, {"u": "a", "n": 2}, {"n": 3}], "dedup u", [{"u": "a", "n": 1}]),
    ([{"u": "a", "n": 1}, {"u": "a", "n": 2}, {"n": 3}], "dedup u keepempty=t", [{"u": "a", "n": 1}, {"n": 3}]),
    ([{"u": "a", "n": n} for n in (1, 2, 3)], "dedup 2 u", [{"u": "a", "n": 1}, {"u": "a", "n": 2}]),
    ([{"u": u} for u in "aaba"], "dedup u consecutive=t", [{"u": "a"}, {"u": "b"}, {"u": "a"}]),
    ([{"u": ["a", "b"]}, {"u": ["b", "a"]}, {"u": ["a", "b"]}], "dedup u", [{"u": ["a", "b"]}, {"u": ["b", "a"]}]),
    ([{"u": "a", "n": 1}, {"u": "b", "n": 2}], "dedup u sortby -n", [{"u": "b", "n": 2}, {"u": "a", "n": 1}]),
    ([{"n": n} for n in range(12)], "head | stats count", [{"count": 10}]),
    ([{"n": n} for n in (1, 2, 3, 1)], "head (n<3)", [{"n": 1}, {"n": 2}]),
    ([{"n": n} for n in (1, 2, 3, 1)], "head (n<3) keeplast=t", [{"n": 1}, {"n": 2}, {"n": 3}]),
    ([{"n": 1}], "head 0", []),
    ([{"n": n} for n in (1, 2, 3)], "tail 2", [{"n": 3}, {"n": 2}]),
    ([{"n": n} for n in (1, 2, 3)], "reverse", [{"n": 3}, {"n": 2}, {"n": 1}]),
]


@pytest.mark.parametrize(("given", "spl", "expected"), TABLE, ids=[line[1] for line in TABLE])
def test_table(given: list, spl: str, expected: list) -> None:
    check(given, f"search * | {spl}", expected)


def test_events_come_newest_first_whatever_the_order_of_delivery() -> None:
    given = [{"_time": time, "n": time} for time in (20, 40, 10, 30)]
    assert [row["n"] for row in run("search *", given)] == [40, 30, 20, 10]


def test_equal_times_can_be_shuffled_since_their_order_is_not_promised() -> None:
    given = [{"_time": 5, "n": n} for n in range(20)]
    plain = [row["n"] for row in run("search *", given)]
    shuffled = [row["n"] for row in run("search *", given, switches=Switches(tie_seed=3))]
    assert plain == list(range(19, -1, -1))
    assert shuffled != plain and sorted(shuffled) == sorted(plain)


def test_sort_keeps_ten_thousand_unless_told_otherwise() -> None:
    given = [{"n": 1}] * 10_001
    cut = result("search * | sort n | stats count", given)
    assert cut.rows == [{"count": 10_000}] and any("sort 0" in warning for warning in cut.warnings)
    whole = result("search * | sort 0 n | stats count", given)
    assert whole.rows == [{"count": 10_001}] and not whole.warnings
