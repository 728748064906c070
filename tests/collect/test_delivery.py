"""Promises of delivery, from the outside: nothing lost, late entries too, almost nothing doubled, never stuck."""

from __future__ import annotations

import json
import time


def test_first_run_brings_everything_and_the_second_nothing(prod, slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 5 - i) for i in range(1200)]
    first = prod.run()
    assert first.code == 0, first.stderr
    assert sorted(first.ids()) == sorted(e["id"] for e in slack.entries)
    second = prod.run()
    assert second.code == 0
    assert second.ids() == []
    assert int(second.figure("repeats")) > 0
    assert slack.violations == []
    assert {e.get("stanza") for e in first.events()} == {"slack_audit://prod"}
    event = first.events()[0]
    assert event.findtext("sourcetype") == "slack:audit" and event.findtext("index") == "slack_audit"
    assert event.findtext("time") == str(json.loads(event.findtext("data"))["date_create"])


def test_every_page_repeats_all_parameters(prod, slack, make_entry):
    now = int(time.time())
    slack.page_size = 100
    slack.entries = [make_entry(i, now - 5 - i) for i in range(450)]
    prod.params["actions"] = "user_login,user_logout"
    result = prod.run()
    assert len(set(result.ids())) == 450
    pages = slack.logs_requests()
    assert len(pages) == 5
    for params in pages[1:]:
        assert params["cursor"]
        for name in ("oldest", "latest", "action"):
            assert params[name] == pages[0][name]
    assert pages[0]["action"] == "user_login,user_logout"


def test_kill_in_the_middle_repeats_at_most_one_batch(prod, slack, make_entry):
    now = int(time.time())
    slack.page_size = 700
    slack.entries = [make_entry(i, now - 5 - i // 3) for i in range(4000)]
    collected: list[str] = []
    kills = 0
    for kill_after_bytes in (90_000, 400_000, 1_000_000):
        part, was_alive = prod.run_until_killed(kill_after_bytes)
        collected += part.ids()
        kills += was_alive
    assert kills == 3  # otherwise this test would test nothing
    collected += prod.run().ids()
    assert set(collected) == {e["id"] for e in slack.entries}
    assert len(collected) - len(set(collected)) <= kills * 500
