"""From an input to the index, waiting while the index takes nothing.

A full disk pauses the flow of data, as a real indexer does: what was read is kept and offered
again until it is stored, meanwhile nothing more is read from the input, whose pipe fills until
it waits as well. So nothing is lost, and an administrator is told.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from typing import Callable

from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.splunkd_log import SplunkdLog

_COMPONENT = "IndexProcessor"
_AGAIN_SECONDS = 1.0
MESSAGE_NAME = "index_paused"


class IndexStopped(Exception):
    """The stand-in ends while the index takes nothing: what is in hand was never acknowledged."""


class PatientSink:
    """Calls `add` until it succeeds.

    Args:
        tell: (name, severity, text) -> None posts a message; an empty text takes it back.
    """

    def __init__(
        self,
        add: Callable[[Sequence[InputEvent]], None],
        log: SplunkdLog,
        tell: Callable[[str, str, str], None],
        again_seconds: float = _AGAIN_SECONDS,
    ) -> None:
        self._add = add
        self._log = log
        self._tell = tell
        self._again = again_seconds
        self._stopping = threading.Event()
        self.paused = threading.Event()

    def __call__(self, events: Sequence[InputEvent]) -> None:
        """Store the events. Raises IndexStopped after `stop`, when they could not be stored."""
        while True:
            try:
                self._add(events)
            except sqlite3.Error as error:
                if not self.paused.is_set():
                    self.paused.set()
                    text = f"The index processor has paused data flow: {error}. Free some disk space."
                    self._log.write("ERROR", _COMPONENT, text)
                    self._tell(MESSAGE_NAME, "error", text)
                if self._stopping.wait(self._again):
                    raise IndexStopped(f"{len(events)} events could not be stored: {error}") from error
            else:
                if self.paused.is_set():
                    self.paused.clear()
                    self._log.write("INFO", _COMPONENT, "The index processor has resumed data flow.")
                    self._tell(MESSAGE_NAME, "info", "")
                return

    def stop(self) -> None:
        self._stopping.set()
