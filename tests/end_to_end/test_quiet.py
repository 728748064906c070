"""A small organisation in ordinary weeks: nobody is called out of bed, and few findings want to be read."""

from __future__ import annotations

import pytest

from bench.bench_quiet import Quiet, measure


@pytest.fixture(scope="module")
def quiet() -> Quiet:
    return measure(people=120, days=2, learn=7)


@pytest.mark.once
@pytest.mark.long
@pytest.mark.timeout(900)
def test_ordinary_days_are_quiet(quiet: Quiet) -> None:
    assert quiet.entries > 1_500
    assert quiet.by_day("page") == [0, 0], [f["summary"] for f in quiet.findings if f["tier"] == "page"]
    assert max(quiet.by_day("review")) <= 3
    # Silence for want of searches would prove nothing: the notes for the report are there.
    assert sum(quiet.by_day("archive")) > 3


def test_findings_are_counted_by_day_tier_and_alert() -> None:
    start = 1_000_000
    rows = [("U15", "page", 5), ("U29", "archive", 86_400), ("U29", "review", 90_000), ("U29", None, 90_001)]
    findings = [
        {"rule_id": rule_id, "rule": f"Slack - {rule_id} - Rule", "tier": tier, "triggered_at": start + later}
        for rule_id, tier, later in rows
    ]
    counted = Quiet(people=1, days=2, start=start, entries=9, findings=findings)
    # What says no tier is as loud as can be.
    assert counted.by_day("page") == [1, 1]
    assert counted.by_day("review") == [0, 1] and counted.by_day("archive") == [0, 1]
    assert [(rule_id, dict(tiers)) for rule_id, _, tiers in counted.by_rule()] == [
        ("U29", {"page": 1, "review": 1, "archive": 1}),
        ("U15", {"page": 1}),
    ]
