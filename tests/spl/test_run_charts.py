"""chart and timechart (SR: chart, timechart)."""

from __future__ import annotations

from datetime import datetime

import pytest

from sandbox.spl import SplError
from sandbox.spl.timemod import zone as zone_of
from tests.spl.run_table import check, result, run

EVENTS = [
    {"_time": 7300, "user": "ana", "kind": "in", "n": 2},
    {"_time": 3700, "user": "bob", "kind": "out", "n": 3},
    {"_time": 3600, "user": "ana", "kind": "in", "n": 5},
    {"_time": 10, "user": "ana", "n": 7},
]

TABLE = [
    # Absent cells of count are 0; events without the split field go to NULL.
    (
        "chart count OVER user BY kind",
        [{"user": "ana", "in": 2, "out": 0, "NULL": 1}, {"user": "bob", "in": 0, "out": 1, "NULL": 0}],
    ),
    ("chart usenull=f count BY user kind", [{"user": "ana", "in": 2, "out": 0}, {"user": "bob", "in": 0, "out": 1}]),
    ("chart sum(n) AS s count BY user", [{"user": "ana", "s": 14, "count": 3}, {"user": "bob", "s": 3, "count": 1}]),
    ("chart sum(n) BY user kind usenull=f", [{"user": "ana", "in": 7}, {"user": "bob", "out": 3}]),
    (
        "chart count sum(n) AS s OVER user BY kind usenull=f",
        [
            {"user": "ana", "count: in": 2, "count: out": 0, "s: in": 7},
            {"user": "bob", "count: in": 0, "count: out": 1, "s: out": 3},
        ],
    ),
    # Series beyond the limit merge into OTHER.
    (
        "chart limit=1 usenull=f count OVER user BY kind",
        [{"user": "ana", "in": 2, "OTHER": 0}, {"user": "bob", "in": 0, "OTHER": 1}],
    ),
    (
        "chart limit=1 useother=f usenull=f count OVER user BY kind",
        [{"user": "ana", "in": 2}, {"user": "bob", "in": 0}],
    ),
    ("timechart span=1h count", [{"_time": 0, "count": 1}, {"_time": 3600, "count": 2}, {"_time": 7200, "count": 1}]),
    (
        "timechart span=1h sum(n) AS s BY user",
        [{"_time": 0, "ana": 7}, {"_time": 3600, "ana": 5, "bob": 3}, {"_time": 7200, "ana": 2}],
    ),
    (
        "timechart span=30m per_hour(n) AS r",
        [{"_time": 0, "r": 14}, {"_time": 1800}, {"_time": 3600, "r": 16}, {"_time": 5400}, {"_time": 7200, "r": 4}],
    ),
]


@pytest.mark.parametrize(("spl", "expected"), TABLE, ids=[line[0] for line in TABLE])
def test_table(spl: str, expected: list) -> None:
    check(EVENTS, f"search * | {spl}", expected)


def test_timechart_fills_the_whole_window_even_without_events() -> None:
    rows = run("search user=nobody | timechart span=1h count", EVENTS, [{"_time": 0}], earliest=0, latest=10_800)
    assert rows == [{"_time": 0, "count": 0}, {"_time": 3600, "count": 0}, {"_time": 7200, "count": 0}]


def test_timechart_by_days_follows_the_users_calendar() -> None:
    start = 1711753200  # 2024-03-30 00:00 in Berlin; the 31st has 23 hours
    rows = run("search * | timechart span=1d count", [{"_time": start + 90_000}], [{"_time": 0}],
               earliest=start, latest=start + 86_400 + 82_800, tz="Europe/Berlin")  # fmt: skip
    assert rows == [{"_time": start, "count": 0}, {"_time": start + 86_400, "count": 1}]


@pytest.mark.parametrize(
    ("spl", "complaint"),
    [
        ("search * | timechart count BY a, b", "one field after BY"),
        ("search * | chart limit=many count BY a", "topN or bottomN"),
        ("search * | chart count BY a where size in top5", "no statistical function"),
        ("search * | timechart span=1x count", "A span is needed"),
    ],
)
def test_refusals_name_what_is_wrong(spl: str, complaint: str) -> None:
    with pytest.raises(SplError) as caught:
        run(spl, EVENTS)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("span", "days"), [("1d", 1), ("2d", 2), ("7d", 7), ("10d", 10), ("1w", 7), ("2w", 14), ("3w", 21)]
)
def test_a_span_of_days_is_so_many_days_long(span: str, days: int, zone: str) -> None:
    """Noon of each day of a year, over both changes to and from summer time."""
    noons = [1_704_110_400 + 86_400 * day for day in range(400)]
    rows = result(f"search * | bin _time span={span} | stats count BY _time", [{"_time": noon} for noon in noons],
                  tz=zone).rows  # fmt: skip
    starts = [datetime.fromtimestamp(row["_time"], zone_of(zone)) for row in rows]
    assert {row["count"] for row in rows[1:-1]} == {days}
    assert {(start.hour, start.minute) for start in starts} == {(0, 0)}
    if span.endswith("w"):
        assert {start.strftime("%a") for start in starts} == {"Sun"}
