"""The story of one run: which span of time, page by page, what is new, out to Splunk, and only then
remembered.

    walk     from the last position (less an overlap, or less a deeper look back) up to Slack's present second
    window   a closed part of the walk; only when it has been read to its end does the position move
    page     at most 9,999 entries, newest first
    batch    at most 500 entries: written, flushed, then recorded

Whatever ends the process, the next one goes on below the last recorded batch; at most that one batch comes
twice. Knows nothing of HTTP (`client`), repeating (`caller`), XML (`writer`) or where the checkpoint is kept
(`checkpoint`).
"""

from __future__ import annotations

from dataclasses import replace

from slack_audit_monitor.caller import Caller
from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.client import Page
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.detour import Detour
from slack_audit_monitor.errors import (
    CursorRefused,
    RangeRefused,
    RateLimited,
    RefusedBySlack,
    RetryableError,
    SlackUnavailable,
    UnexpectedAnswer,
)
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import Log
from slack_audit_monitor.range_search import accepts, oldest_accepted
from slack_audit_monitor.seen import UNDATED, SeenEntries
from slack_audit_monitor.settings import MOST_ENTRIES_PER_PAGE, Settings
from slack_audit_monitor.summary import Summary
from slack_audit_monitor.token_watch import TokenWatch
from slack_audit_monitor.unreadable import UnreadablePlaces
from slack_audit_monitor.windows import MARGIN_SECONDS, Window, begin_walk, cut_window, next_window
from slack_audit_monitor.writer import EventWriter

BATCH_ENTRIES = 500
BATCH_BYTES = 4_000_000
#: So many restarts of a window without one new entry, and the run gives up.
MOST_FRUITLESS_RESTARTS = 3
#: Pages without entries are normal; so many in a row are a loop.
MOST_EMPTY_PAGES = 500
#: A refused range is corrected so often in one run.
MOST_CORRECTIONS = 4
#: A `latest` that Slack refuses although its own clock allows it: its machines disagree about the time.
NEAR_NOW_SECONDS = 60


class Collector:
    """One run for one organisation. `collect` is the whole story; the rest is its chapters."""

    def __init__(
        self,
        settings: Settings,
        checkpoint: Checkpoint,
        caller: Caller,
        writer: EventWriter,
        clock: Clock,
        stop: StopRequest,
        log: Log,
        token_watch: TokenWatch | None = None,
        known: SeenEntries | None = None,
    ) -> None:
        self._settings = settings
        self._checkpoint = checkpoint
        self._token_watch = token_watch
        self._known = SeenEntries(0) if known is None else known  # sent by another add-on, see `takeover`
        self._caller = caller
        self._writer = writer
        self._clock = clock
        self._stop = stop
        self._log = log
        self.summary = Summary()
        detour = Detour(caller, self._send, self._mark, log)
        self._places = UnreadablePlaces(detour, checkpoint, self._mark, clock, log, self.summary)
        self._upto = 0
        self._began_at = self._skew_at_begin = 0.0
        self._corrections = 0
        self._cut = 0

    def collect(self) -> None:
        """Bring the index up to Slack's present second.

        Raises:
            Stopped, RateLimited, RetryableError, FatalError: everything flushed so far is recorded, unless it is
                the record itself that cannot be kept.
        """
        state = self._checkpoint.state
        self._learn_slack_time()
        self._began_at, self._skew_at_begin = self._clock.slack_now(), self._clock.skew_seconds or 0.0
        # Fixed for this run: what arrives while it reads is for the next one.
        self._upto = self._last_askable_second()
        if state.start_at is None:
            state.start_at = min(self._settings.start_at, self._upto)
        if state.walk is None:
            self._begin_walk()
        while True:
            self._stop.check()
            window = state.window or self._open_window()
            if window is None:
                break
            self._read_window(window)
        self._places.try_again()

    # --- where to read ------------------------------------------------------------------------------------

    def _learn_slack_time(self) -> None:
        """Know Slack's clock before the first `latest` is sent; later answers keep it up to date by themselves.

        The same call tells whose token it is, which is looked at once a day.
        """
        state, watch = self._checkpoint.state, self._token_watch
        self._clock.skew_seconds = state.skew_seconds
        is_first = state.skew_seconds is None
        if not is_first and (watch is None or not watch.is_due(self._clock.now())):
            return
        try:
            identity = self._caller.auth_test()
        except (RefusedBySlack, RetryableError) as problem:
            if is_first and isinstance(problem, RateLimited):
                raise
            # Not the end: the pages will tell what is really wrong.
            self._log.info("auth_test_failed", reason=str(problem))
            if watch is not None:
                watch.failed(self._clock.now())
        else:
            if watch is not None:
                watch.seen(identity, self._clock.now())
        if is_first and self._clock.skew_seconds is not None and abs(self._clock.skew_seconds) > 60:
            self._log.warn(
                "clocks_differ",
                slack_minus_ours_seconds=round(self._clock.skew_seconds),
                then="Slack's clock decides what is collected; check this machine's time service",
            )

    def _last_askable_second(self) -> int:
        return int(self._clock.slack_now()) - MARGIN_SECONDS

    def _begin_walk(self) -> None:
        state, settings = self._checkpoint.state, self._settings
        state.walk = begin_walk(
            state.position,
            state.look_back_from,
            state.looked_at,
            start_at=state.start_at or 0,
            upto=self._upto,
            overlap_seconds=settings.overlap_seconds,
            late_check_seconds=settings.late_check_seconds,
        )
        if state.look_back_from is None:
            state.look_back_from = self._upto - settings.late_arrival_seconds
            self._checkpoint.seen.move_horizon(state.look_back_from)

    def _correct_beginning(self) -> None:
        """Move the walk's beginning back if this answer shows that Slack's clock was taken to be ahead of the truth.

        That happens when this machine's clock was set since the last run. The next look back starts from this
        beginning; one too late would leave out what arrives late. The very first walk is corrected only before
        anything of it is out: later answers show nothing but how long they travelled, and what lies below the
        horizon has been forgotten by then, so that a deeper one would bring it twice.
        """
        state = self._checkpoint.state
        better = (self._clock.skew_seconds or 0.0) - self._skew_at_begin
        began = int(self._began_at + better) - MARGIN_SECONDS
        # Within the margin it is the jitter of a clock known to a second.
        if state.walk is None or began >= state.walk.started_at - MARGIN_SECONDS:
            return
        is_first, window = state.looked_at is None, state.window
        if is_first and (state.position is not None or (window is not None and window.reached is not None)):
            return
        state.walk = replace(state.walk, started_at=began)
        if is_first:
            look_back_from = began - self._settings.late_arrival_seconds
            state.look_back_from = min(state.look_back_from or 0, look_back_from)
            self._checkpoint.seen.horizon = state.look_back_from
        self._checkpoint.save()

    def _open_window(self) -> Window | None:
        state = self._checkpoint.state
        if state.walk is None:
            return None
        window = next_window(state.walk, self._upto, state.windows + 1, state.entries_per_second)
        if window is not None:
            state.window, state.windows = window, window.number
            self._checkpoint.save()
        return window

    def _close_window(self, window: Window, found: int | None) -> None:
        """Move the position; end the walk if this was its last window.

        Args:
            found: entries in the whole window, or None if an earlier process read a part of it.
        """
        state = self._checkpoint.state
        if state.walk is None:
            return
        state.window = None
        state.position = max(state.position or 0, window.latest)
        state.skew_seconds = self._clock.skew_seconds
        state.walk = replace(state.walk, next=window.latest + 1)
        if found is not None:
            state.entries_per_second = max(found, 1) / window.seconds
        if state.walk.next > self._upto:
            if state.walk.deep:
                state.looked_at = state.walk.started_at
                # Never back behind what is still remembered, even if the setting was raised.
                state.look_back_from = max(
                    state.look_back_from or 0, state.looked_at - self._settings.late_arrival_seconds
                )
                self._checkpoint.seen.move_horizon(state.look_back_from)
            state.walk = None
        self._checkpoint.window_done()

    # --- one window ---------------------------------------------------------------------------------------

    def _read_window(self, window: Window) -> None:
        """Read a window from where it was left down to its oldest second."""
        if window.read_from < window.oldest:  # died between its last second and its closing
            self._close_window(window, None)
            return
        resumed, found, empty_pages = window.reached is not None, 0, 0
        read_from = window.read_from
        cursor: str | None = None
        trail: set[str] = set()
        fruitless, sent_at_restart = 0, self.summary.entries
        while True:
            self._stop.check()
            try:
                page = self._caller.page(window.oldest, read_from, cursor)
                usable = page.next_cursor is None or page.next_cursor not in trail
            except CursorRefused as problem:
                self._log.info("cursor_refused", reason=str(problem), window=window.number)
                page, usable = None, False
            except RangeRefused:
                self._correct_range(window)
                return
            except (SlackUnavailable, UnexpectedAnswer) as problem:
                if not self._places.only_here(window, problem):
                    raise
                self._correct_beginning()
                window = self._places.read_around(window, problem)
                if window.read_from < window.oldest:
                    break
                resumed, read_from, cursor, trail = True, window.read_from, None, set()
                continue
            if page is not None:
                self._correct_beginning()
                if cursor is None and not resumed and self._reshaped(window, page):
                    return
                found += len(page.entries)
                empty_pages = 0 if page.entries else empty_pages + 1
                is_last = self._is_past(window, page)
                window = self._send(window, page)
                page.entries.clear()  # the next page must not stand beside this one in memory
                if page.next_cursor is None or is_last:
                    break
                trail.add(page.next_cursor)
                cursor = page.next_cursor
            if not usable or empty_pages > MOST_EMPTY_PAGES:
                # Read on below the last entry that is out, without a cursor: nothing is sent twice, because
                # the entries of that second are known.
                fruitless = (
                    fruitless + 1 if self.summary.entries == sent_at_restart and window.read_from == read_from else 0
                )
                if fruitless >= MOST_FRUITLESS_RESTARTS:
                    raise UnexpectedAnswer(
                        "Slack's cursors lead nowhere and a whole page holds nothing new; reading goes on at "
                        "the next interval."
                    )
                self._caller.limit = MOST_ENTRIES_PER_PAGE if fruitless else self._caller.limit
                self.summary.restarts += 1
                resumed, empty_pages, sent_at_restart = True, 0, self.summary.entries
                read_from, cursor, trail = window.read_from, None, set()
        self._close_window(window, None if resumed else found)

    def _reshaped(self, window: Window, page: Page) -> bool:
        """Shorten a window that the first page shows to reach into Slack's future or to be far too large.

        Nothing of that page was sent; the shorter window is read from its top.
        """
        dated = [entry.second for entry in page.entries if entry.second is not None]
        shorter: Window | None = None
        if page.slack_time is not None and window.latest > page.slack_time:
            self._upto = int(page.slack_time) - MARGIN_SECONDS
            shorter = replace(window, latest=self._upto)
        elif page.next_cursor is not None and dated and window.number != self._cut:
            shorter = cut_window(window, len(page.entries), dated[0], dated[-1])
            self._cut = window.number  # once: a burst at the end of a quiet month looks like a busy month
        if shorter is None:
            return False
        self._replace_window(shorter)
        return True

    def _is_past(self, window: Window, page: Page) -> bool:
        """Tell whether a page lies wholly before the window: then Slack has lost sight of `oldest`."""
        return bool(page.entries) and all(e.second is not None and e.second < window.oldest for e in page.entries)

    def _correct_range(self, window: Window) -> None:
        """Bring a window that Slack refused into the range that Slack has.

        Raises:
            RangeRefused: it stays refused.
        """
        self._corrections += 1
        if self._corrections > MOST_CORRECTIONS:
            raise RangeRefused("Slack refuses every time range (invalid_range).")
        latest = min(window.latest, self._last_askable_second())
        if latest == window.latest and not accepts(self._caller, latest - 1, latest):
            latest -= NEAR_NOW_SECONDS
        if latest < window.latest:
            self._log.warn("range_corrected", asked_up_to=iso(window.latest), asking_up_to=iso(latest))
            self._upto = min(self._upto, latest)
            self._replace_window(replace(window, latest=latest))
            return
        oldest = oldest_accepted(self._caller, window.oldest, window.read_from)
        self._log.warn("range_corrected", asked_from=iso(window.oldest), slack_has_from=iso(oldest))
        if self._checkpoint.state.position is None:
            self._checkpoint.state.start_at = oldest
        self._replace_window(replace(window, oldest=oldest))

    def _replace_window(self, window: Window) -> None:
        """Go on with other bounds; with none, if nothing is left between them."""
        state = self._checkpoint.state
        state.window = window
        if window.latest < window.oldest:  # our position is ahead of Slack's clock: nothing to read yet
            state.window, state.walk = None, None
        self._checkpoint.save()

    # --- one page -----------------------------------------------------------------------------------------

    def _send(self, window: Window, page: Page) -> Window:
        """Write the new entries of a page in batches; return the window with how far down it has been read."""
        seen, known, writer, summary = self._checkpoint.seen, self._known, self._writer, self.summary
        batch: list[tuple[int, int]] = []
        recorded = window.reached
        reached = above = window.latest if window.reached is None else window.reached
        for entry in page.entries:
            second = entry.second
            if second is None:
                second = UNDATED
            elif not window.oldest <= second <= window.latest:
                summary.outside += 1
                continue
            elif second < reached:
                reached = second
            if not seen.add(second, entry.key):
                summary.repeats += 1
                continue
            if known.holds(second, entry.key):
                summary.repeats += 1  # recorded with the batch all the same: later polls must know it, too
            else:
                writer.add(entry)
                summary.count(entry)
            batch.append((second, entry.key))
            if len(batch) >= BATCH_ENTRIES or writer.pending_bytes >= BATCH_BYTES:
                window = self._flush(window, batch, reached)
                recorded, batch = reached, []
        summary.pages += 1
        if batch or (page.entries and reached != recorded):
            window = self._flush(window, batch, reached)
        self._checkpoint.sync()
        seen.passed(above)  # not `reached`: the next page may begin with entries of this one
        return window

    def _flush(self, window: Window, batch: list[tuple[int, int]], reached: int) -> Window:
        """Write, then record: a crash between the two repeats one batch. The other order would lose one."""
        if batch:
            self._checkpoint.may_write()
            self._writer.flush()
        window = replace(window, reached=reached)
        self._checkpoint.state.window = window
        self._checkpoint.batch_sent(window, batch)
        return window

    def _mark(self, window: Window, reached: int) -> Window:
        window = self._flush(window, [], reached)
        self._checkpoint.seen.passed(reached)
        return window
