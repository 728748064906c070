"""Conf files of one installed app as the management endpoints see them: layered, read anew, written to `local/`.

Each question looks at the files again, so that an edit counts at once, whoever made it; a file that is what it was is
not read again. Knows stanzas and keys, nothing of what they mean.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.confs import LAYERS, Stanzas, read_conf_file

_SETTLED_NANOSECONDS = 2_000_000_000
"""A file that was changed so long ago tells by its times and size whether it is changed again; clocks of file systems
are coarse."""

_CONF_NAME = re.compile(r"[A-Za-z0-9_\-]+")


class ConfWriteError(ValueError):
    """A name or value that no conf file can hold; the message says which and why."""


class ConfStore:
    """The confs below one app's folder."""

    def __init__(self, app_folder: Path) -> None:
        self.folder = app_folder
        self._lock = threading.RLock()
        self._read: dict[Path, tuple[tuple[int, int, int], Stanzas]] = {}  # path -> what it was, what it said

    @property
    def app(self) -> str:
        return self.folder.name

    def names(self) -> list[str]:
        """Confs that some layer holds, without `.conf`."""
        return sorted({file.stem for layer in LAYERS for file in (self.folder / layer).glob("*.conf")})

    def merged(self, conf: str) -> Stanzas:
        """`default/` overlaid by `local/` key by key; `[default]` stays a stanza of its own."""
        with self._lock:
            merged: Stanzas = {}
            for layer in LAYERS:
                for stanza, settings in self.layer(layer, conf).items():
                    merged.setdefault(stanza, {}).update(settings)
            return merged

    def stanzas(self, conf: str) -> Stanzas:
        """As `merged`, with the settings of `[default]` given to each stanza."""
        merged = self.merged(conf)
        general = merged.pop("default", {})
        return {stanza: {**general, **settings} for stanza, settings in merged.items()}

    def layer(self, layer: str, conf: str) -> Stanzas:
        """What one layer's file says; {} without a file."""
        path = self._path(layer, conf)
        with self._lock:
            if not path.is_file():
                return {}
            status = path.stat()
            now_is = (status.st_ino, status.st_mtime_ns, status.st_size)
            was, said = self._read.get(path, (None, {}))
            if was != now_is:
                said = read_conf_file(path).stanzas
                self._read.pop(path, None)
                if time.time_ns() - status.st_mtime_ns > _SETTLED_NANOSECONDS:
                    self._read[path] = (now_is, said)
            return {stanza: dict(settings) for stanza, settings in said.items()}

    def write(self, conf: str, stanza: str, settings: Mapping[str, str]) -> None:
        """Set keys of one stanza in `local/`; other keys there stay. Raises ConfWriteError."""
        _check(stanza, settings)
        with self._lock:
            local = self.layer("local", conf)
            local.setdefault(stanza, {}).update(settings)
            self._save(conf, local)

    def remove(self, conf: str, stanza: str) -> bool:
        """Take a stanza out of `local/`; False when it is not there."""
        with self._lock:
            local = self.layer("local", conf)
            if local.pop(stanza, None) is None:
                return False
            self._save(conf, local)
            return True

    def create_file(self, conf: str) -> bool:
        """Make an empty conf in `local/`; False when some layer has it."""
        with self._lock:
            if conf in self.names():
                return False
            self._save(conf, {})
            return True

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """A value that changes when a conf or a lookup file of the app does."""
        found = []
        for folder, pattern in (*((layer, "*.conf") for layer in LAYERS), ("lookups", "*")):
            for file in sorted((self.folder / folder).glob(pattern)):
                status = file.stat()
                found.append((f"{folder}/{file.name}", status.st_mtime_ns, status.st_size))
        return tuple(found)

    def _path(self, layer: str, conf: str) -> Path:
        if not _CONF_NAME.fullmatch(conf):
            raise ConfWriteError(f"conf name {conf!r}: letters, digits, _ and - are expected")
        return self.folder / layer / f"{conf}.conf"

    def _save(self, conf: str, stanzas: Stanzas) -> None:
        path = self._path("local", conf)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        for stanza, settings in stanzas.items():
            lines.append(f"[{stanza}]")
            lines += [f"{key} = {value}".replace("\n", "\\\n") for key, value in settings.items()]
            lines.append("")
        replacement = path.with_suffix(".new")
        replacement.write_text("\n".join(lines), encoding="utf-8")
        replacement.replace(path)


def _check(stanza: str, settings: Mapping[str, str]) -> None:
    if not re.fullmatch(r"[^\[\]\r\n]+", stanza):
        raise ConfWriteError(f"stanza name {stanza!r}: brackets and line breaks are not allowed")
    for key, value in settings.items():
        if not re.fullmatch(r"[^=\s\[#][^=\r\n]*", key):
            raise ConfWriteError(f"setting name {key!r}: no =, no line break and no bracket or # at its start")
        if "\r" in value or any(line.endswith("\\") for line in value.split("\n")):
            raise ConfWriteError(f"{key}: no line of a value may end in a backslash, nor hold a carriage return")
