"""stats, eventstats, top and rare as the Search Reference describes them."""

from __future__ import annotations

import pytest

from sandbox.spl import SplError, Switches
from tests.spl.run_table import check, result, run

PEOPLE = [
    {"user": "ana", "n": 3, "src": "a"},
    {"user": "bob", "n": 10, "src": "b"},
    {"user": "ana", "n": 7, "src": "b"},
    {"n": 100, "src": "c"},
]

TABLE = [
    # SR: stats - without results and without BY there is one row with a count of 0, with BY none.
    ([], "search x=1 | stats count sum(n) AS s", [{"count": 0}]),
    ([], "search x=1 | stats count BY user", []),
    # SR: stats - a row without the BY field is in no group.
    (
        PEOPLE,
        "stats count sum(n) BY user",
        [{"user": "ana", "count": 2, "sum(n)": 10}, {"user": "bob", "count": 1, "sum(n)": 10}],
    ),
    (
        PEOPLE,
        "fillnull value=none user | stats count BY user",
        [{"user": "ana", "count": 2}, {"user": "bob", "count": 1}, {"user": "none", "count": 1}],
    ),
    # A multivalue BY field puts the event into each value's group; count(f) counts values.
    ([{"t": ["x", "y"]}, {"t": "x"}], "stats count BY t", [{"t": "x", "count": 2}, {"t": "y", "count": 1}]),
    (
        [{"t": ["x", "y"]}, {"t": "x"}, {"u": 1}],
        "stats count(t) AS n dc(t) AS d count AS c",
        [{"n": 3, "d": 2, "c": 3}],
    ),
    # values(): unique, in text order; list(): order of arrival.
    (
        [{"n": v} for v in ("70", "9", "100", "10", "9")],
        "stats values(n) AS v list(n) AS l",
        [{"v": ["10", "100", "70", "9"], "l": ["70", "9", "100", "10", "9"]}],
    ),
    # first and last go by arrival (newest first), earliest and latest by time.
    (
        [{"v": "new"}, {"v": "mid"}, {"v": "old"}],
        "stats first(v) AS f last(v) AS l earliest(v) AS e latest(v) AS t",
        [{"f": "new", "l": "old", "e": "old", "t": "new"}],
    ),
    ([{"v": "new"}, {"v": "old"}], "reverse | stats first(v) AS f latest(v) AS t", [{"f": "old", "t": "new"}]),
    # Numeric functions skip text; min and max are numeric only when all values are.
    ([{"n": "3"}, {"n": "x"}, {"n": "5"}], "stats sum(n) AS s avg(n) AS a", [{"s": 8, "a": 4}]),
    ([{"n": "10"}, {"n": "9"}], "stats min(n) AS a max(n) AS b range(n) AS r", [{"a": 9, "b": 10, "r": 1}]),
    ([{"n": "10"}, {"n": "9"}, {"n": "x"}], "stats min(n) AS a max(n) AS b", [{"a": "10", "b": "x"}]),
    # The median of an even number of values is the higher of the two in the middle.
    ([{"n": n} for n in (1, 2, 3, 4)], "stats median(n) AS m perc50(n) AS p", [{"m": 3, "p": 3}]),
    (
        [{"n": n} for n in (2, 4, 4, 4, 5, 5, 7, 9)],
        "stats stdevp(n) AS p varp(n) AS v mode(n) AS m sumsq(n) AS q",
        [{"p": 2, "v": 4, "m": 4, "q": 232}],
    ),
    ([{"n": 5}], "stats stdev(n) AS s var(n) AS v", [{"s": 0, "v": 0}]),
    # count(eval(...)) counts where the condition is true; other functions take a value.
    (PEOPLE, 'stats count(eval(user="ana")) AS a dc(eval(if(n>5, src, null()))) AS d', [{"a": 2, "d": 2}]),
    # Groups are case-sensitive.
    ([{"u": "A"}, {"u": "a"}], "stats count BY u", [{"u": "A", "count": 1}, {"u": "a", "count": 1}]),
    # Wildcards in functions.
    ([{"a_x": 1, "a_y": 2}, {"a_x": 3}], "stats sum(a_*) AS total_*", [{"total_x": 4, "total_y": 2}]),
    # rate(): change over time of the field.
    (
        [{"_time": 110, "n": 30}, {"_time": 100, "n": 10}],
        "stats rate(n) AS r earliest_time(n) AS e",
        [{"r": 2, "e": 100}],
    ),
    # eventstats keeps every row; one without the BY field gets nothing.
    (
        PEOPLE,
        "eventstats sum(n) AS s BY user | table user n s",
        [
            {"user": "ana", "n": 3, "s": 10},
            {"user": "bob", "n": 10, "s": 10},
            {"user": "ana", "n": 7, "s": 10},
            {"n": 100},
        ],
    ),
    # top and rare: percent is of the events that have the field.
    (
        PEOPLE,
        "top user",
        [{"user": "ana", "count": 2, "percent": 66.666667}, {"user": "bob", "count": 1, "percent": 33.333333}],
    ),
    (PEOPLE, "rare limit=1 showperc=f src", [{"src": "a", "count": 1}]),
    (
        PEOPLE,
        "top 1 countfield=n showperc=f src BY user",
        [{"user": "ana", "src": "a", "n": 1}, {"user": "bob", "src": "b", "n": 1}],
    ),
]


@pytest.mark.parametrize(("given", "spl", "expected"), TABLE, ids=[line[1][:60] for line in TABLE])
def test_table(given: list, spl: str, expected: list) -> None:
    check(given, spl if spl.startswith("search") else f"search * | {spl}", expected)


def test_list_keeps_a_hundred_values_and_says_so() -> None:
    answer = result("search * | stats list(n) AS l", [{"n": n} for n in range(101)])
    assert answer.rows == [{"l": list(range(100))}]
    assert any("list() keeps the first 100" in warning for warning in answer.warnings)
    assert not result("search * | stats list(n) AS l", [{"n": n} for n in range(100)]).warnings


def test_eventstats_says_that_a_row_was_in_two_groups() -> None:
    given = [{"t": ["x", "y"]}, {"t": "x"}, {"u": 1}, {"u": 2}]
    answer = result("search * | eventstats count BY t | table count", given)
    assert [row.get("count") for row in answer.rows] == [2, 2, None, None]
    assert any("multivalue BY field" in warning for warning in answer.warnings)
    assert not result("search * | eventstats count BY t", given[1:]).warnings


def test_groups_can_be_shuffled_since_their_order_is_not_promised() -> None:
    given = [{"u": f"u{n}"} for n in range(20)]
    plain = [row["u"] for row in run("search * | stats count BY u", given)]
    shuffled = [row["u"] for row in run("search * | stats count BY u", given, switches=Switches(row_seed=7))]
    assert plain == sorted(plain)
    assert shuffled != plain and sorted(shuffled) == plain


@pytest.mark.parametrize(
    ("spl", "complaint"),
    [
        ("search * | stats mediam(n)", 'knows no statistical function "mediam"'),
        ("search * | stats sum", "needs a field in parentheses"),
        ('search * | stats sum(eval(n="a")) AS x', "only count takes a condition"),
        ("search * | stats count BY", "a field name after BY"),
        ("search * | stats count frobnicate=1 BY u", 'has no option "frobnicate"'),
        ("| stats count", "cannot start with stats"),
    ],
)
def test_refusals_name_what_is_wrong(spl: str, complaint: str) -> None:
    with pytest.raises(SplError) as caught:
        run(spl)
    assert complaint in str(caught.value)
    assert caught.value.column is not None
