"""Search macros. Page: KM Use search macros in searches; macros.conf.spec."""

from __future__ import annotations

import pytest

from sandbox.spl import pipeline
from sandbox.spl.errors import SplError
from sandbox.spl.macros import MacroDefinition, expand, expand_text

MACROS = {
    "source": MacroDefinition("index=slack_audit sourcetype=slack:audit"),
    "both": MacroDefinition("(`source`) OR index=other"),
    "by_user(1)": MacroDefinition('user="$user$"', ("user",)),
    "by_user(2)": MacroDefinition('user="$user$" src=$src$', ("user", "src")),
    "hours(1)": MacroDefinition('"earliest=-" . $n$ . "h"', ("n",), iseval=True),
    "limit(1)": MacroDefinition(
        "where count > $n$",
        ("n",),
        validation="isnum($n$) AND $n$ > 0",
        errormsg="n must be a positive number",
    ),
    "named(1)": MacroDefinition("$n$", ("n",), validation='if(n="x", null(), "only x is allowed")'),
    "loop": MacroDefinition("`loop2`"),
    "loop2": MacroDefinition("`loop`"),
    "broken": MacroDefinition("a `b"),
    "piped": MacroDefinition("| inputlookup x"),
    "commented": MacroDefinition("```why``` a=1"),
    "badeval": MacroDefinition("nofunction()", iseval=True),
}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("`source` error", "index=slack_audit sourcetype=slack:audit error"),
        ("`both`", "(index=slack_audit sourcetype=slack:audit) OR index=other"),
        ("`by_user(zoe)`", 'user="zoe"'),
        ('`by_user("zoe, ana")`', 'user="zoe, ana"'),
        ('`by_user("a \\"b\\"")`', 'user="a "b""'),
        ("`by_user(zoe, 192.0.2.1)`", 'user="zoe" src=192.0.2.1'),
        ("`by_user(if(a=1, 2, 3), x)`", 'user="if(a=1, 2, 3)" src=x'),
        ("`hours(24)`", "earliest=-24h"),
        ("x | `limit(3)`", "x | where count > 3"),
        ("`named(x)`", "x"),
        ('eval a="`source`"', 'eval a="`source`"'),
        ("`commented`", "          a=1"),
        ("a ```not `this` one``` b", "a                      b"),
    ],
)
def test_expansion(search, expected):
    assert expand_text(search, MACROS) == expected


@pytest.mark.parametrize(
    ("search", "column", "words"),
    [
        ("x `sorce`", 3, 'Did you mean "source"?'),
        ("`by_user`", 1, "exists as by_user(1), by_user(2), not with 0 arguments"),
        ("`by_user(1,2,3)`", 1, "not with 3 arguments"),
        ("`limit(0)`", 1, "n must be a positive number"),
        ("`limit(x)`", 1, "n must be a positive number"),
        ("`named(y)`", 1, "only x is allowed"),
        ("`loop`", 1, "loop -> loop2 -> loop"),
        ("a `source", 3, "opens no macro call"),
        ("`broken`", 1, "In the definition of macro `broken`"),
        ("`badeval`", 1, "cannot be evaluated"),
        ("x ```never closed", 3, "comment is never closed"),
    ],
)
def test_refusals_point_at_the_call(search, column, words):
    with pytest.raises(SplError) as caught:
        expand(search, MACROS)
    assert caught.value.column == column
    assert words in str(caught.value)


def test_an_error_behind_a_macro_points_into_the_search_as_written():
    source = expand("`source` `by_user(zoe)`\n| eval x = lowr(y)", MACROS)
    stage = pipeline.parse(source).stages[1]
    assert (stage.line, stage.column) == (2, 3)
    with pytest.raises(SplError) as caught:
        from sandbox.spl.evaluate import compile

        compile(stage.stream.assignments()[0].expression)
    assert (caught.value.line, caught.value.column) == (2, 12)
    assert "| eval x = lowr(y)" in caught.value.excerpt


def test_an_error_inside_of_a_macro_names_the_macro_and_points_at_the_call():
    source = expand("index=x\n| eval y = `by_user(zoe, 1)`", MACROS)
    with pytest.raises(SplError) as caught:
        pipeline.parse(source).stages[1].stream.assignments()
    assert (caught.value.line, caught.value.column) == (2, 12)
    assert "macro `by_user`" in str(caught.value)


def test_a_macro_may_begin_with_a_pipe():
    assert [stage.name for stage in pipeline.parse(expand("`piped` | head 1", MACROS)).stages] == [
        "inputlookup",
        "head",
    ]


def test_growth_is_limited():
    macros = {f"m{n}": MacroDefinition(f"`m{n + 1}` `m{n + 1}`" if n < 40 else "x") for n in range(41)}
    with pytest.raises(SplError, match="grows beyond"):
        expand("`m0`", macros)
