"""Dashboards read as data: their inputs, searches (chains resolved), panels, links and tokens.

Knows the form of a Dashboard Studio definition and no search language. A classic view (the setup page) has none.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APP = "slack_audit_monitor"
TOKEN = re.compile(r"\$([\w:]+(?:\.[\w:]+)*)(?:\|\w)?\$")
"""A token as it stands in a text: $account$, $account|s$, $row.user.value|s$."""


@dataclass(frozen=True)
class Link:
    """One event handler of a panel that leads somewhere.

    Attributes:
        panel: id of the visualization.
        query: the search that opens, "" when it is no search.
        view: the view of this app that opens, "" when it is none.
        values: parameter (`form.account`) -> text with tokens, of a link to a view.
        row_fields: the columns of the clicked row that it takes.
    """

    panel: str
    query: str
    view: str
    values: dict[str, str]
    row_fields: frozenset[str]


@dataclass(frozen=True)
class View:
    """One dashboard of the app. `where` is its path below the app, `definition` its JSON."""

    name: str
    where: str
    label: str
    definition: dict[str, Any]

    def queries(self) -> dict[str, str]:
        """Return data source -> its whole search; a chain stands behind what it extends."""
        return {name: self._query(name) for name, source in self.sources.items() if "query" in source["options"]}

    def _query(self, name: str) -> str:
        source = self.sources[name]
        query: str = source["options"]["query"]
        if source["type"] != "ds.chain" or source["options"]["extend"] not in self.sources:
            return query
        return f"{self._query(source['options']['extend'])}\n{query}"

    def bounds(self, name: str) -> tuple[str, str]:
        """Return earliest and latest of a data source; a chain has those of what it extends."""
        source = self.sources[name]
        if source["type"] == "ds.chain":
            return self.bounds(source["options"]["extend"])
        defaults = self.definition.get("defaults", {}).get("dataSources", {}).get(source["type"], {})
        common = defaults.get("options", {}).get("queryParameters", {})
        own = source["options"].get("queryParameters", {})
        return own.get("earliest", common.get("earliest", "")), own.get("latest", common.get("latest", ""))

    @property
    def sources(self) -> dict[str, Any]:
        """The data sources by their ids."""
        found: dict[str, Any] = self.definition["dataSources"]
        return found

    @property
    def panels(self) -> dict[str, Any]:
        """The visualizations by their ids."""
        found: dict[str, Any] = self.definition["visualizations"]
        return found

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs by their tokens."""
        return {source["options"]["token"]: source for source in self.definition["inputs"].values()}

    def links(self) -> Iterator[Link]:
        """Yield where clicks on panels lead."""
        for panel, visualization in self.panels.items():
            for handler in visualization.get("eventHandlers", ()):
                text = json.dumps(handler["options"])
                options = handler["options"]
                url = urlsplit(options.get("url", ""))
                path = url.path.strip("/").split("/")
                yield Link(
                    panel=panel,
                    query=options.get("query", ""),
                    view=path[-1] if path[:2] == ["app", APP] else "",
                    values=dict(parse_qsl(url.query, keep_blank_values=True)),
                    row_fields=frozenset(re.findall(r"\$row\.([^$|]+)\.value", text)),
                )

    def fields_shown(self, panel: str) -> set[str]:
        """Return the columns that a panel names: formats, encodings, what its links take."""
        visualization = self.panels[panel]
        text = json.dumps({key: visualization.get(key) for key in ("options", "context", "encoding")})
        named = set(visualization.get("options", {}).get("columnFormat", ()))
        named |= set(re.findall(r"(?:seriesByName|frameBySeriesNames)\((.*?)\)", text.replace("\\", "")))
        named = {field.strip(" '\"") for group in named for field in group.split(",")}
        for link in self.links():
            if link.panel == panel:
                named |= link.row_fields
        return named - {""}

    def tokens_used(self) -> Iterator[tuple[str, str]]:
        """Yield place, token for each token in the definition, those of a clicked row left out."""
        for place, text in _texts(self.definition):
            for token in TOKEN.findall(text):
                if token.split(".")[0] not in ("row", "click", "trellis"):
                    yield place, token


def _texts(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, f"{place}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _texts(value, f"{place}/{number}")


def read_views(root: Path) -> list[View]:
    """Return the Studio dashboards of the app at `root` in the order of their names."""
    views = []
    for path in sorted((root / "default" / "data" / "ui" / "views").glob("*.xml")):
        tree = ET.parse(path).getroot()  # noqa: S314 - our own file
        definition = tree.findtext("definition")
        if definition:
            views.append(
                View(path.stem, path.relative_to(root).as_posix(), tree.findtext("label") or "", json.loads(definition))
            )
    return views
