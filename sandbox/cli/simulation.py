"""Live through what was collected: the app's searches over simulated time, its alert actions as processes.

Shared by `demo` and `serve`. The stand-in is open meanwhile: an alert action speaks to its endpoints.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sandbox.cli.long_run import keep_what_is_loaded
from sandbox.confs import AppConfs
from sandbox.console import progress_bar
from sandbox.splunkd import scheduler_log
from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.alerting import scheduler_sid
from sandbox.splunkd.arrivals import WorldClock
from sandbox.splunkd.daemon import SERVER_NAME, Splunkd
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.findings import iso
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.saved_searches import SavedSearch, chosen, read_saved_searches
from sandbox.splunkd.scheduler import History, Progress, Scheduler
from sandbox.splunkd.simulated_actions import SimulatedActions
from sandbox.splunkd.splunkd_log import LogLine

# Longer than the longest period between two runs of an alert.
_KEPT_RUNS_SECONDS = 26 * 3600


@dataclass(frozen=True)
class Simulated:
    """What the simulated time brought."""

    history: History
    searches: int
    actions: int  # alert actions that were carried out
    failed_actions: int  # those of them that did not end with exit code 0
    skipped_actions: int  # those of alerts of the archive, when they are left out
    seconds: float
    memory: AlertMemory

    def __str__(self) -> str:
        text = (
            f"Searches: {self.searches} scheduled, {self.history.runs:,} runs over the simulated weeks in "
            f"{self.seconds:.1f} s; {len(self.history.findings)} findings, {self.history.suppressed:,} throttled."
        )
        if self.actions:
            text += f" Alert actions: {self.actions} executed, {self.failed_actions} failed"
            text += f", {self.skipped_actions} of the archive left out." if self.skipped_actions else "."
        return text


def live_through(
    splunkd: Splunkd,
    clock: WorldClock,
    events: Sequence[IndexedEvent],
    geo: Path,
    console: Console,
    *,
    archive_actions: bool = True,
) -> Simulated:
    """Run all scheduled searches over these events, in order of their index time. `clock` is the stand-in's.

    Args:
        archive_actions: whether alerts of the tier "archive" carry out their actions, too: a process for each finding.
    """
    started_at = time.monotonic()
    searches = chosen(read_saved_searches(AppConfs(splunkd.app_folder).conf("savedsearches")), ())
    engine = SplEngine(splunkd.app_folder, geo=geo)
    engine.compile(searches)
    keep_what_is_loaded()
    memory = AlertMemory()
    actions = SimulatedActions(splunkd, clock, engine, lambda search: not archive_actions and _is_archive(search))
    with progress_bar(console) as bar:
        task = bar.add_task("searching", total=1.0, detail="")

        def progressed(progress: Progress) -> None:
            share = (progress.now - progress.start) / max(1.0, progress.end - progress.start)
            bar.update(task, completed=share, detail=f"{iso(progress.now)}  {progress.findings} findings")

        runs = _LastRuns(splunkd, events[-1].indextime if events else 0.0)
        history = Scheduler(searches, engine, actions=actions, memory=memory).run(
            events, on_progress=progressed, on_run=runs.note
        )
    actions.finish()
    runs.keep()
    return Simulated(
        history,
        len(searches),
        actions.runs,
        actions.failures,
        actions.skipped,
        time.monotonic() - started_at,
        memory,
    )


def _is_archive(search: SavedSearch) -> bool:
    return search.settings.get("action.slack_audit_finding.param.tier") == "archive"


class _LastRuns:
    """The runs of the last day before `end`, for scheduler.log: who asks which searches ran looks there.

    The simulation goes on for some hours behind its last event; the stand-in lives on from that event.
    """

    def __init__(self, splunkd: Splunkd, end: float) -> None:
        self._splunkd = splunkd
        self._end = end
        self._runs: list[tuple[str, int, int, tuple[str, ...]]] = []

    def note(self, search: SavedSearch, slot: int, results: int) -> None:
        if self._end - _KEPT_RUNS_SECONDS <= slot <= self._end:
            self._runs.append((search.name, slot, results, tuple(search.action_names)))

    def keep(self) -> None:
        """Put them into the index `_internal`."""
        path = str(self._splunkd.home.logs / scheduler_log.FILE)
        events = []
        for number, (name, slot, results, actions) in enumerate(self._runs):
            sid = scheduler_sid(self._splunkd.app_id, name, slot, number)
            text = scheduler_log.run_made(
                self._splunkd.app_id, name, slot, sid=sid, results=results, actions=actions, seconds=0.0
            )
            line = LogLine(slot, "INFO", scheduler_log.COMPONENT, text).as_file_line()
            events.append(InputEvent(line, slot, SERVER_NAME, path, scheduler_log.SOURCETYPE, "_internal"))
        self._splunkd.internal.add(events)
