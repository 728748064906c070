"""How the kit judges: what agrees, what differs, what every finding promises, and what a failure says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.detections.kit.findings import Expectation, pair_up
from tests.detections.kit.judge import Judge
from tests.detections.kit.problems import ScenarioError
from tests.detections.kit.promises import broken_promises
from tests.detections.kit.report import disagreement
from tests.detections.kit.sample import HEAD, START, sample_scenario

# --- Comparing ----------------------------------------------------------------------------


def expectation(**wanted: Any) -> Expectation:
    return Expectation(wanted, START, lambda label: [f"id-of-{label}"])


FINDING: dict[str, Any] = {
    "user": "ana@corp.example", "count": 10, "src": ["198.51.100.7", "203.0.113.9"], "entity": "W0ANA Brazil",
    "first_time": START + 60, "event_ids": ["id-of-a", "id-of-b"], "severity": "high",
    "summary": "Ana did it.",
}  # fmt: skip


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"user": "ana@corp.example"},
        {"count": 10},
        {"src": ["203.0.113.9", "198.51.100.7"]},
        {"entity": {"contains": ["w0ana", "brazil"]}},
        {"entity": {"lacks": "Chile"}},
        {"severity": {"one_of": ["high", "critical"]}},
        {"first_time": "+1m"},
        {"events": ["a", "b"]},
        {"mentions": ["did it", "203.0.113"]},
        {"silent_on": "unknown"},
        {"details": []},
    ],
)
def test_what_agrees(wanted: dict[str, Any]) -> None:
    assert expectation(**wanted).differences(FINDING) == {}


@pytest.mark.parametrize(
    "wanted",
    [
        {"user": "Ana@corp.example"},
        {"count": 1},
        {"count": []},
        {"src": "203.0.113.9"},
        {"src": []},
        {"entity": "W0ANA"},
        {"entity": {"contains": ["W0ANA", "Chile"]}},
        {"entity": {"lacks": "Brazil"}},
        {"severity": {"one_of": ["low"]}},
        {"first_time": "+0s"},
        {"last_time": "+0s"},
        {"events": ["a"]},
        {"events": ["a", "b", "c"]},
        {"mentions": ["Zoe"]},
        {"silent_on": ["did it"]},
        {"details": "x"},
    ],
)
def test_what_differs(wanted: dict[str, Any]) -> None:
    assert list(expectation(**wanted).differences(FINDING)) == list(wanted)


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(ScenarioError, match="operators are contains, lacks, one_of"):
        expectation(entity={"contain": "x"})


def test_pairs_are_found_even_when_one_expectation_accepts_all() -> None:
    findings = [{"user": "ana"}, {"user": "bo"}]
    assert pair_up([expectation(), expectation(user="ana")], findings) == {0: 1, 1: 0}
    assert len(pair_up([expectation(user="ana"), expectation(user="ana")], findings)) == 1


def test_a_note_says_what_is_missing_and_what_came_instead(tmp_path: Path) -> None:
    case = sample_scenario(tmp_path, "  - {name: a, events: [], alerts: []}\n").cases[0]
    lines = "\n".join(disagreement(case, [expectation(user="bo")], [FINDING]))
    assert "expected 1 finding, got 1" in lines
    assert "missing: user bo" in lines
    assert "nearest finding differs in user: expected 'bo', got 'ana@corp.example'" in lines
    assert "first_time='+60s'" in lines
    assert disagreement(case, [expectation(user="ana@corp.example")], [FINDING]) == []
    assert "not expected" in "\n".join(disagreement(case, [], [FINDING]))


# --- Promises -----------------------------------------------------------------------------

SOUND: dict[str, Any] = {
    "_time": START, "rule_id": "U20", "rule": "Slack - Owner Granted - Rule", "severity": "critical",
    "risk_score": 90,
    "entity": "W0ANA", "user": "ana", "src": None, "first_time": START, "last_time": START, "count": 1,
    "event_ids": ["x"], "mitre_attack": ["T1098.003"], "summary": "Ana did it.", "next_step": "Ask her.",
    "slack_organisation": ["slack_audit://prod"],
}  # fmt: skip


def promises(**changes: Any) -> list[str]:
    return broken_promises(
        {**SOUND, **changes}, detection="Slack - Owner Granted - Rule", rule_id="U20", entry_ids={"x", "y"}
    )


def test_a_sound_finding_breaks_no_promise() -> None:
    assert promises() == []
    assert promises(rule_id="U20.high") == []


def test_an_alert_may_stand_for_several_rows() -> None:
    for given, sound in (("U57", True), ("U56.weakened", True), ("U5", False), ("U571", False)):
        wrong = broken_promises(
            {**SOUND, "rule_id": given}, detection=SOUND["rule"], rule_id="U56 U57", entry_ids={"x", "y"}
        )
        assert (wrong == []) is sound, wrong


@pytest.mark.parametrize(
    "changes",
    [
        {"rule_id": "U21"}, {"rule_id": "U201"}, {"rule": "Owner"}, {"severity": "urgent"},
        {"risk_score": None},
        {"risk_score": 101}, {"entity": ""}, {"entity": ["a", "b"]}, {"first_time": START + 1},
        {"last_time": "noon"},
        {"count": 0}, {"event_ids": []}, {"event_ids": ["z"]}, {"mitre_attack": []}, {"summary": "Ana did"},
        {"next_step": None}, {"_time": None}, {"slack_organisation": []},
    ],
)  # fmt: skip
def test_each_promise_can_be_broken(changes: dict[str, Any]) -> None:
    assert promises(**changes)


# --- The verdict --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


GRANT = "    events: [{ at: +0m, who: ana, did: role_change_to_owner, to: p1, id: grant }]\n"


def test_a_case_that_holds_has_no_complaint(tmp_path: Path, judge: Judge) -> None:
    case = sample_scenario(tmp_path, f"  - name: one\n{GRANT}    alerts: [{{ events: [grant] }}]\n").cases[0]
    assert judge.complaint(case) is None


def test_a_case_that_does_not_hold_reads_like_a_case_note(tmp_path: Path, judge: Judge) -> None:
    case = sample_scenario(tmp_path, f"  - name: one\n{GRANT}    alerts: []\n").cases[0]
    note = judge.complaint(case)
    assert note is not None
    assert "slack_owner_granted :: one" in note
    assert "Somebody becomes an owner." in note
    assert "expected 0 findings, got 1 finding" in note
    assert "not expected: rule_id='U20'" in note
    assert "+0s, arrived +45s: role_change_to_owner by W0ANA from 203.0.113.9 (grant)" in note
    assert "Rows after each pipe, run of Tue 2026-03-03 09:0" in note
    assert "index → 1 " in note


def test_the_note_shows_which_stage_dropped_the_rows(tmp_path: Path, judge: Judge) -> None:
    case = sample_scenario(
        tmp_path,
        "  - name: one\n    macros: { slack_owner_granted_filter: search entity=somebody_else }\n"
        f"{GRANT}    alerts: [{{}}]\n",
    ).cases[0]
    note = judge.complaint(case)
    assert note is not None
    assert "expected 1 finding, got 0 findings" in note
    assert "1 → 0      search entity=somebody_else" in note


@pytest.mark.parametrize(
    ("cases", "complaint"),
    [
        (f"  - name: one\n    macros: {{ slack_owner_granted_windw: 5 }}\n{GRANT}    alerts: []\n", "no macro"),
        (f"  - name: one\n    lookups: {{ slack_audit_ofices: [] }}\n{GRANT}    alerts: []\n", "no lookup"),
    ],
)
def test_a_macro_or_lookup_that_the_app_lacks_is_refused(
    tmp_path: Path, judge: Judge, cases: str, complaint: str
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        judge.complaint(sample_scenario(tmp_path, cases).cases[0])


def test_an_alert_that_the_app_lacks_is_refused(tmp_path: Path, judge: Judge) -> None:
    head = HEAD.replace("Owner Granted", "Owner Grunted")
    with pytest.raises(ScenarioError, match="has no scheduled search 'Slack - Owner Grunted - Rule'"):
        judge.complaint(sample_scenario(tmp_path, f"  - name: one\n{GRANT}    alerts: []\n", head).cases[0])
