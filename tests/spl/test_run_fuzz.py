"""Whole searches, made up: whatever is asked, the answer is rows or an SplError, never a Python traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.spl import SplError, jsonfields, search
from sandbox.spl.commands import COMMANDS

# The engine's rules are tested on each Python one by one; strange searches by the hundred on one.
pytestmark = pytest.mark.once

NAMES = st.sampled_from(["a", "b", "c.d", "m", "_time", "_raw", "nowhere", "host", "a*", "'x y'", '"q"', "count"])
VALUES = st.sampled_from(["1", "-2.5", '"x"', '"*"', '""', "null()", "a", "m", "now()", '"10.0.0.0/8"', "1e309", "t"])
PIECES = st.one_of(
    NAMES, VALUES,
    st.sampled_from([
        "AS", "BY", "OVER", "WHERE", "OUTPUT", "IN", "WITH", "=", "!=", "<", "(", ")", ",", "-", "+", "AND", "NOT",
        "span=1h", "span=2", "bins=3", "limit=2", "window=2", "current=f", "time_window=5m", "global=f", "append=t",
        "mode=json_array", "field=a", 'path=a{}.b', "output=z", "max=0", "type=left", "maxspan=1m", "keepevicted=t",
        'startswith="x"', "sum(a)", "count", "dc(m)", "list(b)", "perc95(a)", "values(*)", "count(eval(a=1)) AS n",
        "earliest(a)", "[search a=1]", "[| makeresults]", "[eval a=<<FIELD>>]", "[stats count]", '"(?<g>.)"',
        "ctime(_time)", "rmunit(a)", "if(a=1,2,3)", "a=b+1", "tab", '"s/a/b/g"', "mode=sed", "5", "0", "count=2",
    ]),
)  # fmt: skip
STAGES = st.builds(
    lambda name, parts: " ".join([name, *parts]),
    st.sampled_from(sorted(COMMANDS)), st.lists(PIECES, max_size=6),
)  # fmt: skip
SEARCHES = st.builds(
    lambda first, stages: " | ".join([first, *stages]),
    st.sampled_from(["search *", "search a=1 OR b=x", "| makeresults count=3", "| inputlookup tab", "| tstats count"]),
    st.lists(STAGES, min_size=1, max_size=4),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from(["1", "x"])
)
EVENTS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.fixed_dictionaries(
            {"_time": st.integers(0, 2_000_000_000)},
            optional={"a": SCALARS, "b": SCALARS, "m": st.lists(st.sampled_from(["1", "x", 2]), max_size=3)},
        ),
    ),
    max_size=5,
)


@settings(max_examples=400, deadline=None)
@given(SEARCHES, EVENTS)
def test_a_search_gives_rows_or_says_what_is_wrong(spl: str, events: list) -> None:
    try:
        result = search(
            spl, events, now=1_700_000_000, app=None, lookups={"tab": [{"a": "1", "z": "y"}]}, tz="Europe/Berlin"
        )
    except SplError as error:
        assert str(error) and "Traceback" not in str(error)
    else:
        assert all(isinstance(row, dict) and None not in row.values() for row in result.rows)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "a.b", "a{}", "", "ab", "{}", "."]), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(JSON, st.booleans())
def test_one_field_by_itself_is_what_extracting_all_gives(document: object, null_is_text: bool) -> None:
    written = json.dumps(document)
    everything = jsonfields.extract(written, null_is_text).fields
    for name in {*everything, "a", "a.b", "a{}", "b", "a{}.b"}:
        try:
            found = jsonfields.pick(jsonfields.decode(written), name, null_is_text)
        except jsonfields.NotDirect:
            continue
        assert found == everything.get(name, [])
