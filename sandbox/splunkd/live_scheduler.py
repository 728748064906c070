"""The scheduler of a living stand-in: what is due at an instant, run to its end.

Asked again and again (`tick`), by a thread over the real clock or by a test with its own.
Continuous scheduling (realtime_schedule = 0) runs each period that a downtime left out, later
and with the period's own windows. Real-time scheduling leaves such periods out, unless the
schedule_window of the latest one is still open. Source: savedsearches.conf.spec.
Searches of one minute run in order of their names; none is skipped because of load.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timezone, tzinfo
from typing import Callable

from sandbox.spl.errors import SplError
from sandbox.splunkd.alert_state import AlertState
from sandbox.splunkd.alerting import Alerting, Triggered, scheduler_sid
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.saved_searches import SavedSearch, SavedSearchError, periods, read_saved_search
from sandbox.splunkd.scheduler_log import COMPONENT, run_failed, run_made, run_skipped
from sandbox.splunkd.search_jobs import Job, Jobs
from sandbox.splunkd.searching import Windows
from sandbox.splunkd.splunkd_log import SplunkdLog

# A run may start within its own minute without being late.
_MINUTE = 60.0
_LOOK_SECONDS = 1.0


class LiveScheduler:
    """Runs enabled, scheduled searches of one app."""

    def __init__(
        self,
        confs: ConfStore,
        jobs: Jobs,
        alerting: Alerting,
        state: AlertState,
        log: SplunkdLog,
        action_ttl: Callable[[Sequence[str], float], float],
        zone: tzinfo = timezone.utc,
    ) -> None:
        self._zone = zone
        self._action_ttl = action_ttl
        self._confs = confs
        self._jobs = jobs
        self._alerting = alerting
        self._state = state
        self._log = log
        self._complained: dict[str, str] = {}
        self._number = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def scheduled(self) -> list[SavedSearch]:
        """Enabled searches with a schedule, by name; a stanza that cannot be read is logged once and left out."""
        found = []
        for name, settings in sorted(self._confs.stanzas("savedsearches").items()):
            try:
                if _on(settings.get("enableSched")) and not _on(settings.get("disabled")):
                    found.append(read_saved_search(name, settings, self._zone))
                    self._complained.pop(name, None)
                else:
                    self._state.set_slot(name, None)
            except SavedSearchError as error:
                if self._complained.get(name) != str(error):
                    self._complained[name] = str(error)
                    self._log.write("ERROR", COMPONENT, str(error))
        return found

    def due(self, now: float) -> list[tuple[int, SavedSearch]]:
        """Runs that are to be made at `now`, in order of slot and name. A search seen first starts from now."""
        runs: list[tuple[int, SavedSearch]] = []
        for search in self.scheduled():
            last = self._state.slot(search.name)
            if last is None:
                self._state.set_slot(search.name, now)
                continue
            slots = []
            slot = search.schedule.next_after(last)
            while slot <= now:
                slots.append(slot)
                slot = search.schedule.next_after(slot)
            if slots and not search.continuous:
                newest = slots.pop()
                if now - newest >= _MINUTE + search.window_seconds:
                    slots.append(newest)
                for skipped in slots:
                    self._skip(search, skipped)
                slots = [] if newest in slots else [newest]
            runs += [(slot, search) for slot in slots]
        return sorted(runs, key=lambda run: (run[0], run[1].name))

    def tick(self, now: float) -> int:
        """Make all runs that are due; how many they were."""
        runs = self.due(now)
        for slot, search in runs:
            if self._stopping.is_set():
                break
            self.run(search, slot)
        return len(runs)

    def run(self, search: SavedSearch, slot: float) -> Job | None:
        """Run one search for one slot, judge what it found, and remember the slot."""
        self._number += 1
        app = self._confs.app
        sid = scheduler_sid(app, search.name, slot, self._number)
        windows = Windows(search.earliest, search.latest, search.index_earliest, search.index_latest)
        job = None
        try:
            job = self._jobs.prepare(
                search.search,
                windows,
                app=app,
                owner="nobody",
                name=search.name,
                now=slot,
                sid=sid,
                scheduled=True,
                ttl=periods(search.settings.get("dispatch.ttl", "2p"), _period(search, slot)),
            )
            self._jobs.run(job)
            if job.failed:
                raise SplError(job.messages[-1][1])
            triggered = self._alerting.judge(search, job.rows, slot=slot, sid=sid)
            self._keep_for_actions(job, search, triggered)
        except SplError as error:
            self._log.write("ERROR", COMPONENT, run_failed(app, search.name, str(error)))
        else:
            self._log.write(
                "INFO",
                COMPONENT,
                run_made(
                    app,
                    search.name,
                    slot,
                    sid=sid,
                    results=len(job.rows),
                    actions=search.action_names,
                    seconds=job.run_seconds,
                    suppressed=triggered.throttled,
                    triggered=len(triggered.alerts),
                ),
            )
        self._state.set_slot(search.name, slot)
        return job

    def _keep_for_actions(self, job: Job, search: SavedSearch, triggered: Triggered) -> None:
        """What an action was told of must be there for a while: alert_actions.conf.spec, ttl."""
        if any(alert.actions for alert in triggered.alerts):
            ttl = self._action_ttl(search.action_names, _period(search, job.now))
            if ttl > job.ttl:
                self._jobs.set_ttl(job, ttl)

    def start(self, clock: Callable[[], float] = time.time) -> None:
        """Look at the clock each second, in a thread."""
        self._thread = threading.Thread(target=self._keep_looking, args=(clock,), name="scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the run that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_looking(self, clock: Callable[[], float]) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                self.tick(clock())
            except Exception as error:  # noqa: BLE001 - the scheduler outlives whatever one look brings, and says so
                self._log.write("ERROR", COMPONENT, f"{type(error).__name__}: {error}")

    def _skip(self, search: SavedSearch, slot: int) -> None:
        self._log.write(
            "INFO",
            COMPONENT,
            run_skipped(self._confs.app, search.name, slot, "its time passed while nothing ran"),
        )
        self._state.set_slot(search.name, slot)


def _on(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "t", "yes")


def _period(search: SavedSearch, slot: float) -> float:
    """Seconds between two runs: a job is kept for two of them."""
    return float(max(60, search.schedule.next_after(slot) - int(slot)))
