"""What storage/passwords keeps, by realm and name: in memory, or sealed in a file that outlives the stand-in."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from sandbox.splunkd.secrets_file import Seal

Key = tuple[str, str]  # realm, name


class PasswordStore:
    """Secrets and the app that each belongs to. Safe for several threads.

    Raises SealBroken when the file cannot be opened with the key beside it.
    """

    def __init__(self, path: Path | None = None, seal: Seal | None = None) -> None:
        self._path = path
        self._seal = seal
        self._lock = threading.RLock()
        self._stored: dict[Key, tuple[str, str]] = {}  # password, app
        if path is not None and seal is not None and path.is_file():
            for record in json.loads(path.read_text(encoding="utf-8")):
                self._stored[(record["realm"], record["name"])] = (seal.open(record["sealed"]), record["app"])

    def keys(self) -> list[Key]:
        with self._lock:
            return sorted(self._stored)

    def get(self, key: Key) -> tuple[str, str] | None:
        """Password and app."""
        with self._lock:
            return self._stored.get(key)

    def put(self, key: Key, password: str, app: str) -> None:
        """Store or replace; on disk when it returns."""
        with self._lock:
            self._stored[key] = (password, app)
            self._save()

    def remove(self, key: Key) -> None:
        with self._lock:
            self._stored.pop(key, None)
            self._save()

    def sealed(self, key: Key) -> str:
        """As the file has it; for those who may see that there is a secret, not which."""
        with self._lock:
            password, _ = self._stored[key]
            return self._seal.seal(password) if self._seal else "$sealed"

    def _save(self) -> None:
        if self._path is None or self._seal is None:
            return
        records = [
            {"realm": realm, "name": name, "app": app, "sealed": self._seal.seal(password)}
            for (realm, name), (password, app) in sorted(self._stored.items())
        ]
        replacement = self._path.with_suffix(".new")
        with os.fdopen(
            os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            json.dump(records, file)
            file.flush()
            os.fsync(file.fileno())
        replacement.replace(self._path)
