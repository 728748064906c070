"""From the schedule to the stored digest: search, alert action as a process, event, macro, mail; without a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import splunklib.results

from tests.digest.digest_world import DIGEST, MAIL, MORNING, VOLUMES, World, entry, finding

pytestmark = pytest.mark.once

DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def entries(number: int, action: str = "user_login", before: float = 4_000) -> list[str]:
    return [entry(index, action, MORNING - before - index) for index in range(number)]


def test_three_things_of_a_day_with_why_people_findings_and_link(world: World) -> None:
    world.add(entries(25))
    world.found(
        finding(1, entity="W01", user=["zoe@corp.example"], severity="medium", risk_score=40, rule_id="U07"),
        finding(2, entity="W01", user=["zoe@corp.example"], severity="critical", risk_score=90, rule_id="U20"),
        finding(3, entity="W02", user=["max@corp.example"], src_user=[], severity="high"),
        finding(4, entity="W03", user=["ida@corp.example"], src_user=[], severity="medium", risk_score=40),
        finding(5, entity="W04", user=["tom@corp.example"], src_user=[], severity="medium", risk_score=39),
        finding(6, entity="W05", user=["sam@corp.example"], src_user=[], severity="low", risk_score=20),
    )
    world.the_day()
    digest = world.digest()
    assert digest["day"] == "2026-03-04" and digest["outcome"] == "things" and digest["findings"] == 6
    assert digest["headline"] == "4 things worth attention: 2 to act on now, 2 to look at today"
    first, second, third = digest["items"]
    assert first["finding_ids"] == [f"{2:016x}", f"{1:016x}"] and first["severity"] == "critical"
    assert first["people"] == ["zoe@corp.example", "bo@corp.example"]
    assert first["why"].startswith("Critical; 2 rules agree on it within")
    assert "form.account=zoe@corp.example&form.global_time.earliest=" in first["link"]
    assert [second["people"], third["people"]] == [["max@corp.example"], ["ida@corp.example"]]
    assert digest["written_by"] == "template" and digest["fallback"] == "none"
    assert "medium: Admin Granted: tom@corp.example" in digest["text"]  # the fourth is not told, but named
    assert digest["for_the_record"] == ["Admin Granted: 1 finding"]
    assert "event=digest_written" in world.log()


def test_it_is_found_through_its_macro_at_the_end_of_its_day(world: World) -> None:
    world.found(finding(1))
    world.the_day()
    (row,) = world.search("search `slack_audit_digests` | table _time day headline written_by text items")
    assert row["_time"].startswith("2026-03-04T06:00:00")
    assert row["day"] == "2026-03-04" and row["written_by"] == "template"
    assert json.loads(row["items"])[0]["finding_ids"] == [f"{1:016x}"]
    assert row["text"].startswith("Slack, Tuesday, 03 March 2026, 06:00 UTC to Wednesday")


def test_a_quiet_day_says_so_and_a_day_without_data_says_something_else(world: World) -> None:
    world.add(entries(25))
    world.the_day()
    quiet = world.digest()
    assert quiet["outcome"] == "quiet" and quiet["items"] == []
    assert quiet["headline"] == "a quiet day: nothing was found in 25 entries"
    assert "look whether the alerts of this app are switched on" in quiet["explanation"]  # none was ever recorded
    world.run_until(MORNING + DAY + 3_600, step=1_800)
    _, blind = world.written()
    assert blind["outcome"] == "no_data" and blind["headline"].startswith("no data: nothing was collected")
    assert "a blind one" in blind["explanation"]


def test_a_day_of_which_nobody_recorded_the_volume_is_not_known(tmp_path: Path) -> None:
    world = World(tmp_path, [DIGEST])
    try:
        world.the_day()
        digest = world.digest()
        assert digest["outcome"] == "unknown" and "Daily Volumes" in digest["explanation"]
    finally:
        world.close()


def test_findings_for_the_record_alone_are_a_quiet_day(world: World) -> None:
    world.add(entries(3))
    world.found(*(finding(number, severity="low", risk_score=20) for number in range(1, 4)))
    world.the_day()
    digest = world.digest()
    assert digest["outcome"] == "quiet" and digest["items"] == []
    assert digest["headline"] == "a quiet day: nothing to look at, 3 findings for the record alone"
    assert digest["explanation"] == ""


def test_a_finding_stands_in_exactly_one_digest_however_late_it_is(world: World) -> None:
    world.found(finding(1))
    world.the_day()
    # Its entries are of the day before, but it was recorded after the digest.
    world.found(finding(2, last_time=MORNING - 5_000, finding_time=MORNING - 5_000))
    world.run_until(MORNING + 2 * DAY + 3_600, step=1_800)
    cited = [item["finding_ids"] for digest in world.written() for item in digest["items"]]
    assert cited == [[f"{1:016x}"], [f"{2:016x}"]]


@pytest.mark.parametrize(
    ("change", "hours"),
    [(1_772_964_000, 23), (1_793_530_800, 25)],  # 06:00 in New York on 8 March and on 1 November 2026
)
def test_a_day_on_which_clocks_change_has_23_or_25_hours_and_leaves_nothing_out(
    tmp_path: Path, change: int, hours: int
) -> None:
    before = change - hours * 3_600  # 06:00 of the day before
    world = World(tmp_path, start=before - 3_600, zone=ZoneInfo("America/New_York"))
    try:
        for number in range(2 * (hours + 24)):  # two findings an hour, and an entry with each
            world.found(finding(number, finding_time=world.now, first_time=world.now, last_time=world.now))
            world.add([entry(number, "user_login", world.now)])
            world.run_until(world.now + 1_800)
        world.run_until(change + DAY + 3_600)
        _, day, next_day = world.written()
        assert (day["window_start"], day["window_end"], day["findings"]) == (before, change, 2 * hours)
        assert (next_day["window_start"], next_day["window_end"]) == (change, change + DAY)
        numbers = {one["name"]: one["number"] for one in day["volumes"]}
        assert numbers["entries"] == 48  # the volume of a day is that of 24 hours, so that days can be compared
    finally:
        world.close()


def test_what_the_organisation_never_saw_before(world: World) -> None:
    old, new = MORNING - 30 * DAY, MORNING - 5_000
    world.remember(
        "slack_audit_seen_countries",
        {"_key": "W1|*", "slack_actor_id": "W1", "value": "*", "first": old, "last": new},
        {"_key": "W1|Spain", "slack_actor_id": "W1", "value": "Spain", "first": new, "last": new},
        {"_key": "W2|Spain", "slack_actor_id": "W2", "value": "Spain", "first": new + 60, "last": new + 60},
        {"_key": "W1|Japan", "slack_actor_id": "W1", "value": "Japan", "first": new, "last": new},
        {"_key": "W3|Japan", "slack_actor_id": "W3", "value": "Japan", "first": old, "last": old},
    )
    world.remember(
        "slack_audit_app_inventory",
        {"_key": "A0OLD", "app_name": "Old", "first": old, "last": new},
        {"_key": "A0NEW", "app_name": "Courier", "first": new, "last": new, "installed_by": "bo@corp.example"},
    )
    for number, (organisation, channel, first) in enumerate(
        [("TKNOWN", "C1", old), ("TKNOWN", "C2", new), ("TNEW", "C2", new), ("TOWN", "own", new)]
    ):
        row = {"organisation": organisation, "channel": channel, "first": first, "channel_name": f"{first} sales"}
        world.remember("slack_audit_outside_organisations", {"_key": str(number), **row})
    world.remember(
        "slack_audit_findings",
        {"_key": "a", "rule_id": "U21", "entity": "WOLD", "first_time": old, "last_time": old},
    )
    world.found(
        finding(1, entity="WOLD", user=["old@corp.example"]),
        finding(2, entity="WNEW", user=["new@corp.example"], rule_id="U20"),
        finding(3, entity="WNOT", user=["not@corp.example"], rule_id="U22"),
    )
    world.the_day()
    digest = world.digest()
    things = {(thing["kind"], thing["name"], thing["detail"]) for thing in digest["new"]}
    assert things == {
        ("country", "Spain", "W1"),
        ("app", "Courier", "A0NEW, installed by bo@corp.example"),
        ("organisation", "TNEW", "channel sales"),
        ("administrator", "new@corp.example", "made so by bo@corp.example"),
    }
    assert digest["new_things"][0].startswith("administrator or owner: new@corp.example (made so by bo@corp.example), ")


def test_a_young_baseline_calls_nothing_new(world: World) -> None:
    world.remember(
        "slack_audit_seen_countries",
        {"_key": "W1|*", "slack_actor_id": "W1", "value": "*", "first": MORNING - 3 * DAY, "last": MORNING},
        {"_key": "W1|Spain", "slack_actor_id": "W1", "value": "Spain", "first": MORNING - 5_000, "last": MORNING},
    )
    world.the_day()
    digest = world.digest()
    assert digest["new"] == []
    assert digest["new_things"] == ["country: the history is younger than a week, so nothing can be called new yet"]


def test_volumes_against_other_days_of_the_same_kind(world: World) -> None:
    for days in range(1, 15):
        end = MORNING - days * DAY
        weekend = days in (2, 3, 9, 10)  # those that end on Monday and Sunday
        row = {"source": "slack_audit://prod", "entries": 5 if weekend else 100, "sign_ins": 50, "last": end}
        world.remember("slack_audit_daily_volumes", {"_key": f"prod|{days}", **row})
    world.add(entries(30, "file_downloaded") + [entry(1_000 + n, "user_login", MORNING - 9_000) for n in range(10)])
    world.the_day()
    numbers = {one["name"]: one for one in world.digest()["volumes"]}
    assert numbers["entries"] == {"name": "entries", "number": 40, "usual": 100.0, "verdict": "far less"}
    assert numbers["sign-ins"]["verdict"] == "far less"
    assert world.digest()["collection"] == [
        "slack_audit://prod: 40 entries (usually 100), newest entry 67 minutes before the end"
    ]


def test_controls_that_changed_weakened_first(world: World) -> None:
    world.found(
        finding(1, slack_direction="strengthened", severity="low", risk_score=20, summary="Stricter."),
        finding(2, slack_direction="weakened", severity="critical", risk_score=90, summary="Weaker."),
    )
    world.the_day()
    assert world.digest()["controls"] == ["weakened: Weaker.", "strengthened: Stricter."]


def test_a_second_run_of_the_day_is_known_and_one_that_says_more_takes_its_place(world: World) -> None:
    world.found(finding(1))
    world.the_day()
    before = world.digest()
    again(world)
    assert len(world.written()) == 1 and "event=digest_known" in world.log()
    world.now = MORNING - 100.0
    world.found(finding(2, entity="W9", user=["eve@corp.example"], src_user=[], severity="critical", risk_score=90))
    world.now = MORNING + 4_000.0
    again(world)
    first, second = world.written()
    assert (first["revision"], second["revision"]) == (1, 2) and first["digest_id"] == before["digest_id"]
    (shown,) = world.search("search `slack_audit_digests` | table revision findings")
    assert int(shown["revision"]) == 2 and int(shown["findings"]) == 2


def again(world: World) -> None:
    """The same scheduled run once more, as after a restart of the scheduler that forgot it."""
    (search,) = [search for search in world.splunkd.scheduler.scheduled() if search.name == DIGEST]
    world.splunkd.scheduler.run(search, MORNING + 2_700)


def test_without_its_collection_the_digest_is_written_all_the_same(world: World) -> None:
    world.found(finding(1))
    world.splunkd.kvstore.drop("slack_audit_digests")
    world.the_day()
    assert len(world.written()) == 1
    assert "event=digest_not_remembered" in world.log()


def test_an_index_that_is_not_there_is_one_clear_line(world: World) -> None:
    world.action(index="nowhere")
    world.found(finding(1))
    world.the_day()
    errors = [line for line in world.log().splitlines() if "level=ERROR" in line]
    assert len(errors) == 1 and "digest_not_written" in errors[0] and "nowhere" in errors[0]


@pytest.mark.parametrize("has_digest", [True, False])
def test_the_mail_is_the_text_or_says_that_there_is_none(tmp_path: Path, has_digest: bool) -> None:
    world = World(tmp_path, [DIGEST, VOLUMES, MAIL] if has_digest else [MAIL])
    try:
        world.found(finding(1))
        world.the_day()
        rows = mail_of(world)
        assert len(rows) == 1
        assert ("Look: " in rows[0]["text"]) == has_digest
        assert ("No daily digest was written" in rows[0]["text"]) != has_digest
    finally:
        world.close()


def mail_of(world: World) -> list[dict[str, Any]]:
    job = world.connect().saved_searches[MAIL].dispatch()
    while not job.is_done():
        pass
    rows = splunklib.results.JSONResultsReader(job.results(output_mode="json"))
    return [row for row in rows if isinstance(row, dict)]


def test_controls_are_those_of_the_posture_where_it_is_kept(world: World) -> None:
    common = {"place": "Corp", "changed_by": "bo@corp.example", "previous_value": "true", "value": "false"}
    world.remember(
        "slack_audit_control_states",
        {"_key": "1", "setting": "two factors", "direction": "weakened", "last": MORNING - 500, **common},
        {"_key": "2", "setting": "SSO", "direction": "strengthened", "last": MORNING - 600, **common},
        {"_key": "3", "setting": "sessions", "direction": "weakened", "last": MORNING - 2 * DAY, **common},
    )
    world.found(finding(1, slack_direction="weakened", summary="The same, as an alert has it."))
    world.the_day()
    assert world.digest()["controls"] == [
        "weakened: two factors in Corp, from true to false, by bo@corp.example, 2026-03-04 05:51 UTC",
        "strengthened: SSO in Corp, from true to false, by bo@corp.example, 2026-03-04 05:50 UTC",
    ]
