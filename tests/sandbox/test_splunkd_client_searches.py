"""Search jobs and saved searches, as a user of splunklib.client works with them.

Expectations are those of the REST API Reference (search/jobs, saved/searches) and of the client's own manual.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from splunklib.binding import HTTPError
from splunklib.results import JSONResultsReader, Message

from sandbox.splunkd.daemon import Splunkd
from tests.sandbox import stand_app

NOW = 1_709_542_800.0  # 2024-03-04 09:00:00 UTC


class Stand:
    """A stand-in whose clock stands at NOW, with seven events in it, and a client of it."""

    def __init__(self, folder: Path) -> None:
        self.splunkd = Splunkd.open(folder / "home", stand_app.build(folder / "app"), clock=lambda: NOW)
        self.service = stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)
        rows = [(NOW - 60 * n, who) for n, who in enumerate(["ana", "zoe", "ana", "bo", "zoe", "ana", "cy"], start=1)]
        self.service.indexes["fake"].submit(stand_app.events(*rows), sourcetype="fake:json", source="test", host="h1")


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    stand = Stand(tmp_path_factory.mktemp("searches"))
    with stand.splunkd:
        yield stand


@pytest.fixture
def service(stand: Stand) -> Any:
    return stand.service


def rows_of(body: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in JSONResultsReader(body) if not isinstance(row, Message)]


COUNT = "search index=fake | stats count BY who | sort - count who"


def test_oneshot(service: Any) -> None:
    rows = rows_of(service.jobs.oneshot(COUNT, output_mode="json"))
    assert rows[:2] == [{"who": "ana", "count": "3"}, {"who": "zoe", "count": "2"}]


def test_oneshot_within_a_time_range(service: Any) -> None:
    rows = rows_of(service.jobs.oneshot(COUNT, earliest_time="-150s", latest_time="now", output_mode="json"))
    assert rows == [{"who": "ana", "count": "1"}, {"who": "zoe", "count": "1"}]


def test_blocking_job_is_done_when_it_is_there(service: Any) -> None:
    job = service.jobs.create(COUNT, exec_mode="blocking")
    assert job.is_done() and job["dispatchState"] == "DONE" and job["isFailed"] == "0"
    assert (job["resultCount"], job["search"]) == ("4", COUNT)
    assert rows_of(job.results(output_mode="json", count=1, offset=1)) == [{"who": "zoe", "count": "2"}]
    assert rows_of(job.preview(output_mode="json"))[0]["who"] == "ana"


def test_normal_job_gets_done(service: Any) -> None:
    job = service.jobs.create(COUNT)
    deadline = time.monotonic() + 120
    while not job.is_done() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(rows_of(job.results(output_mode="json"))) == 4
    assert job.sid in [known.sid for known in service.jobs.list()]
    assert job.sid in service.jobs
    service.job(job.sid).cancel()
    assert job.sid not in [known.sid for known in service.jobs.list()]
    job.cancel()  # a second time is no error


def test_events_of_a_job(service: Any) -> None:
    job = service.jobs.create("search index=fake who=bo", exec_mode="blocking")
    (event,) = rows_of(job.events(output_mode="json"))
    assert json.loads(event["_raw"]) == {"date_create": NOW - 240, "who": "bo"}
    assert event["_time"] == "2024-03-04T08:56:00.000+00:00"
    assert (event["host"], event["source"], event["sourcetype"], event["index"]) == ("h1", "test", "fake:json", "fake")


def test_export_sends_one_object_a_line(service: Any) -> None:
    body = service.jobs.export(COUNT, output_mode="json").read()
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["result"]["who"] for line in lines] == ["ana", "zoe", "bo", "cy"]
    assert lines[-1]["lastrow"] is True and not any(line["preview"] for line in lines)


def test_output_modes(stand: Stand, service: Any) -> None:
    job = service.jobs.create(
        'search index=fake who=bo | eval many=mvappend("x","<&>") | table who many', exec_mode="blocking"
    )
    table = list(csv.reader(io.StringIO(job.results(output_mode="csv").read().decode())))
    assert table == [["who", "many"], ["bo", "x\n<&>"]]
    assert json.loads(job.results(output_mode="json_rows").read())["rows"] == [["bo", ["x", "<&>"]]]
    assert json.loads(job.results(output_mode="json_cols").read())["columns"] == [["bo"], [["x", "<&>"]]]
    document = job.results().read().decode()
    assert "<field>who</field>" in document and "<text>&lt;&amp;&gt;</text>" in document
    with pytest.raises(HTTPError) as refused:
        job.results(output_mode="yaml")
    assert refused.value.status == 400


def test_post_process_and_fields(service: Any) -> None:
    job = service.jobs.create(COUNT, exec_mode="blocking")
    assert rows_of(job.results(output_mode="json", search="where count=2", f="who")) == [{"who": "zoe"}]


@pytest.mark.parametrize(
    ("search", "part"),
    [
        ("search index=fake | florp", "florp"),
        ("index=fake", "Unknown search command 'index=fake'"),
        ("search index=fake | eval a=nosuch(1)", "nosuch"),
        ("search `nomacro`", "nomacro"),
    ],
)
def test_a_search_that_is_refused(service: Any, search: str, part: str) -> None:
    for ask in (service.jobs.oneshot, service.jobs.create, service.jobs.export):
        with pytest.raises(HTTPError) as refused:
            ask(search)
        assert refused.value.status == 400
        assert part in str(refused.value)


def test_the_refusal_has_splunks_form(stand: Stand) -> None:
    key = stand.splunkd.sessions.open_for("admin")
    answer = requests.post(
        f"{stand.splunkd.uri}/services/search/jobs",
        data={"search": "search index=fake | florp", "output_mode": "json"},
        headers={"Authorization": f"Splunk {key}"},
        timeout=120,
    )
    (message,) = answer.json()["messages"]
    assert (answer.status_code, message["type"]) == (400, "FATAL") and "florp" in message["text"]


def test_an_unknown_job(stand: Stand, service: Any) -> None:
    with pytest.raises(HTTPError) as unknown:
        service.job("17.4").results()
    assert unknown.value.status == 404 and "Unknown sid." in str(unknown.value)


def test_jobs_are_paged(service: Any) -> None:
    for _ in range(3):
        service.jobs.create(COUNT, exec_mode="blocking")
    everything = [job.sid for job in service.jobs.list()]
    assert [job.sid for job in service.jobs.list(count=2, offset=1)] == everything[1:3]


def test_the_log_of_splunkd_can_be_searched(stand: Stand, service: Any) -> None:
    stand.splunkd.log.write("WARN", "ExecProcessor", "it said something")
    rows = rows_of(
        service.jobs.oneshot(
            "search index=_internal sourcetype=splunkd component=ExecProcessor log_level=WARN"
            " | table log_level component event_message",
            output_mode="json",
        )
    )
    assert rows[0] == {"log_level": "WARN", "component": "ExecProcessor", "event_message": "it said something"}


# -- saved searches


def test_listing_saved_searches(service: Any) -> None:
    assert [search.name for search in service.saved_searches] == ["Many", "Plain"]
    many = service.saved_searches["Many"]
    assert (many["is_scheduled"], many["alert_type"], many["alert_comparator"], many["alert_threshold"]) == (
        "1",
        "number of events",
        "greater than",
        "0",
    )
    assert many["next_scheduled_time"].startswith("2024-03-04T09:05:00")
    assert many["actions"] == "tell" and service.saved_searches["Plain"]["is_scheduled"] == "0"
    assert "nothing" not in service.saved_searches


def test_create_update_disable_delete(stand: Stand, service: Any) -> None:
    made = service.saved_searches.create(
        "Mine", "search index=fake\n| head 1", is_scheduled=1, cron_schedule="0 * * * *"
    )
    assert made.name == "Mine" and made["search"] == "search index=fake\n| head 1"
    with pytest.raises(HTTPError) as again:
        service.saved_searches.create("Mine", "search index=fake")
    assert again.value.status == 409
    made.update(**{"description": "of mine", "dispatch.earliest_time": "-1h"}).refresh()
    assert (made["description"], made["dispatch.earliest_time"]) == ("of mine", "-1h")
    assert made.disable().refresh()["disabled"] == "1"
    assert made.enable().refresh()["disabled"] == "0"
    assert "Mine" in (stand.splunkd.app_folder / "local" / "savedsearches.conf").read_text()
    service.saved_searches.delete("Mine")
    assert "Mine" not in service.saved_searches
    with pytest.raises(KeyError):
        service.saved_searches["Mine"]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"search": "search x | florp"}, "florp"),
        ({"search": "search x", "is_scheduled": 1, "cron_schedule": "61 * * * *"}, "61"),
        ({"search": "search x", "alert.supress": 1}, "alert.supress"),
        ({"search": "search x", "is_scheduled": 1, "cron_schedule": "* * * * *", "alert_type": "bogus"}, "bogus"),
    ],
)
def test_a_saved_search_that_is_refused(service: Any, settings: dict[str, Any], part: str) -> None:
    with pytest.raises(HTTPError) as refused:
        service.saved_searches.create("Wrong", **settings)
    assert refused.value.status == 400 and part in str(refused.value)
    assert "Wrong" not in service.saved_searches


def wait(job: Any) -> Any:
    deadline = time.monotonic() + 120
    while not job.is_done():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return job


def test_dispatch_and_history(service: Any) -> None:
    many = service.saved_searches["Many"]
    job = wait(many.dispatch())
    assert rows_of(job.results(output_mode="json")) == [{"who": "ana", "count": "3"}, {"who": "zoe", "count": "2"}]
    assert [known.sid for known in many.history()][0] == job.sid
    assert job["isSavedSearch"] == "1"


def test_dispatch_with_explicit_times(service: Any) -> None:
    many = service.saved_searches["Many"]
    at = {"dispatch.now": NOW - 180, "dispatch.earliest_time": "-1h", "dispatch.latest_time": "now"}
    # Before 08:57: bo, zoe, ana, cy.
    assert rows_of(wait(many.dispatch(**at)).results(output_mode="json")) == []
    job = wait(many.dispatch(**{"dispatch.earliest_time": NOW - 121, "dispatch.latest_time": NOW}))
    assert rows_of(job.results(output_mode="json")) == []
    assert many.refresh()["dispatch.earliest_time"] == "-10m"


def test_scheduled_times(service: Any) -> None:
    times = [int(at.timestamp()) for at in service.saved_searches["Many"].scheduled_times("now", "+12m")]
    assert times == [int(NOW), int(NOW) + 300, int(NOW) + 600]


def test_dispatch_may_trigger_the_alert(stand: Stand, service: Any) -> None:
    many = service.saved_searches["Many"]
    many.dispatch(trigger_actions=1)
    groups = {group.name: group for group in service.fired_alerts}
    assert (groups["Many"].count, groups["-"].count) == (2, 2)
    alerts = groups["Many"].alerts.list()
    assert {alert["savedsearch_name"] for alert in alerts} == {"Many"}
    assert (alerts[0]["severity"], alerts[0]["digest_mode"], alerts[0]["triggered_alerts"]) == ("4", "0", "1")
    assert many.refresh().alert_count == 2
    assert many.suppressed == 3600
    many.dispatch(trigger_actions=1)  # throttled by who
    assert many.refresh().alert_count == 2
    many.acknowledge()
    assert many.suppressed == 0
    many.dispatch(trigger_actions=1)
    assert many.refresh().alert_count == 4
    payloads = stand_app.told(stand.splunkd.home.root)
    assert [payload["result"]["who"] for payload in payloads] == ["ana", "zoe", "ana", "zoe"]


def test_macros_are_read_anew(stand: Stand, service: Any) -> None:
    macro = service.confs["macros"]["least"]
    assert macro["definition"] == "2"
    macro.update(definition="3")
    try:
        rows = rows_of(wait(service.saved_searches["Many"].dispatch()).results(output_mode="json"))
        assert rows == [{"who": "ana", "count": "3"}]
        assert service.macros["least"].definition == "3"
    finally:
        macro.submit({"definition": "2"})


# -- one KV store


def test_what_a_search_writes_is_in_the_collection_and_back(service: Any) -> None:
    rows_of(service.jobs.oneshot(COUNT + " | eval _key=who | outputlookup seen", output_mode="json"))
    data = service.kvstore["seen"].data
    assert {record["_key"]: record["count"] for record in data.query()} == {"ana": 3, "zoe": 2, "bo": 1, "cy": 1}
    data.update("bo", {"who": "bo", "count": 40, "nested": {"kept": [1, 2]}})
    data.delete_by_id("cy")
    rows = rows_of(service.jobs.oneshot("| inputlookup seen | sort - count | table who count", output_mode="json"))
    assert rows == [{"who": w, "count": c} for w, c in (("bo", "40"), ("ana", "3"), ("zoe", "2"))]
    append = '| makeresults | eval _key="dee", who="dee", count=7 | outputlookup append=true key_field=_key seen'
    rows_of(service.jobs.oneshot(append, output_mode="json"))
    assert data.query_by_id("dee")["count"] == 7
    assert data.query_by_id("bo")["nested"] == {"kept": [1, 2]}
