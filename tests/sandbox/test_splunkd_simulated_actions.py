"""Alert actions of simulated time: real processes against a stand-in that stands at the scheduled time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import read_saved_searches
from sandbox.splunkd.scheduler import History, Scheduler
from sandbox.splunkd.simulated_actions import throw_away_actions
from tests.sandbox import stand_app

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC

# Notes its result in a collection and as an event, as an action that keeps a record of findings does.
NOTE = r"""
import json, sys, urllib.request
payload = json.load(sys.stdin)
head = {"Authorization": "Splunk " + payload["session_key"]}
base = payload["server_uri"] + "/servicesNS/nobody/" + payload["app"]
def post(path, body, kind):
    request = urllib.request.Request(base + path, body.encode(), {**head, "Content-Type": kind})
    return urllib.request.urlopen(request, timeout=120).read()
who = payload["result"]["who"]
post("/storage/collections/data/seen", json.dumps({"who": who + " noted", "count": 1}), "application/json")
post("/receivers/simple?index=fake&sourcetype=fake:json", json.dumps({"noted": who}), "text/plain")
sys.exit(int(payload["configuration"].get("exit", "0")))
"""

WINDOW = "cron_schedule = */5 * * * *\nenableSched = 1\ndispatch.earliest_time = -5m\ndispatch.latest_time = +1m\n"
FINDS = (
    f"[Finds]\nsearch = index=fake who=* | table who\n{WINDOW}"
    "alert.track = 1\nalert.digest_mode = 0\naction.note = 1\n"
)
# One minute later: what the action left behind, in the index and in the collection.
READS = (
    "[Reads]\nsearch = index=fake noted=* | eval who=noted, at=_indextime | table who at\n"
    + WINDOW.replace("*/5", "1-59/5").replace("-5m", "-1m@m")
)
KEEPS = (
    "[A writes]\nsearch = index=fake who=* | eval count=7 | table who count | outputlookup seen append=true\n" + WINDOW
)
LISTS = "[Lists]\nsearch = | inputlookup seen | table who count\n" + WINDOW.replace("*/5", "2-59/5")


def build(folder: Path, searches: str, action: str = NOTE) -> Path:
    conf = "[note]\nis_custom = 1\npayload_format = json\n"
    app = stand_app.build(folder, savedsearches=searches, alert_actions=conf)
    (app / "bin" / "note.py").write_text(action, encoding="utf-8")
    return app


def event(at: float, fields: Mapping[str, Any]) -> IndexedEvent:
    return IndexedEvent(json.dumps(fields), at, at, "h", "s", "fake:json", "fake")


EVENTS = [event(NOON + 10, {"who": "ana"}), event(NOON + 20, {"who": "zoe"})]


def test_what_an_action_leaves_behind_is_seen_by_later_searches(tmp_path: Path) -> None:
    app = build(tmp_path / "app", FINDS + READS + KEEPS + LISTS)
    engine = SplEngine(app)
    searches = read_saved_searches(AppConfs(app).conf("savedsearches"))
    with throw_away_actions(app, engine) as actions:
        history = Scheduler(searches, engine, actions=actions).run(EVENTS)
        assert (actions.runs, actions.failures) == (2, 0)
        assert str(actions) == "alert actions: 2 executed, 0 failed"
    found = _found(history, "Reads")
    # Indexed at the time of the run that found them, not at the machine's.
    assert sorted((row["who"], row["at"]) for row in found) == [("ana", NOON + 300), ("zoe", NOON + 300)]
    first = [row for row in _found(history, "Lists") if row["triggered_at"] == NOON + 420]
    # What the searches had written is still there beside what the action wrote.
    assert sorted((row["who"], row["count"]) for row in first) == [
        ("ana", 7), ("ana noted", 1), ("zoe", 7), ("zoe noted", 1),
    ]  # fmt: skip


def _found(history: History, search: str) -> list[dict[str, Any]]:
    return [finding for finding in history.findings if finding["search"] == search]


def test_tables_that_were_given_are_what_the_action_finds(tmp_path: Path) -> None:
    app = build(tmp_path / "app", FINDS + LISTS)
    given = tmp_path / "seen.csv"
    given.write_text("_key,who,count\nk,bo,3\n", encoding="utf-8")
    engine = SplEngine(app, lookups={"seen": given})
    searches = read_saved_searches(AppConfs(app).conf("savedsearches"))
    with throw_away_actions(app, engine) as actions:
        history = Scheduler(searches, engine, actions=actions).run(EVENTS)
    first = [row["who"] for row in _found(history, "Lists") if row["triggered_at"] == NOON + 420]
    assert sorted(first) == ["ana noted", "bo", "zoe noted"]


def test_without_them_they_are_counted(tmp_path: Path) -> None:
    app = build(tmp_path / "app", FINDS)
    history = Scheduler(read_saved_searches(AppConfs(app).conf("savedsearches")), SplEngine(app)).run(EVENTS)
    assert history.actions_left_out == 2


def test_a_failure_is_counted_and_told(tmp_path: Path) -> None:
    app = build(tmp_path / "app", FINDS, "import sys\nsys.exit(4)\n")
    engine = SplEngine(app)
    with throw_away_actions(app, engine) as actions:
        history = Scheduler(
            read_saved_searches(AppConfs(app).conf("savedsearches")), engine, actions=actions
        ).run(EVENTS)
        assert (actions.runs, actions.failures) == (2, 2)
        assert "2 failed; the last said: action=note" in str(actions) and "exit code=4" in str(actions)
    assert len(history.findings) == 2  # the alert stays


@pytest.mark.once
@pytest.mark.parametrize("executes", [False, True])
def test_replay_executes_them_when_told(tmp_path: Path, executes: bool) -> None:
    finds = FINDS.replace("index=fake who=*", 'index=slack_audit | eval who=json_extract(_raw, "id")')
    app = build(tmp_path / "app", finds)
    entries = tmp_path / "e.jsonl"
    entries.write_text(json.dumps({"id": "e1", "date_create": NOON + 10, "action": "user_login"}) + "\n")
    command = [sys.executable, "-m", "sandbox", "replay", str(entries), "--app", str(app)]
    command += ["--actions"] if executes else []
    done = subprocess.run(command, cwd=repository_root(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout + done.stderr
    wanted = "alert actions: 1 executed, 0 failed" if executes else "alert actions: 1 not executed (--actions"
    assert wanted in done.stderr
