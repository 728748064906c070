"""Histories in the KV store: filled from what was collected before, pruned by age, losing nothing written meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.inputs import InputEvent
from tests.sandbox import stand_app

pytestmark = pytest.mark.once

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC, a Monday
LATER = NOON + 3 * 3600 + 45 * 60  # 15:45: the cleanup of 15:29 is due
DAY = 86_400
CLEANUP = "Slack - Old History - Lookup Cleanup"
CONFS = AppConfs(repository_root())
SAVED = CONFS.conf("savedsearches")
BACKFILLS = [name for name in SAVED if name.endswith(" - Lookup Backfill")]
LONG = (
    *("slack_audit_accounts", "slack_audit_app_inventory", "slack_audit_publishers"),
    *("slack_audit_guest_inventory", "slack_audit_outside_organisations", "slack_audit_tokens"),
)
DECIDED = {"slack_audit_app_reviews", "slack_audit_guest_reviews", "slack_audit_organisation_reviews"}
"""What people wrote down: never removed."""
NOTES = {"slack_audit_session_sightings": 6, "slack_audit_download_pace": 72}  # hours
LASTING = ("slack_audit_control_states", "slack_audit_inputs")
WITHOUT_FIRST_FILL = {
    "Slack - Download Pace - Lookup Gen",  # looks back four hours
    "Slack - Collected Data - Lookup Gen",  # looks at 400 days each time
}


class World:
    def __init__(self, folder: Path) -> None:
        self.now = float(NOON)
        self.splunkd = Splunkd.open(folder, repository_root(), clock=lambda: self.now, arrival=lambda at, raw: self.now)
        self.service = stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)

    def sign_in(self, who: str, at: float, address: str = "198.51.100.7") -> None:
        person = {"type": "user", "user": {"id": who, "email": f"{who.lower()}@corp.example"}}
        entry = {
            "id": f"{who}-{int(at)}",
            "date_create": int(at),
            "action": "user_login",
            "actor": person,
            "entity": person,
            "context": {"ip_address": address},
        }
        self.splunkd.index.add([InputEvent(json.dumps(entry), None, "h", "slack_audit", "slack:audit", "slack_audit")])

    def dispatch(self, name: str) -> None:
        job = self.service.saved_searches[name].dispatch()
        while not job.is_done():
            pass

    def rows(self, collection: str) -> dict[str, dict[str, Any]]:
        return {row["_key"]: row for row in self.splunkd.kvstore.query(collection, {})}

    def clean_up(self, **macros: str) -> None:
        """Run the cleanup as the scheduler does, this afternoon."""
        for name, definition in macros.items():
            self.splunkd.conf_store.write("macros", name, {"definition": definition})
        self.splunkd.conf_store.write("savedsearches", CLEANUP, {"disabled": "0"})
        self.splunkd.scheduler.tick(self.now)
        self.now = float(LATER)
        assert self.splunkd.scheduler.tick(self.now) == 1

    def log(self) -> str:
        path = self.splunkd.home.logs / "slack_audit_monitor.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.splunkd.close()


def test_every_baseline_has_a_first_fill_that_runs_the_same_text() -> None:
    gens = {name for name in SAVED if name.endswith(" - Lookup Gen")} - WITHOUT_FIRST_FILL
    assert {name.replace("Lookup Backfill", "Lookup Gen") for name in BACKFILLS} == gens
    for name in BACKFILLS:
        gen = SAVED[name.replace("Lookup Backfill", "Lookup Gen")]
        assert re.sub(r"```.*?```", "", gen["search"], flags=re.DOTALL).strip(" \n\\") == SAVED[name]["search"]
        assert "dispatch.index_earliest" not in SAVED[name]


@pytest.mark.parametrize("name", BACKFILLS)
def test_every_first_fill_runs_by_hand_also_on_nothing(world: World, name: str) -> None:
    world.dispatch(name)


def test_the_first_fill_gives_the_rows_of_a_month_of_runs_and_again_does_no_harm(world: World) -> None:
    for days_ago in (28, 20, 3):
        world.sign_in("W1", NOON - days_ago * DAY)
    world.sign_in("W2", NOON - 40 * DAY)  # older than what the rules look back at
    world.dispatch("Slack - Seen Addresses - Lookup Backfill")
    once = world.rows("slack_audit_seen_addresses")
    assert set(once) == {"W1|198.51.100.7", "W1|*"}
    row = once["W1|198.51.100.7"]
    assert (float(row["first"]), float(row["last"])) == (NOON - 28 * DAY, NOON - 3 * DAY)
    world.dispatch("Slack - Seen Addresses - Lookup Backfill")
    assert world.rows("slack_audit_seen_addresses") == once


def test_old_rows_go_and_young_ones_stay_in_every_collection(world: World) -> None:
    edge = LATER - 16 * 60 - 45 * DAY  # counted from the scheduled minute
    aged = {
        name: "indexed_at" if name == "slack_audit_judged_entries" else "last"
        for name in CONFS.conf("collections")
        if name not in ("slack_audit_checkpoints", *LONG, *LASTING, *NOTES, *DECIDED)
    }
    for name, field in aged.items():
        for key, at in (("old", edge - 1), ("edge", edge), ("young", edge + DAY)):
            world.splunkd.kvstore.insert(name, {"_key": key, field: at})
        world.splunkd.kvstore.insert(name, {"_key": "ageless"})
    for key, days in (("old", 401), ("dormant", 399)):
        for name in LONG:
            world.splunkd.kvstore.insert(name, {"_key": key, "last": LATER - days * DAY})
    for key, share in (("old", 1.1), ("fresh", 0.9)):
        for name, hours in NOTES.items():
            world.splunkd.kvstore.insert(name, {"_key": key, "last": LATER - share * hours * 3600})
    for key, days in (("old", 3_651), ("untouched for years", 3_649)):
        for name in LASTING:
            world.splunkd.kvstore.insert(name, {"_key": key, "last": LATER - days * DAY})
    world.splunkd.kvstore.insert("slack_audit_checkpoints", {"_key": "position", "seq": 1})
    for name in DECIDED:
        world.splunkd.kvstore.insert(name, {"_key": "A0", "reviewed_at": "2019-01-01", "due": "2019-04-01"})
    world.clean_up()
    assert {name: set(world.rows(name)) for name in aged} == {name: {"edge", "young", "ageless"} for name in aged}
    assert [set(world.rows(name)) for name in LONG] == [{"dormant"} for _ in LONG]
    assert [set(world.rows(name)) for name in LASTING] == [{"untouched for years"} for _ in LASTING]
    assert [set(world.rows(name)) for name in NOTES] == [{"fresh"} for _ in NOTES]
    assert set(world.rows("slack_audit_checkpoints")) == {"position"}
    assert [set(world.rows(name)) for name in DECIDED] == [{"A0"}] * 3
    assert world.log().count("event=history_pruned") == len(aged) + len(LONG) + len(LASTING) + len(NOTES)


def test_a_row_that_is_renewed_before_the_store_comes_to_it_stays(world: World) -> None:
    name = "slack_audit_seen_addresses"
    world.splunkd.kvstore.insert(name, {"_key": "W1|198.51.100.7", "last": NOON - 300 * DAY, "first": 1})
    world.sign_in("W1", NOON - 3 * DAY)
    world.dispatch("Slack - Seen Addresses - Lookup Backfill")
    world.clean_up()
    assert set(world.rows(name)) == {"W1|198.51.100.7", "W1|*"}


@pytest.mark.parametrize("days", ["5", "-1", '"soon"'])
def test_days_that_would_forget_too_much_are_raised_or_refused(world: World, days: str) -> None:
    name = "slack_audit_seen_networks"
    world.splunkd.kvstore.insert(name, {"_key": "young", "last": LATER - 36 * DAY})
    world.clean_up(slack_audit_history_days=days, slack_audit_baseline_days=days)
    assert set(world.rows(name)) == {"young"}
    assert "at least 37 are needed" in world.log()


def test_notes_that_the_next_run_needs_are_not_removed(world: World) -> None:
    world.splunkd.kvstore.insert("slack_audit_session_sightings", {"_key": "fresh", "last": LATER - 3 * 3600})
    world.clean_up(slack_audit_session_notes_hours="2")
    assert set(world.rows("slack_audit_session_sightings")) == {"fresh"}
    assert "at least 0.167 are needed" in world.log()
    assert "slack_audit_session_notes_hours" in world.log()


def test_a_long_baseline_keeps_its_history(world: World) -> None:
    world.splunkd.kvstore.insert("slack_audit_seen_networks", {"_key": "kept", "last": LATER - 90 * DAY})
    world.clean_up(slack_audit_baseline_days="90")
    assert set(world.rows("slack_audit_seen_networks")) == {"kept"}


def test_every_collection_has_an_age_or_is_known_to_have_none() -> None:
    ages = {"slack_audit_judged_entries": "indexed_at"}
    for name, stanza in CONFS.conf("collections").items():
        if name != "slack_audit_checkpoints" and name not in DECIDED:
            assert stanza.get(f"field.{ages.get(name, 'last')}") == "number", name
