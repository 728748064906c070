"""Cutting a search into commands, and the toolkit with which commands read their arguments."""

from __future__ import annotations

import pytest

from sandbox.spl.errors import SplError
from sandbox.spl.expressions import Comparison
from sandbox.spl.pipeline import parse
from sandbox.spl.stream import BOOLEAN, INTEGER, NUMBER, SPAN, TEXT, choice, parse_expression, stream_of
from sandbox.spl.timemod import Span


def stages(search):
    return [(stage.name, stage.text) for stage in parse(search).stages]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("index=a", [("search", "index=a")]),
        ("search index=a", [("search", "search index=a")]),
        ("| inputlookup x", [("inputlookup", "inputlookup x")]),
        ("  | makeresults\n| EVAL a=1", [("makeresults", "makeresults"), ("eval", "EVAL a=1")]),
        ("stats count", [("search", "stats count")]),
        (
            'a="x|y" | rex "(a|b)" | head 1',
            [("search", 'a="x|y"'), ("rex", 'rex "(a|b)"'), ("head", "head 1")],
        ),
        (
            "a [search b | fields c] | append [| inputlookup x | head 1]",
            [("search", "a [search b | fields c]"), ("append", "append [| inputlookup x | head 1]")],
        ),
        ("don't | head 1", [("search", "don't"), ("head", "head 1")]),
        ("| eval x='a|b' | head 1", [("eval", "eval x='a|b'"), ("head", "head 1")]),
        ('| eval x="a\\"|b" | head 1', [("eval", 'eval x="a\\"|b"'), ("head", "head 1")]),
        ("| where a=1 ```why | not``` | head 1", [("where", "where a=1"), ("head", "head 1")]),
        ('| eval x="```no comment```"', [("eval", 'eval x="```no comment```"')]),
        ("search=5", [("search", "search=5")]),
    ],
)
def test_commands_of_a_search(search, expected):
    assert stages(search) == expected


@pytest.mark.parametrize(
    ("search", "line", "column", "words"),
    [
        ("", 1, 1, "no command"),
        ("   ", 1, 1, "no command"),
        ("|", 1, 1, "no command"),
        ("a || b", 1, 4, "command is missing"),
        ("a |", 1, 4, "command is missing"),
        ("a\n| 5x", 2, 3, "command name"),
        ('a "b', 1, 3, "never closed"),
        ("a [b", 1, 3, "bracket is never closed"),
        ("a ] b", 1, 3, "never opened"),
        ("a | `x`", 1, 5, "command name"),
    ],
)
def test_broken_pipelines(search, line, column, words):
    with pytest.raises(SplError) as caught:
        for stage in parse(search).stages:
            stage.stream.search_expression()
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.message


def test_places_count_from_the_whole_search():
    stage = parse("index=a\n  | stats count\n| append [search b\n | stats dc]").stages[2]
    assert (stage.line, stage.column) == (3, 3)
    inner = stage.stream.subsearch().pipeline().stages
    assert [(item.name, item.line, item.column) for item in inner] == [("search", 3, 11), ("stats", 4, 4)]
    with pytest.raises(SplError) as caught:
        inner[1].stream.aggregations()
    assert (caught.value.line, caught.value.column) == (4, 10)


def test_a_pipe_must_not_be_missing_in_brackets():
    with pytest.raises(SplError, match="command name"):
        parse("a [ 5 ]").stages[0].stream.search_expression().root.parts[1].subsearch.pipeline()


def test_options():
    stream = stream_of('keepempty=t limit = 5 span=1h name="x y" kind=ASC ratio=0.5 a, b', None, "dedup")
    known = {
        "keepempty": BOOLEAN,
        "limit": INTEGER,
        "span": SPAN,
        "name": TEXT,
        "kind": choice("asc", "desc"),
        "ratio": NUMBER,
    }
    assert stream.options(known) == {
        "keepempty": True,
        "limit": 5,
        "span": Span(1, "h"),
        "name": "x y",
        "kind": "asc",
        "ratio": 0.5,
    }
    assert stream.field_list() == ["a", "b"]
    stream.end()


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("keepemty=t", 1, 'no option "keepemty". Known: keepempty, limit. Did you mean "keepempty"?'),
        ("limit=x", 7, "whole number"),
        ("keepempty=maybe", 11, "Boolean"),
        ("limit=", 7, "needs a value"),
        ("limit=1 LIMIT=2", 9, "twice"),
        ("limit=(1)", 7, "needs a value"),
    ],
)
def test_wrong_options(text, column, words):
    with pytest.raises(SplError) as caught:
        stream_of(text, None, "dedup").options({"keepempty": BOOLEAN, "limit": INTEGER})
    assert caught.value.column == column
    assert words in str(caught.value)


def test_a_single_option_is_taken_where_it_stands():
    stream = stream_of("limit=3 x")
    assert stream.option("other", TEXT) is None
    assert stream.option("limit", INTEGER) == 3
    assert stream.word() == "x"


def test_field_lists():
    assert stream_of("a, b c.d{} \"e f\" 'g h' actor.*").field_list() == [
        "a",
        "b",
        "c.d{}",
        "e f",
        "g h",
        "actor.*",
    ]
    stream = stream_of("a b sortby -_time")
    assert (stream.field_list(stop=("sortby",)), stream.accept("SORTBY".lower()), stream.word()) == (
        ["a", "b"],
        "sortby",
        "-_time",
    )
    stream = stream_of("a b limit=5")
    assert (stream.field_list(), stream.option_name()) == (["a", "b"], "limit")
    with pytest.raises(SplError, match="wildcards"):
        stream_of("by a*").by_clause()
    with pytest.raises(SplError, match="needs a field name"):
        stream_of("a,").field_list()


def test_numbers_before_fields():
    stream = stream_of("3 user")
    assert (stream.accept_integer(), stream.field()) == (3, "user")
    assert stream_of("3=x").accept_integer() is None
    assert stream_of("x").accept_integer() is None


def test_end_refuses_what_is_left():
    with pytest.raises(SplError, match='no option "x" at this place'):
        stream_of("x=1", None, "head").end()
    with pytest.raises(SplError, match="The command head cannot take"):
        stream_of("x", None, "head").end()
    with pytest.raises(SplError, match='needs "AS" here, not "b"'):
        stream_of("b").expect("as")


def test_aggregations():
    stream = stream_of(
        'count count(eval(x="a,b" OR y)) AS n, dc(actor.user.id) perc95(t) AS p c(a b) by u'.replace(
            " OR y", " OR y=1"
        ).replace("c(a b)", 'values("a b")')
    )
    found = stream.aggregations()
    assert [(item.function, item.parameter, item.field, item.column) for item in found] == [
        ("count", None, None, "count"),
        ("count", None, None, "n"),
        ("dc", None, "actor.user.id", "dc(actor.user.id)"),
        ("perc", 95, "t", "p"),
        ("values", None, "a b", "values(a b)"),
    ]
    assert isinstance(found[1].expression.operands[0], Comparison)
    assert stream.by_clause() == ["u"]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("cout", 1, 'Did you mean "count"?'),
        ("dc", 1, "needs a field in parentheses"),
        ("count(eval(a=1))", 1, "needs a name"),
        ("dc(a", 5, 'needs ")"'),
        ("count(eval(a=)) AS x", 14, "value is needed"),
        ("count, by x", 8, 'no statistical function "by"'),
        ("count(eval(a=1) AS x", 17, 'needs ")"'),
        ("(a)", 1, "statistical function"),
        ("dc(a) AS x*", 10, "wildcards"),
    ],
)
def test_wrong_aggregations(text, column, words):
    with pytest.raises(SplError) as caught:
        stream_of(text, None, "stats").aggregations(known=("count", "dc", "sum"))
    assert caught.value.column == column
    assert words in str(caught.value)


def test_expressions_leave_the_rest():
    stream = stream_of("(a>1) limit=5")
    assert stream.expression() == parse_expression("a>1")
    assert stream.option("limit", INTEGER) == 5
    with pytest.raises(SplError, match="operator is missing"):
        stream_of("a>1 b").only_expression()


@pytest.mark.parametrize(
    ("text", "column"), [("a=1 b=2", 5), ("=1", 1), ("a 1", 3), ("a=1,", 5), ('""=1', 1)]
)
def test_wrong_assignments(text, column):
    with pytest.raises(SplError) as caught:
        stream_of(text, None, "eval").assignments()
    assert caught.value.column == column


def test_a_quoted_condition_points_at_its_option():
    outer = parse('| streamstats reset_before="(x=" count').stages[0].stream
    place = outer.place()
    with pytest.raises(SplError) as caught:
        parse_expression("(x=", place)
    assert (caught.value.line, caught.value.column) == (1, place.column)


def test_words_with_backslashes():
    assert stream_of(r"C:\temp \"x\" a\\b").field_list() == ["C:\\temp", '"x"', "a\\b"]


def test_long_lines_are_cut_around_the_caret():
    with pytest.raises(SplError) as caught:
        parse_expression("x + " * 100 + ")")
    line, caret = caught.value.excerpt.split("\n")
    assert len(line) <= 104 and line[caret.index("^")] == ")"
