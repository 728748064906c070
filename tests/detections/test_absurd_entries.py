"""An entry with absurd types never breaks a search for the others.

Beside the first firing case of each alert come strangers' copies of its entries; in each copy one member, whichever, is
of a type or a content that Slack never sends. What the case is about must be found as if they were not there.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.detections.kit.contract import ActionList, Contract
from tests.detections.kit.entries import Arrival, EntryBuilder
from tests.detections.kit.scenario import Case, load_scenario
from tests.detections.kit.stage import Stage

pytestmark = pytest.mark.once

ABSURD: tuple[Any, ...] = (
    None, {}, [], "", 0, True, [1, [2, None]], {"a": {"b": [1]}}, [{"id": 1}], "null", 10**30, 1.5e300, "-", "  ",
    'q"uo\\te | $tok$ `m` {0} <b>', "\u0000\u2028", "x" * 6_000, [None, "a", "b"], "2001:db8::zz", "W1|*", "a;b 1 2",
)  # fmt: skip
KEPT = ("id", "date_create", "action")
MOST = 60
FIRING = [
    next(case for case in scenario.cases if case.alerts)
    for scenario in (load_scenario(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))
    if scenario.rule_id != "U71"  # looks at the collection, not at entries
]


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.scenario.slug)
def test_absurd_entries_of_others_change_nothing(case: Case, stage: Stage) -> None:
    arrivals = EntryBuilder(case, ActionList(), Contract()).build()
    expected = {_told(finding) for finding in stage.play(case, arrivals).history.findings}
    strange = list(itertools.islice(_strangers(arrivals), MOST))
    history = stage.play(case, sorted(arrivals + strange, key=lambda arrival: arrival.arrives_at)).history
    assert expected
    assert expected <= {_told(finding) for finding in history.findings}
    assert not history.warnings
    for finding in history.findings:
        assert all(finding.get(column) for column in ("entity", "user", "severity", "summary", "next_step")), finding


def _told(finding: Any) -> tuple[str, str, str]:
    return str(finding["rule_id"]), str(finding["entity"]), str(finding["severity"])


def _strangers(arrivals: list[Arrival]) -> Iterator[Arrival]:
    """One copy for each member of one entry of each action, its absurdity the next of the list."""
    absurdities = itertools.cycle(ABSURD)
    firsts = {arrival.entry["action"]: arrival for arrival in reversed(arrivals) if "action" in arrival.entry}
    for arrival in firsts.values():
        for number, path in enumerate(_paths(arrival.entry)):
            entry = _renamed(copy.deepcopy(dict(arrival.entry)))
            entry["id"] = f"absurd-{arrival.entry['action']}-{number}"
            holder: Any = entry
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = copy.deepcopy(next(absurdities))
            yield Arrival(entry, "absurd", arrival.arrives_at)


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        path = (*above, step)
        if path[0] not in KEPT:
            yield path
            yield from _paths(inner, path)


def _renamed(value: Any, name: str = "") -> Any:
    """The same for somebody else: other ids, other addresses of mail, another session."""
    if isinstance(value, dict):
        return {key: _renamed(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, name) for inner in value]
    if name in ("id", "app_id", "session_id", "email", "target_user", "team") and isinstance(value, str) and value:
        return f"x{value}" if name == "email" else f"{value}X"
    return value
