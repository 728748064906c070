"""Which of splunkd's endpoints Splunk Web passes on: its own list, and what the app's web.conf adds.

The list is that of Splunk's default web.conf (9.4), cut to the families that the stand-in for splunkd has or that a
setup page may try. What it does not name is refused with status 404: a page that needs more must expose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_READ = "GET"
_LIST = "GET POST"
_ONE = "GET POST DELETE"

# Path -> methods. `*` is one segment or a part of one, `**` any number of segments.
DEFAULT: dict[str, str] = {
    "alerts/alert_actions": _ONE,
    "alerts/alert_actions/*": _ONE,
    "alerts/fired_alerts": _READ,
    "alerts/fired_alerts/*": "GET DELETE",
    "apps/local": _LIST,
    "apps/local/*": _ONE,
    "apps/local/*/disable": "POST",
    "apps/local/*/enable": "POST",
    "apps/local/*/_reload": _LIST,
    "auth/login": "POST",
    "authentication/current-context": _READ,
    "authentication/current-context/*": _READ,
    "authentication/users": _LIST,
    "authentication/users/*": _ONE,
    "authorization/capabilities": _READ,
    "authorization/roles": _LIST,
    "authorization/roles/*": _ONE,
    "configs/conf-*": _LIST,
    "configs/conf-*/*": _ONE,
    "configs/conf-*/*/disable": "POST",
    "configs/conf-*/*/enable": "POST",
    "data/indexes": _LIST,
    "data/indexes/*": _ONE,
    "data/indexes/*/disable": "POST",
    "data/indexes/*/enable": "POST",
    "data/inputs": _READ,
    "data/lookup-table-files": _LIST,
    "data/lookup-table-files/*": _ONE,
    "data/macros": _LIST,
    "data/macros/*": _ONE,
    "data/modular-inputs": _LIST,
    "data/modular-inputs/*": _LIST,
    "data/transforms/lookups": _LIST,
    "data/transforms/lookups/*": _ONE,
    "data/ui/nav": _LIST,
    "data/ui/nav/*": _LIST,
    "data/ui/times": _LIST,
    "data/ui/views": _LIST,
    "data/ui/views/*": _ONE,
    "data/user-prefs": _LIST,
    "data/user-prefs/*": _ONE,
    "messages": _LIST,
    "messages/*": "GET DELETE",
    "properties": _LIST,
    "properties/*": _LIST,
    "properties/*/*": _LIST,
    "properties/*/*/*": _LIST,
    "receivers/simple": "POST",
    "receivers/stream": "POST",
    "saved/searches": _LIST,
    "saved/searches/*": _ONE,
    "saved/searches/*/acknowledge": "POST",
    "saved/searches/*/dispatch": "POST",
    "saved/searches/*/history": _READ,
    "saved/searches/*/scheduled_times": _READ,
    "saved/searches/*/suppress": _READ,
    "saved/searches/*/disable": "POST",
    "saved/searches/*/enable": "POST",
    "search/jobs": _LIST,
    "search/jobs/export": _LIST,
    "search/jobs/*": _ONE,
    "search/jobs/*/control": "POST",
    "search/jobs/*/events": _LIST,
    "search/jobs/*/results": _LIST,
    "search/jobs/*/results_preview": _LIST,
    "search/jobs/*/search.log": _READ,
    "search/jobs/*/summary": _READ,
    "search/jobs/*/timeline": _READ,
    "search/parser": _LIST,
    "search/timeparser": _READ,
    "server/info": _READ,
    "server/info/*": _READ,
    "server/settings": _READ,
    "storage/collections/**": _ONE,
    "storage/passwords": _LIST,
    "storage/passwords/*": _ONE,
}

PASSED_ON, UNKNOWN, OTHER_METHOD = "passed on", "unknown", "other method"


class Exposed:
    """The endpoints that pages may call."""

    def __init__(self, web_conf: Mapping[str, Mapping[str, str]]) -> None:
        listed = [(path, methods.split()) for path, methods in DEFAULT.items()]
        for stanza, settings in web_conf.items():
            if stanza.startswith("expose:") and settings.get("pattern"):
                methods = [method.strip().upper() for method in settings.get("methods", _READ).split(",")]
                listed.append((settings["pattern"].strip().strip("/"), methods))
        self._patterns = [(_compiled(pattern), frozenset(methods)) for pattern, methods in listed]

    def verdict(self, method: str, path: str) -> str:
        """What becomes of a call; `path` is behind /services or the namespace, as it was sent."""
        # Pages of newer versions call search/v2/jobs, which Splunk Web passes on where it does search/jobs.
        path = re.sub(r"^search/v2/", "search/", path.strip("/"))
        fitting = [methods for pattern, methods in self._patterns if pattern.fullmatch(path)]
        if not fitting:
            return UNKNOWN
        return PASSED_ON if any(method in methods for methods in fitting) else OTHER_METHOD


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("/".join(_segments(pattern.split("/"))))


def _segments(parts: Iterable[str]) -> Iterable[str]:
    for part in parts:
        yield ".+" if part == "**" else re.escape(part).replace(r"\*", "[^/]+")
