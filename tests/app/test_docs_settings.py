"""Every setting and macro is documented with its shipped value, and nothing is documented that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from sandbox.confs import AppConfs, read_conf
from tests.app.doc_pages import PAGES, ROOT, name_of, rows, spans, tables
from tools.app_check import scheme_arguments, slug
from tools.conf_check import spec_keys

pytestmark = pytest.mark.once

SPLUNKS = {"host", "source", "sourcetype", "disabled", "python.version", "python.required", "start_by_shell"}
"""Settings of the input's stanza that Splunk documents itself."""

INVENTED = {"slack_what_happened", "slack_guest_", "slack_organisation_", "slack_location_"}
"""Names of the contributor's example, and beginnings of names."""


def told_defaults(page: Path, heading: str) -> dict[str, str]:
    """Return setting -> default as the page's table has them; a row may tell of several, in their order."""
    found: dict[str, str] = {}
    for cells in tables(page, heading):
        names = re.findall(r"`([^`]+)`", cells[0])
        values = [value.strip().strip("`") for value in cells[1].split(",")]
        pairs = zip_longest(names, values, fillvalue=values[-1])
        found.update((name, "" if value == "empty" else value) for name, value in pairs)
    return found


def test_settings_of_the_input_with_their_defaults() -> None:
    shipped = {name: value for name, value in read_conf(ROOT / "default" / "inputs.conf")["slack_audit"].items()}
    assert set(scheme_arguments(ROOT)) <= set(shipped)
    expected = {name: value for name, value in shipped.items() if name not in SPLUNKS}
    assert told_defaults(ROOT / "docs" / "configure.md", "Setting") == expected


def test_settings_of_the_input_stand_in_the_spec() -> None:
    shipped = set(read_conf(ROOT / "default" / "inputs.conf")["slack_audit"]) - SPLUNKS
    described = {key for _, keys in spec_keys(ROOT, "inputs") for key in keys}
    assert shipped - {"index"} == described


def test_parameters_of_the_digest_with_their_defaults() -> None:
    stanza = read_conf(ROOT / "default" / "alert_actions.conf")["slack_audit_digest"]
    shipped = {name.removeprefix("param."): value for name, value in stanza.items() if name.startswith("param.")}
    told = told_defaults(ROOT / "docs" / "digest.md", "Parameter")
    assert {name: told.get(name) for name in shipped if name != "index"} == {
        name: value for name, value in shipped.items() if name != "index"
    }
    assert set(told) <= set(shipped)


def test_every_macro_stands_in_the_reference_and_none_that_is_not_there() -> None:
    there = {name.partition("(")[0] for name in AppConfs(ROOT).conf("macros")}
    told = {row[0][0].partition("(")[0] for row in rows(ROOT / "docs" / "macros.md", "Macro")}
    assert told == there


def test_names_in_backticks_exist() -> None:
    unknown = {}
    for page in PAGES:
        named = {name for span in spans(page) for name in re.findall(r"(?<![\w./-])slack_[a-z0-9_]+", span)}
        absent = named - words_of_the_app() - INVENTED - in_the_sandbox()
        if page.name != "CHANGELOG.md" and absent:
            unknown[name_of(page)] = sorted(absent)
    assert not unknown


@cache
def words_of_the_app() -> frozenset[str]:
    slugs = (slug(title) for title in AppConfs(ROOT).conf("savedsearches"))
    return frozenset([*_words("default", "README", "bin", "lookups", "metadata"), *slugs])


@cache
def in_the_sandbox() -> frozenset[str]:
    return frozenset(path.stem for path in (ROOT / "sandbox").iterdir())


def _words(*folders: str) -> Iterator[str]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".conf", ".spec", ".py", ".csv", ".xml", ".meta"):
                yield path.stem
                text = path.read_text(encoding="utf-8")
                yield from re.findall(r"\w+", text)
                yield from re.findall(r"^\[role_(\w+)\]", text, re.MULTILINE)
