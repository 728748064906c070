"""When faults happen.

A rule ties a fault to calls of `/logs`: the third, each seventh, five in a hundred, all. A schedule is a
list of rules; the first that is due decides. With one seed it plays the same way each time, call by call.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from . import faults
from .faults import Fault


@dataclass(frozen=True)
class Rule:
    """A fault and when it is due.

    Attributes:
        first, last: numbers of calls, counted from 1, both inclusive; `last` None is for ever.
        every: of these calls each n-th.
        chance: of these the share that is hit, 0 to 1.
        times: at most so often; None is no bound.
    """

    fault: Fault
    first: int = 1
    last: int | None = None
    every: int = 1
    chance: float = 1.0
    times: int | None = None

    def covers(self, number: int) -> bool:
        inside = number >= self.first and (self.last is None or number <= self.last)
        return inside and (number - self.first + 1) % self.every == 0


def on(number: int, fault: Fault) -> Rule:
    """On call `number` once; a fault that needs a cursor waits for the next call that has one."""
    return Rule(fault, first=number, times=1)


def every(n: int, fault: Fault) -> Rule:
    """On each n-th call."""
    return Rule(fault, every=n)


def chance(share: float, fault: Fault) -> Rule:
    """On this share of all calls, at random."""
    return Rule(fault, chance=share)


def always(fault: Fault) -> Rule:
    """On every call."""
    return Rule(fault)


class Schedule:
    """Decides for each call of `/logs` which fault it meets, if any."""

    def __init__(self, rules: Iterable[Rule] = (), seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._rules: list[tuple[Rule, list[int]]] = [(rule, [0]) for rule in rules]
        self._next: list[Fault] = []
        self._random = random.Random(f"schedule/{seed}")  # noqa: S311 - a repeatable play, not a secret
        self._calls = 0

    def play(self, fault: Fault, times: int = 1) -> None:
        """Play `fault` on the next `times` calls that it fits, before all rules."""
        with self._lock:
            self._next.extend([fault] * times)

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._rules, self._next = [], []

    def choose(self, has_cursor: bool) -> Fault | None:
        """Count one call; the fault that it meets."""
        with self._lock:
            self._calls += 1
            for i, fault in enumerate(self._next):
                if has_cursor or not fault.needs_cursor:
                    return self._next.pop(i)
            chosen: Fault | None = None
            for rule, played in self._rules:
                # One draw for each rule and call, hit or not: else one rule would shift the others' luck.
                lucky = rule.chance >= 1 or self._random.random() < rule.chance
                if chosen is None and lucky and self._is_due(rule, played[0], has_cursor):
                    played[0] += 1
                    chosen = rule.fault
            return chosen

    def _is_due(self, rule: Rule, played: int, has_cursor: bool) -> bool:
        if rule.times is not None and played >= rule.times:
            return False
        return rule.covers(self._calls) and (has_cursor or not rule.fault.needs_cursor)


def storm(share: float = 0.3, retry_after: int = 1) -> list[Rule]:
    """Every fault that a collector must survive by itself, mixed; together on about `share` of calls."""
    kinds = [
        faults.rate_limited(retry_after),
        faults.rate_limited(retry_after, "ratelimited"),
        faults.server_error(500),
        faults.server_error(503),
        faults.html(),
        faults.ok_false(),
        faults.reset(),
        faults.close(),
        faults.cut_json(),
        faults.invalid_cursor(),
        faults.repeated_cursor(),
        faults.above_limit(),
        faults.below_limit(),
        faults.empty_page(),
        faults.repeated_entries(),
        faults.last_page("null"),
        faults.last_page("absent"),
        faults.last_page("no_metadata"),
    ]
    return [chance(share / len(kinds), fault) for fault in kinds]


_WHEN = re.compile(
    r"(?P<text>.*?)(?:@(?P<first>\d+)(?:-(?P<last>\d+))?|/(?P<every>\d+)|%(?P<percent>\d+(?:\.\d+)?))?"
)


def parse_rule(text: str) -> list[Rule]:
    """Rules from text.

    `FAULT@3` (third call), `FAULT@3-5`, `FAULT/7` (each seventh), `FAULT%5` (five in a hundred), `FAULT`
    (always), `storm` or `storm%30`.

    Raises:
        ValueError: in words for the person who typed it.
    """
    found = _WHEN.fullmatch(text.strip())
    if found is None or not found["text"]:
        raise ValueError(
            f"cannot read {text!r}; write a fault's name and when, as in reset/7 or rate_limited@3"
        )
    percent = float(found["percent"]) if found["percent"] else None
    if found["text"] == "storm":
        return storm() if percent is None else storm(percent / 100)
    fault = faults.parse(found["text"])
    if percent is not None:
        return [chance(percent / 100, fault)]
    if found["every"]:
        if int(found["every"]) < 1:
            raise ValueError(f"{text!r}: each 0-th call does not exist; use 1 or more")
        return [every(int(found["every"]), fault)]
    if found["last"]:
        return [Rule(fault, first=int(found["first"]), last=int(found["last"]))]
    return [on(int(found["first"]), fault)] if found["first"] else [always(fault)]
