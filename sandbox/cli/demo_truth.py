"""Hold what fired against what was staged.

A finding belongs to a story when it names one of its entries, or, where it names none, one
of its people or addresses at the time of the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.splunkd.findings import Finding

# A finding may come some hours after the entry that it is about: settle lags and schedules.
_AFTERMATH_SECONDS = 4 * 3600


@dataclass
class Verdict:
    """One staged occurrence with the rules that had to fire and those that did."""

    name: str
    tale: str
    expected: tuple[str, ...]
    fired: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[str]:
        return [rule_id for rule_id in self.expected if rule_id not in self.fired]


@dataclass
class Comparison:
    """All verdicts, and which findings belong to what. Keys of `belongs` are positions of findings."""

    stories: list[Verdict]
    routine: list[Verdict]
    near_misses: list[Verdict]
    habits: list[Verdict]
    belongs: dict[int, str]
    unexplained: list[Finding]

    @property
    def complete(self) -> bool:
        """Whether every story fired every rule that it had to."""
        return all(not verdict.missed for verdict in self.stories)


def compare(findings: Sequence[Finding], truth: Mapping[str, Any]) -> Comparison:
    """Attribute each finding to stories first, then to routine, near misses and habits."""
    kinds = {kind: list(truth.get(kind, ())) for kind in ("stories", "routine", "near_misses", "habits")}
    verdicts = {
        kind: [Verdict(tale["name"], tale["tale"], tuple(tale["rule_ids"])) for tale in tales]
        for kind, tales in kinds.items()
    }
    belongs: dict[int, str] = {}
    unexplained: list[Finding] = []
    for number, finding in enumerate(findings):
        for kind, tales in kinds.items():
            hits = [at for at, tale in enumerate(tales) if _is_about(finding, tale)]
            if kind == "habits":  # everyday acts explain the note that is made of them, and nothing else
                hits = [at for at in hits if finding["rule_id"] in tales[at]["rule_ids"]]
            for at in hits:
                verdict = verdicts[kind][at]
                if finding["rule_id"] not in verdict.fired:
                    verdict.fired.append(str(finding["rule_id"]))
            if hits:
                belongs[number] = ", ".join(verdicts[kind][at].name for at in hits)
                # A near miss that fires what it does not name is a false alarm, whoever staged it.
                if kind == "near_misses" and not any(finding["rule_id"] in tales[at]["rule_ids"] for at in hits):
                    unexplained.append(finding)
                break
        else:
            unexplained.append(finding)
    return Comparison(
        verdicts["stories"], verdicts["routine"], verdicts["near_misses"], verdicts["habits"], belongs, unexplained
    )


def _is_about(finding: Finding, tale: Mapping[str, Any]) -> bool:
    if finding["event_ids"]:
        return not set(tale["event_ids"]).isdisjoint(finding["event_ids"])
    first, last = finding["first_time"], finding["last_time"]
    if not isinstance(first, (int, float)) or not isinstance(last, (int, float)):
        return False
    named = {word for key in ("entity", "user", "src") for word in _words(finding[key])}
    in_time = first <= tale["to"] + _AFTERMATH_SECONDS and last >= tale["from"]
    return in_time and not named.isdisjoint(tale["entities"])


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [part for member in values if member is not None for part in str(member).split("|")]
