"""The detection scenarios through splunklib: on a stand-in, or on the splunkd that SPLUNK_URL names.

docs/acceptance.md says how to aim it at a real instance. SPLUNK_CASES=all runs every case that one dispatch can judge.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.acceptance.plain_cases import chosen, complaint, plain_cases, tell
from tests.acceptance.target import Target, TargetProblem, target_of_this_run
from tests.detections.kit.scenario import Case

# The target is a splunkd; which Python asks it does not matter.
pytestmark = pytest.mark.once

PLAIN = plain_cases()
CASES = PLAIN if os.environ.get("SPLUNK_CASES") == "all" else chosen(PLAIN)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target_of_this_run(tmp_path_factory.mktemp("acceptance")) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case: Case, target: Target) -> None:
    wrong = complaint(case, target)
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_the_choice_holds_firing_and_quiet_cases_of_most_alerts() -> None:
    assert len({case.scenario.slug for case in CASES if case.alerts}) >= 9
    assert len({case.scenario.slug for case in CASES if not case.alerts}) >= 7


def test_a_wrong_expectation_is_found(target: Target) -> None:
    firing = next(case for case in CASES if case.alerts)
    quiet = next(case for case in PLAIN if not case.alerts and case.scenario.slug != firing.scenario.slug)
    from dataclasses import replace

    assert complaint(replace(firing, alerts=()), target)
    assert complaint(replace(quiet, alerts=({},)), target)


def test_what_is_told_lies_in_the_past_at_its_own_hour_and_weekday() -> None:
    now = 1_790_000_000.5
    for case in CASES:
        told, again = tell(case, now), tell(case, now)
        times = [entry["date_create"] for entry in told.entries]
        assert now - 8 * 86_400 < min(times) and max(times) <= now
        assert {str(entry.get("id")) for entry in told.entries}.isdisjoint(
            str(entry.get("id")) for entry in again.entries if "id" in entry
        )


@pytest.mark.parametrize(
    ("environment", "part"),
    [
        ({"SPLUNK_URL": "splunk.example", "SPLUNK_TOKEN": "x"}, "SPLUNK_URL=splunk.example"),
        ({"SPLUNK_URL": "https://splunk.example:8089"}, "SPLUNK_TOKEN is not set"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], part: str
) -> None:
    with pytest.raises(TargetProblem, match=part):
        Target(environment, tmp_path_factory.mktemp("none"))
