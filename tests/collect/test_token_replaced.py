"""An admin stores another token while a run renews the old one: real processes, and a Slack whose refresh tokens work
once. Whatever the moment, the admin's stays as it was stored and is used; what became of the old one is said."""

from __future__ import annotations

import json
import time

import pytest

from sandbox.slack_api import SlackSimulator
from slack_audit_monitor.credentials import read_credentials

#: When the admin comes: at the run's look at the secrets before its note, ... -> whether the run can see it.
MOMENTS = {
    "before the look": ("look", 2, True),
    "between look and note": ("write", 1, True),
    "before Slack answers": ("exchange", 1, True),
    "after Slack answered": ("answered", 1, True),
    "between the last look and the storing": ("write", 2, False),
}


@pytest.fixture
def slack(make_entry):
    now = int(time.time())
    with SlackSimulator([make_entry(n, now - 60 - n) for n in range(40)], per_minute=None) as running:
        yield running


@pytest.fixture
def at(slack, splunkd):
    """`at("look", 2, do)`: something happens just before the second time that a run looks at the secrets."""
    planned, seen = {}, {}

    def comes(what):
        seen[what] = seen.get(what, 0) + 1
        planned.pop((what, seen[what]), lambda: None)()

    def before(method, name):
        if method == "GET":
            comes("look")
        elif name == "prod.renewed":
            comes("write")

    def exchange(form, known=slack.tokens.exchange):
        comes("exchange")
        answer = known(form)
        comes("answered")
        return answer

    splunkd.before, slack.tokens.exchange = before, exchange

    def at(what, time, do):
        planned[(what, time)] = do

    yield at
    assert not planned, f"never came: {list(planned)}"


def pair(slack, **more):
    _, refresh = slack.tokens.start_rotation()
    known = {"client_id": slack.tokens.client_id, "client_secret": slack.tokens.client_secret}
    return json.dumps({**known, "refresh_token": refresh, **more})


def check_secrets(splunkd, slack, *results):
    said = "".join(result.stdout.decode() + result.stderr for result in results) + json.dumps(splunkd.messages)
    for secret in [*slack.tokens._access, slack.tokens.client_secret, "xoxe-sandbox"]:
        assert secret not in said


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_pair_that_is_stored_while_the_old_one_is_renewed(moment, prod, slack, splunkd, at):
    old, new = pair(slack), pair(slack)
    splunkd.secrets["prod"] = old
    what, time_, is_seen = MOMENTS[moment]
    at(what, time_, lambda: splunkd.secrets.update(prod=new))
    first = prod.run()
    assert splunkd.secrets["prod"] == new, "the admin's pair stays as it was stored"
    assert first.code == 0
    assert (first.figure("outcome") == "stopped") is is_seen
    assert ("Another token was stored" in first.figure("reason")) is is_seen
    second = prod.run()
    assert second.code == 0 and second.figure("outcome") == "done", second.stderr
    assert splunkd.secrets["prod"] == new
    kept = json.loads(splunkd.secrets["prod.renewed"])
    assert kept["access_token"] in slack.tokens.alive() and kept["renewal_began_at"] is None
    if what != "look":
        assert second.stderr.count("event=token_replaced") == 1
    third = prod.run()
    assert third.figure("outcome") == "done" and "token_replaced" not in third.stderr
    assert sorted(first.ids() + second.ids() + third.ids()) == sorted({*first.ids(), *second.ids(), *third.ids()})
    assert len(first.ids() + second.ids()) == 40
    check_secrets(splunkd, slack, first, second, third)


def test_one_that_comes_before_the_refresh_token_is_used_leaves_it_unused(prod, slack, splunkd, at):
    old, new = pair(slack), pair(slack)
    splunkd.secrets["prod"] = old
    at("look", 2, lambda: splunkd.secrets.update(prod=new))
    prod.run()
    assert json.loads(old)["refresh_token"] in slack.tokens._refresh
    assert splunkd.secrets == {"prod": new}


def test_a_token_without_rotation_takes_the_place_of_a_pair(prod, slack, splunkd, at):
    splunkd.secrets["prod"] = pair(slack)
    fixed = slack.tokens.add("xoxp-invented-fixed")
    at("answered", 1, lambda: splunkd.secrets.update(prod=fixed))
    assert prod.run().figure("outcome") == "stopped"
    second = prod.run()
    assert second.figure("outcome") == "done" and len(second.ids()) == 40
    assert splunkd.secrets == {"prod": fixed}, "nothing of the pair stays"


@pytest.mark.parametrize("what", ["exchange", "answered"])
def test_what_is_removed_meanwhile_does_not_come_back(what, prod, slack, splunkd, at):
    splunkd.secrets["prod"] = pair(slack)
    at(what, 1, splunkd.secrets.clear)
    result = prod.run()
    assert result.figure("outcome") == "stopped" and "this one was removed" in result.figure("reason")
    assert splunkd.secrets == {}


def test_a_client_secret_that_slack_gave_anew_goes_with_what_was_renewed(prod, slack, splunkd, at):
    first = pair(slack)
    splunkd.secrets["prod"] = first
    assert prod.run().figure("outcome") == "done"
    assert prod.validate() == (0, ""), "tried with the renewed token"
    slack.tokens.client_secret = "invented-second-secret"
    splunkd.secrets["prod"] = json.dumps({**json.loads(first), "client_secret": "invented-second-secret"})
    kept = json.loads(splunkd.secrets["prod.renewed"])
    splunkd.secrets["prod.renewed"] = json.dumps({**kept, "expires_at": time.time() + 60})
    assert prod.run().figure("outcome") == "done"
    assert json.loads(splunkd.secrets["prod.renewed"])["refresh_token"] != kept["refresh_token"]


@pytest.mark.parametrize("kept", ["", "{", "[]", "null", '{"renews": 1}', '{"refresh_token": "xoxe-1-invented"}'])
def test_a_secret_that_is_no_renewed_pair_is_none(kept, slack):
    text = pair(slack)
    found = read_credentials("prod", {"prod": text, "prod.renewed": kept})
    assert not found.is_renewed and found.refresh_token == json.loads(text)["refresh_token"]
