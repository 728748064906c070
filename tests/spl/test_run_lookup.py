"""lookup, inputlookup, outputlookup, iplocation (SR: the pages of these names; KM: lookup configuration)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sandbox.spl import SplError, Switches, search
from sandbox.spl.tables import Table
from tests.spl.run_table import NOW, check, result, run

TEAMS = [{"user": "ana", "team": "red"}, {"user": "bob", "team": "blue"}, {"user": "ana", "team": "green"}]

TABLE = [
    # Several matches give a multivalue; no OUTPUT clause adds all other columns.
    (
        [{"user": "ana"}, {"user": "eve"}],
        "lookup t user OUTPUT team",
        [{"user": "ana", "team": ["red", "green"]}, {"user": "eve"}],
    ),
    ([{"u": "bob"}], "lookup t user AS u", [{"u": "bob", "team": "blue"}]),
    # Matching is case-sensitive; a null key matches nothing.
    ([{"user": "Ana"}, {"x": 1}], "lookup t user OUTPUT team", [{"user": "Ana"}, {"x": 1}]),
    # OUTPUT overwrites, OUTPUTNEW leaves a row that has the field.
    ([{"user": "bob", "g": "old"}], "lookup t user OUTPUT team AS g", [{"user": "bob", "g": "blue"}]),
    (
        [{"user": "bob", "g": "old"}, {"user": "bob"}],
        "lookup t user OUTPUTNEW team AS g",
        [{"user": "bob", "g": "old"}, {"user": "bob", "g": "blue"}],
    ),
    # inputlookup: alone, after other rows, filtered.
    ([{"k": 1}], 'inputlookup append=t t where team="r*"', [{"k": 1}, {"user": "ana", "team": "red"}]),
]


@pytest.mark.parametrize(("given", "spl", "expected"), TABLE, ids=[line[1] for line in TABLE])
def test_table(given: list, spl: str, expected: list) -> None:
    check(given, f"search * | {spl}", expected, lookups={"t": TEAMS})


def test_inputlookup_starts_a_search_and_reads_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('user,team\nana,"red, or so"\nbob,\n')
    assert run("| inputlookup t", lookups={"t": path}) == [{"user": "ana", "team": "red, or so"}, {"user": "bob"}]
    assert run("| inputlookup max=1 start=1 t", lookups={"t": path}) == [{"user": "bob"}]


def test_output_on_a_miss_is_not_documented_so_it_warns_and_is_a_switch() -> None:
    given = [{"user": "eve", "team": "old"}]
    for setting, left in (("keep", "old"), ("clear", None)):
        answer = result("search * | lookup t user OUTPUT team", given, lookups={"t": TEAMS},
                        switches=Switches(lookup_miss=setting))  # fmt: skip
        assert answer.rows[0].get("team") == left
        assert any("fresh name" in warning for warning in answer.warnings)


def app(root: Path, transforms: str, collections: str = "", **files: str) -> Path:
    (root / "default").mkdir()
    (root / "lookups").mkdir()
    (root / "bin").mkdir()
    (root / "default" / "transforms.conf").write_text(transforms)
    (root / "default" / "collections.conf").write_text(collections)
    for name, text in files.items():
        folder = root / ("bin" if name.endswith("_py") else "lookups")
        (folder / name.replace("_csv", ".csv").replace("_py", ".py")).write_text(text)
    return root


def test_cidr_and_wildcard_cells_and_the_first_match_in_file_order(tmp_path: Path) -> None:
    root = app(
        tmp_path,
        "[nets]\nfilename = nets.csv\nmatch_type = CIDR(network)\nmax_matches = 1\n"
        "[agents]\nfilename = agents.csv\nmatch_type = WILDCARD(agent)\ncase_sensitive_match = false\n"
        "min_matches = 1\ndefault_match = unknown\n",
        nets_csv="network,name\n10.0.0.0/8,wide\n10.1.0.0/16,narrow\n2001:db8::/32,six\n192.0.2.7,one\n",
        agents_csv="agent,kind\n*curl*,tool\n",
    )
    given = [{"ip": ip} for ip in ("10.1.2.3", "2001:db8::1", "192.0.2.7", "192.0.2.8", "no address")]
    rows = run("search * | lookup nets network AS ip OUTPUT name", given, app=root)
    assert [row.get("name") for row in rows] == ["wide", "six", "one", None, None]
    rows = run("search * | lookup agents agent AS ua OUTPUT kind", [{"ua": "CURL/8"}, {"ua": "x"}], app=root)
    assert [row["kind"] for row in rows] == ["tool", "unknown"]


KV = "[seen]\nexternal_type = kvstore\ncollection = seen\nfields_list = _key, user, first\n"
COLLECTION = "[seen]\nfield.user = string\nfield.first = number\n"


def test_kv_store_rows_are_updated_by_key_and_others_stay(tmp_path: Path) -> None:
    root = app(tmp_path, KV, COLLECTION)
    before = [{"_key": "ana", "user": "ana", "first": "1"}, {"_key": "bob", "user": "bob", "first": "2"}]
    answer = search(
        "search * | table user first extra | outputlookup key_field=user seen",
        [{"user": "bob", "first": "9", "extra": "x"}, {"user": "eve", "first": "5"}],
        now=NOW, app=root, lookups={"seen": before},
    )  # fmt: skip
    assert {row["_key"]: row.get("first") for row in answer.lookups["seen"]} == {"ana": 1, "bob": 9, "eve": 5}
    assert all("extra" not in row for row in answer.lookups["seen"])


def test_outputlookup_replaces_and_an_empty_result_empties_unless_told_otherwise(tmp_path: Path) -> None:
    root = app(tmp_path, "[t]\nfilename = t.csv\n", t_csv="user,team\nana,red\n")
    given = [{"user": "bob", "team": ["x", "y"]}]
    written = search("search * | table user team | outputlookup t", given, now=NOW, app=root)
    assert written.lookups["t"] == [{"user": "bob", "team": "x y"}]
    appended = search("search * | eval more=1 | outputlookup append=t t", given, now=NOW, app=root)
    assert appended.lookups["t"] == [{"user": "ana", "team": "red"}, {"user": "bob", "team": "x y"}]
    emptied = search("search nothing | outputlookup t", given, now=NOW, app=root)
    assert emptied.lookups["t"] == [] and any("emptied" in warning for warning in emptied.warnings)
    kept = search("search nothing | outputlookup override_if_empty=f t", given, now=NOW, app=root)
    assert kept.lookups == {}
    assert (root / "lookups" / "t.csv").read_text() == "user,team\nana,red\n"


SCRIPT = """
import csv, os, sys
rows = list(csv.DictReader(sys.stdin))
open("asked.txt", "a").write(f"{len(rows)} {os.path.basename(os.getcwd())} {sys.argv[1:]}\\n")
writer = csv.DictWriter(sys.stdout, ["n", "double"])
writer.writeheader()
for row in rows:
    if row["n"].isdigit():
        writer.writerow({"n": row["n"], "double": int(row["n"]) * 2})
    else:
        writer.writerow(row)
"""


def test_an_external_lookup_is_a_process_asked_once_for_all_distinct_inputs(tmp_path: Path) -> None:
    root = app(tmp_path, "[double]\nexternal_cmd = double.py n double\nfields_list = n, double\n", double_py=SCRIPT)
    given = [{"n": n} for n in (1, 2, 2, "x")] + [{"k": 1}]
    rows = run("search * | lookup double n OUTPUT double AS d", given, app=root)
    assert [row.get("d") for row in rows] == ["2", "4", "4", None, None]
    assert (root / "bin" / "asked.txt").read_text() == "3 bin ['n', 'double']\n"


def test_a_script_without_questions_is_not_started(tmp_path: Path) -> None:
    root = app(tmp_path, "[double]\nexternal_cmd = gone.py n double\nfields_list = n, double\n")
    assert run("search * | lookup double n OUTPUT double AS d", [{"k": 1}], app=root) == [{"k": 1}]
    with pytest.raises(SplError, match=r"gone\.py is not in bin/"):
        run("search * | lookup double n OUTPUT double AS d", [{"n": 1}], app=root)


def test_a_failing_script_is_reported_with_its_last_words(tmp_path: Path) -> None:
    text = "import sys\nsys.stderr.write('no luck\\n')\nsys.exit(3)\n"
    root = app(tmp_path, "[double]\nexternal_cmd = double.py n double\nfields_list = n, double\n", double_py=text)
    (root / "bin" / "double.py").chmod(stat.S_IRUSR)
    with pytest.raises(SplError, match="ended with code 3: no luck"):
        run("search * | lookup double n OUTPUT double AS d", [{"n": 1}], app=root)


GEO = [
    {
        "cidr": "203.0.113.0/24",
        "country": "Brazil",
        "city": "Rio",
        "lat": "-22.9",
        "lon": "-43.2",
        "asn": "64500",
        "as_org": "Wide",
    },
    {"cidr": "203.0.113.128/25", "country": "Chile", "city": "", "lat": "", "lon": "", "asn": "", "as_org": ""},
]


def test_iplocation_reads_the_longest_prefix_and_gives_nothing_for_strangers() -> None:
    given = [{"ip": ip} for ip in ("203.0.113.5", "203.0.113.200", "10.0.0.1", "x")]
    assert run("search * | iplocation prefix=p_ ip", given, geo=GEO) == [
        {"ip": "203.0.113.5", "p_City": "Rio", "p_Country": "Brazil", "p_lat": -22.9, "p_lon": -43.2},
        {"ip": "203.0.113.200", "p_Country": "Chile"},
        {"ip": "10.0.0.1"},
        {"ip": "x"},
    ]
    assert any("no address database" in w for w in result("search * | iplocation ip", given).warnings)


def test_the_address_database_answers_in_the_place_of_the_apps_script(tmp_path: Path) -> None:
    """Without one the script runs (here it says so by failing); the site's own rows go before the database."""
    root = app(
        tmp_path,
        "[slack_audit_asn]\nfilename = asn.csv\nmatch_type = CIDR(network)\nmax_matches = 1\n"
        "[slack_audit_ip_asn]\nexternal_cmd = gone.py ip asn as_org database problem\n"
        "fields_list = ip, asn, as_org, database, problem\n",
        asn_csv="network,asn,as_org\n",
    )
    spl = "search * | lookup local=true slack_audit_ip_asn ip OUTPUT asn as_org | table asn as_org"
    given = [{"ip": "203.0.113.5"}, {"ip": "10.0.0.1"}]
    with pytest.raises(SplError, match=r"gone\.py"):
        run(spl, given, app=root)
    assert run(spl, given, app=root, geo=GEO) == [{"asn": "64500", "as_org": "Wide"}, {}]
    own = {
        "slack_audit_asn": [
            {"network": "203.0.0.0/8", "asn": "64998", "as_org": "Wide"},
            {"network": "203.0.113.0/24", "asn": "64999", "as_org": "Own"},
        ]
    }
    assert run(spl, given, app=root, geo=GEO, lookups=own) == [{"asn": "64999", "as_org": "Own"}, {}]
    assert run(spl, given, app=root, lookups=own) == [{"asn": "64999", "as_org": "Own"}, {}]


@pytest.mark.parametrize(
    ("spl", "complaint"),
    [
        ("search * | lookup tt user", 'There is no lookup "tt". Did you mean "t"'),
        ("search * | lookup t usr OUTPUT team", 'there is no column "usr"; it has user, team'),
        ("search * | lookup t user OUTPUT", "A column is missing after OUTPUT"),
        ("search * | inputlookup t", "must stand first. Write append=t"),
        ("search * | inputlookup append=t t where [search x]", "subsearch"),
    ],
)
def test_refusals_name_what_is_wrong(spl: str, complaint: str) -> None:
    with pytest.raises(SplError) as caught:
        run(spl, [{"user": "ana"}], lookups={"t": TEAMS})
    assert complaint in str(caught.value)


def test_a_row_that_is_dropped_is_found_no_more() -> None:
    table = Table([{"_key": "a", "v": "1"}, {"_key": "b", "v": "1"}], keyed=True)
    assert table.exact(("v",), False, ("1",)) == [0, 1]
    table.drop("a")
    table.drop("unknown")
    assert [row["_key"] for row in table.rows()] == ["b"]
    assert table.exact(("v",), False, ("1",)) == [1]
    table.add({"_key": "a", "v": "2"})
    assert [row["_key"] for row in table.rows()] == ["b", "a"]
