"""The dashboard of findings: filters, one finding with its evidence, what is near it, and what happened next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import spl
from sandbox.spl.knowledge import Knowledge
from slack_audit_monitor.finding import finding_of
from tests.app import view_data
from tools.views import read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = Knowledge.load(ROOT)
VIEW = next(view for view in read_views(ROOT) if view.name == "findings")
NOON = 1_772_366_400  # 2026-03-01T12:00:00Z
HOUR = 3600
ANOMALY = "Slack - Anomaly - Rule"


def entry(name: str, at: int, who: str, action: str, **details: Any) -> str:
    person = {"type": "user", "user": {"id": f"W0{who.upper()}", "name": who, "email": f"{who}@corp.example"}}
    document = {
        "id": name,
        "date_create": at,
        "action": action,
        "actor": person,
        "entity": person,
        "context": {"ip_address": "203.0.113.7", "ua": "Slack " + "x" * 3000},
        "details": details or None,
    }
    return json.dumps(document)


def finding(
    at: int, who: str, *, rule: str = ANOMALY, severity: str = "high", ids: int = 1, **more: Any
) -> dict[str, Any]:
    row = {
        "rule_id": "U18",
        "rule": rule,
        "severity": severity,
        "risk_score": "70",
        "entity": f"W0{who.upper()}|tor",
        "user": [f"{who}@corp.example"],
        "first_time": str(at),
        "last_time": str(at),
        "count": str(ids),
        "event_ids": ["odd", *(f"id-{n}" for n in range(ids - 1))],
        "mitre_attack": ["T1078.004"],
        "summary": f"Slack reported an anomaly of {who}.",
        "next_step": "Call the person.",
        "slack_organisation": [view_data.SOURCE],
        **more,
    }
    found = finding_of(row, NOON)
    return view_data.recorded(found, rule)


def id_of(event: dict[str, Any]) -> str:
    return str(json.loads(event["_raw"])["finding_id"])


AT = NOON - 30 * HOUR
IT = finding(AT, "ann")
BEFORE = finding(AT - 20 * HOUR, "ann", rule="Slack - Mass Download - Rule", severity="medium", entity="W0ANN|files")
AFTER = finding(AT + 2 * HOUR, "cy", rule="Slack - Admin Granted - Rule", src_user=["ann@corp.example"])
LONG_AGO = finding(AT - 60 * HOUR, "ann", rule="Slack - Export - Rule", severity="low")
STRANGER = finding(AT + HOUR, "bo", rule="Slack - Passkey Changed - Rule", slack_organisation=["slack_audit://lab"])
EVENTS: list[Any] = [
    entry("odd", AT, "ann", "anomaly", reason=["tor"]),
    entry("loot", AT + 90, "ann", "file_downloaded"),
    entry("loot", AT + 90, "ann", "file_downloaded"),
    entry("reset", AT + 120, "ann", "user_logout_compromised"),
    entry("bystander", AT + 60, "bo", "user_login"),
    entry("too late", AT + 25 * HOUR, "ann", "user_login"),
    *(IT, IT, BEFORE, AFTER, LONG_AGO, STRANGER),
]


def look(source: str, events: list[Any] = EVENTS, **tokens: str) -> list[dict[str, Any]]:
    defaults = {token: str(given["options"].get("defaultValue", "*")) for token, given in VIEW.inputs.items()}
    text = view_data.filled(VIEW.queries()[f"ds_{source}"], {**defaults, **tokens})
    return spl.search(text, events, now=NOON, earliest="-7d", latest="now", app=APP).rows


def rules(**tokens: str) -> set[str]:
    return {row["rule"] for row in look("table", **tokens)}


def test_the_list_has_each_finding_once_newest_first() -> None:
    assert [row["finding_id"] for row in look("table")] == [id_of(f) for f in (AFTER, STRANGER, IT, BEFORE, LONG_AGO)]


def test_filters() -> None:
    assert rules(severity="medium") == {"Mass Download"}
    assert rules(tier="archive") == {"Export"}
    assert rules(rule=ANOMALY) == {"Anomaly"}
    assert rules(entity="ann@corp.example") == {"Mass Download", "Anomaly", "Export", "Admin Granted"}
    assert rules(entity="W0ANN|files") == {"Mass Download"}
    assert rules(organisation="slack_audit://lab") == {"Passkey Changed"}


def test_one_finding_says_what_why_and_what_to_do() -> None:
    told = {row["about"]: str(row["text"]) for row in look("told", finding=id_of(IT))}
    assert told["What happened"] == "Slack reported an anomaly of ann."
    assert told["Why it matters"].startswith("Slack reported an anomaly. High with a reason")
    assert told["What to do"] == "Call the person."
    assert told["Known false alarms"]
    assert told["Entries below"] == "1 entry"
    assert [row["account"] for row in look("who", finding=id_of(IT))] == ["ann@corp.example"]
    assert look("told") == [], "no finding is chosen"


def test_a_long_list_of_entries_says_that_it_is_cut() -> None:
    many = finding(AT, "ann", ids=140)
    told = {row["about"]: str(row["text"]) for row in look("told", [many], finding=id_of(many))}
    assert told["Entries below"].startswith("140 (cut: ")


def test_its_evidence_is_the_whole_entry_whatever_the_time_range() -> None:
    rows = look("evidence", finding=id_of(IT))
    assert [row["slack_event_id"] for row in rows] == ["odd"]
    assert len(rows[0]["entry"]) > 3000
    assert json.loads(rows[0]["entry"])["id"] == "odd"


def test_what_is_near_it_and_what_happened_next() -> None:
    near = {(row["finding_id"], row["when"]) for row in look("near", finding=id_of(IT))}
    assert near == {(id_of(BEFORE), "before"), (id_of(AFTER), "after")}
    assert [row["slack_event_id"] for row in look("next", finding=id_of(IT))] == ["loot", "reset"]


def test_after_an_anomaly() -> None:
    rows = look("after")
    assert [(row["account"], row["reasons"], row["sessions_ended"], int(row["entries"])) for row in rows] == [
        ("ann@corp.example", "tor", "yes", 2)
    ]
    assert (rows[0]["first_act_after"], int(rows[0]["irreversible"])) == ("00:01:30", 1)


def test_no_data_is_no_zero() -> None:
    assert look("count", []) == [{"tile": "no data"}]
    assert look("count", EVENTS[:3]) == [{"tile": "0"}]
    assert look("worst", []) == [{"tile": "none"}]


def test_an_alert_of_the_site_has_no_text_of_ours() -> None:
    own = finding(AT, "ann", rule="Our own alert")
    told = {row["about"]: row["text"] for row in look("told", [own], finding=id_of(own))}
    assert told["Why it matters"] == "An alert of your site: see its description."
