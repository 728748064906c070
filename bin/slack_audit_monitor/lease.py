"""Which member of a search head cluster collects for a stanza, where splunkd starts the input on all of them.

The right to collect is the right to add the next row to the stanza's shared log (`shared_log`). This module only
decides when a member tries to take it, and when the one that has it must assume that it is gone. Wrong guesses
here cost a change of hands and never more than one repeated batch.

A member looks at the holder's beat: a row that the holder counts up at its start and every few seconds while it
runs. It takes over when the holder has set it free, when the holder is a dead process of its own host (the lock of
the host proves that it is dead), or when the beat stood still between two looks that are `lasts` apart by this
member's own clock. Clocks of different members are never compared.

Guaranteed, by the store refusing a key that exists:
    one process at a time adds rows; of several that try at once one succeeds; a process that was taken over
    cannot record anything any more and so writes at most the one batch that was on its way.
Not guaranteed:
    that this batch is not written (a process can be stopped between the look at the clock and the write);
    anything while the store itself disagrees with itself, as after the recovery of a lost KV store captain
    whose last rows were rolled back: their entries come again.
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
from typing import Any, Callable

from slack_audit_monitor.errors import LeaseLost, SlackAuditError, Stopped
from slack_audit_monitor.files import replace_file
from slack_audit_monitor.kvstore import Collection, Row
from slack_audit_monitor.log import Log
from slack_audit_monitor.shared_log import LOST, SharedLog

#: How long a beat counts, at most; less for short intervals, so that a dead holder is followed within two of them.
LASTS_SECONDS = 45.0
#: No row, however damaged, keeps the others away for longer than this.
LONGEST_LASTS_SECONDS = 300.0


#: Returns this machine's epoch seconds, and seconds that no one can set.
Steady = Callable[[], "tuple[float, float]"]


def moment() -> tuple[float, float]:
    """Return epoch seconds and steady seconds; on Linux the latter go on while the machine is suspended."""
    boot_clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time(), time.monotonic() if boot_clock is None else time.clock_gettime(boot_clock)


def lasts_seconds(interval: str) -> float:
    """Return how long a beat counts for an input with this `interval` (seconds or cron).

    Three quarters of it: a member looks once an interval, so its second look finds a dead holder out.
    """
    try:
        seconds = float(interval)
    except ValueError:
        return LASTS_SECONDS
    return min(LASTS_SECONDS, max(0.3, seconds * 0.75)) if math.isfinite(seconds) and seconds > 0 else LASTS_SECONDS


class Lease:
    """One process and its right to collect.

    Args:
        shared: the log that is taken; its store holds the beat, too.
        beat_store: another connection to the same collection, for the thread.
        owner: this host, in a way that no other host has.
        note: file of this host that remembers what its last look saw.
        lasts: how long our beat counts, seconds.
        patience: beats end when the run has shown no progress for so long, seconds: a holder that can no
            longer write its events must not keep the others away.
    """

    def __init__(
        self,
        shared: SharedLog,
        beat_store: Collection,
        owner: str,
        note: str,
        lasts: float,
        patience: float,
        log: Log,
        clock: Steady = moment,
    ) -> None:
        self._shared = shared
        self._beat_store = beat_store
        self._owner = owner
        self._note = note
        self._lasts = lasts
        self._patience = patience
        self._log = log
        self._clock = clock
        self._key = f"{shared.stem}.beat"
        self._term = 0
        self._beat = 0
        self._proved = self._active = clock()
        self._lost = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Become the one that collects.

        Raises:
            Stopped: another member does; this one has looked and remembers what it saw.
        """
        beat = _Beat.read(self._shared.store.row(self._key))
        if beat is not None and not self._may_follow(beat):
            raise Stopped(f"Another member of the search head cluster collects: {beat.owner}.")
        rows = self._shared.read()
        taken = _last_take(rows)
        if taken is not None and (beat is None or taken.term > beat.term) and not self._may_follow(taken):
            raise Stopped(f"Another member of the search head cluster has just begun to collect: {taken.owner}.")
        started = self._clock()
        try:
            self._term = self._shared.append(json.dumps({"t": {"owner": self._owner, "lasts": self._lasts}}))
            self._shared.verify()
        except LeaseLost as problem:
            raise Stopped("Another member of the search head cluster was quicker and collects.") from problem
        self._shared.store.save([self._row()])
        self._proved = self._active = started
        if beat is not None and beat.owner != self._owner:
            self._log.info("lease_taken_over", aloud=True, from_member=beat.owner, given_up=beat.free)
        self._thread = threading.Thread(target=self._beat_on, name="lease", daemon=True)
        self._thread.start()

    def may_write(self) -> None:
        """Make sure that events may still be written; costs no call.

        Raises:
            LeaseLost: another member may have taken over.
        """
        now = self._clock()
        self._active = now
        if self._lost or _elapsed(self._proved, now) >= self._lasts:
            self._lost = True
            raise LeaseLost(LOST)

    def end(self, hand_over: bool) -> None:
        """Stop beating. The lease stays with this host until its next run, unless it is handed over.

        Args:
            hand_over: let any other member go on at once: this host is being stopped, or could not collect.
        """
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        if hand_over and self._term and not self._lost:
            with contextlib.suppress(SlackAuditError):  # then the others wait until the beat is too old
                if not self._is_followed():
                    self._beat_store.save([{**self._row(), "free": True}])

    def _may_follow(self, beat: _Beat) -> bool:
        """Tell whether the holder is gone; if not, remember what was seen."""
        if beat.free or beat.owner == self._owner:
            return True
        looks, now = self._last_looks(), self._clock()[0]
        seen = looks.get(beat.term)
        if seen is not None and seen[0] == beat.beat and now >= seen[1]:
            return now - seen[1] >= beat.lasts
        # Two are kept: the beat's, and that of a holder who has not beaten yet.
        kept = {term: look for term, look in looks.items() if term == max(looks)}
        text = json.dumps({**kept, beat.term: (beat.beat, now)})
        with contextlib.suppress(OSError):  # without it this member never takes over; the others can
            replace_file(self._note, text.encode("ascii"))
        return False

    def _last_looks(self) -> dict[int, tuple[int, float]]:
        """Return what earlier looks saw: number of the take to beat and since when it has stood there."""
        try:
            with open(self._note, "rb") as file:
                seen = json.loads(file.read())
            return {int(term): (int(beat), float(since)) for term, (beat, since) in seen.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _is_followed(self) -> bool:
        there = _Beat.read(self._beat_store.row(self._key))
        return there is not None and there.term > self._term

    def _row(self) -> Row:
        return {
            "_key": self._key,
            "input": self._shared.stem,
            "kind": "beat",
            "holder": self._shared.holder,
            "owner": self._owner,
            "seq": self._term,
            "beat": self._beat,
            "lasts": self._lasts,
            "free": False,
        }

    def _beat_on(self) -> None:
        while not self._over.wait(self._lasts / 3):
            started = self._clock()
            if self._lost or _elapsed(self._proved, started) >= self._lasts:
                self._lost = True
                return
            if _elapsed(self._active, started) >= self._patience:
                continue  # no sign of life from the run: let the beat grow old
            try:
                if self._is_followed():
                    self._lost = True
                    return
                self._beat += 1
                self._beat_store.save([self._row()])
                self._proved = started
            except SlackAuditError as problem:
                self._log.info("lease_not_renewed", reason=str(problem))


class _Beat:
    """What a holder said last."""

    def __init__(self, term: int, beat: int, owner: str, lasts: float, free: bool) -> None:
        self.term, self.beat, self.owner, self.free = term, beat, owner, free
        self.lasts = min(max(lasts, 0.0), LONGEST_LASTS_SECONDS)

    @staticmethod
    def read(row: Row | None) -> _Beat | None:
        """Return the beat of a row; None if there is none or it cannot be read: then the log decides alone."""
        try:
            if row is None:
                return None
            return _Beat(
                int(row["seq"]), int(row["beat"]), str(row["owner"]), float(row["lasts"]), row.get("free") is True
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None


def _last_take(rows: list[tuple[int, str, str]]) -> _Beat | None:
    """Return the last time the log was taken, as the beat that its holder may not have written yet."""
    for number, _, body in reversed(rows):
        try:
            told: Any = json.loads(body.partition("\n")[0])
            taken = told["t"]
            return _Beat(number, 0, str(taken["owner"]), float(taken["lasts"]), False)
        except (KeyError, TypeError, ValueError, RecursionError):
            continue
    return None


def _elapsed(since: tuple[float, float], now: tuple[float, float]) -> float:
    # Whichever clock says more: one that was set back, or stood still, must not make a lease last longer.
    return max(now[0] - since[0], now[1] - since[1])
