"""Every case of every scenario file beside this module, played through the shipped search.

A new file or a new case is found by itself; see README.md here for how to write one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.detections.kit.judge import Judge
from tests.detections.kit.scenario import Case, load_scenario

SCENARIOS = [load_scenario(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))]

# The plain cases on every Python; the others ask the search, not Python.
CASES = [
    pytest.param(case, id=case.title, marks=() if case in scenario.plain_cases else pytest.mark.once)
    for scenario in SCENARIOS
    for case in scenario.cases
]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(execute_actions=os.environ.get("SCENARIO_ACTIONS") == "1")


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case, judge: Judge) -> None:
    complaint = judge.complaint(case)
    if complaint:
        pytest.fail(complaint, pytrace=False)
