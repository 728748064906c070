"""A stand-in on a clock that is set by hand, with searches of the test's own, for what the living scheduler does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.live_scheduler import LiveScheduler
from tests.sandbox import stand_app

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC, a Monday

PER_RESULT = {
    "alert__digest_mode": "0",
    "alert__suppress": "1",
    "alert__suppress__fields": "who",
    "alert__suppress__period": "20m",
}


class Stand:
    """A stand-in on a clock that is set by hand. `now` is the clock."""

    def __init__(self, folder: Path, app: Path) -> None:
        self.folder = folder
        self.app = app
        self.now = float(NOON)
        self.splunkd = self._open()

    def _open(self) -> Splunkd:
        return Splunkd.open(self.folder / "home", self.app, clock=lambda: self.now, arrival=lambda at, raw: self.now)

    def restart(self, after: float = 0.0) -> None:
        """Stop, let the clock go on, start again."""
        self.splunkd.close()
        self.now += after
        self.splunkd = self._open()

    @property
    def scheduler(self) -> LiveScheduler:
        return self.splunkd.scheduler

    def event(self, who: str, at: float | None = None, **fields: str) -> None:
        service = stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)
        at = self.now if at is None else at
        service.indexes["fake"].submit(stand_app.events((at, who)), sourcetype="fake:json", **fields)

    def tick_at(self, at: float) -> int:
        self.now = at
        return self.scheduler.tick(at)

    def fired(self) -> list[tuple[str, int, Any]]:
        """(search, minutes after noon, who) of each listed trigger."""
        return [
            (alert.search, int(alert.triggered_at - NOON) // 60, [row.get("who") for row in alert.results])
            for alert in self.splunkd.state.fired_at(self.now)
        ]

    def runs(self, name: str) -> list[int]:
        """Slots that were run, in minutes after noon."""
        return sorted(int(job.now - NOON) // 60 for job in self.splunkd.jobs.history(name))

    def log(self, component: str) -> list[str]:
        return [str(line) for line in self.splunkd.log.lines(component=component)]


Make = Callable[..., Stand]


def search(name: str, **settings: str) -> str:
    """A scheduled search each five minutes over the five minutes before; keys with __ for dots."""
    given = {
        "search": "`source` | table who",
        "cron_schedule": "*/5 * * * *",
        "enableSched": "1",
        "dispatch.earliest_time": "-5m",
        "dispatch.latest_time": "now",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.track": "1",
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    return f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in given.items())


@contextmanager
def stands(folder: Path) -> Iterator[Make]:
    """Give out stands, the same home again for each further one, and end them all."""
    made: list[Stand] = []

    def make(searches: str, **confs: str) -> Stand:
        made.append(Stand(folder, stand_app.build(folder / "app", savedsearches=searches, **confs)))
        return made[-1]

    yield make
    for stand in made:
        stand.splunkd.close()
