"""Calls Slack until it answers: keeps the budget, waits where Slack asks for it, backs off where it is in
trouble.

Also chooses how many entries to ask for: as many as fit a page, fewer while Slack is slow or entries are
large. Gives up on a call after a while, because splunkd starts a new process at the next interval anyway.
"""

from __future__ import annotations

import random
from typing import Any, Callable, TypeVar

from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.client import PAGE_BYTES, Page, Query, SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.errors import PageTooLarge, RateLimited, RefusedBySlack, RetryableError, SlackUnavailable
from slack_audit_monitor.log import Log
from slack_audit_monitor.retry import Backoff, Budget
from slack_audit_monitor.settings import Settings

#: A longer Retry-After is not sat out: the run ends and the next ones wait.
LONGEST_WAIT_IN_RUN_SECONDS = 120.0
#: After so many 429 in a row Slack gets silence until the next run.
MOST_RATE_LIMITS_IN_A_ROW = 25
SMALLEST_LIMIT = 100
#: The very first page of an input: nobody knows yet what its entries weigh.
FIRST_LIMIT = 1_000
#: So many pages in a row may turn out too large; each was followed by a call for fewer entries.
MOST_TOO_LARGE_IN_A_ROW = 5
#: A page slower than this is a sign to ask for less, though it arrived.
SLOW_SECONDS = 30.0

Answer = TypeVar("Answer")


class Caller:
    """Makes the calls of one run.

    Args:
        renew_token: returns a fresh access token when Slack says that the present one has expired; None if
            there is no way.
        rng: for the jitter of back-off.
    """

    def __init__(
        self,
        client: SlackClient,
        settings: Settings,
        checkpoint: Checkpoint,
        clock: Clock,
        stop: StopRequest,
        log: Log,
        renew_token: Callable[[], str | None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._checkpoint = checkpoint
        self._clock = clock
        self._stop = stop
        self._log = log
        self._renew_token = renew_token
        self._rng = rng
        self._budget = Budget(settings.calls_per_minute, checkpoint.calls, checkpoint.not_before)
        self._has_weighed = checkpoint.state.page_limit is not None
        self.limit = min(checkpoint.state.page_limit or FIRST_LIMIT, settings.page_limit)
        self.calls = 0

    def page(self, oldest: int, latest: int, cursor: str | None) -> Page:
        """Return one page of the span, both ends included.

        Raises:
            CursorRefused, RangeRefused, RefusedBySlack: at once.
            RateLimited: Slack wants a longer silence than a run should sit out.
            SlackUnavailable, UnexpectedAnswer: still no page after several attempts.
        """
        started_at = 0.0

        def call() -> Page:
            nonlocal started_at
            started_at = self._clock.now()
            return self._client.page(Query(oldest, latest, self.limit, cursor))

        page = self._persist(call)
        self._adapt_limit(page, self._clock.now() - started_at)
        return page

    def try_page(
        self, oldest: int, latest: int, cursor: str | None, limit: int | None = None, attempts: int | None = None
    ) -> Page:
        """Return a page as `page` does, with another page size or less patience.

        Args:
            limit: entries to ask for; None for the usual number.
            attempts: calls before giving up; None for the usual number.

        Raises:
            the same as `page`.
        """
        size = self.limit if limit is None else limit
        return self._persist(lambda: self._client.page(Query(oldest, latest, size, cursor)), attempts)

    def probe(self, oldest: int, latest: int) -> Page:
        """Ask for a single entry: only whether the span is accepted matters."""
        return self._persist(lambda: self._client.page(Query(oldest, latest, 1)))

    def auth_test(self) -> dict[str, Any]:
        """Ask once, without repeating, whose token this is."""
        self._wait_turn()
        return self._call_once(self._client.auth_test)

    def _persist(self, call: Callable[[], Answer], attempts: int | None = None) -> Answer:
        backoff = Backoff(rng=self._rng) if attempts is None else Backoff(attempts, rng=self._rng)
        rate_limits, too_large, renewed = 0, 0, False
        while True:
            self._wait_turn()
            try:
                return self._call_once(call)
            except RateLimited as problem:
                rate_limits += 1
                # Each 429 beyond a few adds silence of our own: someone else uses the budget up.
                own = 0.0 if rate_limits <= 3 else min(2.0 ** (rate_limits - 3), 30.0)
                wait = self._budget.hold(
                    self._clock.now(),
                    max(own, problem.wait_seconds) if problem.wait_seconds is not None else None,
                )
                self._checkpoint.silent_until(self._budget.not_before)
                self._log.warn("rate_limited", wait_seconds=wait, in_a_row=rate_limits)
                if rate_limits >= MOST_RATE_LIMITS_IN_A_ROW:
                    raise
            except RefusedBySlack as problem:
                token = None
                if problem.code == "token_expired" and self._renew_token is not None and not renewed:
                    renewed, token = True, self._renew_token()
                if token is None:
                    raise
                self._client.use_token(token)
            except PageTooLarge as problem:
                too_large += 1
                self.limit = max(1, PAGE_BYTES * problem.entries // problem.size_bytes)
                if too_large >= MOST_TOO_LARGE_IN_A_ROW:
                    raise
                self._log.info("page_too_large", reason=str(problem), asking_for=self.limit)
            except RetryableError as problem:
                if isinstance(problem, SlackUnavailable) and problem.too_slow:
                    self.limit = max(min(SMALLEST_LIMIT, self._settings.page_limit), self.limit // 4)
                wait_after = backoff.next_wait()
                if wait_after is None:
                    raise
                self._log.warn("call_failed", reason=str(problem), attempt=backoff.failures, wait_seconds=wait_after)
                self._clock.sleep(wait_after)

    def _call_once(self, call: Callable[[], Answer]) -> Answer:
        now = self._clock.now()
        self._budget.spend(now)
        self._checkpoint.call_made(now)
        self.calls += 1
        with self._stop.interruptible():
            return call()

    def _wait_turn(self) -> None:
        wait = self._budget.wait_seconds(self._clock.now())
        if wait > LONGEST_WAIT_IN_RUN_SECONDS:
            raise RateLimited(wait)
        self._clock.sleep(wait)

    def _adapt_limit(self, page: Page, seconds: float) -> None:
        most = self._settings.page_limit
        if page.entries:
            most = max(1, min(most, PAGE_BYTES * len(page.entries) // max(1, page.size_bytes)))
        if seconds > SLOW_SECONDS:
            self.limit = max(min(SMALLEST_LIMIT, most), self.limit // 2)
        else:
            # Up by doubling, after a time of slowness; at once, when all that was missing was their weight.
            self.limit = max(1, min(most, self.limit * 2)) if self._has_weighed else most
        self._has_weighed = self._has_weighed or bool(page.entries)
        self._checkpoint.state.page_limit = self.limit
