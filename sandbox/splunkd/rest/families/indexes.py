"""data/indexes: the indexes of indexes.conf and Splunk's own, with what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.index import Index
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.results import iso_time
from sandbox.splunkd.rest.routing import Call, Endpoint

_PATH = "data/indexes"
_CONF = "indexes"
_OWN = ("_audit", "_internal", "main", "summary")
_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,79}")
_KNOWN = re.compile(
    r"homePath|coldPath|thawedPath|frozenTimePeriodInSecs|maxTotalDataSizeMB|maxDataSize|datatype|repFactor|disabled"
    r"|maxHotBuckets|maxWarmDBCount|enableTsidxReduction|summaryHomePath|tstatsHomePath"
)
_DEFAULTS = {"frozenTimePeriodInSecs": "188697600", "maxTotalDataSizeMB": "500000", "datatype": "event"}


class IndexEndpoints:
    """Index definitions live in the app's indexes.conf; events in the stand-in's database."""

    def __init__(self, confs: ConfStore, indexes: list[Index]) -> None:
        self._confs = confs
        self._indexes = indexes

    def endpoints(self) -> list[Endpoint]:
        one = f"{_PATH}/<name>"
        return [
            Endpoint(_PATH, ["GET"], self._list),
            Endpoint(_PATH, ["POST"], self._create),
            Endpoint(f"{one}/enable", ["POST"], self._enable),
            Endpoint(f"{one}/disable", ["POST"], self._disable),
            Endpoint(f"{one}/roll-hot-buckets", ["POST"], self._read),
            Endpoint(one, ["GET"], self._read),
            Endpoint(one, ["POST"], self._edit),
            Endpoint(one, ["DELETE"], self._delete),
        ]

    def names(self) -> set[str]:
        """Indexes that take events."""
        return {*_OWN, *(name for name in self._stanzas() if not name.startswith("volume:"))}

    def _stanzas(self) -> dict[str, dict[str, str]]:
        return self._confs.stanzas(_CONF)

    def _entries(self) -> list[Entry]:
        held: dict[str, tuple[int, float, float, int]] = {}
        for index in self._indexes:
            held.update(index.summary())
        stanzas = self._stanzas()
        return [self._entry(name, stanzas.get(name, {}), held.get(name)) for name in sorted(self.names())]

    def _entry(self, name: str, settings: Mapping[str, str], held: tuple[int, float, float, int] | None) -> Entry:
        count, first, last, size = held or (0, 0.0, 0.0, 0)
        content: dict[str, Any] = {
            **_DEFAULTS,
            **settings,
            "name": name,
            "defaultDatabase": "main",
            "disabled": settings.get("disabled", "0") in ("1", "true"),
            "isInternal": name.startswith("_"),
            "totalEventCount": count,
            "currentDBSizeMB": -(-size // 1_048_576),
            "minTime": iso_time(first) if count else "",
            "maxTime": iso_time(last) if count else "",
        }
        return Entry(
            name, content, app=self._confs.app if name in self._stanzas() else "system", removable=name not in _OWN
        )

    def _list(self, call: Call) -> Response:
        return feed_response(page_of(self._entries(), _PATH, call.arguments), call.output_mode)

    def _read(self, call: Call, name: str) -> Response:
        return self._one(call, name)

    def _one(self, call: Call, name: str, status: int = 200) -> Response:
        entries = [entry for entry in self._entries() if entry.name == name]
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed(_PATH, entries), call.output_mode, status)

    def _create(self, call: Call) -> Response:
        name = call.arguments.get("name", "")
        if not _NAME.fullmatch(name) or "kvstore" in name:
            raise RestError(
                400,
                f"Invalid index name '{name[:80]}': lower-case letters, digits, _ and - are expected, no _ or - first, "
                "and not the word kvstore.",
            )
        if name in self.names():
            raise RestError(409, f"In handler 'indexes': Index name={name} already exists")
        self._write(name, call.arguments)
        return self._one(call, name, 201)

    def _edit(self, call: Call, name: str) -> Response:
        self._one(call, name)
        self._write(name, call.arguments)
        return self._one(call, name)

    def _write(self, name: str, arguments: Mapping[str, str]) -> None:
        settings = {key: value for key, value in arguments.items() if key not in ("name", "output_mode")}
        for key in settings:
            if not _KNOWN.fullmatch(key):
                raise RestError(400, f'Argument "{key}" is not supported by this handler.')
        self._confs.write(_CONF, name, settings)

    def _enable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "0")

    def _disable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "1")

    def _switch(self, call: Call, name: str, disabled: str) -> Response:
        self._one(call, name)
        self._confs.write(_CONF, name, {"disabled": disabled})
        return self._one(call, name)

    def _delete(self, call: Call, name: str) -> Response:
        self._one(call, name)
        if name in _OWN or name in self._confs.layer("default", _CONF):
            raise RestError(
                403, f"The index {name} is defined by Splunk or by the app's defaults: it cannot be removed."
            )
        self._confs.remove(_CONF, name)
        for index in self._indexes:
            index.delete(name)
        return self._list(call)
