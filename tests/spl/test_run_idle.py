"""A stage that is passed over because no rows reach it would have given none and done nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.confs import AppConfs
from sandbox.spl.context import RunContext
from sandbox.spl.engine import Chain, compile_search_text
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.lookups import LookupTables
from sandbox.spl.store import Event, EventStore

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = Knowledge.load(ROOT)
SAVED = AppConfs(ROOT).conf("savedsearches")
BARE = Knowledge()

STAGES = (
    "where a=1", "eval b=a+1", "fields a b", "table a b", "rename a AS c", "sort - a", "sort 0 a", "dedup a", "head 3",
    "tail 2", "reverse", "stats count", "stats count BY a", "stats dc(a) AS n", "eventstats count", "eventstats max(a)",
    "eventstats sum(a) BY b", "streamstats count", "streamstats window=2 sum(a) BY b", "bin a span=2", "top a",
    "rare a", "chart count BY a", "timechart span=1h count", 'rex field=a "(?<d>.)"', 'regex a="x"', "spath input=a",
    "makemv a", "mvexpand a", "mvcombine a", "nomv a", "fillnull", "fillnull value=0 a", "filldown a",
    "replace x WITH y IN a", "convert ctime(a)", "addtotals", "addtotals col=t row=f", "addcoltotals a",
    "accum a AS total", "delta a AS step", "strcat a b c", "addinfo", "untable a b c", "xyseries a b c", "transpose",
    "transaction a", "appendpipe [stats count]", "append [search nothing_here]", "append [| makeresults]",
    "appendcols [| makeresults | eval z=1]", "join a [| makeresults | eval a=1]", "foreach a b [eval <<FIELD>>=1]",
    "format", "return a", "iplocation a", "inputlookup append=t table", "lookup table key AS a OUTPUT value",
    "outputlookup table", "outputlookup append=t table", "outputlookup override_if_empty=f table", "collect index=kept",
    "search a=1", "search NOT a=1", "eval n=if(isnull(a), 1, 0)", "stats values(*) AS * BY a", "stats max(*) AS *",
)  # fmt: skip


def tables() -> LookupTables:
    return BARE.tables({"table": [{"key": "1", "value": "one"}]})


def outcome(text: str, knowledge: Knowledge, lookups: LookupTables, skipping: bool, events: list[Event]) -> Any:
    """Run over these events; return rows, warnings, what the tables hold and what the store holds."""
    plan = compile_search_text(text, knowledge, lookups)
    if not skipping:
        wake(plan._chain)
    store = EventStore()
    store.extend(events)
    context = RunContext(now=1_700_000_000, earliest=1_699_990_000, latest=1_700_000_000, lookups=lookups, store=store)
    result = plan.run(context)
    return result.rows, result.warnings, result.lookups, len(store), sorted(context.written)


def wake(command: Any) -> None:
    """Let every stage be run, those inside brackets included, whether or not rows reach it."""
    if isinstance(command, Chain):
        for _, stage in command.stages:
            stage.idle = False
            for inner in vars(stage).values():
                for part in inner.values() if isinstance(inner, dict) else [inner]:
                    wake(part)


@pytest.mark.parametrize("name", sorted(name for name in SAVED if SAVED[name].get("search")))
def test_a_shipped_search_without_events(name: str) -> None:
    text = SAVED[name]["search"]
    skipped = outcome(text, APP, APP.tables(), True, [])
    executed = outcome(text, APP, APP.tables(), False, [])
    assert skipped == executed


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_without_rows(stage: str) -> None:
    text = f"nothing_has_this_word | {stage}"
    assert outcome(text, BARE, tables(), True, []) == outcome(text, BARE, tables(), False, [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=6), st.booleans())
def test_a_pipeline_that_runs_out_of_rows(stages: list[str], with_events: bool) -> None:
    text = "a=* | " + " | ".join(stages)
    events = [Event(f"a={number} b=x", 1_699_995_000 + number) for number in range(3)] if with_events else []
    assert verdict(text, True, events) == verdict(text, False, events)


def verdict(text: str, skipping: bool, events: list[Event]) -> Any:
    from sandbox.spl.errors import SplError

    try:
        return outcome(text, BARE, tables(), skipping, events)
    except SplError as error:
        return str(error)
