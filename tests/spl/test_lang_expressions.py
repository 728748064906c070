"""Eval and where expressions: operators, precedence, null, numbers and text.

Each row: expression, row, expected value, the manual's page that says so.
SR = Search Reference; SEM marks what practice says where the manual is silent.
"""

from __future__ import annotations

import pytest

from sandbox.spl.errors import SplError
from sandbox.spl.evaluate import EvalContext, compile, compile_condition, field_names
from sandbox.spl.stream import parse_expression, stream_of
from sandbox.spl.switches import Switches

NOW = 1700000000
EVAL, WHERE, COMPARISON = "SR: eval", "SR: where", "SR: Comparison and Conditional functions"


def value(text, row=None, **context):
    return compile(parse_expression(text))(row or {}, EvalContext(now=NOW, **context))


def truth(text, row=None, **context):
    return compile_condition(parse_expression(text))(row or {}, EvalContext(now=NOW, **context))


VALUES = [
    ("1 + 2 * 3", {}, 7, EVAL),
    ("(1 + 2) * 3", {}, 9, EVAL),
    ("10 - 2 - 3", {}, 5, EVAL),
    ("7 % 3", {}, 1, EVAL),
    ("-7 % 3", {}, -1, "SEM: sign of the dividend"),
    ("6 / 4", {}, 1.5, EVAL),
    ("6 / 3", {}, 2, EVAL),
    ("-a", {"a": "3"}, -3, EVAL),
    ("- -3", {}, 3, EVAL),
    ("a / b", {"a": "1", "b": "0"}, None, "SR: eval, division by zero is null"),
    ("a % b", {"a": "1", "b": "0"}, None, "SR: eval, division by zero is null"),
    ("a + b", {"a": "1", "b": "2"}, 3, "SR: eval, + adds numbers"),
    ("a + b", {"a": "x", "b": "y"}, "xy", "SR: eval, + joins texts"),
    ("a + b", {"a": "x", "b": "2"}, "x2", "SEM: both come as text"),
    ("a + 2", {"a": "x"}, None, "SEM: text and number"),
    ("a * 2", {"a": "x"}, None, "SR: eval"),
    ("a . b", {"a": "1", "b": "2"}, "12", "SR: eval, . always joins"),
    ("a.b", {"a": "1", "b": "2"}, "12", "SR: eval, . always joins"),
    ('"x".5', {}, "x5", "SR: eval, . always joins"),
    ('"x" . (a + 1)', {"a": "1"}, "x2", EVAL),
    ('(a + 1) . "x"', {"a": "1"}, "2x", EVAL),
    ('a * 2 . "x"', {"a": "2"}, "4x", EVAL),
    ("1 . 2", {}, "12", "SR: eval, . always joins"),
    ('a."-".b', {"a": "1"}, None, "null in a concatenation gives null"),
    ("a + 1", {}, None, "null in an operator gives null"),
    ("'actor.user.id'", {"actor.user.id": "W1"}, "W1", "SR: eval, single quotes name a field"),
    ("'items{}.name'", {"items{}.name": ("x", "y")}, ("x", "y"), "SR: eval, single quotes name a field"),
    ("actor.user", {"actor.user": "W1"}, None, "a bare a.b joins the fields a and b"),
    ('"a \\"b\\" \\\\ \\d"', {}, 'a "b" \\ \\d', "SM: escaping in search strings"),
    ("a", {"a": "007"}, "007", "numbers keep their text until arithmetic touches them"),
    ("a + 0", {"a": "007"}, 7, "numbers keep their text until arithmetic touches them"),
    ("a + 0", {"a": " 7"}, None, "spaces make it a text"),
    ("a + 0", {"a": "7 "}, None, "spaces make it a text"),
    ("a + 0", {"a": "1_000"}, None, "no number in Splunk"),
    ("a + 0", {"a": "nan"}, None, "no number in Splunk"),
    ("a + 0", {"a": "1.5e3"}, 1500, EVAL),
    ("a + 0", {"a": ""}, None, "an empty text is no number"),
    (".5 + 0", {}, 0.5, EVAL),
    ('a . ""', {"a": 1 / 3}, "0.3333333333333333", EVAL),
    ('a . ""', {"a": 0.1 + 0.2}, "0.3", EVAL),
    ('a . ""', {"a": 3.0}, "3", EVAL),
    ("9007199254740993 + 0", {}, 9007199254740992, "SR: eval, doubles"),
]


@pytest.mark.parametrize(("text", "row", "expected", "page"), VALUES)
def test_value(text, row, expected, page):
    found = value(text, row)
    assert found == expected
    assert type(found) is type(expected)


TRUTHS = [
    ('a="x"', {"a": "x"}, True, COMPARISON),
    ('a="X"', {"a": "x"}, False, "SR: where, case-sensitive"),
    ('a=="x"', {"a": "x"}, True, EVAL),
    ("a=5", {"a": "5"}, True, EVAL),
    ("a=5", {"a": "5.0"}, True, "numeric strings compare as numbers"),
    ('a="5"', {"a": "5.0"}, True, "numeric strings compare as numbers"),
    ("a<10", {"a": "9"}, True, "numeric strings compare as numbers"),
    ("a<b", {"a": "9", "b": "10"}, True, "both numeric: as numbers"),
    ("a<b", {"a": "9a", "b": "10"}, False, "one is text: as text"),
    ('a<"b"', {"a": "B"}, True, "text order is by code point"),
    ('a="x*"', {"a": "xy"}, False, "SR: where, a star is a star"),
    ("a=b", {"a": "x", "b": "x"}, True, "SR: where compares two fields"),
    ("a=b", {"a": "x"}, None, "null compares to nothing"),
    ("a!=b", {"a": "x"}, None, "null compares to nothing"),
    ("a<1", {}, None, "null compares to nothing"),
    ('a=""', {"a": ""}, True, "an empty text is a value"),
    ("isnull(a)", {"a": ""}, False, "an empty text is a value"),
    ("NOT a=1", {"a": "2"}, True, WHERE),
    ("NOT a=1 AND b=1", {"a": "2", "b": "2"}, False, "SR: where, NOT before AND"),
    ("NOT (a=1 AND b=1)", {"a": "2", "b": "2"}, True, WHERE),
    ("a=1 OR a=2 AND b=1", {"a": "1", "b": "2"}, True, "SR: where, AND before OR"),
    ("a=1 AND b=1 OR b=2", {"a": "9", "b": "2"}, True, "SR: where, AND before OR"),
    ("a=1 XOR a=1 OR b=1", {"a": "1", "b": "1"}, False, "SR: where, OR before XOR"),
    ("a=1 XOR b=1", {"a": "1", "b": "2"}, True, WHERE),
    ("a=1 and not b=1", {"a": "1", "b": "2"}, True, "SEM: keywords in any case"),
    ("a=1 OR b=1", {"a": "1"}, True, "unknown OR true"),
    ("a=1 OR b=1", {"a": "2"}, None, "unknown OR false"),
    ("a=1 AND b=1", {"a": "2"}, False, "unknown AND false"),
    ("a=1 AND b=1 AND c=1", {"a": "1", "c": "1"}, None, "unknown AND true"),
    ('a IN ("x", "y")', {"a": "y"}, True, COMPARISON),
    ('a IN ("x", "y*")', {"a": "yy"}, False, "SR: in, no wildcards"),
    ('a IN ("X")', {"a": "x"}, False, "SR: in, exact"),
    ("a IN (1, 2)", {"a": "2.0"}, True, COMPARISON),
    ("a IN (b, c)", {"a": "x", "c": "x"}, True, COMPARISON),
    ('a NOT IN ("x")', {"a": "y"}, True, COMPARISON),
    ('a IN ("x")', {}, None, "null is in nothing"),
    ('a LIKE "ad%"', {"a": "admin"}, True, COMPARISON),
    ('a LIKE "%m_n"', {"a": "admin"}, True, COMPARISON),
    ('a LIKE "dm%"', {"a": "admin"}, False, "SR: like, anchored at both ends"),
    ('a LIKE "a.*"', {"a": "admin"}, False, "SR: like, only % and _"),
    ('a NOT LIKE "ad%"', {"a": "admin"}, False, COMPARISON),
    ("a-1=b*2", {"a": "5", "b": "2"}, True, "arithmetic before comparison"),
]


@pytest.mark.parametrize(("text", "row", "expected", "page"), TRUTHS)
def test_condition(text, row, expected, page):
    assert truth(text, row) is expected


def test_not_of_unknown_is_a_switch():
    assert truth("NOT a=1", {}) is None
    assert truth("NOT a=1", {}, switches=Switches(not_null="true")) is True


def test_multivalue_equality_is_a_switch_and_warns():
    row = {"a": ("x", "y")}
    warnings = []
    assert truth('a="y"', row, warn=warnings.append) is True
    assert len(warnings) == 1 and "multivalue" in warnings[0]
    assert truth('a="y"', row, switches=Switches(mv_equality="null")) is None
    assert truth("a=b", {**row, "b": "y"}) is True
    assert truth('a IN ("y")', row, switches=Switches(mv_equality="null")) is None


def test_multivalue_in_text_function_gives_null_and_warns():
    warnings = []
    assert value("lower(a)", {"a": ("X", "Y")}, warn=warnings.append) is None
    assert value('a."x"', {"a": ("X", "Y")}, warn=warnings.append) is None
    assert value("a+1", {"a": ("1", "2")}, warn=warnings.append) is None
    assert len(warnings) == 3


REFUSED = [
    ("a=b=c", 4, "chained"),
    ("1 +", 4, "ends where a value is needed"),
    ("(1", 1, "parenthesis is never closed"),
    ("1)", 2, "operator is missing"),
    ("a b", 3, "operator is missing"),
    ('a "x', 3, "double quote is never closed"),
    ("'x", 1, "single quote is never closed"),
    ("a && b", 3, "Write AND"),
    ("!a", 1, "Write NOT"),
    ("items{}.x", 6, "single quotes"),
    ("a BETWEEN 1 AND 2", 3, "SPL2"),
    ("a IS NULL", 3, "isnull"),
    ('1 < "x" * 2', 5, "needs numbers"),
    ("a IN b", 6, "list in parentheses"),
    ("$tok$", 1, "not replaced"),
    ("a = ~b", 5, "A value is needed here"),
    ('"x" . a + 1 = 2', 9, "come first"),
    ('a - 1 . "x" = 2', 7, "come first"),
    ("(((((((((((((((((((((((((((((((((((((((((((1", 41, "nested more than"),
]


@pytest.mark.parametrize(("text", "column", "message"), REFUSED)
def test_bad_syntax_is_refused_with_its_place(text, column, message):
    with pytest.raises(SplError) as caught:
        compile_condition(parse_expression(text))
    assert (caught.value.line, caught.value.column) == (1, column)
    assert message in str(caught.value)
    caret = caught.value.excerpt.split("\n")[1]
    assert caret.index("^") == 4 + column - 1


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a=1", 1, "cannot take a condition's result"),
        ("1 + (a=1)", 6, "not a condition"),
        ("lower(isnull(a))", 7, "not a condition"),
        ("if(a, 1, 2)", 4, "A condition is needed"),
        ('if(a=1, "x", b=1)', 1, "of one kind"),
        ("case(a=1, 1, 2)", 1, "pairs"),
        ("upper()", 1, "write upper(text)"),
        ("substr(a)", 1, "write substr(text, start[, length])"),
        ('pow("x", 2)', 5, "needs a number"),
        ("lowr(a)", 1, 'Did you mean "lower"?'),
        ("dc(a)", 1, "function of stats"),
        ('if(match(a, "["), 1, 2)', 13, "is no regular expression"),
        ('if(cidrmatch("10.0.0.0/99", a), 1, 2)', 14, "is no network"),
        ('relative_time(a, "-1x")', 18, "is no time modifier"),
        ('strftime(a, "%Y %!")', 13, "is not known"),
        ('tonumber("12a")', 10, "cannot turn"),
        ('tostring(a, "comas")', 13, 'Did you mean "commas"?'),
        ('printf("%d %d", a)', 1, "1 values for 2 places"),
        ('json_extract(a, "x{")', 17, "cannot be read"),
        ('lookup("x", "y")', 1, "write lookup("),
        ("searchmatch(a)", 1, "condition"),
        ("if(searchmatch(a), 1, 2)", 16, "as a text in double quotes"),
        ("mvfilter(a=b)", 12, "one field only"),
        ('mvfilter(match("x", "y"))', 1, "no field"),
        ('mvmap(split(a, ","), upper(a))', 7, "give the expression a name"),
    ],
)
def test_types_and_names_are_checked_before_any_row(text, column, message):
    with pytest.raises(SplError) as caught:
        compile(parse_expression(text))
    assert caught.value.column == column
    assert message in str(caught.value)


def test_boolean_alternatives_make_a_condition():
    assert truth("if(a=1, b=1, false())", {"a": "1", "b": "1"}) is True
    assert truth("case(a=2, false(), true(), b=1)", {"a": "1", "b": "1"}) is True


def test_fields_that_an_expression_reads():
    node = parse_expression('if(\'a.b{}\'=c AND searchmatch("user=x OR error"), lower(d), "e")')
    assert field_names(node) == {"a.b{}", "c", "d", "user", "_raw"}


def test_assignments_with_dots_quotes_and_templates():
    found = stream_of('a.b = 1, "c d"=a+1, \'e{}\' = "x,y", {f}_x=2', None, "eval").assignments()
    assert [item.target for item in found] == ["a.b", "c d", "e{}", "{f}_x"]
    assert found[3].name({"f": "user"}) == "user_x"
    assert found[3].name({}) is None
    assert found[2].name({}) == "e{}"
