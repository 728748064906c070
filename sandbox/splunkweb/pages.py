"""The documents of each page: which view, which navigation, in which theme, for whom."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkweb.documents import classic_body, document
from sandbox.splunkweb.views import OWN_VIEWS, NavItem, Views


class Pages:
    """The pages of one app."""

    def __init__(self, app: str, views: Views, confs: ConfStore, locale: str) -> None:
        self._app = app
        self._views = views
        self._confs = confs
        self._root = locale
        # Part of the address of static files: a new start never shows what a browser has kept.
        self.build = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
        self._assets = f"{locale}/static/@{self.build}/harness"

    def first_view(self) -> str:
        """Where the app begins: the view that is the default of its navigation."""
        return self._views.navigation().default or "search"

    def setup_view_to_show(self, name: str) -> str:
        """The setup view, when the app is not set up yet and another of its views is asked for; else empty."""
        setup = self._views.identity()["setup_view"]
        if not setup or name == setup or name in OWN_VIEWS or self._views.view(setup) is None:
            return ""
        configured = self._confs.stanzas("app").get("install", {}).get("is_configured", "0")
        return "" if configured in ("1", "true") else setup

    def view(self, name: str, user: str, theme: str) -> str | None:
        """The page of a view, the app's or Splunk's own; None when there is none of that name. Raises ViewError."""
        if name == "search":
            return self._document(self._page(name, "Search", user, theme), "search")
        if name in OWN_VIEWS:
            page = self._page(name, OWN_VIEWS[name], user, theme)
            return self._document({**page, "list": name, "views": self._listed()}, "list")
        view = self._views.view(name)
        if view is None:
            return None
        page = self._page(name, view.label, user, theme, view.description)
        if view.definition is not None:
            return self._document({**page, "definition": view.definition}, "dashboard")
        script = f"{self._root}/static/@{self.build}/app/{self._app}/{view.script}" if view.script else ""
        return self._document(page, "classic", body=classic_body(view.label, view.panels), script=script)

    def is_studio(self, name: str) -> bool:
        view = self._views.view(name) if name not in OWN_VIEWS else None
        return view is not None and view.definition is not None

    def triggered(self, user: str, theme: str) -> str:
        """Splunk's list of triggered alerts."""
        return self._document(self._page("", "Triggered alerts", user, theme), "triggered")

    def login(self, theme: str, return_to: str, problem: str) -> str:
        inside = return_to if return_to.startswith(f"{self._root}/") else f"{self._root}/"
        page = {"root": self._root, "theme": theme, "title": "Sign in", "returnTo": inside, "problem": problem}
        return self._document(page, "login")

    def _page(self, view: str, title: str, user: str, theme: str, description: str = "") -> dict[str, Any]:
        navigation = self._views.navigation()
        return {
            "app": self._app,
            "appLabel": self._views.identity()["label"],
            "title": title,
            "description": description,
            "view": view,
            "user": user,
            "theme": theme,
            "root": self._root,
            "color": navigation.color,
            "nav": [self._item(item, view) for item in navigation.items],
        }

    def _item(self, item: NavItem, here: str) -> dict[str, Any]:
        if item.items:
            return {"label": item.label, "items": [self._item(inner, here) for inner in item.items]}
        href = f"{self._root}/app/{self._app}/{quote(item.view)}" if item.view else item.href
        return {"label": item.label, "href": href, "here": bool(item.view) and item.view == here}

    def _listed(self) -> list[dict[str, str]]:
        views = [self._views.view(name) for name in self._views.names()]
        return [
            {"name": view.name, "label": view.label, "description": view.description}
            for view in views
            if view is not None
        ]

    def _document(self, page: dict[str, Any], entry: str, **more: str) -> str:
        return document(page, entry, self._assets, self._root, **more)
