"""One KV store for REST and for the lookups of searches.

A search works on tables in memory. Before it runs, tables whose collection has changed are
read anew; after it, tables that it wrote are stored in one transaction. Searches of one
stand-in run one at a time, so nothing is written between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.spl.lookups import LookupTables
from sandbox.spl.tables import Table
from sandbox.splunkd.kvstore import KvStore

_HIDDEN = frozenset({"_user"})


class KvTables:
    """Keeps the KV store tables of `tables` and the collections of `store` the same."""

    def __init__(self, store: KvStore, tables: LookupTables) -> None:
        self._store = store
        self._tables = tables
        self._seen: dict[str, tuple[int, int]] = {}  # collection -> (its version, the table's) when last equal

    def put(self) -> None:
        """Let the tables that hold rows be what their collections hold."""
        declared = self._store.collections()
        for definition in self._tables.definitions().values():
            if definition.kind != "kvstore" or definition.target not in declared:
                continue
            table = self._tables.table(definition)
            if len(table):
                self._store.replace_all(definition.target, _records(table, {}))
                self._seen[definition.target] = (self._store.version(definition.target), table.version)

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
            self._seen[definition.target] = (version, table.version)

    def write(self, only: str | None = None) -> list[str]:
        """Store the tables that a search changed; the names of their collections.

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
            kept = {str(record["_key"]): record for record in self._store.query(definition.target, {})}
            self._store.replace_all(definition.target, _records(table, kept))
            self._seen[definition.target] = (self._store.version(definition.target), table.version)
            changed.append(definition.target)
        return changed


def _records(table: Table, kept: Mapping[str, Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The table's rows; one that the search left alone stays the record it was, nested members included."""
    for row in table.rows():
        before = kept.get(str(row["_key"]))
        if before is not None and _row_of(before) == row:
            yield before
        else:
            yield {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


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
