"""Subsearches, append, join, format, return, tstats, makeresults, addinfo, collect."""

from __future__ import annotations

import pytest

from sandbox.spl import Event, EventStore, Knowledge, RunContext, SplError, compile_search_text
from tests.spl.run_table import NOW, check, result, run

EVENTS = [
    {"kind": "login", "user": "ana", "src": "a"},
    {"kind": "login", "user": "bob", "src": "b"},
    {"kind": "fail", "user": "ana", "src": "c"},
]

TABLE = [
    # A subsearch becomes ( ( a="1" AND b="2" ) OR ... ); all its fields take part.
    ("search kind=login [search kind=fail | fields user] | table user src", [{"user": "ana", "src": "a"}]),
    ("search kind=login NOT [search kind=fail | fields user] | table user", [{"user": "bob"}]),
    # An empty subsearch matches nothing; NOT of it everything.
    ("search kind=login [search kind=none | fields user] | table user", []),
    ("search kind=login NOT [search kind=none | fields user] | stats count", [{"count": 2}]),
    # A field called search is inserted as it is.
    ('search kind=login [| makeresults | eval search="user=bob" | fields search] | table user', [{"user": "bob"}]),
    ("search kind=login [search kind=fail | return user] | table user", [{"user": "ana"}]),
    ("search kind=login [search kind=fail | return $user] | table user", [{"user": "ana"}]),
    (
        "search src IN (a, c) | table kind user | sort kind, user | format",
        [{"search": '( ( kind="fail" AND user="ana" ) OR ( kind="login" AND user="ana" ) )'}],
    ),
    ('search kind=none | format "[" "(" "&&" ")" "||" "]"', [{"search": "NOT ( )"}]),
    ('search kind=fail | eval m=split("x,y", ",") | table m | format', [{"search": '( ( ( m="x" OR m="y" ) ) )'}]),
    # append: after the main rows; appendpipe: over the rows so far, which stay as they were.
    ("search kind=fail | table user | append [search user=bob | table user]", [{"user": "ana"}, {"user": "bob"}]),
    (
        'search kind=login | table user | appendpipe [stats count | eval user="all"]',
        [{"user": "ana"}, {"user": "bob"}, {"count": 2, "user": "all"}],
    ),
    ('search kind=fail | table user | appendpipe [eval user="changed"]', [{"user": "ana"}, {"user": "changed"}]),
    # join: inner with max=1 unless told otherwise.
    (
        "search kind=login | table user src | join user [search kind=fail | eval bad=src | table user bad]",
        [{"user": "ana", "src": "a", "bad": "c"}],
    ),
    (
        "search kind=login | table user | join type=left user [search kind=fail | eval bad=src | table user bad]",
        [{"user": "ana", "bad": "c"}, {"user": "bob"}],
    ),
    ("| makeresults count=2 | eval n=1 | table n", [{"n": 1}, {"n": 1}]),
    ('| makeresults format=csv data="a,b\n1,2" | table a b', [{"a": "1", "b": "2"}]),
    ("| tstats count WHERE index=main", [{"count": 3}]),
    ("| tstats count WHERE index=none", [{"count": 0}]),
    ("| tstats count WHERE index=none BY index", []),
    (
        "| tstats count max(_time) AS last WHERE index=* TERM(login) BY index",
        [{"index": "main", "count": 2, "last": NOW}],
    ),
]


@pytest.mark.parametrize(("spl", "expected"), TABLE, ids=[line[0][:70] for line in TABLE])
def test_table(spl: str, expected: list) -> None:
    check(EVENTS, spl, expected)


def test_tstats_cuts_time_into_spans() -> None:
    given = [{"_time": time, "k": 1} for time in (0, 3599, 3600)]
    assert run("| tstats count WHERE index=main BY _time span=1h", given, [{"_time": 0}]) == [
        {"_time": 0, "count": 2}, {"_time": 3600, "count": 1},
    ]  # fmt: skip


def test_addinfo_tells_the_window_that_holds() -> None:
    row = result("search earliest=-1h kind=fail | addinfo", EVENTS, latest="now").rows[0]
    assert (row["info_min_time"], row["info_max_time"], row["info_search_time"]) == (NOW - 3600, NOW, NOW)
    assert result("search kind=fail | addinfo", EVENTS).rows[0]["info_max_time"] == "+Infinity"


def test_windows_are_inclusive_below_and_exclusive_above_and_both_pairs_hold() -> None:
    given = [{"_time": 100, "n": 1}, {"_time": 200, "n": 2}, {"_time": 300, "n": 3, "_indextime": 900}]
    seen = {
        tuple(bounds.items()): [row["n"] for row in run("search *", given, **bounds)]
        for bounds in (
            {"earliest": 100, "latest": 300},
            {"index_earliest": 300, "index_latest": 1000},
            {"earliest": 100, "latest": 250, "index_earliest": 150},
        )
    }
    assert list(seen.values()) == [[2, 1], [3], [2]]
    assert [row["n"] for row in run("search earliest=200", given, earliest=0, latest=200)] == []


def test_a_subsearch_reads_the_window_of_the_dispatch_not_that_of_the_text_around_it() -> None:
    given = [{"_time": NOW - 10, "k": "new"}, {"_time": NOW - 7200, "k": "old"}]
    spl = "search earliest=-1h k=* | table k | append [search k=old | table k]"
    assert run(spl, given, earliest="-1d") == [{"k": "new"}, {"k": "old"}]


def test_collect_writes_events_that_later_searches_find() -> None:
    knowledge = Knowledge()
    tables, store = knowledge.tables(), EventStore()
    store.append(Event('{"user":"ana \\"x\\""}', NOW - 60))
    write = compile_search_text(
        "search user=* | eval n=2 | table _time user n | collect index=summary sourcetype=my:finding", knowledge, tables
    )
    write.run(RunContext(now=NOW, lookups=tables, store=store, search_name="S"))
    read = compile_search_text("search index=summary sourcetype=my:finding n=2", knowledge, tables)
    rows = read.run(RunContext(now=NOW, lookups=tables, store=store)).rows
    assert [(row["_time"], row["_indextime"], row["user"], row["search_name"]) for row in rows] == [
        (NOW - 60, NOW, 'ana "x"', "S")
    ]


def test_a_plan_runs_again_with_new_events() -> None:
    knowledge = Knowledge()
    tables, store = knowledge.tables(), EventStore()
    plan = compile_search_text("search user=ana | stats count", knowledge, tables)

    def count(**bounds: float) -> int:
        return plan.run(RunContext(now=NOW, lookups=tables, store=store, **bounds)).rows[0]["count"]

    assert count() == 0
    for second in range(600):
        store.append(Event('{"user":"ana"}' if second % 2 else '{"user":"bob"}', second))
    assert count() == 300
    store.append(Event('{"user":"ana"}', 10.5))
    assert count() == 301 and count(earliest=10, latest=11) == 1 and count(earliest=600) == 0
    assert count(index_earliest=10, index_latest=12) == 2


def test_a_plan_with_a_subsearch_goes_by_what_the_subsearch_says_now() -> None:
    """An empty answer may be remembered, one that changes may not; the rest of the search narrows either way."""
    knowledge, store = Knowledge(), EventStore()
    entries = ("login ana", "login bob", "failed cy", "logout ana")
    store.extend([Event(f"{entry} number={number}", NOW - 9 + number) for number, entry in enumerate(entries)])
    tables = knowledge.tables({"tab": []})
    plan = compile_search_text(
        "search failed OR (login [| inputlookup tab | fields search]) | table number", knowledge, tables
    )
    for words, numbers in (([], "2"), (["ana"], "02"), ([], "2"), (["bob", "ana"], "012"), (["nobody"], "2")):
        tables = knowledge.tables({"tab": [{"search": word} for word in words]})
        reads: list[int] = []
        rows = plan.run(RunContext(now=NOW, lookups=tables, store=store, reads=reads)).rows
        assert sorted(row["number"] for row in rows) == list(numbers), words
        assert reads == [len(numbers)]


def test_stages_explain_how_many_rows_left_each_pipe() -> None:
    answer = result('search kind=login | where user="ana" | stats count', EVENTS, explain=True)
    assert answer.stages == [("search kind=login", 2), ('where user="ana"', 1), ("stats count", 1)]
    assert result("search *", EVENTS).stages == []


def test_more_than_ten_thousand_rows_of_a_subsearch_are_cut_with_a_warning() -> None:
    answer = result('search NOT [| makeresults count=10001 | eval user="x" | fields user] | stats count', EVENTS)
    assert answer.rows == [{"count": 3}]
    assert any("keeps 10000 results" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    ("spl", "complaint"),
    [
        ("| tstats count BY user", '"user" is a search-time field'),
        ("| tstats count FROM datamodel=Web", "data models are not known"),
        ("search a=[eval x=1]", "A subsearch as the value of a field"),
        ("search * | where [search a=1]", "A subsearch inside an expression"),
        ("search [eval x=1]", "cannot start with eval"),
        ("search [search a", "bracket is never closed"),
        ("search * | append search x", "needs a subsearch in brackets"),
        ("search * | collect", "needs index="),
        ("search * | join type=full user [search x]", "inner, left or outer"),
        ('search * | format "("', "six texts"),
    ],
)
def test_refusals_name_what_is_wrong(spl: str, complaint: str) -> None:
    with pytest.raises(SplError) as caught:
        run(spl, EVENTS)
    assert complaint in str(caught.value)
