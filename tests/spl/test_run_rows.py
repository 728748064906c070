"""Commands that work row by row: fields, rename, eval, fillnull, replace, rex, spath, makemv, mvexpand and so on."""

from __future__ import annotations

import pytest

from sandbox.spl import SplError, Switches
from tests.spl.run_table import check, result, run

TABLE = [
    # fields: keeps or removes; table: these columns in this order.
    ([{"a": 1, "b": 2, "bc": 3}], "fields b*", [{"b": 2, "bc": 3}]),
    ([{"a": 1, "b": 2}], "fields - a", [{"b": 2}]),
    ([{"a": 1, "b": 2}], "fields -a", [{"b": 2}]),
    ([{"a": 1, "b": 2}], "table b, missing a", [{"b": 2, "a": 1}]),
    # rename: where the old field is missing, the new name is emptied; wildcards.
    ([{"a": 1}, {"b": 2}], "rename a AS b", [{"b": 1}, {}]),
    ([{"x.y.id": "1", "x.y.name": "n"}], "rename x.y.* AS *", [{"id": "1", "name": "n"}]),
    ([{"a": 1}], 'rename a AS "two words"', [{"two words": 1}]),
    # eval: left to right; null removes; division by zero is null.
    ([{"a": 2}], "eval b=a*3, c=b+1, a=null()", [{"b": 6, "c": 7}]),
    ([{"a": 2}], "eval b=a/0", [{"a": 2}]),
    ([{"k": "x", "v": 1}], "eval {k}_n=v", [{"k": "x", "v": 1, "x_n": 1}]),
    # fillnull: named fields are made, without names the columns that some row has.
    ([{"a": 1}, {"b": 2}], "fillnull", [{"a": 1, "b": 0}, {"a": 0, "b": 2}]),
    ([{"a": 1}], "fillnull value=none b", [{"a": 1, "b": "none"}]),
    ([{"a": 1}, {"b": 2}, {"a": 3}], "filldown a", [{"a": 1}, {"a": 1, "b": 2}, {"a": 3}]),
    # replace: whole values; wildcards.
    ([{"h": "abc.local"}, {"h": "xyz"}], 'replace "*.local" WITH "* here" IN h', [{"h": "abc here"}, {"h": "xyz"}]),
    # convert
    ([{"t": 0}], 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime(t) AS s', [{"t": 0, "s": "1970-01-01T00:00:00"}]),
    ([{"t": "01/02/1970 00:00:00"}], "convert mktime(t)", [{"t": 86400}]),
    ([{"d": "1+02:03:04"}], "convert dur2sec(d)", [{"d": 93784}]),
    # addtotals
    ([{"a": 1, "b": "2", "c": "x"}], "addtotals", [{"a": 1, "b": "2", "c": "x", "Total": 3}]),
    (
        [{"k": "p", "a": 1}, {"k": "q", "a": 2}],
        "addcoltotals labelfield=k label=all",
        [{"k": "p", "a": 1}, {"k": "q", "a": 2}, {"a": 3, "k": "all"}],
    ),
    ([{"n": 1}, {"n": 2}], "accum n AS t", [{"n": 1, "t": 1}, {"n": 2, "t": 3}]),
    ([{"n": 1}, {"n": 4}], "delta n AS d", [{"n": 1}, {"n": 4, "d": 3}]),
    # rex: no match leaves fields untouched; max_match=0 gives a multivalue; mode=sed.
    (
        [{"s": "id=7"}, {"s": "none", "id": "old"}],
        'rex field=s "id=(?<id>\\d+)"',
        [{"s": "id=7", "id": "7"}, {"s": "none", "id": "old"}],
    ),
    ([{"s": "a1b2"}], 'rex field=s max_match=0 "(?<d>\\d)"', [{"s": "a1b2", "d": ["1", "2"]}]),
    ([{"s": "a-b-c"}], 'rex field=s mode=sed "s/-/+/g"', [{"s": "a+b+c"}]),
    ([{"s": "a-b-c"}], 'rex field=s mode=sed "s/(\\w)-(\\w)/\\2-\\1/"', [{"s": "b-a-c"}]),
    ([{"s": "abc"}], 'rex field=s mode=sed "y/abc/xyz/"', [{"s": "xyz"}]),
    ([{"s": "ab"}, {"s": "cd"}], 'regex s="^a"', [{"s": "ab"}]),
    ([{"s": "ab"}, {"s": "cd"}], 'regex s!="^a"', [{"s": "cd"}]),
    # spath: several matches are a multivalue; without a path everything.
    ([{"j": '{"a":{"b":[1,2]},"c":null}'}], "spath input=j path=a.b{} output=x | fields x", [{"x": ["1", "2"]}]),
    (
        [{"j": '{"l":[{"k":"p"},{"k":"q"}]}'}],
        "spath input=j path=l{} output=i | mvexpand i | spath input=i | fields k",
        [{"k": "p"}, {"k": "q"}],
    ),
    ([{"j": '{"a":{"b":true,"c":1.50}}'}], "spath input=j | fields a.*", [{"a.b": "true", "a.c": "1.50"}]),
    # multivalue commands
    ([{"s": "a,b,,c"}], 'makemv delim="," s', [{"s": ["a", "b", "c"]}]),
    ([{"s": "a,b,,c"}], 'makemv delim="," allowempty=t s', [{"s": ["a", "b", "", "c"]}]),
    ([{"s": "a1 b2"}], 'makemv tokenizer="([a-z])\\d" s', [{"s": ["a", "b"]}]),
    ([{"m": ["x", "y"], "k": 1}, {"k": 2}], "mvexpand m", [{"m": "x", "k": 1}, {"m": "y", "k": 1}, {"k": 2}]),
    ([{"m": ["x", "y", "z"]}], "mvexpand m limit=2", [{"m": "x"}, {"m": "y"}]),
    ([{"m": ["x", "y"]}], "nomv m", [{"m": "x\ny"}]),
    ([{"k": 1, "m": "x"}, {"k": 1, "m": "y"}], "table k m | mvcombine m", [{"k": 1, "m": ["x", "y"]}]),
    # foreach
    (
        [{"a_x": 1, "a_y": 2}],
        "foreach a_* [eval b_<<MATCHSTR>> = '<<FIELD>>' * 10]",
        [{"a_x": 1, "a_y": 2, "b_x": 10, "b_y": 20}],
    ),
    # reshaping
    (
        [{"k": "r", "x": 1, "y": 2}],
        "table k x y | untable k name value",
        [{"k": "r", "name": "x", "value": 1}, {"k": "r", "name": "y", "value": 2}],
    ),
    ([{"k": "r", "n": "x", "v": 1}, {"k": "r", "n": "y", "v": 2}], "xyseries k n v", [{"k": "r", "x": 1, "y": 2}]),
    (
        [{"k": "r", "v": 1}, {"k": "s", "v": 2}],
        "table k v | transpose header_field=k",
        [{"column": "v", "r": 1, "s": 2}],
    ),
    # bin: sub-day spans from the epoch; numbers become a label.
    ([{"_time": 3725}], "bin _time span=1h | table _time", [{"_time": 3600}]),
    ([{"_time": 3725}], "bin _time span=10m AS t | table t", [{"t": 3600}]),
    ([{"n": 13}, {"n": "x"}], "bin n span=10", [{"n": "10-20"}, {"n": "x"}]),
]


@pytest.mark.parametrize(("given", "spl", "expected"), TABLE, ids=[line[1][:60] for line in TABLE])
def test_table(given: list, spl: str, expected: list) -> None:
    check(given, f"search * | {spl}", expected)


def test_day_spans_start_at_local_midnight_also_around_daylight_saving() -> None:
    # Europe/Berlin went to summer time on 2024-03-31: that day had 23 hours.
    times = [1711839600, 1711839600 + 82_799, 1711839600 + 82_800]
    rows = run("search * | sort 0 _time | bin _time span=1d | table _time", [{"_time": t} for t in times],
               [{"_time": 0}], tz="Europe/Berlin")  # fmt: skip
    assert [row["_time"] for row in rows] == [1711839600, 1711839600, 1711839600 + 82_800]


def test_spath_without_a_path_warns_when_it_leaves_something_out() -> None:
    text = '{"pad":"' + "x" * 5000 + '","late":"here"}'
    cut = result("search * | spath input=j | fields late", [{"j": text}])
    assert cut.rows[0].get("late") is None
    assert any("5000 bytes" in warning for warning in cut.warnings)
    named = result("search * | spath input=j path=late | fields late", [{"j": text}])
    assert named.rows[0]["late"] == "here" and not named.warnings


def test_json_null_is_a_switch() -> None:
    for setting, expected in (("text", "null"), ("absent", None)):
        answer = result("search * | table a.b", ['{"a":{"b":null}}'], switches=Switches(json_null=setting))
        assert (answer.rows[0].get("a.b") if answer.rows else None) == expected


@pytest.mark.parametrize(
    ("spl", "complaint"),
    [
        ('search * | rex field=s "(\\d+)"', "at least one named group"),
        ('search * | rex field=s "(?<a>"', "is no regular expression"),
        ("search * | rename a* AS b", "same number of wildcards"),
        ("search * | bin _time bin=10", 'has no option "bin"'),
        ("search * | map search=x", "use a lookup"),
        ("search * | evl a=1", 'Did you mean "eval"'),
        ("search * | foreach a_* [stats count BY", "bracket is never closed"),
        ("search * | foreach a_* [eval x=]", "needed"),
        ("search * | makeresults", "must stand first"),
        ("search * | fields", "needs at least one field"),
    ],
)
def test_refusals_name_what_is_wrong(spl: str, complaint: str) -> None:
    with pytest.raises(SplError) as caught:
        run(spl, [{"s": "x"}])
    assert complaint in str(caught.value)
