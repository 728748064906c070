"""Files of site knowledge that somebody made, or damaged, to do harm: told in words; only lookups/ is read."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from slack_audit_monitor.network_owner import MMDB_NAME, look_up
from slack_audit_monitor.site_lookups import COLUMNS, IN_STORE

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
SECRET = "what-stands-outside-of-the-folder"  # noqa: S105 - no secret of anybody


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("apps") / "slack_audit_monitor"
    for folder in ("bin", "lookups"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "outside.csv").write_text(f"network,name,rules\n{SECRET},x,\n")
    return copy


def ask(app: Path, script: str, columns: list[str], *rows: list[str]) -> list[dict[str, str]]:
    """Start an external lookup as Splunk does; return the rows that it wrote."""
    given = io.StringIO()
    csv.writer(given).writerows([columns, *rows])
    done = subprocess.run(
        [sys.executable, "-B", str(app / "bin" / f"{script}.py"), *columns],
        input=given.getvalue(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-400:]
    answered = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(answered) == len(rows)
    return answered


HOSTILE = {
    "binary": bytes(range(256)) * 50,
    "NUL": b"network,name,rules\n192.0.2.0/24\x00,a,\n",
    "one cell of a megabyte": b"network,name,rules\n" + b"x" * 1_000_000 + b",a,\n",
    "a quote that never closes": b'network,name,rules\n"192.0.2.0/24,a,\n' + b"1,2,3\n" * 50_000,
    "two hundred thousand columns": b"network,c" + b"".join(b",c%d" % (n % 199_000) for n in range(200_000)),
    "a formula": b"network,name,rules\n=cmd|' /C calc'!A0,a,\n",
    "markup": b"network,name,rules\n<script>alert(1)</script>,a,\n",
    "a token of Splunk": b"network,name,rules\n$result.x$|delete index=*,a,\n",
    "control characters": b"network,name,rules\n\x1b[2J\xe2\x80\xae\xe2\x80\xa8x,a,\n",
    "UTF-16": "network,name,rules\n192.0.2.0/24,a,\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_site_list_is_told_in_one_line_of_text(name: str, app: Path) -> None:
    path = app / "lookups" / "slack_audit_office_networks.csv"
    path.write_bytes(HOSTILE[name])
    (answer,) = ask(app, "slack_audit_lookup_check", ["file", "asked", "problems"],
                    ["slack_audit_office_networks", "1", ""])  # fmt: skip
    assert answer["problems"] and len(answer["problems"]) < 20_000
    assert all(sign.isprintable() for sign in answer["problems"])


@pytest.mark.parametrize(
    "file", ["../outside", "../../slack_audit_monitor/outside", "/etc/passwd", "..\\outside",
             "slack_audit_office_networks/../../outside", "slack_audit_office_networks.csv\x00", "a|b"],
)  # fmt: skip
def test_the_check_reads_no_file_but_a_site_list(file: str, app: Path) -> None:
    (answer,) = ask(app, "slack_audit_lookup_check", ["file", "asked", "problems"], [file.replace("\0", "?"), "", ""])
    assert answer["problems"].endswith("is no site lookup of this app")
    assert SECRET not in answer["problems"] and "root:" not in answer["problems"]


@pytest.mark.parametrize(
    "zone", ["../../../../etc/passwd", "/etc/passwd", "Europe", "", "x" * 5_000, "Europe/Berlin\n", "C:\\x"]
)
def test_a_zone_is_a_name_and_no_path(zone: str, app: Path) -> None:
    columns = ["epoch", "zone", "days", "start", "end", "local_date", "local_time", "in_office_hours"]
    rows = [["1772604000", zone, "1-5", "08:00", "18:00", "", "", ""],
            ["9" * 4_000, "Europe/Berlin", "1" + " " * 50_000 + "x", "99:99", "-1:00", "", "", ""]]  # fmt: skip
    answers = ask(app, "slack_audit_local_time", columns, *rows)
    assert all(answer["in_office_hours"] in ("", "yes", "no") or answer["in_office_hours"].startswith("unknown: ")
               for answer in answers)  # fmt: skip


@pytest.mark.parametrize("lookup", sorted(set(COLUMNS) - IN_STORE))
def test_no_cell_takes_ever_longer_to_judge(lookup: str, app: Path) -> None:
    """Cells that make a careless pattern try very many ways."""
    columns = list(COLUMNS[lookup])
    cells = ["a-" * 30_000 + "!", "1 " * 30_000 + "x", "U01 " * 20_000 + "!", "0" * 60_000 + ".", ":" * 60_000]
    rows = [",".join([cell] * len(columns)) for cell in cells]
    (app / "lookups" / f"{lookup}.csv").write_text("\n".join([",".join(columns), *rows]))
    (answer,) = ask(app, "slack_audit_lookup_check", ["file", "asked", "problems"], [lookup, "", ""])
    assert len(answer["problems"]) < 20_000
    shutil.copyfile(ROOT / "lookups" / f"{lookup}.csv", app / "lookups" / f"{lookup}.csv")


def test_a_damaged_or_hostile_address_database_is_told_and_never_ends_the_lookup(tmp_path: Path) -> None:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-ASN", int_type="u32")
    record = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}
    for network in ("192.0.2.0/24", "2001:db8::/32"):
        writer.insert_network(IPSet([network]), record)
    path = tmp_path / MMDB_NAME
    writer.to_db_file(str(path))
    sound = path.read_bytes()
    assert look_up(tmp_path, ["192.0.2.1"]).owners["192.0.2.1"].asn == "64500"
    rng, told = random.Random(7), 0  # noqa: S311 - damage, not secrecy
    for _ in range(600):
        damaged = bytearray(sound)
        for _ in range(rng.choice((1, 1, 2, 8))):
            lowest = 0 if rng.random() < 0.3 else len(damaged) - 400
            damaged[rng.randrange(lowest, len(damaged))] = rng.choice((0, 0x20, 0x28, 0x3F, 0xFF, rng.randrange(256)))
        path.write_bytes(damaged)
        answer = look_up(tmp_path, ["192.0.2.1", "2001:db8::1", "198.51.100.1", "no address"])
        assert not answer.problem or (MMDB_NAME in answer.problem and answer.problem.endswith("."))
        told += bool(answer.problem)
    assert 50 < told < 550
