"""The collector against the full simulator: everything that Slack is known or feared to do, one by one and mixed.

The numbers are those of the list "What the simulator must be able to play" in the notes on Slack's contract.
"""

from __future__ import annotations

import json
import random
import time

import pytest
from in_process import Organisation

from sandbox.slack_api import Clock, Journal, Manners, SlackSimulator
from sandbox.slack_api import faults as f
from sandbox.slack_api.schedule import Rule, always, every, on, storm
from slack_audit_monitor.errors import RefusedBySlack, RetryableError
from slack_audit_monitor.log import Log
from slack_audit_monitor.rotation import TokenKeeper


def collect(slack, **params):
    return Organisation(slack.url, slack.token, slack.clock.advance, **params)


@pytest.fixture
def hour(make_entry):
    """Nine hundred entries, up to seven in one second."""
    now = int(time.time())
    return [make_entry(n, now - 20 - 4 * (n // 7)) for n in range(900)]


def once(organisation, entries):
    return sorted(organisation.ids()) == sorted(e["id"] for e in entries)


MANNERS = {
    "1 newest first, inclusive, a cursor is a position": Manners(),
    "2 more than limit when seconds coincide": Manners(always_overfull=True),
    "3 next_cursor null": Manners(end="null"),
    "3 next_cursor absent": Manners(end="absent"),
    "3 no response_metadata": Manners(end="no_metadata"),
    "7 cursors that live 2 seconds": Manners(cursor_lifetime_seconds=2),
}


@pytest.mark.parametrize("name", MANNERS)
def test_manners(name, hour):
    rules = [every(4, f.rate_limited(3))] if name.startswith("7") else []
    with SlackSimulator(hour, manners=MANNERS[name], rules=rules) as slack:
        organisation = collect(slack, page_limit="100")
        organisation.run()
        assert once(organisation, hour)
        pages = [call for call in slack.log_calls if call.entries]
        assert {(p.parameters["oldest"], p.parameters["limit"]) for p in pages} == {
            (pages[0].parameters["oldest"], "100")
        }
        assert all(int(call.parameters["latest"]) <= call.at for call in slack.log_calls)


FAULTS = {
    "2 fewer than limit, more follows": f.below_limit(0.3),
    "2 an empty page with a cursor": f.empty_page(),
    "5 429 rate_limited": f.rate_limited(20),
    "5 429 ratelimited": f.rate_limited(20, "ratelimited"),
    "6 200 with ok:false": f.ok_false(),
    "6 200 with HTML": f.html(),
    "6 500": f.server_error(500),
    "6 503 with Retry-After": f.server_error(503, 5),
    "6 reset in mid-body": f.reset(),
    "6 closed in mid-body": f.close(),
    "6 cut JSON": f.cut_json(),
    "6 slow": f.slow(0.05),
    "7 invalid_cursor": f.invalid_cursor(),
    "7 a cursor that repeats itself": f.repeated_cursor(),
    "  entries that come twice": f.repeated_entries(),
    "  more than limit": f.above_limit(),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_third_call_meets_the_fault(name, hour):
    with SlackSimulator(hour, rules=[every(3, FAULTS[name])]) as slack:
        organisation = collect(slack, page_limit="100")
        organisation.run()
        assert once(organisation, hour)
        assert sum(call.fault != "" for call in slack.log_calls) >= 3
        assert not any(call.impolite for call in slack.log_calls)


@pytest.mark.parametrize("fault", [f.unauthorised(), f.error("missing_scope"), f.error("user_not_authorized", 400)])
def test_6_refusals_end_the_run_at_once(fault, hour):
    with SlackSimulator(hour, rules=[on(4, fault)]) as slack:
        organisation = collect(slack, page_limit="100")
        with pytest.raises(RefusedBySlack):
            organisation.run()
        assert len(slack.log_calls) == 4
        organisation.run()
        assert once(organisation, hour)


def test_7_cursors_that_all_repeat_themselves_lead_on_all_the_same(hour):
    rules = [Rule(f.unauthorised(), first=60), always(f.repeated_cursor())]  # a collector that circles ends there
    with SlackSimulator(hour, rules=rules) as slack:
        organisation = collect(slack, page_limit="100")
        organisation.run()
        assert once(organisation, hour)


def test_6_silence(hour):
    with SlackSimulator(hour, rules=[on(3, f.silent(5))]) as slack:
        organisation = collect(slack, page_limit="100", read_timeout_seconds="1")
        organisation.run()
        assert once(organisation, hour)


def test_5_the_limit_is_the_organisations_not_ours(hour):
    """Another reader uses the budget up; calls inside Retry-After would be impolite."""
    with SlackSimulator(hour, per_minute=4, burst=0) as slack:
        organisation = collect(slack, page_limit="50")
        organisation.run()
        assert once(organisation, hour)
        assert any(call.status == 429 for call in slack.log_calls)
        assert not any(call.impolite for call in slack.log_calls)


def test_8_odd_types_pass_unchanged(make_entry):
    now = int(time.time())
    odd = [
        {"action": "unheard_of_action"},
        {"entity": {"type": "moon", "moon": {"phase": 3}}},
        {"entity": {"type": "account_type_role", "account_type_role": {"id": 12, "name": "x"}}},
        {"entity": {"type": "message", "message": {"team": "T1", "channel": "C1", "timestamp": "1.2"}}},
        {"details": None},
        {"details": {"new_value": True, "previous_value": {"type": ["ORG_ADMINS_AND_OWNERS"]}}},
        {"details": {"new_value": ["C111"], "previous_value": ""}},
        {"action": "anomaly", "details": {"reason": ["brand_new_reason"], "action_timestamp": 1787680155123456}},
        {"details": {"succeeded_users": '["W1"]', "entity_ids": "1,2"}},
        {"context": {"location": {"type": "workspace", "id": "E1"}, "session_id": "text", "app": None}},
        {"context": {"location": {"type": "workspace", "id": "T1"}, "session_id": None, "acting_agent": "Slackbot"}},
        {"actor": {"type": "user", "user": {"id": "USLACKUSER", "name": "", "email": ""}}},
    ]
    entries = [make_entry(n, now - 50 - n, **members) for n, members in enumerate(odd)]
    with SlackSimulator(entries) as slack:
        organisation = collect(slack)
        organisation.run()
    assert [json.loads(text) for _, text in organisation.events] == entries
    assert "unheard_of_action 1" in str(organisation.summary["unknown_action_names"])
    assert organisation.summary["unknown_actions"] == 1


def test_10_only_a_renewed_token_reads_on(hour):
    from slack_audit_monitor.client import SlackClient
    from slack_audit_monitor.clock import Clock as OurClock
    from slack_audit_monitor.clock import StopRequest
    from slack_audit_monitor.contract import Contract
    from slack_audit_monitor.credentials import Credentials
    from slack_audit_monitor.settings import read_settings

    with SlackSimulator(hour) as slack:
        _, refresh = slack.tokens.start_rotation()
        clock = OurClock(StopRequest())
        client = SlackClient(read_settings("prod", {"api_url": slack.url}, time.time()), "", clock, Contract())
        stored = []
        pair = Credentials("", slack.tokens.client_id, slack.tokens.client_secret, refresh, 0.0)
        token = TokenKeeper(pair, client.exchange, stored.append, clock, Log("prod"), stored.append).token()
        client.close()
        assert json.loads(stored[-1])["access_token"] == token
        slack.token = token
        organisation = collect(slack)
        organisation.run()
        assert once(organisation, hour)


@pytest.mark.parametrize("seed", range(6))
def test_all_of_it_mixed_with_late_entries_and_clocks_that_differ(seed, make_entry):
    rng = random.Random(seed)  # noqa: S311 - a repeatable play
    real = time.time()
    polls, gap = 24, 300
    first, last = int(real) - 7_000, int(real) + polls * gap
    entries = [make_entry(n, rng.randrange(first, last)) for n in range(700)]
    entries += [make_entry(1_000 + n, entries[0]["date_create"]) for n in range(120)]  # a busy second
    arrivals = {e["id"]: e["date_create"] + rng.randrange(3_600) for e in entries if rng.random() < 0.1}
    clock = Clock(skew=rng.choice([-420.0, 0.0, 420.0]))
    rules = [*storm(0.4, 2), Rule(f.server_error(502), first=30, last=34), Rule(f.html(), first=60, last=66)]
    manners = Manners(end=rng.choice(["empty", "null", "absent", "no_metadata"]), cursor_lifetime_seconds=120)
    with SlackSimulator(Journal(entries, arrivals), clock=clock, rules=rules, seed=seed, manners=manners) as slack:
        organisation = collect(
            slack, page_limit=rng.choice(["20", "60", "9999"]), calls_per_minute="30", start_time=str(first - 10)
        )
        gave_up = 0
        for poll in range(polls + 20):  # long enough for the last late ones
            if poll == polls:
                slack.schedule.clear()
            organisation.ahead += gap
            slack.clock.advance(gap)
            try:
                organisation.run()
            except RetryableError:
                gave_up += 1
        calls = slack.log_calls
    got = organisation.ids()
    assert {e["id"] for e in entries} - set(got) == set()
    assert len(got) == len(set(got))
    assert gave_up < polls / 2
    assert not any(call.impolite for call in calls)
    times = [call.at for call in calls]
    assert all(later - earlier > 58 for earlier, later in zip(times, times[31:]))  # 30 a minute, by Slack's clock
    assert all(int(call.parameters["latest"]) <= call.at for call in calls)
