"""What becomes of search jobs: time to live, restarts, cancelling.

Expectations: REST manual, search/jobs; savedsearches.conf.spec and alert_actions.conf.spec.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.searching import Windows
from tests.sandbox import stand_app

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once

NOON = 1_709_553_600.0  # 2024-03-04 12:00:00 UTC

# A lookup that takes its time, and says when it has begun.
SLOW = r"""
import csv, os, sys, time
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "begun"), "w").close()
time.sleep(1.5)
rows = list(csv.DictReader(sys.stdin))
out = csv.DictWriter(sys.stdout, ["who", "x"])
out.writeheader()
out.writerows({"who": row["who"], "x": "1"} for row in rows)
"""
TRANSFORMS = stand_app.CONFS["transforms.conf"] + "[slow]\nexternal_cmd = slow.py who x\nfields_list = who,x\n"


class World:
    """A stand-in on a clock set by hand that can be started again."""

    def __init__(self, folder: Path, **confs: str) -> None:
        self.now = NOON
        self._folder = folder
        self._app = stand_app.build(folder / "app", transforms=TRANSFORMS, **confs)
        (self._app / "bin" / "slow.py").write_text(SLOW, encoding="utf-8")
        self.splunkd = self._open()

    def _open(self) -> Splunkd:
        return Splunkd.open(self._folder / "home", self._app, clock=lambda: self.now)

    def restart(self) -> None:
        self.splunkd.close()
        self.splunkd = self._open()

    def service(self) -> Any:
        return stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.splunkd.close()


def rows(job: Any) -> list[dict[str, Any]]:
    return list(json.loads(job.results(output_mode="json").read())["results"])


MAKES = '| makeresults count=2 | eval who="ana", many=mvappend("a", "b") | table who many'


def test_an_ended_job_outlives_a_restart_with_all_it_had(world: World) -> None:
    job = world.service().jobs.create(MAKES, exec_mode="blocking", label="mine")
    before = rows(job)
    world.restart()
    again = world.service().job(job.sid)
    assert rows(again) == before == [{"who": "ana", "many": ["a", "b"]}] * 2
    assert (again["dispatchState"], again["resultCount"], again["label"]) == ("DONE", "2", "mine")


def test_a_job_lives_as_long_as_its_time_to_live_since_it_was_read(world: World) -> None:
    job = world.service().jobs.create(MAKES, exec_mode="blocking", timeout=100)
    folder = world.splunkd.home.dispatches / job.sid
    world.now += 90
    assert len(rows(job)) == 2  # reading it counts
    world.restart()
    world.now += 99
    assert world.splunkd.jobs.get(job.sid) is not None and folder.is_dir()
    world.now += 101
    assert world.splunkd.jobs.get(job.sid) is None
    assert not folder.exists()


def test_one_that_is_saved_stays_and_setttl_outlives_a_restart(world: World) -> None:
    service = world.service()
    kept = service.jobs.create(MAKES, exec_mode="blocking", timeout=10)
    kept.post("control", action="save")
    longer = service.jobs.create(MAKES, exec_mode="blocking", timeout=10)
    longer.set_ttl(5000)
    world.restart()
    world.now += 4000
    assert world.splunkd.jobs.get(kept.sid) is not None
    assert world.splunkd.jobs.get(longer.sid) is not None
    world.now += 5001
    assert world.splunkd.jobs.get(longer.sid) is None and world.splunkd.jobs.get(kept.sid) is not None


def test_what_expired_while_nothing_ran_is_gone(world: World) -> None:
    job = world.service().jobs.create(MAKES, exec_mode="blocking", timeout=10)
    world.now += 11
    world.restart()
    assert world.splunkd.jobs.get(job.sid) is None and not (world.splunkd.home.dispatches / job.sid).exists()


def test_a_cancelled_search_ends_before_its_next_command(world: World) -> None:
    service = world.service()
    begun = world.splunkd.app_folder / "bin" / "begun"
    slow = '| makeresults | eval who="ana" | lookup slow who OUTPUT x | eval count=1 | outputlookup seen'
    job = service.jobs.create(slow)
    _until(begun.exists)
    job.cancel()
    assert job.sid not in [other.sid for other in service.jobs]
    # The search that waits for the engine comes after it, and finds nothing written.
    assert rows(service.jobs.create("| inputlookup seen", exec_mode="blocking")) == []


def test_a_search_that_is_cancelled_before_it_begins_does_nothing(world: World) -> None:
    text = '| makeresults | eval who="zoe", count=1 | outputlookup seen'
    jobs = world.splunkd.jobs
    waiting = jobs.prepare(text, Windows(), app=stand_app.APP, owner="nobody")
    assert jobs.cancel(waiting.sid) and not jobs.cancel(waiting.sid)
    assert jobs.run(waiting).messages == [("FATAL", "The search was cancelled.")]
    assert rows(world.service().jobs.create("| inputlookup seen", exec_mode="blocking")) == []
    assert not (world.splunkd.home.dispatches / waiting.sid).exists()


def _until(holds: Any) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("settings", "action", "seconds"),
    [
        ("", "", 600),  # 2p of five minutes
        ("dispatch.ttl = 7p\n", "", 2100),
        ("dispatch.ttl = 90\n", "", 90),
        ("action.tell = 1\n", "", 3000),  # 10p, alert_actions.conf.spec
        ("action.tell = 1\n", "ttl = 4000\n", 4000),
        ("action.tell = 1\ndispatch.ttl = 9000\n", "ttl = 4000\n", 9000),
    ],
)
def test_the_time_to_live_of_a_scheduled_job(tmp_path: Path, settings: str, action: str, seconds: int) -> None:
    searches = (
        "[A]\nsearch = | makeresults\ncron_schedule = */5 * * * *\nenableSched = 1\ndispatch.earliest_time = -5m\n"
        f"alert.track = 1\n{settings}"
    )
    tell = f"[tell]\nis_custom = 1\npayload_format = json\n{action}"
    world = World(tmp_path, savedsearches=searches, alert_actions=tell)
    try:
        world.splunkd.scheduler.tick(NOON)
        world.now = NOON + 300
        world.splunkd.scheduler.tick(world.now)
        (job,) = world.splunkd.jobs.history("A")
        assert job.ttl == seconds
    finally:
        world.splunkd.close()
