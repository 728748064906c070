"""Check that the dashboards agree with each other and with the navigation: panels, data sources, tokens, links.

tools/views.py reads them. What Splunk's own JSON schema says of a definition, and what its searches give, is for tests.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from tools.findings import Problem
from tools.views import View, read_views

SPLUNKS = {"search", "alerts", "reports", "dashboards", "datasets"}
"""Views that every Splunk brings."""

TIME = {"earliest", "latest"}
SYSTEM = {"env:user", "env:user_realname", "env:app", "env:view_label", "env:page"}
MARKUP = {"splunk.markdown"}
"""Panels that make markup of their text: none may hold a token, since tokens carry names that anybody may choose."""

OUTSIDE = {"splunk.map", "splunk.choropleth.map"}
"""Panels that fetch from servers of others."""


def check_views(root: Path) -> list[Problem]:
    """Run every check of this module."""
    problems = []
    folder = root / "default" / "data" / "ui" / "views"
    names = {path.stem for path in folder.glob("*.xml")}
    navigation = ET.parse(root / "default" / "data" / "ui" / "nav" / "default.xml").getroot()  # noqa: S314
    for entry in navigation.iter("view"):
        if entry.get("name") not in names | SPLUNKS:
            problems.append(Problem("default/data/ui/nav/default.xml", f"there is no view {entry.get('name')}"))
    for name in sorted(names - {str(entry.get("name")) for entry in navigation.iter("view")}):
        problems.append(Problem("default/data/ui/nav/default.xml", f"view {name} is not in it"))
    for path in sorted(folder.glob("*.xml")):
        view = ET.parse(path).getroot()  # noqa: S314
        if view.get("version") not in ("1.1", "2") or not view.findtext("label"):
            problems.append(Problem(path.relative_to(root).as_posix(), 'needs version="1.1" or "2" and a label'))
    views = {view.name: view for view in read_views(root)}
    for dashboard in views.values():
        sentences = [sentence for check in (_pieces, _tokens, _chains, _manners) for sentence in check(dashboard)]
        sentences += _links(dashboard, views)
        problems += [Problem(dashboard.where, sentence) for sentence in sentences]
    return problems


def _pieces(view: View) -> Iterator[str]:
    """Whatever is defined is placed and used, and whatever is used is defined."""
    layout = view.definition["layout"]
    placed = {item["item"] for item in layout["structure"]} | set(layout["globalInputs"])
    there = set(view.panels) | set(view.definition["inputs"])
    for lost in sorted(placed ^ there):
        yield f"{lost} is {'placed but not defined' if lost in placed else 'not placed'}"
    readers = [*view.panels.values(), *view.definition["inputs"].values()]
    wanted = {source for reader in readers for source in reader.get("dataSources", {}).values()}
    wanted |= {source["options"]["extend"] for source in view.sources.values() if source["type"] == "ds.chain"}
    for lost in sorted(wanted ^ set(view.sources)):
        yield f"data source {lost} is {'missing' if lost in wanted else 'unused'}"


def _tokens(view: View) -> Iterator[str]:
    """A token comes from an input; a text that holds one is quoted where it becomes part of a search."""
    for place, token in view.tokens_used():
        name, _, rest = token.partition(".")
        source = view.inputs.get(name)
        if token in SYSTEM:
            continue
        if source is None:
            yield f"{place}: no input sets ${token}$"
        elif (rest in TIME) != (source["type"] == "input.timerange"):
            yield f"{place}: ${token}$ does not fit {source['type']}"
    for name, query in view.queries().items():
        for token in re.findall(r"\$[\w.]+\$", query):
            yield f"{name}: {token} stands in a search without |s, which quotes what was typed"


def _chains(view: View) -> Iterator[str]:
    """A chain works on the rows of its base; a subsearch in it would run over all time, whatever the time range."""
    for name, source in view.sources.items():
        query = re.sub(r"\bappendpipe\s*\[", "", source["options"].get("query", ""))
        if source["type"] == "ds.chain" and re.search(r"\b(append|appendcols|join|union|search|where)\s*\[", query):
            yield f"{name}: a subsearch in a chain has no time range; let the base search append what it finds"


def _links(view: View, views: dict[str, View]) -> Iterator[str]:
    """A link leads to a view that is there, sets tokens that it has, and quotes or escapes what it takes along."""
    for link in view.links():
        if link.query and re.search(r"\$row\.[^$|]+\.value(?!\|s)", link.query):
            yield f"{link.panel}: the search takes a value of the row without |s"
        if not link.view:
            continue
        target = views.get(link.view)
        if target is None:
            yield f"{link.panel} leads to {link.view}, which is no dashboard of this app"
            continue
        for parameter, value in link.values.items():
            token = parameter.removeprefix("form.").split(".")[0]
            if not parameter.startswith("form.") or token not in target.inputs:
                yield f"{link.panel}: {link.view} has no input that sets {parameter}"
            if re.search(r"\$row\.[^$|]+\.value(?!\|u)", value):
                yield f"{link.panel}: {parameter} takes a value of the row without |u, which escapes it"


def _manners(view: View) -> Iterator[str]:
    """Panels have titles, no markup is made of event text, nothing is fetched from outside."""
    for name, panel in view.panels.items():
        if panel["type"] in OUTSIDE:
            yield f"{name}: {panel['type']} fetches from a server outside"
        elif panel["type"] in MARKUP:
            if "$" in json.dumps(panel["options"]):
                yield f"{name}: markdown with a token makes markup of names that anybody may choose"
        elif not panel.get("title"):
            yield f"{name} has no title"
