"""A stand-in in which digests are made: its clock is set by hand, its findings are written as the alert action does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any

import splunklib.results

from sandbox.splunkd.daemon import APP_ID, Splunkd
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.inputs import InputEvent
from tests.sandbox import stand_app

MORNING = 1_772_604_000  # 2026-03-04 06:00:00 UTC, a Wednesday: the end of the digest's day
DIGEST = "Slack - Daily Digest - Report"
MAIL = "Slack - Daily Digest E-mail - Report"
VOLUMES = "Slack - Daily Volumes - Lookup Gen"


def finding(number: int, **more: Any) -> dict[str, Any]:
    """A finding as the alert action records it, two hours before the end of the day."""
    last = MORNING - 7_200 + number
    content = {
        "finding_time": last,
        "finding_id": f"{number:016x}",
        "rule_id": "U21",
        "rule": "Slack - Admin Granted - Rule",
        "severity": "high",
        "tier": "page",
        "risk_score": 70,
        "entity": f"W0{number:04}",
        "user": [f"ann{number}@corp.example"],
        "src": ["198.51.100.7"],
        "first_time": last - 60,
        "last_time": last,
        "count": 3,
        "summary": f"bo@corp.example made ann{number}@corp.example an admin.",
        "next_step": "Ask the granter on another channel.",
        "src_user": ["bo@corp.example"],
        "slack_action": ["role_change_to_admin"],
        "event_ids": ["entry"],
    }
    return {**content, **more}


def entry(number: int, action: str, at: float, person: str = "ann") -> str:
    who = {"type": "user", "user": {"id": f"W0{person.upper()}", "name": person, "email": f"{person}@corp.example"}}
    return json.dumps(
        {
            "id": f"entry-{number}",
            "date_create": int(at),
            "action": action,
            "actor": who,
            "entity": who,
            "context": {"ip_address": "198.51.100.7"},
        }
    )


class World:
    """One stand-in. `now` is its clock."""

    def __init__(
        self,
        folder: Path,
        searches: Iterable[str] = (DIGEST, VOLUMES),
        start: float = MORNING - 3_600,
        zone: tzinfo = timezone.utc,
    ) -> None:
        self.now = float(start)
        self.splunkd = Splunkd.open(
            folder, repository_root(), clock=lambda: self.now, arrival=lambda at, raw: self.now, zone=zone
        )
        for name in searches:
            self.splunkd.conf_store.write("savedsearches", name, {"disabled": "0"})
        self.splunkd.scheduler.tick(self.now)

    def close(self) -> None:
        self.splunkd.close()

    def add(self, raws: Iterable[str], sourcetype: str = "slack:audit", source: str = "slack_audit://prod") -> None:
        self.splunkd.index.add(
            [InputEvent(raw, None, "h", source, sourcetype, "slack_audit") for raw in raws]
        )

    def found(self, *findings: Mapping[str, Any]) -> None:
        """Write findings into their history, and into the memory of the action that records them."""
        raws = [json.dumps(one, ensure_ascii=False) for one in findings]
        self.add(raws, "slack:audit:finding", "slack_audit_finding")
        for one in findings:
            row = {name: one[name] for name in ("finding_id", "rule_id", "entity", "first_time", "last_time")}
            self.remember("slack_audit_findings", {"_key": one["finding_id"], **row})

    def remember(self, collection: str, *rows: Mapping[str, Any]) -> None:
        for row in rows:
            self.splunkd.kvstore.save(collection, dict(row))

    def run_until(self, end: float, step: float = 300.0) -> None:
        while self.now < end:
            self.now = min(self.now + step, end)
            self.splunkd.scheduler.tick(self.now)

    def the_day(self) -> None:
        """Let the morning pass on which the digest is written."""
        self.run_until(MORNING + 3_600)

    def action(self, **parameters: str) -> None:
        """Set parameters of the action, as in local/alert_actions.conf."""
        given = {f"param.{name}": value for name, value in parameters.items()}
        self.splunkd.conf_store.write("alert_actions", "slack_audit_digest", given)

    def secret(self, name: str, text: str) -> None:
        self.splunkd.passwords.put(APP_ID, name, text, APP_ID)

    def connect(self) -> Any:
        return stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)

    def search(self, spl: str) -> list[dict[str, Any]]:
        answer = self.connect().jobs.oneshot(spl, output_mode="json", earliest_time="-30d", latest_time="+1d")
        return [row for row in splunklib.results.JSONResultsReader(answer) if isinstance(row, dict)]

    def written(self) -> list[dict[str, Any]]:
        """Every digest in the index, repeats included, oldest first."""
        rows = self.search('search index=slack_audit sourcetype="slack:audit:digest"')
        return sorted((json.loads(row["_raw"]) for row in rows), key=lambda digest: digest["written_at"])

    def digest(self) -> dict[str, Any]:
        """The only digest."""
        written = self.written()
        assert len(written) == 1, self.log() + "\n".join(map(str, self.splunkd.log.lines("ERROR")))
        return written[0]

    def log(self) -> str:
        path = self.splunkd.home.logs / "slack_audit_monitor.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""
