"""One burst of failures, all the way: simulator, real input process, index, scheduled search, alert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.confs import AppConfs
from sandbox.slack_api import SlackSimulator
from sandbox.splunkd.arrivals import polled
from sandbox.splunkd.daemon import SCHEME, Splunkd
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.home import APP_ID, repository_root
from sandbox.splunkd.saved_searches import chosen, read_saved_searches
from sandbox.splunkd.scheduler import History, Scheduler

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC


def failure(number: int) -> dict[str, Any]:
    person = {"id": "W012A3CDE", "name": "Ana <b>&", "email": "ana@corp.example", "team": "T1"}
    return {
        "id": f"0123f45d-6789-4abc-8def-{number:012d}",
        "date_create": NOON + 30 * number,
        "action": "user_login_failed",
        "actor": {"type": "user", "user": person},
        "entity": {"type": "user", "user": person},
        "context": {
            "location": {"type": "enterprise", "id": "E1", "name": "Cörp\u0007", "domain": "corp"},
            "ua": None,
            "session_id": None,
            "ip_address": "203.0.113.9",
        },
        "details": {"big": 12345678901234567890},
    }


def collect(home: Path, slack: SlackSimulator, runs: int) -> list[str]:
    """Run the input `runs` times in one stand-in; the raw events that are in the index afterwards."""
    with Splunkd.open(home, repository_root(), arrival=polled) as splunkd:
        splunkd.passwords.put(APP_ID, "prod", slack.token, APP_ID)
        settings = {"api_url": slack.api_url, "start_time": str(NOON - 3600), "disabled": "0"}
        splunkd.confs.write(SCHEME, "prod", settings)
        stanza = splunkd.confs.get(SCHEME, "prod")
        assert stanza is not None
        for _ in range(runs):
            report = splunkd.runner.start(stanza, splunkd.index.add).wait(240)
            assert report is not None and report.ok, [str(line) for line in splunkd.log.lines()]
        assert all(slack.token not in line.text for line in splunkd.log.lines())
        return splunkd.index.raws()


def search(home: Path) -> History:
    with Splunkd.open(home, repository_root(), arrival=polled) as splunkd:
        searches = chosen(read_saved_searches(AppConfs(splunkd.app_folder).conf("savedsearches")), ["U01"])
        return Scheduler(searches, SplEngine(splunkd.app_folder)).run(list(splunkd.index.events()))


def test_a_burst_of_failures_becomes_one_alert(tmp_path: Path) -> None:
    entries = [failure(number) for number in range(12)]
    with SlackSimulator(entries, per_minute=None) as slack:
        raws = collect(tmp_path, slack, runs=2)
        assert sorted((json.loads(raw) for raw in raws), key=lambda entry: entry["date_create"]) == entries
        # A new stand-in over the same folder: index and checkpoint are found again.
        assert len(collect(tmp_path, slack, runs=1)) == 12
    history = search(tmp_path)
    assert len(history.findings) == 1, history.findings
    (finding,) = history.findings
    assert finding["rule_id"] == "U01" and finding["entity"] == "W012A3CDE" and finding["count"] >= 10
    (alert,) = history.fired.shown_at(finding["triggered_at"])
    assert alert.search == "Slack - Failed Sign-ins by Account - Rule" and alert.severity_name == "medium"


def test_a_refused_token_ends_the_run_with_one_clear_line(tmp_path: Path) -> None:
    with SlackSimulator([failure(1)], per_minute=None) as slack:
        with Splunkd.open(tmp_path, repository_root()) as splunkd:
            secret = "xoxp-not-the-one"
            splunkd.passwords.put(APP_ID, "prod", secret, APP_ID)
            splunkd.confs.write(SCHEME, "prod", {"api_url": slack.api_url, "start_time": str(NOON)})
            stanza = splunkd.confs.get(SCHEME, "prod")
            assert stanza is not None
            report = splunkd.runner.start(stanza, splunkd.index.add).wait(240)
            assert report is not None and report.exit_code > 0 and report.events == 0
            errors = [line.text for line in splunkd.log.lines("ERROR")]
            assert any("token" in text.lower() or "invalid_auth" in text for text in errors), errors
            assert all(secret not in line.text for line in splunkd.log.lines())
            assert len(slack.log_calls) <= 2, "a refused token must not be tried over and over"
