"""No alert without its case book, and no case book that proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.confs import AppConfs
from sandbox.spl.knowledge import Knowledge
from sandbox.splunkd.saved_searches import read_saved_searches
from tests.detections.kit.contract import APP_ROOT, ActionList, Contract
from tests.detections.kit.entries import EntryBuilder
from tests.detections.kit.scenario import Scenario, load_scenario
from tests.detections.kit.stage import Stage
from tests.detections.kit.upstream import tables_written, upstream

SCENARIOS = {path.stem: load_scenario(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))}
STAGE = Stage()
ALERTS = {alert.slug: alert for alert in STAGE.alerts}


def test_there_are_alerts() -> None:
    assert ALERTS


def test_what_each_baseline_writes_can_be_told() -> None:
    """Scenarios leave out the baselines that write nothing their alert reads."""
    knowledge = Knowledge.load(APP_ROOT)
    untold = [one for one in STAGE.baselines if not one.action_names and not tables_written(one, knowledge)]
    assert [one.name for one in untold] == []


def test_baselines_behind_an_alert_are_found_through_macros_and_other_baselines(tmp_path: Path) -> None:
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "collections.conf").write_text("[a]\n[b]\n[c]\n[d]\n")
    (tmp_path / "default" / "transforms.conf").write_text(
        "".join(f"[{name}]\nexternal_type = kvstore\ncollection = {name}\nfields_list = k\n" for name in "abcd")
    )
    (tmp_path / "default" / "macros.conf").write_text(
        "[read(1)]\nargs = where\ndefinition = lookup $where$ k\n[keep]\ndefinition = outputlookup append=true b\n"
    )
    texts = {
        "S - Alert - Rule": "search index=x | `read(b)`",
        "S - First - Lookup Gen": "search index=x | outputlookup key_field=k a",
        "S - Second - Lookup Gen": "search index=x | `read(a)` | `keep`",
        "S - Beside - Lookup Gen": "search index=x | `read(b)` | outputlookup c",
        "S - Apart - Lookup Gen": "search index=x | outputlookup d",
    }
    schedule = "enableSched = 1\ncron_schedule = * * * * *\n"
    (tmp_path / "default" / "savedsearches.conf").write_text(
        "".join(f"[{name}]\nsearch = {text}\n{schedule}" for name, text in texts.items())
    )
    alert, *baselines = read_saved_searches(AppConfs(tmp_path).conf("savedsearches"))
    found = upstream(alert, baselines, Knowledge.load(tmp_path))
    assert {one.name for one in found} == {"S - First - Lookup Gen", "S - Second - Lookup Gen"}


#: What a scenario cannot play, because it does not look at the index, and where it is tested.
ELSEWHERE = {"slack_site_lookup_malformed": "test_site_lookups.py"}


@pytest.mark.parametrize("slug", sorted(set(ALERTS) - set(ELSEWHERE)))
def test_every_alert_has_a_firing_and_a_quiet_case(slug: str) -> None:
    assert slug in SCENARIOS, f"tests/detections/{slug}.yaml is missing: {ALERTS[slug].name} has no scenario"
    scenario = SCENARIOS[slug]
    assert scenario.detection == ALERTS[slug].name
    assert [case.name for case in scenario.cases if case.alerts], f"{slug}: no case in which it fires"
    assert [case.name for case in scenario.cases if not case.alerts], f"{slug}: no case in which it stays quiet"


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.slug)
def test_every_scenario_belongs_to_an_alert(scenario: Scenario) -> None:
    assert scenario.slug in ALERTS, f"{scenario.path.name}: savedsearches.conf has no alert of that slug"
    assert set(scenario.rule_id.split()) <= set(ALERTS[scenario.slug].rule_ids)


@pytest.mark.parametrize(
    "scenario",
    # U71 looks at the collection, not at entries.
    [scenario for scenario in SCENARIOS.values() if scenario.rule_id != "U71"],
    ids=lambda scenario: scenario.slug,
)
def test_a_case_book_holds_what_breaks_detections(scenario: Scenario) -> None:
    """Doubled entries, late ones, and entries without their optional members: each alert meets them."""
    firing = [case for case in scenario.cases if case.alerts]
    lines = [line for case in firing for line in case.lines]
    assert any("same_as" in line for line in lines), "no firing case with a doubled entry"
    assert any("arrives" in line for line in lines) or any(case.arrives > 600 for case in firing), "none arrives late"
    bare = [line for line in lines if line.get("ip") == "" or {"raw", "without"} & set(line)]
    assert bare, "none lacks optional members"


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.slug)
def test_a_quiet_case_has_something_to_be_quiet_about(scenario: Scenario) -> None:
    actions, contract = ActionList(), Contract()
    for case in scenario.cases:
        assert EntryBuilder(case, actions, contract).build(), f"{case.title}: no entry at all"
