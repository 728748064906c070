"""Write ui/generated/shipped.json: what the setup page knows of the app, taken from where it is described.

Splunk's REST interface tells what a macro or an alert says now. What a macro says as shipped, which macros tune which
alert, what a setting or a list means and what a cell may hold stands in the confs, the spec file, docs/tuning.md and
the app's own tables; the page is built with a copy of that, so that nothing is described twice.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.confs import Stanzas, read_conf
from tools.app_check import macros_used, slug
from tools.environments import ROOT

TARGET = "ui/generated/shipped.json"
PARAM = "action.slack_audit_finding.param."
SIMPLE_SETTINGS = ("start_time", "environment")
"""What the page asks first; the rest stands under "advanced"."""
SPLUNKS_SETTINGS = {"interval": "Interval", "index": "Index"}
"""Settings of splunkd that the page shows, and their titles."""
_SECTION = re.compile(r"# --- (.+?)(?: -+)?$")
_LOOKUP_ROW = re.compile(r"^\| `(slack_audit_\w+)` \| `([^`]*)` \| (.*) \|$", re.MULTILINE)
_REFERENCE = ("slack_audit_actions", "slack_audit_controls")


def _ours(root: Path, name: str) -> Any:
    """A module of the app; they need nothing but the standard library."""
    folder = str(root / "bin")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"slack_audit_monitor.{name}")


def _joined(text: str) -> str:
    return " ".join(text.split())


def spec_texts(root: Path) -> dict[str, list[str]]:
    """Return setting -> the sentences of README/inputs.conf.spec, without its default."""
    texts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (root / "README" / "inputs.conf.spec").read_text(encoding="utf-8").splitlines():
        setting = re.match(r"(\w+)\s*=", line)
        if setting:
            current = texts.setdefault(setting.group(1), [])
        elif line.startswith("* "):
            current.append(line[2:].strip())
        elif line.startswith("  ") and current:
            current[-1] += f" {line.strip()}"
    return {name: [said for said in told if not said.startswith("Default:")] for name, told in texts.items()}


def settings(root: Path) -> list[dict[str, Any]]:
    """Return the settings of an input, the simple ones first."""
    table = {setting.name: setting for setting in _ours(root, "settings").SETTINGS}
    told, shipped = spec_texts(root), read_conf(root / "default" / "inputs.conf")["slack_audit"]
    names = [*SIMPLE_SETTINGS, *SPLUNKS_SETTINGS]
    names += [name for name in table if name not in names]
    return [
        {
            "name": name,
            "title": table[name].title if name in table else SPLUNKS_SETTINGS[name],
            "default": shipped[name],
            "help": told.get(name, []),
            "simple": name in SIMPLE_SETTINGS or name in SPLUNKS_SETTINGS,
            "low": table[name].low if name in table else None,
            "high": table[name].high if name in table else None,
        }
        for name in names
    ]


def _sections(path: Path) -> dict[str, str]:
    """Return stanza -> the heading above it."""
    found: dict[str, str] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        heading, stanza = _SECTION.match(line), re.fullmatch(r"\[(.+)\]", line)
        if heading:
            section = heading.group(1).strip()
        elif line.startswith("# ==="):
            section = ""
        elif stanza:
            found[stanza.group(1)] = section
    return found


def _site_macros(root: Path) -> dict[str, dict[str, str]]:
    """Return the macros that a site may set: those before the part that is to be left alone."""
    text = (root / "default" / "macros.conf").read_text(encoding="utf-8")
    end = re.search(r"^# 3\. ", text, re.MULTILINE)
    ours = set(re.findall(r"^\[(.+)\]$", text[: end.start() if end else None], re.MULTILINE))
    return {name: stanza for name, stanza in read_conf(root / "default" / "macros.conf").items() if name in ours}


def macros(root: Path) -> dict[str, str]:
    """Return the macros that a site may set: name -> definition as shipped."""
    return {name: stanza["definition"] for name, stanza in _site_macros(root).items()}


def _used(search: str, stanzas: Stanzas) -> set[str]:
    """Return the macros of a search and of the macros that it uses."""
    found: set[str] = set()
    waiting = [search]
    while waiting:
        for name in macros_used(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting += [stanzas[key]["definition"] for key in stanzas if key.split("(")[0] == name.split("(")[0]]
    return found


def alerts(root: Path) -> list[dict[str, Any]]:
    """Return the rules: the heading that each stands under and the macros that tune it."""
    path = root / "default" / "savedsearches.conf"
    sections, all_macros, site = _sections(path), read_conf(root / "default" / "macros.conf"), _site_macros(root)
    general = {name for name in site if not name.startswith("slack_") or name.startswith("slack_audit_")}
    found = []
    for name, stanza in read_conf(path).items():
        if not name.endswith(" - Rule"):
            continue
        own = slug(name)
        used = _used(stanza["search"], all_macros)
        tuned = [macro for macro in site if macro.startswith(f"{own}_") or (macro in used and macro not in general)]
        tuned.sort(key=lambda macro: (macro.endswith("_filter"), list(site).index(macro)))
        found.append({"name": name, "section": sections[name], "macros": tuned})
    return found


def lookups(root: Path) -> list[dict[str, Any]]:
    """Return the lists of site knowledge: columns, what a cell may hold, what the list means, what it ships with."""
    site_lookups = _ours(root, "site_lookups")
    kinds = site_lookups.COLUMNS
    told = _LOOKUP_ROW.findall((root / "docs" / "tuning.md").read_text(encoding="utf-8"))
    meanings = {name: meaning for name, _, meaning in told}
    found = []
    for name, columns in kinds.items():
        rows = [] if name in site_lookups.IN_STORE else _shipped_rows(root, name)
        found.append(
            {
                "name": name,
                "columns": [{"name": column, "kind": check.__name__.lstrip("_")} for column, check in columns.items()],
                "meaning": meanings[name].replace("`", "").replace("**", ""),
                "rows": rows,
                "inStore": name in site_lookups.IN_STORE,
            }
        )
    return sorted(found, key=lambda lookup: list(meanings).index(lookup["name"]))


def _shipped_rows(root: Path, name: str) -> list[list[str]]:
    with (root / "lookups" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def catalogue(root: Path = ROOT) -> dict[str, Any]:
    """Return all of it."""
    return {
        "version": read_conf(root / "default" / "app.conf")["id"]["version"],
        "settings": settings(root),
        "macros": macros(root),
        "alerts": alerts(root),
        "lookups": lookups(root),
    }


def write(root: Path = ROOT) -> Path:
    """Write the file, if it says something new, and return where it is."""
    target = root / TARGET
    text = json.dumps(catalogue(root), indent=1, ensure_ascii=False) + "\n"
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return target


def _undescribed(root: Path) -> Iterator[str]:
    for setting in settings(root):
        if not setting["help"] and setting["name"] != "index":
            yield f"the setting {setting['name']} has no text in README/inputs.conf.spec"


def main() -> None:
    """Write the file; say what it lacks."""
    problems = list(_undescribed(ROOT))
    if problems:
        raise SystemExit("\n".join(problems))
    print(write().relative_to(ROOT))


if __name__ == "__main__":
    main()
