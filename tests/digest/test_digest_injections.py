"""What attackers call things, held against the digest: nothing is chosen otherwise, nothing comes out alive.

The judges are not ours: markdown-it-py and linkify-it-py for what a mail program or a page would make a link of,
html.parser for markup, unicodedata for what one does not see.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS
from markdown_it import MarkdownIt

from slack_audit_monitor.digest.answer import Unusable, words_from
from slack_audit_monitor.digest.day import Day, read_day
from slack_audit_monitor.digest.inert import EMAIL
from slack_audit_monitor.digest.page import Author, digest_of
from slack_audit_monitor.digest.prompt import things_of
from slack_audit_monitor.digest.pseudonyms import Pseudonyms
from slack_audit_monitor.digest.ranking import ranked, worth_telling
from slack_audit_monitor.digest.settings import Model, read_model
from slack_audit_monitor.digest.wording import Words, words_of
from tests.digest.digest_world import MORNING, World, finding

pytestmark = pytest.mark.once

SAMPLES = yaml.safe_load((Path(__file__).parent / "injections.yaml").read_text(encoding="utf-8"))
BY_WHAT = {sample["what"]: sample["text"] for sample in SAMPLES}
WEB = "https://splunk.corp.example:8000"
PEOPLE = {"ann1@corp.example", "ann2@corp.example", "ann3@corp.example", "bo@corp.example"}
OUR_PAGE = re.compile(
    re.escape(WEB) + r"/app/slack_audit_monitor/(account_investigation\?form\.account=[A-Za-z0-9%@.~_-]+"
    r"&form\.global_time\.earliest=\d+&form\.global_time\.latest=\d+|findings\?form\.finding=[0-9a-f]+)(?![^\s])"
)
LINKS = LinkifyIt().tlds(TLDS)


def rows(text: str) -> list[dict[str, Any]]:
    """A day on which the text is the name of an app, a file, a channel, and a person.

    A whole mail address in a column for accounts is the address of an account, and no name that somebody typed.
    """
    name = "" if EMAIL.fullmatch(text) else text
    findings = [
        finding(1, severity="critical", risk_score=90, app_id="A0APP", app_name=text, entity="A0APP",
                summary=f"bo@corp.example brought in the app {text} (A0APP, not approved)."),
        finding(2, rule_id="U43", entity="F01", src_user=[],
                summary=f"ann2@corp.example made a public link to {text}, from 192.0.2.1."),
        finding(3, rule_id="U50", entity="C01|T01", severity="medium", risk_score=40, src_user=[],
                summary=f"The channel {text} is being shared with organisation T01; by ann3@corp.example."),
        finding(4, rule_id="U77", entity="W04", user=[name or "W04"], severity="medium", risk_score=39, src_user=[],
                summary=f"The account W04 took the name {text}, which looks like helpdesk.", next_step=f"Ask {text}."),
        finding(5, rule_id="U29", entity="A0LOW", severity="low", risk_score=20, user=[name or "W05"],
                src_user=[name or "W06"], summary=text),
    ]  # fmt: skip
    window = {"section": "window", "day": "2026-03-04", "window_end": str(MORNING), "window_from": "Tuesday",
              "window_to": "Wednesday", "recorded_findings": "9", "findings": "5"}  # fmt: skip
    since = {"known_since": "1", "when": "2026-03-04 04:00 UTC"}
    new = [
        {"section": "app", "app_id": "A0NEW", "app_name": text, "installed_by": name, **since},
        {"section": "country", "value": text, "slack_actor_id": text, **since},
        {"section": "outside", "outside": text, "organisation_name": f"1 {text}", "channel_name": f"1 {text}", **since},
        {"section": "recorded", "granted": name, "finding_id": "0", **since},
        {"section": "control", "direction": "weakened", "setting": "SSO", "place": text, "value": text,
         "previous_value": text, "changed_by": name, "when": "2026-03-04 04:00 UTC"},
        {"section": "volume", "source": text, "last": str(MORNING), "entries": "7"},
    ]  # fmt: skip
    found = [{**one, "section": "finding", "when": "2026-03-04 04:00 UTC"} for one in findings]
    return [window, *({name: cell if isinstance(cell, list) else str(cell) for name, cell in row.items()}
                      for row in [*found, *new])]  # fmt: skip


def day_of(text: str) -> Day:
    return read_day(rows(text))


def told(day: Day) -> list[tuple[str, ...]]:
    return [item.finding_ids for item in worth_telling(ranked(day.findings))]


class Tags(HTMLParser):
    """What a browser would find that is more than text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)

    handle_endtag = handle_decl = handle_pi = handle_comment = handle_entityref = handle_charref = (  # type: ignore[assignment]
        lambda self, *found: self.found.append(str(found))
    )


def assert_inert(text: str, allowed: set[str]) -> None:
    """Hold a text against the judges. `allowed`: mail addresses of accounts, and the one place that we link to."""
    # The address of our own page, which every thing leads to, is meant to be one.
    text = OUR_PAGE.sub("(our page)", text)
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.found == [], "markup"
    unseen = [letter for letter in text if unicodedata.category(letter)[0] == "C" and letter != "\n"]
    assert unseen == [] and "\u2028" not in text and "\u2029" not in text
    for sign in ("$", "`", "{{", "<", ">", "\\"):
        assert sign not in text, sign
    for match in LINKS.match(text) or []:
        assert match.text in allowed, match.text
    for line in text.split("\n"):
        rendered = MarkdownIt("commonmark").render(line)
        assert "<a " not in rendered and "<img" not in rendered and "<script" not in rendered, rendered


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_of(member)


def test_there_are_enough_and_all_differ() -> None:
    assert len(SAMPLES) >= 50 and len(BY_WHAT) == len(SAMPLES)
    assert len({sample["text"] for sample in SAMPLES}) == len(SAMPLES)


def test_the_judges_see_what_is_alive() -> None:
    for text in ("see evil.com", "https://evil.example", "<b>x</b>", "[a](https://b.example)", "a\u202eb", "x &lt; y"):
        with pytest.raises(AssertionError):
            assert_inert(text, set())


@pytest.mark.parametrize("what", BY_WHAT)
def test_which_things_are_told_does_not_depend_on_any_name(what: str) -> None:
    assert told(day_of(BY_WHAT[what])) == told(day_of("Courier"))


@pytest.mark.parametrize("what", BY_WHAT)
def test_nothing_comes_out_alive(what: str) -> None:
    day = day_of(BY_WHAT[what])
    items = ranked(day.findings)
    digest = digest_of(day, items, [words_of(item) for item in worth_telling(items)], Author(), WEB)
    event = digest.event()
    assert "\n" not in event and len(event) < 60_000
    for text in texts_of(json.loads(event)):
        assert_inert(text, PEOPLE)


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\u200b=1", "\uff1d1+1", " =1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_begins_as_a_formula(text: str) -> None:
    """A cell of a spreadsheet that begins so is computed; that of a name stays a name."""
    day = day_of(text)
    items = ranked(day.findings)
    digest = digest_of(day, items, [words_of(item) for item in worth_telling(items)], Author(), WEB)
    for found in texts_of(json.loads(digest.event())):
        for line in found.splitlines():
            assert not line.lstrip().startswith(("=", "+", "@")), line
    assert any("'" in found and text.strip()[-2:] in found for found in texts_of(json.loads(digest.event())))


MODEL = read_model({"model_url": "http://127.0.0.1:1/v1", "model": "m", "event_text": "1"})


@pytest.mark.parametrize("what", BY_WHAT)
def test_a_model_that_obeys_every_name_changes_nothing(what: str) -> None:
    """It repeats each sentence that it was given as its own, in every member."""
    assert isinstance(MODEL, Model)
    day = day_of(BY_WHAT[what])
    items = worth_telling(ranked(day.findings))
    things = things_of(items, MODEL, Pseudonyms("key"))
    sent = json.dumps([thing.document for thing in things], ensure_ascii=False)
    assert not any(person in sent for person in PEOPLE)
    for name in ("why", "title", "next_step"):
        plain = {"title": "A plain title", "why": "A plain sentence of some length.", "next_step": "Ask somebody."}
        obeyed = [
            {
                "thing": thing.letter,
                "finding_ids": sorted(thing.finding_ids),
                **plain,
                name: str(thing.document["findings"][0].get("sentence") or "nothing to say"),
            }
            for thing in things
        ]
        try:
            words: list[Words] = words_from(json.dumps({"items": obeyed}), things)
        except Unusable:
            continue  # the template writes
        digest = digest_of(day, ranked(day.findings), words, Author("model", "m"), WEB)
        assert [item["finding_ids"] for item in json.loads(digest.event())["items"]] == [
            list(item.finding_ids) for item in items
        ]
        for text in texts_of(json.loads(digest.event())):
            assert_inert(text, PEOPLE)


def test_through_the_whole_of_it(tmp_path: Path) -> None:
    """All names in one day, by the search, the action as a process, the index and the macro."""
    world = World(tmp_path)
    try:
        hostile = [
            finding(number, entity=f"F{number}", user=[f"p{number}@corp.example"], src_user=[], summary=text + " end",
                    severity="critical" if number == 50 else "medium", risk_score=90 if number == 50 else 40)
            for number, text in enumerate(BY_WHAT.values(), start=1)
            if not any(0xD800 <= ord(letter) < 0xE000 for letter in text)  # no JSON on the wire holds half a letter
        ]  # fmt: skip
        world.found(*hostile)
        world.the_day()
        digest = world.digest()
        assert digest["findings"] == len(hostile) and digest["items"][0]["finding_ids"] == [f"{50:016x}"]
        people = {f"p{number}@corp.example" for number in range(1, 100)}
        (row,) = world.search("search `slack_audit_digests` | table text headline")
        for text in texts_of({**digest, "text": row["text"]}):
            assert_inert(text.replace(world.splunkd.uri, WEB), people)
    finally:
        world.close()
