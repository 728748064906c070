"""Which baselines must run before an alert, and up to when an alert looks: read from the shipped confs.

Knows names alone: a baseline feeds an alert when both name one collection, in their own text or in a macro of theirs.
"""

from __future__ import annotations

import re
from functools import cache

from sandbox.confs import AppConfs
from tests.detections.kit.contract import APP_ROOT

_MACRO = re.compile(r"`([a-z0-9_]+)")


@cache
def _confs() -> AppConfs:
    return AppConfs(APP_ROOT)


def feeders(title: str) -> list[str]:
    """Titles of the scheduled baselines that write what this alert looks up, in order of name."""
    searches = _confs().conf("savedsearches")
    wanted = _collections(searches[title]["search"])
    return [
        name
        for name in sorted(searches)
        if name.endswith(" - Lookup Gen") and wanted & _collections(searches[name].get("search", ""))
    ]


def looks_at_settled_entries(title: str) -> bool:
    """Whether the alert's range ends before the moment at which it runs."""
    return _confs().conf("savedsearches")[title].get("dispatch.latest_time", "now") != "now"


@cache
def _collections(text: str) -> frozenset[str]:
    words = set(re.findall(r"\w+", _expanded(text, frozenset())))
    return frozenset(_confs().conf("collections")) & words


@cache
def _macros() -> dict[str, str]:
    return {name.split("(")[0]: stanza.get("definition", "") for name, stanza in _confs().conf("macros").items()}


def _expanded(text: str, seen: frozenset[str]) -> str:
    """The text with that of its macros behind it."""
    macros = _macros()
    parts = [text]
    for name in set(_MACRO.findall(text)) - seen:
        if name in macros:
            parts.append(_expanded(macros[name], seen | {name}))
    return "\n".join(parts)
