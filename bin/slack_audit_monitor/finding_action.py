"""The alert action `slack_audit_finding`: writes what an alert found into the history of findings."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from slack_audit_monitor.alert_action import EXIT_DONE, EXIT_FATAL, run_action
from slack_audit_monitor.alert_payload import AlertPayload
from slack_audit_monitor.errors import FatalError
from slack_audit_monitor.finding import finding_of
from slack_audit_monitor.finding_history import FindingHistory, Recorded
from slack_audit_monitor.kvstore import SplunkdRest
from slack_audit_monitor.log import Log

DEFAULT_INDEX = "slack_audit"
#: Together below the action's maxtime of five minutes.
INDEX_PATIENCE_SECONDS = 120.0
STORE_PATIENCE_SECONDS = 20.0

_NOT_RECORDED = "finding_not_recorded"
_REFUSED = (
    "The finding is not in the history. Check that the index of the action's parameter exists and that the alert's "
    "owner may send events over REST (capability edit_tcp)."
)
_STORE_REFUSED = "Findings cannot be compared with those recorded before."


def main(argv: Sequence[str]) -> int:
    """Do what splunkd asks for; return the exit status."""
    return run_action(argv, _record, failed=_NOT_RECORDED)


def _record(payload: AlertPayload, log: Log, now: float) -> int:
    """Record every row that can be; one that cannot does not stand in the way of the others."""
    triggered_at = payload.triggered_at(now)
    index = payload.configuration.get("index", "").strip() or DEFAULT_INDEX
    code = EXIT_DONE
    with contextlib.ExitStack() as stack:
        rest = stack.enter_context(contextlib.closing(_rest(payload, INDEX_PATIENCE_SECONDS, _REFUSED)))
        store = stack.enter_context(contextlib.closing(_rest(payload, STORE_PATIENCE_SECONDS, _STORE_REFUSED)))
        history = FindingHistory(rest, store, index, log)
        for row in payload.rows():
            try:
                finding = finding_of(row, triggered_at)
                outcome = history.record(
                    finding, search_name=payload.search_name, sid=payload.sid, triggered_at=triggered_at
                )
            except FatalError as problem:
                log.error(_NOT_RECORDED, sid=payload.sid, reason=str(problem))
                code = EXIT_FATAL
                continue
            log.info(
                "finding_known" if outcome is Recorded.KNOWN else "finding_recorded",
                rule_id=finding.rule_id,
                finding_id=finding.finding_id,
                index=index,
                checked=outcome is not Recorded.UNCHECKED,
                sid=payload.sid,
            )
    return code


def _rest(payload: AlertPayload, patience_seconds: float, consequence: str) -> SplunkdRest:
    return SplunkdRest(
        payload.server_uri, payload.session_key, patience_seconds=patience_seconds, consequence=consequence
    )
