"""Findings as the alert action sees them: columns, ids, and when two are the same."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from slack_audit_monitor.alert_payload import AlertPayload, read_payload
from slack_audit_monitor.errors import FatalError
from slack_audit_monitor.finding import Finding, Remembered, finding_of, marks_of

NOW = 1_772_366_400.0
ROW: dict[str, Any] = {
    "_time": "1772366000.000",
    "rule_id": "U02",
    "entity": "198.51.100.7",
    "severity": "high",
    "user": ["ana@corp.example", "bo@corp.example"],
    "first_time": "1772365900",
    "last_time": "1772366000",
    "count": "15",
    "event_ids": ["a", "b"],
    "summary": 'He said "no".\nTwice.',
    "slack_action": "user_login_failed",
    "info_max_time": "9",
}


def finding(**more: Any) -> Finding:
    return finding_of({**ROW, **more}, NOW)


def remembered(of: Finding) -> Remembered:
    return Remembered(of.finding_id, of.first_time, of.last_time, frozenset(marks_of(of.event_ids)), of.is_cut)


def test_the_event_is_one_line_with_its_time_in_front_and_the_ids_at_the_end() -> None:
    line = finding().event(search_name="A", sid="s", trigger_time=5)
    assert "\n" not in line
    assert line.startswith('{"finding_time":1772366000,')
    document = json.loads(line)
    assert list(document)[-1] == "event_ids"
    assert document["user"] == ["ana@corp.example", "bo@corp.example"]
    assert document["slack_action"] == ["user_login_failed"]  # a list however many
    assert (document["count"], document["first_time"], document["tier"]) == (15, 1772365900, "page")
    assert document["summary"] == 'He said "no".\nTwice.'
    assert (document["search_name"], document["sid"], document["trigger_time"]) == ("A", "s", 5)
    assert not {"_time", "info_max_time"} & set(document)


def test_the_id_is_the_one_that_the_macro_computes() -> None:
    wanted = hashlib.md5(b"U02|198.51.100.7|1772365900").hexdigest()[:16]  # noqa: S324 - as in SPL
    assert finding().finding_id == wanted
    assert finding(finding_id="0123456789abcdef").finding_id == "0123456789abcdef"
    assert finding(finding_id='"; drop').finding_id == wanted


@pytest.mark.parametrize("missing", ["rule_id", "entity"])
def test_a_result_that_is_no_finding_is_refused_with_what_to_do(missing: str) -> None:
    row = {name: value for name, value in ROW.items() if name != missing}
    with pytest.raises(FatalError, match=f"has no {missing}.*slack_audit_finding"):
        finding_of(row, NOW)


def test_a_site_s_own_alert_may_bring_only_rule_and_entity() -> None:
    found = finding_of({"rule_id": "X1", "entity": "e"}, NOW)
    assert (found.first_time, found.last_time, found.is_cut) == (NOW, NOW, True)
    assert json.loads(found.event())["tier"] == "archive"


@pytest.mark.parametrize("odd", ["never", "nan", "inf", ["1", "2"]])
def test_numbers_that_are_none_stop_nothing(odd: Any) -> None:
    assert json.loads(finding(count=odd, first_time=odd, risk_score=odd).event())["rule_id"] == "U02"


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"event_ids": ["b", "c"], "first_time": "1772365950", "last_time": "1772366600"}, True),  # a later window
        ({"event_ids": ["c", "d"], "first_time": "1772365950"}, False),  # overlaps, but other entries
        ({"event_ids": ["c"], "first_time": "1772369000", "last_time": "1772369100"}, False),
        ({"event_ids": [], "first_time": "1772365950"}, True),  # unknown entries: the times decide
        ({"event_ids": [str(n) for n in range(100)], "first_time": "1772366000", "last_time": "1772366100"}, True),
        ({"event_ids": [str(n) for n in range(100)], "first_time": "1772366001", "last_time": "1772366100"}, False),
        ({"event_ids": [str(n) for n in range(99)], "first_time": "1772366000", "last_time": "1772366100"}, False),
    ],
)
def test_when_two_findings_are_the_same(change: dict[str, Any], is_same: bool) -> None:
    first, second = finding(), finding(**change)
    assert remembered(first).is_same(second) is is_same
    assert remembered(second).is_same(first) is is_same


def test_only_findings_of_one_rule_and_entity_share_a_subject() -> None:
    assert finding().subject == finding(event_ids=["z"], first_time="1").subject
    assert len({finding(rule_id=rule, entity=entity).subject for rule in ("U01", "U02") for entity in ("x", "y")}) == 4


def payload(tmp_path: Path, rows: list[dict[str, str]], **more: Any) -> AlertPayload:
    path = tmp_path / "results.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    given = {
        "search_name": "Alert",
        "sid": "scheduler__nobody__abc__RMD5x_at_1772366400_17",
        "server_uri": "https://127.0.0.1:8089",
        "session_key": "an-invented-key",
        "results_file": str(path),
        "configuration": {"index": "history"},
        "result": {"rule_id": "from the payload"},
    }
    return read_payload(json.dumps({**given, **more}))


def test_several_values_are_read_in_splunks_way(tmp_path: Path) -> None:
    row = {"src": "a\nb$", "__mv_src": "$a$;$b$$$", "rule_id": "U01", "__mv_rule_id": "", "empty": ""}
    assert payload(tmp_path, [row]).rows() == [{"src": ["a", "b$"], "rule_id": "U01"}]


def test_all_rows_of_a_digest_are_there(tmp_path: Path) -> None:
    assert [row["rule_id"] for row in payload(tmp_path, [{"rule_id": "U01"}, {"rule_id": "U02"}]).rows()] == [
        "U01",
        "U02",
    ]


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b"x" * 5000)[:40], b""], ids=["no gzip", "cut off", "empty"]
)
def test_a_results_file_that_cannot_be_read_leaves_the_row_of_the_payload(tmp_path: Path, content: bytes) -> None:
    given = payload(tmp_path, [{"rule_id": "U01"}])
    Path(given.results_file).write_bytes(content)
    assert given.rows() == [{"rule_id": "from the payload"}]
    bare = payload(tmp_path, [{"rule_id": "U01"}], result={})
    Path(bare.results_file).write_bytes(content)
    with pytest.raises(FatalError):
        bare.rows()


def test_the_trigger_time_is_the_scheduled_one_and_now_for_a_run_by_hand(tmp_path: Path) -> None:
    assert payload(tmp_path, [{"a": "b"}]).triggered_at(7.0) == 1_772_366_400
    assert payload(tmp_path, [{"a": "b"}], sid="1772366400.17").triggered_at(7.0) == 7.0


@pytest.mark.parametrize("text", ["", "<alert/>", "[]", "{}", '{"server_uri": "x"}', '{"server_uri": 1}'])
def test_what_is_no_payload_is_refused(text: str) -> None:
    with pytest.raises(FatalError):
        read_payload(text)


def test_a_nul_in_a_name_does_not_take_the_other_rows_away(tmp_path: Path) -> None:
    path = tmp_path / "results.csv.gz"
    path.write_bytes(gzip.compress(b"rule_id,entity,summary\nU01,a,plain\nU02,b,Cou\x00rier\nU03,c,plain\n"))
    payload = AlertPayload("x", "1", "https://127.0.0.1", "key", {}, str(path), {})
    assert [row["entity"] for row in payload.rows()] == ["a", "b", "c"]
    assert payload.rows()[1]["summary"] == "Courier"
