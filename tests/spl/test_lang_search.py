"""Search expressions.

Pages: SR search; SM Boolean expressions with logical operators; SM Difference between != and NOT;
SM Use CASE() and TERM() to match phrases;
SM Event segmentation and searching.
"""

from __future__ import annotations

import json

import pytest

from sandbox.spl import searchterms
from sandbox.spl.errors import SplError
from sandbox.spl.searchexpr import field_names, insert_subsearches, parse_search, subsearches
from sandbox.spl.searchmatch import compile_search
from sandbox.spl.searchterms import All, Any, IndexTerm, MetadataEquals
from sandbox.spl.segmentation import minor_segments
from sandbox.spl.stream import stream_of
from sandbox.spl.switches import Switches

RAW = (
    '{"action":"user_login","actor":{"user":{"email":"Zoe@corp.example"}},'
    '"context":{"ip_address":"192.0.2.10"}}'
)


def matches(search, event, **switches):
    return compile_search(parse_search(search).root, Switches(**switches))(event)


@pytest.mark.parametrize(
    ("search", "event", "expected"),
    [
        # values ignore case, names do not
        ("user=ZOE", {"user": "zoe"}, True),
        ("User=zoe", {"user": "zoe"}, False),
        ('user="ZOE"', {"user": "zoe"}, True),
        ("user=CASE(zoe)", {"user": "zoe"}, True),
        ("user=CASE(ZOE)", {"user": "zoe"}, False),
        # NOT, then OR, then AND
        ("a=1 b=1 OR b=2", {"a": "9", "b": "2"}, False),
        ("a=1 AND b=1 OR b=2", {"a": "9", "b": "2"}, False),
        ("a=1 b=1 OR b=2", {"a": "1", "b": "2"}, True),
        ("(a=1 b=1) OR b=2", {"a": "9", "b": "2"}, True),
        ("NOT a=1 OR b=2", {"a": "1", "b": "2"}, True),
        ("NOT a=1 b=2", {"a": "2", "b": "2"}, True),
        ("NOT a=1 b=2", {"a": "1", "b": "2"}, False),
        ("NOT (a=1 OR b=2)", {"a": "3", "b": "2"}, False),
        ("NOT NOT a=1", {"a": "1"}, True),
        # wildcards match the whole value
        ("a=fail*", {"a": "Failure"}, True),
        ("a=fail*", {"a": "a failure"}, False),
        ("a=*ail*", {"a": "failure"}, True),
        ('a="x*z"', {"a": "x y z"}, True),
        ("a=*", {"a": ""}, True),
        ("a=*", {}, False),
        ("a IN (x*, y)", {"a": "xx"}, True),
        ("a IN (x*, y)", {"a": "Y"}, True),
        ('a IN ("x y", 5)', {"a": "x y"}, True),
        ("a in (x)", {"a": "y"}, False),
        # the right side is a literal
        ("src=dest", {"src": "1", "dest": "1"}, False),
        ("src=dest", {"src": "dest"}, True),
        # numbers
        ("a<10", {"a": "9"}, True),
        ("a<10", {"a": "9a"}, False),
        ("a>=10", {"a": "10"}, True),
        ("a>5", {"a": 7.5}, True),
        ("a>5", {}, False),
        ("a=1.0", {"a": 1}, True),
        ("a=007", {"a": "7"}, False),
        ("a>-5", {"a": "0"}, True),
        ("a=1", {"a": 1.0}, True),
        # multivalue: any value
        ("a=x", {"a": ("w", "x")}, True),
        ("a>5", {"a": ("1", "6")}, True),
        ("NOT a=x", {"a": ("w", "x")}, False),
        # != needs the field, NOT does not
        ("a!=x", {"a": "y"}, True),
        ("a!=x", {"a": "X"}, False),
        ("a!=x", {}, False),
        ("NOT a=x", {}, True),
        ("NOT a=*", {}, True),
        ("NOT a=*", {"a": "x"}, False),
        ("a!=*", {"a": "x"}, False),
        ("a!=*", {}, False),
        ('a!=""', {"a": ""}, False),
        ('a=""', {"a": ""}, True),
        ("a!=x*", {"a": "xy"}, False),
        # CIDR
        ('ip="10.0.0.0/8"', {"ip": "10.1.2.3"}, True),
        ("ip=10.0.0.0/8", {"ip": "11.1.2.3"}, False),
        ("ip=2001:db8::/32", {"ip": "2001:db8::7"}, True),
        ("ip=10.0.0.0/8", {"ip": "10.0.0.0/8"}, True),
        ("ip=10.0.0.0/8", {"ip": "host"}, False),
        ("ip!=10.0.0.0/8", {"ip": "10.1.1.1"}, False),
        ("ip IN (10.0.0.0/8, 192.0.2.0/24)", {"ip": "192.0.2.3"}, True),
        ("path=a/8", {"path": "a/8"}, True),
        # names with dots, braces, quotes
        ("actor.user.id=W1", {"actor.user.id": "W1"}, True),
        ("items{}.name=x", {"items{}.name": ("x",)}, True),
        ('"my field"=x', {"my field": "x"}, True),
        ("a = x", {"a": "x"}, True),
        ("tag::user=privileged", {"tag::user": "privileged"}, True),
        ('a="say \\"hi\\""', {"a": 'say "hi"'}, True),
        ('a="C:\\\\temp"', {"a": "C:\\temp"}, True),
        ("a==x", {"a": "x"}, True),
        ('a="AND"', {"a": "and"}, True),
        ("()", {}, True),
        # terms
        ("user_login", {"_raw": RAW}, True),
        ("USER_LOGIN", {"_raw": RAW}, True),
        ("login", {"_raw": RAW}, True),
        ("logi", {"_raw": RAW}, False),
        ("logi*", {"_raw": RAW}, True),
        ("*ogin", {"_raw": RAW}, True),
        ("192.0.2", {"_raw": RAW}, True),
        ("192.0.2.1", {"_raw": RAW}, False),
        ('"user_login"', {"_raw": RAW}, True),
        ('"two words"', {"_raw": "x two words y"}, True),
        ('"two words"', {"_raw": "two  words"}, False),
        ("TERM(user_login)", {"_raw": RAW}, True),
        ("TERM(login)", {"_raw": RAW}, False),
        ("TERM(192.0.2.10)", {"_raw": RAW}, True),
        ("TERM(ann-b@corp.example)", {"_raw": '"ann-b@corp.example"'}, True),
        ("TERM(ann+b@corp.example)", {"_raw": '"ann+b@corp.example"'}, False),  # no indexed term holds a "+"
        ("CASE(Zoe)", {"_raw": RAW}, True),
        ("CASE(zoe)", {"_raw": RAW}, False),
        ("zoe@corp.example", {"_raw": RAW}, True),
        ("NOT user_login", {"_raw": RAW}, False),
        ("*", {"_raw": ""}, True),
        ('"x.y"', {"_raw": "xzy"}, False),
    ],
)
def test_match(search, event, expected):
    assert matches(search, event) is expected


def test_a_term_on_a_row_without_raw_text_looks_at_its_values():
    assert matches("zoe", {"user": "zoe@corp.example", "n": 3}) is True
    assert matches("zed", {"user": "zoe@corp.example"}) is False


def test_differs_on_a_multivalue_is_a_switch():
    assert matches("a!=x", {"a": ("w", "x")}) is True
    assert matches("a!=x", {"a": ("w", "x")}, search_mv_differs="all") is False


def test_time_modifiers_are_lifted_out():
    found = parse_search(
        'index=a earliest=-7d@d latest=now() (_index_earliest=-20m@m x) _index_latest="10/19/2023:0:0:0"'
    )
    assert {name: modifier.text for name, modifier in found.times.items()} == {
        "earliest": "-7d@d",
        "latest": "now",
        "index_earliest": "-20m@m",
        "index_latest": "10/19/2023:0:0:0",
    }
    assert found.root == parse_search("index=a x").root


@pytest.mark.parametrize(
    ("search", "column", "words"),
    [
        ("a=", 3, "value is needed"),
        ("(a", 1, "never closed"),
        ("a) b", 2, "closes nothing"),
        ("a OR", 5, "missing after OR"),
        ("OR a", 1, "missing before OR"),
        ("a AND", 6, "missing after AND"),
        ("NOT", 4, "missing after NOT"),
        ("a, b", 2, "comma"),
        ("'user'=x", 1, "single quotes"),
        ("'my field'=x", 5, "single quotes"),
        ("a=b=c", 4, "field name is missing"),
        ("=x", 1, "field name is missing"),
        ("a IN (x", 6, "never closed"),
        ("a IN ()", 7, "value is needed"),
        ("a=1 earliest=-1z", 14, "no unit"),
        ("a OR earliest=-1d", 6, "whole search"),
        ("earliest=-1d OR a", 1, "whole search"),
        ("NOT earliest=-1d", 5, "whole search"),
        ("earliest=1 earliest=2", 12, "twice"),
        ("startdaysago=3", 1, "not known"),
        ('a="x', 3, "never closed"),
        ("a | b", 3, "needed here"),
        ("TERM(x", 5, "never closed"),
        ("TERM()", 1, "needs a term"),
        ("a ]", 3, "needed here"),
    ],
)
def test_refusals(search, column, words):
    with pytest.raises(SplError) as caught:
        parse_search(search)
    assert caught.value.column == column
    assert words in caught.value.message


def test_stop_words_end_the_expression():
    stream = stream_of('index=a ("by" OR by) by sourcetype')
    assert stream.search_expression(stop=("by",)).root == parse_search('index=a ("by" OR by)').root
    assert stream.by_clause() == ["sourcetype"]


def test_fields_and_subsearches_of_an_expression():
    found = parse_search("a=1 NOT (b IN (x) OR term) [search index=x | fields user]")
    assert field_names(found.root) == ["a", "b", "_raw"]
    assert [item.text for item in subsearches(found.root)] == ["search index=x | fields user"]
    assert [stage.name for stage in subsearches(found.root)[0].pipeline().stages] == ["search", "fields"]


def test_subsearches_are_replaced_by_their_text():
    found = parse_search("a=1 [search x]")
    filled = insert_subsearches(found, lambda subsearch: '( ( u="x" AND s="1" ) OR ( u="y" ) )')
    assert filled.root == parse_search('a=1 ((u="x" AND s="1") OR (u="y"))').root
    with pytest.raises(SplError, match="subsearch"):
        compile_search(found.root)


def test_an_empty_subsearch_matches_nothing_and_its_negation_everything():
    event = {"a": "1"}
    for search, expected in (("a=1 [search x]", False), ("a=1 NOT [search x]", True)):
        filled = insert_subsearches(parse_search(search), lambda subsearch: "NOT ( )")
        assert compile_search(filled.root)(event) is expected


# --- what the store may use to find candidates --------------------------------------------


def extracted(name):
    return name not in ("user", "index", "sourcetype")


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("action=user_login", All((IndexTerm("user"), IndexTerm("login")))),
        ("action IN (aa, bb)", Any((IndexTerm("aa"), IndexTerm("bb")))),
        ("user=zoe", None),
        ("NOT action=x", None),
        ("action!=x", None),
        ("action=x OR user=zoe", None),
        ("action=x user=zoe", IndexTerm("x")),
        ("action=user*", None),
        ("action=user_lo*", IndexTerm("user")),
        ("failed", IndexTerm("failed")),
        ('action="a\\"b"', None),
        ("action=é1", None),
        ("ip=10.0.0.0/8", None),
        ("NOT ()", Any(())),
        ("*", None),
        ("n>5", None),
        ("TERM(a.b)", All((IndexTerm("a"), IndexTerm("b")))),
    ],
)
def test_index_terms(search, expected):
    assert searchterms.terms(parse_search(search).root, extracted) == expected


def test_metadata():
    assert searchterms.metadata(parse_search("index=a x=1 (host=h* OR host=k)").root) == All(
        (MetadataEquals("index", "a"), Any((MetadataEquals("host", "h*"), MetadataEquals("host", "k"))))
    )
    assert searchterms.metadata(parse_search("index!=a").root) is None
    assert searchterms.metadata(parse_search("index IN (a, b)").root) == Any(
        (MetadataEquals("index", "a"), MetadataEquals("index", "b"))
    )


def holds(formula, segments):
    if formula is None:
        return True
    if isinstance(formula, IndexTerm):
        return formula.text in segments
    return (all if isinstance(formula, All) else any)(holds(part, segments) for part in formula.parts)


@pytest.mark.parametrize(
    "text",
    [
        "user_login",
        "two words",
        'say "hi"',
        "C:\\temp x",
        "line\nbreak it",
        "é x",
        "a/b",
        "10.0.0.1",
        "tab\tx",
        "x-y_z",
    ],
)
def test_index_terms_never_lose_a_match(text):
    """Whatever matches by its field also satisfies the formula, however JSON writes the value."""
    for ascii_only in (True, False):
        raw = json.dumps({"f": text}, ensure_ascii=ascii_only)
        for literal in (text, text[:3] + "*", "*" + text[-2:], "*"):
            written = literal.replace("\\", "\\\\").replace('"', '\\"')
            root = parse_search(f'f="{written}"').root
            assert compile_search(root)({"f": text, "_raw": raw})
            assert holds(searchterms.terms(root, lambda name: True), minor_segments(raw)), (literal, raw)
