"""Token rotation against a Slack whose refresh tokens work once: no crash at any point may lock an organisation out
without need, and where one can, the words say what to do."""

from __future__ import annotations

import json
import time

import pytest

from sandbox.slack_api import Clock as SlackClock
from sandbox.slack_api import SlackSimulator
from slack_audit_monitor.client import Query, SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.credentials import read_credentials
from slack_audit_monitor.errors import FatalError, SlackUnavailable
from slack_audit_monitor.log import Log
from slack_audit_monitor.rotation import TokenKeeper
from slack_audit_monitor.settings import read_settings

HOUR = 3_600


class Died(BaseException):
    """The process ended here."""


class Shifted(Clock):
    ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


class Host:
    """storage/passwords and the runs of one input; `dies_at` names a store that never returns."""

    def __init__(self, slack: SlackSimulator) -> None:
        self.slack = slack
        access, refresh = slack.tokens.start_rotation()
        self.clock = Shifted(StopRequest())
        self.secret = json.dumps(
            {
                "client_id": slack.tokens.client_id,
                "client_secret": slack.tokens.client_secret,
                "refresh_token": refresh,
                "access_token": access,
                "expires_at": time.time() + 12 * HOUR,
            }
        )
        self.renewed = ""
        self.stores = 0
        self.fails_at: set[int] = set()
        self.dies_at = 0
        self.answer_is_lost = False
        self.exchanges = 0
        self.told: list[str] = []
        self.pauses: list[float] = []

    def passes(self, seconds: float) -> None:
        self.clock.ahead += seconds
        self.slack.clock.advance(seconds)

    def store(self, text: str) -> None:
        self.stores += 1
        if self.stores == self.dies_at:
            raise Died
        if self.stores in self.fails_at:
            raise FatalError("A secret cannot be stored in splunkd: HTTP 503.")
        self.renewed = text

    def run(self) -> str:
        """One run: a token, and a page with it."""
        self.stores = 0
        credentials = read_credentials("prod", {"prod": self.secret, "prod.renewed": self.renewed})
        settings = read_settings("prod", {"api_url": self.slack.url}, time.time())
        client = SlackClient(settings, credentials.token, self.clock, Contract())

        def exchange(form):
            self.exchanges += 1
            answer = client.exchange(form)
            if self.answer_is_lost:
                raise SlackUnavailable("The connection broke in the middle of an answer.")
            return answer

        try:
            keeper = TokenKeeper(
                credentials, exchange, self.store, self.clock, Log("prod"), self.told.append, self.pauses.append
            )
            token = keeper.token()
            client.use_token(token)
            now = int(self.slack.clock.now()) - 1
            client.page(Query(now - 10, now, 1))
        finally:
            client.close()
        return token


@pytest.fixture
def host():
    with SlackSimulator(clock=SlackClock()) as slack:
        yield Host(slack)


def test_a_week_of_renewals(host):
    for _ in range(7 * 24):
        host.run()
        host.passes(HOUR)
    assert 14 <= host.exchanges <= 18 and host.told == []


def test_a_crash_before_the_new_pair_is_stored_leaves_two_hours_and_words(host):
    host.passes(10 * HOUR + 60)
    host.dies_at = 2
    with pytest.raises(Died):
        host.run()
    host.dies_at = 0
    old = host.run()  # the old access token still works: nothing stops yet
    assert host.exchanges == 1 and "could not be renewed" in host.told[-1]
    host.passes(700)
    assert host.run() == old and host.exchanges == 2
    told = host.told[-1]
    assert "An owner must install the Slack app again" in told and "set out to renew it at" in told
    assert "works until" in told
    host.passes(2 * HOUR)
    with pytest.raises(FatalError, match="An owner must install the Slack app again.*Nothing is lost"):
        host.run()


def test_secrets_that_cannot_be_stored_do_not_cost_the_refresh_token(host):
    host.passes(10 * HOUR + 60)
    host.fails_at = {1}
    old = host.run()
    assert host.exchanges == 0 and "storage/passwords" in host.told[-1]
    host.fails_at = set()
    assert host.run() != old and host.exchanges == 1


def test_a_store_that_fails_for_a_moment_is_tried_again_even_while_stopping(host):
    host.passes(10 * HOUR + 60)
    host.fails_at = {2, 3}
    host.clock._stop.requested = True  # SIGTERM came: the pair must be stored all the same
    new = host.run()
    assert json.loads(host.renewed)["access_token"] == new and host.pauses == [1.0, 2.0]
    assert json.loads(host.renewed)["renewal_began_at"] is None


def test_a_store_that_stays_broken_says_what_to_do(host):
    host.passes(10 * HOUR + 60)
    host.fails_at = {2, 3, 4, 5}
    host.run()
    assert "make splunkd's storage/passwords work at once" in host.told[-1]
    assert "install the Slack app again" in host.told[-1]


def test_failed_renewals_do_not_hammer_slack(host):
    host.passes(10 * HOUR + 60)
    host.answer_is_lost = True
    for _ in range(30):
        host.run()
        host.passes(60)
    assert 2 <= host.exchanges <= 4


def test_both_access_tokens_live_after_a_renewal(host):
    old = host.run()
    host.passes(10 * HOUR + 60)
    new = host.run()
    assert set(host.slack.tokens.alive()) >= {old, new}


@pytest.mark.parametrize(
    ("member", "words"), [("client_secret", "client_secret is wrong"), ("client_id", "client_id is wrong")]
)
def test_wrong_app_credentials_are_named(host, member, words):
    host.secret = json.dumps({**json.loads(host.secret), member: "not-the-right-one"})
    host.passes(13 * HOUR)
    with pytest.raises(FatalError, match=words):
        host.run()
