"""What is known of each control: from entries in any order and portions, for several organisations, and of none."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import search
from tests.detections.kit.contract import APP_ROOT, ActionList

pytestmark = pytest.mark.once

CONFS = AppConfs(APP_ROOT)
LEARN = CONFS.conf("savedsearches")["Slack - Control States - Lookup Gen"]["search"]
INPUTS = CONFS.conf("savedsearches")["Slack - Collected Data - Lookup Gen"]["search"]
STATES, DATA = "slack_audit_control_states", "slack_audit_inputs"
NOW = 1_772_530_000
BEGAN = NOW - 40 * 86_400

Row = Mapping[str, Any]
with (APP_ROOT / "lookups" / "slack_audit_posture.csv").open(encoding="utf-8", newline="") as lines:
    POSTURE = {row["slack_action"]: row for row in csv.DictReader(lines)}
with (APP_ROOT / "lookups" / "slack_audit_controls.csv").open(encoding="utf-8", newline="") as lines:
    CONTROLS = {row["slack_action"]: row for row in csv.DictReader(lines)}


def change(number: int, action: str, where: str = "prod", **members: Any) -> dict[str, Any]:
    """The entry of second `number` of the story."""
    organisation = {"type": "enterprise", "enterprise": {"id": "E0CORP", "name": "Corp", "domain": "corp"}}
    entry = {
        "id": members.pop("id", f"e{number}"),
        "date_create": NOW - 3600 + number,
        "action": action,
        "actor": {"type": "user", "user": {"id": "W0ANA", "name": "Ana", "email": "Ana@corp.example"}},
        "entity": members.pop("entity", organisation),
        "context": {"ip_address": "192.0.2.10", "location": {"type": "enterprise", "id": "E0CORP", "name": "Corp"}},
        **members,
    }
    return {
        "_time": entry["date_create"],
        "_raw": json.dumps(entry),
        "source": f"slack_audit://{where}",
        "sourcetype": "slack:audit",
        "index": "slack_audit",
    }


def setting(number: int, action: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    return change(number, action, details={"previous_value": old, "new_value": new}, **more)


def hold(number: int, action: str, key: str = "LH1", **more: Any) -> dict[str, Any]:
    policy = {"id": key, "name": f"Case {key}"}
    return change(
        number, action, entity={"type": "legal_hold_policy", "legal_hold_policy": policy}, **more
    )


STORY = [
    setting(1, "pref.sso_setting_changed", "SSO_OPTIONAL", "SSO_REQUIRED"),
    setting(2, "pref.two_factor_auth_changed", "TWO_FACTOR_ENABLED", "TWO_FACTOR_DISABLED"),
    hold(3, "legal_hold_policy_created"),
    hold(4, "legal_hold_policy_created", "LH2"),
    hold(5, "legal_hold_policy_released"),
    setting(6, "pref.sso_setting_changed", "SSO_REQUIRED", "SSO_OPTIONAL"),
    change(7, "ip_allowlist_enabled"),
    setting(8, "pref.sso_setting_changed", "SSO_OPTIONAL", "SSO_REQUIRED", where="gov"),
]


def kept(entries: Sequence[Row], before: Mapping[str, Row] | None = None) -> dict[str, dict[str, Any]]:
    """The table after one run over these entries."""
    rows = {key: dict(row) for key, row in (before or {}).items()}
    other = [{"_key": "other", "organisation": "slack_audit://other", "last": 1}]
    result = search(LEARN, list(entries), now=NOW, lookups={STATES: list(rows.values()) or other})
    return {**rows, **{row["_key"]: dict(row) for row in result.rows}}


def by_setting(rows: Mapping[str, Row]) -> dict[tuple[str, ...], Row]:
    return {
        (str(row["organisation"]).removeprefix("slack_audit://"), row["setting"], row.get("object") or ""): row
        for row in rows.values()
    }


def test_the_latest_change_of_each_control() -> None:
    found = by_setting(kept(STORY))
    assert set(found) == {
        ("prod", "Single sign-on requirement", ""),
        ("prod", "Two-factor requirement", ""),
        ("prod", "Legal hold", "LH1"),
        ("prod", "Legal hold", "LH2"),
        ("prod", "IP allow list", ""),
        ("gov", "Single sign-on requirement", ""),
    }
    row = found["prod", "Single sign-on requirement", ""]
    assert {key: str(value) for key, value in row.items() if key != "_key"} == {
        "organisation": "slack_audit://prod",
        "place_id": "E0CORP",
        "place": "Corp",
        "area": "Sign-in",
        "setting": "Single sign-on requirement",
        "value": "SSO_OPTIONAL",
        "previous_value": "SSO_REQUIRED",
        "direction": "weakened",
        "changed_by": "ana@corp.example",
        "changed_by_id": "W0ANA",
        "src": "192.0.2.10",
        "slack_action": "pref.sso_setting_changed",
        "event_id": "e6",
        "last": str(NOW - 3600 + 6),
    }
    assert (found["prod", "Legal hold", "LH1"]["value"], found["prod", "Legal hold", "LH1"]["direction"]) == (
        "released",
        "weakened",
    )
    assert found["prod", "IP allow list", ""]["direction"] == "strengthened"
    assert found["gov", "Single sign-on requirement", ""]["value"] == "SSO_REQUIRED"


@pytest.mark.parametrize("cut", range(1, len(STORY)))
@pytest.mark.parametrize("backwards", [False, True])
def test_portions_and_their_order_do_not_matter(cut: int, backwards: bool) -> None:
    portions = [STORY[:cut], STORY[cut:]]
    rows: dict[str, dict[str, Any]] = {}
    for portion in reversed(portions) if backwards else portions:
        rows = kept(portion, rows)
    assert _texts(rows) == _texts(kept(STORY))


def test_copies_and_late_ones_do_not_matter() -> None:
    once = kept(STORY)
    for portion in itertools.islice(itertools.permutations(STORY, 2), 0, None, 6):
        assert _texts(kept([*portion, *portion], once)) == _texts(once)


def test_two_changes_of_one_second_give_one_row_whatever_their_order() -> None:
    pair = [
        setting(1, "pref.sso_setting_changed", "SSO_OPTIONAL", "SSO_REQUIRED", id="a"),
        setting(1, "pref.sso_setting_changed", "SSO_REQUIRED", "SSO_OPTIONAL", id="b"),
    ]
    together = _texts(kept(pair))
    assert together == _texts(kept(pair[::-1])) == _texts(kept(pair[:1], kept(pair[1:])))
    assert [row["event_id"] for row in together.values()] == ["b"]


def test_nothing_changes_nothing() -> None:
    once = kept(STORY)
    assert _texts(kept([], once)) == _texts(once)
    assert kept([change(1, "user_login")]) == {}


ODD: list[dict[str, Any]] = [
    {"details": None},
    {"details": {"new_value": None, "previous_value": None}},
    {"details": {"new_value": {"type": ["x" * 9_000]}, "previous_value": "[[["}},
    {"entity": None},
    {"entity": {"type": "legal_hold_policy"}},
    {"context": None},
    {"actor": None},
]


@pytest.mark.parametrize("members", ODD, ids=str)
@pytest.mark.parametrize("action", ["pref.who_can_manage_guests", "legal_hold_policy_updated", "auth_policy_created"])
def test_odd_entries_are_rows_with_what_they_tell(action: str, members: dict[str, Any]) -> None:
    (row,) = kept([change(1, action, **members)]).values()
    assert row["value"] and len(row["value"]) <= 500 and row["direction"] in ("unknown", "weakened")
    assert row["place"] and row["changed_by"]


VALUES = [
    ("pref.who_can_manage_guests", {"type": ["ADMINS"]}, {"type": ["everyone"]}, "weakened"),
    ("pref.who_can_manage_guests", {"type": ["everyone"]}, {"type": ["ADMINS"]}, "strengthened"),
    ("pref.disallow_public_file_urls", True, False, "weakened"),
    ("pref.disallow_public_file_urls", None, True, "strengthened"),
    ("pref.disallow_public_file_urls", True, True, "unchanged"),
    ("pref.max_guest_duration", 30, 90, "weakened"),
    ("pref.max_guest_duration", 30, 0, "weakened"),
    ("pref.app_whitelist_enabled", True, False, "weakened"),
    ("pref.app_whitelist_enabled", False, True, "strengthened"),
    ("pref.app_whitelist_enabled", ["A1"], ["A1", "A2"], "weakened"),
    ("pref.app_dir_only", True, True, "unchanged"),
    ("pref.session_duration_changed", "86400", "3600", "strengthened"),
    ("pref.public_channel_retention_changed", {"type": "days", "duration_days": 90},
     {"type": "days", "duration_days": 30}, "weakened"),
    ("pref.slack_connect_approval_type", "a", "b", "unknown"),
]


@pytest.mark.parametrize(("action", "old", "new", "direction"), VALUES)
def test_the_direction_of_a_change(action: str, old: Any, new: Any, direction: str) -> None:
    (row,) = kept([setting(1, action, old, new)]).values()
    assert row["direction"] == direction


# -- the table that the page shows


def table(states: Sequence[Row], inputs: Sequence[Row]) -> list[dict[str, Any]]:
    lookups: dict[str, Any] = {STATES: list(states), DATA: list(inputs)}
    return [dict(row) for row in search("| `slack_audit_posture_table`", [], now=NOW, lookups=lookups).rows]


def one(name: str, first: int = BEGAN) -> Row:
    return {"_key": name, "source": name, "first": first, "last": NOW, "indexed": NOW}


def test_what_was_never_changed_is_unknown_and_says_since_when() -> None:
    states = list(kept(STORY).values())
    rows = table(states, [one("slack_audit://prod"), one("slack_audit://gov", NOW - 86_400)])
    settings = {row["setting"] for row in POSTURE.values()}
    for name in ("prod", "gov"):
        assert {row["setting"] for row in rows if row["organisation"] == f"slack_audit://{name}"} == settings
    unknown = {(row["organisation"], row["setting"]): row["value"] for row in rows if row["status"] == "not seen"}
    assert unknown["slack_audit://prod", "Intune"] == "unknown: no change seen since 2026-01-22"
    assert unknown["slack_audit://gov", "Two-factor requirement"] == "unknown: no change seen since 2026-03-02"
    known = {(row["organisation"], row["setting"]): row for row in rows if row.get("event_id")}
    assert known["slack_audit://prod", "Two-factor requirement"]["status"] == "weakened"
    assert ("slack_audit://prod", "Two-factor requirement") not in unknown
    holds = {row["object_name"] for row in rows if row["setting"] == "Legal hold" and row.get("event_id")}
    assert holds == {"Case LH1", "Case LH2"}


def test_without_any_data_there_is_no_row_rather_than_a_reassuring_one() -> None:
    assert table([], []) == []


def test_since_when_there_is_data_only_reaches_further() -> None:
    rows: dict[str, dict[str, Any]] = {}
    old, new = change(1, "user_login"), change(900, "user_login")
    for portion in ([new], [old, new], [], [old]):
        held = list(rows.values()) or [{"_key": "x", "source": "x", "first": 1, "last": 1, "indexed": 1}]
        events = [{**event, "_indextime": NOW} for event in portion]
        found = search(INPUTS, events, now=NOW, earliest="-400d@d", latest="now", lookups={DATA: held})
        rows.update({row["_key"]: dict(row) for row in found.rows})
    (row,) = rows.values()
    assert (int(row["first"]), int(row["last"])) == (old["_time"], new["_time"])


# -- the list of settings


def test_every_action_is_slacks_and_searched_for_once() -> None:
    actions = ActionList()
    assert [name for name in POSTURE if name not in actions] == []
    macros = CONFS.conf("macros")
    text = " ".join(
        macros[f"slack_audit_{name}_actions"]["definition"] for name in ("posture", "control", "record")
    )
    told_only = {name for name in CONTROLS if name.endswith("_notification_sent")}
    assert sorted(set(re.findall(r"TERM\(([^)]+)\)", text)) - told_only) == sorted(POSTURE)


def test_controls_and_posture_tell_directions_alike() -> None:
    for name in set(POSTURE) & set(CONTROLS):
        assert (POSTURE[name]["direction_by"], POSTURE[name]["scale"]) == (
            CONTROLS[name]["direction_by"],
            CONTROLS[name]["scale"],
        ), name


def test_every_row_can_be_read() -> None:
    for row in POSTURE.values():
        _can_be_read(row)


def _can_be_read(row: Row) -> None:
    assert row["area"] and row["setting"] and "|" not in row["area"] + row["setting"]
    assert row["kept"] in ("place", "object")
    assert row["direction_by"] in (
        *("weakens", "strengthens", "unknown", "order", "on", "off", "longer", "shorter", "more", "ranges"),
        *("policy", "switch", "width"),
    )


def _texts(rows: Mapping[str, Row]) -> dict[str, dict[str, str]]:
    return {key: {name: str(value) for name, value in row.items()} for key, row in rows.items()}
