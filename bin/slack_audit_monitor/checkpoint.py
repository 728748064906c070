"""Where the collector stands and what it has sent, as records in some place that survives the process.

The place is one of two: files of this host (`checkpoint_files`) or, where several hosts share the work, the
KV store (`checkpoint_log`). Either keeps one State and a journal of records:

    {"w", "o", "l", "m", "i"}   a flushed batch: number, oldest and latest of the window, how far down it has
                                been read, and which entries the batch held
    {"f"}                       the format of what follows: the version of `state`
    {"i"}                       entries that are remembered
    {"c"} {"u"}                 a call to Slack; the end of a Retry-After
    {"p"}                       a window was read to its end; the position since then

Knows what the records mean and how to go on from damaged ones; knows nothing of files or REST.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol

from slack_audit_monitor.seen import Batch, SeenEntries, pack
from slack_audit_monitor.state import State, check_format
from slack_audit_monitor.windows import Walk, Window


class Place(Protocol):
    """Where a checkpoint is kept. Any method may raise FatalError or KvStoreUnavailable."""

    def read_state(self) -> tuple[State | None, bool]:
        """Return the last State that can be read, and whether a later one could not."""

    def records(self) -> Iterator[Any]:
        """Yield the journal's records, oldest first; None for one that cannot be read."""

    def report_damage(self, records: int) -> None:
        """Report that so many records could not be read."""

    def open(self) -> None:
        """Get ready to append."""

    def may_write(self) -> None:
        """Raise LeaseLost if another host works here now."""

    def write_state(self, state: State) -> None:
        """Replace the State, at the latest together with the next batch or finished window."""

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; that of a batch or of a finished window survives the process from here on."""

    def sync(self) -> None:
        """Make what was appended survive a power cut."""

    def is_worth_rewriting(self, remembered_entries: int) -> bool:
        """Tell whether most of the journal has become useless."""

    def rewrite(self, portions: Iterable[dict[str, str]], records: Iterable[dict[str, Any]]) -> None:
        """Replace the journal by these portions of remembered entries and these records."""

    def close(self) -> None:
        """Let go of everything."""


class Checkpoint:
    """The place of one stanza: loaded at once, saved as the run goes on.

    Attributes:
        state, seen: where the collector stands, and what it has sent that can come again.
        calls, not_before: latest calls and the end of the last Retry-After, in this machine's epoch seconds.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.state = State()
        self.seen = SeenEntries(0)
        self.calls: deque[float] = deque(maxlen=100)
        self.not_before = 0.0

    def load(self) -> None:
        """Read what earlier runs left; what cannot be read is set aside and reported, and work goes on without it."""
        self.read()
        self._place.open()

    def read(self) -> None:
        """Read only."""
        state, damaged = self._place.read_state()
        self.state = state or State()
        self.seen = SeenEntries(self.state.look_back_from or 0)
        for place in self.state.unreadable:
            self.seen.hold(place.second)
        self._read_journal(damaged)

    def move_to(self, place: Place) -> None:
        """Go on in another place, which then holds all that this one knows."""
        place.open()
        place.write_state(self.state)
        place.rewrite(self.seen.packed(), self._records())
        self._place.close()
        self._place = place

    def may_write(self) -> None:
        """Make sure that events may still be written.

        Raises:
            LeaseLost: another host collects now.
        """
        self._place.may_write()

    def save(self) -> None:
        """Replace the State."""
        self._place.write_state(self.state)

    def batch_sent(self, window: Window, batch: Batch) -> None:
        """Record that these (second, key) pairs are out, which reach down to `window.reached`."""
        kept = [(second, key) for second, key in batch if self.seen.is_kept(second) or second == window.reached]
        self._place.append({**_progress(window), "i": pack(kept)})

    def call_made(self, at: float) -> None:
        """Record a call, so that the next process counts it too."""
        self.calls.append(at)
        self._place.append({"c": round(at, 2)})

    def silent_until(self, not_before: float) -> None:
        """Record the end of a Retry-After, so that the next process keeps it too."""
        self.not_before = not_before
        self._place.append({"u": round(not_before, 2)})

    def window_done(self) -> None:
        """Save the State after a window was read to its end."""
        self.save()
        self._place.append({"p": self.state.position})
        self._rewrite_if_worthwhile()

    def sync(self) -> None:
        """Make the journal survive a power cut."""
        self._place.sync()

    def close(self) -> None:
        """Let go of the place."""
        self._place.close()

    def _rewrite_if_worthwhile(self) -> None:
        if self._place.is_worth_rewriting(len(self.seen)):
            self._place.rewrite(self.seen.packed(), self._records())

    def _records(self) -> list[dict[str, Any]]:
        """Return what a journal must hold beside the remembered entries."""
        records: list[dict[str, Any]] = [{"c": at} for at in self.calls]
        records.append({"u": self.not_before})
        window = self.state.window
        if window is not None and window.reached is not None:
            records.append({**_progress(window), "i": {}})
        elif self.state.position is not None:
            records.append({"p": self.state.position})
        return records

    def _read_journal(self, state_is_older: bool) -> None:
        """Take over ids, progress inside the open window, and recent calls.

        Args:
            state_is_older: the State was damaged, so the journal may know a later place than what replaces
                it.
        """
        broken, last_window, position = 0, None, None
        for record in self._place.records():
            try:
                if "c" in record:
                    self.calls.append(float(record["c"]))
                elif "u" in record:
                    self.not_before = float(record["u"])
                elif "p" in record:
                    position, last_window = record["p"], None
                elif "f" in record:
                    check_format(record["f"], "the journal")
                else:
                    self.seen.restore(record["i"])
                    if "w" in record:
                        last_window = Window(int(record["w"]), int(record["o"]), int(record["l"]), int(record["m"]))
                        self.seen.passed(last_window.read_from)
            except (ValueError, TypeError, KeyError):
                broken += 1
        if state_is_older:
            _take_from_journal(self.state, last_window, position, self.seen)
        window = self.state.window
        if window is not None and last_window is not None and last_window.number == window.number:
            self.state.window = window = replace(window, reached=last_window.reached)
        if window is None:
            self.seen.all_passed()
        else:
            self.seen.passed(window.read_from)
        if broken:
            self._place.report_damage(broken)


def _progress(window: Window) -> dict[str, Any]:
    return {"w": window.number, "o": window.oldest, "l": window.latest, "m": window.reached}


def _take_from_journal(state: State, window: Window | None, position: int | None, seen: SeenEntries) -> None:
    """Bring a lost or older State as far forward as the journal proves."""
    if position is not None and (state.position is None or position > state.position):
        state.position, state.walk, state.window = position, None, None
    if window is not None and window.number > state.windows:
        # A window only opens when everything before it was read; its end is no later than its walk's
        # beginning.
        state.window, state.windows = window, window.number
        state.walk = Walk(window.oldest, window.latest, deep=True)
        if state.position is None:
            state.position = window.oldest - 1
    if state.look_back_from is None and state.position is not None:
        state.look_back_from = seen.horizon = seen.oldest(state.position + 1)
