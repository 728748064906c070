"""Remembers the seconds that Slack could not deliver whole, asks for them again, and says so by name.

Reading goes on below such a second at once, so that one bad place does not hide all that follows; the second itself
is tried again for a day, without repeating what was sent of it. How it is found and read is in `detour`.
"""

from __future__ import annotations

from typing import Callable

from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.clock import Clock
from slack_audit_monitor.detour import Detour
from slack_audit_monitor.errors import RetryableError
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import Log
from slack_audit_monitor.state import Unreadable
from slack_audit_monitor.summary import Summary
from slack_audit_monitor.windows import Window

RETRY_SECONDS = 900
GIVE_UP_SECONDS = 86_400
#: More are reported, but not tried again.
MOST_PLACES = 100
#: A second of more entries than this comes twice when it is tried again, rather than fill the memory for a day.
MOST_HELD = 10_000


class UnreadablePlaces:
    """The list in the checkpoint's state, and what is done about it."""

    def __init__(
        self,
        detour: Detour,
        checkpoint: Checkpoint,
        mark: Callable[[Window, int], Window],
        clock: Clock,
        log: Log,
        summary: Summary,
    ) -> None:
        self._detour = detour
        self._checkpoint = checkpoint
        self._mark = mark
        self._clock = clock
        self._log = log
        self._summary = summary

    def only_here(self, window: Window, problem: RetryableError) -> bool:
        """Tell whether Slack is well but for a place in this window."""
        return self._detour.only_here(window, problem)

    def read_around(self, window: Window, problem: RetryableError) -> Window:
        """Return the window, read down past its unreadable second.

        Raises:
            RateLimited, RefusedBySlack: as any call.
        """
        window = self._detour.narrow(window, problem)
        second = window.read_from
        window, is_whole = self._detour.read_second(window)
        if not is_whole:
            self._note(second)
        return self._mark(window, second - 1)

    def try_again(self) -> None:
        """Ask for the noted seconds once more, when it is time."""
        state = self._checkpoint.state
        for place in list(state.unreadable):
            now = int(self._clock.slack_now())
            if now - place.tried_at < RETRY_SECONDS:
                continue
            # Number 0: no window of the walk, which a lost State would be rebuilt from.
            _, is_whole = self._detour.read_second(Window(0, place.second, place.second))
            state.window = None
            place.tried_at = now
            if is_whole:
                self._forget(place)
                self._log.info("second_readable_again", aloud=True, second=iso(place.second))
            elif now - place.since >= GIVE_UP_SECONDS:
                self._forget(place)
                self._log.error(
                    "second_given_up",
                    second=iso(place.second),
                    reason="Slack could not deliver every entry of this second for a day",
                    then="look at it in Slack's own export of the audit logs, and tell Slack's support",
                )
            self._checkpoint.save()
            self._checkpoint.seen.all_passed()

    def _note(self, second: int) -> None:
        now = int(self._clock.slack_now())
        places = self._checkpoint.state.unreadable
        if all(place.second != second for place in places) and len(places) < MOST_PLACES:
            places.append(Unreadable(second, now, now))
            if len(self._checkpoint.seen.keys(second)) <= MOST_HELD:
                self._checkpoint.seen.hold(second)
            self._checkpoint.save()  # before the mark moves below it: a kill between the two must not forget it
        self._summary.unreadable.append(second)
        self._log.error(
            "second_unreadable",
            second=iso(second),
            reason="Slack cannot deliver every entry of this second; all around it was read",
            then=f"asked for again every {RETRY_SECONDS // 60} minutes for a day",
        )

    def _forget(self, place: Unreadable) -> None:
        self._checkpoint.state.unreadable.remove(place)
        self._checkpoint.seen.let_go(place.second)
