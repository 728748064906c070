"""The stand-in's index: what was acknowledged is there after a restart, whatever ended the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox.splunkd.home import repository_root
from sandbox.splunkd.index import Index
from sandbox.splunkd.inputs import InputEvent


def event(raw: str, time: float | None = None) -> InputEvent:
    return InputEvent(raw, time, "h", "src", "slack:audit", "slack_audit")


def test_events_are_found_again_with_all_they_had(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    first = Index(path, lambda time, raw: time + 5, lambda: 99.0)
    first.add([event('{"n":"ü\\u0000"}', 7.25), event('{"date_create":3}', 3.0), event("no time at all")])
    first.close()
    second = Index(path, lambda time, raw: 0.0, lambda: 0.0)
    second.add([event("later", 1.0)])
    assert len(second) == 4
    found = list(second.events())
    assert [(item.raw, item.time, item.indextime) for item in found] == [
        ("later", 1.0, 0.0),
        ('{"date_create":3}', 3.0, 8.0),
        ('{"n":"ü\\u0000"}', 7.25, 12.25),
        ("no time at all", 99.0, 104.0),
    ]
    assert found[1].index == "slack_audit" and found[1].sourcetype == "slack:audit"
    assert second.raws()[-1] == "later"
    second.close()


_WRITER = """
import sys, time
from pathlib import Path
from sandbox.splunkd.index import Index
from sandbox.splunkd.inputs import InputEvent
index = Index(Path(sys.argv[1]), lambda time, raw: time, time.time)
for n in range(100000):
    index.add([InputEvent(str(n), 1.0, "h", "s", "t", "i")])
    print(n, flush=True)
"""


def test_a_killed_stand_in_loses_no_acknowledged_event(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=repository_root()
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(20)]
    process.kill()
    acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    process.stdout.close()
    process.wait()
    index = Index(path, lambda time, raw: time, lambda: 0.0)
    assert {int(raw) for raw in index.raws()} >= set(acknowledged)
    index.close()
