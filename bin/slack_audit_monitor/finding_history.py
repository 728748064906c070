"""The history of findings: each is one event in an index, and a row in the KV store tells which are there already.

A row for each finding, never changed once written, so that two members of a search head cluster cannot overwrite
each other's knowledge. First the event, then the row: a death in between can repeat a finding (under the same
finding_id, by which readers deduplicate) but never lose it. For the same reason a store that does not answer
does not keep a finding from being written. docs/adr/0008-findings-history.md.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from slack_audit_monitor.errors import FatalError, KvStoreUnavailable
from slack_audit_monitor.finding import Finding, Remembered, marks_of
from slack_audit_monitor.kvstore import Collection, Row, SplunkdRest
from slack_audit_monitor.log import Log
from slack_audit_monitor.receiver import send_event

COLLECTION = "slack_audit_findings"
SOURCETYPE = "slack:audit:finding"
SOURCE = "slack_audit_finding"
LONGEST_ENTITY = 200


class Recorded(Enum):
    """What became of a finding."""

    NEW = "recorded"
    KNOWN = "known"
    UNCHECKED = "recorded_unchecked"


class FindingHistory:
    """Writes findings to `index`, each once.

    Args:
        rest: splunkd; its patience is how long an index that takes nothing is waited for.
        store: splunkd for the calls to the KV store.
    """

    def __init__(self, rest: SplunkdRest, store: SplunkdRest, index: str, log: Log) -> None:
        self._rest = rest
        self._rows = Collection(store, COLLECTION)
        self._index = index
        self._log = log

    def record(self, finding: Finding, *, search_name: str, sid: str, triggered_at: float) -> Recorded:
        """Write the finding unless it is there already.

        Raises:
            KvStoreUnavailable: splunkd does not take events now.
            FatalError: splunkd refuses the event, for example because the index does not exist.
        """
        outcome = Recorded.NEW
        try:
            if any(remembered.is_same(finding) for remembered in self._remembered(finding)):
                return Recorded.KNOWN
        except (KvStoreUnavailable, FatalError) as problem:
            self._log.warn("findings_unchecked", finding_id=finding.finding_id, reason=str(problem))
            outcome = Recorded.UNCHECKED
        event = finding.event(search_name=search_name, sid=sid, trigger_time=int(triggered_at))
        send_event(self._rest, event, index=self._index, sourcetype=SOURCETYPE, source=SOURCE)
        self._remember(finding, triggered_at)
        return outcome

    def _remembered(self, finding: Finding) -> list[Remembered]:
        return [_remembered(row) for row in self._rows.rows({"subject": finding.subject})]

    def _remember(self, finding: Finding, triggered_at: float) -> None:
        row: Row = {
            "_key": f"{finding.subject}-{finding.finding_id}",
            "subject": finding.subject,
            "finding_id": finding.finding_id,
            "rule_id": finding.rule_id,
            "entity": finding.entity[:LONGEST_ENTITY],
            "first_time": finding.first_time,
            "last_time": finding.last_time,
            "event_marks": " ".join(marks_of(finding.event_ids)),
            "is_cut": int(finding.is_cut),
            # Pruned by it: what triggers late must not be forgotten early.
            "last": max(finding.last_time, triggered_at),
        }
        try:
            self._rows.insert(row)
        except (KvStoreUnavailable, FatalError) as problem:
            self._log.warn("finding_not_remembered", finding_id=finding.finding_id, reason=str(problem))


def _remembered(row: dict[str, Any]) -> Remembered:
    """Read a row; what is missing in it makes it no wider than it was."""
    return Remembered(
        finding_id=str(row.get("finding_id") or ""),
        first_time=_number(row.get("first_time")),
        last_time=_number(row.get("last_time")),
        event_marks=frozenset(str(row.get("event_marks") or "").split()),
        is_cut=bool(_number(row.get("is_cut"))),
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
