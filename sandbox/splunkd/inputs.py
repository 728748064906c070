"""Run a modular input the way splunkd does: introspection, validation, runs at its interval.

One process per stanza (`use_single_instance = false`, which is what the app declares).
Events go to a sink with the stanza's defaults filled in; what a script writes to stderr
and how it ends go to the log. Does not index and does not schedule searches.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Callable

from sandbox.splunkd import protocol
from sandbox.splunkd.event_stream import EventStreamParser, StreamEvent
from sandbox.splunkd.input_conf import InputConfs, InputStanza
from sandbox.splunkd.process import DEFAULT_GRACE_SECONDS, ScriptProcess
from sandbox.splunkd.script_host import ScriptHost
from sandbox.splunkd.splunkd_log import SplunkdLog

# Introspection and validation run while somebody waits for splunkd.
SHORT_RUN_SECONDS = 60.0
_COMPONENT = "ExecProcessor"


@dataclass(frozen=True)
class InputEvent:
    """One event with the defaults of its stanza; `time` is None where the indexer finds it in the text."""

    data: str
    time: float | None
    host: str
    source: str
    sourcetype: str
    index: str


@dataclass(frozen=True)
class RunReport:
    """How one run of an input ended. `exit_code` is negative for the signal that ended it."""

    stanza: str
    exit_code: int
    events: int
    seconds: float
    fault: str | None = None  # the stream was malformed
    cut_off: bool = False  # the stream was opened and never closed

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.fault is None

    def __str__(self) -> str:
        if self.exit_code < 0:
            end = f"was ended by signal {-self.exit_code}"
        else:
            end = f"exited with code {self.exit_code}"
        text = f"{self.stanza} {end} after {self.events} events in {self.seconds:.1f} s"
        if self.fault:
            return f"{text}; {self.fault}"
        return f"{text}; its event stream was cut off" if self.cut_off else text


Sink = Callable[[Sequence[InputEvent]], None]


class InputRun:
    """One started process of one stanza."""

    def __init__(
        self,
        stanza: InputStanza,
        start: Callable[..., ScriptProcess],
        sink: Sink,
        log: SplunkdLog,
    ) -> None:
        self.stanza = stanza
        self.events = 0
        self._sink = sink
        self._log = log
        self._parser = EventStreamParser()
        self._started_at = time.monotonic()
        self._process = start(
            on_stdout=self._stdout,
            on_stderr=lambda line: log.stderr_line(_COMPONENT, line),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def _stdout(self, chunk: bytes) -> None:
        fault_before = self._parser.fault
        self._deliver(self._parser.feed(chunk))
        if self._parser.fault and not fault_before:
            self._log.write("ERROR", _COMPONENT, f"{self.stanza.stanza}: {self._parser.fault}")

    def _deliver(self, events: list[StreamEvent]) -> None:
        if events:
            settings = self.stanza.settings
            self._sink([_with_defaults(event, self.stanza, settings) for event in events])
            self.events += len(events)

    def wait(self, timeout: float | None = None) -> RunReport | None:
        """Wait for the end; None when it did not come within `timeout` seconds."""
        code = self._process.wait(timeout)
        return None if code is None else self._report(code)

    def stop(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> RunReport:
        """SIGTERM, then a forced end after the grace period."""
        return self._report(self._process.stop(grace_seconds))

    def terminate(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> None:
        """As `stop`, for a run that another thread waits for: that thread gets the report."""
        self._process.terminate(grace_seconds)

    def kill(self) -> RunReport:
        """SIGKILL, as an operator or the kernel would."""
        return self._report(self._process.kill())

    def send_kill(self) -> None:
        """SIGKILL without waiting: the run's `wait` then tells the end."""
        self._process.send_kill()

    def _report(self, code: int) -> RunReport:
        self._deliver(self._parser.finish())
        report = RunReport(
            stanza=self.stanza.stanza,
            exit_code=code,
            events=self.events,
            seconds=time.monotonic() - self._started_at,
            fault=self._parser.fault,
            cut_off=self._parser.bytes_read > 0 and not self._parser.closed and not self._parser.fault,
        )
        self._log.write("INFO" if report.ok else "ERROR", _COMPONENT, str(report))
        return report


def _with_defaults(event: StreamEvent, stanza: InputStanza, settings: Mapping[str, str]) -> InputEvent:
    return InputEvent(
        data=event.data,
        time=event.time,
        host=event.host or settings["host"],
        source=event.source or settings.get("source") or stanza.stanza,
        sourcetype=event.sourcetype or settings.get("sourcetype") or stanza.scheme,
        index=event.index or settings["index"],
    )


class InputRunner:
    """Starts the script of one scheme for introspection, validation and runs."""

    def __init__(
        self,
        scheme: str,
        confs: InputConfs,
        host: ScriptHost,
        log: SplunkdLog,
    ) -> None:
        self.scheme = scheme
        self.confs = confs
        self.log = log
        self._host = host
        self._script = host.home.app(confs.app) / "bin" / f"{scheme}.py"

    def introspect(self) -> protocol.Scheme:
        """Ask the script for its scheme. Raises ProtocolError."""
        code, output = self._short_run(["--scheme"], b"")
        if code != 0:
            raise protocol.ProtocolError(f"{self._script.name} --scheme exited with code {code}")
        return protocol.parse_scheme(output)

    def validate(self, name: str, settings: Mapping[str, str]) -> str | None:
        """Let the script judge a stanza's settings; None when it accepts, else its sentence."""
        document = protocol.validation_document(self._session(), name, settings)
        code, output = self._short_run(["--validate-arguments"], document)
        if code == 0:
            return None
        message = protocol.validation_message(output)
        return message or f"{self._script.name} --validate-arguments exited with code {code} and gave no reason"

    def start(self, stanza: InputStanza, sink: Sink) -> InputRun:
        """Start one run; `sink` is called from a reader thread with the events as they come."""
        document = protocol.run_document(self._session(), stanza.stanza, stanza.app, stanza.settings)
        return InputRun(
            stanza,
            partial(self._host.start, self._script, [], document),
            sink,
            self.log,
        )

    def _session(self) -> protocol.Session:
        return protocol.Session(
            server_host=self._host.server_host,
            server_uri=self._host.server_uri(),
            session_key=self._host.session_key(),
            checkpoint_dir=str(self._host.home.checkpoints(self.scheme)),
        )

    def _short_run(self, arguments: Sequence[str], document: bytes) -> tuple[int, bytes]:
        if not self._script.is_file():
            raise protocol.ProtocolError(f"the scheme {self.scheme} has no script bin/{self._script.name}")
        output: list[bytes] = []
        process = self._host.start(
            self._script,
            arguments,
            document,
            on_stdout=output.append,
            on_stderr=lambda line: self.log.stderr_line(_COMPONENT, line),
        )
        try:
            code = process.wait(SHORT_RUN_SECONDS)
        except BaseException:
            process.kill()
            raise
        if code is None:
            process.kill()
            raise protocol.ProtocolError(
                f"{self._script.name} {' '.join(arguments)} did not end within {SHORT_RUN_SECONDS:.0f} s"
            )
        return code, b"".join(output)
