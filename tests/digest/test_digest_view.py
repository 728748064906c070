"""The dashboard of digests: what its panels show of digests that the action wrote, of none, and of hostile ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.view_data import HOSTILE, filled
from tests.digest.digest_world import MORNING, World, entry, finding
from tools.views import View, read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
VIEW: View = {view.name: view for view in read_views(ROOT)}["daily_digest"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("splunk"))
    made.add([entry(number, "user_login", MORNING - 4_000 - number) for number in range(25)])
    made.found(
        finding(1, slack_direction="weakened", severity="critical", risk_score=90, summary=f"{HOSTILE[0]} weaker."),
        *(
            finding(number, entity=f"W{number}", user=[f"p{number}@corp.example"], src_user=[], summary=text)
            for number, text in enumerate(HOSTILE, start=2)
        ),
        finding(9, severity="low", risk_score=20, entity="W9", user=["low@corp.example"], src_user=[]),
    )
    made.the_day()
    made.run_until(MORNING + 86_400 + 3_600, step=1_800)
    yield made
    made.close()


def rows(world: World, source: str, day: str = "*") -> list[dict[str, Any]]:
    return world.search("search " + filled(VIEW.queries()[source], {"day": day}).removeprefix("search "))


def test_the_newest_day_is_shown_and_any_other_can_be_chosen(world: World) -> None:
    assert rows(world, "ds_day") == [{"text": "2026-03-05"}]
    assert rows(world, "ds_headline")[0]["text"].startswith("No data: nothing was collected")
    assert rows(world, "ds_day", "2026-03-04") == [{"text": "2026-03-04"}]
    assert rows(world, "ds_headline", "2026-03-04")[0]["text"] == "6 things worth attention: 6 to act on now"
    assert [row["day"] for row in rows(world, "ds_days")] == ["2026-03-05", "2026-03-04"]


def test_three_things_in_their_order_and_one_finding_to_click(world: World) -> None:
    things = rows(world, "ds_items", "2026-03-04")
    assert [(row["rank"], row["severity"]) for row in things] == [("1", "critical"), ("2", "high"), ("3", "high")]
    assert things[0]["finding"] == f"{1:016x}" and things[0]["people"] == "ann1@corp.example, bo@corp.example"
    assert "<" not in "".join(str(row) for row in things)


def test_what_else_the_day_had(world: World) -> None:
    assert [row["rule"] for row in rows(world, "ds_record", "2026-03-04")] == ["Admin Granted: 1 finding"]
    (change,) = rows(world, "ds_controls", "2026-03-04")
    assert change["change"].startswith("weakened: ‹img src=x onerror='alert(1)'›")
    volumes = {row["what"]: row for row in rows(world, "ds_volumes", "2026-03-04")}
    assert volumes["entries"] == {
        "what": "entries", "number": "25", "usually": "not known yet", "than_usual": "-"}  # fmt: skip
    assert rows(world, "ds_collection", "2026-03-04")[0]["input"].startswith("slack_audit://prod: 25 entries")
    about = [row["about"] for row in rows(world, "ds_about", "2026-03-04")]
    assert about[0].startswith("From Tuesday, 03 March 2026") and about[-1].startswith("Worded by the template")


def test_a_blind_day_is_explained(world: World) -> None:
    assert any("a blind one" in row["about"] for row in rows(world, "ds_about"))
    assert [row["what"] for row in rows(world, "ds_items")] == ["nothing on this day"]


def test_no_digest_at_all_is_told_apart_from_a_quiet_day(tmp_path: Path) -> None:
    world = World(tmp_path, [])
    try:
        assert rows(world, "ds_headline") == [{"text": "No digest yet"}]
        assert "That is not a quiet day" in rows(world, "ds_about")[0]["about"]
        assert rows(world, "ds_findings") == [{"text": "no digest"}]
        assert rows(world, "ds_author") == [{"text": "nobody"}]
    finally:
        world.close()
