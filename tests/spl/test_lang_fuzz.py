"""Any text gives a result or an SplError, and what was parsed can be printed and parsed again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.spl import pipeline, printer
from sandbox.spl.errors import SplError
from sandbox.spl.evaluate import TRUTH, EvalContext, compile, compile_condition, kind_of
from sandbox.spl.functions import FUNCTIONS
from sandbox.spl.macros import MacroDefinition, expand
from sandbox.spl.searchexpr import insert_subsearches, parse_search
from sandbox.spl.searchmatch import compile_search
from sandbox.spl.searchterms import metadata, terms
from sandbox.spl.stream import parse_expression
from sandbox.spl.strftime import compile_format, compile_parser
from sandbox.spl.timemod import parse_modifier, zone

# The engine's rules are tested on each Python one by one; strange searches by the hundred on one.
pytestmark = pytest.mark.once

PIECES = [
    *"ab19.,+-*/%=<>!()[]{}\"'\\`|$ \n",
    " AND ",
    " OR ",
    "NOT ",
    " XOR ",
    " in ",
    " like ",
    "TERM(",
    "CASE(",
    "earliest=",
    "-1d@d",
    "10.0.0.0/8",
    "```",
    '"x"',
    "'a.b{}'",
    "null()",
    "true()",
    "search ",
    "stats count",
    " by ",
    " AS ",
    "eval(",
]
CALLS = [f"{name}(" for name in sorted(FUNCTIONS)]
SPL = st.lists(st.sampled_from(PIECES + CALLS), max_size=20).map("".join) | st.text(max_size=20)
ARGUMENT = st.sampled_from(
    [
        '"x"',
        '"["',
        '"%Y"',
        '"-1d@d"',
        "a",
        "b",
        "m",
        "1",
        "0",
        "-3.5",
        '"{\\"a\\":[1]}"',
        "1e308",
        "null()",
        "a=1",
        '"10.0.0.0/8"',
        '"a{}.b"',
        '"%5d"',
        "9007199254740993",
    ]
)
ROW = {"a": "1", "b": "x,y", "m": ("x", "2", '{"a":null}'), "_raw": '{"a":{"b":[1,2]}}'}
MACROS = {
    "a": MacroDefinition("b=1"),
    "b(1)": MacroDefinition("x=$a$ `a`", ("a",)),
    "c(1)": MacroDefinition('"$a$"', ("a",), iseval=True),
}
EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)


def attempt(action, *arguments):
    """Return the result, or None where the text was refused with a sentence and a place."""
    try:
        return action(*arguments)
    except SplError as error:
        assert error.message.rstrip().endswith((".", ":", "?", ")", "]")) or error.message
        assert error.line is None or (error.line >= 1 and error.column >= 1 and "^" in error.excerpt)
        return None


def evaluate(node, row):
    build = compile_condition if kind_of(node) == TRUTH else compile
    found = build(node)(row, EvalContext(now=1700000000, zone=zone("Europe/Berlin")))
    assert found is None or isinstance(found, (str, int, float, tuple))
    assert not isinstance(found, tuple) or len(found) > 1


@EXAMPLES
@given(SPL)
def test_expressions(text):
    node = attempt(parse_expression, text)
    if node is not None:
        assert parse_expression(printer.print_expression(node)) == node
        attempt(evaluate, node, ROW)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(ARGUMENT, max_size=4))
def test_every_function_with_any_arguments(name, arguments):
    node = parse_expression(f"{name}({', '.join(arguments)})")
    assert parse_expression(printer.print_expression(node)) == node
    attempt(evaluate, node, ROW)
    attempt(evaluate, node, {})


@EXAMPLES
@given(SPL)
def test_search_expressions(text):
    expression = attempt(parse_search, text)
    if expression is not None:
        assert parse_search(printer.print_search(expression)) == expression
        filled = attempt(insert_subsearches, expression, lambda subsearch: 'a="1"')
        assert filled is not None
        compile_search(filled.root)(ROW)
        terms(filled.root, lambda name: True)
        metadata(filled.root)


@EXAMPLES
@given(SPL)
def test_whole_searches(text):
    source = attempt(expand, text, MACROS)
    found = None if source is None else attempt(pipeline.parse, source)
    for stage in () if found is None else found.stages:
        for reader in (
            "assignments",
            "aggregations",
            "field_list",
            "search_expression",
            "subsearch",
            "only_expression",
            "by_clause",
            "end",
        ):
            attempt(getattr(stage.stream, reader))
    if found is not None:
        assert pipeline.parse(printer.print_pipeline(found)) == found


@EXAMPLES
@given(st.text(alphabet="+-@0123456789smhdwonqyr now:/", max_size=12))
def test_time_modifiers(text):
    modifier = attempt(parse_modifier, text)
    if modifier is not None:
        try:
            modifier.resolve(1700000000, zone("Europe/Berlin"))
        except (OverflowError, ValueError):
            pass  # outside of the calendar; relative_time() turns it into null


@EXAMPLES
@given(st.text(alphabet="%YmdHMSzZNQ369:EjsaAbBpIl T-", max_size=12), st.text(max_size=12))
def test_time_formats(pattern, text):
    render = attempt(compile_format, pattern)
    parse = attempt(compile_parser, pattern)
    assert (render is None) == (parse is None)
    if render is not None:
        render(1700000000.5, zone("America/New_York"))
        parse(text, zone("America/New_York"), 1700000000)


@given(
    st.floats(min_value=0, max_value=4e9),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_a_time_written_with_its_offset_reads_back(moment, name):
    pattern = "%Y-%m-%d %H:%M:%S %z"
    written = compile_format(pattern)(moment, zone(name))
    assert compile_parser(pattern)(written, zone("UTC"), 0) == int(moment)


@pytest.mark.parametrize(
    "search",
    [
        'a=1 b!=2 (c OR NOT d) TERM(x.y) "two words" e IN (1, "2 3") earliest=-1d [search x | fields y]',
        "| eval a=if(x=1 AND NOT y=2 OR z=3, 'a.b{}' . \"c\", -1 * (2 + 3)), b=case(isnull(a), 1, true(), 2)",
    ],
)
def test_round_trip_of_examples(search):
    stage = pipeline.parse(search).stages[0]
    if stage.name == "search":
        expression = stage.stream.search_expression()
        assert parse_search(printer.print_search(expression)) == expression
    else:
        written = ", ".join(map(printer.print_assignment, stage.stream.assignments()))
        again = pipeline.parse(f"| eval {written}").stages[0].stream.assignments()
        assert again == stage.stream.assignments()


@pytest.mark.parametrize(
    "text",
    [
        "count",
        'count(eval(a="x")) AS n',
        'perc95(t) AS "my p"',
        "dc(a.b{}) AS d",
        'values("a b")',
        "p99.9(x)",
    ],
)
def test_round_trip_of_aggregations(text):
    found = pipeline.parse(f"| stats {text}").stages[0].stream.aggregations()
    again = pipeline.parse(f"| stats {printer.print_aggregation(found[0])}").stages[0].stream.aggregations()
    assert [(item.function, item.parameter, item.field, item.expression, item.alias) for item in again] == [
        (item.function, item.parameter, item.field, item.expression, item.alias) for item in found
    ]
