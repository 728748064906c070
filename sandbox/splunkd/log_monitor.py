"""Watch var/log/splunk: what the app's own code writes there lands in the index `_internal`.

As splunkd does by its default inputs.conf. One line is one event; a line is taken once it is
complete. Where reading stands is kept beside the index, so that a restart goes on there; a file
that became shorter was rotated and is read from its beginning.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable

from sandbox.splunkd.inputs import InputEvent

_LOOK_SECONDS = 1.0
_SAME_TIME_SECONDS = 60.0
_CHUNK_BYTES = 1024 * 1024
_OWN = frozenset({"splunkd.log"})
# `2026-03-04 09:00:00.123 +0000`: as Splunk finds the time of such a line by itself.
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:[.,](\d{1,6}))? ([+-]\d{4})")


class LogMonitor:
    """Reads `*.log` below one folder.

    Args:
        positions: the file that remembers how far each log was read.
        clock: the stand-in's time. A script writes its log by the machine's clock; where the stand-in lives in
            another time, its lines do, too.
    """

    def __init__(
        self,
        folder: Path,
        positions: Path,
        add: Callable[[Sequence[InputEvent]], None],
        host: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._folder = folder
        self._positions = positions
        self._add = add
        self._host = host
        self._read: dict[str, int] = self._kept()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> int:
        """Take what is new; how many lines."""
        with self._lock:
            taken = sum(self._take(path) for path in sorted(self._folder.glob("*.log")) if path.name not in _OWN)
            if taken:
                replacement = self._positions.with_suffix(".new")
                replacement.write_text(json.dumps(self._read), encoding="utf-8")
                replacement.replace(self._positions)
            return taken

    def start(self) -> None:
        """Look each second, in a thread."""
        self._thread = threading.Thread(target=self._keep_looking, name="log monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after a last look."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_looking(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(_LOOK_SECONDS)
            try:
                self.look()
            except (OSError, sqlite3.Error):
                pass  # a log that cannot be read or stored now is tried again at the next look

    def _take(self, path: Path) -> int:
        start = self._read.get(path.name, 0)
        size = path.stat().st_size
        if size < start:
            start = 0
        if size == start:
            return 0
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(_CHUNK_BYTES)
        whole = data.rfind(b"\n") + 1
        lines = [line for line in data[:whole].decode("utf-8", "replace").split("\n") if line.strip()]
        if lines:
            # Splunk names the type of a log that no props.conf speaks of after the file.
            kind = f"{path.stem}-too_small"
            ahead = self._clock() - time.time()
            if abs(ahead) < _SAME_TIME_SECONDS:
                ahead = 0.0
            self._add(
                [
                    InputEvent(line, None if at is None else at + ahead, self._host, str(path), kind, "_internal")
                    for line, at in ((line, _time_of(line)) for line in lines)
                ]
            )
        self._read[path.name] = start + whole
        return len(lines)

    def _kept(self) -> dict[str, int]:
        try:
            kept: Mapping[str, int] = json.loads(self._positions.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return dict(kept)


def _time_of(line: str) -> float | None:
    match = _STAMP.match(line)
    if match is None:
        return None
    moment = datetime.strptime(f"{match[1]} {match[3]}", "%Y-%m-%d %H:%M:%S %z")
    return moment.astimezone(timezone.utc).timestamp() + float(f"0.{match[2] or 0}")
