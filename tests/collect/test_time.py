"""Time: late entries, the second at the edge, clocks that differ, starts before the organisation."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest


def test_late_within_the_overlap(quick, slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 10 - i) for i in range(50)]
    quick.run()
    slack.entries.append(make_entry(900, now - 60))
    assert quick.run().ids() == [make_entry(900, 0)["id"]]


@pytest.mark.parametrize("minutes_late", [10, 45, 59])
def test_late_up_to_an_hour_is_collected_once(minutes_late, quick, slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 10 - 40 * i) for i in range(150)]
    first = quick.run().ids()
    late = make_entry(900, now - minutes_late * 60)
    slack.entries.append(late)
    found = []
    for _ in range(4):
        slack.skew += 400  # Slack's clock is the one that counts
        found += quick.run().ids()
    assert found == [late["id"]]
    assert len(first) == len(set(first))


def test_late_while_the_collector_was_down(quick, slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 10 - 40 * i) for i in range(150)]
    quick.run()
    slack.skew += 8 * 3600
    late = make_entry(900, now - 3000)
    slack.entries += [late, make_entry(901, now + 3600)]
    found = quick.run().ids() + quick.run().ids()  # the first one only learns how late it is
    assert sorted(found) == sorted([late["id"], make_entry(901, 0)["id"]])


def test_the_second_at_the_edge(quick, slack, make_entry):
    """More of a second appears after the poll that ended in it."""
    now = int(time.time())
    slack.entries = [make_entry(i, now - 2) for i in range(30)]
    first = quick.run().ids()
    slack.entries += [make_entry(i, now - 2) for i in range(30, 60)]
    time.sleep(1.1)
    second = quick.run().ids()
    assert sorted(first + second) == sorted(e["id"] for e in slack.entries)


def test_kill_inside_a_busy_second(prod, slack, make_entry):
    now = int(time.time())
    slack.page_size = 400
    slack.entries = [make_entry(i, now - 100) for i in range(3000)]
    part, alive = prod.run_until_killed(300_000)
    assert alive, part.stderr
    rest = prod.run().ids()
    both = part.ids() + rest
    assert set(both) == {e["id"] for e in slack.entries}
    assert len(both) - len(set(both)) <= 500


@pytest.mark.parametrize("minutes", [-7, 7])
def test_clocks_that_differ_by_minutes(minutes, quick, slack, make_entry):
    slack.skew = 60 * minutes
    slack_now = int(slack.now())
    slack.entries = [make_entry(i, slack_now - 3 - i) for i in range(100)]
    assert len(quick.run().ids()) == 100
    slack.entries += [make_entry(900, slack_now - 1)]
    time.sleep(1.1)
    assert quick.run().ids() == [make_entry(900, 0)["id"]]
    assert slack.violations == []


def test_slacks_clock_steps_back_between_runs(quick, slack, make_entry):
    slack.entries = [make_entry(i, int(time.time()) - 3 - i) for i in range(100)]
    quick.run()
    slack.skew = -300
    assert quick.run().code == 0
    slack.skew = 0
    slack.entries += [make_entry(900, int(time.time()) - 1)]
    time.sleep(1.1)
    assert quick.run().ids() == [make_entry(900, 0)["id"]]


@pytest.mark.parametrize("slow_page", [1, 2, 3, 4, 5])
def test_an_answer_that_took_long_does_not_make_entries_come_twice(slow_page, quick, slack, make_entry):
    """Its Date header is as old as its way was long, and says nothing about when this walk began."""
    now = int(time.time())
    slack.page_size = 50
    slack.entries = [make_entry(i, now - 3_500 - i) for i in range(250)]

    def fault(number, params):
        if number != slow_page:
            return None
        answer = slack.page(params)
        answer.headers["Date"] = formatdate(slack.now() - 60, usegmt=True)
        return answer

    slack.fault = fault
    first = quick.run().ids()
    slack.skew += 1_000  # a look back is due
    quick.run()  # learns how late it is
    assert quick.run().figure("entries") == "0"
    assert sorted(quick.ids()) == sorted(first)
    assert sorted(first) == sorted(entry["id"] for entry in slack.entries)


def test_start_before_the_organisation(quick, slack, make_entry):
    now = int(time.time())
    slack.first_second = now - 86_400
    slack.entries = [make_entry(0, slack.first_second), make_entry(1, now - 10)]
    quick.params["start_time"] = "2025-01-01"
    quick.params["calls_per_minute"] = "50"
    result = quick.run()
    assert result.code == 0, result.stderr
    assert sorted(result.ids()) == sorted(e["id"] for e in slack.entries)
    assert "event=range_corrected" in result.stderr


def test_entries_that_arrive_while_paging_are_for_the_next_run(quick, slack, make_entry):
    now = int(time.time())
    slack.page_size = 100
    slack.entries = [make_entry(i, now - 5 - i) for i in range(500)]

    def fault(number, params):
        slack.entries.append(make_entry(1000 + number, int(time.time())))
        return None

    slack.fault = fault
    first = quick.run().ids()
    slack.fault = lambda number, params: None
    time.sleep(2.1)
    second = quick.run().ids()
    assert sorted(first + second) == sorted(e["id"] for e in slack.entries)
