"""Token rotation by Slack's rules, and the clock it runs on."""

from __future__ import annotations

import pytest
import requests

from sandbox.slack_api import Clock, SlackSimulator

NOW = 1_774_000_000


@pytest.fixture
def slack():
    with SlackSimulator(clock=Clock.fixed(NOW), per_minute=None) as running:
        yield running


def direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy in the environment is not for loopback
    return session


def refresh(slack: SlackSimulator, token: str, **other: str) -> dict:
    form = {"client_id": slack.tokens.client_id, "client_secret": slack.tokens.client_secret,
            "grant_type": "refresh_token", "refresh_token": token, **other}  # fmt: skip
    with direct() as session:
        return session.post(slack.url + "/api/oauth.v2.access", data=form, timeout=120).json()


def status(slack: SlackSimulator, token: str) -> tuple[int, str]:
    head = {"Authorization": f"Bearer {token}"}
    with direct() as session:
        answer = session.get(slack.api_url + "logs", headers=head, timeout=120)
    return answer.status_code, answer.json().get("error", "") if answer.content else ""


def test_a_refresh_gives_a_new_pair_and_works_once(slack):
    access, token = slack.tokens.start_rotation()
    answer = refresh(slack, token)
    assert answer["ok"] and answer["token_type"] == "user" and answer["expires_in"] == 43_200
    assert answer["access_token"] != access and answer["refresh_token"] != token
    assert answer["access_token"].startswith("xoxe.xoxp-") and answer["refresh_token"].startswith("xoxe-")
    assert refresh(slack, token) == {"ok": False, "error": "invalid_refresh_token"}
    assert refresh(slack, answer["refresh_token"])["ok"]


def test_two_access_tokens_live_and_the_third_kills_the_first(slack):
    first, token = slack.tokens.start_rotation()
    second = refresh(slack, token)
    assert status(slack, first)[0] == status(slack, second["access_token"])[0] == 200
    third = refresh(slack, second["refresh_token"])
    assert status(slack, first) == (401, "")
    assert status(slack, second["access_token"])[0] == status(slack, third["access_token"])[0] == 200


def test_an_access_token_expires_after_twelve_hours(slack):
    access, token = slack.tokens.start_rotation()
    slack.clock.advance(43_199)
    assert status(slack, access)[0] == 200
    slack.clock.advance(1)
    assert status(slack, access) == (401, "token_expired")
    assert status(slack, refresh(slack, token)["access_token"])[0] == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "bad_client_secret"),
        ({"grant_type": "password"}, "invalid_grant_type"),
        ({"refresh_token": "xoxe-made-up"}, "invalid_refresh_token"),
    ],
)
def test_a_wrong_refresh_is_refused_and_uses_nothing_up(slack, wrong, code):
    _, token = slack.tokens.start_rotation()
    assert refresh(slack, token, **wrong) == {"ok": False, "error": code}
    assert refresh(slack, token)["ok"]


def test_a_long_lived_token_is_exchanged_for_the_first_pair(slack):
    form = {"client_id": slack.tokens.client_id, "client_secret": slack.tokens.client_secret,
            "token": slack.token}  # fmt: skip
    with direct() as session:
        answer = session.post(slack.url + "/api/oauth.v2.exchange", data=form, timeout=120).json()
    assert answer["ok"]
    assert refresh(slack, answer["refresh_token"])["ok"]


def test_a_standing_clock_moves_when_told(slack):
    clock = slack.clock
    assert clock.now() == NOW
    clock.advance(5)
    assert clock.now() == NOW + 5
    clock.set(NOW - 100)
    assert clock.now() == NOW - 100
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_a_running_clock_runs_from_where_it_was_set():
    real = [1000.0]
    clock = Clock(NOW, real=lambda: real[0], skew=30)
    real[0] += 12
    assert clock.now() == NOW + 42
    clock.set(NOW + 500)
    real[0] += 1
    assert clock.now() == NOW + 531
    assert Clock(real=lambda: real[0]).now() == real[0]
