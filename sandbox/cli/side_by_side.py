"""A replay in several processes: each runs its share of the searches over the same events; findings come in one order.

The processes are forked, so what is loaded is shared and not copied. The order of the findings is that of one process:
by scheduled time, then by the name of the search. Knows how to start, listen and stop; what a share is, `division`
knows, and what a run does, `Scheduler`.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Callable

from sandbox.cli.rehearsal import rehearse
from sandbox.confs import AppConfs
from sandbox.console import Refused
from sandbox.splunkd.cleanup import CleanupAlone
from sandbox.splunkd.division import Share, divide
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.findings import Finding
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.scheduler import History, Progress, Scheduler

Key = tuple[float, str]
"""Scheduled time and name of the search."""


def can_fork() -> bool:
    """Say whether this system starts a process as a copy of another."""
    return "fork" in multiprocessing.get_all_start_methods()


def shares_of(
    searches: Sequence[SavedSearch],
    confs: AppConfs,
    engine: SplEngine,
    events: Sequence[IndexedEvent],
    jobs: int,
) -> list[Share]:
    """Divide the searches between so many processes, by what they cost in a rehearsal."""
    texts = {search.name: engine.expanded(search) for search in searches}
    automatic = "\n".join(line for stanza in confs.conf("props").values() for line in stanza.values())
    return divide(searches, texts, automatic, engine.tables, jobs, rehearse(searches, engine, events))


@dataclass
class _Heard:
    """What one process has told so far."""

    waiting: deque[tuple[Key, Finding]] = field(default_factory=deque)
    progress: Progress | None = None
    history: History | None = None

    def reached(self) -> Key:
        """Return what every finding to come is at or behind."""
        if self.history is not None:
            return (float("inf"), "")
        return (self.progress.now if self.progress is not None else float("-inf"), "")


def replay(
    searches: Sequence[SavedSearch],
    shares: Sequence[Share],
    engine: SplEngine,
    events: Sequence[IndexedEvent],
    *,
    alerts_from: float | None,
    on_progress: Callable[[Progress], None],
    on_finding: Callable[[Finding], None],
) -> History:
    """Run the shares side by side; as `Scheduler.run` over all searches, without alert actions.

    Raises:
        SplError: as in one process; that of the share that failed first.
        Refused: a process ended without a word.
    """
    sys.stdout.flush()
    sys.stderr.flush()  # else each process would write again what is still to be written
    forked = multiprocessing.get_context("fork")
    heard: dict[Connection, _Heard] = {}
    processes = []
    try:
        for share in shares:
            ours, theirs = forked.Pipe(duplex=False)
            given = (theirs, searches, share, engine, events, alerts_from)
            process = forked.Process(target=_work, args=given, daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            heard[ours] = _Heard()
        found: list[Finding] = []
        _listen(heard, found, on_progress, on_finding)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    return _joined([one.history for one in heard.values() if one.history is not None], found)


def _listen(
    heard: dict[Connection, _Heard],
    found: list[Finding],
    on_progress: Callable[[Progress], None],
    on_finding: Callable[[Finding], None],
) -> None:
    while True:
        open_ones = [connection for connection, one in heard.items() if one.history is None]
        if not open_ones:
            break
        for connection in wait(open_ones):
            assert isinstance(connection, Connection)  # noqa: S101 - only such are waited for
            try:
                kind, value = connection.recv()
            except EOFError:
                raise Refused("a process of the replay ended without a word; --jobs 1 uses one process") from None
            if kind == "failed":
                raise value
            one = heard[connection]
            if kind == "finding":
                one.waiting.append(value)
            elif kind == "progress":
                one.progress = value
            else:
                one.history = value
        for finding in _in_order(heard):
            found.append(finding)
            on_finding(finding)
        known = [one.progress for one in heard.values() if one.progress is not None]
        if len(known) == len(heard):
            slowest = min(known, key=lambda progress: progress.now)
            runs = sum(progress.runs for progress in known)
            on_progress(Progress(slowest.now, slowest.start, slowest.end, runs, len(found)))
    for finding in _in_order(heard):
        found.append(finding)
        on_finding(finding)


def _in_order(heard: dict[Connection, _Heard]) -> list[Finding]:
    """Take the findings that no finding to come can precede."""
    taken: list[Finding] = []
    while True:
        ready = [one for one in heard.values() if one.waiting]
        if not ready:
            return taken
        first = min(ready, key=lambda one: one.waiting[0][0])
        if any(not one.waiting and one.reached() <= first.waiting[0][0] for one in heard.values()):
            return taken
        taken.append(first.waiting.popleft()[1])


def _joined(histories: Sequence[History], found: list[Finding]) -> History:
    joined = History(findings=found, jumps=histories[0].jumps)
    for history in histories:
        joined.runs += history.runs
        joined.suppressed += history.suppressed
        joined.actions_left_out += history.actions_left_out
        for name, sentences in history.warnings.items():
            joined.warnings.setdefault(name, set()).update(sentences)
    return joined


def _work(
    told: Connection,
    searches: Sequence[SavedSearch],
    share: Share,
    engine: SplEngine,
    events: Sequence[IndexedEvent],
    alerts_from: float | None,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one that listens ends the others

    def tell(kind: str, value: Any) -> None:
        told.send((kind, value))

    actions = CleanupAlone(engine.tables, share.own)
    try:
        history = Scheduler(searches, engine, actions=actions, only=share.names, own=share.own).run(
            events,
            alerts_from=alerts_from,
            on_progress=lambda progress: tell("progress", progress),
            on_finding=lambda finding: tell("finding", ((finding["triggered_at"], finding["search"]), finding)),
        )
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - told to the one that listens, whatever it is
        tell("failed", _portable(error))
        return
    # Its findings are told already, and nobody asks for the fired alerts.
    tell("history", History(runs=history.runs, suppressed=history.suppressed, warnings=history.warnings,
                            actions_left_out=actions.left_out, jumps=history.jumps))  # fmt: skip


def _portable(error: Exception) -> Exception:
    """Return the error, or its words where it cannot travel."""
    try:
        travelled = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # noqa: BLE001 - then its words do
        return Refused(str(error))
    return travelled if isinstance(travelled, Exception) and str(travelled) == str(error) else Refused(str(error))
