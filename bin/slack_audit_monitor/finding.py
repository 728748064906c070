"""A finding: one result of an alert in the columns that all findings share, and when two of them are the same.

Knows no splunkd and no file. The columns are those of the macro `slack_audit_finding`; an alert of the site's own
may bring fewer, but has to name a rule and an entity.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from slack_audit_monitor.errors import FatalError

Cell = Union[str, Sequence[str]]

NUMBERS = ("risk_score", "first_time", "last_time", "count")
#: Written as a list, however many members there are: a reader need not ask for the type.
LISTS = ("user", "src", "mitre_attack", "src_user", "slack_action", "slack_organisation")
IN_FRONT = (
    *("finding_id", "rule_id", "rule", "severity", "tier", "risk_score", "entity", "user", "src"),
    *("first_time", "last_time", "count", "mitre_attack", "summary", "next_step", "investigation", "finding_link"),
)
TIERS = {"critical": "page", "high": "page", "medium": "review"}
OTHER_TIER = "archive"
#: The macro lists so many ids at most; a list of that length may be a part.
MOST_EVENT_IDS = 100

_FINDING_ID = re.compile(r"[0-9a-f]{8,64}")
_ID_LETTERS = 16


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        finding_id: short digest of rule_id, entity and first_time.
        subject: digest of rule_id and entity: only findings of one subject can be the same.
        first_time, last_time: epoch seconds.
        event_ids: the entries that prove it, in their order.
        columns: everything that is written, typed.
    """

    finding_id: str
    subject: str
    rule_id: str
    entity: str
    first_time: float
    last_time: float
    event_ids: tuple[str, ...]
    columns: Mapping[str, Any]

    @property
    def is_cut(self) -> bool:
        """True when the list of event ids may be a part, or nothing at all."""
        return not self.event_ids or len(self.event_ids) >= MOST_EVENT_IDS

    def event(self, **more: Any) -> str:
        """Return the finding as one line of JSON; `more` follows the columns.

        The time leads and the event ids end the line, so that what is cut off by Splunk's limits of automatic
        extraction is what nobody searches for.
        """
        document: dict[str, Any] = {"finding_time": self.last_time}
        document.update((name, self.columns[name]) for name in IN_FRONT if name in self.columns)
        document.update(more)
        document.update((name, value) for name, value in self.columns.items() if name not in document)
        document["event_ids"] = list(self.event_ids)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def finding_of(row: Mapping[str, Cell], now: float) -> Finding:
    """Return the finding that a result is.

    Args:
        row: the result; numbers may be text.
        now: epoch seconds, for a result without any time.

    Raises:
        FatalError: it names no rule or no entity.
    """
    rule_id, entity = _text(row.get("rule_id")), _text(row.get("entity"))
    for name, value in (("rule_id", rule_id), ("entity", entity)):
        if not value:
            raise FatalError(
                f"The result has no {name}. The action records findings: end the search with `slack_audit_finding`, "
                "or set rule_id and entity with eval."
            )
    at = _number(row.get("_time"))
    last = _first_number(row.get("last_time"), at, now)
    first = min(_first_number(row.get("first_time"), last), last)
    event_ids = tuple(dict.fromkeys(member for member in _members(row.get("event_ids")) if member))
    given_id = _text(row.get("finding_id"))
    finding_id = given_id if _FINDING_ID.fullmatch(given_id) else finding_id_of(rule_id, entity, first)
    severity = _text(row.get("severity"))
    columns: dict[str, Any] = {
        name: _typed(name, value)
        for name, value in row.items()
        # Splunk's own bookkeeping of a result says nothing about Slack.
        if not name.startswith(("_", "date_", "info_")) and name not in ("event_ids", "finding_time")
    }
    columns.update(
        finding_id=finding_id,
        rule_id=rule_id,
        entity=entity,
        first_time=_shortest(first),
        last_time=_shortest(last),
        tier=_text(row.get("tier")) or TIERS.get(severity, OTHER_TIER),
    )
    return Finding(
        finding_id=finding_id,
        subject=_digest(rule_id, entity),
        rule_id=rule_id,
        entity=entity,
        first_time=_shortest(first),
        last_time=_shortest(last),
        event_ids=event_ids,
        columns=columns,
    )


def finding_id_of(rule_id: str, entity: str, first_time: float) -> str:
    """Return the id that the macro `slack_audit_finding` gives as well."""
    return _digest(rule_id, entity, str(math.floor(first_time)))[:_ID_LETTERS]


@dataclass(frozen=True)
class Remembered:
    """What is kept of a recorded finding: enough to know it again.

    Attributes:
        event_marks: short digests of its event ids.
        is_cut: the ids may be a part.
    """

    finding_id: str
    first_time: float
    last_time: float
    event_marks: frozenset[str]
    is_cut: bool

    def is_same(self, finding: Finding) -> bool:
        """Tell whether a finding of the same subject is this one.

        The same entries make the same finding, also when a later window sees more of them and begins later. Where
        the list of entries may be a part on either side, overlapping time spans decide.
        """
        if finding.finding_id == self.finding_id or not self.event_marks.isdisjoint(marks_of(finding.event_ids)):
            return True
        if not (self.is_cut or finding.is_cut):
            return False
        return self.first_time <= finding.last_time and finding.first_time <= self.last_time


def marks_of(event_ids: Sequence[str]) -> list[str]:
    """Return a short digest of each event id: a hundred of them fit a small row."""
    return [_digest(event_id)[:12] for event_id in event_ids]


def _digest(*parts: str) -> str:
    text = "|".join(parts)
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # as SPL's md5()


def _members(value: Cell | None) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        # The text of several values has a line for each.
        return [line for line in value.split("\n") if line]
    return [str(member) for member in value]


def _text(value: Cell | None) -> str:
    members = _members(value)
    return members[0].strip() if members else ""


def _typed(name: str, value: Cell) -> Any:
    if name in LISTS:
        return _members(value)
    if name in NUMBERS:
        number = _number(value)
        return _text(value) if number is None else number
    return value if isinstance(value, str) else list(value)


def _number(value: Cell | None) -> float | None:
    try:
        number = float(_text(value))
    except ValueError:
        return None
    return _shortest(number) if math.isfinite(number) else None


def _first_number(value: Cell | None, *others: float | None) -> float:
    found = (_number(value), *others)
    return next(number for number in found if number is not None)


def _shortest(number: float) -> float:
    return int(number) if number == int(number) else number
