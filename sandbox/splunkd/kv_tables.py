"""One KV store for REST and for the lookups of searches.

A search works on tables in memory. Before it runs, tables whose collection has changed are
read anew; after it, what it wrote to a table is stored in one transaction. Searches of one
stand-in run one at a time, so nothing is written between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.spl.lookups import LookupTables
from sandbox.spl.tables import Record, Table
from sandbox.splunkd.kvstore import KvStore

_HIDDEN = frozenset({"_user"})


class KvTables:
    """Keeps the KV store tables of `tables` and the collections of `store` the same."""

    def __init__(self, store: KvStore, tables: LookupTables) -> None:
        self._store = store
        self._tables = tables
        self._seen: dict[str, tuple[int, int]] = {}  # collection -> (its version, the table's) when last equal
        self._rows: dict[str, dict[str, Record]] = {}  # collection -> the table's rows by key then

    def put(self) -> None:
        """Let the tables that hold rows be what their collections hold."""
        declared = self._store.collections()
        for definition in self._tables.definitions().values():
            if definition.kind != "kvstore" or definition.target not in declared:
                continue
            table = self._tables.table(definition)
            if len(table):
                self._store.replace_all(definition.target, map(_record_of, table.rows()))
                self._are_equal(definition.target, table, self._store.version(definition.target))

    def read(self) -> None:
        """Bring the tables up to what the collections hold."""
        declared = self._store.collections()
        for definition in self._tables.definitions().values():
            if definition.kind != "kvstore" or definition.target not in declared:
                continue
            table = self._tables.table(definition)
            version = self._store.version(definition.target)
            if self._seen.get(definition.target, (-1, 0))[0] == version:
                continue
            table.clear()
            for record in self._store.query(definition.target, {}):
                table.add(_row_of(record))
            self._are_equal(definition.target, table, version)

    def _are_equal(self, collection: str, table: Table, version: int) -> None:
        self._seen[collection] = (version, table.version)
        self._rows[collection] = {str(row["_key"]): row for row in table.rows()}

    def write(self, only: str | None = None) -> list[str]:
        """Store what a search changed in the tables; the names of their collections.

        Args:
            only: one collection; the others stay as they are stored.
        """
        changed = []
        for definition in self._tables.definitions().values():
            if definition.kind != "kvstore" or definition.target not in self._seen:
                continue
            if only is not None and definition.target != only:
                continue
            table = self._tables.table(definition)
            if self._seen[definition.target][1] == table.version:
                continue
            self._write(definition.target, table)
            changed.append(definition.target)
        return changed

    def _write(self, collection: str, table: Table) -> None:
        then = self._rows[collection]
        rows = {str(row["_key"]): row for row in table.rows()}
        # A table never changes a row, it puts another in its place.
        fresh = {key: row for key, row in rows.items() if then.get(key) is not row}
        stored = self._store.find(collection, fresh)
        # One that says what its record says stays the record it was, nested members included.
        saved = [_record_of(row) for key, row in fresh.items() if key not in stored or _row_of(stored[key]) != row]
        self._store.change(collection, saved, then.keys() - rows.keys())
        # If this was not the only change since, what somebody else has stored meanwhile is read next.
        self._seen[collection] = (self._seen[collection][0] + 1, table.version)
        self._rows[collection] = rows


def _record_of(row: Record) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def _row_of(record: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: _value(value) for name, value in record.items() if name not in _HIDDEN}
    return {name: value for name, value in row.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(member if isinstance(member, (str, int, float)) else str(member) for member in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (str, int, float)):
        return value
    return str(value)
