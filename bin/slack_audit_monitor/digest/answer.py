"""What is taken of a model's answer: its sentences, if every one of them keeps the rules; else nothing at all.

A model may have been talked into something by a name that it read, or may simply be wrong. So an answer can say
nothing that matters by itself: which things there are is not its to say, people, apps, addresses, numbers and times
are inserted here from the rows, and whatever is left must be plain words.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_audit_monitor.digest.prompt import Thing
from slack_audit_monitor.digest.wording import Words

SCHEMA_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "answer.schema.json")
LIMITS = {"title": 160, "why": 1_000, "next_step": 600}

_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\s*\Z", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([a-z]+-[a-z0-9]+)\}")
_PLAIN = re.compile(r"[A-Za-z ,.;:'()?!\n\u2019\u2013\u2014-]*\Z")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e)\.")
_JOINED = re.compile(r"[A-Za-z][.:][A-Za-z]")
_NUMBER_WORDS = re.compile(
    r"(?i)\b(zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(thir|four|fif|six|seven|eigh|nine)teen|"
    r"(twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|dozens?|twice|thrice|couple|half)\b"
)
#: Names that a sentence about Slack needs; every other word with a capital letter inside a sentence is a name.
_KNOWN_NAMES = frozenset("Slack SSO MFA DLP API OAuth IP VPN URL ID AI I EKM".split())
#: A model that calls something harmless decides, and that is not its task.
_VERDICTS = re.compile(
    r"(?i)\b(harmless|benign|false positives?|ignore|disregard|no action|nothing to (do|worry|see)|resolved|"
    r"already (fixed|handled|approved)|approved by|safe to|not (a threat|suspicious|malicious)|legitimate|"
    r"(planned|authori[sz]ed|penetration) test|expected behaviou?r|as planned)\b"
)


class Unusable(Exception):
    """An answer that is not taken. `code` is one word for it, the text a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def words_from(content: str, things: Sequence[Thing]) -> list[Words]:
    """Return the words for each thing, in the order of the things.

    Raises:
        Unusable: anything is not as it must be.
    """
    items = _checked(content)
    by_letter: dict[str, Mapping[str, Any]] = {item["thing"]: item for item in items}
    if len(by_letter) != len(items) or set(by_letter) != {thing.letter for thing in things}:
        raise Unusable("wrong_things", "it does not word each thing that was asked for exactly once")
    return [_words(by_letter[thing.letter], thing) for thing in things]


def _checked(content: str) -> list[Mapping[str, Any]]:
    fenced = _FENCE.match(content.strip())
    try:
        value = json.loads(fenced.group(1) if fenced else content)
    except (ValueError, RecursionError):
        raise Unusable("bad_json", "it is no JSON") from None
    from jsonschema import Draft202012Validator

    with open(SCHEMA_PATH, encoding="utf-8") as file:
        schema = json.load(file)
    error = next(iter(Draft202012Validator(schema).iter_errors(value)), None)
    if error is not None:
        place = ".".join(str(step) for step in error.absolute_path) or "the answer"
        raise Unusable("wrong_form", f"it breaks the schema: {place[:60]}, {error.validator}")
    items: list[Mapping[str, Any]] = value["items"]
    return items


def _words(item: Mapping[str, Any], thing: Thing) -> Words:
    if not set(item["finding_ids"]) <= thing.finding_ids:
        raise Unusable("unknown_finding", "it cites a finding that was not among those it was given for that thing")
    filled = {name: _filled(name, item[name], thing) for name in LIMITS}
    return Words(**filled)


def _filled(member: str, text: str, thing: Thing) -> str:
    for name in _PLACEHOLDER.findall(text):
        if name not in thing.values:
            raise Unusable("unknown_placeholder", f"its {member} holds a placeholder that was not given for that thing")
    _check_words(member, _PLACEHOLDER.sub(" ", text), thing)
    # What is inserted was made inert when it was read; one pass, so that no value can hold another placeholder.
    return _one_line(_PLACEHOLDER.sub(lambda match: thing.values[match.group(1)], text), LIMITS[member])


def _one_line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."


def _check_words(member: str, text: str, thing: Thing) -> None:
    for value in thing.texts:
        # A name of small letters alone is a word like any other, and must not stand in the way of sentences.
        if len(value) >= 4 and not re.fullmatch("[a-z ]+", value) and value in text:
            raise Unusable("own_name", f"its {member} writes out a name in place of its placeholder")
    if re.search(r"\d", text) or _NUMBER_WORDS.search(text):
        raise Unusable("own_number", f"its {member} holds a number of its own")
    if not _PLAIN.match(text) or _JOINED.search(_ABBREVIATION.sub(" ", text)):
        raise Unusable("forbidden_text", f"its {member} holds characters or an address that do not belong there")
    if _VERDICTS.search(text):
        raise Unusable("own_verdict", f"its {member} judges what is not its to judge")
    for sentence in re.split(r"[.?!:]\s+|\n", text):
        for word in re.findall(r"[A-Za-z][A-Za-z'\u2019-]*", sentence)[1:]:
            if word[0].isupper() and word not in _KNOWN_NAMES:
                raise Unusable("own_name", f"its {member} holds a name of its own")
