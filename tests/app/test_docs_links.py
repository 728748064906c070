"""Links, anchors, images and paths in the documentation lead somewhere, and every page can be reached from the README.

Addresses outside are looked at for their form only: nothing here may leave this machine.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.app.doc_pages import PAGES, ROOT, anchors, images, links, name_of, spans

pytestmark = pytest.mark.once

TOP = {path.name for path in ROOT.iterdir()}
MADE = ("build/", "dist/", "ui/generated/", "lib/", "appserver/static/pages/", "pages/", "local/")
"""What make, pip or a site brings: such paths stand in the documentation and not in the repository."""

INVENTED = re.compile(r"[<>…*]|\.\.\.|\b(load-test|our_prompt|slack_emoji_purge|last-month|FILE|tokens?\.txt)\b")
"""Paths that hold a name to be filled in."""

_PATH = re.compile(r"[\w.<>*…-]+(?:/[\w.<>*…-]+)+/?|[\w-]+\.(?:py|md|conf|csv|xml|ts|tsx|json|txt|toml|spec)")


def is_outside(target: str) -> bool:
    return bool(urlsplit(target).scheme)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if is_outside(target):
            continue
        path, _, anchor = target.partition("#")
        leads_to = (page.parent / path).resolve() if path else page
        assert leads_to.exists(), f"{target}: there is no such file"
        assert leads_to.is_relative_to(ROOT), f"{target}: leads out of the repository"
        if anchor:
            assert leads_to.suffix == ".md", f"{target}: only pages have anchors"
            assert anchor in anchors(leads_to), f"{target}: {name_of(leads_to)} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_addresses_outside_are_well_formed(page: Path) -> None:
    for target in filter(is_outside, links(page)):
        parts = urlsplit(target)
        assert parts.scheme == "https" and parts.hostname and "." in parts.hostname, target
        assert not parts.username and not parts.password and " " not in target, target


def test_every_image_says_what_it_shows_and_every_image_is_shown() -> None:
    shown = set()
    for page in PAGES:
        for source, words in images(page):
            assert len(words) > 10, f"{name_of(page)}: {source} has no description"
            shown.add((page.parent / source).resolve())
    kept = {path for path in (ROOT / "docs" / "images").iterdir() if path.suffix in (".png", ".svg")}
    assert kept <= shown, f"shown nowhere: {sorted(path.name for path in kept - shown)}"
    assert all(path.stat().st_size > 1000 for path in shown)


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in links(page):
            path = target.partition("#")[0]
            if path and not is_outside(target):
                leads_to = (page.parent / path).resolve()
                if leads_to.is_dir():
                    waiting.extend(leads_to.glob("*.md"))
                elif leads_to.suffix == ".md" and leads_to in PAGES:
                    waiting.append(leads_to)
    assert not sorted(name_of(page) for page in set(PAGES) - reached)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_paths_in_backticks_exist(page: Path) -> None:
    absent = []
    for span in spans(page):
        if not _PATH.fullmatch(span) or INVENTED.search(span):
            continue
        path = span.rstrip("/")
        if "/" in path:
            if span.startswith(MADE) or path.partition("/")[0] not in TOP | {"adr", "images"}:
                continue
            if not any((place / path).exists() for place in (ROOT, page.parent)):
                absent.append(span)
        elif path not in KNOWN_NAMES and not any(ROOT.glob(path)) and path not in file_names():
            absent.append(span)
    assert not absent


KNOWN_NAMES = {
    *("web.conf", "server.conf", "outputs.conf", "local.conf", "limits.conf", "authorize.conf", "splunkd.log"),
    *("session.conf", "credentials.json", "summary.json", "appinspect.json", "authentication.conf"),
}
"""Files of Splunk's or of a user's, and files that make writes."""


FOLDERS = (
    *("bin", "default", "README", "lookups", "metadata", "ui/src"),
    *("sandbox", "tests", "tools", "bench", "docs"),
)


@cache
def file_names() -> set[str]:
    found = set()
    for folder in FOLDERS:
        found.update(path.name for path in (ROOT / folder).rglob("*") if path.is_file())
    return found
