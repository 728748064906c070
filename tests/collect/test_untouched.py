"""The event is Slack's entry: every byte that can stand in an event stands there."""

from __future__ import annotations

import json

import pytest

ODD_ENTRIES = {
    "big integers": '{"id": "a", "date_create": %d, "action": "x", "n": 123456789012345678901234567890, "f": 1.10}',
    "spaces as sent": '{ "id":"a" ,"date_create" : %d, "action":"x"  }',
    "duplicate keys": '{"id": "a", "date_create": %d, "action": "x", "k": 1, "k": 2}',
    "lone surrogates": '{"id": "a", "date_create": %d, "action": "\\ud800 \\udc00"}',
    "not a number": '{"id": "a", "date_create": %d, "action": "x", "n": NaN, "i": -Infinity}',
    "markup": '{"id": "a", "date_create": %d, "action": "</data><done/></event><event>&amp;<![CDATA[ ]]> "}',
    "unicode": '{"id": "a", "date_create": %d, "action": "Zoë 😀 \u2028 \u0085 \ufffd"}',
    "escapes": '{"id": "a", "date_create": %d, "action": "\\u0000\\u0007\\n\\ufffe \\"\\\\"}',
    "a very long text": '{"id": "a", "date_create": %d, "action": "' + "y" * 1_000_000 + '"}',
    "unknown shape": '{"id": "a", "date_create": %d, "action": "x", "entity": [1, null, {"type": "moon"}]}',
}


def answer_with(slack, answers, second, texts):
    def fault(number, params):
        inside = int(params["oldest"]) <= second <= int(params["latest"])
        body = '{"entries": [' + ",\n ".join(texts if inside else []) + '], "response_metadata": {"next_cursor": ""}}'
        return answers.Answer(body=body.encode("utf-8", "surrogatepass"))

    slack.fault = fault


@pytest.fixture
def second(slack):
    return int(slack.now()) - 30


@pytest.mark.parametrize("name", ODD_ENTRIES)
def test_text_arrives_as_sent(name, quick, slack, answers, second):
    text = ODD_ENTRIES[name] % second
    answer_with(slack, answers, second, [text])
    result = quick.run()
    assert result.code == 0, result.stderr
    assert result.texts() == [text]
    assert quick.run().texts() == []


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ('{"id": "a",\n  "date_create": %d,\r\n  "action": "x"}', '{"id": "a",   "date_create": %d,    "action": "x"}'),
        (
            '{"id": "a", "date_create": %d, "action": "raw\x07\nbreak"}',
            '{"id": "a", "date_create": %d, "action": "raw\\u0007\\u000abreak"}',
        ),
        ('{"id": "a", "date_create": %d, "action": "\ufffe"}', '{"id": "a", "date_create": %d, "action": "\\ufffe"}'),
    ],
)
def test_what_cannot_stand_in_a_line_of_xml_keeps_its_meaning(sent, arrives, quick, slack, answers, second):
    answer_with(slack, answers, second, [sent % second])
    assert quick.run().texts() == [arrives % second]


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "b", "date_create": 12, "action": "\\x"}',
        '{"id": , "date_create": 12}',
        "{" + '"a":[' * 5000 + "]" * 5000 + "}",
        '{"id": "b", "date_create": ' + "9" * 5000 + "}",
        "null",
        "17",
        '"text"',
        "[1, 2]",
        '{"date_create": "yesterday"}',
        '{"id": 5, "date_create": true, "action": ["x"]}',
    ],
)
def test_an_unreadable_entry_is_sent_too_and_its_neighbours_with_it(bad, quick, slack, answers, second, make_entry):
    good = [json.dumps(make_entry(i, second)) for i in (1, 2)]
    answer_with(slack, answers, second, [good[0], bad, good[1]])
    result = quick.run()
    assert result.code == 0, result.stderr
    assert sorted(result.texts()) == sorted([*good, bad])
    assert int(result.figure("odd_shapes")) >= 1
    assert quick.run().texts() == []


def test_unknown_actions_and_shapes_are_counted_by_name(quick, slack, make_entry, second):
    slack.entries = [make_entry(i, second, action="brand_new_action") for i in range(3)]
    slack.entries.append(make_entry(9, second, context={"location": {"type": "planet", "id": "P1"}}))
    result = quick.run()
    assert "context.location.type" in result.figure("odd_shape_names")
    assert result.figure("odd_shapes") == "1"
    from slack_audit_monitor.summary import known_actions

    assert result.figure("unknown_actions") == ("3" if known_actions() else "0")
