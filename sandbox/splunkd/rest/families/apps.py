"""apps/local: the apps that are installed, and the mark that setup is finished."""

from __future__ import annotations

from werkzeug.wrappers import Response

from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint

_PATH = "apps/local"
# argument -> stanza and key of app.conf
_SETTINGS = {
    "configured": ("install", "is_configured"),
    "label": ("ui", "label"),
    "visible": ("ui", "is_visible"),
    "version": ("launcher", "version"),
    "author": ("launcher", "author"),
    "description": ("launcher", "description"),
}


class AppEndpoints:
    """Our app, and `search`, in whose name much is done."""

    def __init__(self, confs: ConfStore) -> None:
        self._confs = confs

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH, ["GET"], self._list),
            Endpoint(_PATH, ["POST"], self._refuse),
            Endpoint(f"{_PATH}/_reload", ["GET", "POST"], self._list),
            Endpoint(f"{_PATH}/<name>", ["GET"], self._read),
            Endpoint(f"{_PATH}/<name>", ["POST"], self._edit),
            Endpoint(f"{_PATH}/<name>/_reload", ["GET", "POST"], self._read),
            Endpoint(f"{_PATH}/<name>/enable", ["POST"], self._enable),
            Endpoint(f"{_PATH}/<name>/disable", ["POST"], self._disable),
            Endpoint(f"{_PATH}/<name>", ["DELETE"], self._refuse_delete),
        ]

    def _entries(self) -> list[Entry]:
        conf = self._confs.stanzas("app")
        content = {argument: conf.get(stanza, {}).get(key, "") for argument, (stanza, key) in _SETTINGS.items()}
        installed = {
            **content,
            "configured": content["configured"].lower() in ("1", "true"),
            "visible": content["visible"].lower() not in ("0", "false"),
            "disabled": conf.get("install", {}).get("state") == "disabled",
            "check_for_updates": True,
            "state_change_requires_restart": False,
        }
        search = {
            "label": "Search & Reporting",
            "configured": True,
            "visible": True,
            "disabled": False,
            "version": "9.4.3",
        }
        return [
            Entry("search", search, app="search", removable=False),
            Entry(self._confs.app, installed, app=self._confs.app, removable=False),
        ]

    def _list(self, call: Call) -> Response:
        return feed_response(page_of(self._entries(), _PATH, call.arguments), call.output_mode)

    def _read(self, call: Call, name: str) -> Response:
        entries = [entry for entry in self._entries() if entry.name == name]
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed(_PATH, entries), call.output_mode)

    def _edit(self, call: Call, name: str) -> Response:
        self._own(call, name)
        for argument, value in call.arguments.items():
            if argument in _SETTINGS:
                stanza, key = _SETTINGS[argument]
                if argument == "configured":
                    value = "1" if value.strip().lower() in ("1", "true") else "0"
                self._confs.write("app", stanza, {key: value})
            elif argument not in ("output_mode", "name"):
                raise RestError(400, f'Argument "{argument}" is not supported by this handler.')
        return self._read(call, name)

    def _enable(self, call: Call, name: str) -> Response:
        self._own(call, name)
        self._confs.write("app", "install", {"state": "enabled"})
        return self._read(call, name)

    def _disable(self, call: Call, name: str) -> Response:
        self._own(call, name)
        self._confs.write("app", "install", {"state": "disabled"})
        return self._read(call, name)

    def _own(self, call: Call, name: str) -> None:
        self._read(call, name)
        if name != self._confs.app:
            raise RestError(403, f"The app {name} is Splunk's own and is not changed by the stand-in.")

    def _refuse(self, call: Call) -> Response:
        raise RestError(403, "The stand-in installs no further apps.")

    def _refuse_delete(self, call: Call, name: str) -> Response:
        self._read(call, name)
        raise RestError(403, f"The stand-in does not remove {name}.")
