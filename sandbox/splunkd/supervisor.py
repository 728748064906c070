"""Keep one input running: start, wait for its end, start again at the interval.

Follows inputs.conf.spec: seconds count from start to start (a longer run is followed at
once), a cron line does not run at start, 0 means again as soon as it ended, -1 once.
"""

from __future__ import annotations

import threading
import time
from typing import Callable

from sandbox.splunkd.cron import CronError, CronSchedule
from sandbox.splunkd.input_conf import InputStanza
from sandbox.splunkd.inputs import InputRun, InputRunner, RunReport, Sink
from sandbox.splunkd.process import DEFAULT_GRACE_SECONDS

# With interval 0 a script that fails at once would keep a core busy.
_BREATH_SECONDS = 0.05


class Interval:
    """When an input starts, by its `interval` setting. Raises ValueError for one that splunkd refuses."""

    def __init__(self, setting: str) -> None:
        self._seconds: float | None = None
        self._cron: CronSchedule | None = None
        try:
            self._seconds = float(setting)
        except ValueError:
            try:
                self._cron = CronSchedule(setting)
            except CronError as error:
                raise ValueError(f"interval {setting!r}: neither seconds nor a cron line ({error})") from None
        else:
            if self._seconds < 0 and self._seconds != -1:
                raise ValueError(f"interval {setting!r}: seconds must be 0 or more, or -1 for one run")

    def first(self, now: float) -> float:
        """The time of the first start."""
        return now if self._cron is None else float(self._cron.next_after(now))

    def after(self, started_at: float, ended_at: float) -> float | None:
        """The time of the next start, None for never."""
        if self._cron is not None:
            return float(self._cron.next_after(ended_at))
        assert self._seconds is not None  # noqa: S101 - one of both is set
        if self._seconds < 0:
            return None
        return max(started_at + self._seconds, ended_at + _BREATH_SECONDS)


class InputSupervisor:
    """A thread that runs one stanza until it is stopped."""

    def __init__(
        self,
        runner: InputRunner,
        stanza: InputStanza,
        sink: Sink,
        *,
        on_end: Callable[[RunReport], None] | None = None,
    ) -> None:
        self._runner = runner
        self._stanza = stanza
        self._sink = sink
        self._on_end = on_end
        self._interval = Interval(stanza.interval)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._run: InputRun | None = None
        self.reports: list[RunReport] = []
        self._thread = threading.Thread(target=self._keep_running, name=stanza.stanza, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        with self._lock:
            return self._run.pid if self._run else None

    def stop(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> None:
        """End the process and start no other."""
        self._stopping.set()
        with self._lock:
            run = self._run
        if run is not None:
            run.terminate(grace_seconds)
        if self._thread.is_alive():
            self._thread.join()

    def _keep_running(self) -> None:
        due: float | None = self._interval.first(time.time())
        while due is not None and not self._stopping.wait(max(0.0, due - time.time())):
            started_at = time.time()
            try:
                report = self._one_run()
            except Exception as error:  # noqa: BLE001 - an input is started again whatever ended its run
                self._runner.log.write(
                    "ERROR", "ExecProcessor", f"{self._stanza.stanza}: {type(error).__name__}: {error}"
                )
            else:
                if report is None:
                    return
                self.reports.append(report)
                if self._on_end is not None:
                    self._on_end(report)
            due = self._interval.after(started_at, time.time())

    def _one_run(self) -> RunReport | None:
        """One process from start to end; None when the supervisor was stopped before."""
        with self._lock:
            if self._stopping.is_set():
                return None
            self._run = self._runner.start(self._stanza, self._sink)
        try:
            report = self._run.wait()
            assert report is not None  # noqa: S101 - waited without limit
            return report
        finally:
            with self._lock:
                self._run = None
