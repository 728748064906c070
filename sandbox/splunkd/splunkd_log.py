"""What splunkd would write into splunkd.log: lines with level, component and text.

Keeps the last lines in memory and hands each to a listener; knows nothing of files.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_LEVELLED = re.compile(r"(DEBUG|INFO|WARN|ERROR|FATAL)\b[ \t]*")


@dataclass(frozen=True)
class LogLine:
    """One line; `at` is epoch seconds."""

    at: float
    level: str
    component: str
    text: str

    def as_file_line(self) -> str:
        """As it stands in splunkd.log: `03-04-2024 09:00:00.000 +0000 INFO  ExecProcessor - text`."""
        stamp = datetime.fromtimestamp(self.at, timezone.utc).strftime("%m-%d-%Y %H:%M:%S.%f")[:-3]
        return f"{stamp} +0000 {self.level:<5} {self.component} - {self.text}"

    def __str__(self) -> str:
        return f"{self.level} {self.component} - {self.text}"


class SplunkdLog:
    """A bounded list of lines that several threads may write to."""

    def __init__(self, keep: int = 10_000, clock: Callable[[], float] = time.time) -> None:
        self._lines: deque[LogLine] = deque(maxlen=keep)
        self._counts: dict[str, int] = {level: 0 for level in LEVELS}
        self._clock = clock
        self._lock = threading.Lock()
        self.listener: Callable[[LogLine], None] | None = None

    def write(self, level: str, component: str, text: str) -> None:
        """Add one line. `level` is one of LEVELS."""
        line = LogLine(self._clock(), level, component, text)
        with self._lock:
            self._lines.append(line)
            self._counts[level] += 1
        if self.listener is not None:
            self.listener(line)

    def stderr_line(self, component: str, text: str) -> None:
        """Add a line that a script wrote to stderr.

        splunkd takes the level from the first word; a line without one counts as ERROR.
        """
        match = _LEVELLED.match(text)
        if match:
            self.write(match.group(1), component, text[match.end() :])
        else:
            self.write("ERROR", component, text)

    def lines(self, level: str | None = None, component: str | None = None) -> list[LogLine]:
        """The kept lines, oldest first, all or those of one level or component."""
        with self._lock:
            kept = list(self._lines)
        return [
            line
            for line in kept
            if (level is None or line.level == level) and (component is None or line.component == component)
        ]

    def count(self, level: str) -> int:
        """How many lines of that level were ever written."""
        return self._counts[level]
