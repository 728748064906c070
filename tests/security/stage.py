"""One stand-in for splunkd whose every output is looked through for secrets; runs the input and the digest in it."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sandbox.splunkd.daemon import APP_ID, SCHEME, Splunkd
from tests.digest.digest_world import MORNING, finding
from tests.security.gossip import files_below, found_in

LOUD = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
"""
PATIENCE_SECONDS = 240
#: Shipped code and data, which the tests of the package look through; and Splunk's sealed secrets with their key.
LEFT_OUT = tuple(f"etc/apps/{APP_ID}/{name}/" for name in ("bin", "default", "lib", "appserver", "README", "static"))


class Stage:
    """The stand-in, and everything that was written anywhere so far."""

    def __init__(self, splunkd: Splunkd, folder: Path) -> None:
        self.splunkd, self.folder = splunkd, folder
        self.said: list[str] = []
        self.reports: list[str] = []
        self._looked_at: dict[Path, tuple[int, int]] = {}

    def secret(self, name: str, text: str) -> None:
        self.splunkd.passwords.put(APP_ID, name, text, APP_ID)

    def run(self, name: str, validate: bool = False, **settings: str) -> int:
        """Save a stanza after its validation, run it once; return the exit code."""
        given = {"start_time": "-2h", "disabled": "0", "interval": "60", **settings}
        if validate:
            self.said.append(str(self.splunkd.runner.validate(name, given)))
        self.splunkd.confs.write(SCHEME, name, given)
        stanza = self.splunkd.confs.get(SCHEME, name)
        assert stanza is not None
        run = self.splunkd.runner.start(stanza, self.splunkd.index.add)
        report = run.wait(PATIENCE_SECONDS)
        assert report is not None
        self.reports.append(str(report))
        return report.exit_code

    def digest(self, **configuration: str) -> None:
        """Run the digest's action on two findings."""
        rows: list[dict[str, Any]] = [
            {"section": "window", "day": "2026-03-04", "window_end": MORNING, "window_from": "Tuesday",
             "window_to": "Wednesday", "findings": 2, "recorded_findings": 9},
            *({**one, "section": "finding"} for one in (
                finding(1, severity="critical", user=["ana@corp.example"]), finding(2, entity="W9"))),
        ]  # fmt: skip
        columns = sorted({name for row in rows for name in row})
        path = self.folder / "results.csv.gz"
        with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                cells = (row.get(name, "") for name in columns)
                writer.writerow(["\n".join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells])
        payload = {
            "search_name": "Slack - Daily Digest - Report",
            "sid": f"scheduler__nobody__x_at_{int(time.time())}_{len(self.said)}",
            "server_uri": self.splunkd.uri,
            "session_key": self.splunkd.sessions.open_for("splunk-system-user"),
            "results_file": str(path),
            "configuration": {"model": "local-model", "model_timeout": "5", **configuration},
        }
        done = subprocess.run(
            [sys.executable, str(self.splunkd.app_folder / "bin" / "slack_audit_digest.py"), "--execute"],
            input=json.dumps(payload), capture_output=True, text=True, env=self.splunkd.home.environment(),
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        self.reports.append(f"digest ended with {done.returncode}")

    def leaks(self) -> list[str]:
        """Every place in which a secret stands; a file that has not changed since the last look is left out."""
        found = [leak for text in self.said for leak in found_in("what a script said", text.encode())]
        for line in self.splunkd.log.lines():
            found += found_in("splunkd.log", str(line).encode())
        for name, index in (("the index", self.splunkd.index), ("_internal", self.splunkd.internal)):
            found += found_in(name, "\n".join(index.raws()).encode("utf-8", "surrogatepass"))
        found += found_in("a message", json.dumps(self.splunkd.messages.posted(), ensure_ascii=False).encode())
        for path in files_below(self.splunkd.home.root, LEFT_OUT):
            state = path.stat()
            if self._looked_at.get(path) == (state.st_mtime_ns, state.st_size):
                continue
            self._looked_at[path] = (state.st_mtime_ns, state.st_size)
            inner = path.relative_to(self.splunkd.home.root).as_posix()
            found += found_in(inner, path.read_bytes() + inner.encode())
        return found
