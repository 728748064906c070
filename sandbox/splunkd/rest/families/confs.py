"""configs/conf-<name> and properties: the app's confs, read through their layers, written to `local/`.

A changed conf counts at once: what reads confs here reads them anew. `_reload` therefore has
nothing to do and says so by succeeding.
"""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from sandbox.confs import ConfError
from sandbox.splunkd.conf_store import ConfStore, ConfWriteError
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, message_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint

_NOT_SETTINGS = frozenset({"name", "output_mode", "count", "offset", "__stanza", "__conf", "sharing", "owner", "app"})


class ConfEndpoints:
    """All confs of one app."""

    def __init__(self, confs: ConfStore) -> None:
        self._confs = confs

    def endpoints(self) -> list[Endpoint]:
        one = "configs/conf-<conf>/<path:stanza>"
        return [
            Endpoint("properties", ["GET"], self._files),
            Endpoint("properties", ["POST"], self._create_file),
            Endpoint("properties/<conf>", ["GET"], self._property_stanzas),
            Endpoint("properties/<conf>/<stanza>", ["GET"], self._property_keys),
            Endpoint("properties/<conf>/<stanza>", ["POST"], self._set_properties),
            Endpoint("properties/<conf>/<stanza>/<key>", ["GET"], self._property),
            Endpoint("configs/conf-<conf>", ["GET"], self._list),
            Endpoint("configs/conf-<conf>", ["POST"], self._create),
            Endpoint("configs/conf-<conf>/_reload", ["GET", "POST"], self._reload),
            Endpoint(f"{one}/enable", ["POST"], self._enable),
            Endpoint(f"{one}/disable", ["POST"], self._disable),
            Endpoint(f"{one}/_reload", ["GET", "POST"], self._read),
            Endpoint(one, ["GET"], self._read),
            Endpoint(one, ["POST"], self._edit),
            Endpoint(one, ["DELETE"], self._delete),
        ]

    # -- configs/conf-<name>

    def _stanzas(self, conf: str) -> dict[str, dict[str, str]]:
        try:
            found = self._confs.stanzas(conf)
            general = self._confs.merged(conf).get("default")
        except ConfWriteError as error:
            raise RestError(400, str(error)) from None
        except ConfError as error:
            raise RestError(500, str(error)) from None
        return {**({"default": general} if general else {}), **found}

    def _entries(self, conf: str) -> list[Entry]:
        stanzas = self._stanzas(conf)
        shipped = self._confs.layer("default", conf)
        return [
            Entry(
                name,
                {
                    "disabled": _on(settings.get("disabled")),
                    "eai:appName": self._confs.app,
                    **_without(settings, "disabled"),
                },
                app=self._confs.app,
                removable=name not in shipped,
            )
            for name, settings in sorted(stanzas.items())
        ]

    def _list(self, call: Call, conf: str) -> Response:
        return feed_response(page_of(self._entries(conf), f"configs/conf-{conf}", call.arguments), call.output_mode)

    def _one(self, call: Call, conf: str, stanza: str, status: int = 200) -> Response:
        entries = [entry for entry in self._entries(conf) if entry.name == stanza]
        if not entries:
            raise RestError(404, f"{stanza} does not exist")
        return feed_response(Feed(f"configs/conf-{conf}", entries), call.output_mode, status)

    def _read(self, call: Call, conf: str, stanza: str) -> Response:
        return self._one(call, conf, stanza)

    def _create(self, call: Call, conf: str) -> Response:
        name = call.arguments.get("name") or call.arguments.get("__stanza", "")
        if not name:
            raise RestError(400, "The following required arguments are missing: name.")
        if name in self._stanzas(conf):
            raise RestError(409, f"An object with name={name} already exists")
        self._write(conf, name, call.arguments)
        return self._one(call, conf, name, 201)

    def _edit(self, call: Call, conf: str, stanza: str) -> Response:
        self._one(call, conf, stanza)
        self._write(conf, stanza, call.arguments)
        return self._one(call, conf, stanza)

    def _enable(self, call: Call, conf: str, stanza: str) -> Response:
        return self._edit(_with(call, {"disabled": "0"}), conf, stanza)

    def _disable(self, call: Call, conf: str, stanza: str) -> Response:
        return self._edit(_with(call, {"disabled": "1"}), conf, stanza)

    def _delete(self, call: Call, conf: str, stanza: str) -> Response:
        self._one(call, conf, stanza)
        if stanza in self._confs.layer("default", conf):
            raise RestError(403, f"{stanza} is part of the app's defaults: it can be changed, not removed.")
        self._confs.remove(conf, stanza)
        return self._list(call, conf)

    def _reload(self, call: Call, conf: str) -> Response:
        self._stanzas(conf)
        return message_response(200, f"{conf}.conf is read anew at each use.", "INFO", call.output_mode)

    def _write(self, conf: str, stanza: str, arguments: Mapping[str, str]) -> None:
        settings = {key: value for key, value in arguments.items() if key not in _NOT_SETTINGS}
        try:
            self._confs.write(conf, stanza, settings)
        except ConfWriteError as error:
            raise RestError(400, str(error)) from None

    # -- properties

    def _files(self, call: Call) -> Response:
        entries = [Entry(name, {}, app=self._confs.app) for name in self._confs.names()]
        return feed_response(page_of(entries, "properties", call.arguments), call.output_mode)

    def _create_file(self, call: Call) -> Response:
        name = call.arguments.get("__conf", "")
        try:
            made = self._confs.create_file(name)
        except ConfWriteError as error:
            raise RestError(400, str(error)) from None
        return message_response(201 if made else 303, f"{name}.conf", "INFO", call.output_mode)

    def _property_stanzas(self, call: Call, conf: str) -> Response:
        if conf not in self._confs.names():
            raise RestError(404, f"{conf} does not exist")
        entries = [Entry(name, {}, app=self._confs.app) for name in sorted(self._stanzas(conf))]
        return feed_response(page_of(entries, f"properties/{conf}", call.arguments), call.output_mode)

    def _property_keys(self, call: Call, conf: str, stanza: str) -> Response:
        settings = self._known(conf, stanza)
        path = f"properties/{conf}/{stanza}"
        entries = [Entry(name, {"$text": value}, app=self._confs.app) for name, value in sorted(settings.items())]
        return feed_response(page_of(entries, path, call.arguments), call.output_mode)

    def _property(self, call: Call, conf: str, stanza: str, key: str) -> Response:
        settings = self._known(conf, stanza)
        if key not in settings:
            raise RestError(404, f"{key} does not exist")
        return Response(settings[key], 200, content_type="text/plain; charset=UTF-8")

    def _set_properties(self, call: Call, conf: str, stanza: str) -> Response:
        self._write(conf, stanza, call.arguments)
        return message_response(200, f"Successfully modified stanza: {stanza}", "INFO", call.output_mode)

    def _known(self, conf: str, stanza: str) -> dict[str, str]:
        stanzas = self._stanzas(conf)
        if stanza not in stanzas:
            raise RestError(404, f"{stanza} does not exist")
        return stanzas[stanza]


def _on(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "t", "yes")


def _without(settings: Mapping[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name != key}


def _with(call: Call, arguments: Mapping[str, str]) -> Call:
    from dataclasses import replace

    return replace(call, arguments=arguments)
