"""Reading exported entries: what counts, what is reported, what stays byte for byte."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cli.entries import EntryReader, ReadEntry, without_member


def read(path: Path, content: bytes) -> tuple[list[ReadEntry], list[str]]:
    path.write_bytes(content)
    complaints: list[str] = []
    reader = EntryReader(complaints.append)
    entries = list(reader.entries(path))
    assert reader.bad_lines == len(complaints) and reader.read == len(entries)
    return entries, complaints


GOOD = b'{"id":"a","date_create":1700000000,"action":"user_login"}'


def test_the_event_is_the_line_as_it_stands(tmp_path: Path) -> None:
    odd = b'  {"id":"b", "date_create":1700000001, "n":1.50, "big":12345678901234567890, "t":"\\u00e9"}\t\r\n'
    entries, complaints = read(tmp_path / "x.jsonl", GOOD + b"\n\n" + odd)
    assert complaints == []
    assert [entry.raw for entry in entries] == [GOOD.decode(), odd.decode().strip()]
    assert [entry.time for entry in entries] == [1700000000, 1700000001]


def test_arrival_is_given_or_within_a_poll(tmp_path: Path) -> None:
    given_time = b'{"id":"b","_indextime":1700003600.5,"date_create":1700000000,"x":{"_indextime":1}}'
    entries, _ = read(tmp_path / "x.jsonl", GOOD + b"\n" + given_time)
    assert 1700000000 < entries[0].indextime <= 1700000060
    assert entries[1].indextime == 1700003600.5
    assert entries[1].raw == '{"id":"b","date_create":1700000000,"x":{"_indextime":1}}'


def test_copies_and_any_order_are_taken(tmp_path: Path) -> None:
    entries, _ = read(tmp_path / "x.jsonl", GOOD.replace(b"1700000000", b"1700000009") + b"\n" + GOOD + b"\n" + GOOD)
    assert [entry.time for entry in entries] == [1700000009, 1700000000, 1700000000]


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.jsonl"])
def test_compressed_or_not_is_seen_from_the_bytes(tmp_path: Path, name: str) -> None:
    entries, complaints = read(tmp_path / name, gzip.compress(GOOD + b"\n" + GOOD + b"\n"))
    assert len(entries) == 2 and complaints == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id":"a","date_create":17000', "not complete JSON"),
        (b"[1]", "a JSON object is expected, found a list"),
        (b"17", "a JSON object is expected, found 17"),
        (b'{"id":"a"}', "date_create must be epoch seconds, found nothing"),
        (b'{"date_create":"1700000000"}', 'found "1700000000"'),
        (b'{"date_create":true}', "found true"),
        (b'{"date_create":1e999}', "date_create must be epoch seconds"),
        (b'{"date_create":1,"_indextime":"x"}', "_indextime must be epoch seconds"),
        (b'{"date_create":1,"t":"\xff"}', "not UTF-8 at byte 23"),
        (b"[" * 100_000, "not complete JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_counts(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "x.jsonl"
    entries, complaints = read(path, GOOD + b"\n" + line + b"\n" + GOOD)
    assert len(entries) == 2 and len(complaints) == 1
    assert complaints[0].startswith(f"{path}:2: ") and reason in complaints[0]


def test_a_cut_off_archive_keeps_what_could_be_read(tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"{number:064x}", "date_create": number * 7919}) for number in range(20_000)]
    packed = gzip.compress("\n".join(lines).encode())
    path = tmp_path / "x.jsonl.gz"
    entries, complaints = read(path, packed[: len(packed) // 2])
    assert 1000 < len(entries) < 20_000
    assert len(complaints) == 1 and complaints[0].startswith(f"{path}:{len(entries) + 1}: ")
    assert "cut off" in complaints[0]


def test_a_byte_order_mark_is_no_part_of_the_first_entry(tmp_path: Path) -> None:
    entries, complaints = read(tmp_path / "x.jsonl", b"\xef\xbb\xbf" + GOOD)
    assert complaints == [] and entries[0].raw == GOOD.decode()


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), JSON, st.integers(0, 4), st.booleans())
def test_taking_a_member_out_leaves_the_others(members: dict[str, Any], value: Any, at: int, spaced: bool) -> None:
    members.pop("_indextime", None)
    pairs = list(members.items())
    pairs.insert(min(at, len(pairs)), ("_indextime", value))
    text = json.dumps(dict(pairs), indent=1 if spaced else None, ensure_ascii=spaced)
    assert json.loads(without_member(text, "_indextime")) == members
