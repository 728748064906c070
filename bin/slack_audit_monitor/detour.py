"""Gets past one place that Slack cannot deliver, without losing what stands around it.

A page whose JSON is broken for good, or a server error that one entry provokes, would otherwise end every run at the
same place for ever. When a page stays unreadable although Slack answers well elsewhere, the rest of the window is
halved until the one second is found that cannot be read; in that second pages get smaller, down to a single entry;
what still cannot be had is left out (and remembered, see `unreadable`). Nothing is guessed out of a broken answer but
the cursor behind it.

Knows which spans to ask for. Sending and recording stay with `collect`, repeating and waiting with `caller`.
"""

from __future__ import annotations

from typing import Callable

from slack_audit_monitor.caller import Caller
from slack_audit_monitor.client import Page
from slack_audit_monitor.errors import (
    CursorRefused,
    PageTooLarge,
    RangeRefused,
    RateLimited,
    RetryableError,
    SlackUnavailable,
    UnexpectedAnswer,
)
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import Log
from slack_audit_monitor.windows import Window

#: A page that fails so often is taken as unreadable while the place is being looked for.
ATTEMPTS = 2
#: First page size inside the second that cannot be read at once.
ENTRIES_IN_SECOND = 64
#: A second with very many entries is not read one by one.
MOST_PAGES_IN_SECOND = 200
#: So many places a run; more mean that Slack as a whole is in trouble.
MOST_DETOURS = 5

#: Writes and records a page of the window; returns the window with how far down it has been read.
Send = Callable[[Window, Page], Window]
#: Records that the window has been read down to this second.
Mark = Callable[[Window, int], Window]


class Detour:
    """Finds the second that cannot be read, and reads what can be read of it.

    Args:
        send, mark: how `collect` writes a page and records progress.
    """

    def __init__(self, caller: Caller, send: Send, mark: Mark, log: Log) -> None:
        self._caller = caller
        self._send = send
        self._mark = mark
        self._log = log
        self._taken = 0

    def only_here(self, window: Window, problem: RetryableError) -> bool:
        """Tell whether only this place is unreadable: Slack answers, and answers well just beside it."""
        if isinstance(problem, RateLimited) or (isinstance(problem, SlackUnavailable) and not problem.answered):
            return False
        if self._taken >= MOST_DETOURS:
            return False
        try:
            self._caller.try_page(window.oldest - 1, window.oldest - 1, None, 1, attempts=1)
        except RangeRefused:
            return True  # nothing can be there, and Slack said so in good order
        except RetryableError:
            return False
        return True

    def narrow(self, window: Window, problem: RetryableError) -> Window:
        """Read the window down to the unreadable second.

        Returns:
            the window; its edge is that second, and everything above it was read.

        Raises:
            RateLimited, RefusedBySlack: as any call.
        """
        self._taken += 1
        self._log.warn("place_unreadable", reason=str(problem), between=iso(window.oldest), until=iso(window.read_from))
        low = window.oldest
        while low < window.read_from:
            middle = (low + window.read_from + 1) // 2
            window, is_whole = self._read_span(window, middle)
            if is_whole:
                window = self._mark(window, middle - 1)
            else:
                low = middle
        return window

    def read_second(self, window: Window) -> tuple[Window, bool]:
        """Read the one second at the window's edge in ever smaller pages; tell whether all of it could be read."""
        second = window.read_from
        limit, is_whole = ENTRIES_IN_SECOND, True
        cursor: str | None = None
        for _ in range(MOST_PAGES_IN_SECOND):
            try:
                # A single entry gets the patience of an ordinary call before it is given up.
                page = self._caller.try_page(second, second, cursor, limit, None if limit == 1 else ATTEMPTS)
            except CursorRefused:
                return window, False
            except (SlackUnavailable, UnexpectedAnswer, PageTooLarge) as problem:
                if limit > 1:
                    limit = max(1, limit // 4)
                    continue
                is_whole = False
                cursor = problem.cursor if isinstance(problem, UnexpectedAnswer) else None
            else:
                window = self._send(window, page)
                cursor = page.next_cursor
                limit = min(limit * 2, ENTRIES_IN_SECOND)
            if cursor is None:
                return window, is_whole
        return window, False

    def _read_span(self, window: Window, oldest: int) -> tuple[Window, bool]:
        """Read from the window's edge down to `oldest`; tell whether all of it could be read."""
        cursor: str | None = None
        trail: set[str] = set()
        read_from = window.read_from
        while True:
            try:
                page = self._caller.try_page(oldest, read_from, cursor, None, ATTEMPTS)
            except RateLimited:
                raise
            except (SlackUnavailable, UnexpectedAnswer, PageTooLarge, CursorRefused):
                return window, False
            window = self._send(window, page)
            if page.next_cursor is None:
                return window, True
            if page.next_cursor in trail:
                return window, False
            trail.add(page.next_cursor)
            cursor = page.next_cursor
