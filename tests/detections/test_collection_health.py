"""The health score: each staged trouble is a deduction with its reason and what to do, and nothing else is."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import search
from tests.detections.kit.contract import APP_ROOT

pytestmark = pytest.mark.once

NOW = 1_772_530_000
HOUR, DAY = 3_600, 86_400
SAVED = AppConfs(APP_ROOT).conf("savedsearches")
GEO = "cidr,country,city,lat,lon,asn,as_org\n192.0.2.0/24,Germany,Berlin,52.5,13.4,64500,Example\n"

Events = list[dict[str, Any]]


def rows_of(name: str) -> list[dict[str, str]]:
    with (APP_ROOT / "lookups" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


SEARCHES = {row["search"]: row for row in rows_of("slack_audit_searches")}
CHECKS = {row["check"]: row for row in rows_of("slack_audit_health_checks")}
RULES = [name for name, row in SEARCHES.items() if row["kind"] == "rule"]
HISTORIES = {
    name: [{"_key": "a", "last": NOW, "first": NOW}]
    for name in (
        *("slack_audit_accounts", "slack_audit_seen_addresses", "slack_audit_seen_countries"),
        *("slack_audit_seen_agents", "slack_audit_account_names", "slack_audit_app_inventory"),
    )
}


def log(ago: int, text: str, name: str = "prod") -> dict[str, Any]:
    """A line of the collector's log."""
    stamp = datetime.fromtimestamp(NOW - ago, timezone.utc)
    return {
        "_time": NOW - ago,
        "_raw": f"{stamp:%Y-%m-%d %H:%M:%S.000 +0000} level=INFO pid=7 input={name} {text}",
        "index": "_internal",
        "source": "/opt/splunk/var/log/splunk/slack_audit_monitor.log",
        "sourcetype": "slack_audit_monitor-too_small",
    }


def scheduled(ago: int, name: str, text: str = "status=success") -> dict[str, Any]:
    """A line of the scheduler's log."""
    stamp = datetime.fromtimestamp(NOW - ago, timezone.utc)
    about = f'savedsearch_id="nobody;slack_audit_monitor;{name}"'
    return {
        "_time": NOW - ago,
        "_raw": f"{stamp:%m-%d-%Y %H:%M:%S.000 +0000} INFO  SavedSplunker - {about}, {text}",
        "index": "_internal",
        "source": "/opt/splunk/var/log/splunk/scheduler.log",
        "sourcetype": "scheduler",
    }


def entry(ago: int, name: str = "prod") -> dict[str, Any]:
    """An entry, indexed a minute after it happened."""
    body = {"id": f"{name}-{ago}", "date_create": NOW - ago - 60, "action": "user_login", "entity": {}, "actor": {}}
    return {
        "_time": NOW - ago - 60,
        "_indextime": NOW - ago,
        "_raw": json.dumps(body),
        "index": "slack_audit",
        "source": f"slack_audit://{name}",
        "sourcetype": "slack:audit",
    }


def run_line(ago: int = 60, name: str = "prod", **fields: object) -> dict[str, Any]:
    told = {"outcome": "done", "entries": 9, "unknown_actions": 0, "odd_shapes": 0, "unreadable_seconds": 0}
    told.update({"lag_seconds": 60, **fields})
    text = " ".join(f'{key}="{value}"' for key, value in told.items())
    return log(ago, f"event=run_finished {text}", name)


def token_line(ago: int = 9 * HOUR, name: str = "prod", **fields: object) -> dict[str, Any]:
    told = {"owner": "W0OWNER", "is_wider_than_needed": "no", "wider_scopes": "none", "token_age_days": 9}
    told.update({"is_renewed_by_itself": "no", "token_since": "2026-02-20T00:00:00Z", **fields})
    text = " ".join(f'{key}="{value}"' for key, value in told.items())
    return log(ago, f"event=token_checked {text}", name)


def all_run() -> Events:
    """Every search of the app ran in its last period."""
    return [scheduled(60, name) for name in SEARCHES]


def well() -> Events:
    return [run_line(), token_line(), entry(120), *all_run()]


def deductions(
    tmp_path: Any, events: Events, lookups: Mapping[str, Any] | None = None, histories: Any = None
) -> list[dict[str, Any]]:
    geo = tmp_path / "geo.csv"
    geo.write_text(GEO)
    tables = {**(HISTORIES if histories is None else histories), **(lookups or {})}
    empty = {name: [{"_key": "-"}] for name in ()}
    result = search(
        "`slack_audit_health`", events, now=NOW, earliest="-26h", latest="now", lookups={**empty, **tables}, geo=geo
    )
    return [dict(row) for row in result.rows]


def test_when_all_is_well_nothing_is_deducted(tmp_path: Any) -> None:
    assert deductions(tmp_path, well()) == []


def with_run(**fields: object) -> Events:
    return [run_line(**fields), token_line(), entry(120), *all_run()]


def without(*names: str) -> Events:
    others = [line for line in all_run() if not any(name in line["_raw"] for name in names)]
    return [run_line(), token_line(), entry(120), *others]


def error(text: str) -> dict[str, Any]:
    line = log(600, f"event={text}")
    return {**line, "_raw": line["_raw"].replace("level=INFO", "level=ERROR")}


def finding(rule: str) -> dict[str, Any]:
    body = {"finding_time": NOW - 60, "finding_id": "f1", "rule": rule, "rule_id": "U71", "summary": "It was so."}
    return {
        "_time": NOW - 60,
        "_raw": json.dumps({**body, "slack_organisation": ["slack_audit://prod"]}),
        "index": "slack_audit",
        "sourcetype": "slack:audit:finding",
        "source": rule,
    }


PAGE = [name for name, row in SEARCHES.items() if row["tier"] == "page" and row["kind"] == "rule"]
REVIEW = [name for name, row in SEARCHES.items() if row["tier"] == "review" and row["kind"] == "rule"]
TROUBLES: dict[str, tuple[Events, str, int]] = {
    "stopped": ([run_line(16 * 60), token_line(), entry(120), *all_run()], "prod, the last one 16 minutes ago", 30),
    "refused": ([*with_run(outcome="refused"), error('run_refused reason="No."')], "run_refused: No.", 30),
    "failing": (with_run(outcome="failed"), "prod", 10),
    "day_behind": (with_run(lag_seconds=86_400), "24 hours", 25),
    "behind": (with_run(lag_seconds=7_200, position="2026-03-03T07:00:00Z"), "2 hours, at 2026-03-03T07:00:00Z", 10),
    "unreadable": (with_run(unreadable_seconds=2), "prod", 5),
    "errors": ([*well(), error('x_failed reason="A bad day."')], "x_failed: A bad day.", 3),
    "no_log": ([entry(120), *all_run()], "prod", 10),
    "no_data": ([run_line(), token_line(), *all_run()], "prod", 25),
    "silent": ([run_line(), token_line(), entry(6 * HOUR), *all_run()], "prod, 6 hours", 15),
    "unknown_actions": (with_run(unknown_actions=3, unknown_action_names="brand_new 3"), "brand_new 3", 2),
    "odd_shapes": (with_run(odd_shapes=1, odd_shape_names="entity is a list 1"), "entity is a list 1", 2),
    "token_wide": (
        [run_line(), token_line(is_wider_than_needed="yes", wider_scopes="admin,chat:write"), entry(120), *all_run()],
        "admin,chat:write",
        10,
    ),
    "token_old": ([run_line(), token_line(token_age_days=365), entry(120), *all_run()], "365 days", 5),
    "token_unchecked": ([run_line(), entry(120), *all_run()], "prod", 3),
    "doubled": ([*well(), finding("Slack - Entries Doubled - Rule")], "It was so", 5),
    "owner_elsewhere": ([*well(), finding("Slack - Token Owner Elsewhere - Rule")], "It was so", 20),
    "nothing_ran": ([run_line(), token_line(), entry(120)], "No search of this app ran in a day", 30),
    "search_failed": (
        [*without("Owner Granted"), scheduled(90, "Slack - Owner Granted - Rule", 'message="Unknown macro."')],
        "Owner Granted, Unknown macro.",
        8,
    ),
    "search_skipped": (
        [*well(), scheduled(600, "Slack - Owner Granted - Rule", 'status=skipped, reason="Too busy."')],
        "Owner Granted, Too busy.",
        2,
    ),
    "search_overdue": (
        [*without("Owner Granted"), scheduled(1_300, "Slack - Owner Granted - Rule")],
        "Owner Granted",
        3,
    ),
    "page_off": (without(*PAGE[:3]), PAGE[0].split(" - ")[1], 3),
    "review_off": (without(*REVIEW), "more", 5),
    "baseline_off": (without("Slack - Seen Countries - Lookup Gen"), "Seen Countries", 5),
}


@pytest.mark.parametrize("check", TROUBLES)
def test_a_trouble_is_one_deduction_with_reason_and_advice(tmp_path: Any, check: str) -> None:
    events, said, points = TROUBLES[check]
    (row,) = deductions(tmp_path, events)
    assert (row["check"], int(row["deduction"])) == (check, points)
    assert said in row["reason"] and row["reason"].endswith(".") and row["what_to_do"].endswith(".")
    assert row["organisation"] in ("slack_audit://prod", "-")


def test_what_is_just_within_its_limits_is_no_trouble(tmp_path: Any) -> None:
    events = [
        run_line(15 * 60, lag_seconds=7_199),
        token_line(token_age_days=364),
        entry(6 * HOUR - 200),
        *all_run(),
        scheduled(700, "Slack - Owner Granted - Rule", "status=skipped"),
        *(scheduled(700 + n, "Slack - Owner Granted - Rule") for n in range(9)),
    ]
    assert deductions(tmp_path, events) == []


def test_a_token_that_is_renewed_by_itself_is_never_old(tmp_path: Any) -> None:
    events = [run_line(), token_line(token_age_days=900, is_renewed_by_itself="yes"), entry(120), *all_run()]
    assert deductions(tmp_path, events) == []


def test_the_newest_line_counts(tmp_path: Any) -> None:
    old = token_line(20 * HOUR, is_wider_than_needed="yes", wider_scopes="admin")
    assert deductions(tmp_path, [old, run_line(900, outcome="refused"), *well()]) == []


def test_an_error_that_passed_is_no_failed_search(tmp_path: Any) -> None:
    failed = scheduled(900, "Slack - Owner Granted - Rule", 'message="Unknown macro."')
    assert deductions(tmp_path, [*well(), failed]) == []


@pytest.mark.parametrize(
    "line",
    ["status=delegated_remote_error", "status=delegated_remote_completion, success=0", 'message="x"', "status=failed"],
)
def test_every_way_in_which_splunk_says_that_a_search_failed(tmp_path: Any, line: str) -> None:
    events = [*without("Owner Granted"), scheduled(60, "Slack - Owner Granted - Rule", line)]
    assert [row["check"] for row in deductions(tmp_path, events)] == ["search_failed"]


@pytest.mark.parametrize("line", ["status=completed", "status=success", "status=continued"])
def test_what_is_no_failure(tmp_path: Any, line: str) -> None:
    events = [*well(), scheduled(60, "Slack - Owner Granted - Rule", line)]
    assert deductions(tmp_path, events) == []


def test_two_organisations_are_told_apart(tmp_path: Any) -> None:
    events = [*well(), run_line(name="gov", outcome="refused"), token_line(name="gov"), entry(60, "gov")]
    assert [(row["check"], row["organisation"]) for row in deductions(tmp_path, events)] == [
        ("refused", "slack_audit://gov")
    ]


def test_an_organisation_that_once_had_entries_and_has_none_is_missed(tmp_path: Any) -> None:
    known = [{"_key": "slack_audit://gov", "source": "slack_audit://gov", "first": 1, "last": 2, "indexed": 3}]
    found = deductions(tmp_path, well(), {"slack_audit_inputs": known})
    assert {(row["check"], row["organisation"]) for row in found} == {
        ("no_data", "slack_audit://gov"),
        ("no_log", "slack_audit://gov"),
    }


def test_what_another_add_on_collected_has_no_log_to_miss(tmp_path: Any) -> None:
    assert deductions(tmp_path, [*well(), {**entry(60), "source": "slack_addon"}]) == []


def test_histories_that_are_empty(tmp_path: Any) -> None:
    only = {"slack_audit_accounts": HISTORIES["slack_audit_accounts"]}
    found = {row["check"]: row for row in deductions(tmp_path, well(), histories=only)}
    assert set(found) == {"baseline_empty", "no_countries"}
    assert "slack_audit_seen_addresses" in found["baseline_empty"]["reason"]
    assert int(found["baseline_empty"]["deduction"]) == min(12, 3 * 4)


def test_nothing_at_all_is_said_and_is_no_crash(tmp_path: Any) -> None:
    found = {row["check"] for row in deductions(tmp_path, [], histories={})}
    assert {"no_log", "no_data", "nothing_ran"} <= found


def test_a_site_may_accept_a_deduction(tmp_path: Any) -> None:
    text = "`slack_audit_health`"
    events, _, _ = TROUBLES["review_off"]
    assert deductions(tmp_path, events) != []
    accepted = search(f'{text} | search NOT check="review_off"', events, now=NOW, earliest="-26h", lookups=HISTORIES)
    assert all(row["check"] != "review_off" for row in accepted.rows)


# -- the list of checks


def test_every_check_is_staged_and_listed() -> None:
    macros = AppConfs(APP_ROOT).conf("macros")
    text = " ".join(stanza["definition"] for name, stanza in macros.items() if name.endswith("_checks"))
    text += macros["slack_audit_health"]["definition"] + macros["slack_audit_search_states"]["definition"]
    quoted = set(re.findall(r'"([a-z_]+)"', text))
    assert set(CHECKS) <= quoted
    elsewhere = {"baseline_empty", "no_countries", "no_asn", "list_malformed"}
    assert set(CHECKS) == set(TROUBLES) | elsewhere


def test_the_list_can_be_read() -> None:
    for row in CHECKS.values():
        assert 0 < int(row["points"]) <= int(row["most"]) <= 30
        assert row["what"] and row["advice"] and not row["what"].endswith(".") and not row["advice"].endswith(".")


def test_the_list_of_searches_names_what_they_need() -> None:
    row = SEARCHES["Slack - Sign-in from New Country - Rule"]
    assert (row["kind"], row["tier"], row["rows"], row["period_seconds"]) == ("rule", "review", "U07", "900")
    assert row["reads"].split() == ["slack_audit_seen_countries"]
    assert "slack_audit_seen_countries" in SEARCHES["Slack - Seen Countries - Lookup Gen"]["writes"]
    assert set(SEARCHES) == {name for name, stanza in SAVED.items() if stanza.get("enableSched") == "1"}


def test_the_manual_has_each_deduction_with_its_points() -> None:
    manual = (APP_ROOT / "docs" / "health.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `(\w+)` \| .* \| (\d+) \| (\d+) \| (.*) \|", manual)
    told = {check: (points, most, advice) for check, points, most, advice in rows}
    assert told == {name: (row["points"], row["most"], row["advice"]) for name, row in CHECKS.items()}


def test_the_page_measures_every_history_and_every_list() -> None:
    page = (APP_ROOT / "default" / "data" / "ui" / "views" / "collection_health.xml").read_text(encoding="utf-8")
    measured = set(re.findall(r"slack_audit_size_of\((\w+)\)", page))
    stanzas = AppConfs(APP_ROOT).conf("transforms")
    histories = {name for name, stanza in stanzas.items() if stanza.get("external_type") == "kvstore"}
    malformed = SAVED["Slack - Site Lookup Malformed - Rule"]["search"]
    asked = set(re.findall(r"slack_audit_\w+", malformed.split("mvexpand")[0]))
    assert measured == histories | asked
