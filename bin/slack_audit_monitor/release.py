"""Which release of the app this is: read from its default/app.conf, the one place of the version."""

from __future__ import annotations

import os
import re

_VERSION = re.compile(r"^\[id\]$.*?^version\s*=\s*(\d+(?:\.\d+){2})\s*$", re.MULTILINE | re.DOTALL)


def version() -> str:
    """Return the version, "0" if it cannot be read."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        with open(os.path.join(root, "default", "app.conf"), encoding="utf-8") as file:
            found = _VERSION.search(file.read())
    except (OSError, ValueError):
        return "0"
    return found.group(1) if found else "0"


def user_agent() -> str:
    """Return how the app presents itself to the servers that it calls."""
    return f"slack-audit-monitor-for-splunk/{version()}"
