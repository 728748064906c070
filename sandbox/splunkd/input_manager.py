"""All enabled inputs of the app, kept running: what a change of inputs.conf starts, stops or starts anew.

manager.start()     now, and after each `sync`
manager.stop()      SIGTERM to every run, a forced end after the grace period
"""

from __future__ import annotations

import threading

from sandbox.splunkd.input_conf import InputStanza
from sandbox.splunkd.inputs import InputRunner, Sink
from sandbox.splunkd.process import DEFAULT_GRACE_SECONDS
from sandbox.splunkd.splunkd_log import SplunkdLog
from sandbox.splunkd.supervisor import InputSupervisor

_COMPONENT = "ModularInputs"


class InputManager:
    """The supervisors of one scheme's stanzas; does nothing before `start`."""

    def __init__(self, runner: InputRunner, sink: Sink, log: SplunkdLog) -> None:
        self._runner = runner
        self._sink = sink
        self._log = log
        self._lock = threading.Lock()
        self._running: dict[str, tuple[InputStanza, InputSupervisor]] = {}
        self._started = False
        self._refused: dict[str, str] = {}

    def start(self) -> None:
        self._started = True
        self.sync()

    def sync(self) -> None:
        """Let what runs be what inputs.conf says now."""
        if not self._started:
            return
        with self._lock:
            wanted = {s.name: s for s in self._runner.confs.stanzas(self._runner.scheme) if not s.disabled}
            for name, (stanza, supervisor) in list(self._running.items()):
                if wanted.get(name) != stanza:
                    supervisor.stop()
                    del self._running[name]
            for name, stanza in wanted.items():
                if name not in self._running:
                    self._start_one(name, stanza)

    def _start_one(self, name: str, stanza: InputStanza) -> None:
        try:
            supervisor = InputSupervisor(self._runner, stanza, self._sink)
        except ValueError as error:
            if self._refused.get(name) != str(error):
                self._refused[name] = str(error)
                self._log.write("ERROR", _COMPONENT, f"{stanza.stanza} is not started: {error}")
            return
        self._refused.pop(name, None)
        supervisor.start()
        self._running[name] = (stanza, supervisor)

    def pids(self) -> dict[str, int]:
        """Name of the stanza -> the process that runs now."""
        with self._lock:
            return {name: run.pid for name, (_, run) in self._running.items() if run.pid is not None}

    def stop(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> None:
        self._started = False
        with self._lock:
            threads = [
                threading.Thread(target=supervisor.stop, args=(grace_seconds,))
                for _, supervisor in self._running.values()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self._running.clear()
