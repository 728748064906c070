"""What docs/macros.md has to hold: every macro of the app, in the order and the sections of macros.conf.

The meaning of a macro is its own description. Knows nothing of which search uses it; docs/detections.md tells that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.confs import Stanzas, read_conf

PATH = "docs/macros.md"
HELPERS = "3. "
_HEAD = """# Macros

Every macro of the app, in the order of `default/macros.conf`; `make docs` writes this page. Change one under
*Settings > Advanced search > Search macros* or on the setup page, never in `default/`. Windows are in seconds, both
ends count, a threshold is reached at "at least". [tuning.md](tuning.md) tells how to go about it,
[detections.md](detections.md) which alert uses what.
"""
_HELPERS = """
Pieces of searches. They are of use in searches of your own; a changed one changes every alert that uses it.
"""
_PART = re.compile(r"# (\d\. [A-Z][^.]*)")
_SECTION = re.compile(r"# --- (.+?) -+$")
_STANZA = re.compile(r"\[(.+)\]$")


@dataclass
class Section:
    """A part of the file or a section within one, with the names of its stanzas."""

    title: str
    is_part: bool
    stanzas: list[str] = field(default_factory=list)


def sections(conf: Path) -> list[Section]:
    """Return the parts and sections of a conf as its headings name them, in their order."""
    found: list[Section] = []
    for line in conf.read_text(encoding="utf-8").splitlines():
        part, section, stanza = _PART.match(line), _SECTION.match(line), _STANZA.match(line)
        heading = part or section
        if heading:
            found.append(Section(heading[1].strip(), part is not None))
        elif stanza and found:
            found[-1].stanzas.append(stanza[1])
    return found


def macros_page(root: Path) -> str:
    """Return the page."""
    conf = root / "default" / "macros.conf"
    stanzas = read_conf(conf)
    return "\n".join([_HEAD, *_lines(sections(conf), stanzas)]) + "\n"


def _lines(found: list[Section], stanzas: Stanzas) -> Iterator[str]:
    is_helper = False
    for section in found:
        if section.is_part:
            is_helper = section.title.startswith(HELPERS)
        yield f"{'##' if section.is_part else '###'} {section.title}"
        if section.is_part and is_helper:
            yield _HELPERS.rstrip("\n")
        if section.stanzas:
            head = ("Macro", "Meaning") if is_helper else ("Macro", "As shipped", "Meaning")
            yield f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}"
        for name in section.stanzas:
            meaning = _cell(stanzas[name]["description"])
            shipped = "" if is_helper else f" {_code(stanzas[name]['definition'])} |"
            yield f"| `{_called(name, stanzas[name].get('args', ''))}` |{shipped} {meaning} |"
        yield ""


def _called(name: str, arguments: str) -> str:
    """Return how the macro is called: with the names of its arguments in place of their number."""
    return f"{name.partition('(')[0]}({arguments})" if arguments else name


def _code(text: str) -> str:
    shown = _cell(text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
