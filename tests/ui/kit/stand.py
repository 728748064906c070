"""A stand-in for splunkd and Splunk Web with weeks of an organisation's life and its findings, quickly at hand.

The life is lived once for each state of the app and the sandbox and kept below build/; a test session copies it. The
searches run over the last days alone, which is what the pages show by default.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.cli.demo_collect import MOST_DELAY_SECONDS, collect, fresh_home
from sandbox.cli.simulation import live_through
from sandbox.slack_api import Organisation, SlackSimulator
from sandbox.splunkd.arrivals import WorldClock
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkweb.site import SplunkWeb
from tools import node
from tools.environments import ROOT, locked

APP = "slack_audit_monitor"
PEOPLE, DAYS, SEARCHED_DAYS = 100, 22, 4
KEPT = ROOT / "build" / "ui-tests"
_SHAPES = ("bin", "default", "lookups", "sandbox", "tests/ui/kit/stand.py")


@dataclass
class Stand:
    """One running stand-in."""

    splunkd: Splunkd
    web: SplunkWeb
    clock: WorldClock
    _stack: ExitStack = field(repr=False)

    @property
    def base(self) -> str:
        return self.web.uri

    def add_entries(self, entries: Sequence[Mapping[str, Any]], *, source: str = "slack_audit://prod") -> None:
        """Index entries of Slack as the input would have; `date_create` is their time."""
        self.splunkd.index.add(
            [
                InputEvent(
                    json.dumps(entry, ensure_ascii=False),
                    float(entry["date_create"]),
                    "sandbox",
                    source,
                    "slack:audit",
                    "slack_audit",
                )
                for entry in entries
            ]
        )

    def search(self, spl: str, earliest: str = "-7d", latest: str = "now") -> list[dict[str, Any]]:
        """The rows of a search, as a job gives them."""
        from sandbox.splunkd.searching import Windows, as_command

        jobs = self.splunkd.jobs
        job = jobs.prepare(as_command(spl), Windows(earliest, latest, None, None), app=APP, owner="admin")
        jobs.run(job)
        assert not job.failed, job.messages
        return job.rows


def _state() -> str:
    """A digest of all that shapes the prepared life."""
    sums = hashlib.sha256()
    for shape in _SHAPES:
        home = ROOT / shape
        for path in sorted(home.rglob("*")) if home.is_dir() else [home]:
            ships = path.is_file() and "__pycache__" not in path.parts and "data/ui" not in path.as_posix()
            if ships and "splunkweb" not in path.parts:
                sums.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return sums.hexdigest()[:16]


def prepared_life() -> Path:
    """The folder of a lived life: splunk/ (the home), geo.csv, world.json. Lived now if it is not there yet."""
    ready = KEPT / _state()
    with locked(KEPT / ".lock"):
        if not ready.is_dir():
            making = KEPT / "making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            _live(making)
            for old in KEPT.iterdir():
                if old.is_dir() and old != making:
                    shutil.rmtree(old, ignore_errors=True)
            making.rename(ready)
    return ready


def _live(out: Path) -> None:
    home, geo, quiet = fresh_home(out), out / "geo.csv", Console(file=StringIO())
    organisation = Organisation.generate(seed=1, days=DAYS, people=PEOPLE)
    organisation.write_geo_csv(geo)
    clock = WorldClock(most_delay=MOST_DELAY_SECONDS)
    with Splunkd.open(home, ROOT, arrival=clock.arrival, clock=clock, geo=geo) as splunkd:
        organisation.write_site_lookups(splunkd.app_folder / "lookups")
        with SlackSimulator(organisation.journal()) as slack:
            slack.limit.per_minute = None
            collected = collect(
                organisation, slack, splunkd, kill=False, say=lambda text: None, on_progress=lambda count: None
            )
        end = max(event.indextime for event in collected.events)
        # Baselines need a past: what is searched begins days before what the pages show.
        recent = [event for event in collected.events if event.indextime >= end - SEARCHED_DAYS * 86_400]
        simulated = live_through(splunkd, clock, recent, geo, quiet, archive_actions=False)
        clock.go_on_from(end)
        splunkd.go_on_from(simulated.memory, end)
        splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        for name, settings in splunkd.conf_store.stanzas("savedsearches").items():
            if settings.get("enableSched") == "1":
                splunkd.conf_store.write("savedsearches", name, {"disabled": "0"})
    (out / "world.json").write_text(json.dumps({"end": end}), encoding="utf-8")


@cache
def _built(project: str) -> Path:
    """Looked at once in a session: whether anything has changed costs more than a stand-in to start."""
    return node.build(project)


@contextmanager
def open_stand(home: Path, clock: WorldClock, *, geo: Path | None = None, alive: bool = False) -> Iterator[Stand]:
    """A stand-in on this home, with its pages; `alive`: the scheduler and the inputs run, too."""
    pages, bundle = _built("harness"), _built("setup")
    with ExitStack() as stack:
        splunkd = stack.enter_context(Splunkd.open(home, ROOT, arrival=clock.arrival, clock=clock, geo=geo))
        shutil.copytree(bundle, splunkd.app_folder / "appserver" / "static" / "pages", dirs_exist_ok=True)
        if alive:
            splunkd.start()
        web = stack.enter_context(SplunkWeb(splunkd, pages, 0))
        yield Stand(splunkd, web, clock, stack)


@contextmanager
def lived_stand(folder: Path) -> Iterator[Stand]:
    """A stand-in with the prepared life, copied into `folder`; its clock goes on from the end of that life."""
    life = prepared_life()
    shutil.copytree(life / "splunk", folder / "splunk")
    clock = WorldClock()
    clock.go_on_from(json.loads((life / "world.json").read_text(encoding="utf-8"))["end"])
    with open_stand(folder / "splunk", clock, geo=life / "geo.csv") as stand:
        yield stand


@contextmanager
def empty_stand(folder: Path, *, alive: bool = False) -> Iterator[Stand]:
    """The freshly installed app: no organisation, nothing collected, not set up."""
    with open_stand(folder / "splunk", WorldClock(), alive=alive) as stand:
        yield stand


