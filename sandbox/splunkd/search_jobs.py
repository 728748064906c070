"""Search jobs: a search text on its way from QUEUED to DONE or FAILED, and what it found.

Jobs live until their time to live has passed since they ended or were last read; those that have
ended outlive a restart. A cancelled search ends before its next command.
Knows nothing of HTTP; the search itself is run by `searching`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from sandbox.spl.errors import SplError
from sandbox.splunkd.job_files import JobFiles
from sandbox.splunkd.searching import SearchService, Windows

# limits.conf [search] ttl; savedsearches.conf dispatch.ttl is 2p, twice the period, for scheduled searches.
DEFAULT_TTL_SECONDS = 600.0
_MOST_JOBS = 1000


@dataclass
class Job:
    """One job; times are epoch seconds."""

    sid: str
    search: str
    windows: Windows
    now: float
    app: str
    owner: str
    name: str = ""  # of the saved search
    label: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    ttl: float = DEFAULT_TTL_SECONDS
    scheduled: bool = False
    created_at: float = 0.0
    touched_at: float = 0.0
    state: str = "QUEUED"
    priority: int = 5
    saved: bool = False
    previews: bool = True
    run_seconds: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)  # level, text
    done: threading.Event = field(default_factory=threading.Event, repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def failed(self) -> bool:
        return self.state == "FAILED"

    def record(self) -> dict[str, Any]:
        """What of an ended job is kept in a file."""
        return {**{name: getattr(self, name) for name in _KEPT}, "windows": self.windows.given}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Job:
        """The job that `record` gave. Raises KeyError or TypeError for something else."""
        job = cls(windows=Windows(**record["windows"]), **{name: record[name] for name in _KEPT})
        job.messages = [(level, text) for level, text in job.messages]
        job.done.set()
        return job


_KEPT = (
    "sid", "search", "now", "app", "owner", "name", "label", "custom", "ttl", "scheduled", "created_at", "touched_at",
    "state", "priority", "saved", "previews", "run_seconds", "rows", "fields", "events", "messages",
)  # fmt: skip


class Jobs:
    """The jobs of one stand-in.

    Args:
        clock: epoch seconds; also the `now` of a search that is given none.
        files: where ended jobs are kept over restarts; None keeps them in memory.
    """

    def __init__(
        self, service: SearchService, clock: Callable[[], float] = time.time, files: JobFiles | None = None
    ) -> None:
        self._files = files
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        for record in files.all() if files is not None else ():
            try:
                job = Job.of_record(record)
            except (KeyError, TypeError, ValueError):
                continue  # of another version
            self._jobs[job.sid] = job
        self._purge()

    def prepare(self, search: str, windows: Windows, *, app: str, owner: str, **more: Any) -> Job:
        """A job that is checked and listed and has not run yet. Raises SplError for a search that cannot run."""
        now = more.pop("now", None)
        moment = self._clock() if now is None else now
        self._service.check(search)
        windows.bounds(moment, self._service.zone)
        sid = more.pop("sid", None) or f"{self._clock():.0f}.{secrets.randbelow(1_000_000):06d}"
        at = self._clock()
        job = Job(sid, search, windows, moment, app, owner, created_at=at, touched_at=at, **more)
        with self._lock:
            self._purge()
            self._jobs[sid] = job
        return job

    def adopt(self, job: Job) -> None:
        """List a job that has run elsewhere: in a simulation whose triggered alerts go on being shown."""
        job.done.set()
        with self._lock:
            self._jobs[job.sid] = job
        self._keep(job)

    def run(self, job: Job) -> Job:
        """Run in this thread. A search that fails while running ends as FAILED with its sentence."""
        started = time.monotonic()
        job.state = "RUNNING"
        try:
            result = self._service.run(
                job.search, now=job.now, windows=job.windows, name=job.name, stopped=job.cancelled.is_set
            )
            job.rows, job.fields = result.rows, result.fields
            job.events = result.rows if all("_raw" in row for row in result.rows) else []
            job.messages += [("WARN", warning) for warning in result.warnings]
            job.state = "DONE"
        except SplError as error:
            job.messages.append(("FATAL", str(error)))
            job.state = "FAILED"
        except Exception as error:  # noqa: BLE001 - a job must end, and say how
            job.messages.append(("FATAL", f"The search ended with an internal error: {type(error).__name__}: {error}"))
            job.state = "FAILED"
        finally:
            job.run_seconds = time.monotonic() - started
            job.touched_at = self._clock()
            job.done.set()
            self._keep(job)
        return job

    def _keep(self, job: Job) -> None:
        """Write an ended job down, unless it is listed no more. A full disk costs what a restart would find."""
        with self._lock:
            if self._files is None or self._jobs.get(job.sid) is not job or not job.done.is_set():
                return
            try:
                self._files.save(job.sid, job.record())
            except OSError as error:
                job.messages.append(("WARN", f"The job will not outlive a restart: {error}"))

    def close(self) -> None:
        """Write down when each job was last read: its time to live goes on from there."""
        for job in self.all():
            self._keep(job)

    def changed(self, job: Job) -> None:
        """Keep what was changed of a job: its time to live, whether it is saved, its own properties."""
        self._keep(job)

    def set_ttl(self, job: Job, seconds: float) -> None:
        job.ttl = seconds
        self._keep(job)

    def start(self, job: Job) -> Job:
        """Run in a thread of its own."""
        threading.Thread(target=self.run, args=(job,), name=f"search {job.sid}", daemon=True).start()
        return job

    def get(self, sid: str) -> Job | None:
        """The job, which counts as read."""
        with self._lock:
            self._purge()
            job = self._jobs.get(sid)
            if job is not None:
                job.touched_at = self._clock()
            return job

    def all(self) -> list[Job]:
        """Newest first."""
        with self._lock:
            self._purge()
            return sorted(self._jobs.values(), key=lambda job: job.created_at, reverse=True)

    def history(self, name: str) -> list[Job]:
        """Jobs of one saved search, newest first."""
        return [job for job in self.all() if job.name == name]

    def cancel(self, sid: str) -> bool:
        """Forget a job with all it found. A search that runs ends before its next command, one that waits at once."""
        with self._lock:
            job = self._jobs.get(sid)
            if job is None:
                return False
            job.cancelled.set()
            self._forget(job)
            return True

    def _forget(self, job: Job) -> None:
        self._jobs.pop(job.sid, None)
        if self._files is not None:
            self._files.remove(job.sid)

    def _purge(self) -> None:
        now = self._clock()
        ended = [job for job in self._jobs.values() if job.done.is_set() and not job.saved]
        for job in ended:
            if now - job.touched_at > job.ttl:
                self._forget(job)
        surplus = len(self._jobs) - _MOST_JOBS
        for job in sorted(ended, key=lambda job: job.touched_at)[: max(0, surplus)]:
            self._forget(job)
