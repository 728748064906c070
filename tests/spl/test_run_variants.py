"""Every shipped search gives the same verdict whichever way Splunk decides what its manuals leave open.

Scenarios of tests/detections are played again under variants: switches turned, events of equal time and rows of stats
shuffled. Ordinarily one firing and one quiet case of each under all of it together; with SPL_VARIANTS=all every case
under every variant.
"""

from __future__ import annotations

import functools
import os
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.spl import search
from sandbox.spl.context import RunContext
from sandbox.spl.engine import compile_search_text
from sandbox.spl.switches import DEFAULT
from sandbox.spl.variants import variants, without_another_reading
from tests.detections.kit import stage
from tests.detections.kit.judge import Judge
from tests.detections.kit.scenario import Case, Scenario, load_scenario
from tests.spl.run_table import NOW

# The engine, not Python, decides what a search means under another reading.
pytestmark = pytest.mark.once

FOLDER = Path(__file__).resolve().parents[1] / "detections"
SCENARIOS = [load_scenario(path) for path in sorted(FOLDER.glob("*.yaml"))]


def test_every_switch_has_its_other_reading() -> None:
    assert without_another_reading() == []
    assert all(switches != DEFAULT for switches in variants().values())


VARIANTS = variants()
IN_FULL = os.environ.get("SPL_VARIANTS") == "all"
EVERYTHING = "everything"
"""Every switch turned at once, events of equal time and rows of stats shuffled: what each run of the tests tries."""
CHOSEN = list(VARIANTS) if IN_FULL else [EVERYTHING]


def chosen_cases(scenario: Scenario) -> list[Case]:
    """All with SPL_VARIANTS=all; else the first that fires and the first that stays quiet."""
    return scenario.cases if IN_FULL else scenario.plain_cases


def test_each_run_turns_every_switch_and_plays_a_firing_case_of_every_scenario() -> None:
    turned = VARIANTS[EVERYTHING]
    assert [field.name for field in fields(turned) if getattr(turned, field.name) == getattr(DEFAULT, field.name)] == []
    assert EVERYTHING in CHOSEN
    assert [scenario.slug for scenario in SCENARIOS if not any(case.alerts for case in chosen_cases(scenario))] == []


@functools.lru_cache(maxsize=1)
def judge_of(name: str) -> Judge:
    """One judge a variant: what it compiled belongs to the variant."""
    return Judge()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.rule_id)
@pytest.mark.parametrize("name", CHOSEN)
def test_the_verdict_stays(name: str, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    switches = VARIANTS[name]
    monkeypatch.setattr(stage, "RunContext", functools.partial(RunContext, switches=switches))
    monkeypatch.setattr(stage, "compile_search_text", functools.partial(compile_search_text, switches=switches))
    for case in chosen_cases(scenario):
        complaint = judge_of(name).complaint(case)
        if complaint:
            pytest.fail(f"with {name}: {complaint}", pytrace=False)


def test_a_search_that_relies_on_an_open_point_changes_its_answer() -> None:
    """The variants have teeth: each changes what some search answers."""
    given = [
        {"_time": NOW, "a": None, "m": ["x", "y"], "k": "1", "t": "old"},
        {"_time": NOW, "a": "v", "m": "z", "k": "2", "t": "new"},
        *({"_time": NOW - 30, "k": str(number)} for number in range(4, 9)),
        {"_time": NOW - 60, "a": "v", "m": "z", "k": "3", "j": '{"l":[1,2]}'},
    ]
    revealing = {
        "json_null=absent": "search a=null | stats count",
        "mv_equality=null": 'search * | where m="x" | stats count',
        "not_null=true": 'search * | where NOT t="old" | stats count',
        "search_mv_differs=all": "search m!=x | stats count",
        "lookup_miss=clear": "search k=1 | lookup tab k OUTPUT t | stats count(t) AS n",
        "time_window_edge=exclusive": "search * | sort 0 _time | streamstats time_window=1m count | stats max(count)",
        "bin_daylight=fixed": "search k=1 | eval _time=1711929600 | bin _time span=3d | stats max(_time)",
        "spath_first_index=1": "search k=3 | spath input=j path=l{1} output=o | stats values(o)",
        "percentile=interpolated": "search * | stats perc40(k)",
        "ties and rows shuffled by 1": "search * | stats list(k)",
    }
    table = [{"k": "9", "t": "x"}]
    for name, spl in revealing.items():
        answers = [
            search(spl, given, now=NOW, app=None, tz="Europe/Berlin", lookups={"tab": table}, switches=one)
            for one in (DEFAULT, VARIANTS[name])
        ]
        assert answers[0].rows != answers[1].rows, name
