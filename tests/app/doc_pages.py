"""The documentation as programs see it: pages, headings with their anchors, links, code blocks, table rows.

Markdown is read by markdown-it, so that what looks like a link within code is none. Anchors are formed as GitHub forms
them. Knows nothing of what the pages say.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Block:
    """One code block: its language ("" for an indented one), its text and the line where it begins."""

    page: Path
    language: str
    text: str
    line: int

    @property
    def where(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    """Return the path of a page below the root."""
    return page.relative_to(ROOT).as_posix()


@cache
def tokens(page: Path) -> list[Token]:
    """Return the page's tokens, those within a line after the line itself."""
    found: list[Token] = []
    for token in _PARSER.parse(page.read_text(encoding="utf-8")):
        found.append(token)
        found.extend(token.children or ())
    return found


def links(page: Path) -> list[str]:
    """Return where the page's links and images lead."""
    found = [
        str(token.attrs.get("href") or token.attrs.get("src") or "")
        for token in tokens(page)
        if token.type in ("link_open", "image")
    ]
    raw = [token.content for token in tokens(page) if token.type in ("html_block", "html_inline")]
    return found + [target for text in raw for target in re.findall(r'(?:href|src)="([^"]*)"', text)]


def images(page: Path) -> list[tuple[str, str]]:
    """Return path and description of each image."""
    return [(str(token.attrs["src"]), token.content) for token in tokens(page) if token.type == "image"]


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind #: headings as GitHub names them, and ids of HTML."""
    found: set[str] = set()
    flow = tokens(page)
    for heading, line in zip(flow, flow[1:]):
        if heading.type == "heading_open":
            name = _github(_plain(line))
            count = 0
            while (name if not count else f"{name}-{count}") in found:
                count += 1
            found.add(name if not count else f"{name}-{count}")
        if heading.type in ("html_block", "html_inline"):
            found.update(re.findall(r'(?:id|name)="([^"]+)"', heading.content))
    return found


def blocks(page: Path) -> list[Block]:
    """Return the page's code blocks."""
    return [
        Block(page, token.info.strip(), token.content, (token.map or [0])[0] + 1)
        for token in tokens(page)
        if token.type in ("fence", "code_block")
    ]


def spans(page: Path) -> list[str]:
    """Return what stands in backticks within lines."""
    return [token.content for token in tokens(page) if token.type == "code_inline"]


def rows(page: Path, heading: str) -> Iterator[list[list[str]]]:
    """Yield each row of the tables whose first head cell is `heading`: per cell, what stands there in backticks."""
    head, cell, row = "", [], []
    in_head = False
    for token in tokens(page):
        if token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            row = []
        elif token.type in ("th_open", "td_open"):
            cell = []
        elif token.type == "inline" and in_head and not row:
            head = token.content.strip("`")
        elif token.type == "code_inline":
            cell.append(token.content)
        elif token.type in ("th_close", "td_close"):
            row.append(cell)
        elif token.type == "tr_close" and not in_head and head == heading:
            yield row


def tables(page: Path, heading: str) -> Iterator[list[str]]:
    """Yield each row of the tables whose first head cell is `heading`, as written."""
    head, row = "", []
    in_head = False
    for token in _PARSER.parse(page.read_text(encoding="utf-8")):
        if token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(token.content)
        elif token.type == "tr_close" and in_head:
            head = row[0].strip("`")
        elif token.type == "tr_close" and head == heading:
            yield row


def _plain(line: Token) -> str:
    return "".join(child.content for child in line.children or () if child.type in ("text", "code_inline"))


def _github(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", html.unescape(heading).strip().lower()).replace(" ", "-")
