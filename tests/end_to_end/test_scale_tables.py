"""docs/scale.md and docs/cost.md: their tables are what the formulas give, and the formulas what the product does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import scale_formulas as formulas
from bench.scale_tables import PAGES, TABLES, filled

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_the_tables_that_the_formulas_give(name: str) -> None:
    assert filled(TEXTS[name]) == TEXTS[name], "run bench/scale_tables.py"


def test_every_table_stands_on_a_page() -> None:
    found = re.findall(r"<!-- table: (\w+) -->\n\|", "".join(TEXTS.values()))
    assert sorted(found) == sorted(TABLES)


def test_settings_are_those_of_the_input() -> None:
    spec = (ROOT / "README" / "inputs.conf.spec").read_text(encoding="utf-8")
    defaults = dict(re.findall(r"^(\w+) = <[^\n]*\n(?:(?:\*|  ).*\n)*?\* Default: (\S+)", spec, re.MULTILINE))
    assert int(defaults["interval"]) == formulas.INTERVAL
    assert int(defaults["overlap_seconds"]) == formulas.OVERLAP
    assert int(defaults["late_arrival_seconds"]) == formulas.LATE_ARRIVAL
    assert int(defaults["late_check_seconds"]) == formulas.LATE_CHECK
    assert int(defaults["calls_per_minute"]) == formulas.CALLS_A_MINUTE
    assert int(defaults["page_limit"]) == formulas.PAGE_LIMIT


def test_calls_grow_with_the_rate_and_one_is_the_least() -> None:
    assert formulas.calls_of_poll(0) == formulas.calls_of_look_back(0) == 1
    assert formulas.calls_a_minute(0) == 1.0
    # 180 seconds of a poll fill a page exactly, and one more second needs a second page.
    assert formulas.calls_of_poll(9_999 / 180) == 1
    assert formulas.calls_of_poll(10_000 / 180) == 2
    # A poll in four minutes makes every fourth a look back of 3,600 + 960 seconds.
    assert formulas.look_back_every(240) == 960
    assert formulas.calls_of_look_back(9_999 / 4_560, interval=240) == 1


def test_the_budget_bites_where_the_calls_reach_it() -> None:
    entries = formulas.most_entries_a_day(30, peak=3)
    assert formulas.calls_a_minute(entries * 3 / formulas.DAY) == pytest.approx(30, rel=0.02)


def test_the_measured_day_is_within_the_limits() -> None:
    of = formulas.measured()
    assert of.day_entries >= 1_000_000
    assert of.reads_an_entry <= 4
