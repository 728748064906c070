"""What every finding of every alert must hold, whatever the case says.

The columns are those of the design: each a promise to whoever is paged. A case that names only
`user:` still fails when the finding has no next step or cites an entry that never existed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .findings import as_epoch, as_list

SEVERITIES = ("informational", "low", "medium", "high", "critical")
_TEXTS = ("rule_id", "rule", "severity", "entity", "mitre_attack", "summary", "next_step")
_OF_NO_ORGANISATION = ("Slack - Session on Two Networks - Rule",)


def broken_promises(
    finding: Mapping[str, Any], *, detection: str, rule_id: str, entry_ids: Collection[str]
) -> list[str]:
    """Sentences on what is missing or wrong; empty for a sound finding."""
    wrong = [f"{column} is empty" for column in _TEXTS if not as_list(finding.get(column))]
    if finding.get("rule") != detection:
        wrong.append(f"rule is {finding.get('rule')!r}, the alert's title is {detection!r}")
    given = str(finding.get("rule_id"))
    rows = rule_id.split()
    if given not in rows and not given.startswith(tuple(f"{row}." for row in rows)):  # U18.high is a level of U18
        wrong.append(f"rule_id is {finding.get('rule_id')!r}, expected {rule_id!r}")
    if finding.get("severity") not in SEVERITIES:
        wrong.append(f"severity {finding.get('severity')!r} is none of {', '.join(SEVERITIES)}")
    wrong += _wrong_numbers(finding)
    if len(as_list(finding.get("entity"))) > 1:
        wrong.append(f"entity has several values {finding.get('entity')!r}: throttling needs one")
    for column in ("summary", "next_step"):
        text = " ".join(str(member) for member in as_list(finding.get(column)))
        if not text.rstrip().endswith("."):
            wrong.append(f"{column} is no finished sentence: {text!r}")
    cited = [str(entry_id) for entry_id in as_list(finding.get("event_ids"))]
    strangers = [entry_id for entry_id in cited if entry_id not in entry_ids]
    # What is told of the collection itself is proven by its log, not by entries.
    if strangers or (not cited and rows != ["U71"]):
        wrong.append(f"event_ids cites {strangers or 'nothing'}; it must cite entries that exist")
    # A collection that a search reads instead of entries knows no organisation.
    if not as_list(finding.get("slack_organisation")) and rows != ["U71"] and detection not in _OF_NO_ORGANISATION:
        wrong.append("slack_organisation is empty: dashboards cannot tell whose finding it is")
    return wrong


def _wrong_numbers(finding: Mapping[str, Any]) -> list[str]:
    wrong = []
    for column, low, high in (("risk_score", 0, 100), ("count", 1, None)):
        number = as_epoch(finding.get(column))
        if number is None or number < low or (high is not None and number > high):
            wrong.append(f"{column} is {finding.get(column)!r}")
    first, last = as_epoch(finding.get("first_time")), as_epoch(finding.get("last_time"))
    if first is None or last is None or first > last:
        span = f"{finding.get('first_time')!r} to {finding.get('last_time')!r}"
        wrong.append(f"first_time to last_time is no span of time: {span}")
    if as_epoch(finding.get("_time")) is None:
        wrong.append(f"_time is {finding.get('_time')!r}")
    return wrong
