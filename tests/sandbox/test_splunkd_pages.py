"""What Splunk's own pages ask splunkd for and no client does: the state of many jobs at once, presets of time, times.

Expectations are those of the published packages @splunk/search-job and @splunk/time-range-utils, which read this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.splunkd.daemon import Splunkd
from tests.sandbox import stand_app

NOW = 1_709_542_800.0  # 2024-03-04 09:00:00 UTC, a Monday


@pytest.fixture(scope="module")
def splunkd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Splunkd]:
    folder = tmp_path_factory.mktemp("pages")
    with Splunkd.open(folder / "home", stand_app.build(folder / "app"), clock=lambda: NOW) as running:
        yield running


def get(splunkd: Splunkd, path: str, **query: Any) -> requests.Response:
    key = {"Authorization": f"Splunk {splunkd.sessions.open_for('admin')}"}
    return requests.get(f"{splunkd.uri}/services/{path}", {"output_mode": "json", **query}, headers=key, timeout=20)


def test_the_state_of_many_jobs_is_asked_for_at_once(splunkd: Splunkd) -> None:
    service = stand_app.connect(splunkd.uri, splunkd.admin_password)
    jobs = [service.jobs.create("| makeresults", exec_mode="blocking").sid for _ in range(40)]
    wanted = [jobs[0], jobs[39], jobs[20]]
    entries = get(splunkd, "search/jobs", id=wanted).json()["entry"]
    assert sorted(entry["content"]["sid"] for entry in entries) == sorted(wanted)
    # More than a page of a collection has: a page of Splunk's with many panels must not lose any.
    assert len(get(splunkd, "search/jobs", id=jobs).json()["entry"]) == 40
    assert get(splunkd, "search/jobs", id=["nosuch"]).json()["entry"] == []


def test_a_job_by_itself_is_a_list_of_one_in_json(splunkd: Splunkd) -> None:
    job = stand_app.connect(splunkd.uri, splunkd.admin_password).jobs.create("| makeresults", exec_mode="blocking")
    (entry,) = get(splunkd, f"search/jobs/{job.sid}").json()["entry"]
    assert entry["content"]["dispatchState"] == "DONE"


def test_presets_of_the_time_range_picker(splunkd: Splunkd) -> None:
    presets = {entry["name"]: entry["content"] for entry in get(splunkd, "data/ui/times", count=-1).json()["entry"]}
    assert presets["last_24_hours"]["label"] == "Last 24 hours"
    assert (presets["last_24_hours"]["earliest_time"], presets["last_24_hours"]["latest_time"]) == ("-24h@h", "now")
    assert (presets["all_time"]["earliest_time"], presets["all_time"]["latest_time"]) == ("0", "")


@pytest.mark.parametrize(
    "written, meant",
    [
        ("-24h@h", "2024-03-03T09:00:00.000+00:00"),
        ("@w0", "2024-03-03T00:00:00.000+00:00"),
        ("now", "2024-03-04T09:00:00.000+00:00"),
        ("1709510400", "2024-03-04T00:00:00.000+00:00"),
    ],
)
def test_a_time_is_worked_out(splunkd: Splunkd, written: str, meant: str) -> None:
    assert get(splunkd, "search/timeparser", time=written).json() == {written: meant}


def test_what_is_no_time_is_refused(splunkd: Splunkd) -> None:
    answer = get(splunkd, "search/timeparser", time="-1 fortnight")
    assert answer.status_code == 400 and "-1 fortnight" in answer.json()["messages"][0]["text"]
    assert get(splunkd, "search/timeparser").status_code == 400


@pytest.mark.parametrize("now, status", [("1709510400", 200), ("@d", 200), ("soon", 400), ("nan", 400)])
def test_a_time_is_worked_out_from_another_now(splunkd: Splunkd, now: str, status: int) -> None:
    answer = get(splunkd, "search/timeparser", time="-1h@h", now=now)
    assert answer.status_code == status, answer.text
    assert status == 400 or answer.json() == {"-1h@h": "2024-03-03T23:00:00.000+00:00"}


@pytest.mark.parametrize("path", ["configs/conf-..", "configs/conf-..%2Fx", "configs/conf-../name"])
def test_a_conf_whose_name_is_none_is_refused(splunkd: Splunkd, path: str) -> None:
    answer = get(splunkd, path.replace("..", "%2E%2E"))
    assert answer.status_code == 400 and "conf name" in answer.json()["messages"][0]["text"]
