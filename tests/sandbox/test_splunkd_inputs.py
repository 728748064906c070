"""The stand-in starts, watches and ends a modular input as splunkd's manual pages say."""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.inputs import InputEvent, InputRun
from sandbox.splunkd.supervisor import InputSupervisor, Interval

_spec = importlib.util.spec_from_file_location("fake_app", Path(__file__).with_name("fake_app.py"))
assert _spec is not None and _spec.loader is not None
fake_app: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fake_app)

class Stand:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[InputEvent] = []
        self.splunkd: Splunkd = None  # type: ignore[assignment]

    def open(self, **prod: str) -> Stand:
        self.splunkd = Splunkd.open(self.folder / "home", fake_app.build(self.folder / "app", **prod))
        return self

    def start(self) -> InputRun:
        stanza = self.splunkd.confs.get("slack_audit", "prod")
        assert stanza is not None
        return self.splunkd.runner.start(stanza, self.events.extend)

    def texts(self) -> list[str]:
        return [event.data for event in self.events]

    def wait_for_events(self, count: int) -> None:
        until = time.monotonic() + 120
        while len(self.events) < count:
            assert time.monotonic() < until, f"only {self.texts()}"
            time.sleep(0.005)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    yield made
    made.splunkd.close()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child that was ended and waits to be collected by init still answers to signal 0.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_run_is_told_its_stanza_with_splunks_precedence(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "must not leak into scripts")
    stand.open(mode="bad")
    local = stand.splunkd.app_folder / "local" / "inputs.conf"
    local.write_text("[slack_audit://prod]\nmode = tell\n[slack_audit]\ninterval = 7\n")
    report = stand.start().wait(240)
    assert report is not None and report.ok and report.events == 1, stand.splunkd.log.lines()
    (event,) = stand.events
    told = json.loads(event.data)
    assert told["stanza"] == "slack_audit://prod" and told["app"] == "slack_audit_monitor"
    assert told["params"] == {
        "mode": "tell",
        "interval": "7",
        "index": "slack_audit",
        "sourcetype": "slack:audit",
        "host": "everyone",
        "disabled": "1",
    }
    assert told["uri"] == stand.splunkd.uri
    assert stand.splunkd.sessions.user_of("Splunk " + told["key"]) == "splunk-system-user"
    assert Path(told["checkpoints"]).is_dir() and told["checkpoints"].endswith("modinputs/slack_audit")
    assert told["splunk_home"] == str(stand.splunkd.home.root)
    assert told["sid"], "the script must not share the terminal's process group"
    assert "SLACK_TOKEN" not in told["environment"]
    assert (event.index, event.sourcetype, event.host, event.source, event.time) == (
        "slack_audit",
        "slack:audit",
        "everyone",
        "slack_audit://prod",
        100.0,
    )
    levels = [(line.level, line.text) for line in stand.splunkd.log.lines()]
    assert ("WARN", "something small") in levels
    assert ("ERROR", "Traceback: no level") in levels
    assert ("INFO", "fine") in levels


def test_introspection_and_validation(stand: Stand) -> None:
    stand.open(mode="tell")
    scheme = stand.splunkd.runner.introspect()
    assert scheme.title == "Fake" and [argument.name for argument in scheme.arguments] == ["mode"]
    assert stand.splunkd.runner.validate("prod", {"mode": "good"}) is None
    assert stand.splunkd.runner.validate("prod", {"mode": "bad"}) == "mode is 'bad'; allowed are: good"


def test_stop_asks_first(stand: Stand) -> None:
    run = stand.open(mode="hang").start()
    stand.wait_for_events(1)
    report = run.stop(grace_seconds=20)
    assert report.exit_code == 0
    assert stand.texts() == ["before", "asked to stop"]


def test_stop_forces_what_does_not_listen_with_all_it_started(stand: Stand) -> None:
    run = stand.open(mode="stubborn").start()
    stand.wait_for_events(1)
    child = int(stand.texts()[0].split()[1])
    report = run.stop(grace_seconds=0.2)
    assert report.exit_code == -9 and report.cut_off
    until = time.monotonic() + 120
    while not gone(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert gone(run.pid) and gone(child)


def test_a_killed_run_keeps_its_complete_events(stand: Stand) -> None:
    report = stand.open(mode="partial").start().wait(240)
    assert report is not None
    assert (report.exit_code, report.cut_off, report.fault) == (-9, True, None)
    assert stand.texts() == ["whole"]


def test_a_malformed_stream_is_reported_not_repaired(stand: Stand) -> None:
    report = stand.open(mode="garbled").start().wait(240)
    assert report is not None and report.fault is not None and not report.ok
    assert stand.texts() == ["good"]
    assert any("malformed event XML at line 1" in line.text for line in stand.splunkd.log.lines("ERROR"))


def test_a_failed_run_is_logged_with_its_exit_code(stand: Stand) -> None:
    report = stand.open(mode="fail").start().wait(240)
    assert report is not None and report.exit_code == 3
    assert [line.text for line in stand.splunkd.log.lines("FATAL")] == ["no way"]
    assert any("exited with code 3" in line.text for line in stand.splunkd.log.lines("ERROR"))


def test_an_input_is_started_again_at_its_interval_until_stopped(stand: Stand) -> None:
    stand.open(mode="count", interval="0")
    stanza = stand.splunkd.confs.get("slack_audit", "prod")
    assert stanza is not None
    supervisor = InputSupervisor(stand.splunkd.runner, stanza, stand.events.extend)
    supervisor.start()
    stand.wait_for_events(3)
    supervisor.stop()
    after = len(stand.events)
    assert len(supervisor.reports) >= 3 and supervisor.pid is None
    time.sleep(0.1)
    assert len(stand.events) == after


def test_stopping_the_supervisor_ends_the_run(stand: Stand) -> None:
    stand.open(mode="hang")
    stanza = stand.splunkd.confs.get("slack_audit", "prod")
    assert stanza is not None
    supervisor = InputSupervisor(stand.splunkd.runner, stanza, stand.events.extend)
    supervisor.start()
    stand.wait_for_events(1)
    pid = supervisor.pid
    supervisor.stop(grace_seconds=20)
    assert pid is not None and gone(pid)
    assert stand.texts() == ["before", "asked to stop"]


@pytest.mark.parametrize(
    ("setting", "first", "after"),
    [
        ("60", 1000.0, 1060.0),
        ("0.5", 1000.0, 1030.05),  # the run took 30 s: again at once
        ("-1", 1000.0, None),
        ("*/5 * * * *", 1200.0, 1200.0),  # a cron line does not run at start
    ],
)
def test_interval_as_the_spec_says(setting: str, first: float, after: float | None) -> None:
    interval = Interval(setting)
    assert interval.first(1000.0) == first
    assert interval.after(1000.0, 1030.0) == after


@pytest.mark.parametrize("setting", ["-5", "soon", "* * * *", "61 * * * *", "0 0 * jan *"])
def test_an_interval_that_splunk_refuses(setting: str) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(setting)
