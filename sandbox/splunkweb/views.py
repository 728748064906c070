"""The app's views and its navigation, as its files say them.

Knows Dashboard Studio views and classic dashboards whose panels are HTML filled by a script; other panels of classic
dashboards are refused by name.
"""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.confs import read_conf

# Views that every app can show: Splunk's own.
OWN_VIEWS = {"search": "Search", "alerts": "Alerts", "reports": "Reports", "dashboards": "Dashboards"}
_NAME = re.compile(r"[\w-]+")


class ViewError(Exception):
    """A view or the navigation is not what Splunk or this stand-in can show; the text says where and why."""


@dataclass(frozen=True)
class View:
    """One view. A Studio view has a definition, a classic one panels and perhaps a script."""

    name: str
    label: str
    description: str
    theme: str
    definition: dict[str, Any] | None = None
    panels: str = ""
    script: str = ""


@dataclass(frozen=True)
class NavItem:
    """One entry of the bar: a view, a link, or a menu of entries."""

    label: str
    view: str = ""
    href: str = ""
    items: list[NavItem] = field(default_factory=list)


@dataclass(frozen=True)
class Navigation:
    """The bar of the app."""

    items: list[NavItem]
    default: str
    color: str


class Views:
    """The views of one app folder; a file in local/ stands before the one in default/."""

    def __init__(self, app_folder: Path) -> None:
        self._folders = [app_folder / layer / "data" / "ui" for layer in ("local", "default")]
        self._app_folder = app_folder

    def names(self) -> list[str]:
        found = {path.stem for folder in self._folders for path in (folder / "views").glob("*.xml")}
        return sorted(found)

    def view(self, name: str) -> View | None:
        """None when there is no view of that name. Raises ViewError."""
        if not _NAME.fullmatch(name):
            return None
        for folder in self._folders:
            path = folder / "views" / f"{name}.xml"
            if path.is_file():
                return _read_view(path)
        return None

    def label(self, name: str) -> str:
        if name in OWN_VIEWS:
            return OWN_VIEWS[name]
        view = self.view(name)
        return view.label if view else name

    def navigation(self) -> Navigation:
        """Raises ViewError."""
        for folder in self._folders:
            path = folder / "nav" / "default.xml"
            if path.is_file():
                return self._read_navigation(path)
        return Navigation([], "", "#2B5F75")

    def _read_navigation(self, path: Path) -> Navigation:
        root = _parsed(path)
        default = next((item.get("name", "") for item in root.iter("view") if item.get("default") == "true"), "")
        return Navigation(list(self._items(root, path)), default, root.get("color", "#2B5F75"))

    def _items(self, parent: ElementTree.Element, path: Path) -> list[NavItem]:
        found = []
        for element in parent:
            if element.tag == "view" and element.get("name"):
                name = element.get("name", "")
                # As Splunk does: an entry whose view is not there is left out.
                if name in OWN_VIEWS or self.view(name):
                    found.append(NavItem(self.label(name), view=name))
            elif element.tag == "a":
                found.append(NavItem((element.text or "").strip(), href=element.get("href", "")))
            elif element.tag == "collection":
                found.append(NavItem(element.get("label", ""), items=self._items(element, path)))
            elif element.tag != "divider":
                raise ViewError(f"{path.name}: <{element.tag}> is not known to this stand-in.")
        return found

    def identity(self) -> dict[str, str]:
        """Label, version and setup view, from app.conf."""
        conf = read_conf(self._app_folder / "default" / "app.conf")
        launcher, ui = conf.get("launcher", {}), conf.get("ui", {})
        return {
            "label": ui.get("label", self._app_folder.name),
            "version": launcher.get("version", ""),
            "setup_view": ui.get("setup_view", ""),
        }


def _parsed(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(path).getroot()  # noqa: S314 - our own file
    except ElementTree.ParseError as error:
        raise ViewError(f"{path.name} is no XML: {error}.") from None


def _read_view(path: Path) -> View:
    root = _parsed(path)
    label = (root.findtext("label") or path.stem).strip()
    description = (root.findtext("description") or "").strip()
    theme = root.get("theme", "light")
    if root.get("version") == "2":
        try:
            definition = json.loads(root.findtext("definition") or "")
        except ValueError as error:
            raise ViewError(f"{path.name}: the definition is no JSON: {error}.") from None
        return View(path.stem, label, description, theme, definition=definition)
    if root.tag not in ("dashboard", "form"):
        raise ViewError(f"{path.name}: <{root.tag}> is not known to this stand-in.")
    return View(path.stem, label, description, theme, panels=_panels(root, path), script=root.get("script", ""))


def _panels(root: ElementTree.Element, path: Path) -> str:
    """The rows of a classic dashboard as HTML."""
    rows = []
    for row in root.iter("row"):
        panels = []
        for panel in row.iter("panel"):
            for element in panel:
                if element.tag not in ("html", "title"):
                    raise ViewError(f"{path.name}: <{element.tag}> in a panel is not known to this stand-in.")
            inner = "".join(_html(element) for element in panel.iter("html"))
            panels.append(f'<div class="dashboard-cell"><div class="dashboard-panel">{inner}</div></div>')
        rows.append(f'<div class="dashboard-row">{"".join(panels)}</div>')
    return "".join(rows)


def _html(element: ElementTree.Element) -> str:
    inside = "".join(ElementTree.tostring(child, encoding="unicode", method="html") for child in element)
    return html.escape(element.text or "") + inside
