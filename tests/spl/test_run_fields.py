"""Search-time fields: Splunk's sequence of operations, JSON extraction and its limits (KM: search-time operations)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.spl import Knowledge, SplError, Switches, search
from tests.spl.run_table import NOW, result

ROOT_CONFS = {
    "props": """
[my:type]
KV_MODE = json
TRUNCATE = 0
EXTRACT-word = word=(?<word>\\w+) in note
EXTRACT-letter = "note":"(?<letter>.)
FIELDALIAS-a = actor.name AS who actor.id AS kept
FIELDALIAS-b = missing AS emptied also_missing ASNEW untouched
EVAL-who_upper = upper(who)
EVAL-note = "calculated"
EVAL-sibling = note
EVAL-gone = nullif(gone, "x")
LOOKUP-team = teams user AS who OUTPUT team
[source::...special]
EVAL-sibling = "from source"
""",
    "transforms": "[teams]\nfilename = teams.csv\n",
    "eventtypes": "[named]\nsearch = who=*\n[red_team]\nsearch = `team_is(red)`\n",
    "macros": "[team_is(1)]\nargs = team\ndefinition = team=$team$\n",
    "tags": "[eventtype=named]\nperson = enabled\n[team=red]\nalarm = enabled\n",
}
EVENT = {
    "note": "word=seven", "actor": {"name": "ana", "id": 7, "ok": True}, "emptied": "e", "untouched": "u", "gone": "x",
    "items": [{"a": 1}, {"a": "2", "b": []}], "nothing": None,
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "default").mkdir()
    (tmp_path / "lookups").mkdir()
    for name, text in ROOT_CONFS.items():
        (tmp_path / "default" / f"{name}.conf").write_text(text)
    (tmp_path / "lookups" / "teams.csv").write_text("user,team\nana,red\n")
    return tmp_path


def fields(root: Path, spl: str = "search *", **metadata: str) -> dict:
    event = {"_raw": json.dumps(EVENT, separators=(",", ":")), "sourcetype": "my:type", "source": "s", **metadata}
    rows = search(spl, [event], now=NOW, app=root).rows
    return rows[0] if rows else {}


def test_each_step_sees_what_the_steps_before_made(root: Path) -> None:
    row = fields(root)
    assert row["letter"] == "w"
    assert row["actor.name"] == "ana" and row["who"] == "ana" and row["kept"] == "7"
    assert row["actor.ok"] == "true" and row["items{}.a"] == ["1", "2"] and row["nothing"] == "null"
    assert "items{}.b{}" not in row
    assert row["who_upper"] == "ANA", "a calculated field sees aliases"
    assert row["team"] == "red", "an automatic lookup sees aliases"
    assert row["eventtype"] == ["named", "red_team"] and row["tag"] == ["alarm", "person"]


def test_calculated_fields_run_side_by_side_and_override(root: Path) -> None:
    row = fields(root)
    assert row["note"] == "calculated", "EVAL overwrites an extracted field"
    assert row["sibling"] == "word=seven", "a sibling reads what was extracted"
    assert "gone" not in row, "a null result removes the field"


def test_alias_of_a_missing_field_empties_with_as_and_leaves_with_asnew(root: Path) -> None:
    row = fields(root)
    assert "emptied" not in row
    assert row["untouched"] == "u"


def test_a_source_stanza_beats_the_sourcetype(root: Path) -> None:
    assert fields(root, source="/very/special")["sibling"] == "from source"
    assert fields(root, source="/very/special")["who_upper"] == "ANA"


@pytest.mark.parametrize(
    "spl",
    ["search who=ANA", "search who_upper=ana", "search team=red", "search eventtype=red_team", "search tag=alarm",
     "search tag::team=alarm", "search actor.id=7", "search items{}.a=2", "search sourcetype=my:type who=*"],
)  # fmt: skip
def test_every_kind_of_field_can_be_searched(root: Path, spl: str) -> None:
    assert fields(root, spl)["letter"] == "w"
    assert not fields(root, "search NOT " + spl[len("search ") :] if " who=*" not in spl else "search who=nobody")


def padded(size: int) -> str:
    return json.dumps({"early": "e", "pad": "x" * size, "late": "l"})


def test_extraction_ends_after_five_thousand_bytes_and_a_warning_tells_what_was_lost(root: Path) -> None:
    event = {"_raw": padded(5000), "sourcetype": "other"}
    cut = result("search * | table early late", [event])
    assert cut.rows == [{"early": "e"}]
    assert any('"late"' in warning for warning in cut.warnings)
    assert not result("search * | table early", [event]).warnings, "nothing that was asked for is lost"
    whole = result('search * | eval late=json_extract(_raw, "late") | table late', [event])
    assert whole.rows == [{"late": "l"}] and not whole.warnings
    assert result("search * | table late", [{"_raw": padded(100), "sourcetype": "other"}]).rows == [{"late": "l"}]


def test_the_warning_comes_with_every_run_that_filters_by_a_lost_field() -> None:
    answer = result("search late=l", [{"_raw": padded(5000)}])
    assert answer.rows == [] and any('"late"' in warning for warning in answer.warnings)


def test_extraction_counts_bytes_and_drops_the_value_that_is_cut() -> None:
    raw = json.dumps({"a": "é" * 2490, "b": "x" * 100, "c": 1}, ensure_ascii=False)
    row = result("search *", [{"_raw": raw}]).rows[0]
    assert row["a"] == "é" * 2490 and "b" not in row and "c" not in row


def test_a_hundred_fields_are_the_limit() -> None:
    raw = json.dumps({f"f{n:03}": n for n in range(101)})
    answer = result("search * | table f099 f100", [{"_raw": raw}])
    assert answer.rows == [{"f099": "99"}]
    assert any('"f100"' in warning for warning in answer.warnings)


def test_key_value_pairs_are_found_in_plain_text() -> None:
    rows = result("search *", ['2024-01-01 user=ana msg="two words" n=1, done']).rows
    assert rows[0]["user"] == "ana" and rows[0]["msg"] == "two words" and rows[0]["n"] == "1"


def test_numbers_keep_their_text_until_they_are_calculated_with() -> None:
    row = result("search * | eval c=n+0 | table n c big", ['{"n": 1.50, "big": 12345678901234567890}']).rows[0]
    assert row == {"n": "1.50", "c": 1.5, "big": "12345678901234567890"}


@pytest.mark.parametrize(
    ("conf", "text", "complaint"),
    [
        ("props", "[my:type]\nKV_MOD = json\n", r"default/props.conf:2: \[my:type\] KV_MOD: .*not known"),
        ("props", "[my:type]\nEXTRACT-x = (\\d+)\n", "at least one named group"),
        ("props", "[my:type]\nEVAL-x = lenn(y)\n", r"EVAL-x: .*lenn\(\) is not known"),
        ("props", "[my:type]\nREPORT-x = nowhere\n", r"no stanza \[nowhere\]"),
        ("transforms", "[t]\nfilename = t.csv\nmax_ofset_secs = x\n", r"transforms.conf:3: \[t\] max_ofset_secs"),
        ("transforms", "[t]\nfilename = t.csv\nmatch_type = REGEX(a)\n", "match_type"),
        ("macros", "[m(2)]\nargs = a\ndefinition = x\n", r"\[m\(2\)\] has 1 names in args"),
    ],
)
def test_a_setting_that_is_not_known_is_refused_by_file_and_line(
    root: Path, conf: str, text: str, complaint: str
) -> None:
    (root / "default" / f"{conf}.conf").write_text(text)
    with pytest.raises(SplError, match=complaint):
        search("search *", [], now=NOW, app=root)


def test_both_readings_of_json_null(root: Path) -> None:
    knowledge = Knowledge.load(root)
    event = {"_raw": json.dumps(EVENT), "sourcetype": "my:type"}
    for setting, expected in (("text", 1), ("absent", 0)):
        found = search("search nothing=*", [event], now=NOW, app=knowledge, switches=Switches(json_null=setting)).rows
        assert len(found) == expected
