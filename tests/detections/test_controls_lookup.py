"""The table of controls, the terms that searches look for and the list of owner-level acts say the same."""

from __future__ import annotations

import csv
import re

import pytest

from sandbox.confs import AppConfs
from tests.detections.kit.contract import APP_ROOT, ActionList

pytestmark = pytest.mark.once

MACROS = {name: stanza["definition"] for name, stanza in AppConfs(APP_ROOT).conf("macros").items()}
with (APP_ROOT / "lookups" / "slack_audit_controls.csv").open(encoding="utf-8", newline="") as lines:
    CONTROLS = {row["slack_action"]: row for row in csv.DictReader(lines)}
RECORDS = ("U61", "U62")
RULES = ("weakens", "strengthens", "unknown", "order", "on", "off", "longer", "shorter", "more", "ranges", "policy")
OUTCOME = re.compile(r"quiet|U(5[6-9]|6[0-5])(\.weakened|\.shortened)? (critical|high|medium|low)")
#: Follow-ups of acts that the list of owner-level acts names already: U27 would tell the same act twice.
NO_ACTS_OF_THEIR_OWN = {name for name in CONTROLS if name.endswith("_notification_sent")}


def terms(macro: str) -> list[str]:
    return re.findall(r"TERM\(([^)]+)\)", MACROS[macro])


def test_every_action_is_slacks() -> None:
    actions = ActionList()
    assert [name for name in CONTROLS if name not in actions] == []


def test_every_action_is_searched_for_once() -> None:
    searched = terms("slack_audit_control_actions") + terms("slack_audit_record_actions")
    assert sorted(searched) == sorted(CONTROLS)


def test_records_are_apart_from_the_other_controls() -> None:
    assert {name for name, row in CONTROLS.items() if row["weakened"].startswith(RECORDS)} == set(
        terms("slack_audit_record_actions")
    )


@pytest.mark.parametrize("action", CONTROLS)
def test_a_row_can_be_read(action: str) -> None:
    row = CONTROLS[action]
    assert row["direction_by"] in RULES
    assert (row["direction_by"] == "order") is ("<" in row["scale"])
    outcomes = [row[name] for name in ("weakened", "unknown", "strengthened")]
    assert all(OUTCOME.fullmatch(outcome) for outcome in outcomes), outcomes
    assert len({outcome[:3] for outcome in outcomes} - {"qui"}) == 1
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique) for technique in row["mitre_attack"].split())
    old_and_new = {"T1562.001": "T1685", "T1562.007": "T1686.001", "T1562.008": "T1685.002"}
    for old, new in old_and_new.items():
        assert (old in row["mitre_attack"].split()) is (new in row["mitre_attack"].split())


def test_what_weakens_a_control_is_an_owner_level_act() -> None:
    listed = re.findall(r'"([\w.*]+)"', MACROS["slack_audit_owner_level_actions"])
    patterns = [re.compile(re.escape(name).replace(r"\*", ".*")) for name in listed]
    missing = {name for name in CONTROLS if not any(pattern.fullmatch(name) for pattern in patterns)}
    assert missing == NO_ACTS_OF_THEIR_OWN
