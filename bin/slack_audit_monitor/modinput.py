"""Splunk's modular input protocol: `--scheme`, `--validate-arguments`, and one run with the stanza's XML on
stdin.

Turns errors into the line and the exit code that splunkd and an admin see. splunkd starts one process a poll;
the code tells it (and the log) how the poll ended.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from slack_audit_monitor.errors import (
    ConfigError,
    FatalError,
    KvStoreUnavailable,
    RateLimited,
    RetryableError,
    SlackAuditError,
    Stopped,
)
from slack_audit_monitor.log import Log, hide, log_folder, one_line
from slack_audit_monitor.settings import SETTINGS, Settings, check_interval, read_settings

if TYPE_CHECKING:
    from slack_audit_monitor.clock import Clock

SCHEME = "slack_audit"
EXIT_DONE = 0
#: An admin must act: wrong setting, refused token, full disk.
EXIT_FATAL = 1
#: Slack did not answer properly; the next interval may do better (EX_TEMPFAIL of sysexits.h).
EXIT_TEMPORARY = 75


def main(argv: Sequence[str]) -> int:
    """Do what splunkd asks for; return the exit code."""
    mode = argv[1] if len(argv) > 1 else ""
    if mode == "--scheme":
        sys.stdout.write(scheme_xml())
        return EXIT_DONE
    if mode == "--validate-arguments":
        return _validate()
    if mode:
        sys.stderr.write(
            f"ERROR unknown argument {one_line(mode)!r}; allowed are --scheme, --validate-arguments or none\n"
        )
        return EXIT_FATAL
    return _run()


def scheme_xml() -> str:
    """Return the description of this input that splunkd asks for at its start."""
    import xml.etree.ElementTree as ElementTree

    from splunklib.modularinput.argument import Argument
    from splunklib.modularinput.scheme import Scheme

    scheme = Scheme("Slack Audit Logs")
    scheme.description = (
        "Collects the audit log of one Slack Enterprise organisation. Needs a stored user token with auditlogs:read."
    )
    scheme.use_external_validation = True
    scheme.use_single_instance = False
    for setting in SETTINGS:
        scheme.add_argument(
            Argument(
                setting.name,
                title=setting.title,
                description=f"{setting.description} Default: {setting.default or 'empty'}.",
                data_type=Argument.data_type_number if setting.is_number else Argument.data_type_string,
                required_on_create=False,
                required_on_edit=False,
            )
        )
    return ElementTree.tostring(scheme.to_xml(), encoding="unicode")


def _validate() -> int:
    """Check a stanza before it is saved. A refusal goes to stdout: splunkd shows its text to whoever saves."""
    from splunklib.modularinput.validation_definition import ValidationDefinition

    try:
        definition = ValidationDefinition.parse(sys.stdin.buffer)
        metadata: Mapping[str, Any] = definition.metadata
        name = str(metadata.get("name") or "").partition("://")[2] or str(metadata.get("name") or "")
        log = Log(name, log_folder())
        hide(metadata.get("session_key"))
        settings = read_settings(name, definition.parameters, time.time())
        if definition.parameters.get("interval") not in (None, ""):
            check_interval(str(definition.parameters["interval"]))
        _advise(_try_out(settings, metadata), name, metadata, log)
    except (SlackAuditError, SyntaxError, ValueError) as problem:  # ElementTree's ParseError is a SyntaxError
        sys.stdout.write(f"<error><message>{escape(one_line(str(problem)))}</message></error>\n")
        return EXIT_FATAL
    return EXIT_DONE


def _advise(warnings: list[str], name: str, metadata: Mapping[str, Any], log: Log) -> None:
    """Say what is no reason to refuse: in the log and the message bar, whose older advice goes."""
    from slack_audit_monitor.notice import Notice
    from slack_audit_monitor.splunk import Splunkd

    for warning in warnings:
        log.warn("validation_warning", reason=warning)
    notice = Notice(Splunkd(metadata), str(metadata.get("checkpoint_dir") or ""), name, "advice")
    if warnings:
        notice.show(" ".join(warnings), "warn")
    else:
        notice.remove()


def _try_out(settings: Settings, metadata: Mapping[str, Any]) -> list[str]:
    from slack_audit_monitor.client import SlackClient
    from slack_audit_monitor.clock import Clock, StopRequest
    from slack_audit_monitor.connection_test import test_connection
    from slack_audit_monitor.contract import Contract
    from slack_audit_monitor.credentials import read_credentials
    from slack_audit_monitor.splunk import Splunkd

    clock = Clock(StopRequest())
    settings = _with_start(settings, metadata, clock)
    credentials = read_credentials(settings.name, Splunkd(metadata).secrets(), settings.secret_name)
    client = SlackClient(settings, credentials.token, clock, Contract(), credentials.proxy)
    if not credentials.token:
        # A refresh token works once: only a run, which holds the lock, may use it.
        client.close()
        return ["The connection was not tried: the token is renewed by the first run, which will tell."]
    try:
        return test_connection(client, settings, clock)
    finally:
        client.close()


def _with_start(settings: Settings, metadata: Mapping[str, Any], clock: Clock) -> Settings:
    """Look where the input stands that this one follows; once this one has a place of its own, that does not matter."""
    if not settings.follows:
        return settings
    from slack_audit_monitor.files import file_stem

    stem = os.path.join(str(metadata.get("checkpoint_dir") or ""), file_stem(settings.name))
    if any(os.path.exists(stem + ending) for ending in (".json", ".kvstore")):
        return replace(settings, start_at=int(clock.now()) - 1)
    from slack_audit_monitor.kvstore import splunkd_rest
    from slack_audit_monitor.takeover import read_stand

    with contextlib.closing(splunkd_rest(metadata, clock.sleep, patience_seconds=5.0)) as rest:
        stand = read_stand(rest, settings)
    return replace(settings, start_at=stand.start_at(settings.late_arrival_seconds))


def _run() -> int:
    """Collect once for the stanza on stdin."""
    # Imports and pages make very many objects and no cycles among them: looking for cycles costs a tenth.
    gc.set_threshold(200_000, 20, 20)
    from splunklib.modularinput.input_definition import InputDefinition

    log = Log("", log_folder())
    try:
        definition = InputDefinition.parse(sys.stdin.buffer)
    except (SyntaxError, ValueError) as problem:
        log.error("run_failed", reason=f"splunkd's XML on stdin cannot be read: {problem}")
        return EXIT_FATAL
    hide(definition.metadata.get("session_key"))
    code = EXIT_DONE
    for stanza, params in definition.inputs.items():  # one, because use_single_instance is false
        code = max(code, _run_stanza(stanza, params, definition.metadata))
    return code


def _run_stanza(stanza: str, params: Mapping[str, Any], metadata: Mapping[str, Any]) -> int:
    from slack_audit_monitor.run import Run

    name = stanza.partition("://")[2] or stanza
    log = Log(name, log_folder())
    run = Run(stanza, name, params, metadata, log)
    started_at = time.monotonic()
    outcome, reason, code = "done", None, EXIT_DONE
    try:
        run.collect()
    except Stopped as problem:
        outcome, reason = "stopped", str(problem)
    except RateLimited as problem:
        outcome, reason = "rate_limited", str(problem)
        log.warn("run_waits", reason=f"{problem} Nothing is lost; later runs go on where this one ended.")
    except RetryableError as problem:
        outcome, reason, code = "failed", str(problem), EXIT_TEMPORARY
        missing = "kv_store_unavailable" if isinstance(problem, KvStoreUnavailable) else "slack_unavailable"
        log.error(missing, reason=f"{problem} Nothing is lost; the next run tries again.")
        run.notice.went_wrong(str(problem))
    except (FatalError, ConfigError, SlackAuditError) as problem:
        outcome, reason, code = "refused", str(problem), EXIT_FATAL
        log.error("run_refused", reason=str(problem))
        run.notice.show(str(problem))
    except Exception as problem:  # noqa: BLE001 - the last resort: one line, no traceback
        outcome, reason, code = "crashed", f"{type(problem).__name__}: {problem}", EXIT_FATAL
        log.error("run_crashed", reason=reason, at=_place(problem))
        run.notice.show(f"It ended unexpectedly ({type(problem).__name__}); slack_audit_monitor.log says where.")
    else:
        run.notice.went_well()
    finally:
        run.close()
    log.info(
        "run_finished",
        aloud=True,
        outcome=outcome,
        **run.fields(),
        seconds=time.monotonic() - started_at,
        reason=reason,
    )
    return code


def _place(problem: BaseException) -> str:
    trace: Any = problem.__traceback__
    places: list[str] = []
    while trace is not None:
        places.append(f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-4:])
