"""When an admin is called through Splunk's message bar, and when the call ends."""

from __future__ import annotations

import os
import time

import pytest

from slack_audit_monitor.notice import PATIENCE_SECONDS, Notice


class Bar:
    """Splunk's message bar."""

    def __init__(self) -> None:
        self.lines: dict[str, tuple[str, str]] = {}
        self.calls = 0

    def show_message(self, name: str, text: str, severity: str = "error") -> bool:
        self.calls += 1
        self.lines[name] = (severity, text)
        return True

    def remove_message(self, name: str) -> bool:
        self.calls += 1
        return self.lines.pop(name, None) is not None


@pytest.fixture
def bar():
    return Bar()


@pytest.fixture
def notice(bar, tmp_path):
    """A fresh one for each run, as each run is a process."""
    return lambda kind="": Notice(bar, str(tmp_path / "modinputs"), "prod", kind)


def hours_pass(tmp_path, hours):
    for path in (tmp_path / "modinputs").glob("*.well"):
        os.utime(path, (time.time() - hours * 3_600,) * 2)


def test_it_stands_there_until_a_run_goes_well(bar, notice):
    notice().show("The token was revoked.")
    ((severity, text),) = bar.lines.values()
    assert severity == "error" and text == "Slack Audit Monitor, input prod: The token was revoked."
    notice().show("The token was revoked.")
    assert len(bar.lines) == 1
    notice().went_well()
    assert bar.lines == {}


def test_a_quiet_life_costs_no_call(bar, notice):
    for _ in range(5):
        notice().went_well()
    assert bar.calls == 0


def test_what_a_run_says_itself_outlives_that_run(bar, notice):
    run = notice()
    run.show("The token works until noon.")
    run.went_well()
    assert len(bar.lines) == 1


def test_slack_may_be_away_for_an_hour_before_an_admin_is_called(bar, notice, tmp_path):
    notice().went_well()
    notice().went_wrong("Slack answered with status 503.")
    hours_pass(tmp_path, PATIENCE_SECONDS / 3_600 - 0.1)
    notice().went_wrong("Slack answered with status 503.")
    assert bar.lines == {}
    hours_pass(tmp_path, 2)
    notice().went_wrong("Slack answered with status 503.")
    ((_, text),) = bar.lines.values()
    assert "for 120 minutes" in text and "503" in text
    notice().went_well()
    assert bar.lines == {}


def test_the_patience_of_a_first_run_begins_with_it(bar, notice, tmp_path):
    notice().went_wrong("No connection.")
    assert bar.lines == {}
    hours_pass(tmp_path, 3)
    notice().went_wrong("No connection.")
    assert len(bar.lines) == 1


def test_advice_and_orders_stand_side_by_side(bar, notice):
    notice().show("Do this.")
    notice("advice").show("Better do that.", "warn")
    assert sorted(severity for severity, _ in bar.lines.values()) == ["error", "warn"]
    notice("advice").remove()
    assert [severity for severity, _ in bar.lines.values()] == ["error"]
