"""storage/collections: the app key-value store, its collections and their records.

A collection exists when the app's collections.conf names it or when it was created here.
Records are JSON objects with a `_key`; queries know the operators that the REST manual
lists. A field or operator that is not understood is refused, never ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.splunkd.kvstore import (
    CollectionExists,
    KeyExists,
    KvStore,
    NoSuchCollection,
    NotReady,
    QueryError,
    TooMuch,
)
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, json_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint, Handler

_CONFIG = "storage/collections/config"
_DATA = "storage/collections/data"


class KvStoreEndpoints:
    """The REST face of one KvStore."""

    def __init__(self, store: KvStore) -> None:
        self._store = store

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_CONFIG, ["GET"], self._list_collections),
            Endpoint(_CONFIG, ["POST"], self._create_collection),
            Endpoint(f"{_CONFIG}/<name>", ["GET"], self._read_collection),
            Endpoint(f"{_CONFIG}/<name>", ["POST"], self._update_collection),
            Endpoint(f"{_CONFIG}/<name>", ["DELETE"], _guarded(self._delete_collection)),
            Endpoint(f"{_DATA}/<name>", ["GET"], _guarded(self._query)),
            Endpoint(f"{_DATA}/<name>", ["POST"], _guarded(self._insert)),
            Endpoint(f"{_DATA}/<name>", ["DELETE"], _guarded(self._delete_matching)),
            Endpoint(f"{_DATA}/<name>/batch_save", ["POST"], _guarded(self._batch_save)),
            Endpoint(f"{_DATA}/<name>/batch_find", ["POST"], _guarded(self._batch_find)),
            Endpoint(f"{_DATA}/<name>/<path:key>", ["GET"], _guarded(self._read)),
            Endpoint(f"{_DATA}/<name>/<path:key>", ["POST"], _guarded(self._replace)),
            Endpoint(f"{_DATA}/<name>/<path:key>", ["DELETE"], _guarded(self._delete)),
        ]

    def _entries(self, app: str) -> list[Entry]:
        return [
            Entry(name, settings, app=self._store.app) for name, settings in sorted(self._store.collections().items())
        ]

    def _list_collections(self, call: Call) -> Response:
        return feed_response(page_of(self._entries(call.app), _CONFIG, call.arguments), call.output_mode)

    def _create_collection(self, call: Call) -> Response:
        name = call.arguments.get("name", "")
        if not name:
            raise RestError(400, "The following required arguments are missing: name.")
        settings = {key: value for key, value in call.arguments.items() if key not in ("name", "output_mode")}
        try:
            self._store.create(name, settings)
        except CollectionExists as error:
            raise RestError(409, str(error)) from None
        return self._one_collection(call, name, 201)

    def _read_collection(self, call: Call, name: str) -> Response:
        return self._one_collection(call, name, 200)

    def _update_collection(self, call: Call, name: str) -> Response:
        settings = {key: value for key, value in call.arguments.items() if key not in ("name", "output_mode")}
        try:
            self._store.update_settings(name, settings)
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None
        return self._one_collection(call, name, 200)

    def _one_collection(self, call: Call, name: str, status: int) -> Response:
        entries = [entry for entry in self._entries(call.app) if entry.name == name]
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed(_CONFIG, entries), call.output_mode, status)

    def _delete_collection(self, call: Call, name: str) -> Response:
        try:
            self._store.drop(name)
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None
        return feed_response(Feed(_CONFIG, self._entries(call.app)), call.output_mode)

    def _query(self, call: Call, name: str) -> Response:
        return json_response(self._find(name, call.arguments))

    def _find(self, name: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        query = options.get("query") or "{}"
        try:
            return self._store.query(
                name,
                json.loads(query) if isinstance(query, str) else query,
                sort=str(options.get("sort") or ""),
                fields=str(options.get("fields") or ""),
                skip=int(options.get("skip") or 0),
                limit=int(options.get("limit") or 0),
            )
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None
        except (QueryError, ValueError) as error:
            raise RestError(400, f"JSON in the request is invalid. ( {error} )") from None

    def _insert(self, call: Call, name: str) -> Response:
        record = _object(call)
        try:
            return json_response({"_key": self._store.insert(name, record)}, 201)
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None
        except KeyExists as error:
            raise RestError(409, str(error)) from None

    def _batch_save(self, call: Call, name: str) -> Response:
        records = _json(call)
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise RestError(400, "batch_save expects a JSON array of objects.")
        try:
            return json_response(self._store.save_all(name, records))
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None

    def _batch_find(self, call: Call, name: str) -> Response:
        queries = _json(call)
        if not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
            raise RestError(400, "batch_find expects a JSON array of query objects.")
        return json_response([self._find(name, query) for query in queries])

    def _read(self, call: Call, name: str, key: str) -> Response:
        record = self._record(name, key)
        return json_response(record)

    def _replace(self, call: Call, name: str, key: str) -> Response:
        record = _object(call)
        self._record(name, key)
        return json_response({"_key": self._store.save(name, {**record, "_key": key})})

    def _delete(self, call: Call, name: str, key: str) -> Response:
        self._record(name, key)
        self._store.delete(name, {"_key": key})
        return json_response({})

    def _delete_matching(self, call: Call, name: str) -> Response:
        try:
            self._store.delete(name, json.loads(call.arguments.get("query") or "{}"))
        except NoSuchCollection as error:
            raise RestError(404, str(error)) from None
        except (QueryError, ValueError) as error:
            raise RestError(400, f"JSON in the request is invalid. ( {error} )") from None
        return json_response({})

    def _record(self, name: str, key: str) -> dict[str, Any]:
        found = self._find(name, {"query": json.dumps({"_key": key})})
        if not found:
            raise RestError(404, f"Could not find object id={key}")
        return found[0]


def _guarded(handler: Handler) -> Handler:
    """Answer as Splunk does while the store is not ready, and for what is too large for it."""

    def guarded(*args: Any, **kwargs: Any) -> Response:
        try:
            return handler(*args, **kwargs)
        except NotReady as error:
            raise RestError(503, str(error)) from None
        except TooMuch as error:
            raise RestError(400, str(error)) from None

    return guarded


def _json(call: Call) -> Any:
    try:
        return json.loads(call.body.decode("utf-8"))
    except ValueError as error:
        raise RestError(400, f"JSON in the request is invalid. ( {error} )") from None


def _object(call: Call) -> dict[str, Any]:
    record = _json(call)
    if not isinstance(record, dict):
        raise RestError(400, "JSON in the request is invalid. ( an object is expected )")
    return record
