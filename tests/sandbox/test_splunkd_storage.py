"""What the stand-in keeps: over a restart, over a kill, and while the disk is full."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from splunklib.binding import HTTPError

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.index import Index
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.patient_sink import IndexStopped, PatientSink
from sandbox.splunkd.secrets_file import Seal, SealBroken
from sandbox.splunkd.splunkd_log import SplunkdLog
from tests.sandbox import stand_app

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def event(text: str) -> InputEvent:
    return InputEvent(text, 100.0, "h", "s", "fake:json", "fake")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stand_app.build(tmp_path / "app")
    return tmp_path


def opened(folder: Path) -> Splunkd:
    return Splunkd.open(folder / "home", folder / "app")


def test_everything_is_found_again(folder: Path) -> None:
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        service.indexes["fake"].submit(stand_app.events((time.time() - 5, "ana")), sourcetype="fake:json")
        service.kvstore["seen"].data.insert(json.dumps({"_key": "k", "count": 3}))
        service.kvstore.create("made")
        service.storage_passwords.create("very secret", "prod", "realm")
        service.confs["macros"]["least"].update(definition="1")
        service.saved_searches["Many"].dispatch(trigger_actions=1)
        splunkd.log.write("WARN", "ExecProcessor", "before")
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        assert service.indexes["fake"]["totalEventCount"] == "1"
        assert service.kvstore["seen"].data.query_by_id("k")["count"] == 3 and "made" in service.kvstore
        assert [(p.realm, p.username, p.clear_password) for p in service.storage_passwords] == [
            ("realm", "prod", "very secret")
        ]
        assert service.confs["macros"]["least"]["definition"] == "1"
        assert service.saved_searches["Many"].alert_count == 1 and service.saved_searches["Many"].suppressed > 3500
        assert b"before" in service.jobs.oneshot("search index=_internal before").read()


def test_a_csv_lookup_that_a_search_writes_is_a_file_of_the_installed_app(folder: Path) -> None:
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        write = '| makeresults count=2 | streamstats count AS n | eval who="ü, " . n | table who n'
        service.jobs.oneshot(f"{write} | outputlookup people.csv")
        service.jobs.oneshot('| makeresults | eval who="zoe", n=3 | outputlookup append=true people.csv')
        path = splunkd.app_folder / "lookups" / "people.csv"
        assert path.read_text(encoding="utf-8").splitlines() == ["who,n", '"ü, 1",1', '"ü, 2",2', "zoe,3"]
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        body = service.jobs.oneshot("| inputlookup people.csv | where n>1 | table who", output_mode="json")
        assert [row["who"] for row in json.loads(body.read())["results"]] == ["ü, 2", "zoe"]


def test_the_apps_own_log_lands_in_the_internal_index(folder: Path) -> None:
    def lines(service: Any) -> list[str]:
        search = "search index=_internal source=*slack_audit_monitor.log event=* | sort _time | table event"
        return [row["event"] for row in json.loads(service.jobs.oneshot(search, output_mode="json").read())["results"]]

    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        log = splunkd.home.logs / "slack_audit_monitor.log"
        log.write_text("2026-03-04 09:00:00.250 +0000 level=INFO event=one\n2026-03-04 09:00:01.000 +0000 event=tw")
        assert splunkd.logs.look() == 1 and lines(service) == ["one"]
        body = service.jobs.oneshot("search index=_internal event=one | table _time", output_mode="json").read()
        assert json.loads(body)["results"] == [{"_time": "2026-03-04T09:00:00.250+00:00"}]
        with log.open("a") as file:
            file.write("o\n")
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        assert splunkd.logs.look() == 1 and lines(service) == ["one", "two"]
        log.write_text("2026-03-04 09:00:02.000 +0000 event=rotated\n")
        assert splunkd.logs.look() == 1 and splunkd.logs.look() == 0
        assert lines(service) == ["one", "two", "rotated"]


def test_secrets_are_sealed_and_for_the_owner_alone(folder: Path) -> None:
    with opened(folder) as splunkd:
        splunkd.passwords.put("realm", "prod", "xoxp-very-secret", stand_app.APP)
    auth = folder / "home" / "etc" / "auth"
    for path in auth.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (folder / "home").rglob("*"):
        if path.is_file():
            assert b"very-secret" not in path.read_bytes(), path
    (record,) = json.loads((auth / "passwords.json").read_text())
    assert b"very-secret" not in base64.b64decode(record["sealed"].rsplit("$", 1)[1])


def test_a_sealed_text_opens_with_its_own_key_alone(tmp_path: Path) -> None:
    one, other = Seal(tmp_path / "one"), Seal(tmp_path / "other")
    for text in ("", "x", "ü" * 100):
        sealed = one.seal(text)
        assert one.seal(text) != sealed and Seal(tmp_path / "one").open(sealed) == text
        with pytest.raises(SealBroken):
            other.open(sealed)
        with pytest.raises(SealBroken):
            one.open(sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:])


_WRITER = """
import sys
from pathlib import Path
from sandbox.splunkd.index import Index
from sandbox.splunkd.inputs import InputEvent
index = Index(Path(sys.argv[1]), lambda at, raw: at, lambda: 0.0)
number = 0
while True:
    index.add([InputEvent(f"event {number + n}", 100.0, "h", "s", "t", "i") for n in range(50)])
    number += 50
    print(number, flush=True)
"""


def test_a_killed_stand_in_loses_no_event_that_was_taken(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    taken = 0
    try:
        while taken < 300:
            taken = int(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=120)
    taken = int((rest.split() or [taken])[-1])
    index = Index(path, lambda at, raw: at, lambda: 0.0)
    kept = index.raws()
    index.close()
    assert kept[:taken] == [f"event {number}" for number in range(taken)]
    assert len(kept) % 50 == 0  # a batch is there or not


def limited(path: Path, pages: int) -> Index:
    """An index on a disk that is full after so many pages more."""
    index = Index(path, lambda at, raw: at, lambda: 0.0)
    used = index._connection.execute("PRAGMA page_count").fetchone()[0]
    index._connection.execute(f"PRAGMA max_page_count = {used + pages}")
    return index


def free(index: Index) -> None:
    index._connection.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_takes_a_batch_whole_or_not_at_all(tmp_path: Path) -> None:
    index = limited(tmp_path / "i", 8)
    batches = 0
    with pytest.raises(sqlite3.OperationalError, match="full"):
        while True:
            index.add([event("x" * 1000) for _ in range(10)])
            batches += 1
    assert batches > 0 and len(index) == len(index.raws()) == 10 * batches
    index.close()


def test_data_waits_while_the_disk_is_full_and_none_is_lost(tmp_path: Path) -> None:
    index, log, told = limited(tmp_path / "i", 8), SplunkdLog(), []
    sink = PatientSink(index.add, log, lambda *message: told.append(message), again_seconds=0.01)
    wanted = [f"{number} " + "x" * 1000 for number in range(200)]

    def feed() -> None:
        for text in wanted:
            sink([event(text)])

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    assert sink.paused.wait(240)
    stuck = len(index)
    assert 0 < stuck < len(wanted)
    assert told[-1][:2] == ("index_paused", "error") and "Free some disk space" in told[-1][2]
    assert [line for line in log.lines("ERROR") if "paused data flow" in line.text and "full" in line.text]
    free(index)
    thread.join(240)
    assert index.raws() == wanted
    assert told[-1] == ("index_paused", "info", "") and len(told) == 2
    index.close()


def test_a_stand_in_can_be_stopped_while_the_disk_is_full(tmp_path: Path) -> None:
    index = limited(tmp_path / "i", 1)
    sink = PatientSink(index.add, SplunkdLog(), lambda *message: None, again_seconds=60)
    failed: list[BaseException] = []

    def feed() -> None:
        try:
            sink([event("x" * 100_000)])
        except IndexStopped as error:
            failed.append(error)

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    assert sink.paused.wait(240)
    sink.stop()
    thread.join(240)
    assert len(failed) == 1 and len(index) == 0
    index.close()


def test_events_over_rest_are_refused_while_the_disk_is_full(folder: Path) -> None:
    with opened(folder) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        connection = splunkd.index._connection
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 1}")
        with pytest.raises(HTTPError) as refused:
            service.indexes["fake"].submit("x" * 100_000, sourcetype="fake:json")
        assert refused.value.status == 503 and "full" in str(refused.value)
        assert service.indexes["fake"]["totalEventCount"] == "0"


# -- inputs that live


@pytest.fixture
def living(folder: Path) -> Iterator[Any]:
    with opened(folder) as splunkd:
        splunkd.inputs.start()
        yield splunkd


def until(condition: Any) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come about within two minutes"
        time.sleep(0.02)


def test_inputs_start_and_stop_as_the_endpoint_says(living: Splunkd) -> None:
    service = stand_app.connect(living.uri, living.admin_password)
    assert living.inputs.pids() == {}
    made = service.inputs.create("eu", "slack_audit", mode="hang", interval="60", disabled="0")
    until(lambda: len(living.index) == 1)
    (pid,) = living.inputs.pids().values()
    made.update(interval="61")  # another stanza: started anew, after SIGTERM
    until(lambda: living.index.raws() == ["before", "asked to stop", "before"])
    assert list(living.inputs.pids()) == ["eu"] and living.inputs.pids()["eu"] != pid
    made.disable()
    assert living.inputs.pids() == {}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    service.inputs.delete("eu", "slack_audit")


def test_what_an_input_says_on_stderr_can_be_searched_by_its_level(living: Splunkd) -> None:
    service = stand_app.connect(living.uri, living.admin_password)
    service.inputs.create("eu", "slack_audit", mode="tell", interval="60", disabled="0")
    search = "search index=_internal sourcetype=splunkd component=ExecProcessor | table log_level event_message"

    def said() -> set[tuple[str, str]]:
        rows = json.loads(service.jobs.oneshot(search, output_mode="json").read())["results"]
        return {(row["log_level"], row["event_message"]) for row in rows}

    wanted = {("WARN", "something small"), ("ERROR", "Traceback: no level"), ("INFO", "fine")}
    until(lambda: wanted <= said())


def test_an_input_is_started_again_after_a_full_disk(living: Splunkd) -> None:
    service = stand_app.connect(living.uri, living.admin_password)
    connection = living.index._connection
    filler = "x" * 3000
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 1}")
    with pytest.raises(HTTPError):
        while True:
            service.indexes["fake"].submit(filler, sourcetype="fake:json")
    service.inputs.create("eu", "slack_audit", mode="count", interval="0.2", disabled="0")
    until(lambda: "index_paused" in living.messages.posted())
    connection.execute("PRAGMA max_page_count = 1000000")
    until(lambda: living.index.raws().count("run") >= 2)
    until(lambda: "index_paused" not in living.messages.posted())


def test_an_interval_that_is_none_is_said_and_not_started(living: Splunkd) -> None:
    service = stand_app.connect(living.uri, living.admin_password)
    service.inputs.create("eu", "slack_audit", mode="count", interval="soon", disabled="0")
    assert living.inputs.pids() == {}
    assert any("interval 'soon'" in line.text for line in living.log.lines("ERROR"))


def test_what_became_of_scheduled_searches_can_be_searched_as_in_splunk(folder: Path) -> None:
    now = time.time() - 86_400.0
    with Splunkd.open(folder / "home", folder / "app", clock=lambda: now) as splunkd:
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        for name, text in (("Good", "| makeresults count=3"), ("Bad", "| inputlookup nowhere")):
            splunkd.conf_store.write(
                "savedsearches", name,
                {"search": text, "enableSched": "1", "cron_schedule": "*/5 * * * *", "disabled": "0",
                 "realtime_schedule": "0",
                 "dispatch.earliest_time": "-5m", "dispatch.latest_time": "now"},
            )
        splunkd.scheduler.tick(now)
        now += 400
        splunkd.scheduler.tick(now)
        search = (
            "search index=_internal sourcetype=scheduler source=*scheduler.log"
            ' (savedsearch_name=Good OR savedsearch_id="*;Bad")'
            " | table _time savedsearch_id savedsearch_name app status result_count message"
        )
        rows = json.loads(service.jobs.oneshot(search, output_mode="json").read())["results"]
    good = next(row for row in rows if row.get("savedsearch_name") == "Good")
    assert (good["status"], good["result_count"], good["app"]) == ("success", "3", stand_app.APP)
    bad = next(row for row in rows if row["savedsearch_id"].endswith(";Bad"))
    assert "nowhere" in bad["message"] and bad.get("status") is None
    assert rows[0]["_time"][:10] == time.strftime("%Y-%m-%d", time.gmtime(now))  # in the time the stand-in lives in


def test_a_script_s_log_is_of_the_time_that_the_stand_in_lives_in(folder: Path) -> None:
    behind = 40 * 86_400.0
    with Splunkd.open(folder / "home", folder / "app", clock=lambda: time.time() - behind) as splunkd:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        (splunkd.home.logs / "slack_audit_monitor.log").write_text(f"{stamp}.000 +0000 level=INFO event=one\n")
        splunkd.logs.look()
        ((_, event),) = splunkd.internal.since(0)
        assert abs(event.time - (time.time() - behind)) < 10
