"""Which span of time to read next. Pure arithmetic; reading is `collect`, remembering is `checkpoint`.

Slack answers newest first, so nothing about the older part of a span is known until it has been read to its
end. Time is therefore walked forward in closed windows, and only a finished window moves the position.

    |--- look-back ---|-- overlap --|
                                    ^ position: everything up to here has been read once      upto = Slack's
                                    now - margin
    |------------------------------- a deep walk -------------------------------------------|
                      |------------------------- an ordinary walk --------------------------|

A deep walk, every `late_check_seconds`, starts `late_arrival_seconds` before the start of the deep walk
before it. That is exactly where an entry that was not there then can have its time: if it shows up at A with
a time of A - lateness, the first deep walk begun after A starts at or before (A - late_arrival_seconds),
however long the collector was down and whatever its interval is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Entries of the current second may still be coming in at Slack, and Slack's clock is known to a second only.
MARGIN_SECONDS = 1
#: Entries aimed at in one window of a backlog: 50 full pages, so that the part-filled last page hardly
#: counts.
TARGET_ENTRIES = 500_000
#: A window this many times the target is cut when its first page shows it.
CUT_FACTOR = 3
SHORTEST_CUT_SECONDS = 60


@dataclass(frozen=True)
class Window:
    """A closed span, both ends included, epoch seconds.

    Attributes:
        number: counts up over the life of the input; tells its progress lines from older ones.
        reached: entries newer than this one were sent already; None before the first batch.
    """

    number: int
    oldest: int
    latest: int
    reached: int | None = None

    @property
    def read_from(self) -> int:
        """Where to start reading down."""
        return self.latest if self.reached is None else self.reached

    @property
    def seconds(self) -> int:
        """Length of the whole window."""
        return self.latest - self.oldest + 1


@dataclass(frozen=True)
class Walk:
    """A pass over time in one or more windows, which may outlive a process.

    Attributes:
        next: first second not yet read in this walk.
        started_at: Slack's time when it began.
        deep: whether it began at the look-back.
    """

    next: int
    started_at: int
    deep: bool


def begin_walk(
    position: int | None,
    look_back_from: int | None,
    looked_at: int | None,
    *,
    start_at: int,
    upto: int,
    overlap_seconds: int,
    late_check_seconds: int,
) -> Walk:
    """Return where the next walk starts.

    Args:
        position: everything up to this second was read once; None at the very first run.
        look_back_from: where the next deep walk starts.
        looked_at: Slack's time at the start of the last finished deep walk.
        start_at: oldest second the admin wants.
        upto: last second that may be asked for.
    """
    if position is None or look_back_from is None or looked_at is None:
        return Walk(start_at if position is None else max(start_at, position + 1 - overlap_seconds), upto, deep=True)
    # Never back behind the memory of what was sent, even if the overlap was raised.
    ordinary = max(position + 1 - overlap_seconds, look_back_from)
    if upto - looked_at >= late_check_seconds:
        return Walk(max(start_at, min(look_back_from, ordinary)), upto, deep=True)
    return Walk(max(start_at, ordinary), upto, deep=False)


def next_window(walk: Walk, upto: int, number: int, entries_per_second: float | None) -> Window | None:
    """Return the walk's next window, or None when it has reached `upto`."""
    if walk.next > upto:
        return None
    latest = upto
    if entries_per_second:
        span = max(SHORTEST_CUT_SECONDS, int(TARGET_ENTRIES / entries_per_second))
        if span * CUT_FACTOR < upto - walk.next:  # a remainder of up to three windows is cheaper in one
            latest = walk.next + span - 1
    return Window(number, walk.next, latest)


def cut_window(window: Window, entries: int, newest: int, oldest: int) -> Window | None:
    """Return a shorter window with the same start if the first page shows this one to be far too large.

    Args:
        entries, newest, oldest: how many entries that page held, and the seconds of its first and last one.
    """
    covered = max(1, newest - oldest)
    if entries * (window.seconds / covered) <= TARGET_ENTRIES * CUT_FACTOR:
        return None
    span = max(SHORTEST_CUT_SECONDS, int(TARGET_ENTRIES * covered / max(1, entries)))
    if span * 2 > window.seconds:
        return None
    return replace(window, latest=window.oldest + span - 1)
