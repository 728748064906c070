"""Ended search jobs in their dispatch folders, so that a restart finds them again until their time to live is over.

One JSON file for each job below var/run/splunk/dispatch/<sid>, beside what alert actions were
given of it. A job that had not ended when the stand-in did is not found again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = "job.json"

Record = Mapping[str, Any]


class JobFiles:
    """The dispatch folders below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, sid: str, record: Record) -> None:
        """Keep a job. Raises OSError."""
        folder = self._folder(sid)
        folder.mkdir(parents=True, exist_ok=True)
        replacement = folder / (_FILE + ".new")
        replacement.write_text(json.dumps(record, ensure_ascii=False, default=str), encoding="utf-8")
        replacement.replace(folder / _FILE)

    def remove(self, sid: str) -> None:
        """Remove a job's folder with all that stands in it."""
        shutil.rmtree(self._folder(sid), ignore_errors=True)

    def all(self) -> Iterator[Record]:
        """The jobs that were kept; a file that cannot be read is none."""
        for path in sorted(self._root.glob(f"*/{_FILE}")):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(record, dict):
                yield record

    def _folder(self, sid: str) -> Path:
        return self._root / sid.replace("/", "_")
