"""docs/security.md: each threat names tests that exist, and no threat that has to be met is missing."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.app.doc_pages import ROOT
from tools.audit import read_expected

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_TABLE = PAGE.partition("## Threats")[2].partition("\n## ")[0]
THREATS = [line for line in _TABLE.splitlines() if line.startswith("| ")][1:]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
OWED = (
    *("token theft", "poisoned entries", "hostile lookup files", "ssrf through `api_url`"),
    *("ssrf through the model's address", "log injection", "csv injection", "html injection in e-mails"),
    *("injection in dashboards", "decompression bombs", "tls downgrade", "path names from stanza names"),
)


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("line", THREATS, ids=lambda line: line.split("|")[1].strip())
def test_every_threat_names_tests_that_exist(line: str) -> None:
    named = TEST.findall(line)
    assert named and line.count("tests/") == len(named), "a test is written otherwise than `tests/file.py::test_name`"
    assert [f"{path}::{name}" for path, name in named if name not in defined_in(path)] == []


def test_no_threat_is_missing() -> None:
    titles = " | ".join(line.split("|")[1].strip().lower() for line in THREATS)
    assert [threat for threat in OWED if threat not in titles] == []


def test_the_known_advisories_are_those_that_are_explained() -> None:
    assert set(re.findall(r"CVE-\d{4}-\d+", PAGE)) == set(read_expected())
