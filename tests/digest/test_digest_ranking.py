"""Which things come first, what is one thing, and what a name cannot do about either."""

from __future__ import annotations

from typing import Any

from slack_audit_monitor.digest.day import Finding, read_day
from slack_audit_monitor.digest.inert import inert
from slack_audit_monitor.digest.page import web_of
from slack_audit_monitor.digest.ranking import ranked, worth_telling
from slack_audit_monitor.digest.wording import words_of
from tests.digest.digest_world import MORNING, finding

PEOPLE = {"ana@corp.example"}


def findings(*given: dict[str, Any]) -> tuple[Finding, ...]:
    window = {"section": "window", "day": "2026-03-04", "window_end": str(MORNING)}
    rows = [{name: cell if isinstance(cell, list) else str(cell) for name, cell in one.items()} for one in given]
    return read_day([window, *({**row, "section": "finding"} for row in rows)]).findings


def one(number: int, user: str, severity: str, risk: int, **more: Any) -> dict[str, Any]:
    return finding(number, user=[user], src_user=[], entity=f"E{number}", severity=severity, risk_score=risk, **more)


def numbers(*given: dict[str, Any]) -> list[list[int]]:
    return [[int(found, 16) for found in item.finding_ids] for item in ranked(findings(*given))]


def test_the_gravest_is_first_and_among_equals_more_rules_count_more() -> None:
    assert numbers(
        one(1, "a@corp.example", "high", 70),
        one(2, "b@corp.example", "high", 70, rule_id="U07"),
        one(3, "b@corp.example", "medium", 40, rule_id="U08"),
        one(4, "c@corp.example", "critical", 90),
        one(5, "d@corp.example", "medium", 40),
    ) == [[4], [2, 3], [1], [5]]


def test_a_rule_that_repeats_itself_counts_once() -> None:
    many = [one(number, "a@corp.example", "medium", 40, rule_id="U43") for number in range(1, 9)]
    two = [one(number, "b@corp.example", "medium", 40, rule_id=f"U{number}") for number in (20, 21)]
    assert numbers(*many, *two)[0] == [20, 21]


def test_accounts_objects_and_apps_connect_and_crowds_do_not() -> None:
    ana, bo, crowd = "ana@corp.example", "bo@corp.example", [f"p{n}@corp.example" for n in range(4)]
    assert numbers(
        finding(1, user=[ana], src_user=[], entity="1"),
        finding(2, user=[bo], src_user=[ana], entity="2"),
        finding(3, user=["x@corp.example"], src_user=[], entity="2"),
        finding(4, user=["y@corp.example"], src_user=[], entity="4", app_id="A0APP"),
        finding(5, user=["z@corp.example"], src_user=[], entity="5", app_id="A0APP"),
        finding(6, user=crowd, src_user=[], entity="6"),
        finding(7, user=crowd[:1], src_user=[], entity="7"),
    ) == [[7], [6], [4, 5], [1, 2, 3]]  # equal but for the time, the latest first


def test_a_name_that_somebody_typed_connects_nothing() -> None:
    assert numbers(one(1, "Head of IT", "high", 70), one(2, "Head of IT", "high", 70)) == [[2], [1]]


def test_the_order_of_the_rows_does_not_matter() -> None:
    levels = ("critical", "high", "medium", "low")
    given = [one(number, f"p{number % 5}@corp.example", levels[number % 4], 10 * number % 90) for number in range(30)]
    expected = numbers(*given)
    for start in range(1, 30, 7):
        assert numbers(*given[start:], *given[:start]) == expected
        assert numbers(*reversed(given[start:]), *given[:start]) == expected


def test_rows_that_are_no_findings_are_counted_and_left_out() -> None:
    window = {"section": "window", "day": "2026-03-04", "window_end": str(MORNING)}
    good = {**{name: str(cell) for name, cell in finding(1).items()}, "section": "finding"}
    bad = [{**good, "finding_id": "x"}, {**good, "severity": "enormous"}, {**good, "risk_score": "nan"},
           {**good, "rule_id": "<b>"}, {**good, "last_time": ""}]  # fmt: skip
    day = read_day([window, good, *bad])
    assert len(day.findings) == 1 and day.unreadable == len(bad)


def test_only_what_asks_for_something_is_told() -> None:
    told = worth_telling(ranked(findings(*(one(n, f"p{n}@corp.example", "low", 20) for n in range(1, 5)))))
    assert told == []


def test_words_are_the_same_for_the_same_rows() -> None:
    given = findings(one(1, "ana@corp.example", "high", 70), one(2, "ana@corp.example", "medium", 40, rule_id="U07"))
    first, second = (words_of(ranked(order)[0]) for order in (given, tuple(reversed(given))))
    assert first == second and first.title == "Admin Granted and 1 kindred finding: ana@corp.example"


def test_text_that_is_meant_stays_as_it_is() -> None:
    for text in (
        "ana@corp.example made a public link to slides-283.pptx, from 198.51.100.216.",
        "pref.sso_setting_changed in Halden Works: stricter than before",
        "from 2001:db8:30:45::2f at 18:30, 3 entries (report.pdf)",
        "Müller & Söhne".replace("&", "und") + ", 日本語, Ω",
    ):
        assert inert(text, 200, PEOPLE) == text


def test_where_splunk_web_stands_is_taken_from_a_plain_address_only() -> None:
    web = "https://splunk.corp.example:8000/en-GB"
    assert web_of(web + "/app/search/@go?sid=1") == web
    for link in ("", "javascript:a/app/", "https://a@b/app/x", "https://a b/app/x", "https://a?x=/app/", "/app/x"):
        assert web_of(link) == "", link
