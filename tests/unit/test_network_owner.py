"""The operator of an address: what the site's rows and an MMDB answer, and what is said when they cannot be read."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from slack_audit_monitor.network_owner import Owner, look_up

APP = Path(__file__).resolve().parents[2]
GEOLITE = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}


def write_csv(folder: Path, *lines: str) -> None:
    (folder / "slack_audit_asn.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_mmdb(folder: Path, rows: dict[str, dict[str, object]], kind: str = "GeoLite2-ASN") -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type=kind, int_type="u32")
    for network, record in rows.items():
        writer.insert_network(IPSet([network]), record)
    path = folder / "slack_audit_asn.mmdb"
    writer.to_db_file(str(path))
    return path


HEADER = "network,asn,as_org"


@pytest.mark.parametrize(
    ("lines", "asked", "expected"),
    [
        ([HEADER, "192.0.2.0/24,64500,Example"], "192.0.2.0", Owner("64500", "Example")),
        ([HEADER, "192.0.2.0/24,64500,Example"], "192.0.2.255", Owner("64500", "Example")),
        ([HEADER, "192.0.2.0/24,64500,Example"], "192.0.3.0", None),
        ([HEADER, "192.0.2.0/24,64500,Example"], "192.0.1.255", None),
        # the smallest network counts, whatever the order of the rows
        ([HEADER, "192.0.2.128/25,64501,Half", "192.0.2.0/24,64500,All"], "192.0.2.200", Owner("64501", "Half")),
        ([HEADER, "192.0.2.0/24,64500,All", "192.0.2.128/25,64501,Half"], "192.0.2.200", Owner("64501", "Half")),
        ([HEADER, "192.0.2.0/24,64500,All", "192.0.2.128/25,64501,Half"], "192.0.2.127", Owner("64500", "All")),
        # one address, and a network written with an address inside it
        ([HEADER, "192.0.2.7,64500,One"], "192.0.2.7", Owner("64500", "One")),
        ([HEADER, "192.0.2.9/24,64500,Inside"], "192.0.2.1", Owner("64500", "Inside")),
        ([HEADER, "0.0.0.0/0,64500,All"], "203.0.113.1", Owner("64500", "All")),
        # IPv6, in any spelling; the families do not meet
        ([HEADER, "2001:db8::/32,AS64500,Six"], "2001:DB8:0:0::1", Owner("64500", "Six")),
        ([HEADER, "::/0,64500,Six"], "192.0.2.1", None),
        # the names that databases give their columns, in any order
        (
            ["network,autonomous_system_number,autonomous_system_organization", '192.0.2.0/24,64500,"A, B"'],
            "192.0.2.1",
            Owner("64500", "A, B"),
        ),
        (["as_name,asn,network", "Example,AS64500,192.0.2.0/24"], "192.0.2.1", Owner("64500", "Example")),
        (["network,asn", "192.0.2.0/24,64500"], "192.0.2.1", Owner("64500", "")),
        # what is no address has no operator
        ([HEADER, "192.0.2.0/24,64500,Example"], "", None),
        ([HEADER, "192.0.2.0/24,64500,Example"], "mail.example", None),
    ],
)
def test_the_sites_own_rows(tmp_path: Path, lines: list[str], asked: str, expected: Owner | None) -> None:
    write_csv(tmp_path, *lines)
    answer = look_up(tmp_path, [asked])
    assert answer.owners.get(asked) == expected and answer.problem == ""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEADER, "192.0.2.0/33,64500,X"], ["row 2", "'192.0.2.0/33'", "prefix length"]),
        ([HEADER, "192.0.2.0/24,64500,X", "office,64500,X"], ["row 3", "'office' is no network", "192.0.2.0/24 or"]),
        ([HEADER, "192.0.2.0/24,Example,X"], ["row 2", "'Example' in column asn", "64500 or AS64500"]),
        ([HEADER, "x,1,X", "y,1,X", "z,1,X"], ["row 2", "2 more rows"]),
        (["network,owner", "192.0.2.0/24,64500"], ["no column asn", "network,asn,as_org"]),
        (["cidr,number", "192.0.2.0/24,64500"], ["no column network and no column asn"]),
    ],
)
def test_a_broken_row_is_named_and_the_others_count(tmp_path: Path, lines: list[str], said: list[str]) -> None:
    readable = "asn" in lines[0]
    write_csv(tmp_path, *lines, *(["198.51.100.0/24,64510,Good"] if readable else []))
    answer = look_up(tmp_path, ["198.51.100.1"])
    assert "slack_audit_asn.csv" in answer.problem
    for part in said:
        assert part in answer.problem
    assert answer.owners == ({"198.51.100.1": Owner("64510", "Good")} if readable else {})


def test_an_empty_list_and_no_list_are_no_problem(tmp_path: Path) -> None:
    assert look_up(tmp_path, ["192.0.2.1"]) == ({}, "", "")
    write_csv(tmp_path, HEADER)
    assert look_up(tmp_path, ["192.0.2.1"]) == ({}, "", "")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (GEOLITE, Owner("64500", "Example Net")),
        ({"asn": "AS64500", "as_name": "Example Net", "as_domain": "net.example"}, Owner("64500", "Example Net")),
        ({"autonomous_system_number": 64500}, Owner("64500", "")),
        ({"country": "Brazil"}, None),
    ],
)
def test_databases_of_several_makers(tmp_path: Path, record: dict[str, object], expected: Owner | None) -> None:
    write_mmdb(tmp_path, {"192.0.2.0/24": record, "2001:db8::/32": record})
    answer = look_up(tmp_path, ["192.0.2.9", "2001:db8::9", "203.0.113.1", "not one"])
    wanted = {} if expected is None else {"192.0.2.9": expected, "2001:db8::9": expected}
    assert answer.owners == wanted
    assert answer.database.startswith("slack_audit_asn.mmdb (GeoLite2-ASN of 20") and answer.problem == ""


def test_the_sites_rows_go_before_the_database(tmp_path: Path) -> None:
    write_mmdb(tmp_path, {"192.0.2.0/24": GEOLITE})
    write_csv(tmp_path, HEADER, "192.0.2.0/25,64999,Head office")
    answer = look_up(tmp_path, ["192.0.2.1", "192.0.2.200"])
    assert answer.owners == {"192.0.2.1": Owner("64999", "Head office"), "192.0.2.200": Owner("64500", "Example Net")}
    assert "slack_audit_asn.csv (1 row)" in answer.database and "GeoLite2-ASN" in answer.database


@pytest.mark.parametrize("damage", ["cut short", "something else", "empty"])
def test_a_broken_database_is_named_and_the_rows_still_count(tmp_path: Path, damage: str) -> None:
    path = write_mmdb(tmp_path, {"192.0.2.0/24": GEOLITE})
    whole = path.read_bytes()
    path.write_bytes({"cut short": whole[: len(whole) // 2], "something else": b"<html>" * 99, "empty": b""}[damage])
    write_csv(tmp_path, HEADER, "198.51.100.0/24,64510,Good")
    answer = look_up(tmp_path, ["192.0.2.1", "198.51.100.1"])
    assert answer.owners == {"198.51.100.1": Owner("64510", "Good")}
    assert "slack_audit_asn.mmdb cannot be read" in answer.problem and "whole MaxMind DB file" in answer.problem


COLUMNS = ["ip", "asn", "as_org", "database", "problem"]


def ask(app: Path, *addresses: str) -> list[dict[str, str]]:
    """What Splunk would read from the script."""
    asked = io.StringIO()
    writer = csv.DictWriter(asked, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({"ip": address} for address in addresses)
    command = [sys.executable, str(app / "bin" / "slack_audit_ip_asn.py"), *COLUMNS]
    done = subprocess.run(command, input=asked.getvalue(), capture_output=True, text=True, check=True)
    return list(csv.DictReader(io.StringIO(done.stdout)))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An installed copy, as far as the script needs it."""
    shutil.copytree(APP / "bin", tmp_path / "app" / "bin", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "app" / "lookups").mkdir()
    return tmp_path / "app"


def test_the_script_speaks_the_lookup_protocol(app: Path) -> None:
    write_mmdb(app / "lookups", {"192.0.2.0/24": GEOLITE})
    known, unknown = ask(app, "192.0.2.1", "203.0.113.1")
    assert (known["asn"], known["as_org"]) == ("64500", "Example Net")
    assert (unknown["ip"], unknown["asn"], unknown["as_org"]) == ("203.0.113.1", "", "")
    assert "GeoLite2-ASN" in unknown["database"]


def test_the_script_says_what_is_missing_and_what_is_broken(app: Path) -> None:
    (row,) = ask(app, "192.0.2.1")
    assert (row["database"], row["problem"]) == ("", "")
    write_csv(app / "lookups", HEADER, "office,64500,X")
    (row,) = ask(app, "192.0.2.1")
    assert "slack_audit_asn.csv, row 2: 'office' is no network" in row["problem"]


def test_the_script_refuses_other_columns() -> None:
    command = [sys.executable, str(APP / "bin" / "slack_audit_ip_asn.py"), "ip", "asn"]
    done = subprocess.run(command, input="ip,asn\n", capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "5 column names" in done.stderr and "Traceback" not in done.stderr
