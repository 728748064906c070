"""An hour of several organisations: real inputs against the Slack simulator, then the shipped searches over what came.

Every organisation has its own simulator with Slack's rate limit, its own input stanza and checkpoint. All inputs are
started at the same moment of each minute, as splunkd does after a restart. Time is jumped from poll to poll. Slack's
answers, lateness included, and the searches' schedule are those of the busiest hour of an ordinary Tuesday.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.input_process import Input, Process
from bench.pace import Pace
from bench.scale_formulas import PAGE_LIMIT
from bench.scan_counts import CountingEngine
from bench.secret_store import SecretStore
from sandbox.cli.replay import as_event
from sandbox.confs import AppConfs
from sandbox.slack_api import Clock, Journal, SlackSimulator
from sandbox.slack_api.journal import serialise
from sandbox.slack_api.organisation import Organisation
from sandbox.splunkd.arrivals import polled
from sandbox.splunkd.cleanup import CleanupAlone
from sandbox.splunkd.event_stream import EventStreamParser
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import read_saved_searches
from sandbox.splunkd.scheduler import Scheduler

DAY, HOUR, POLL = 86_400, 3_600, 60
BUSIEST_HOUR = 10
"""Of a Tuesday, UTC."""
BEFORE_SECONDS = 3 * HOUR
"""Lived before the hour: as far as windows of counting rules reach."""
SMALL_PAGES = 500
"""Entries a page of every second organisation: the others' polls fit into one call, and that would show nothing."""
LATEST_SECONDS, LATE_SHARE = 3_600, 0.02
Tell = Callable[[str, float], None]


@dataclass
class Run:
    """One run of one input. `read` counts entries that came over the line, repeats included."""

    organisation: int
    minute: int
    calls: int
    read: int
    cpu_seconds: float
    seconds: float
    peak_bytes: int


@dataclass
class Hour:
    """What happened in it. Lags are seconds from an entry's time to the first call of the run that brought it."""

    organisations: int
    entries: int = 0
    entries_before: int = 0
    """In the hour before it."""
    runs: list[Run] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    missing: int = 0
    repeats: int = 0
    refused_calls: int = 0
    checkpoint_bytes: list[int] = field(default_factory=list)
    events: list[IndexedEvent] = field(default_factory=list)
    site: Path = Path()
    begin: int = 0


class _Organisation:
    """One of them: what happens, its Slack, and its input."""

    def __init__(self, number: int, entries: list[dict[str, Any]], begin: int, pace: Pace, folder: Path) -> None:
        luck = random.Random(f"late/{number}")  # noqa: S311 - a repeatable play, not a secret
        journal = Journal()
        self.due: dict[str, float] = {}
        for entry in entries:
            second = entry["date_create"]
            if begin - HOUR <= second < begin + HOUR:
                late = second + luck.randint(1, LATEST_SECONDS) if luck.random() < LATE_SHARE else None
                journal.add(entry, late)
                self.due[entry["id"]] = second if late is None else late
        self.slack = SlackSimulator(journal, clock=Clock(real=pace.now))
        self.slack.start()
        self.folder = folder
        self.page_limit = page_limit(number)
        self.came: dict[str, int] = {}

    def input(self, store: SecretStore, begin: int, pace: Pace) -> Input:
        settings = {"start_time": begin - HOUR, "page_limit": self.page_limit}
        return Input(self.folder, self.slack.api_url, store.uri, settings, pace)


def page_limit(organisation: int) -> int:
    """Entries that its input asks for in one call."""
    return SMALL_PAGES if organisation % 2 else PAGE_LIMIT


def live(organisations: int, people: int, folder: Path, tell: Tell, polls: int = 60) -> Hour:
    """Let the organisations live through the hour, each with an input that polls once a minute."""
    hour = Hour(organisations)
    hour.begin = begin = _first_day() + DAY + BUSIEST_HOUR * HOUR
    pace = Pace(begin)
    worlds = []
    for number, entries in enumerate(_lives(organisations, people, folder, hour)):
        worlds.append(_Organisation(number, entries, begin, pace, folder / f"checkpoint-{number}"))
        tell("living", (number + 1) / organisations)
    store = SecretStore(worlds[0].slack.token)
    try:
        _poll(worlds, store, pace, hour, tell, polls)
    finally:
        store.close()
        for world in worlds:
            world.slack.stop()
    # What is late by more than a poll or two waits for the next look back; only that may be missing.
    horizon = pace.now() - 1_000
    for world in worlds:
        hour.missing += sum(at <= horizon and entry not in world.came for entry, at in world.due.items())
        hour.repeats += sum(count - 1 for count in world.came.values())
        hour.checkpoint_bytes.append(sum(file.stat().st_size for file in world.folder.rglob("*") if file.is_file()))
    return hour


def search(hour: Hour, app: Path, tell: Tell) -> CountingEngine:
    """Run every shipped search over the hours before, and count over the hour itself."""
    searches = read_saved_searches(AppConfs(app).conf("savedsearches"))
    lookups = {file.stem: file for file in sorted((hour.site / "lookups").iterdir())}
    engine = CountingEngine(
        app, hour.begin, hour.begin + HOUR, searches, lookups=lookups, geo=hour.site / "geo.csv"
    )
    hour.events.sort(key=lambda event: event.indextime)
    whole = BEFORE_SECONDS + HOUR

    def moved(state: Any) -> None:
        tell("searching", min(1.0, (state.now - hour.begin + BEFORE_SECONDS) / whole))

    Scheduler(searches, engine, actions=CleanupAlone(engine.tables)).run(hour.events, on_progress=moved)
    return engine


def _first_day() -> int:
    return Organisation.generate(people=100, days=1, stories_wanted=[]).start


def _lives(organisations: int, people: int, folder: Path, hour: Hour) -> Iterator[list[dict[str, Any]]]:
    hour.site = folder / "site"
    for number in range(organisations):
        organisation = Organisation.generate(seed=number + 1, people=people, days=3, stories_wanted=[])
        if number == 0:
            hour.site.mkdir(parents=True)
            organisation.write_geo_csv(hour.site / "geo.csv")
            organisation.write_site_lookups(hour.site / "lookups")
        entries = [
            entry for entry in organisation.entries if 0 <= entry["date_create"] - hour.begin + BEFORE_SECONDS
            and entry["date_create"] < hour.begin + HOUR
        ]  # fmt: skip
        for entry in entries:
            if entry["date_create"] < hour.begin:
                raw = serialise(entry).decode()
                second = float(entry["date_create"])
                hour.events.append(as_event(raw, second, polled(second, raw), f"org{number}"))
                hour.entries_before += second >= hour.begin - HOUR
            else:
                hour.entries += 1
        yield entries


def _poll(
    worlds: list[_Organisation], store: SecretStore, pace: Pace, hour: Hour, tell: Tell, polls: int
) -> None:
    inputs = [world.input(store, hour.begin, pace) for world in worlds]
    for poll in range(-1, polls):  # the run before the hour reads what was before, and is not counted
        pace.jump(hour.begin + (poll + 1) * POLL - pace.now())
        before = [len(world.slack.log_calls) for world in worlds]
        running = [one.start() for one in inputs]
        for number, (world, process) in enumerate(zip(worlds, running)):
            process.wait()
            if process.code:
                raise SystemExit(f"An input ended with {process.code}: {process.errors[-400:]}")
            counted = poll >= 0
            calls = world.slack.log_calls[before[number] :]
            _take(world, process, calls[0].at, hour if counted else None, number)
            hour.refused_calls += sum(call.status == 429 for call in calls)
            if counted:
                read = sum(call.entries for call in calls)
                hour.runs.append(
                    Run(number, poll, len(calls), read, process.cpu_seconds, process.seconds, process.peak_bytes)
                )
        tell("polling", (poll + 1) / polls)


def _take(world: _Organisation, process: Process, asked_at: float, hour: Hour | None, number: int) -> None:
    for event in EventStreamParser().feed(process.output):
        entry = json.loads(event.data)
        world.came[entry["id"]] = world.came.get(entry["id"], 0) + 1
        if hour is not None and entry["date_create"] >= hour.begin:
            hour.events.append(as_event(event.data, float(entry["date_create"]), asked_at, f"org{number}"))
            if world.due[entry["id"]] == entry["date_create"]:
                hour.lags.append(asked_at - entry["date_create"])
