"""Make two lookups from the confs: what is scheduled and needs which histories; which alerts look at an action.

A search can see in Splunk's log what ran. What should have run, and what depends on what, it reads here.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from sandbox.confs import AppConfs
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.macros import expand_text
from sandbox.splunkd.cron import CronSchedule

PATH = "lookups/slack_audit_searches.csv"
WATCHED_PATH = "lookups/slack_audit_watched_actions.csv"
COLUMNS = ("search", "kind", "tier", "rows", "period_seconds", "reads", "writes")
KINDS = {"Rule": "rule", "Lookup Gen": "baseline", "Lookup Cleanup": "upkeep", "Report": "report"}
_WRITTEN = re.compile(r"\|\s*outputlookup\b([^|\]]*)")
_NAME = re.compile(r"[a-z][\w.]*\*?")
_SHORTEST_BEGINNING = 8
_MONDAY = 1_772_409_600  # 2026-03-02T00:00:00Z


def searches(root: Path) -> str:
    """Return the text of the lookup."""
    saved = AppConfs(root).conf("savedsearches")
    knowledge = Knowledge.load(root)
    words = {title: _words(expand_text(stanza["search"], knowledge.macros)) for title, stanza in saved.items()}
    written = {
        title: _written(expand_text(stanza["search"], knowledge.macros)) & set(knowledge.collections)
        for title, stanza in saved.items()
        if title.endswith(" - Lookup Gen")
    }
    tables = set().union(*written.values())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for title, stanza in sorted(saved.items()):
        if stanza.get("enableSched") != "1":
            continue
        kind = next((name for ending, name in KINDS.items() if title.endswith(f" - {ending}")), "report")
        own = written.get(title, set())
        writer.writerow(
            (
                title,
                kind,
                stanza.get("action.slack_audit_finding.param.tier", ""),
                stanza.get("action.slack_audit_finding.param.rows", "").replace(",", " "),
                longest_period(stanza["cron_schedule"]),
                " ".join(sorted((words[title] & tables) - own)),
                " ".join(sorted(own)),
            )
        )
    return out.getvalue()


def longest_period(cron: str) -> int:
    """Return the longest time between two runs within nine days, in seconds."""
    schedule = CronSchedule(cron)
    at = longest = 0
    after = float(schedule.next_after(_MONDAY))
    while after < _MONDAY + 9 * 86_400:
        at, after = int(after), float(schedule.next_after(after))
        longest = max(longest, int(after) - at)
    return longest


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _written(text: str) -> set[str]:
    return {word for arguments in _WRITTEN.findall(text) for word in _words(arguments)}


def watched_actions(root: Path) -> str:
    """Return the text of the lookup that says which alerts look at an action.

    An alert looks at what its search names with its macros expanded: an action, or the beginning of some; or what
    stands in the table of controls, if it reads that.
    """
    saved = AppConfs(root).conf("savedsearches")
    knowledge = Knowledge.load(root)
    with (root / "lookups" / "slack_audit_actions.csv").open(encoding="utf-8", newline="") as lines:
        actions = [row["slack_action"] for row in csv.DictReader(lines)]
    watching: dict[str, list[tuple[str, str]]] = {action: [] for action in actions}
    for title, stanza in sorted(saved.items()):
        if not title.endswith(" - Rule"):
            continue
        named = set(_NAME.findall(expand_text(stanza["search"], knowledge.macros)))
        beginnings = tuple(name[:-1] for name in named if name.endswith("*") and len(name) > _SHORTEST_BEGINNING)
        rows = stanza["action.slack_audit_finding.param.rows"].replace(",", " ")
        for action in actions:
            if action in named or (beginnings and action.startswith(beginnings)):
                watching[action].append((title, rows))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("slack_action", "alerts", "rows"))
    for action, found in sorted(watching.items()):
        if found:
            rows = " ".join(sorted({row for _, text in found for row in text.split()}))
            writer.writerow((action, len(found), rows))
    return out.getvalue()
