"""The event XML of a modular input, read as Splunk's manual page "Set up streaming" describes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.splunkd.event_stream import EventStreamParser, StreamEvent


def read(text: bytes, size: int = 10_000) -> tuple[list[StreamEvent], EventStreamParser]:
    parser = EventStreamParser()
    events = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])]
    return events + parser.finish(), parser


TWO = (
    b'<stream><event stanza="slack_audit://prod" unbroken="1"><time>1700000000.123</time>'
    b"<source>s</source><sourcetype>t</sourcetype><index>i</index><host>h</host>"
    b'<data>{"a":"&lt;\xc3\xa9&amp;"}</data><done/></event>\n'
    b"<event><data>second\n</data></event></stream>"
)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_all_parts_of_an_event_however_the_bytes_are_cut(size: int) -> None:
    events, parser = read(TWO, size)
    assert events == [
        StreamEvent('{"a":"<é&"}', "slack_audit://prod", 1700000000.123, "h", "s", "t", "i"),
        StreamEvent("second"),
    ]
    assert parser.closed and parser.fault is None


@pytest.mark.parametrize("cut", [len(TWO) - 1, len(TWO) - 20, TWO.index(b"second") + 2])
def test_a_stream_that_is_cut_off_keeps_its_complete_events(cut: int) -> None:
    events, parser = read(TWO[:cut])
    assert [event.data for event in events][:1] == ['{"a":"<é&"}']
    assert len(events) == (2 if b"</event></str" in TWO[:cut] else 1)
    assert parser.fault is None and not parser.closed


def test_fragments_are_joined_until_done() -> None:
    events, _ = read(
        b'<stream><event stanza="x" unbroken="1"><time>5</time><data>one </data></event>'
        b'<event stanza="y"><data>other</data></event>'
        b'<event stanza="x" unbroken="1"><data>two</data><done/></event></stream>'
    )
    assert [(event.data, event.time) for event in events] == [("other", None), ("one two", 5.0)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"hello", "line 1"),
        (
            b"<stream><event><data>a</data></event><event><data>\x07</data></event></stream>",
            "not well-formed",
        ),
        (
            b"<stream><event><data>a</data></event><event><text>b</text></event></stream>",
            "<event> has no <text>",
        ),
        (b"<stream><event><data>a</data></event>noise</stream>", "'noise'"),
        (b"<stream><event><data>a</data></event><data/></stream>", "expected <event>"),
        (
            b"<stream><event><data>a</data></event><event><data>b<b/></data></event></stream>",
            "holds text alone",
        ),
        (
            b"<stream><event><data>a</data></event><event><data>b</data><time>soon</time></event></stream>",
            "'soon'",
        ),
        (b"<stream><event><data>a</data></event></stream><stream></stream>", "junk"),
        (
            b"<stream><event><data>a</data></event><event><data>\xff</data></event></stream>",
            "not well-formed",
        ),
        (b"<!DOCTYPE stream><stream></stream>", "document type"),
        (b"<events></events>", "expected <stream>"),
    ],
)
def test_a_malformed_stream_is_reported_and_nothing_after_it_believed(text: bytes, complaint: str) -> None:
    events, parser = read(text)
    assert parser.fault is not None and complaint in parser.fault and "line 1" in parser.fault
    assert [event.data for event in events] == (["a"] if b"<data>a<" in text else [])
    assert parser.feed(b"<stream><event><data>late</data></event></stream>") == []


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_raise(noise: bytes, size: int) -> None:
    for text in (noise, b"<stream><event><data>" + noise):
        read(text, size)


@given(st.lists(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_texts_come_through_unchanged(texts: list[str]) -> None:
    from xml.sax.saxutils import escape

    kept = [text for text in texts if not any(char in "\ufffe\uffff" for char in text)]
    body = "".join(f"<event><data>{escape(text)}</data></event>" for text in kept)
    events, parser = read(f"<stream>{body}</stream>".encode(), 3)
    assert parser.fault is None
    assert [event.data for event in events] == [text.rstrip("\r\n") for text in kept if text.rstrip("\r\n")]
