"""Does what an alert reported agree with what a case expects?

Compares the columns that the case names, and the number of findings. Knows the columns that hold
time. Knows nothing of how the findings came about.

A case writes for each expected finding a mapping of column to expectation:

    user: zoe@corp.example            the column's value (text, or a number)
    src: [198.51.100.7, 203.0.113.9]  a column of several values, in any order
    entity: { contains: [W0ZOE, FR] } parts of the text, in any case
    severity: { one_of: [high, critical] }
    first_time: +0s                   _time, first_time, last_time: offset from the case's start
    events: [first, second]           event_ids holds the entries with these id: labels, and no other
    mentions: [ana@corp.example]      somewhere in the finding, whatever the column
    silent_on: [unknown]              nowhere in the finding
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Callable

from .moments import parse_at
from .problems import ScenarioError

Finding = Mapping[str, Any]
_TIME_COLUMNS = ("_time", "first_time", "last_time")
_OPERATORS = ("contains", "lacks", "one_of")


def as_list(value: Any) -> list[Any]:
    """A column's members: one value, several, or none."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def as_epoch(value: Any) -> float | None:
    """Epoch seconds of a number or of an ISO 8601 text; None for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _plain(value: Any) -> str:
    """Text in which 10, 10.0 and "10" are one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return str(int(number)) if number == int(number) else repr(number)


class Expectation:
    """One expected finding of a case."""

    def __init__(self, wanted: Mapping[str, Any], start: int, ids_of: Callable[[str], list[str]]) -> None:
        self.wanted = wanted
        self._start = start
        self._ids_of = ids_of
        for column, value in wanted.items():
            if isinstance(value, dict) and not (value and set(value) <= set(_OPERATORS)):
                raise ScenarioError(f"alerts: {column}: operators are {', '.join(_OPERATORS)}, found {value!r}")

    def differences(self, finding: Finding) -> dict[str, str]:
        """Column -> what differs; empty when the finding is the expected one."""
        found = {}
        for column, value in self.wanted.items():
            problem = self._difference(column, value, finding)
            if problem:
                found[column] = problem
        return found

    def _difference(self, column: str, wanted: Any, finding: Finding) -> str | None:
        if column == "events":
            return self._events_difference(as_list(wanted), finding)
        if column in ("mentions", "silent_on"):
            text = " ".join(str(member) for value in finding.values() for member in as_list(value)).lower()
            wrong = [part for part in as_list(wanted) if (str(part).lower() in text) != (column == "mentions")]
            return f"{column} {wrong}: {'not found anywhere' if column == 'mentions' else 'found'}" if wrong else None
        got = finding.get(column)
        if column in _TIME_COLUMNS and not isinstance(wanted, dict):
            return self._time_difference(wanted, got)
        return _column_difference(wanted, got)

    def _events_difference(self, labels: Sequence[Any], finding: Finding) -> str | None:
        wanted = {entry_id for label in labels for entry_id in self._ids_of(str(label))}
        got = {str(entry_id) for entry_id in as_list(finding.get("event_ids"))}
        if wanted == got:
            return None
        return f"event_ids: {len(wanted - got)} of {len(wanted)} missing, {len(got - wanted)} too many"

    def _time_difference(self, wanted: Any, got: Any) -> str | None:
        epoch = as_epoch(got)
        target = parse_at(wanted, self._start)
        if epoch is not None and int(epoch) == target:
            return None
        away = "no time" if epoch is None else f"{int(epoch) - self._start:+d}s from the start"
        return f"expected {wanted}, got {got!r} ({away})"


def _column_difference(wanted: Any, got: Any) -> str | None:
    members = [_plain(member) for member in as_list(got)]
    if isinstance(wanted, dict):
        text = " ".join(members).lower()
        missing = [part for part in as_list(wanted.get("contains")) if str(part).lower() not in text]
        present = [part for part in as_list(wanted.get("lacks")) if str(part).lower() in text]
        choices = [_plain(choice) for choice in as_list(wanted.get("one_of"))]
        if missing or present or (choices and members not in [[choice] for choice in choices]):
            return f"expected {wanted}, got {got!r}"
        return None
    if sorted(_plain(member) for member in as_list(wanted)) != sorted(members):
        return f"expected {wanted!r}, got {got!r}"
    return None


def pair_up(expected: Sequence[Expectation], findings: Sequence[Finding]) -> dict[int, int]:
    """Expectation index -> finding index, as many pairs as can agree at once.

    Several expectations may accept one finding (`{}` accepts any), so the pairs are a maximum
    matching and not the first that fits.
    """
    accepts = [[j for j, finding in enumerate(findings) if not want.differences(finding)] for want in expected]
    owner: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j in accepts[i]:
            if j in tried:
                continue
            tried.add(j)
            if j not in owner or place(owner[j], tried):
                owner[j] = i
                return True
        return False

    for i in range(len(expected)):
        place(i, set())
    return {i: j for j, i in owner.items()}


def nearest(expected: Expectation, findings: Iterable[Finding]) -> dict[str, str] | None:
    """The differences to the finding that comes closest; None when there is no finding at all."""
    return min((expected.differences(finding) for finding in findings), key=len, default=None)
