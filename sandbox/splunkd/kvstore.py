"""The app key-value store: collections of JSON records in SQLite, kept over restarts.

Knows records and queries; knows nothing of HTTP.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS collections (name TEXT PRIMARY KEY, settings TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS records (collection TEXT, key TEXT, record TEXT NOT NULL,"
    " PRIMARY KEY (collection, key))",
)
_DELETE = "DELETE FROM records WHERE collection = ? AND key = ?"

#: MongoDB's bound of a document, and limits.conf, [kvstore]: max_documents_per_batch_save, max_size_per_batch_save_mb.
MOST_RECORD_BYTES = 16 * 1024 * 1024
MOST_RECORDS_PER_BATCH = 1_000
MOST_BATCH_BYTES = 50 * 1024 * 1024


class NoSuchCollection(LookupError):
    """The collection is neither in collections.conf nor created."""


class CollectionExists(ValueError):
    """A collection of that name is there already."""


class KeyExists(ValueError):
    """A record with that `_key` is there already."""


class TooMuch(ValueError):
    """A record or a batch beyond the limits of limits.conf, [kvstore], or of a document."""


class NotReady(RuntimeError):
    """The store is starting, or changes its captain."""


class QueryError(ValueError):
    """A query that is not understood; the message names the part."""


class KvStore:
    """The collections of one app. `declared`: those that its collections.conf names.

    Attributes:
        ready: whether the store answers; a test may take it away for a while, as a start of Splunk does.
    """

    def __init__(self, path: Path | None, app: str, declared: Mapping[str, Mapping[str, str]]) -> None:
        self.app = app
        self.ready = True
        # Told of a collection before its records are used: whoever keeps newer ones elsewhere stores them now.
        self.before_use: Callable[[str], None] | None = None
        self._telling = False
        self._declared = {name: dict(settings) for name, settings in declared.items()}
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._versions: dict[str, int] = {}
        # What is stored, once somebody has asked for it: by key, and in order of the keys.
        self._decoded: dict[str, dict[str, dict[str, Any]]] = {}
        self._ordered: dict[str, list[dict[str, Any]]] = {}
        with self._connection:
            for statement in _SCHEMA:
                self._connection.execute(statement)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def collections(self) -> dict[str, dict[str, str]]:
        """Name -> settings."""
        with self._lock:
            rows = self._connection.execute("SELECT name, settings FROM collections").fetchall()
        return {**self._declared, **{name: json.loads(settings) for name, settings in rows}}

    def create(self, name: str, settings: Mapping[str, str]) -> None:
        """Add a collection. Raises CollectionExists."""
        with self._lock:
            if name in self.collections():
                raise CollectionExists(f"An object with name={name} already exists")
            with self._connection:
                self._connection.execute("INSERT INTO collections VALUES (?, ?)", (name, json.dumps(settings)))

    def drop(self, name: str) -> None:
        """Remove a collection with its records. Raises NoSuchCollection."""
        with self._lock:
            self._known(name)
            with self._connection:
                self._connection.execute("DELETE FROM collections WHERE name = ?", (name,))
                self._connection.execute("DELETE FROM records WHERE collection = ?", (name,))
            self._decoded.pop(name, None)
            self._changed(name)
            self._declared.pop(name, None)

    def update_settings(self, name: str, settings: Mapping[str, str]) -> None:
        """Change settings of a collection (types, accelerated fields). Raises NoSuchCollection."""
        with self._lock:
            self._known(name)
            merged = {**self.collections()[name], **settings}
            with self._connection:
                self._connection.execute("INSERT OR REPLACE INTO collections VALUES (?, ?)", (name, json.dumps(merged)))

    def version(self, name: str) -> int:
        """A number that grows with each change of the collection's records."""
        return self._versions.get(name, 0)

    def _changed(self, name: str, saved: Iterable[dict[str, Any]] = (), gone: Iterable[str] = ()) -> None:
        """Note what was saved, and the keys of what is gone."""
        self._versions[name] = self._versions.get(name, 0) + 1
        self._ordered.pop(name, None)
        known = self._decoded.get(name)
        if known is not None:
            for key in gone:
                known.pop(key, None)
            known.update((document["_key"], document) for document in saved)

    def replace_all(self, name: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Make these the collection's only records, in one transaction; each brings its `_key`."""
        with self._lock:
            self._known(name)
            kept = list(records)
            self.change(name, kept, set(self._by_key(name)) - {str(record["_key"]) for record in kept})

    def change(self, name: str, saved: Iterable[Mapping[str, Any]], gone: Iterable[str]) -> None:
        """Save records, each of which brings its `_key`, and remove those with some keys, in one transaction."""
        with self._lock:
            self._known(name)
            documents = [_document(record, str(record["_key"])) for record in saved]
            rows = [(name, document["_key"], _encoded(document)) for document in documents]
            keys = list(gone)
            with self._connection:
                self._connection.executemany(_DELETE, [(name, key) for key in keys])
                self._connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)
            self._changed(name, documents, keys)

    def insert(self, name: str, record: Mapping[str, Any]) -> str:
        """Add a record; returns its key, a new one unless it brings one.

        Raises KeyExists, NoSuchCollection.
        """
        with self._lock:
            self._known(name)
            key = str(record.get("_key") or uuid.uuid4().hex)
            text = _text(record, key)
            try:
                with self._connection:
                    self._connection.execute("INSERT INTO records VALUES (?, ?, ?)", (name, key, text))
            except sqlite3.IntegrityError:
                raise KeyExists(f"A document with the same key already exists: {key}") from None
            self._changed(name, [json.loads(text)])
            return key

    def save(self, name: str, record: Mapping[str, Any]) -> str:
        """Add a record or replace the one with its key."""
        with self._lock:
            self._known(name)
            key = str(record.get("_key") or uuid.uuid4().hex)
            text = _text(record, key)
            with self._connection:
                self._connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (name, key, text))
            self._changed(name, [json.loads(text)])
            return key

    def save_all(self, name: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Add or replace records. Raises TooMuch before any of them is touched."""
        if len(records) > MOST_RECORDS_PER_BATCH:
            raise TooMuch(f"{len(records)} documents in one batch_save; the limit is {MOST_RECORDS_PER_BATCH}")
        if sum(len(_text(record, "")) for record in records) > MOST_BATCH_BYTES:
            raise TooMuch(f"a batch_save of more than {MOST_BATCH_BYTES // 1024 // 1024} MB")
        return [self.save(name, record) for record in records]

    def query(
        self, name: str, query: Any, *, sort: str = "", fields: str = "", skip: int = 0, limit: int = 0
    ) -> list[dict[str, Any]]:
        """Records that match. `sort` is `a:-1,b:1`, `fields` is `a,b` or `a:0`.

        Raises QueryError, NoSuchCollection.
        """
        with self._lock:
            self._known(name)
            records = self._records(name)
        matches = _condition(query)
        found = [dict(record) for record in records if matches(record)]
        for part in reversed([part for part in sort.split(",") if part]):
            field, _, direction = part.partition(":")
            if direction not in ("", "1", "-1"):
                raise QueryError(f"sort {part!r}: the direction must be 1 or -1")
            found.sort(key=lambda record, field=field: _order(record.get(field)), reverse=direction == "-1")  # type: ignore[misc]
        found = found[skip : skip + limit] if limit else found[skip:]
        return [_projected(record, fields) for record in found]

    def find(self, name: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The records of these keys that are there, by key; not to be changed. Raises NoSuchCollection."""
        with self._lock:
            self._known(name)
            known = self._by_key(name)
            return {key: known[key] for key in keys if key in known}

    def _records(self, name: str) -> list[dict[str, Any]]:
        """All records by key; not to be changed."""
        ordered = self._ordered.get(name)
        if ordered is None:
            known = self._by_key(name)
            # SQLite's order of texts is Python's: by code point.
            ordered = self._ordered[name] = [known[key] for key in sorted(known)]
        return ordered

    def _by_key(self, name: str) -> dict[str, dict[str, Any]]:
        if name not in self._decoded:
            found = self._connection.execute("SELECT key, record FROM records WHERE collection = ?", (name,))
            self._decoded[name] = {key: json.loads(record) for key, record in found}
        return self._decoded[name]

    def delete(self, name: str, query: Any) -> None:
        """Remove the records that match; all of them for an empty query."""
        with self._lock:
            self._known(name)
            matches = _condition(query)
            keys = [record["_key"] for record in self._records(name) if matches(record)]
            if not keys:
                return
            with self._connection:
                self._connection.executemany(_DELETE, [(name, key) for key in keys])
            self._changed(name, gone=keys)

    def _known(self, name: str) -> None:
        if self.before_use is not None and not self._telling:
            self._telling = True
            try:
                self.before_use(name)
            finally:
                self._telling = False
        if not self.ready:
            raise NotReady("KV Store initialization has not completed yet.")
        if name not in self.collections():
            raise NoSuchCollection(f"Could not find object id={name}")


def _document(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {"_user": "nobody", **record, "_key": key}


def _text(record: Mapping[str, Any], key: str) -> str:
    return _encoded(_document(record, key))


def _encoded(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=False)
    if len(text) > MOST_RECORD_BYTES:
        raise TooMuch(f"a document of {len(text)} bytes; the limit is {MOST_RECORD_BYTES}")
    return text


def _order(value: Any) -> Any:
    """Missing before numbers before texts, so that mixed records can be sorted at all."""
    if value is None:
        return (0, 0, "")
    if isinstance(value, (int, float)):
        return (1, value, "")
    return (2, 0, str(value))


def _projected(record: dict[str, Any], fields: str) -> dict[str, Any]:
    wanted: dict[str, bool] = {}
    for part in [part.strip() for part in fields.split(",") if part.strip()]:
        name, _, flag = part.partition(":")
        wanted[name] = flag != "0"
    if not wanted:
        return record
    if any(wanted.values()):
        return {name: value for name, value in record.items() if wanted.get(name, name == "_key")}
    return {name: value for name, value in record.items() if wanted.get(name, True)}


Condition = Callable[[Mapping[str, Any]], bool]


def _condition(query: Any) -> Condition:
    """A test for records from a query object: MongoDB's words, those that Splunk's manual names."""
    if not isinstance(query, dict):
        raise QueryError("a query must be an object")
    tests: list[Condition] = []
    for name, wanted in query.items():
        if name in ("$and", "$or"):
            if not isinstance(wanted, list) or not wanted:
                raise QueryError(f"{name} expects a list of queries")
            parts = [_condition(part) for part in wanted]
            tests.append(_every(parts) if name == "$and" else _some(parts))
        elif name == "$not":
            tests.append(_negated(_condition(wanted)))
        elif name.startswith("$"):
            raise QueryError(f"operator {name} is unknown")
        else:
            tests.append(_field_condition(name, wanted))
    return _every(tests)


def _every(parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    return lambda record: all(part(record) for part in parts)


def _some(parts: list[Condition]) -> Condition:
    return lambda record: any(part(record) for part in parts)


def _negated(part: Condition) -> Condition:
    return lambda record: not part(record)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda found, wanted: found > wanted,
    "$gte": lambda found, wanted: found >= wanted,
    "$lt": lambda found, wanted: found < wanted,
    "$lte": lambda found, wanted: found <= wanted,
}


def _field_condition(name: str, wanted: Any) -> Condition:
    if not (isinstance(wanted, dict) and any(key.startswith("$") for key in wanted)):
        return lambda record: _value(record, name) == wanted
    tests: list[Condition] = []
    for operator, operand in wanted.items():
        if operator == "$ne":
            tests.append(lambda record, operand=operand: _value(record, name) != operand)  # type: ignore[misc]
        elif operator in _COMPARISONS:
            tests.append(_comparison(name, _COMPARISONS[operator], operand))
        else:
            raise QueryError(f"operator {operator} is unknown")
    return _every(tests)


def _comparison(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Condition:
    number = isinstance(wanted, (int, float)) and not isinstance(wanted, bool)

    def matches(record: Mapping[str, Any]) -> bool:
        found = record[name] if name in record else _value(record, name)
        if number:
            return isinstance(found, (int, float)) and not isinstance(found, bool) and compare(found, wanted)
        return isinstance(found, str) and isinstance(wanted, str) and compare(found, wanted)

    return matches


def _value(record: Mapping[str, Any], name: str) -> Any:
    """A member, also of a nested object by a dotted name."""
    value: Any = record
    for part in name.split("."):
        if name in record:
            return record[name]
        value = value.get(part) if isinstance(value, dict) else None
    return value
