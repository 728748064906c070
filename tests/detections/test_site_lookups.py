"""A broken list of the site is said by file, line and reason, and the alerts go on with what can be read."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import search
from sandbox.spl.errors import SplError
from slack_audit_monitor.site_lookups import COLUMNS, IN_STORE
from tests.detections.kit.contract import APP_ROOT

SEARCHES = AppConfs(APP_ROOT).conf("savedsearches")
HEALTH = "Slack - Site Lookup Malformed - Rule"
NOW = 1_772_528_400


@pytest.fixture
def app(tmp_path: Path) -> Path:
    copy = tmp_path / "slack_audit_monitor"
    for folder in ("bin", "default", "lookups"):
        shutil.copytree(APP_ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def write(app: Path, lookup: str, text: str) -> None:
    (app / "lookups" / f"{lookup}.csv").write_text(text, encoding="utf-8")


def told(app: Path) -> dict[str, str]:
    """What the health alert says: file -> its sentence."""
    rows = search(SEARCHES[HEALTH]["search"], [], now=NOW, app=app).rows
    assert all(row["rule_id"] == "U71" and row["severity"] == "medium" and row["next_step"] for row in rows)
    return {str(row["entity"]): str(row["summary"]) for row in rows}


def test_the_shipped_files_are_sound(app: Path) -> None:
    assert told(app) == {}


@pytest.mark.parametrize(
    ("lookup", "text", "said"),
    [
        ("slack_audit_office_networks", "", "the file is empty; its first line must be network,name,rules"),
        ("slack_audit_office_networks", "net,name,rules\n192.0.2.0/24,a,\n", "line 1: the column network is missing"),
        (
            "slack_audit_office_networks",
            "network,name,rules\n192.0.2.0/33,a,\n",
            "line 2: network '192.0.2.0/33' is no",
        ),
        ("slack_audit_office_networks", "network,name,rules\n192.0.2.0/24,a,U2\n", "line 2: rules 'U2' names no rows"),
        (
            "slack_audit_office_networks",
            "network,name,rules\n\n192.0.2.7 ,a,\n",
            "line 3: network '192.0.2.7 ' has blanks",
        ),
        (
            "slack_audit_office_networks",
            "network,name,rules\n2001:db8::/48,a,U02 U07,x\n",
            "line 2: 4 cells, the header",
        ),
        (
            "slack_audit_office_hours",
            "scope,zone,days,start,end\n*,Mars/Base,1-5,08:00,18:00\n",
            "'Mars/Base' is no time",
        ),
        (
            "slack_audit_office_hours",
            "scope,zone,days,start,end\n*,+01:00,1-5,08:00,18:00\n",
            "'+01:00' is no time zone",
        ),
        ("slack_audit_office_hours", "scope,zone,days,start,end\n*,Etc/UTC,Mo-Fr,08:00,18:00\n", "days 'Mo-Fr'"),
        (
            "slack_audit_office_hours",
            "scope,zone,days,start,end\n*,Etc/UTC,1-5,8 am,25:00\n",
            "line 2: start time '8 am'",
        ),
        (
            "slack_audit_holidays",
            "date,scope,name\n01.05.2026,*,Labour Day\n",
            "'01.05.2026' is no date; write YYYY-MM-DD",
        ),
        ("slack_audit_holidays", "date,scope,name\n2026-02-30,*,x\n", "'2026-02-30' is no date"),
        ("slack_audit_approved_apps", "app_id,name,note\nNotes,Notes,\n", "'Notes' is no app id"),
        ("slack_audit_provisioners", "app_id,name\n,Okta\n", "line 2: app_id is empty: the row means nothing"),
        ("slack_audit_approved_organisations", "organisation_id,name\nPartner Ltd,x\n", "'Partner Ltd' is no id"),
        ("slack_audit_corporate_asns", "asn,name\nVodafone,x\n", "'Vodafone' is no network number"),
        ("slack_audit_verified_domains", "domain,name\n@corp.example,x\n", "'@corp.example' is no domain"),
        ("slack_audit_asn", 'network,asn,as_org\n"192.0.2.0/24,64500,x\n', "it is no CSV"),
    ],
)
def test_what_is_wrong_is_said_by_file_line_and_reason(app: Path, lookup: str, text: str, said: str) -> None:
    write(app, lookup, text)
    found = told(app)
    assert list(found) == [lookup]
    assert said in found[lookup]
    assert found[lookup].endswith(".")


def test_every_list_of_the_site_is_looked_at() -> None:
    shipped = {path.stem for path in (APP_ROOT / "lookups").glob("*.csv")}
    names = (
        *("actions", "controls", "posture", "health_checks", "searches", "watched_actions"),
        *("rules", "review_points"),
    )
    reference = {f"slack_audit_{name}" for name in names}
    assert set(COLUMNS) - IN_STORE == shipped - reference
    asked = set(re.findall(r"slack_audit_\w+", SEARCHES[HEALTH]["search"].partition("mvexpand")[0]))
    assert asked == set(COLUMNS) - IN_STORE


def test_a_missing_file_and_one_that_is_no_text(app: Path) -> None:
    (app / "lookups" / "slack_audit_holidays.csv").unlink()
    (app / "lookups" / "slack_audit_asn.csv").write_bytes(b"network,asn,as_org\n192.0.2.0/24,1,\xff\xfe\n")
    found = told(app)
    assert "the file is missing" in found["slack_audit_holidays"]
    assert "no UTF-8" in found["slack_audit_asn"]


def test_many_broken_rows_are_counted_not_listed(app: Path) -> None:
    write(app, "slack_audit_asn", "network,asn,as_org\n" + "x,y,z\n" * 5000)
    sentence = told(app)["slack_audit_asn"]
    assert "line 2" in sentence and "more" in sentence and len(sentence) < 1500


@pytest.mark.parametrize("lookup", ["slack_audit_actions/../../default/app", "", "none"])
def test_the_script_reads_no_other_file(app: Path, lookup: str) -> None:
    assert "is no site lookup" in ask(app, [lookup])[0]


def test_the_script_says_what_it_wants(app: Path) -> None:
    done = run(app, "", ["file"])
    assert done.returncode == 2 and "wants 3 column names" in done.stderr


def run(app: Path, given: str, names: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(app / "bin" / "slack_audit_lookup_check.py"), *names]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=240, check=False)


def ask(app: Path, lookups: Sequence[str]) -> list[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([("file", "asked", "problems"), *((lookup, NOW, "") for lookup in lookups)])
    done = run(app, out.getvalue(), ("file", "asked", "problems"))
    assert done.returncode == 0, done.stderr
    return [row["problems"] for row in csv.DictReader(io.StringIO(done.stdout))]


# --- The alerts go on ---------------------------------------------------------------------------


def failures(address: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{address}/{number}", "date_create": NOW - 600 + number, "action": "user_login_failed",
            "actor": {"type": "user", "user": {"id": f"W{number}", "name": "x", "email": f"p{number}@corp.example"}},
            "entity": {"type": "user", "user": {"id": f"W{number}"}},
            "context": {"location": {"type": "enterprise", "id": "E1"}, "ua": "", "ip_address": address},
        }
        for number in range(20)
    ]  # fmt: skip


def sources(app: Path, title: str) -> list[str]:
    entries = [json.dumps(entry) for entry in failures("203.0.113.9") + failures("198.51.100.7")]
    rows = search(SEARCHES[title]["search"], entries, now=NOW, earliest="-95m@m", latest="now", app=app).rows
    return sorted(str(row["entity"]) for row in rows)


def test_a_bad_row_does_not_cost_its_good_neighbours(app: Path) -> None:
    spray = "Slack - Failed Sign-ins by Address - Rule"
    assert sources(app, spray) == ["198.51.100.7", "203.0.113.9"]
    write(app, "slack_audit_office_networks", "network,name,rules\nnonsense,a,\n0.0.0.0/99,b,\n203.0.113.0/24,c,U02\n")
    assert sources(app, spray) == ["198.51.100.7"]
    assert "line 3: network '0.0.0.0/99'" in told(app)["slack_audit_office_networks"]


def test_a_file_that_cannot_be_read_stops_only_who_reads_it(app: Path) -> None:
    """Splunk refuses a search whose lookup lacks a column; the others run, and the health alert names the file."""
    write(app, "slack_audit_office_networks", "net,name\n203.0.113.0/24,c\n")
    with pytest.raises(SplError):
        sources(app, "Slack - Failed Sign-ins by Address - Rule")
    one = {"type": "user", "user": {"id": "W1"}}
    entries = [json.dumps({**entry, "actor": one}) for entry in failures("203.0.113.9")]
    spl = SEARCHES["Slack - Failed Sign-ins by Account - Rule"]["search"]
    assert search(spl, entries, now=NOW, earliest="-95m@m", latest="now", app=app).rows
    assert "the column network, rules is missing" in told(app)["slack_audit_office_networks"]
