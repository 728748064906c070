"""The built package where Splunk would have it: nothing of the repository, nothing but its own lib/ and a bare Python.

Every script is started from $SPLUNK_HOME/etc/apps, unpacked from the tarball, by an interpreter that sees no installed
package (-S) and no variable of ours (-E).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import stat
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from sandbox.confs import read_conf
from sandbox.splunkd.daemon import APP_ID, Splunkd
from tests.collect.slack_double import TOKEN, SlackDouble, SplunkdDouble
from tests.digest.digest_world import MORNING, finding
from tools.environments import ROOT
from tools.package import FOLDERS, ROOT_FILES, build

PATIENCE_SECONDS = 240
BARE = [sys.executable, "-E", "-s", "-S", "-B"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def home(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SPLUNK_HOME with the app in it, unpacked by tar under a strict umask, as an installer may have."""
    folder = tmp_path_factory.mktemp("splunk")
    apps = folder / "etc" / "apps"
    apps.mkdir(parents=True)
    subprocess.run(["tar", "xzpf", str(package)], cwd=apps, check=True, umask=0o077)
    return folder


@pytest.fixture(scope="module")
def app(home: Path) -> Path:
    return home / "etc" / "apps" / APP_ID


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "SPLUNK_HOME": str(home), "SPLUNK_ETC": str(home / "etc")}


# --- what lies there


def test_it_holds_the_files_of_the_repository_byte_for_byte(app: Path) -> None:
    """So the searches, lookups and pages that all other tests run are those of the package."""
    compared = 0
    for name in (*ROOT_FILES, *FOLDERS):
        below = [app / name] if name in ROOT_FILES else sorted((app / name).rglob("*"))
        for path in below:
            ours = ROOT / path.relative_to(app)
            if path.is_file():
                assert path.read_bytes() == ours.read_bytes(), path
                compared += 1
    assert compared > 100
    searches = read_conf(app / "default" / "savedsearches.conf")
    assert sum("search" in keys for keys in searches.values()) > 100


def test_modes_let_everybody_read_nobody_write_and_nobody_become_another(package: Path, app: Path) -> None:
    with tarfile.open(package) as archive:
        for member in archive:
            assert member.isdir() or member.isreg(), f"{member.name} is a link or a device"
            assert member.mode == (0o755 if member.isdir() else 0o644), member.name
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), member.name
            assert ".." not in member.name.split("/") and not member.name.startswith("/")
    for path in [app, *app.rglob("*")]:
        mode = path.stat().st_mode
        assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IWGRP | stat.S_IWOTH), path
        assert stat.S_IMODE(mode) == (0o755 if path.is_dir() else 0o644), path


# --- the input


class PackagedInput:
    """The packaged input, and the doubles of Slack and splunkd that it talks to."""

    def __init__(self, home: Path, folder: Path, slack: SlackDouble, splunkd: SplunkdDouble) -> None:
        self.home, self.slack, self.splunkd = home, slack, splunkd
        self.script = home / "etc" / "apps" / APP_ID / "bin" / "slack_audit.py"
        self.params = {"api_url": slack.url, "start_time": "-2h", "index": "slack_audit", "interval": "60"}
        self._head = (
            f"<server_host>h</server_host><server_uri>{splunkd.url}</server_uri><session_key>{splunkd.session_key}"
            f"</session_key><checkpoint_dir>{folder}</checkpoint_dir>"
        )

    def _given(self) -> str:
        return "".join(f'<param name="{name}">{escape(value)}</param>' for name, value in self.params.items())

    def start(self, document: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*BARE, str(self.script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.home, env=environment(self.home),
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(document.encode())
        process.stdin.close()
        process.stdin = None
        return process

    def validate(self) -> tuple[int, bytes, bytes]:
        document = f'<items>{self._head}<item name="prod">{self._given()}</item></items>'
        process = self.start(document, "--validate-arguments")
        said, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, said, stderr

    def run(self, kill_after: int = 0) -> tuple[int, list[str]]:
        """Run it; return the exit code and the ids of the whole events."""
        process = self.start(
            f"<input>{self._head}<configuration>"
            f'<stanza name="slack_audit://prod" app="{APP_ID}">{self._given()}</stanza></configuration></input>'
        )
        got = b""
        if kill_after:
            assert process.stdout is not None
            while len(got) < kill_after:
                piece = os.read(process.stdout.fileno(), 65_536)
                assert piece, "it ended before it could be killed"
                got += piece
            process.kill()
        rest, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        got += rest
        assert b"Traceback" not in stderr and b"Error" not in stderr.replace(b"ERROR", b""), stderr.decode()
        whole = got[: got.rfind(b"</event>") + 8] + b"</stream>" if b"</event>" in got else b"<stream/>"
        events = ElementTree.fromstring(whole)
        return process.returncode, [json.loads(event.findtext("data") or "")["id"] for event in events]


@pytest.fixture
def packaged(home: Path, tmp_path: Path) -> Iterator[PackagedInput]:
    slack, splunkd = SlackDouble(page_size=700), SplunkdDouble()
    now = int(time.time())
    who = {"type": "user", "user": {"id": "W1", "name": "Ada", "email": "ada@corp.example", "team": "E1"}}
    slack.entries = [
        {"id": f"{number:08d}", "date_create": now - 5 - number // 3, "action": "user_login", "actor": who,
         "entity": who, "context": {"ip_address": "192.0.2.7", "ua": "x" * 200}} for number in range(3_000)
    ]  # fmt: skip
    yield PackagedInput(home, tmp_path / "modinputs", slack, splunkd)
    slack.close()
    splunkd.close()


def test_it_describes_itself(packaged: PackagedInput) -> None:
    process = packaged.start("", "--scheme")
    said, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, stderr) == (0, b"")
    assert ElementTree.fromstring(said).findtext("title") == "Slack Audit Logs"


def test_it_judges_a_stanza(packaged: PackagedInput) -> None:
    assert packaged.validate() == (0, b"", b"")
    packaged.params["start_time"] = "soon"
    code, said, stderr = packaged.validate()
    assert code == 1 and b'<error><message>start_time: found "soon"' in said and stderr == b""


def test_it_collects_everything_though_it_is_killed_in_between(packaged: PackagedInput) -> None:
    code, first = packaged.run(kill_after=300_000)
    assert code == -9
    code, second = packaged.run()
    assert code == 0
    assert set(first) | set(second) == {entry["id"] for entry in packaged.slack.entries}
    assert len(first) + len(second) - len(set(first) | set(second)) <= 500
    assert packaged.run() == (0, [])
    assert packaged.slack.violations == []
    log = (packaged.home / "var" / "log" / "splunk" / "slack_audit_monitor.log").read_text()
    assert "event=run_finished" in log and TOKEN not in log


def test_it_presents_itself_with_the_version_of_the_package(packaged: PackagedInput, package: Path) -> None:
    seen: list[str] = []
    handle = packaged.slack._send

    def look(handler: object, answer: object) -> None:
        seen.append(handler.headers["User-Agent"])  # type: ignore[attr-defined]
        handle(handler, answer)  # type: ignore[arg-type]

    packaged.slack._send = look  # type: ignore[method-assign]
    assert packaged.validate()[0] == 0
    version = package.name[len(APP_ID) + 1 : -len(".tar.gz")]
    assert set(seen) == {f"slack-audit-monitor-for-splunk/{version}"}


# --- alert actions and lookups


def test_its_digest_is_written(home: Path, app: Path, tmp_path: Path) -> None:
    rows = [
        {"section": "window", "day": "2026-03-04", "window_end": MORNING, "window_from": "Tuesday",
         "window_to": "Wednesday", "findings": 1, "recorded_findings": 1},
        {**finding(1, severity="critical", user="ana@corp.example"), "section": "finding"},
    ]  # fmt: skip
    path = tmp_path / "results.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)
    with Splunkd.open(tmp_path / "stand", app) as splunkd:
        payload = {
            "search_name": "Slack - Daily Digest - Report", "sid": "scheduler__nobody__x_at_1772606700_1",
            "server_uri": splunkd.uri, "session_key": splunkd.sessions.open_for("splunk-system-user"),
            "results_file": str(path), "configuration": {},
        }  # fmt: skip
        done = subprocess.run(
            [*BARE, str(app / "bin" / "slack_audit_digest.py"), "--execute"], input=json.dumps(payload),
            capture_output=True, text=True, cwd=home, env=environment(home), timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        (written,) = [json.loads(raw) for raw in splunkd.index.raws()]
    assert written["written_by"] == "template" and written["items"][0]["title"] == "Admin Granted: ana@corp.example"


LOOKUPS = {
    "slack_audit_ip_asn": ({"ip": "192.0.2.1"}, "problem", ""),
    "slack_audit_local_time": (
        {"epoch": "1772604000", "zone": "Europe/Berlin", "days": "1-5", "start": "08:00", "end": "18:00"},
        "local_time", "Wed 2026-03-04 07:00 CET"),
    "slack_audit_lookup_check": ({"file": "slack_audit_office_networks", "asked": "1"}, "problems", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKUPS)
def test_its_external_lookups_answer_as_transforms_conf_starts_them(name: str, home: Path, app: Path) -> None:
    asked, column, answer = LOOKUPS[name]
    script, *columns = read_conf(app / "default" / "transforms.conf")[name]["external_cmd"].split()
    given = io.StringIO()
    writer = csv.DictWriter(given, columns, restval="")
    writer.writeheader()
    writer.writerow(asked)
    done = subprocess.run(
        [*BARE, str(app / "bin" / script), *columns], input=given.getvalue(), capture_output=True, text=True, cwd=home,
        env=environment(home), timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row[column] == answer and {name: row[name] for name in asked} == asked


# --- the same bytes, whoever builds them


@pytest.mark.once
def test_two_builders_in_other_places_and_zones_make_the_same_bytes(package: Path, tmp_path: Path) -> None:
    """Another folder, umask, zone, language and file times, in a process of its own."""
    code = (
        "import os, pathlib, shutil, sys; os.umask(0o077)\n"
        "from tools.package import FOLDERS, ROOT_FILES, build\n"
        "root = pathlib.Path(sys.argv[1]) / 'another place'\n"
        "for name in FOLDERS: shutil.copytree(name, root / name, copy_function=shutil.copyfile)\n"
        "for name in ROOT_FILES: shutil.copyfile(name, root / name)\n"
        "for n, path in enumerate(sorted(root.rglob('*'))): os.utime(path, (n * 86_400, n * 86_400))\n"
        "print(build(root / 'dist', root))\n"
    )
    variables = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=variables, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    other = Path(done.stdout.strip())
    assert other != package and other.read_bytes() == package.read_bytes()
