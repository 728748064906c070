"""Runs the digest's action as splunkd does, on rows of its own, with a model on loopback."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.digest.digest_world import MORNING, World, finding
from tests.digest.model_server import (
    ModelServer,
)

FINDINGS = [
    finding(1, severity="critical", risk_score=90, user=["ana@corp.example"], src_user=["bo@corp.example"]),
    finding(2, entity="A0COURIER", user=["cy@corp.example"], src_user=[], rule="Slack - App Installed - Rule",
            rule_id="U29", app_id="A0COURIER", app_name="Courier", count=7,
            summary="cy@corp.example brought in the app Courier (A0COURIER) from 198.51.100.7 in 7 entries."),
]  # fmt: skip


class Digester:
    """Runs the action as splunkd does, on rows of its own."""

    def __init__(self, world: World, model: ModelServer, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.configuration = {"model_url": model.url, "model": "local-model", "model_timeout": "5"}
        self.done: subprocess.CompletedProcess[str] | None = None
        world.splunkd.kvstore.replace_all("slack_audit_digests", [])

    def run(self, findings: Sequence[Mapping[str, Any]] = FINDINGS, **configuration: str) -> dict[str, Any]:
        """Run it; return the digest that it wrote."""
        before = len(self.world.written())
        payload = {
            "search_name": "Slack - Daily Digest - Report",
            "sid": "scheduler__nobody__x_at_1772606700_1",
            "server_uri": configuration.pop("server_uri", self.world.splunkd.uri),
            "session_key": self.world.splunkd.sessions.open_for("splunk-system-user"),
            "results_link": "https://splunk.corp.example:8000/en-GB/app/search/@go?sid=1",
            "results_file": str(self._results(findings)),
            "configuration": {**self.configuration, **configuration},
        }
        self.done = subprocess.run(
            [sys.executable, str(self.world.splunkd.app_folder / "bin" / "slack_audit_digest.py"), "--execute"],
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            env=self.world.splunkd.home.environment(),
            timeout=60,
            check=False,
        )
        assert self.done.returncode == 0, self.done.stderr
        written = self.world.written()
        assert len(written) == before + 1
        return written[-1]

    def _results(self, findings: Sequence[Mapping[str, Any]]) -> Path:
        window = {"section": "window", "day": "2026-03-04", "window_end": MORNING, "window_from": "Tuesday",
                  "window_to": "Wednesday", "findings": len(findings), "recorded_findings": 9}  # fmt: skip
        rows = [{**one, "section": "finding", "when": "2026-03-04 04:00 UTC"} for one in findings]
        columns = sorted({name for row in [window, *rows] for name in row})
        path = self.folder / "results.csv.gz"
        with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in [window, *rows]:
                writer.writerow(["\n".join(map(str, cell)) if isinstance(cell, list) else cell for cell in
                                 (row.get(name, "") for name in columns)])  # fmt: skip
        return path
