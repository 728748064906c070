"""The table of promises names tests that exist, and every promise has some that can be broken on purpose."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bench.break_promises import BREAKS, PACKAGE

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs/promises.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| [^|]+ \| ([^|]+) \|$", TABLE, re.MULTILINE)


def existing():
    names = set()
    for folder in ("unit", "collect"):
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            names |= {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    return names


def test_the_table_has_all_eleven():
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 12))


@pytest.mark.parametrize(("number", "promise", "tests"), ROWS, ids=[row[1] for row in ROWS])
def test_each_promise_names_tests_that_exist(number, promise, tests):
    named = re.findall(r"`(\w+)`", tests)
    assert len(named) >= 2 and set(named) <= existing(), set(named) - existing()


@pytest.mark.parametrize("item", BREAKS, ids=lambda item: f"{item.promise} {item.what}")
def test_each_promise_can_still_be_broken_on_purpose(item):
    """The faults of `bench.break_promises` are texts of the code: when it changes, they must change with it."""
    assert (ROOT / PACKAGE / item.file).read_text().count(item.old) == 1


def test_every_promise_is_broken_at_least_once():
    assert {item.promise for item in BREAKS} == set(range(1, 12))
