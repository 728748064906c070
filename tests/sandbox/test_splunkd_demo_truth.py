"""Holding findings against what was staged: nobody is flattered."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.cli import demo_report
from sandbox.cli.demo_collect import Collected
from sandbox.cli.demo_truth import compare
from sandbox.cli.simulation import Simulated
from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.findings import finding_of
from sandbox.splunkd.scheduler import History

TRUTH: dict[str, Any] = {
    "stories": [
        {"name": "takeover", "tale": "Somebody takes over.", "rule_ids": ["U20", "U21"], "entities": ["W1"],
         "event_ids": ["a", "b"], "from": 1000, "to": 2000},
        {"name": "spray", "tale": "Somebody sprays.", "rule_ids": ["U02"], "entities": ["203.0.113.9"],
         "event_ids": ["c"], "from": 5000, "to": 6000},
    ],
    "routine": [{"name": "trip", "tale": "A trip.", "rule_ids": ["U07"], "entities": [], "event_ids": ["d"],
                 "from": 1, "to": 2}],
    "near_misses": [{"name": "almost", "tale": "Almost.", "rule_ids": [], "entities": [], "event_ids": ["e"],
                     "from": 1, "to": 2}],
    "habits": [{"name": "links", "tale": "Links.", "rule_ids": ["U43"], "entities": [], "event_ids": ["f"],
                "from": 1, "to": 2}],
}  # fmt: skip


def finding(rule_id: str, event_ids: list[str], **row: Any) -> dict[str, Any]:
    return finding_of({"rule_id": rule_id, "event_ids": event_ids, "summary": f"{rule_id}.", **row}, "s", 10_000)


def test_a_story_is_complete_when_every_rule_named_one_of_its_entries() -> None:
    found = [finding("U20", ["x", "a"]), finding("U21", ["b"]), finding("U02", ["c"]), finding("U25", ["a"])]
    comparison = compare(found, TRUTH)
    assert comparison.complete and comparison.unexplained == []
    assert [verdict.fired for verdict in comparison.stories] == [["U20", "U21", "U25"], ["U02"]]
    assert comparison.belongs == {0: "takeover", 1: "takeover", 2: "spray", 3: "takeover"}


def test_a_missing_rule_and_a_finding_without_a_story_are_told() -> None:
    found = [finding("U20", ["a"]), finding("U40", ["z"]), finding("U01", ["e"]), finding("U07", ["d"])]
    comparison = compare(found, TRUTH)
    assert not comparison.complete
    assert [verdict.missed for verdict in comparison.stories] == [["U21"], ["U02"]]
    assert [one["rule_id"] for one in comparison.unexplained] == ["U40", "U01"]
    assert comparison.routine[0].fired == ["U07"]


def test_a_habit_explains_its_own_note_and_nothing_else() -> None:
    comparison = compare([finding("U43", ["f"]), finding("U40", ["f"])], TRUTH)
    assert comparison.belongs == {0: "links"}
    assert [one["rule_id"] for one in comparison.unexplained] == ["U40"]
    assert comparison.habits[0].fired == ["U43"]


def test_a_near_miss_may_fire_what_it_says_and_nothing_else() -> None:
    truth = {**TRUTH, "near_misses": [{**TRUTH["near_misses"][0], "rule_ids": ["U23"]}]}
    comparison = compare([finding("U23", ["e"]), finding("U01", ["e"])], truth)
    assert [one["rule_id"] for one in comparison.unexplained] == ["U01"]


def test_without_entries_people_and_time_decide() -> None:
    inside = finding("U02", [], entity="203.0.113.9|x", first_time=5500, last_time=5600)
    too_early = finding("U02", [], entity="203.0.113.9", first_time=100, last_time=200)
    somebody_else = finding("U02", [], entity="203.0.113.8", first_time=5500, last_time=5600)
    comparison = compare([inside, too_early, somebody_else], TRUTH)
    assert comparison.belongs == {0: "spray"} and len(comparison.unexplained) == 2


def test_what_the_demo_shows_and_writes() -> None:
    found = [
        finding("U20", ["a"], severity="critical", rule="Slack - Owner Granted - Rule", entity="W[1]"),
        finding("U40", ["z"], severity="high"),
    ]
    comparison = compare(found, TRUTH)
    collected = Collected(existing=10, events=[], distinct=9, doubled=2, lost=1, runs=2, restarts=["killed"])
    simulated = Simulated(
        History(found), 18, actions=5, failed_actions=1, skipped_actions=2, seconds=9.0, memory=AlertMemory()
    )
    summary = demo_report.summary_of(collected, comparison, simulated, seed=1, seconds=12.34)
    assert summary["findings"] == 2 and summary["actions"] == {"run": 5, "failed": 1}
    assert "Alert actions: 5 executed, 1 failed, 2 of the archive left out." in str(simulated)
    assert summary["existing"] == 10 and summary["collected"] == 9 and summary["doubled"] == 2
    assert summary["stories"] == {"takeover": ["U20"], "spray": []}
    assert summary["missed"] == {"takeover": ["U21"], "spray": ["U02"]}
    assert [one["rule_id"] for one in summary["unexplained"]] == ["U40"]
    assert summary["seconds"] == 12.3
    console = Console(width=120, file=io.StringIO())
    demo_report.show(console, found, comparison, summary, Path("build/demo"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Owner Granted" in text and "W[1]" in text and "critical" in text
    assert "U21 missed" in text and "Fired without any story: 1" in text
    assert "Collected 9 of 10 existing entries, lost 1, doubled 2" in text
