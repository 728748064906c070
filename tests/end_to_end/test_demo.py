"""The main job as a person starts it: `python -m sandbox demo`, killed inputs and Ctrl-C included."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.splunkd.home import repository_root
from tests.end_to_end.processes import heed_interrupts

ALERTS = [
    "U01",
    "U02",
    "U06",
    "U07",
    "U08",
    "U09",
    "U11",
    "U15",
    "U19",
    "U20",
    "U21",
    "U25",
    "U27",
    "U28",
    "U29",
    "U30",
    "U37",
    "U40",
    "U46.reach",
    "U49",
    "U50",
    "U52",
    "U54",
    "U76",
    "U77",
]


def start(out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "demo", "--out", str(out), *options],
        cwd=repository_root(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def processes_of(out: Path) -> list[int]:
    """Processes whose command line names the demo's folder: its inputs."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            except OSError:
                continue
            if any(word.startswith(str(out.resolve())) and word.endswith(".py") for word in command):
                found.append(int(folder.name))
    return found


def wait_for_input(out: Path, demo: subprocess.Popen[str]) -> int:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert demo.poll() is None, demo.communicate()
        for pid in processes_of(out):
            # Introspection and validation are the same script with an argument.
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            except OSError:
                continue
            if words[-1].endswith(b".py"):
                return pid
        time.sleep(0.01)
    raise AssertionError("the input was never started")


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "demo"
    assert processes_of(tmp_path) == []


@pytest.mark.once
@pytest.mark.long
@pytest.mark.timeout(1500)
def test_the_whole_demo_with_a_killed_input(out: Path) -> None:
    demo = start(out, "--kill")
    shown, said = demo.communicate(timeout=1400)
    assert demo.returncode == 0, shown + said

    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    assert summary["existing"] >= 50_000
    assert summary["collected"] == summary["existing"] and summary["lost"] == 0
    assert summary["doubled"] <= 500, "at most one flush batch is repeated after SIGKILL"
    assert len(summary["restarts"]) == 1 and "signal 9" in summary["restarts"][0]
    assert len(summary["stories"]) == 20
    assert all(summary["stories"].values()) and summary["missed"] == {}
    assert summary["unexplained"] == []
    assert set(ALERTS) <= {rule_id for fired in summary["stories"].values() for rule_id in fired}

    findings = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    assert len(findings) == summary["findings"] >= 20
    for finding in findings:
        assert isinstance(finding["event_ids"], list) and finding["event_ids"]
        assert isinstance(finding["mitre_attack"], list) and finding["mitre_attack"]
        assert all(
            isinstance(finding[name], (int, float)) for name in ("_time", "first_time", "last_time", "count")
        )
        assert finding["severity"] in ("informational", "low", "medium", "high", "critical")
        assert finding["entity"] and finding["summary"].endswith(".") and finding["next_step"]
        assert finding["triggered_at"] >= finding["last_time"]
    keys = [(finding["rule_id"], finding["entity"], tuple(finding["event_ids"])) for finding in findings]
    assert len(keys) == len(set(keys)), "the same finding twice"

    assert "Triggered alerts" in shown and "Ground truth" in shown and "SIGKILL" in shown
    assert "missed" not in shown
    token_free = shown + said + "".join(path.read_text() for path in out.glob("*.json*"))
    assert "xoxp-" not in token_free


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_leaves_nothing_running(out: Path, number: int) -> None:
    demo = start(out)
    wait_for_input(out, demo)
    os.kill(demo.pid, number)
    shown, said = demo.communicate(timeout=240)
    assert demo.returncode == 130, shown + said
    assert "Interrupted" in shown and "Traceback" not in shown + said
    assert processes_of(out) == []


def test_a_folder_of_somebody_else_is_not_touched(out: Path) -> None:
    (out / "splunk").mkdir(parents=True)
    (out / "splunk" / "precious").write_text("x")
    demo = start(out)
    _, said = demo.communicate(timeout=240)
    assert demo.returncode == 2 and "was not made by the demo" in said
    assert (out / "splunk" / "precious").read_text() == "x"
