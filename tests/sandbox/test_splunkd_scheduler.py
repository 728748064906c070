"""Scheduling by Splunk's words, over simulated time and with an engine that only notes what it is asked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from sandbox.cli import simulation
from sandbox.confs import read_conf
from sandbox.splunkd.arrivals import polled
from sandbox.splunkd.cron import CronError, CronSchedule, zone_named
from sandbox.splunkd.findings import finding_of
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearchError, chosen, read_saved_searches
from sandbox.splunkd.scheduler import RUN_ON_SECONDS, History, Outcome, Scheduler
from sandbox.splunkd.triggers import Trigger, TriggerError

DAY = 1_700_006_400  # 2023-11-15 00:00:00 UTC

BASE = {
    "enableSched": "1",
    "disabled": "1",
    "cron_schedule": "*/5 * * * *",
    "dispatch.earliest_time": "-10m@m",
    "dispatch.latest_time": "now",
    "counttype": "number of events",
    "relation": "greater than",
    "quantity": "0",
    "alert.track": "1",
    "alert.severity": "5",
}


def stanza(search: str = "index=x", **settings: str) -> dict[str, str]:
    return {**BASE, "search": search, **{key.replace("__", "."): value for key, value in settings.items()}}


class Notes:
    """Stands in for the search engine; `answer` gives the rows of a run."""

    def __init__(self, answer: Callable[[str, float, list[IndexedEvent]], Sequence[Mapping[str, Any]]]) -> None:
        self.answer = answer
        self.seen: list[IndexedEvent] = []
        self.runs: list[tuple[float, str, int]] = []
        self.conditions: list[str] = []

    def add(self, events: Sequence[IndexedEvent]) -> None:
        self.seen.extend(events)

    def run(self, search: Any, now: float) -> Outcome:
        self.runs.append((now, search.name, len(self.seen)))
        return Outcome(self.answer(search.name, now, self.seen))

    def apply(self, condition: str, rows: Sequence[Mapping[str, Any]], now: float) -> Sequence[Mapping[str, Any]]:
        self.conditions.append(condition)
        return [row for row in rows if row["n"] > 1]


def event(arrives: float, at: float | None = None) -> IndexedEvent:
    return IndexedEvent("{}", arrives if at is None else at, arrives, "h", "s", "slack:audit", "slack_audit")


def simulate(
    stanzas: Mapping[str, Mapping[str, str]],
    answer: Callable[[str, float, list[IndexedEvent]], Sequence[Mapping[str, Any]]],
    events: Sequence[IndexedEvent] = (event(DAY + 30),),
    **options: Any,
) -> tuple[History, Notes]:
    notes = Notes(answer)
    history = Scheduler(read_saved_searches(stanzas), notes).run(events, **options)
    return history, notes


def test_runs_at_each_due_minute_until_every_settle_lag_has_passed() -> None:
    _, notes = simulate({"a": stanza()}, lambda *_: [])
    times = [now for now, _, _ in notes.runs]
    assert times[0] == DAY + 300
    assert {later - earlier for earlier, later in zip(times, times[1:])} == {300}
    assert times[-1] + 300 > DAY + 30 + RUN_ON_SECONDS >= times[-1]
    assert RUN_ON_SECONDS >= 3 * 3600


def test_a_slow_alert_comes_round_after_the_last_event() -> None:
    _, notes = simulate({"a": stanza(cron_schedule="20 */6 * * *")}, lambda *_: [])
    assert [now - DAY for now, _, _ in notes.runs] == [1200, 22_800]


def test_a_weekly_report_is_not_waited_for() -> None:
    """It finds nothing, and everything else would run on for two weeks without an entry."""
    weekly = stanza(cron_schedule="0 7 * * 1")
    _, notes = simulate({"a": stanza(), "Slack - Reviews Due - Report": weekly}, lambda *_: [])
    assert max(now for now, _, _ in notes.runs) <= DAY + 30 + RUN_ON_SECONDS


def test_searches_of_one_minute_run_in_order_of_name() -> None:
    _, notes = simulate({"b": stanza(), "c": stanza(cron_schedule="*/10 * * * *"), "a": stanza()}, lambda *_: [])
    assert [name for _, name, _ in notes.runs][:5] == ["a", "b", "a", "b", "c"]


def test_a_run_sees_what_had_arrived_and_nothing_else() -> None:
    events = [event(DAY + 10), event(DAY + 300), event(DAY + 300.5), event(DAY + 899)]
    _, notes = simulate({"a": stanza()}, lambda *_: [], events)
    assert [seen for _, _, seen in notes.runs][:4] == [2, 3, 4, 4]


def test_shipped_as_disabled_is_run_here_unless_told_otherwise() -> None:
    searches = read_saved_searches({"a": stanza(), "b": stanza(disabled="0")})
    notes = Notes(lambda *_: [])
    Scheduler(searches, notes, run_disabled=False).run([event(DAY)])
    assert {name for _, name, _ in notes.runs} == {"b"}


def test_what_is_not_scheduled_does_not_run() -> None:
    assert read_saved_searches({"report": {"search": "x"}, "off": stanza(enableSched="0")}) == []


def test_one_finding_for_each_result_and_throttled_by_field_values() -> None:
    rows = [{"entity": "ana", "n": 1}, {"entity": "ben", "n": 2}, {"entity": "ana", "n": 3}]
    settings = stanza(
        alert__digest_mode="0",
        alert__suppress="1",
        alert__suppress__fields="entity",
        alert__suppress__period="1h",
    )
    history, _ = simulate({"a": settings}, lambda *_: rows)
    fired = [(finding["triggered_at"] - DAY, finding["entity"], finding["n"]) for finding in history.findings]
    assert fired == [(at, who, n) for at in (300, 3900, 7500) for who, n in (("ana", 1), ("ben", 2))]
    assert history.suppressed == history.runs * 3 - len(fired)


def test_throttling_compares_values_as_they_are_and_joins_multivalues() -> None:
    answers = iter(
        [
            [{"e": "A", "ids": ["1", "2"]}],
            [{"e": "a", "ids": ["1", "2"]}],
            [{"e": "A", "ids": ["1"]}],
            [{"e": "A", "ids": ["1", "2"]}],
        ]
    )
    settings = stanza(
        alert__digest_mode="0",
        alert__suppress="1",
        alert__suppress__fields="e, ids",
        alert__suppress__period="2d",
    )
    history, _ = simulate({"a": settings}, lambda *_: next(answers, []))
    assert [(finding["e"], finding["ids"]) for finding in history.findings] == [
        ("A", ["1", "2"]),
        ("a", ["1", "2"]),
        ("A", ["1"]),
    ]


def test_digest_mode_fires_once_for_all_results_and_throttles_the_search() -> None:
    settings = stanza(alert__suppress="1", alert__suppress__period="1h")
    history, _ = simulate({"a": settings}, lambda *_: [{"n": 1}, {"n": 2}])
    alerts = history.fired.shown_at(DAY + 300)
    assert len(alerts) == 1 and alerts[0].digest and len(alerts[0].results) == 2
    assert [finding["triggered_at"] - DAY for finding in history.findings] == [
        300,
        300,
        3900,
        3900,
        7500,
        7500,
    ]


def test_without_throttling_every_run_fires() -> None:
    history, _ = simulate({"a": stanza(alert__digest_mode="0")}, lambda *_: [{"n": 1}])
    assert len(history.findings) == history.runs and history.suppressed == 0


def test_fired_alerts_expire_and_only_tracked_ones_are_listed() -> None:
    stanzas = {
        "seen": stanza(cron_schedule="0 1 * * *", alert__expires="2h"),
        "silent": stanza(cron_schedule="0 1 * * *", alert__track="0"),
    }
    history, _ = simulate(stanzas, lambda *_: [{"n": 1}])
    assert len(history.findings) == history.runs >= 2
    (alert,) = history.fired.shown_at(DAY + 3600)
    assert (alert.search, alert.severity, alert.severity_name) == ("seen", 5, "high")
    assert history.fired.shown_at(DAY + 3599) == []
    assert len(history.fired.shown_at(DAY + 3 * 3600 - 1)) == 1
    assert history.fired.shown_at(DAY + 3 * 3600) == []


def test_a_custom_condition_is_a_search_over_the_results() -> None:
    settings = stanza(counttype="custom", alert_condition="search n>1", alert__digest_mode="0")
    for name in ("relation", "quantity"):
        settings.pop(name)
    history, notes = simulate(
        {"a": settings}, lambda _, now, __: [{"n": 1}, {"n": 2}] if now == DAY + 300 else [{"n": 1}]
    )
    # The condition decides whether it fires; all results are the alert's.
    assert [finding["n"] for finding in history.findings] == [1, 2]
    assert set(notes.conditions) == {"search n>1"}


@pytest.mark.parametrize(
    ("relation", "quantity", "counts", "fires"),
    [
        ("greater than", "2", [2, 3], [False, True]),
        ("less than", "1", [1, 0], [False, True]),
        ("equal to", "2", [1, 2], [False, True]),
        ("not equal to", "0", [0, 4], [False, True]),
        ("rises by", "3", [2, 5, 7], [False, True, False]),
        ("drops by", "2", [5, 4, 2], [False, False, True]),
    ],
)
def test_relations(relation: str, quantity: str, counts: list[int], fires: list[bool]) -> None:
    trigger = Trigger.read({"counttype": "number of events", "relation": relation, "quantity": quantity})
    before = [0, *counts]
    rows = [[{}] * count for count in counts]
    assert [trigger.holds(r, b, lambda *_: []) for r, b in zip(rows, before)] == fires


def test_hosts_and_sources_are_counted_once() -> None:
    trigger = Trigger.read({"counttype": "number of hosts", "relation": "greater than", "quantity": "1"})
    assert not trigger.holds([{"host": "a"}, {"host": "a"}, {}], 0, lambda *_: [])
    assert trigger.holds([{"host": "a"}, {"host": "b"}], 0, lambda *_: [])


@pytest.mark.parametrize(
    "settings",
    [
        {"counttype": "number of cats", "relation": "greater than", "quantity": "0"},
        {"counttype": "number of events", "relation": "above", "quantity": "0"},
        {"counttype": "number of events", "relation": "greater than", "quantity": "some"},
        {"counttype": "custom"},
    ],
)
def test_an_unknown_condition_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(TriggerError):
        Trigger.read(settings)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"alert.supress": "1"}, r"\[a\] alert.supress: this setting is not known"),
        ({"dispatch.earliest": "-1h"}, "dispatch.earliest: this"),
        ({"cron_schedule": "*/5 * * *"}, "five fields"),
        ({"cron_schedule": "0 0 * * mon"}, "five fields"),
        ({"cron_schedule": ""}, "has no cron_schedule"),
        ({"search": " "}, "has no search"),
        ({"alert.severity": "9"}, "alert.severity = 9"),
        ({"alert.suppress": "1"}, "alert.suppress.period is missing"),
        (
            {"alert.suppress": "1", "alert.suppress.period": "1h", "alert.digest_mode": "0"},
            "suppress.fields is missing",
        ),
        ({"alert.expires": "soon"}, "alert.expires = soon"),
        ({"enableSched": "perhaps"}, "enableSched = perhaps"),
    ],
)
def test_a_stanza_that_cannot_be_scheduled_is_named(change: dict[str, str], complaint: str) -> None:
    with pytest.raises(SavedSearchError, match=complaint):
        read_saved_searches({"a": {**stanza(), **change}})


def test_the_shipped_searches_are_read_unmodified() -> None:
    searches = read_saved_searches(read_conf(repository_root() / "default" / "savedsearches.conf"))
    alerts = [search for search in searches if not search.is_baseline and not search.is_report]
    assert len(alerts) >= 15 and sum(search.is_baseline for search in searches) >= 3
    assert all(search.disabled and search.rule_ids for search in alerts)
    (u06,) = [search for search in alerts if search.answers_to("u06")]
    assert u06.slug == "slack_sign_in_after_failure_burst"
    assert u06.answers_to("Slack - Sign-in After Failure Burst - Rule")
    assert u06.answers_to("sign-in after failure burst")
    only = chosen(searches, ["U06"])
    assert [search for search in only if not search.is_baseline] == [u06]
    assert [search for search in only if search.is_baseline] == [search for search in searches if search.is_baseline]
    with pytest.raises(SavedSearchError, match="did you mean 'slack_owner_granted'"):
        chosen(searches, ["slack_owner_grantd"])


def test_cron_in_a_zone_keeps_its_hour_over_daylight_saving() -> None:
    schedule = CronSchedule("0 9 * * 1-5", zone_named("Europe/Berlin"))
    # Friday before and Monday after the change of 2024-03-31: 08:00 and 07:00 UTC.
    friday, monday = itertools.islice(schedule.from_(1_711_670_000), 2)
    assert (friday, monday) == (1_711_699_200, 1_711_954_800)


def test_cron_of_each_hour_agrees_with_the_general_way() -> None:
    for line in ("*/5 * * * *", "2-59/10 * * * *", "* * * * *", "7 * * * *", "0,30,59 * * * *"):
        fast = CronSchedule(line, timezone.utc).from_(DAY + 61)
        slow = CronSchedule(line, zone_named("Africa/Abidjan")).from_(DAY + 61)  # the same clock as UTC
        assert list(itertools.islice(fast, 200)) == list(itertools.islice(slow, 200))


@pytest.mark.parametrize("line", ["", "* * * *", "60 * * * *", "@daily", "0 0 31 2 1 2", "a b c d e"])
def test_no_cron_line(line: str) -> None:
    with pytest.raises(CronError):
        CronSchedule(line)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(CronError, match="'Mars/Olympus' is unknown"):
        zone_named("Mars/Olympus")


def test_the_types_of_a_finding() -> None:
    row = {
        "_time": "1700000000",
        "first_time": 1700000000.0,
        "last_time": "1700000000.5",
        "risk_score": "60",
        "count": "3",
        "event_ids": "one",
        "mitre_attack": ["T1", "T2"],
        "user": "x",
        "extra": 1.0,
    }
    finding = finding_of(row, "Search", 1700000300.0)
    assert finding["_time"] == 1700000000 and isinstance(finding["_time"], int)
    assert finding["last_time"] == 1700000000.5 and finding["count"] == 3 and finding["risk_score"] == 60
    assert finding["event_ids"] == ["one"] and finding["mitre_attack"] == ["T1", "T2"]
    assert finding["src"] is None and finding["extra"] == 1
    assert finding["triggered_at"] == 1700000300 and finding["search"] == "Search"
    assert finding_of({}, "s", 0)["event_ids"] == []


def test_alerts_start_where_told_and_baselines_at_the_first_event() -> None:
    stanzas = {
        "x - Lookup Gen": {key: value for key, value in stanza().items() if not key.startswith("alert")},
        "rule": stanza(),
    }
    _, notes = simulate(stanzas, lambda *_: [], alerts_from=DAY + 3600)
    first = {name: min(now for now, who, _ in notes.runs if who == name) for name in stanzas}
    assert first == {"x - Lookup Gen": DAY + 300, "rule": DAY + 3600}


def test_arrival_is_within_a_poll_and_the_same_each_time() -> None:
    delays = {polled(DAY, f'{{"id":"{number}"}}') - DAY for number in range(500)}
    assert min(delays) >= 1 and max(delays) <= 60 and len(delays) > 50
    assert polled(DAY, "x") == polled(DAY, "x")


def test_the_clock_jumps_over_years_of_silence_and_says_so() -> None:
    year = 365 * 86_400
    events = [event(0), event(DAY), event(DAY + year)]
    history, notes = simulate({"a": stanza()}, lambda *_: [], events)
    times = [now for now, _, _ in notes.runs]
    assert len(times) < 3 * (RUN_ON_SECONDS // 300 + 1) + 1
    assert {seen for _, _, seen in notes.runs} == {1, 2, 3}
    assert history.jumps == [(RUN_ON_SECONDS, DAY), (DAY + RUN_ON_SECONDS, DAY + year)]


def test_a_quiet_month_is_run_through() -> None:
    history, notes = simulate({"a": stanza()}, lambda *_: [], [event(DAY), event(DAY + 35 * 86_400)])
    assert history.jumps == [] and len(notes.runs) > 35 * 288


def test_a_simulation_leaves_the_runs_of_its_last_day_in_the_schedulers_log() -> None:
    """Those before its last event; the hours that it runs on beyond are not yet there for whoever lives on."""
    kept: list[Any] = []
    home = SimpleNamespace(logs=Path("/opt/splunk/var/log/splunk"))
    stand = SimpleNamespace(app_id="app", home=home, internal=SimpleNamespace(add=kept.extend))
    end = 1_709_553_600
    runs = simulation._LastRuns(stand, float(end))  # type: ignore[arg-type]
    search = SimpleNamespace(name="Slack - X - Rule", action_names=["slack_audit_finding"])
    for slot in (end - 27 * 3600, end - 3600, end, end + 300):
        runs.note(search, slot, 2)  # type: ignore[arg-type]
    runs.keep()
    assert [event.time for event in kept] == [end - 3600, end]
    assert {(event.sourcetype, event.index) for event in kept} == {("scheduler", "_internal")}
    assert 'savedsearch_name="Slack - X - Rule"' in kept[0].data and "result_count=2" in kept[0].data
    assert kept[0].data.startswith("03-04-2024 11:00:00.000 +0000 INFO  SavedSplunker - ")
