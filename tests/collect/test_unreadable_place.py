"""One place that Slack cannot deliver must not hide what stands around it, nor end every run for ever."""

from __future__ import annotations

import json

import pytest
from in_process import Organisation

from slack_audit_monitor.errors import SlackAuditError


@pytest.fixture
def organisation(slack, answers):
    def passes(seconds):
        slack.skew += seconds

    return Organisation(slack.url, answers.TOKEN, passes)


def spoil(slack, answers, bad_id, how):
    """Any page that holds this entry fails."""

    def fault(number, params):
        page = slack.page(params)
        if bad_id.encode() not in page.body:
            return None
        if how == "server error":
            return answers.Answer(500, b"upstream")
        if how == "cut":
            return answers.Answer(200, page.body, cut_at=page.body.index(bad_id.encode()))
        text = page.body.replace(bad_id.encode() + b'"', bad_id.encode())  # the quote that ends its id is missing
        return answers.Answer(200, text)

    slack.fault = fault


@pytest.mark.parametrize("how", ["broken JSON", "server error", "cut"])
@pytest.mark.parametrize("page_size", [40, 9999])
def test_all_but_the_bad_entry_is_collected_once_and_its_second_is_named(
    how, page_size, organisation, slack, answers, make_entry
):
    now = int(slack.now())
    slack.page_size = page_size
    slack.entries = [make_entry(n, now - 10 - 7 * (n // 3)) for n in range(300)]  # three in each second
    bad = slack.entries[151]
    spoil(slack, answers, bad["id"], how)
    organisation.run()
    got = organisation.ids()
    others = {e["id"] for e in slack.entries if e["date_create"] != bad["date_create"]}
    assert len(got) == len(set(got)) and others <= set(got) and bad["id"] not in got
    if how == "broken JSON":  # its page still tells the cursor behind it
        assert set(got) == {e["id"] for e in slack.entries} - {bad["id"]}
    assert "event=second_unreadable" in organisation.log
    assert organisation.summary["unreadable_seconds"] == 1
    calls, organisation.calls = organisation.calls, 0
    assert calls < 70
    organisation.run()  # nothing new, and the position is behind the bad place
    assert organisation.ids() == got and organisation.calls <= 2

    slack.fault = lambda number, params: None  # Slack has repaired it
    slack.skew += 1000
    organisation.ahead += 1000
    organisation.run()
    assert sorted(organisation.ids()) == sorted(e["id"] for e in slack.entries)
    assert "event=second_readable_again" in organisation.log


def test_a_bad_entry_at_either_end(organisation, slack, answers, make_entry):
    now = int(slack.now())
    slack.entries = [make_entry(n, now - 10 - n) for n in range(50)]
    for bad in (slack.entries[0], slack.entries[-1]):
        organisation.__init__(slack.url, answers.TOKEN, organisation.passes)
        spoil(slack, answers, bad["id"], "broken JSON")
        organisation.run()
        assert sorted(organisation.ids()) == sorted(e["id"] for e in slack.entries if e is not bad)


def test_what_stays_unreadable_for_a_day_is_given_up_with_a_line(organisation, slack, answers, make_entry):
    now = int(slack.now())
    slack.entries = [make_entry(n, now - 10 - n) for n in range(20)]
    spoil(slack, answers, slack.entries[7]["id"], "server error")
    organisation.run()
    for hours in (1, 24):
        slack.skew += hours * 3600
        organisation.ahead += hours * 3600
        organisation.run()
    assert organisation.log.count("event=second_given_up") == 1
    calls = organisation.calls
    slack.skew += 1000
    organisation.ahead += 1000
    organisation.run()
    assert organisation.calls - calls <= 2
    assert len(organisation.ids()) == len(set(organisation.ids())) == 19


def test_a_slack_that_is_down_gets_no_search_for_a_bad_place(organisation, slack, answers, make_entry):
    slack.entries = [make_entry(n, int(slack.now()) - 10 - n) for n in range(20)]
    slack.fault = lambda number, params: answers.Answer(503)
    with pytest.raises(SlackAuditError, match="503"):
        organisation.run()
    assert len(slack.logs_requests()) <= 6  # five attempts, one look elsewhere
    assert organisation.events == []


def test_two_entries_grown_together_are_told_apart(organisation, slack, answers, make_entry):
    """A quote too many lets one entry swallow its neighbour; alone on a page it stands for itself."""
    now = int(slack.now())
    slack.entries = [make_entry(n, now - 10 - n) for n in range(9)]
    bad = slack.entries[4]
    slack.raw[bad["id"]] = json.dumps(bad).replace('"x"', '"x" " "')
    organisation.run()
    good = [e["id"] for e in slack.entries if e is not bad]
    texts = [text for _, text in organisation.events]
    assert [text for text in texts if text == json.dumps(bad).replace('"x"', '"x" " "')]
    assert sorted(json.loads(t)["id"] for t in texts if '" " "' not in t) == sorted(good)
