"""The whole digest: what is stored of a day, and the same as plain text for a mail.

Knows nothing of how its words came about; it is told who wrote them and, if that was not meant, why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from slack_audit_monitor import APP_ID
from slack_audit_monitor.digest.day import Day
from slack_audit_monitor.digest.inert import inert
from slack_audit_monitor.digest.ranking import Item, worth_telling
from slack_audit_monitor.digest.volumes import Against, Input, against_usual, inputs
from slack_audit_monitor.digest.wording import (
    Words,
    collection_lines,
    control_changes,
    explanation_of,
    for_the_record,
    headline_of,
    new_things,
    outcome_of,
    title_of,
    volume_lines,
)
from slack_audit_monitor.finding import OTHER_TIER

#: Findings that an item lists by their id.
MOST_FINDING_IDS = 25
MOST_NAMED = 10
#: Splunk shows an account's page from so long before the first finding to so long after the last.
MARGIN_SECONDS = 86_400


@dataclass(frozen=True)
class Author:
    """Who worded the digest.

    Attributes:
        written_by: template or model.
        model: its name, "" for none.
        fallback: why the template wrote it although a model is set up, one word; "none".
        reason: the same as a sentence.
        tokens: what the model's server says it took, both ways.
    """

    written_by: str = "template"
    model: str = ""
    fallback: str = "none"
    reason: str = ""
    tokens: int = 0

    @property
    def sentence(self) -> str:
        """For the foot of the page."""
        if self.written_by == "model":
            return (
                f"Worded by the model {self.model}. Which things, their order, and every number and name come from "
                "the findings."
            )
        if self.fallback != "none":
            return f"Worded by the template, because the model was of no use this time: {self.reason}"
        return "Worded by the template; no model is set up."


@dataclass(frozen=True)
class Digest:
    """A day and its words, ready to be stored.

    Attributes:
        items: all things of the day, the first three are told in `words`.
        web: where Splunk Web stands, up to the path of apps; "" when not known.
    """

    day: Day
    items: Sequence[Item]
    words: Sequence[Words]
    author: Author
    web: str = ""
    volumes: Sequence[Against] = field(default_factory=tuple)
    inputs: Sequence[Input] = field(default_factory=tuple)

    @property
    def digest_id(self) -> str:
        """The same for each run of the same day."""
        return "digest-" + self.day.day

    @property
    def content(self) -> str:
        """Digest of what it says, who worded it aside."""
        said = [self.day.day, *sorted(finding.finding_id for finding in self.day.findings), *self._facts()]
        return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()[:24]

    def _facts(self) -> list[str]:
        day = self.day
        return [
            *(" ".join(item.finding_ids) for item in worth_telling(self.items)),
            *new_things(day.new, day.young),
            *control_changes(day),
            *volume_lines(self.volumes),
            *collection_lines(day, self.inputs),
        ]

    def event(self, **more: Any) -> str:
        """Return the digest as one line of JSON; `more` follows what stands in front."""
        day = self.day
        document: dict[str, Any] = {
            "digest_time": int(day.end),
            "digest_id": self.digest_id,
            "revision": more.pop("revision", 1),
            "day": day.day,
            "outcome": outcome_of(day),
            "headline": headline_of(day, self.items),
            "findings": day.total,
            "written_by": self.author.written_by,
            "model": self.author.model,
            "fallback": self.author.fallback,
            "fallback_reason": self.author.reason,
            "tokens": self.author.tokens,
            "window_start": int(day.start),
            "window_end": int(day.end),
            "window_from": day.window_from,
            "window_to": day.window_to,
            **more,
            "explanation": explanation_of(day),
            "author": self.author.sentence,
            "items": [self._item(number) for number in range(len(self.words))],
            "for_the_record": for_the_record(day.findings),
            "new": [
                {"kind": thing.kind, "name": thing.name, "detail": thing.detail, "when": thing.when}
                for thing in day.new
            ],
            "new_things": new_things(day.new, day.young),
            "controls": control_changes(day),
            "volumes": [
                {"name": one.name, "number": one.number, "usual": one.usual, "verdict": one.verdict}
                for one in self.volumes
            ],
            "collection": collection_lines(day, self.inputs),
            "text": self.text(),
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    def _item(self, number: int) -> Mapping[str, Any]:
        item, words = self.items[number], self.words[number]
        return {
            "rank": number + 1,
            "severity": item.severity,
            "tier": item.tier,
            "score": item.score,
            "title": words.title,
            "why": words.why,
            "next_step": words.next_step,
            "people": list(item.people[:MOST_NAMED]),
            "apps": [f"{name} ({app})" if name else app for app, name in item.apps[:MOST_NAMED]],
            "rules": list(item.rules),
            "finding_ids": list(item.finding_ids[:MOST_FINDING_IDS]),
            "findings": len(item.findings),
            "link": self._link(item),
            "account": self._account(item),
            "first_time": item.first,
            "last_time": item.last,
        }

    @staticmethod
    def _account(item: Item) -> str:
        return item.worst.people[0] if item.worst.people else ""

    def _link(self, item: Item) -> str:
        """Return where the thing is looked at: the account's page, else the finding's. All of it is escaped."""
        account = self._account(item)
        if account:
            place = f"account_investigation?form.account={quote(account, safe='@')}"
            place += f"&form.global_time.earliest={int(item.first) - MARGIN_SECONDS}"
            place += f"&form.global_time.latest={int(item.last) + MARGIN_SECONDS}"
        else:
            place = f"findings?form.finding={item.worst.finding_id}"
        return f"{self.web}/app/{APP_ID}/{place}"

    def text(self) -> str:
        """Return the digest as plain text."""
        day = self.day
        lines = [f"Slack, {day.window_from} to {day.window_to}", "", _sentence(headline_of(day, self.items))]
        if explanation_of(day):
            lines += [explanation_of(day)]
        for number, (item, words) in enumerate(zip(self.items, self.words)):
            lines += ["", f"{number + 1}. [{item.severity}] {words.title}"]
            lines += [f"   {words.why}"]
            lines += _line("Next", words.next_step)
            lines += _line("People", _listed(item.people))
            lines += _line("Apps", _listed([f"{name} ({app})" if name else app for app, name in item.apps]))
            lines += _line("Findings", _listed(item.finding_ids, 5))
            lines += _line("Look", self._link(item))
        others = [item for item in self.items[len(self.words) :] if item.tier != OTHER_TIER]
        more = [f"{item.severity}: {title_of(item)}" for item in others[:MOST_NAMED]]
        more += [f"{len(others) - MOST_NAMED} more"] if len(others) > MOST_NAMED else []
        for title, told in (
            ("Also to look at", more) if more else ("", []),
            ("For the record", for_the_record(day.findings)),
            ("New to the organisation", new_things(day.new, day.young)),
            ("Controls changed", control_changes(day)),
            ("Volumes", volume_lines(self.volumes)),
            ("Collection", collection_lines(day, self.inputs)),
        ):
            lines += ["", title, *(f"   {line}" for line in told or ["none"])] if title else []
        return "\n".join([*lines, "", self.author.sentence])


def digest_of(day: Day, items: Sequence[Item], words: Sequence[Words], author: Author, web: str = "") -> Digest:
    """Return the digest of a day; the numbers against the usual ones are worked out here."""
    return Digest(day, items, words, author, web, against_usual(day), inputs(day))


def web_of(results_link: str) -> str:
    """Return where Splunk Web stands, from splunkd's link to the results; "" if that is no plain address of a page."""
    start, found, _ = results_link.partition("/app/")
    ours = found and start.startswith(("http://", "https://")) and start.isascii() and start.isprintable()
    return start if ours and not set(start) & set(" <>\"'{}$`\\?#@") else ""


def _line(name: str, text: str) -> list[str]:
    return [f"   {name}: {text}"] if text else []


def _listed(names: Sequence[str], most: int = MOST_NAMED) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _sentence(text: str) -> str:
    return inert(text[:1].upper() + text[1:], 400) + "."
