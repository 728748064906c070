"""`python -m sandbox serve` as a person starts and stops it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import splunklib.client

from tests.end_to_end.processes import heed_interrupts, is_running

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(out: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command, and what it says of itself; ended at the latest when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "serve", "--no-web", "--port", "0", "--json", "--out", str(out), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    watchdog = threading.Timer(280, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, json.loads(line)
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
        process.communicate()


def connect(told: dict[str, Any]) -> Any:
    path = Path(told["credentials"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return splunklib.client.connect(**json.loads(path.read_text(encoding="utf-8")))


def stop(process: subprocess.Popen[str], number: int = signal.SIGINT) -> str:
    process.send_signal(number)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return said


def test_an_empty_stand_in_keeps_what_it_was_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving(out, "--empty") as (process, told):
        assert told["splunkd"].startswith("http://127.0.0.1:") and told["slack"] is None
        service = connect(told)
        assert len(service.saved_searches.list()) >= 15
        assert service.saved_searches["Slack - Owner Granted - Rule"]["disabled"] == "0"
        service.indexes["slack_audit"].submit('{"date_create": 1, "id": "x"}', sourcetype="slack:audit")
        said = stop(process)
        assert "nothing is left" in said
        assert not Path(told["credentials"]).exists()
    with serving(out, "--keep") as (process, told):
        assert connect(told).indexes["slack_audit"]["totalEventCount"] == "1"
        stop(process, signal.SIGTERM)
    with serving(out, "--empty") as (process, told):  # without --keep it begins anew
        assert connect(told).indexes["slack_audit"]["totalEventCount"] == "0"
        stop(process)


def test_keep_without_anything_to_keep(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--no-web", "--keep", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "--keep" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [[], ["--keep"]])
def test_a_second_start_in_the_same_folder_does_the_first_no_harm(tmp_path: Path, options: list[str]) -> None:
    with serving(tmp_path, "--empty") as (process, told):
        command = [sys.executable, "-m", "sandbox", "serve", "--no-web", "--port", "0", "--empty"]
        command += ["--out", str(tmp_path), *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and "another start is alive there" in done.stderr
        service = connect(told)
        service.confs["macros"].create("kept", definition="1")
        assert service.confs["macros"]["kept"]["definition"] == "1"
        stop(process)
    with serving(tmp_path, "--keep") as (process, told):
        assert connect(told).confs["macros"]["kept"]["definition"] == "1"
        stop(process)


@pytest.mark.parametrize("options", [["--port", "99999"], ["--app", "/nosuch"], ["--empty", "--port", "taken"]])
def test_what_cannot_be_served_is_refused_in_words(tmp_path: Path, options: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = str(listener.getsockname()[1])
        command = [sys.executable, "-m", "sandbox", "serve", "--no-web", "--out", str(tmp_path / "out")]
        command += [taken if option == "taken" else option for option in options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert options[-2] in done.stderr and not (tmp_path / "out" / "credentials.json").exists()


def test_an_organisation_lives_on_the_real_clock(tmp_path: Path) -> None:
    with serving(tmp_path / "out", "--clock", "real", "--people", "100", "--days", "7") as (process, told):
        service = connect(told)
        deadline = time.monotonic() + 200
        while int(service.indexes["slack_audit"]["totalEventCount"]) < 1000:
            assert time.monotonic() < deadline, b"".join(service.jobs.oneshot("search index=_internal").read())
            time.sleep(0.2)
        search = "search `slack_audit_events` | stats count max(_time) AS newest"
        body = service.jobs.oneshot(search, output_mode="json")
        (row,) = json.loads(body.read())["results"]
        assert 0 <= time.time() - float(row["newest"]) < 3 * 86_400
        (entry,) = service.inputs.list("slack_audit")
        assert (entry.name, entry["disabled"]) == ("prod", "0")
        children = descendants(process.pid)
        stop(process)
    for pid in children:
        assert not is_running(pid), "the input outlived the stand-in"


def descendants(pid: int) -> list[int]:
    """Processes that a process has started; a thread that ends while it is looked at has none."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found
