"""A day as the rows of "Slack - Daily Digest - Report" tell it: typed, and with every text of others made inert.

What decides (ids, numbers, severities, times) is taken only in the form that it must have; a row that lacks its form is
left out and counted. Knows nothing of what is worth attention.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from slack_audit_monitor.digest.inert import EMAIL, LONGEST_SENTENCE, inert
from slack_audit_monitor.errors import FatalError

Cell = Union[str, Sequence[str]]
Row = Mapping[str, Cell]

SEVERITIES = ("critical", "high", "medium", "low", "informational")
DIRECTIONS = ("weakened", "strengthened", "unchanged", "unknown")
#: What of a day's volume is compared with other days; the names that a reader sees.
VOLUMES = {
    "entries": "entries",
    "sign_ins": "sign-ins",
    "failed_sign_ins": "failed sign-ins",
    "downloads": "downloads",
    "public_links": "public links",
    "anomalies": "anomalies reported by Slack",
}
_FINDING_ID = re.compile(r"[0-9a-f]{8,64}\Z")
_RULE_ID = re.compile(r"[A-Za-z]{1,10}[0-9]{1,4}(?:\.[a-z_]{1,30})?\Z")
_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{2,20}\Z")
_ACTION = re.compile(r"[a-z][A-Za-z0-9_.]{1,80}\Z")
_IP = re.compile(r"[0-9A-Fa-f.:]{3,45}(?:/\d{1,3})?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_NOT_TOLD = ("", "-", "not told")
_NOBODY = ("", "unknown", "-")


@dataclass(frozen=True)
class Finding:
    """One finding of the day. `people` are those it is about, `actors` those who did it to them."""

    finding_id: str
    rule_id: str
    rule: str
    severity: str
    risk: float
    entity: str
    people: tuple[str, ...]
    actors: tuple[str, ...]
    addresses: tuple[str, ...]
    first: float
    last: float
    when: str
    count: int
    summary: str
    next_step: str
    actions: tuple[str, ...]
    direction: str
    app_id: str
    app_name: str


@dataclass(frozen=True)
class NewThing:
    """Something that the whole organisation had not seen before.

    kind: country, app, organisation (an outside one) or administrator (its name is an id until `_named` knows better).
    """

    kind: str
    name: str
    detail: str
    when: str


@dataclass(frozen=True)
class Change:
    """A control that was changed; the latest change of it."""

    direction: str
    text: str


@dataclass(frozen=True)
class Volume:
    """What one input brought in during the 24 hours that ended at `end` (epoch seconds)."""

    source: str
    end: float
    newest: float
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Day:
    """The day of a digest.

    Attributes:
        day, window_from, window_to: its name and bounds, as the search head writes them.
        start, end: the bounds, epoch seconds.
        recorded: findings that the history remembers at all; None when nobody said.
        total: findings of the day, those beyond the search's limit included.
        young: kinds of which the history is too short to call anything new.
        volumes: of this day and those before.
        unreadable: rows that were left out.
    """

    day: str
    window_from: str
    window_to: str
    start: float
    end: float
    recorded: int
    total: int
    findings: tuple[Finding, ...]
    new: tuple[NewThing, ...]
    young: tuple[str, ...]
    changes: tuple[Change, ...]
    volumes: tuple[Volume, ...]
    unreadable: int


#: Sections of rows that tell of something new.
_NEW = ("country", "app", "outside", "recorded")
#: A baseline that knows less than this cannot tell new from usual.
YOUNG_SECONDS = 7 * 86_400.0


def read_day(rows: Sequence[Row]) -> Day:
    """Return what the rows say.

    Raises:
        FatalError: no row tells which day it is.
    """
    window = next((row for row in rows if _text(row, "section") == "window"), None)
    day = "" if window is None else _text(window, "day")
    end = None if window is None else _number(window, "window_end")
    if window is None or end is None or not _DAY.match(day):
        raise FatalError(
            "The results do not say which day they are of. The action slack_audit_digest belongs to the search "
            '"Slack - Daily Digest - Report", whose row section=window names it.'
        )
    start = _number(window, "window_start")
    known = people_of(rows)
    findings: dict[str, Finding] = {}
    new: list[NewThing] = []
    volumes: list[Volume] = []
    changes: list[Change] = []
    young: set[str] = set()
    unreadable = 0
    for row in rows:
        section = _text(row, "section")
        if section == "finding":
            finding = _finding(row, known)
            if finding is None:
                unreadable += 1
            else:
                findings.setdefault(finding.finding_id, finding)
        elif section in _NEW:
            since = _number(row, "known_since")
            thing = _new_thing(section, row, known)
            if since is None or since > end - YOUNG_SECONDS:
                young.add(thing.kind)
            elif thing not in new:
                new.append(thing)
        elif section == "control":
            changes.append(_change(row, known))
        elif section == "volume":
            last = _number(row, "last")
            if last is not None:
                volumes.append(_volume(row, last))
    return Day(
        day=day,
        window_from=inert(_text(window, "window_from")),
        window_to=inert(_text(window, "window_to")),
        start=end - 86_400 if start is None else start,
        end=end,
        recorded=int(_number(window, "recorded_findings") or 0),
        total=max(len(findings), int(_number(window, "findings") or 0)),
        findings=tuple(findings.values()),
        new=tuple(sorted(_named(new, findings), key=lambda thing: (thing.kind, thing.when, thing.name))),
        young=tuple(sorted(young)),
        changes=tuple(changes),
        volumes=tuple(sorted(volumes, key=lambda volume: (volume.end, volume.source))),
        unreadable=unreadable,
    )


def people_of(rows: Sequence[Row]) -> frozenset[str]:
    """Return the mail addresses of accounts: what stands whole in a field for accounts, and nothing else."""
    return frozenset(
        member.lower()
        for row in rows
        for name in ("user", "src_user", "changed_by", "installed_by")
        for member in _members(row, name)
        if EMAIL.fullmatch(member)
    )


def is_account(name: str) -> bool:
    """Tell a mail address or an id, by which Slack knows an account, from a name that its owner typed."""
    return EMAIL.fullmatch(name) is not None or _SLACK_ID.match(name) is not None


def _finding(row: Row, known: frozenset[str]) -> Finding | None:
    finding_id, rule_id, severity = _text(row, "finding_id"), _text(row, "rule_id"), _text(row, "severity")
    risk, last = _number(row, "risk_score"), _number(row, "last_time")
    if not _FINDING_ID.match(finding_id) or not _RULE_ID.match(rule_id) or severity not in SEVERITIES:
        return None
    if risk is None or last is None:
        return None
    first = _number(row, "first_time")
    direction = next((found for found in DIRECTIONS if found in _members(row, "slack_direction")), "")
    app_id = _text(row, "app_id")
    title = re.sub(r"^Slack - | - Rule$", "", _text(row, "rule")) or rule_id
    return Finding(
        finding_id=finding_id,
        rule_id=rule_id,
        rule=inert(title),
        severity=severity,
        risk=min(max(risk, 0.0), 100.0),
        entity=_text(row, "entity"),
        people=_people(row, "user", known),
        actors=_people(row, "src_user", known),
        addresses=tuple(member for member in _members(row, "src") if _IP.match(member)),
        first=last if first is None else min(first, last),
        last=last,
        when=inert(_text(row, "when")),
        count=int(_number(row, "count") or 0),
        summary=inert(" ".join(_members(row, "summary")), LONGEST_SENTENCE, known),
        next_step=inert(" ".join(_members(row, "next_step")), LONGEST_SENTENCE, known),
        actions=tuple(member for member in _members(row, "slack_action") if _ACTION.match(member)),
        direction=direction,
        app_id=app_id if _SLACK_ID.match(app_id) else "",
        app_name=inert(_text(row, "app_name")) if _SLACK_ID.match(app_id) else "",
    )


def _people(row: Row, name: str, known: frozenset[str]) -> tuple[str, ...]:
    found = (inert(member, people=known) for member in _members(row, name) if member not in _NOBODY)
    return tuple(dict.fromkeys(member for member in found if member))


def _new_thing(section: str, row: Row, known: frozenset[str]) -> NewThing:
    when = inert(_text(row, "when"))
    if section == "country":
        return NewThing("country", inert(_text(row, "value")), inert(_text(row, "slack_actor_id"), people=known), when)
    if section == "app":
        by = inert(_text(row, "installed_by"), people=known)
        app_id = inert(_text(row, "app_id"))
        detail = f"{app_id}, installed by {by}" if by else app_id
        return NewThing("app", inert(_text(row, "app_name")) or app_id, detail, when)
    if section == "outside":
        # "<epoch> <name>" each.
        name, channel = (_text(row, column).partition(" ")[2] for column in ("organisation_name", "channel_name"))
        detail = ", ".join([*([inert(name)] if name else []), *([f"channel {inert(channel)}"] if channel else [])])
        return NewThing("organisation", inert(_text(row, "outside")), detail, when)
    return NewThing("administrator", inert(_text(row, "granted"), people=known), _text(row, "finding_id"), when)


def _change(row: Row, known: frozenset[str]) -> Change:
    direction = _text(row, "direction")
    whole = inert(_text(row, "setting"))
    for name, before, limit in (("object_name", " ", 80), ("place", " in ", 80), ("previous_value", ", from ", 60)):
        value = inert(_text(row, name), limit, known)
        whole += before + value if value not in _NOT_TOLD else ""
    value, by = inert(_text(row, "value"), 60), inert(_text(row, "changed_by"), people=known)
    whole += (f" to {value}" if value else "") + (f", by {by}" if by else "") + f", {inert(_text(row, 'when'))}"
    return Change(direction if direction in DIRECTIONS else "unknown", whole)


def _named(new: Sequence[NewThing], findings: Mapping[str, Finding]) -> list[NewThing]:
    """Return the same with new administrators by their name, as the finding about them has it."""
    named = []
    for thing in new:
        if thing.kind != "administrator":
            named.append(thing)
            continue
        finding = findings.get(thing.detail)
        who = ", ".join(finding.people) if finding else thing.name
        by = f"made so by {', '.join(finding.actors)}" if finding and finding.actors else ""
        named.append(NewThing(thing.kind, who or thing.name, by, thing.when))
    return named


def _volume(row: Row, end: float) -> Volume:
    return Volume(
        source=inert(_text(row, "source")),
        end=end,
        newest=_number(row, "newest") or 0.0,
        numbers={name: max(0, int(_number(row, name) or 0)) for name in VOLUMES},
    )


def _members(row: Row, name: str) -> list[str]:
    value = row.get(name)
    if value is None:
        return []
    return [line for line in value.split("\n") if line] if isinstance(value, str) else [str(part) for part in value]


def _text(row: Row, name: str) -> str:
    members = _members(row, name)
    return members[0].strip() if members else ""


def _number(row: Row, name: str) -> float | None:
    try:
        number = float(_text(row, name))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
