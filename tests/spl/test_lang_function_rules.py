"""What holds for functions beyond their tables: the run's context, switches, errors from the data."""

from __future__ import annotations

import pytest

from sandbox.spl.errors import SplError
from sandbox.spl.evaluate import TRUTH, EvalContext, compile, compile_condition, kind_of
from sandbox.spl.stream import parse_expression
from sandbox.spl.switches import Switches


def value(text, row=None, **context):
    node = parse_expression(text)
    build = compile_condition if kind_of(node) == TRUTH else compile
    return build(node)(row or {}, EvalContext(now=1700000000, **context))


def test_random_belongs_to_the_run():
    drawn = [value("random()") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 0 <= drawn[0] < 2**31


def test_lookup_asks_the_context_and_answers_json():
    asked = []

    def answer(name, inputs, outputs):
        asked.append((name, inputs, outputs))
        return {"country": "Iceland", "tags": ("a", "b")}

    found = value(
        'lookup("geo", json_object("ip", ip), json_array("country", "tags"))',
        {"ip": "192.0.2.1"},
        lookup=answer,
    )
    assert found == '{"country":"Iceland","tags":["a","b"]}'
    assert asked == [("geo", {"ip": "192.0.2.1"}, ["country", "tags"])]
    assert (
        value('lookup("geo", json_object("ip", ip), json_array("c"))', {}, lookup=lambda *asked: None) is None
    )


def test_lookup_without_lookups_is_refused():
    with pytest.raises(SplError, match="no lookups"):
        value('lookup("geo", json_object("a", 1), json_array("c"))')


def test_predicates_on_multivalues_follow_the_switch():
    row = {"a": ("10.0.0.1", "x")}
    for text in ('cidrmatch("10.0.0.0/8", a)', 'match(a, "^x")', 'like(a, "x")', 'in(a, "x")', "match(a, b)"):
        assert value(text, {**row, "b": "x"}) is True, text
        assert value(text, {**row, "b": "x"}, switches=Switches(mv_equality="null")) is None, text


def test_a_regex_from_the_data_that_is_none_is_refused_with_the_place():
    with pytest.raises(SplError) as caught:
        value("if(match(a, b), 1, 2)", {"a": "x", "b": "("})
    assert caught.value.column == 13


def test_mvrange_has_an_end():
    with pytest.raises(SplError, match="more than"):
        value("mvrange(0, 1000000000)")


def test_first_array_index_of_spath_is_a_switch():
    row = {"a": '{"b":["x","y"]}'}
    assert value('spath(a, "b{0}")', row) == "x"
    assert value('spath(a, "b{1}")', row, switches=Switches(spath_first_index=1)) == "x"


def test_json_functions_do_not_change_what_other_rows_read():
    row = {"j": '{"a":[1]}'}
    assert value('json_append(j, "a", 2)', row) == '{"a":[1,2]}'
    assert value('json_extract(j, "a{}")', row) == 1
