"""The simulator as a process, and the files it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.slack_api import bulk_entries
from sandbox.slack_api.process import SlackProcess

# The simulator asks nothing of Python's version; test_slack_contract, _faults and _tokens run on each.
pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def run(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.slack_api", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )


def ask(slack: SlackProcess, **parameters) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        head = {"Authorization": f"Bearer {slack.token}"}
        return session.get(slack.api_url + "logs", params=parameters, headers=head, timeout=120)


def test_it_serves_until_it_is_told_to_stop():
    with SlackProcess("--bulk", "2000", "--now", "2026-03-31T00:00:00Z") as slack:
        slack.play("html@1")
        assert ask(slack, limit=5).headers["Content-Type"].startswith("text/html")
        assert len(ask(slack, limit=5).json()["entries"]) == 5
        assert [call["fault"] for call in slack.calls()] == ["html", ""]
        slack.set_clock(1_700_000_000)
        assert ask(slack).json()["entries"] == []
        assert slack.stop() == 0  # by SIGTERM


def test_entries_of_a_file_and_one_more(tmp_path):
    entries = list(bulk_entries(30))
    (tmp_path / "export.jsonl").write_text("".join(json.dumps(e) + "\n" for e in entries), encoding="utf-8")
    with SlackProcess("--entries", str(tmp_path / "export.jsonl"), "--rate-limit", "off") as slack:
        assert [e["id"] for e in ask(slack).json()["entries"]][0] in {e["id"] for e in entries[-3:]}
        slack.add({**entries[0], "id": "one-more"})
        assert len(ask(slack).json()["entries"]) == 31


def test_a_cut_file_is_refused_with_its_line(tmp_path):
    path = tmp_path / "export.jsonl"
    lines = [json.dumps(e) for e in bulk_entries(3)]
    path.write_text("\n".join(lines)[:-20], encoding="utf-8")
    done = run("--entries", str(path))
    assert done.returncode == 2
    assert f"--entries {path}: line 3: " in done.stderr and "Traceback" not in done.stderr


def test_an_organisation_as_files(tmp_path):
    done = run("--write", str(tmp_path / "out"), "--people", "100", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    truth = json.loads((tmp_path / "out/ground_truth.json").read_text(encoding="utf-8"))
    assert told["entries"] == truth["entries"] > 10_000
    assert len(truth["stories"]) == 20
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"entries.jsonl.gz", "geo.csv", "ground_truth.json", "lookups"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--fault", "nonsense"), "no fault is called 'nonsense'"),
        (("--rate-limit", "fast"), "--rate-limit fast: a number of calls a minute, or off"),
        (("--days", "0"), "days must be 1 or more, not 0"),
        (("--stories", "heist"), "no story is called heist"),
        (("--late", "5"), "--late 5: PERCENT:SECONDS is expected"),
        (("--bulk", "1", "--now", "later"), "--now later: epoch seconds or ISO 8601"),
        (("--entries", "/nowhere/at/all.jsonl"), "--entries /nowhere/at/all.jsonl: No such file"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options, complaint):
    done = run(*options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_refused():
    with SlackProcess("--bulk", "1") as slack:
        port = slack.url.rpartition(":")[2]
        with pytest.raises(RuntimeError, match=f"--port {port}: cannot listen there"):
            SlackProcess("--bulk", "1", "--port", port)
