"""From the Slack Add-on for Splunk (4986) to this app: without a gap, without a repeat, and both side by side."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from in_process import Organisation

from sandbox.slack_api import SlackSimulator
from sandbox.spl import search

spec = importlib.util.spec_from_file_location("addon_likeness", Path(__file__).with_name("addon_likeness.py"))
likeness = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(likeness)


@pytest.fixture
def add_on(slack):
    return likeness.AddOn(slack)


@pytest.fixture
def host(add_on, prod):
    """Our input on a host where the add-on is installed, and on which it is to go on from that."""
    splunkd = likeness.SplunkdWithAddOn(add_on)
    prod.splunkd, prod.session_key = splunkd, splunkd.session_key
    prod.params["start_time"] = "slack_audit_logs://old"
    yield splunkd
    splunkd.close()


def counted(events):
    """How many entries our searches count, of all that is in the index."""
    found = search("`slack_audit_events` | stats count dc(slack_event_id) AS entries", events, now=time.time() + 60)
    return int(found.rows[0]["entries"])


def ours(*results):
    return [likeness.event_of(text, "slack_audit://prod") for result in results for text in result.texts()]


def ids_of(events):
    found = search("`slack_audit_events` | table slack_event_id", events, now=time.time() + 60)
    return Counter(row["slack_event_id"] for row in found.rows)


@pytest.fixture
def before(slack, add_on, make_entry):
    """An hour and a half of entries that the add-on has collected, up to its last finished walk; then it is off."""
    now = int(time.time())
    slack.entries = [make_entry(i, now - 5_400 + 10 * i) for i in range(530)]
    add_on.poll()
    assert len(add_on.events) == 530 and add_on.position == now - 110
    add_on.settings["disabled"] = True
    return now


def test_nothing_is_missing_and_nothing_twice(prod, slack, host, add_on, make_entry, before):
    slack.entries += [
        make_entry(9_001, before - 110),  # of the second at which the add-on stands: it would skip it for ever
        make_entry(9_002, before - 2_000),  # shown late: the add-on never looks back
        *[make_entry(9_100 + i, before - 100 + i) for i in range(90)],
    ]
    first = prod.run()
    assert first.code == 0, first.stderr
    time.sleep(1.1)
    second = prod.run()
    events = add_on.events + ours(first, second)
    assert ids_of(events) == dict.fromkeys((entry["id"] for entry in slack.entries), 1)
    assert counted(events) == len(slack.entries) == 622
    assert len(first.ids()) == 92 and second.ids() == []
    assert "event=took_over" in first.stderr and "ids_known=" in first.stderr and "took_over" not in second.stderr


def test_a_walk_that_was_broken_off_is_read_from_where_it_began(prod, slack, host, add_on, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 6_000 + i) for i in range(1_000)]
    add_on.poll()
    slack.entries += [make_entry(5_000 + i, now - 4_000 + i) for i in range(2_000)]
    add_on.poll(dies_after_pages=1)  # its newest 200 are there, and its position says that all is
    assert add_on.position == now - 2_001 and len(add_on.events) == 1_200
    add_on.settings["disabled"] = True
    prod.params["late_arrival_seconds"] = "600"  # so that the look back alone would not reach far enough
    result = prod.run()
    events = add_on.events + ours(result)
    assert ids_of(events) == dict.fromkeys((entry["id"] for entry in slack.entries), 1)
    assert len(result.ids()) == 1_800


def test_killed_while_it_takes_over_it_repeats_one_batch_at_most(prod, slack, host, add_on, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 3_000 + i // 4) for i in range(4_000)]
    add_on.poll()
    add_on.settings["disabled"] = True
    slack.entries += [make_entry(10_000 + i, now - 1_500 + i // 4) for i in range(4_000)]
    slack.page_size = 700
    part, was_alive = prod.run_until_killed(400_000)
    assert was_alive
    events = add_on.events + ours(part, prod.run(), prod.run())
    found = ids_of(events)
    assert found.keys() == {entry["id"] for entry in slack.entries}
    assert sum(found.values()) - len(found) <= 500
    assert counted(events) == 8_000


def test_where_the_index_cannot_be_searched_the_searches_count_once(prod, slack, host, add_on, before):
    host.can_search = False
    result = prod.run()
    assert result.code == 0 and "ids_known=0" in result.stderr
    events = add_on.events + ours(result)
    # The entries of the hour before its position stand in the index twice, and no alert counts one twice.
    assert len(result.ids()) == 361 and len(events) == 891
    assert counted(events) == 530
    unique = search("`slack_audit_events` | `slack_audit_unique_events` | stats count", events, now=time.time())
    assert int(unique.rows[0]["count"]) == 530


def test_an_add_on_that_never_collected_is_followed_from_its_start_time(prod, slack, host, add_on, make_entry):
    now = int(time.time())
    add_on.settings.update(disabled=True, start_time=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now - 1_000)))
    slack.entries = [make_entry(i, now - 20_000 + 1_000 * i) for i in range(20)]
    result = prod.run()
    assert [entry["id"] for entry in slack.entries if entry["date_create"] >= now - 4_600] == result.ids()[::-1]


def _on(add_on):
    add_on.settings["disabled"] = False


def _no_such(add_on):
    add_on.name = "another"


def _unreadable(add_on):
    add_on.rows["old_last_date"] = {"a": "map"}


def _unreadable_walk(add_on):
    add_on.rows["old_last_recorded_successful_state"] = "no JSON"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_on, "this input is still on. Disable it"),
        (_no_such, "add-on 4986 has no such input on this host (it has: another)"),
        (_unreadable, "the position of this input cannot be read"),
        (_unreadable_walk, "the position of this input cannot be read"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_words(change, said, prod, slack, host, add_on, before):
    change(add_on)
    code, message = prod.validate()
    assert code != 0 and 'start_time: found "slack_audit_logs://old"' in message and said in message
    result = prod.run()
    assert result.code == 1 and said in result.stderr and result.ids() == [] and host.messages


def test_without_the_add_on_it_is_refused(prod, slack, host):
    host.add_on = None
    code, message = prod.validate()
    assert code != 0 and "has no such input" in message and "(it has: none)" in message


def test_a_good_one_passes_and_later_its_add_on_may_go(prod, slack, host, add_on, before):
    assert prod.validate() == (0, "")
    assert prod.run().code == 0
    host.add_on = None
    assert prod.validate() == (0, "")
    assert prod.run().code == 0


def test_side_by_side_both_stay_below_the_limit_of_the_organisation(make_entry):
    """The add-on polls each minute, without any budget; ours has a backlog and uses all of its own."""
    now = int(time.time())
    entries = [make_entry(i, now - 7_000 + i // 3) for i in range(20_000)]
    entries += [make_entry(100_000 + i, now + 60 * i // 167) for i in range(167 * 15)]  # a busy quarter of an hour
    with SlackSimulator(entries, per_minute=50, burst=0) as slack:
        add_on = likeness.AddOn(slack)
        add_on.rows["old_last_date"] = now - 400
        polled = [slack.clock.now()]

        def passes(seconds):
            slack.clock.advance(seconds)
            while slack.clock.now() - polled[-1] >= 60:
                polled.append(polled[-1] + 60)
                add_on.poll()  # which ends with an error when Slack refuses

        ours = Organisation(slack.url, slack.token, passes, page_limit="100", calls_per_minute="30")
        ours.run()
        calls = [call.at for call in slack.log_calls]
        busiest = max(sum(1 for at in calls if start <= at < start + 60) for start in calls)
        assert {call.status for call in slack.log_calls} == {200}
        assert len(polled) > 5 and add_on.calls >= len(polled) - 1 and ours.calls > 5 * 30
        assert 30 < busiest <= 50
        assert len(ours.ids()) == len(set(ours.ids())) >= 20_000
