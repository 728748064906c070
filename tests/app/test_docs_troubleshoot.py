"""docs/troubleshoot.md and the code: what an admin can read stands there, and what stands there can be read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from functools import cache

import pytest

from tests.app.doc_pages import ROOT, rows
from tests.app.said import (
    GAP,
    PROBLEM_BLOCKS,
    PROBLEM_KEYS,
    keys_that_tell_a_problem,
    log_events,
    sentences,
    setup_texts,
)

pytestmark = pytest.mark.once

PAGE = ROOT / "docs" / "troubleshoot.md"
MESSAGES = sorted({text for row in rows(PAGE, "Message") for text in row[0]})


@cache
def pattern(message: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in message.split(GAP)), re.DOTALL)


def missing(said: Mapping[str, str], told: Iterable[str] = MESSAGES) -> list[str]:
    patterns = [pattern(text) for text in told]
    return [f"{where}: {text}" for text, where in said.items() if not any(one.fullmatch(text) for one in patterns)]


def test_every_sentence_of_the_code_is_explained() -> None:
    said = sentences()
    assert len(said) > 150
    assert not missing(said)


def test_every_message_of_the_setup_page_is_explained() -> None:
    said = setup_texts()
    assert len(said) > 60
    assert not missing(said)
    nothing_else = {"testBad", "failed"}  # these two are a name and the problem itself
    unlisted = keys_that_tell_a_problem() - PROBLEM_KEYS - nothing_else
    in_blocks = {where.rpartition(" ")[2] for where in said.values()}
    assert not unlisted - in_blocks, f"add them to PROBLEM_KEYS or to one of {PROBLEM_BLOCKS}"


def test_every_deduction_of_the_health_score_is_named() -> None:
    with (ROOT / "lookups" / "slack_audit_health_checks.csv").open(encoding="utf-8", newline="") as file:
        said = {row["what"]: row["check"] for row in csv.DictReader(file)}
    told = {row[0][0]: row[1][0] for row in rows(PAGE, "Message") if len(row) > 1 and row[1]}
    assert {what: told.get(what) for what in said} == said


def test_no_explanation_is_of_something_that_nobody_says() -> None:
    with (ROOT / "lookups" / "slack_audit_health_checks.csv").open(encoding="utf-8", newline="") as file:
        said = {*sentences(), *setup_texts(), *(row["what"] for row in csv.DictReader(file))}
    unsaid = [text for text in MESSAGES if not any(pattern(text).fullmatch(other) for other in said)]
    assert not unsaid


def test_every_explanation_is_of_something_particular() -> None:
    vague = [text for text in MESSAGES if len(re.findall(r"[A-Za-z]{2,}", text)) < 2]
    assert not vague
    assert not [row for row in rows(PAGE, "Message") if not row[0]]


def test_warnings_and_errors_of_the_log_stand_in_the_list_of_events() -> None:
    told = {row[0][0] for row in rows(PAGE, "event")}
    said = log_events()
    assert len(said) > 20
    assert told == set(said), {name: said.get(name, "nowhere in the code") for name in told ^ set(said)}


def test_a_sentence_that_is_not_explained_is_found() -> None:
    assert missing({"The moon is in the way.": "here"}) == ["here: The moon is in the way."]
    assert not missing({"No connection to … within … s.": "here"})
