"""The words of a digest without a model: the same rows give the same words.

What the rules say of their findings is told in their own sentences (the column `summary`); here stands only what puts
them together. Everything that comes in was made inert before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from slack_audit_monitor.digest.day import Change, Day, Finding, NewThing
from slack_audit_monitor.digest.inert import inert
from slack_audit_monitor.digest.ranking import Item, tier_of
from slack_audit_monitor.digest.volumes import Against, Input, of_the_day
from slack_audit_monitor.finding import OTHER_TIER

#: Of a thing with many findings so many are told in their own sentences.
MOST_TOLD = 3
MOST_NAMES = 3
MOST_LISTED = 10

#: What a day was: something to look at, nothing, nothing because nothing was collected, or nobody knows.
THINGS, QUIET, NO_DATA, UNKNOWN = "things", "quiet", "no_data", "unknown"
_NEW_KINDS = {
    "administrator": "administrator or owner",
    "app": "app",
    "organisation": "outside organisation",
    "country": "country",
}


@dataclass(frozen=True)
class Words:
    """What is said of one thing."""

    title: str
    why: str
    next_step: str


def words_of(item: Item) -> Words:
    """Return the words of a thing."""
    return Words(title=title_of(item), why=_why(item), next_step=item.worst.next_step)


def title_of(item: Item) -> str:
    """Return rule, number of findings and whom or what they are about."""
    more = len(item.findings) - 1
    kin = f" and {_many(more, 'kindred finding')}" if more else ""
    worst = item.worst
    app = (worst.app_name or worst.app_id,) if worst.app_id else ()
    return f"{worst.rule}{kin}: {_names([*app, *worst.people]) or _object(worst)}"


def outcome_of(day: Day) -> str:
    """Return what kind of day it was."""
    if any(tier_of(finding.severity) != OTHER_TIER for finding in day.findings):
        return THINGS
    today = of_the_day(day)
    if not today:
        return QUIET if day.findings else UNKNOWN
    return QUIET if day.findings or sum(volume.numbers["entries"] for volume in today) else NO_DATA


def headline_of(day: Day, items: Sequence[Item]) -> str:
    """Return the first sentence: what kind of day it was, in numbers. `items` are all things of the day."""
    outcome = outcome_of(day)
    entries = sum(volume.numbers["entries"] for volume in of_the_day(day))
    if outcome == THINGS:
        now = sum(item.tier == "page" for item in items)
        today = sum(item.tier == "review" for item in items)
        parts = [f"{now} to act on now"] if now else []
        parts += [f"{today} to look at today"] if today else []
        return f"{_many(now + today, 'thing')} worth attention: {', '.join(parts)}"
    if outcome == NO_DATA:
        return "no data: nothing was collected, so nothing can have been found"
    if outcome == UNKNOWN:
        return "not known: no finding, and nobody recorded how much was collected"
    if day.findings:
        return f"a quiet day: nothing to look at, {_many(day.total, 'finding')} for the record alone"
    return f"a quiet day: nothing was found in {_many(entries, 'entry')}"


def explanation_of(day: Day) -> str:
    """Return what a reader of a day without things has to know, or ""."""
    outcome = outcome_of(day)
    if outcome == NO_DATA:
        return (
            "Not one entry arrived in these 24 hours. This is no quiet day but a blind one: look at the collection "
            "before anything else."
        )
    if outcome == UNKNOWN:
        return (
            "No alert recorded a finding, and there is no record of what was collected: switch on "
            "Slack - Daily Volumes - Lookup Gen, and look whether entries arrive."
        )
    if outcome == QUIET and not day.findings and not day.recorded:
        return (
            "Entries were collected, but no alert has recorded a finding for weeks: look whether the alerts of this "
            "app are switched on."
        )
    return ""


def new_things(new: Sequence[NewThing], young: Sequence[str]) -> list[str]:
    """Return a line for each thing that was never seen before, and for what cannot be told yet."""
    lines = []
    for kind, title in _NEW_KINDS.items():
        found = [thing for thing in new if thing.kind == kind]
        for thing in found[:MOST_LISTED]:
            detail = f" ({thing.detail})" if thing.detail else ""
            lines.append(f"{title}: {thing.name}{detail}, {thing.when}")
        if len(found) > MOST_LISTED:
            lines.append(f"{title}: {len(found) - MOST_LISTED} more")
        if kind in young:
            lines.append(f"{title}: the history is younger than a week, so nothing can be called new yet")
    return lines


def for_the_record(findings: Sequence[Finding]) -> list[str]:
    """Return a line for each rule whose findings ask for nothing, the most frequent first."""
    counts = Counter(finding.rule for finding in findings if tier_of(finding.severity) == OTHER_TIER)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [f"{rule}: {_many(number, 'finding')}" for rule, number in ordered[:MOST_LISTED]]
    more = sum(number for _, number in ordered[MOST_LISTED:])
    return lines + ([f"other rules: {_many(more, 'finding')}"] if more else [])


def control_changes(day: Day) -> list[str]:
    """Return a line for each control that was changed, weakened ones first.

    The posture of controls knows all of them; without it the findings tell of those that an alert looks at.
    """
    changed = list(day.changes) or [
        Change(finding.direction, finding.summary) for finding in day.findings if finding.direction
    ]
    changed.sort(key=lambda change: (_DIRECTION_ORDER.index(change.direction), change.text))
    lines = [f"{_DIRECTION[change.direction]}: {change.text}" for change in changed[:MOST_LISTED]]
    return lines + ([f"{len(changed) - MOST_LISTED} more"] if len(changed) > MOST_LISTED else [])


_DIRECTION_ORDER = ("weakened", "unknown", "strengthened", "unchanged")
_DIRECTION = {
    "weakened": "weakened",
    "strengthened": "strengthened",
    "unchanged": "set to the same value",
    "unknown": "changed, direction not known",
}


def volume_lines(volumes: Sequence[Against]) -> list[str]:
    """Return a line for each number of the day beside what is usual."""
    lines = []
    for volume in volumes:
        if volume.usual is None:
            usual = "no usual number yet"
        else:
            verdict = f", {volume.verdict} than usual" if volume.verdict not in ("", "usual") else ""
            usual = f"usually {volume.usual:,.0f}{verdict}"
        lines.append(f"{volume.name}: {volume.number:,} ({usual})")
    return lines


def collection_lines(day: Day, inputs: Sequence[Input]) -> list[str]:
    """Return how the collection itself did: each input, and what its alerts (U71) found."""
    lines = []
    for one in inputs:
        usual = "no usual number yet" if one.usual is None else f"usually {one.usual:,.0f}"
        ago = (day.end - one.newest) / 3600
        newest = "nothing in weeks" if not one.newest else f"newest entry {_span(ago * 3600)} before the end"
        lines.append(f"{one.source}: {_many(one.entries, 'entry')} ({usual}), {newest}")
    if not of_the_day(day):
        lines.append("how much was collected is not recorded: Slack - Daily Volumes - Lookup Gen did not run")
    elif not any(one.entries for one in inputs):
        lines.append("nothing was collected")
    trouble = [finding for finding in day.findings if finding.rule_id.startswith("U71")]
    lines += [f"{finding.severity}: {finding.summary}" for finding in trouble[:MOST_LISTED]]
    if day.unreadable:
        lines.append(f"{_many(day.unreadable, 'recorded finding')} could not be read and is not in this digest")
    return lines


def _object(finding: Finding) -> str:
    return inert(finding.entity) or "no account named"


def _why(item: Item) -> str:
    sentences = [_reason(item)]
    told: dict[str, Finding] = {}
    for finding in item.findings:
        told.setdefault(finding.rule_id, finding)
    for finding in list(told.values())[:MOST_TOLD]:
        sentences.append(_sentence(finding.summary or f"{finding.rule}, {_many(finding.count, 'entry')}"))
    rest = [finding.rule for finding in list(told.values())[MOST_TOLD:]]
    if rest:
        sentences.append(f"Also: {', '.join(dict.fromkeys(rest))}.")
    return " ".join(sentences)


def _reason(item: Item) -> str:
    count, rules = len(item.findings), len({finding.rule_id for finding in item.findings})
    if count == 1:
        return f"{item.severity.capitalize()}, by one rule."
    span = _span(item.last - item.first)
    within = f" within {span}" if item.last > item.first else " at the same time"
    if rules == 1:
        return f"{item.severity.capitalize()}; one rule found it {count} times{within}."
    return f"{item.severity.capitalize()}; {rules} rules agree on it{within}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "...")) else text + "."


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown


def _many(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def _span(seconds: float) -> str:
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (noun == "minute" and seconds >= size):
            return _many(round(seconds / size), noun)
    return "a minute"
