"""From the results of a scheduled search to triggered alerts: condition, digest, throttling, list, actions.

The one place that decides what triggers. The scheduler of simulated time, the living one and a
dispatch over REST all ask it; they differ in what remembers (`Memory`) and in what acts (`Actions`).
Digest mode makes one trigger of all results, otherwise each result is one. What is throttled is
neither listed nor acted on. Source: savedsearches.conf.spec and the Alerting Manual.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Any, Callable, Protocol

from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.throttle import Throttle

Row = Mapping[str, Any]

# Runs the commands of an alert condition on rows as of a moment; the rows that are left.
Apply = Callable[[str, Sequence[Row], float], Sequence[Row]]


class Memory(Protocol):
    """What alerting remembers from run to run."""

    def throttle(self) -> Throttle:
        """The throttle, which goes on where an earlier one stood."""

    def count(self, name: str) -> int:
        """What a search's trigger counted in the run before; 0 before the first."""

    def set_count(self, name: str, count: int) -> None:
        """Remember the count for the next run."""

    def add_fired(self, alert: FiredAlert) -> None:
        """List a triggered alert until it expires."""


class Actions(Protocol):
    """What carries out the actions of a trigger."""

    def run(self, search: SavedSearch, alert: FiredAlert, number: int) -> None:
        """Run each action that the search names. `number` counts the results of one job from 0."""


@dataclass(frozen=True)
class Triggered:
    """What came of one run: the triggers, tracked or not, and how many were throttled."""

    alerts: tuple[FiredAlert, ...] = ()
    throttled: int = 0


class Alerting:
    """Decides for all alerts that share one memory."""

    def __init__(self, apply: Apply, memory: Memory, actions: Actions) -> None:
        self._apply = apply
        self._memory = memory
        self._actions = actions
        self.throttle = memory.throttle()

    def judge(self, search: SavedSearch, rows: Sequence[Row], *, slot: float, sid: str) -> Triggered:
        """Trigger what these results trigger. Raises SplError for a condition that cannot run.

        Args:
            slot: the scheduled time of the run, epoch seconds.
        """
        before = self._memory.count(search.name)
        self._memory.set_count(search.name, search.trigger.count(rows))
        if not search.trigger.holds(rows, before, lambda text, given: self._apply(text, given, slot)):
            return Triggered()
        groups = [tuple(rows)] if search.digest else [(row,) for row in rows]
        alerts = []
        for number, group in enumerate(groups):
            if not self.throttle.passes(search, group[0] if group else {}, slot):
                continue
            alert = FiredAlert(
                search=search.name,
                triggered_at=slot,
                expires_at=slot + search.expires_seconds,
                severity=search.severity,
                digest=search.digest,
                results=group,
                id=f"{sid}_{number}",
                sid=sid,
                actions=search.action_names,
            )
            alerts.append(alert)
            if search.track:
                self._memory.add_fired(alert)
            if alert.actions:
                self._actions.run(search, alert, number)
        return Triggered(tuple(alerts), len(groups) - len(alerts))


def scheduler_sid(app: str, name: str, slot: float, number: int) -> str:
    """The id that the scheduler gives to a job. `number` tells apart the jobs of one scheduler."""
    return f"{_sid_start(app, name)}_at_{int(slot)}_{number}"


@lru_cache(maxsize=1024)
def _sid_start(app: str, name: str) -> str:
    digest = sha1(name.encode()).hexdigest()[:18]  # noqa: S324 - a name, no secret
    return f"scheduler__nobody__{b64encode(app.encode()).decode().rstrip('=')}__RMD5{digest}"
