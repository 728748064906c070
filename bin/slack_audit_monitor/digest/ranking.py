"""Which three things of a day, and in which order: by severity, risk and kinship of findings, never by any text.

Findings that share an account or an object are one thing: a strange sign-in, a role and an export of the same account
are worth one look, not three. The gravest comes first; among equals the risk of the different rules adds up, because
several witnesses are worth more than one that repeats itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slack_audit_monitor.digest.day import SEVERITIES, Finding, is_account
from slack_audit_monitor.finding import OTHER_TIER, TIERS

MOST_ITEMS = 3
#: More rules than this do not make a thing riskier.
MOST_RULES = 5
#: A finding about more accounts than this (a spray, an app that many installed) says nothing of their kinship.
MOST_KIN = 3


@dataclass(frozen=True)
class Item:
    """One thing: kindred findings, the worst first.

    Attributes:
        findings: in order of severity, risk, then time.
        score: the risk of its rules added up, each once, at most five.
    """

    findings: tuple[Finding, ...]
    score: float

    @property
    def worst(self) -> Finding:
        """The finding that leads."""
        return self.findings[0]

    @property
    def severity(self) -> str:
        """That of the worst finding."""
        return self.worst.severity

    @property
    def tier(self) -> str:
        """page, review or archive, of the worst finding."""
        return tier_of(self.severity)

    @property
    def rules(self) -> tuple[str, ...]:
        """Titles of its rules, the worst first, each once."""
        return tuple(dict.fromkeys(finding.rule for finding in self.findings))

    @property
    def finding_ids(self) -> tuple[str, ...]:
        """Ids of its findings, the worst first."""
        return tuple(finding.finding_id for finding in self.findings)

    @property
    def people(self) -> tuple[str, ...]:
        """Accounts concerned, then those who acted on them."""
        people = [person for finding in self.findings for person in finding.people]
        return tuple(dict.fromkeys([*people, *(actor for finding in self.findings for actor in finding.actors)]))

    @property
    def apps(self) -> tuple[tuple[str, str], ...]:
        """(id, name) of the apps."""
        return tuple(dict.fromkeys((found.app_id, found.app_name) for found in self.findings if found.app_id))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Network addresses."""
        return tuple(dict.fromkeys(address for finding in self.findings for address in finding.addresses))

    @property
    def first(self) -> float:
        """Beginning of the earliest finding, epoch seconds."""
        return min(finding.first for finding in self.findings)

    @property
    def last(self) -> float:
        """End of the latest finding, epoch seconds."""
        return max(finding.last for finding in self.findings)


def tier_of(severity: str) -> str:
    """Return page, review or archive."""
    return TIERS.get(severity, OTHER_TIER)


def ranked(findings: Iterable[Finding]) -> list[Item]:
    """Return all things of the day, the one that matters most first. The order of the findings does not matter."""
    return sorted((_item(group) for group in _kindred(findings)), key=_order)


def worth_telling(items: Sequence[Item]) -> list[Item]:
    """Return those that are told in full: what has to be acted on or looked at, at most three."""
    return [item for item in items if item.tier != OTHER_TIER][:MOST_ITEMS]


def _order(item: Item) -> tuple[object, ...]:
    return (
        SEVERITIES.index(item.severity),
        -item.score,
        -item.last,
        item.worst.finding_id,
    )


def _item(findings: Sequence[Finding]) -> Item:
    by_rule: dict[str, float] = {}
    for finding in findings:
        by_rule[finding.rule_id] = max(by_rule.get(finding.rule_id, 0.0), finding.risk)
    return Item(
        tuple(
            sorted(
                findings,
                key=lambda found: (SEVERITIES.index(found.severity), -found.risk, found.first, found.finding_id),
            )
        ),
        sum(sorted(by_rule.values(), reverse=True)[:MOST_RULES]),
    )


def _kindred(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return groups of findings that are connected by what they are about."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    firsts = []
    for finding in findings:
        first, *others = sorted(_keys(finding))
        for key in others:
            parent[root(key)] = root(first)
        firsts.append((finding, first))
    groups: dict[str, list[Finding]] = {}
    for finding, first in firsts:
        groups.setdefault(root(first), []).append(finding)
    return list(groups.values())


def _keys(finding: Finding) -> set[str]:
    keys = {"finding " + finding.finding_id}
    if finding.entity:
        keys.add("object " + finding.entity)
    if finding.app_id:
        keys.add("app " + finding.app_id)
    for accounts in (finding.people, finding.actors):
        if len(accounts) <= MOST_KIN:
            keys.update("account " + account.lower() for account in accounts if is_account(account))
    return keys
