"""The process as splunkd sees it: stop, broken pipe, two at once, secrets, logs, damaged checkpoints."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest


@pytest.fixture
def many(slack, make_entry):
    now = int(time.time())
    slack.page_size = 500
    slack.entries = [make_entry(i, now - 5 - i) for i in range(2500)]
    return slack.entries


def test_sigterm_ends_it_soon_and_doubles_nothing(prod, slack, many, answers):
    slack.fault = lambda number, params: answers.Answer(silent_seconds=60) if number == 4 else None
    process = prod.start()
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(process.stdout.read()))  # the pipe itself holds 64 KB only
    reader.start()
    wait_until(lambda: slack.logs_calls >= 4)
    started = time.monotonic()
    process.terminate()
    assert process.wait(timeout=120) == 0
    assert time.monotonic() - started < 10  # that is what splunkd grants; the answer would take a minute
    reader.join(timeout=120)
    assert b"outcome=stopped" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    first = [json.loads(e.findtext("data"))["id"] for e in ElementTree.fromstring(got[0])]
    assert len(first) == 1500
    assert sorted(first + prod.run().ids()) == sorted(e["id"] for e in many)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_broken_pipe_is_a_clean_end_and_loses_nothing(prod, slack, many):
    process = prod.start()
    got = process.stdout.read(200_000)
    process.stdout.close()
    stderr = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=120) == 0
    assert "outcome=stopped" in stderr and "Traceback" not in stderr
    text = got[: got.rfind(b"</event>") + 8] + b"</stream>"
    first = [json.loads(e.findtext("data"))["id"] for e in ElementTree.fromstring(text)]
    # What was written but not read is gone with the reader, as it would be with splunkd; at most a pipe full.
    second = prod.run().ids()
    missing = {e["id"] for e in slack.entries} - set(first) - set(second)
    assert len(missing) * 600 < 300_000


def test_two_at_once_collect_once(prod, slack, many, answers):
    slack.gate = threading.Event()
    one = prod.start()
    wait_until(lambda: slack.requests)
    two = prod.run()
    assert two.code == 0 and two.ids() == [] and "outcome=stopped" in two.stderr
    slack.gate.set()
    stdout, _ = one.communicate(timeout=240)
    assert len(re.findall(b"<event ", stdout)) == 2500


def test_no_secret_appears_anywhere(prod, slack, many, splunkd, answers, tmp_path):
    prod.home = tmp_path / "splunk"
    secret = answers.TOKEN
    texts = []
    slack.fault = lambda number, params: answers.problem(403, "missing_scope", X_Echo=secret) if number > 2 else None
    for _ in range(2):
        result = prod.run()
        texts += [result.stdout.decode(), result.stderr]
    code, message = prod.validate()
    assert code != 0
    texts.append(message)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(p.name == "slack_audit_monitor.log" for p in files)
    texts += [p.read_text() for p in files]
    for text in texts:
        assert secret not in text and splunkd.session_key not in text
    assert slack.violations == []


def test_the_own_log_has_the_story_of_the_run(prod, slack, many, tmp_path):
    prod.home = tmp_path / "splunk"
    result = prod.run()
    log = (tmp_path / "splunk/var/log/splunk/slack_audit_monitor.log").read_text()
    line = next(line for line in log.splitlines() if "event=run_finished" in line)
    assert re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+0000 level=INFO pid=\d+ input=prod event=run_finished ", line
    )
    for name in (
        "entries=2500",
        "repeats=0",
        "calls=6",
        "lag_seconds=",
        "position=",
        "waits_seconds=",
        "unknown_actions=",
    ):
        assert name in line
    assert result.figure("entries") == "2500"


DAMAGES = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "not JSON": lambda data: b"\x00\xff garbage",
    "a version that never was": lambda data: b'{"version": 0}',
    "wrong types": lambda data: data.replace(b'"position":', b'"position":"x", "old":'),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_checkpoint_is_set_aside_and_work_goes_on(name, prod, slack, many, make_entry):
    first = prod.run().ids()
    for path in prod.folder.glob("prod-*.json"):
        path.write_bytes(DAMAGES[name](path.read_bytes()))
    slack.entries.append(make_entry(90_000, int(time.time()) - 1))
    time.sleep(1.1)
    result = prod.run()
    assert result.code == 0 and "event=checkpoint_set_aside" in result.stderr
    assert list(prod.folder.glob("*.corrupt-*"))
    assert set(first) | set(result.ids()) == {e["id"] for e in slack.entries}
    assert result.ids() == [make_entry(90_000, 0)["id"]]  # the journal still knows what was sent


def test_without_any_state_the_journal_alone_prevents_repeats(prod, slack, many, make_entry):
    prod.run()
    for path in [*prod.folder.glob("prod-*.json"), *prod.folder.glob("prod-*.previous")]:
        path.write_bytes(b"gone")
    result = prod.run()
    assert result.code == 0 and result.ids() == []


def test_a_damaged_journal_is_reported_and_loses_nothing(prod, slack, many, make_entry):
    prod.run()
    journal = next(prod.folder.glob("prod-*.journal"))
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:3]) + b"\xff{]\n" + b"".join(lines[3:]) + b'{"w":1,"o"')
    slack.entries.append(make_entry(90_000, int(time.time()) - 1))
    time.sleep(1.1)
    result = prod.run()
    assert result.code == 0 and "event=journal_damaged" in result.stderr and "unreadable_lines=1" in result.stderr
    assert result.ids() == [make_entry(90_000, 0)["id"]]


def test_two_stanzas_do_not_share_a_place(prod, slack, many, splunkd, answers):
    splunkd.secrets["second"] = answers.TOKEN
    assert len(prod.run().ids()) == len(prod.run("second").ids()) == 2500


def test_rotating_token_is_renewed_and_stored_before_use(prod, slack, many, splunkd, answers):
    splunkd.secrets["prod"] = json.dumps(
        {"client_id": "1.2", "client_secret": "invented-client-secret", "refresh_token": "xoxe-1-first"}
    )
    prod_run = prod.run()  # the double knows no refresh: 404
    assert prod_run.code == 1 and "cannot be renewed" in prod_run.stderr
    stored_when_used = []
    slack.exchange = lambda form: {
        "ok": True,
        "access_token": "xoxe.xoxp-1-new-one",
        "refresh_token": "xoxe-1-second",
        "expires_in": 43200,
    }
    slack.token = "xoxe.xoxp-1-new-one"
    kept = lambda: json.loads(splunkd.secrets["prod.renewed"])["refresh_token"]  # noqa: E731
    slack.fault = lambda number, params: stored_when_used.append(kept())
    result = prod.run()
    assert result.code == 0 and len(result.ids()) == 2500, result.stderr
    assert set(stored_when_used) == {"xoxe-1-second"}
    assert slack.exchanges == [
        {
            "client_id": "1.2",
            "client_secret": "invented-client-secret",
            "grant_type": "refresh_token",
            "refresh_token": "xoxe-1-first",
        }
    ]
    for text in (result.stdout.decode(), result.stderr):
        assert "xoxe-1-" not in text and "xoxe.xoxp-1-new" not in text and "invented-client-secret" not in text


def test_scheme_is_quick_and_complete():
    before = os.times().children_user
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, str(root / "bin/slack_audit.py"), "--scheme"], capture_output=True, check=True
    )
    assert os.times().children_user - before < 1.5  # 0.12 s of work, however busy the machine is
    scheme = ElementTree.fromstring(done.stdout)
    assert scheme.findtext("use_external_validation") == "true" and scheme.findtext("use_single_instance") == "false"
    assert scheme.findtext("streaming_mode") == "xml"
    assert (
        "requests"
        not in subprocess.run(
            [sys.executable, "-X", "importtime", str(root / "bin/slack_audit.py"), "--scheme"],
            capture_output=True,
            check=True,
        ).stderr.decode()
    )


def test_a_checkpoint_of_a_newer_version_stops_the_run_and_stays_whole(prod, slack, many, splunkd):
    first = prod.run().ids()
    path = next(prod.folder.glob("prod-*.json"))
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"version":1', b'"version":2'))
    newer = path.read_bytes()
    result = prod.run()
    assert result.code == 1 and result.ids() == [] and "outcome=refused" in result.stderr
    assert "was written by a newer version of this app (format 2, known is 1)" in result.stderr
    assert path.read_bytes() == newer and not list(prod.folder.glob("*.corrupt-*"))
    assert any("newer version" in text for text in splunkd.messages.values())
    path.write_bytes(good)  # the newer version is back, or its format was taken back
    assert len(first) == 2500 and prod.run().ids() == []
