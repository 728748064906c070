"""What a model is asked: the rows of the chosen things and nothing else, with placeholders in the place of values.

People, apps, addresses, numbers and times have each a placeholder. The values of people (unless a site wants them
sent) and addresses stay here. Text that users wrote (names of apps, the sentences of findings) is sent only where a
site asked for it, and then inert, with placeholders in it, and without digits.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_audit_monitor.digest.day import Finding
from slack_audit_monitor.digest.pseudonyms import Pseudonyms
from slack_audit_monitor.digest.ranking import Item
from slack_audit_monitor.digest.settings import LONGEST_PROMPT, Model
from slack_audit_monitor.errors import ConfigError

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prompt.txt")
LETTERS = "ABC"
#: Of a thing with many findings the worst are sent.
MOST_FINDINGS = 8
MOST_PLACEHOLDERS = 6
#: Tokens of an unknown model are guessed on the safe side: English has four letters and more to one.
LETTERS_A_TOKEN = 3

_ANY_EMAIL = re.compile(r"[^\s@,;:()']+@[^\s@,;:()']+")
_ACCOUNT_ID = re.compile(r"\b[UW][A-Z0-9]{6,}\b")
_ANY_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?:/\d+)?(?![\w:])"
)
_PLACEHOLDER = re.compile(r"(\{[a-z]+-[a-z0-9]+\})")


@dataclass(frozen=True)
class Thing:
    """One thing as a model sees it.

    Attributes:
        letter: by which the answer names it.
        values: placeholder (without braces) -> what is inserted for it.
        finding_ids: those that were sent.
        document: what is sent.
        texts: values that must not stand in the answer as they are.
    """

    letter: str
    values: Mapping[str, str]
    finding_ids: frozenset[str]
    document: Mapping[str, Any]
    texts: tuple[str, ...]


@dataclass
class _Facts:
    """Placeholders of one thing, with what the model is told of each."""

    values: dict[str, str]
    told: dict[str, str]

    def add(self, name: str, value: str, told: str) -> str:
        self.values[name] = value
        self.told["{" + name + "}"] = told
        return "{" + name + "}"


def things_of(items: Sequence[Item], model: Model, pseudonyms: Pseudonyms | None) -> list[Thing]:
    """Return what is sent of the items. Without `pseudonyms` people are sent by their names."""
    return [_thing(LETTERS[number], item, model, pseudonyms) for number, item in enumerate(items)]


def messages_of(things: Sequence[Thing], prompt: str) -> list[dict[str, str]]:
    """Return the messages of a chat."""
    data = json.dumps({"things": [thing.document for thing in things]}, ensure_ascii=False, indent=1)
    return [{"role": "system", "content": prompt}, {"role": "user", "content": data}]


def tokens_of(messages: Sequence[Mapping[str, str]]) -> int:
    """Return about how many tokens the messages are, rather too many than too few."""
    return sum(len(message["content"]) for message in messages) // LETTERS_A_TOKEN


def read_prompt(model: Model, app_folder: str) -> str:
    """Return the site's prompt if one is set, else the shipped one.

    Raises:
        ConfigError: the site's file cannot be read or is no prompt.
    """
    path = os.path.join(app_folder, "local", model.prompt_file) if model.prompt_file else SHIPPED
    try:
        if model.prompt_file and (os.path.islink(path) or not os.path.isfile(path)):
            raise OSError("there is no such file")
        with open(path, encoding="utf-8") as file:
            text = file.read(LONGEST_PROMPT + 1).strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            "prompt_file",
            f"prompt_file: {model.prompt_file} in the folder local of this app cannot be read "
            f"({getattr(problem, 'strerror', None) or problem}); allowed is a text file in UTF-8.",
        ) from None
    if not text or len(text) > LONGEST_PROMPT:
        raise ConfigError(
            "prompt_file", f"prompt_file: {model.prompt_file} holds nothing or more than {LONGEST_PROMPT} characters."
        )
    return text


def _thing(letter: str, item: Item, model: Model, pseudonyms: Pseudonyms | None) -> Thing:
    facts = _Facts({}, {})
    place = letter.lower()
    people: dict[str, str] = {}
    for number, person in enumerate(item.people[:MOST_PLACEHOLDERS], start=1):
        name = f"person-{place}{number}" if pseudonyms is None else pseudonyms.of(person)
        people[person] = facts.add(name, person, f"account {person}" if pseudonyms is None else "an account")
    apps: dict[str, str] = {}
    for number, (app, title) in enumerate(item.apps[:MOST_PLACEHOLDERS], start=1):
        shown = f"{title} ({app})" if title else app
        apps[app] = facts.add(f"app-{place}{number}", shown, f"app {title}" if model.event_text and title else "an app")
    addresses: dict[str, str] = {}
    for number, address in enumerate(item.addresses[:MOST_PLACEHOLDERS], start=1):
        addresses[address] = facts.add(f"address-{place}{number}", address, "a network address")
    facts.add(f"findings-{place}", f"{len(item.findings):,}", f"number of findings, {len(item.findings)}")
    facts.add(f"rules-{place}", f"{len(item.rules):,}", f"number of different rules, {len(item.rules)}")
    findings = []
    for number, finding in enumerate(item.findings[:MOST_FINDINGS], start=1):
        known = {**people, **addresses, **{finding.app_name: apps.get(finding.app_id, "")}}
        document: dict[str, Any] = {
            "id": finding.finding_id,
            "rule": finding.rule,
            "severity": finding.severity,
            "about": [people[person] for person in finding.people if person in people],
            "done_by": [people[person] for person in finding.actors if person in people],
            "app": apps.get(finding.app_id, ""),
            "from": [addresses[address] for address in finding.addresses if address in addresses],
            "entries": facts.add(f"count-{place}{number}", f"{finding.count:,}", f"number of entries, {finding.count}"),
            "time": facts.add(f"time-{place}{number}", finding.when, "a time"),
            "slack_actions": list(finding.actions[:MOST_PLACEHOLDERS]),
            "direction": finding.direction,
        }
        if model.event_text:
            document["sentence"] = _masked(finding, known, pseudonyms is not None)
        findings.append({name: value for name, value in document.items() if value})
    return Thing(
        letter=letter,
        values=facts.values,
        finding_ids=frozenset(finding.finding_id for finding in item.findings[:MOST_FINDINGS]),
        document={"thing": letter, "severity": item.severity, "findings": findings, "facts": facts.told},
        texts=tuple(
            text for text in (*item.people, *item.addresses, *(part for app in item.apps for part in app)) if text
        ),
    )


def _masked(finding: Finding, known: Mapping[str, str], hide_people: bool) -> str:
    """Return the finding's sentence with placeholders for what has one, and without digits."""
    text = finding.summary
    for value in sorted((value for value in known if value and known[value]), key=len, reverse=True):
        text = text.replace(value, known[value])
    if hide_people:
        text = _ANY_EMAIL.sub("(a mail address)", text)
        text = _ACCOUNT_ID.sub("(an account)", text)
        text = _ANY_IP.sub("(a network address)", text)
    parts = _PLACEHOLDER.split(text)
    return "".join(part if _PLACEHOLDER.fullmatch(part) else re.sub(r"\d+", "#", part) for part in parts)
