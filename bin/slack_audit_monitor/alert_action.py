"""What every alert action of this app does around its work: arguments, payload, log, exit status.

splunkd starts an action once for each trigger, with `--execute` and the payload on stdin. Whatever happens, a run
that did not do its work ends with one line in slack_audit_monitor.log that says what an admin has to do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Callable

from slack_audit_monitor.alert_payload import AlertPayload, read_payload
from slack_audit_monitor.errors import KvStoreUnavailable, SlackAuditError
from slack_audit_monitor.log import Log, hide, log_folder, one_line

EXIT_DONE = 0
#: An admin must act: wrong index, missing capability, wrong parameter.
EXIT_FATAL = 1
#: splunkd was not ready for as long as the action may wait (EX_TEMPFAIL of sysexits.h).
EXIT_TEMPORARY = 75

#: Does the work of one trigger at a time (epoch seconds); returns the exit status.
Work = Callable[[AlertPayload, Log, float], int]


def run_action(argv: Sequence[str], work: Work, failed: str, clock: Callable[[], float] = time.time) -> int:
    """Do what splunkd asks for; return the exit status.

    Args:
        failed: the event name of the line that says that the work was not done.
    """
    if list(argv[1:]) != ["--execute"]:
        given = " ".join(argv[1:]) or "none"
        sys.stderr.write(f"ERROR unknown arguments {one_line(given)!r}; an alert action is started with --execute\n")
        return EXIT_FATAL
    log = Log("", log_folder(), label="alert")
    try:
        payload = read_payload(sys.stdin.buffer.read().decode("utf-8", "replace"))
        hide(payload.session_key)
        log = Log(payload.search_name, log_folder(), label="alert")
        return work(payload, log, clock())
    except SlackAuditError as problem:
        is_temporary = isinstance(problem, KvStoreUnavailable)
        log.error(failed, reason=str(problem), try_again=is_temporary)
        return EXIT_TEMPORARY if is_temporary else EXIT_FATAL
    except Exception as problem:  # noqa: BLE001 - nobody reads a traceback of an action, and it could quote the payload
        log.error(failed, reason=f"{type(problem).__name__}: {problem}")
        return EXIT_FATAL
