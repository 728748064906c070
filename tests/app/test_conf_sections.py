"""Long confs can be found one's way about in: a list of contents at the head that matches the headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.confs import read_conf
from tools.macros_doc import Section, sections

pytestmark = pytest.mark.once

DEFAULT = Path(__file__).resolve().parents[2] / "default"
LONG = ("savedsearches.conf", "macros.conf")
LONGEST_SECTION = 45
"""Stanzas after which somebody needs the next heading."""


def contents(name: str) -> list[str]:
    """Return the lines of the list at the head."""
    head = (DEFAULT / name).read_text(encoding="utf-8").split("# Contents:", 1)[1].split("\n\n", 1)[0]
    return [line[1:].strip() for line in head.splitlines()[1:]]


def rows_of(section: Section) -> str:
    """Return the rows of a section's alerts as ranges: U01-U12, U17."""
    stanzas = read_conf(DEFAULT / "savedsearches.conf")
    named = [stanzas[title].get("action.slack_audit_finding.param.rows", "") for title in section.stanzas]
    numbers = sorted({int(row.strip()[1:]) for rows in named for row in rows.split(",") if row.strip()})
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"U{low:02}" if low == high else f"U{low:02}-U{high:02}" for low, high in ranges)


def test_the_contents_of_the_searches_match() -> None:
    found = [re.sub(r" {2,}", "  ", line) for line in contents("savedsearches.conf")]
    assert found == [f"{section.title}  {rows_of(section)}".strip() for section in sections(DEFAULT / LONG[0])]


def test_the_contents_of_the_macros_match() -> None:
    assert contents("macros.conf") == [section.title for section in sections(DEFAULT / "macros.conf")]


@pytest.mark.parametrize("name", LONG)
def test_headings_divide_the_file(name: str) -> None:
    found = sections(DEFAULT / name)
    titles = [section.title for section in found]
    assert len(titles) == len(set(titles))
    assert sum(len(section.stanzas) for section in found) == len(read_conf(DEFAULT / name)), "something has no heading"
    assert not {section.title: len(section.stanzas) for section in found if len(section.stanzas) > LONGEST_SECTION}


@pytest.mark.parametrize("name", LONG)
def test_headings_look_alike(name: str) -> None:
    lines = (DEFAULT / name).read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("# --- ")]
    assert len(headings) > 10
    assert {len(line) for line in headings} == {92} and all(line.endswith("---") for line in headings)
