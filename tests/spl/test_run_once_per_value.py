"""`inputlookup | addinfo | where` on one column looks at each value once, and gives what looking at each row gives."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sandbox.spl import search
from sandbox.spl.commands.searching import Where
from sandbox.spl.context import RunContext
from sandbox.spl.engine import compile_search_text
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.lookups import Definition
from tests.spl.run_table import NOW

LOOKUP = "slack_audit_session_sightings"
CONDITIONS = [
    "quarter=floor((info_max_time-660)/900)",
    "quarter>info_search_time",
    "isnull(quarter)",
    'quarter="7"',
    "quarter!=7",
    "NOT quarter<5 AND quarter<8",
    'tostring(quarter)="1.0"',
    # These may not be asked once for each value.
    "quarter=account",
    "random()>=0 AND quarter=7",
    'searchmatch("quarter=7")',
]


def rows(number: int) -> list[dict[str, Any]]:
    values = [None, 1, 1.0, "1", 7, "7", 6.5, "x", (NOW - 660) // 900, ["6", "7"]]
    rng = random.Random(number)  # noqa: S311 - a repeatable table
    return [{"_key": f"k{n:03}", "quarter": rng.choice(values), "account": rng.choice(["7", "a"])} for n in range(80)]


def run(spl: str, **options: Any) -> list[dict[str, Any]]:
    return search(spl, [], now=NOW, earliest="-1h", latest="now", lookups={LOOKUP: rows(1)}, **options).rows


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("begin", [LOOKUP, f"max=30 {LOOKUP}", f"start=20 {LOOKUP}", f"{LOOKUP} where account=a"])
def test_the_same_rows_in_the_same_order(begin: str, condition: str) -> None:
    spl = f"| inputlookup {begin} | addinfo | where {condition} | fields - info_sid"
    explained = run(spl, explain=True)  # goes from stage to stage
    assert run(spl) == explained
    if begin == LOOKUP:
        assert explained or condition == "quarter>info_search_time"


def test_few_values_are_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    plain = Where.run

    def counting(self: Where, given: list[Any], context: Any) -> list[Any]:
        looked_at.append(len(given))
        return plain(self, given, context)

    monkeypatch.setattr(Where, "run", counting)
    assert run(f"| inputlookup {LOOKUP} | addinfo | where quarter=floor((info_max_time-660)/900)")
    assert len(looked_at) == 1 and looked_at[0] <= 10


FILTERS = ["quarter=7", 'quarter="7"', "quarter!=7", "NOT quarter=7", "quarter>=6", "quarter=*", "NOT quarter=*",
           "quarter=x OR quarter=1", "quarter IN (1, 6)", "quarter=7 account=a", "account=zzz"]  # fmt: skip


@pytest.mark.parametrize("condition", FILTERS)
@pytest.mark.parametrize("numbers", [(), ("quarter",)])
def test_a_table_is_filtered_as_rows_are(condition: str, numbers: tuple[str, ...]) -> None:
    """`inputlookup ... where` on one column asks once for each of its values; `search` after it asks each row."""
    knowledge = Knowledge()
    knowledge.definitions["table"] = Definition("table", "kvstore", "table", ("_key", "quarter", "account"))
    knowledge.collections["table"] = list(numbers)
    tables = knowledge.tables({"table": rows(2)})

    def found(spl: str) -> list[dict[str, Any]]:
        return compile_search_text(spl, knowledge, tables).run(RunContext(NOW, tables)).rows

    filtered, searched = f"| inputlookup table where {condition}", f"| inputlookup table | search {condition}"
    assert found(filtered) == found(searched)
    for change in (
        "quarter=7 OR quarter=x | eval quarter=if(quarter=7, 1, 7)", "account=a | eval quarter=null()",
        'account=a | head 3 | eval _key="new" . _key, quarter=7',
    ):  # fmt: skip
        found(f"| inputlookup table | search {change} | outputlookup append=true key_field=_key table")
        assert found(filtered) == found(searched)
