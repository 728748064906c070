"""The first firing case of each alert once more: its entries newest first, as Slack sends them, and from IPv6.

What an analyst reads must be the same. Scenario files have cases of their own where order or address is the point.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.detections.kit.contract import ActionList, Contract
from tests.detections.kit.entries import Arrival, EntryBuilder
from tests.detections.kit.scenario import Case, load_scenario
from tests.detections.kit.stage import Stage

pytestmark = pytest.mark.once

HOUR = 3_600
FIRING = {
    scenario.slug: next(case for case in scenario.cases if case.alerts)
    for scenario in (load_scenario(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))
    if scenario.rule_id != "U71"  # looks at the collection, not at entries
}
#: Cases whose address is looked up in a list or a database of the case: these files have IPv6 cases of their own.
PLACES = {slug for slug, case in FIRING.items() if case.geo} | {"slack_sign_in_from_listed_address"}
#: The address is what the finding is about.
KEYED_BY_ADDRESS = {"slack_failed_sign_ins_by_address", "slack_ip_allowlist_denials"}


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


def built(case: Case) -> list[Arrival]:
    return EntryBuilder(case, ActionList(), Contract()).build()


def told(stage: Stage, case: Case, arrivals: Sequence[Arrival]) -> list[tuple[str, ...]]:
    findings = stage.play(case, arrivals).history.findings
    columns = ("rule_id", "entity", "severity", "count", "user", "first_time", "last_time")
    return sorted(tuple(str(finding.get(column)) for column in columns) for finding in findings)


@pytest.mark.parametrize("slug", FIRING)
def test_newest_first_and_up_to_an_hour_late_is_the_same(slug: str, stage: Stage) -> None:
    """Entries of one hour come in one poll at its end; Slack's page begins with the newest."""
    case = FIRING[slug]
    arrivals = built(case)
    polls: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        polls.setdefault(-(-arrival.arrives_at // HOUR) * HOUR, []).append(arrival)
    turned = [
        Arrival(arrival.entry, arrival.label, at, arrival.log)
        for at, poll in sorted(polls.items())
        for arrival in sorted(poll, key=lambda one: -int(one.entry["date_create"]))
    ]
    assert told(stage, case, arrivals)
    assert told(stage, case, turned) == told(stage, case, arrivals)


@pytest.mark.parametrize("slug", sorted(set(FIRING) - PLACES - KEYED_BY_ADDRESS))
def test_from_ipv6_addresses_is_the_same(slug: str, stage: Stage) -> None:
    case = FIRING[slug]
    arrivals = built(case)
    changed = [Arrival(_in_ipv6(one.entry), one.label, one.arrives_at, one.log) for one in arrivals]
    told_before = [_without_address(row) for row in told(stage, case, arrivals)]
    assert [_without_address(row) for row in told(stage, case, changed)] == told_before


def _without_address(row: tuple[str, ...]) -> tuple[str, ...]:
    """A key may end with the source: account|source."""
    entity = row[1].rpartition("|")
    return (row[0], entity[0] if _is_source(entity[2]) else row[1], *row[2:])


def _is_source(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _in_ipv6(value: Any) -> Any:
    """Each public IPv4 address becomes one of a /64 of its own."""
    if isinstance(value, dict):
        return {key: _in_ipv6(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_ipv6(inner) for inner in value]
    try:
        address = ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        address = None
    if address is None or address in ipaddress.ip_network("10.0.0.0/8"):
        return copy.copy(value)
    high, low = divmod(int(address), 65_536)
    return f"2001:db8:{high:x}:{low:x}::1"
