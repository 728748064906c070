"""The first half of the demo: a Slack organisation collected to its last entry by the real input.

The input runs as a process of the stand-in, poll after poll, until every entry is in the
index. One that is killed or fails is started again, as splunkd does, and that is said.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from sandbox.console import Refused
from sandbox.slack_api import Organisation, SlackSimulator
from sandbox.splunkd.daemon import SCHEME, Splunkd
from sandbox.splunkd.home import APP_ID
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.input_conf import InputStanza
from sandbox.splunkd.inputs import InputRun, RunReport

STANZA = "prod"
HOME_FOLDER = "splunk"
# When an entry would have been indexed, had the input been running all the time: a poll each minute,
# and a little for Slack itself.
MOST_DELAY_SECONDS = 65
# A run that brings nothing new and is not the last: so many of them, and something is wrong.
MOST_IDLE_RUNS = 8
_LOOK_SECONDS = 0.05
_PAUSE_SECONDS = 0.5
_MARKER = ".made-by-the-sandbox"


class CollectionFailed(Exception):
    """The input does not get on; the text says what it said last."""


@dataclass
class Collected:
    """What came in."""

    existing: int
    events: list[IndexedEvent] = field(repr=False)  # in order of their simulated arrival
    distinct: int = 0
    doubled: int = 0
    lost: int = 0
    runs: int = 0
    restarts: list[str] = field(default_factory=list)
    seconds: float = 0.0


Say = Callable[[str], None]


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Nobody else starts anything in `out` meanwhile. Raises Refused when somebody has."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("a")
    except OSError as error:
        raise Refused(f"{out}: {error.strerror}; choose another --out") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{out}: another start is alive there; end it or choose another --out") from None
        yield


def fresh_home(out: Path) -> Path:
    """An empty folder for the stand-in below `out`. Raises Refused when something else is there."""
    home = out / HOME_FOLDER
    if home.exists():
        if not (home / _MARKER).is_file():
            raise Refused(f"{home} exists and was not made by the demo; choose another --out")
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / _MARKER).touch()
    return home


def collect(
    organisation: Organisation,
    slack: SlackSimulator,
    splunkd: Splunkd,
    *,
    kill: bool,
    say: Say,
    on_progress: Callable[[int], None],
) -> Collected:
    """Run the input until all entries are in. Raises CollectionFailed."""
    started_at = time.monotonic()
    splunkd.passwords.put(APP_ID, STANZA, slack.token, APP_ID)
    stanza = configure(slack, splunkd, organisation.start)
    wanted = {str(entry["id"]) for entry in organisation.entries}
    collection = _Collection(splunkd, stanza, wanted, say, on_progress)
    collection.run_all(kill_at=len(wanted) // 2 if kill else None)
    found = collection.found
    events = list(splunkd.index.events())
    return Collected(
        existing=len(wanted),
        events=events,
        distinct=len(found),
        doubled=sum(found.values()) - len(found),
        lost=len(wanted - set(found)),
        runs=collection.runs,
        restarts=collection.restarts,
        seconds=time.monotonic() - started_at,
    )


def configure(slack: SlackSimulator, splunkd: Splunkd, start: float) -> InputStanza:
    """The stanza as an administrator would have saved it: judged by the input's own validation."""
    settings = {
        "api_url": slack.api_url,
        "start_time": str(start),
        "calls_per_minute": "50",
        "disabled": "0",
    }
    judged = {**splunkd.confs.scheme_settings(SCHEME), **settings}
    refusal = splunkd.runner.validate(STANZA, judged)
    if refusal:
        raise CollectionFailed(f"the input refuses its settings: {refusal}")
    splunkd.confs.write(SCHEME, STANZA, settings)
    stanza = splunkd.confs.get(SCHEME, STANZA)
    assert stanza is not None  # noqa: S101 - written a line above
    return stanza


class _Collection:
    """Polls until everything is there."""

    def __init__(
        self,
        splunkd: Splunkd,
        stanza: InputStanza,
        wanted: set[str],
        say: Say,
        on_progress: Callable[[int], None],
    ) -> None:
        self._splunkd = splunkd
        self._stanza = stanza
        self._wanted = wanted
        self._say = say
        self._on_progress = on_progress
        self.found: Counter[str] = Counter()
        self.runs = 0
        self.restarts: list[str] = []

    def run_all(self, kill_at: int | None) -> None:
        idle = 0
        while True:
            before = len(self._splunkd.index)
            report = self._one_run(kill_at if not self.restarts else None)
            self.found = Counter(_id_of(raw) for raw in self._splunkd.index.raws())
            if self._wanted <= set(self.found):
                return
            if report.ok:
                if len(self._splunkd.index) == before:
                    return  # it says that there is no more; what is missing is lost
                continue
            idle = idle + 1 if len(self._splunkd.index) == before else 0
            if idle >= MOST_IDLE_RUNS:
                raise CollectionFailed(f"{report}; it said last: {self._last_words()}")
            self.restarts.append(str(report))
            self._say(f"{report}. Starting it again.")
            if idle:
                time.sleep(_PAUSE_SECONDS)

    def _one_run(self, kill_at: int | None) -> RunReport:
        self.runs += 1
        run = self._splunkd.runner.start(self._stanza, self._splunkd.index.add)
        try:
            return self._watch(run, kill_at)
        except BaseException:
            try:
                run.stop(grace_seconds=2)
            finally:  # a second Ctrl-C must not leave it behind
                run.kill()
            raise

    def _watch(self, run: InputRun, kill_at: int | None) -> RunReport:
        while True:
            report = run.wait(_LOOK_SECONDS)
            self._on_progress(len(self._splunkd.index))
            if report is not None:
                return report
            if kill_at is not None and len(self._splunkd.index) >= kill_at:
                self._say(f"SIGKILL to the input (process {run.pid}) in the middle of its work.")
                run.send_kill()
                kill_at = None

    def _last_words(self) -> str:
        lines = self._splunkd.log.lines("ERROR") + self._splunkd.log.lines("FATAL")
        return lines[-2].text if len(lines) > 1 else lines[-1].text if lines else "nothing"


def _id_of(raw: str) -> str:
    entry = json.loads(raw)
    return str(entry.get("id")) if isinstance(entry, dict) else ""
