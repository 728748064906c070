"""What dashboards are tested on: a sample of an invented organisation's life, findings about it, and hostile names."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.confs import AppConfs
from sandbox.slack_api import Organisation
from slack_audit_monitor.finding import Finding, finding_of
from slack_audit_monitor.finding_history import SOURCE as FINDING_SOURCE

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "slack_audit://prod"
MOST_OF_ONE_ACTION = 25
HOSTILE = (
    '<img src=x onerror="alert(1)"><script>alert(2)</script>',
    "\u202egnp.exe\u202c\u200f\u2066 \u05d0\u05d1\u05d2",
    "x" * 10_000,
    "[click](https://evil.example) $global_time.earliest$ $row.user.value$ `slack_audit_events` | delete",
    '"\\"; | outputlookup x \'\n\t\x0b',
)
"""Names that somebody may give himself, a file or a channel."""


@cache
def organisation() -> Organisation:
    """The organisation, generated once (a third of a second)."""
    return Organisation.generate(people=100)


@cache
def now() -> int:
    """The end of its life, when the dashboards are looked at."""
    return int(organisation().end)


def entries() -> list[dict[str, Any]]:
    """The newest entries of every action; of the rare ones all."""
    newest: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in reversed(organisation().entries):
        if len(newest[entry["action"]]) < MOST_OF_ONE_ACTION:
            newest[entry["action"]].append(entry)
    return [entry for group in newest.values() for entry in group]


def hostile_entries() -> list[dict[str, Any]]:
    """The same entries, their names, titles, e-mail addresses and user agents hostile."""
    text = json.dumps(entries())
    found = json.loads(text)
    for number, entry in enumerate(found):
        _make_hostile(entry, number)
    return list(found)


def _make_hostile(node: Any, number: int) -> None:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, (dict, list)):
            _make_hostile(value, number)
        elif isinstance(value, str) and key in ("name", "title", "email", "ua", "domain", "filetype"):
            node[key] = HOSTILE[number % len(HOSTILE)]


def recorded(found: Finding, title: str) -> dict[str, Any]:
    """A finding as it stands in the index."""
    return {
        "_raw": found.event(search_name=title, sid="scheduler_1", trigger_time=int(found.last_time)),
        "_time": found.last_time,
        "index": "slack_audit",
        "source": FINDING_SOURCE,
        "sourcetype": "slack:audit:finding",
    }


def findings(of: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One finding of every alert, as the alert action records it, about one of these entries each."""
    rows = []
    for number, (title, stanza) in enumerate(AppConfs(ROOT).conf("savedsearches").items()):
        if not title.endswith(" - Rule"):
            continue
        entry = of[(number * 7) % len(of)]
        user = entry["actor"]["user"]
        row = {
            "rule_id": stanza["action.slack_audit_finding.param.rows"].split()[0],
            "rule": title,
            "severity": ("critical", "high", "medium", "low")[number % 4],
            "risk_score": str((90, 70, 40, 20)[number % 4]),
            "entity": f"{user.get('id')}|{number}",
            "user": [user.get("email") or user.get("id") or "unknown"],
            "src": [entry.get("context", {}).get("ip_address") or ""],
            "first_time": str(entry["date_create"] - 60),
            "last_time": str(entry["date_create"]),
            "count": "2",
            "event_ids": [entry["id"]],
            "mitre_attack": ["T1078.004"],
            "summary": f"{user.get('name')} did {entry['action']}.",
            "next_step": "Ask the person on another channel.",
            "investigation": "/app/slack_audit_monitor/account_investigation?form.account=" + str(user.get("id")),
            "slack_action": [entry["action"]],
            "slack_organisation": [SOURCE],
        }
        rows.append(recorded(finding_of(row, now()), title))
    return rows


def as_events(of: list[dict[str, Any]]) -> list[Any]:
    """Entries as the input writes them, and the findings about them."""
    return [*(json.dumps(entry, ensure_ascii=False) for entry in of), *findings(of)]


def quoted(value: str) -> str:
    """A token with |s, as Splunk fills it in."""
    return json.dumps(value, ensure_ascii=False)


def as_dispatched(query: str) -> str:
    """What a dashboard sends: `search` stands before whatever does not begin with a command."""
    return query if re.match(r"\s*(\||search\s)", query) else f"search {query}"


def filled(query: str, tokens: dict[str, str], row: dict[str, str] | None = None) -> str:
    """Return the search with its tokens filled in: those of inputs, and those of the clicked row."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.startswith("row."):
            field = name.removeprefix("row.").removesuffix(".value")
            return quoted((row or {}).get(field, "nothing"))
        return quoted(tokens[name])

    return re.sub(r"\$([\w.]+)\|s\$", value_of, query)
