"""How many entries a call asks for: as many as fit the memory that is meant for a page, whatever they weigh."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from slack_audit_monitor.caller import FIRST_LIMIT, Caller
from slack_audit_monitor.client import PAGE_BYTES, Page, Query
from slack_audit_monitor.clock import StopRequest
from slack_audit_monitor.entries import Entry
from slack_audit_monitor.errors import PageTooLarge
from slack_audit_monitor.log import Log
from slack_audit_monitor.settings import read_settings

ENTRY = Entry(1, 1, "user_login", "", b"{}")


class Slack:
    """Answers with full pages of entries that weigh `entry_bytes`; breaks off above one page's weight and a third."""

    def __init__(self, entry_bytes: int) -> None:
        self.entry_bytes = entry_bytes
        self.limits: list[int] = []

    def page(self, query: Query) -> Page:
        self.limits.append(query.limit)
        size = query.limit * self.entry_bytes
        if size > PAGE_BYTES * 4 // 3 and query.limit > 1:
            raise PageTooLarge(PAGE_BYTES * 4 // 3, max(2, PAGE_BYTES * 4 // 3 // self.entry_bytes))
        return Page([ENTRY] * query.limit, "more", None, size)


def caller(slack: Slack, learnt: int | None = None, **params: str) -> Caller:
    clock: Any = SimpleNamespace(
        now=lambda: 0.0, sleep=lambda seconds: seconds and pytest.fail("waited"), slack_now=lambda: 0.0
    )
    checkpoint: Any = SimpleNamespace(
        calls=[], not_before=0.0, state=SimpleNamespace(page_limit=learnt), call_made=lambda at: None
    )
    settings = read_settings("prod", {"calls_per_minute": "50", **params}, 1_780_000_000)
    client: Any = slack
    return Caller(client, settings, checkpoint, clock, StopRequest(), Log("prod"), rng=random.Random(1))  # noqa: S311


def test_the_first_page_is_small_and_tells_how_large_the_next_may_be():
    slack = Slack(800)
    calls = caller(slack)
    for _ in range(3):
        calls.page(1, 2, None)
    assert slack.limits == [FIRST_LIMIT, 9_999, 9_999]
    # So 100,000 entries still take eleven pages.
    assert FIRST_LIMIT + 10 * 9_999 >= 100_000


def test_heavy_entries_come_on_smaller_pages_from_the_second_on():
    slack = Slack(6_000)
    calls = caller(slack)
    for _ in range(3):
        calls.page(1, 2, None)
    assert slack.limits[1:] == [PAGE_BYTES // 6_000] * 2


def test_the_size_that_was_learnt_outlives_the_process():
    slack = Slack(800)
    caller(slack, 7_000).page(1, 2, None)
    assert slack.limits == [7_000]


def test_entries_that_become_heavy_are_asked_for_again_at_once_on_a_page_that_fits():
    slack = Slack(800)
    calls = caller(slack)
    for _ in range(2):
        calls.page(1, 2, None)
    slack.entry_bytes = 50_000
    page = calls.page(1, 2, None)
    assert page.size_bytes <= PAGE_BYTES
    assert len(slack.limits) == 4


def test_the_setting_is_never_exceeded():
    slack = Slack(800)
    calls = caller(slack, None, page_limit="50")
    for _ in range(3):
        calls.page(1, 2, None)
    assert slack.limits == [50, 50, 50]


def test_pages_that_never_fit_end_the_attempt():
    class Stubborn(Slack):
        def page(self, query: Query) -> Page:
            self.limits.append(query.limit)
            raise PageTooLarge(PAGE_BYTES * 2, 5)

    slack = Stubborn(1)
    with pytest.raises(PageTooLarge):
        caller(slack).page(1, 2, None)
    assert len(slack.limits) < 10
