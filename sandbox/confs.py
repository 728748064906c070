"""Splunk ``.conf`` files: what they say, layered as splunkd layers them, and where each setting stands.

Knows the file format ("About configuration files", Admin Manual): stanzas, ``key = value``, comments, values that a
backslash at the end of the line continues, settings before the first stanza (they belong to ``[default]``), and that
``local/`` beats ``default/`` key by key. Knows no setting by name: what a key means is its reader's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Union

PathLike = Union[str, Path]
Stanzas = dict[str, dict[str, str]]

LAYERS = ("default", "local")
"""Folders of an app that hold confs, weakest first."""


class ConfError(ValueError):
    """A conf file that cannot be read as Splunk would; the message names file and line."""


@dataclass(frozen=True)
class Origin:
    """Where a setting stands. ``line`` counts from 1 and is the line of the key, also for a continued value."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}:{self.line}"


@dataclass(frozen=True)
class ConfFile:
    """One parsed file: stanza -> key -> value, and each setting's origin; key "" is the stanza's own line."""

    stanzas: Stanzas
    origins: Mapping[tuple[str, str], Origin]


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Join continued lines; the line break stays in the value, as Splunk keeps it.

    A comment is never continued, and a comment or stanza line inside a continued value is part of the value.
    """
    joined: list[tuple[int, str]] = []
    pending: list[str] = []
    started = 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not pending:
            started = number
            if line.lstrip().startswith("#"):
                continue
        if line.endswith("\\"):
            pending.append(line[:-1])
            continue
        pending.append(line)
        joined.append((started, "\n".join(pending)))
        pending = []
    if pending:
        joined.append((started, "\n".join(pending)))
    return joined


def parse_conf(text: str, path: PathLike) -> ConfFile:
    """Parse the text of one conf file; ``path`` only names it in messages.

    Raises:
        ConfError: a line is neither stanza, comment nor ``key = value``.
    """
    where = Path(path)
    stanzas: Stanzas = {}
    origins: dict[tuple[str, str], Origin] = {}
    current = "default"
    for number, line in _logical_lines(text.lstrip("\ufeff")):
        stripped = line.strip()
        if not stripped:
            continue
        if stripped.startswith("["):
            if "]" not in stripped:
                raise ConfError(f"{Origin(where, number)}: the stanza name is not closed: {stripped[:60]!r}")
            current = stripped[1 : stripped.rindex("]")]
            stanzas.setdefault(current, {})
            origins.setdefault((current, ""), Origin(where, number))
            continue
        key, sign, value = line.partition("=")
        key = key.strip()
        if not sign or not key or "\n" in key:
            raise ConfError(
                f"{Origin(where, number)}: expected `key = value`, found {stripped.splitlines()[0][:60]!r}"
                " (does the line before end in a backslash with nothing after it?)"
            )
        stanzas.setdefault(current, {})[key] = value.strip()
        origins[(current, key)] = Origin(where, number)
    return ConfFile(stanzas, origins)


def read_conf_file(path: PathLike) -> ConfFile:
    """Read one file with the origins of its settings.

    Raises:
        ConfError: not UTF-8, or not in conf format.
        OSError: the file cannot be read.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfError(f"{file.parent.name}/{file.name}: not UTF-8 at byte {error.start}") from error
    return parse_conf(text, file)


def read_conf(path: PathLike) -> Stanzas:
    """Read one file: stanza -> key -> value, ``[default]`` kept as a stanza of its own."""
    return read_conf_file(path).stanzas


class AppConfs:
    """The confs of one app folder, ``default/`` overlaid by ``local/``.

    Files are read at first use and remembered: make a new object to see changes.
    """

    def __init__(self, root: PathLike) -> None:
        self.root = Path(root)
        self._merged: dict[str, ConfFile] = {}

    def names(self) -> list[str]:
        """Return the names of all confs that some layer holds, sorted, without ``.conf``."""
        found = {file.stem for layer in LAYERS for file in (self.root / layer).glob("*.conf")}
        return sorted(found)

    def conf(self, name: str) -> Stanzas:
        """Return the merged stanzas of ``<name>.conf`` with ``[default]`` applied to each; {} when no layer has it."""
        stanzas = self._file(name).stanzas
        general = stanzas.get("default", {})
        return {stanza: {**general, **settings} for stanza, settings in stanzas.items() if stanza != "default"}

    def general(self, name: str) -> dict[str, str]:
        """Return the settings of ``[default]`` (and those before the first stanza) of ``<name>.conf``."""
        return dict(self._file(name).stanzas.get("default", {}))

    def origin(self, name: str, stanza: str, key: str = "") -> Origin | None:
        """Say where a setting of the merged conf comes from; without ``key`` the stanza's first line."""
        origins = self._file(name).origins
        return origins.get((stanza, key)) or (origins.get(("default", key)) if key else None)

    def _file(self, name: str) -> ConfFile:
        if name not in self._merged:
            self._merged[name] = self._merge(name)
        return self._merged[name]

    def _merge(self, name: str) -> ConfFile:
        stanzas: Stanzas = {}
        origins: dict[tuple[str, str], Origin] = {}
        for layer in LAYERS:
            path = self.root / layer / f"{name}.conf"
            if not path.is_file():
                continue
            file = read_conf_file(path)
            for stanza, settings in file.stanzas.items():
                stanzas.setdefault(stanza, {}).update(settings)
            for place, origin in file.origins.items():
                if place[1] or place not in origins:
                    origins[place] = origin
        return ConfFile(stanzas, origins)
