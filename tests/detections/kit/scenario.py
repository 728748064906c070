"""A scenario file as typed objects: one detection, its cast, its tables, its cases.

Knows which keys a file may hold and refuses every other one by name, because a misspelt key
would make a case pass for the wrong reason. Does not build entries (entries.py), run searches
(replay.py) or compare findings (findings.py).
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .moments import parse_duration, parse_instant
from .problems import ScenarioError
from .yaml_text import read_yaml

#: Seconds between an act in Slack and its entry in the index, when a scenario says nothing else:
#: one poll a minute, and Slack's own delay.
USUAL_ARRIVAL = "+45s"

_SCENARIO_KEYS = (
    "detection rule_id story start cast apps channels places lookups geo macros arrives history cases"
).split()
_CASE_KEYS = "name why start lookups geo macros arrives history zone until events alerts".split()
_LINE_KEYS = (
    "at who did to file ip ua session via agent where details entity raw without odd id same_as arrives "
    "arrives_at repeat files log"
).split()

_RANGE = re.compile(r"\{(\d+)-(\d+)\}")


@dataclass(frozen=True)
class Case:
    """One story line: entries in, findings out."""

    scenario: Scenario
    name: str
    start: int
    lines: tuple[Mapping[str, Any], ...]
    alerts: tuple[Mapping[str, Any], ...]
    lookups: Mapping[str, list[dict[str, Any]]]
    geo: tuple[Mapping[str, Any], ...]
    macros: Mapping[str, str]
    arrives: int
    zone: str
    until: int | None

    @property
    def title(self) -> str:
        """`slack_owner_granted :: the name of the case`."""
        return f"{self.scenario.slug} :: {self.name}"


@dataclass(frozen=True)
class Scenario:
    """One detection's file."""

    path: Path
    detection: str
    rule_id: str  # several rows of one alert: "U56 U57"
    story: str
    cast: Mapping[str, Mapping[str, Any]]
    apps: Mapping[str, Mapping[str, Any]]
    channels: Mapping[str, Mapping[str, Any]]
    places: Mapping[str, Mapping[str, Any]]
    cases: list[Case] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The file's name without its ending; the detection's macros begin with it."""
        return self.path.stem

    @property
    def plain_cases(self) -> list[Case]:
        """The first case that fires and the first that stays quiet: a sample for what asks no search in particular."""
        firing = [case for case in self.cases if case.alerts]
        quiet = [case for case in self.cases if not case.alerts]
        return firing[:1] + quiet[:1]


def check_keys(given: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    """Refuse a key outside `allowed`, naming the nearest one."""
    allowed = list(allowed)
    for key in given:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; allowed are {', '.join(allowed)}"
            raise ScenarioError(f"{where}: unknown key {key!r}{hint}")


def load_scenario(path: Path) -> Scenario:
    """Read one file.

    Raises:
        ScenarioError: with the file's name, and the case's where there is one.
    """
    try:
        return _read(path, path.read_text(encoding="utf-8"))
    except ScenarioError as error:
        raise error.within(path.name) from None


@functools.cache  # several test modules play the same files
def _read(path: Path, text: str) -> Scenario:
    return _build(path, read_yaml(text))


def _build(path: Path, document: Any) -> Scenario:
    if not isinstance(document, dict):
        raise ScenarioError("the file is no mapping; begin with detection:, story:, start:, cast:, cases:")
    check_keys(document, _SCENARIO_KEYS, "top level")
    for key in ("detection", "rule_id", "story", "start", "cases"):
        if not document.get(key):
            raise ScenarioError(f"{key}: is missing or empty")
    scenario = Scenario(
        path=path,
        detection=document["detection"],
        rule_id=document["rule_id"],
        story=document["story"],
        cast=_numbered(document.get("cast") or {}),
        apps=document.get("apps") or {},
        channels=document.get("channels") or {},
        places=document.get("places") or {},
    )
    names = set()
    for number, given in enumerate(document["cases"], 1):
        case = _build_case(scenario, document, given, number)
        if case.name in names:
            raise ScenarioError(f"case {number}: the name {case.name!r} is taken; each case needs its own")
        names.add(case.name)
        scenario.cases.append(case)
    return scenario


def _numbered(cast: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Expand `p{1-20}: {id: W00{n}, …}` to twenty people."""
    people: dict[str, Mapping[str, Any]] = {}
    for name, person in cast.items():
        head, brace, tail = str(name).partition("{")
        if not brace:
            people[name] = person
            continue
        first, _, last = tail.rstrip("}").partition("-")
        if not (first.isdigit() and last.isdigit()):
            raise ScenarioError(f"cast {name!r}: write the numbers as p{{1-20}}")
        for n in range(int(first), int(last) + 1):
            people[f"{head}{n}"] = fill_number(person, n)
    return people


def fill_number(value: Any, n: int) -> Any:
    """`value` with `{n}` replaced in every text inside it."""
    if isinstance(value, str):
        return value.replace("{n}", str(n)).replace("{x}", f"{n:x}")
    if isinstance(value, dict):
        return {key: fill_number(member, n) for key, member in value.items()}
    if isinstance(value, list):
        return [fill_number(member, n) for member in value]
    return value


def spread_lists(value: Any) -> Any:
    """`value` with each list member such as `scope.{1-110}` written out as that many members."""
    if isinstance(value, dict):
        return {key: spread_lists(member) for key, member in value.items()}
    if not isinstance(value, list):
        return value
    spread: list[Any] = []
    for member in value:
        match = _RANGE.search(member) if isinstance(member, str) else None
        if match is None:
            spread.append(spread_lists(member))
            continue
        numbers = range(int(match.group(1)), int(match.group(2)) + 1)
        spread += [member[: match.start()] + str(n) + member[match.end() :] for n in numbers]
    return spread


def _build_case(scenario: Scenario, document: Mapping[str, Any], given: Any, number: int) -> Case:
    where = f"case {number}"
    if not isinstance(given, dict) or not given.get("name"):
        raise ScenarioError(f"{where}: a case is a mapping with a name:")
    where = f"case {given['name']!r}"
    check_keys(given, _CASE_KEYS, where)
    if "events" not in given or not isinstance(given.get("alerts"), list):
        raise ScenarioError(f"{where}: events: and alerts: are needed; write alerts: [] for a quiet case")
    history = [] if given.get("history") == "none" else list(document.get("history") or [])
    if given.get("history") not in (None, "none"):
        history += given["history"]
    lines = history + list(given["events"] or [])
    for position, line in enumerate(lines, 1):
        if not isinstance(line, dict):
            raise ScenarioError(f"{where}, event {position}: {line!r} is no mapping of at:, who:, did:")
        check_keys(line, _LINE_KEYS, f"{where}, event {position}")
    try:
        return Case(
            scenario=scenario,
            name=given["name"],
            start=parse_instant(given.get("start") or document["start"]),
            lines=tuple(lines),
            alerts=tuple(given["alerts"]),
            lookups={**(document.get("lookups") or {}), **(given.get("lookups") or {})},
            geo=() if given.get("geo") == "none" else tuple(document.get("geo") or ()) + tuple(given.get("geo") or ()),
            macros={
                name: str(value)
                for name, value in {**(document.get("macros") or {}), **(given.get("macros") or {})}.items()
            },
            arrives=parse_duration(given.get("arrives") or document.get("arrives") or USUAL_ARRIVAL),
            zone=given.get("zone") or "UTC",
            until=parse_duration(given["until"]) if given.get("until") else None,
        )
    except ScenarioError as error:
        raise error.within(where) from None
