"""Lookup tables: their rows in memory, indexes over them, and writing to them.

A table is what a CSV file or a KV store collection holds. Writing changes the copy in memory, never the app's files:
runs that share a ``LookupTables`` see each other's writes. How a search asks a table is lookups.py's business.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path

from .cidr import CidrIndex
from .values import Value, members, number, text

Record = dict[str, Value]
Key = tuple[str, ...]
Cell = tuple[type, Value]
"""1 and 1.0 are equal, but read differently."""


class Table:
    """Rows in file order. ``columns`` fixes what a CSV has; a KV store collection has None and takes any field.

    ``numeric`` names the fields that the collection keeps as numbers.
    """

    def __init__(
        self,
        rows: Iterable[Mapping[str, Value]] = (),
        columns: Sequence[str] | None = None,
        *,
        keyed: bool = False,
        numeric: Iterable[str] = (),
    ) -> None:
        self.columns: list[str] | None = list(columns) if columns is not None else None
        self.keyed = keyed
        self.numeric = frozenset(numeric)
        self.version = 0
        self._rows: dict[int, Record] = {}
        self._next = 0
        self._by_key: dict[str, int] = {}
        self._exact: dict[tuple[tuple[str, ...], bool], dict[Key, list[int]]] = {}
        self._networks: dict[str, CidrIndex] = {}
        self._cells: dict[str, dict[Cell, dict[int, None]]] = {}
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[Record]:
        """Return all rows in order; the caller must not change them."""
        return list(self._rows.values())

    def row(self, position: int) -> Record:
        """Return the row at a position that an index gave."""
        return self._rows[position]

    def field_names(self) -> list[str]:
        """Return the columns, or for a collection every field that some row has."""
        if self.columns is not None:
            return list(self.columns)
        return list(dict.fromkeys(name for row in self._rows.values() for name in row))

    def add(self, row: Mapping[str, Value]) -> None:
        """Append one row; in a keyed table a row with a known ``_key`` replaces that row."""
        record = self._typed(row)
        position = self._next
        if self.keyed:
            key = text(record.get("_key") or "") or self._fresh_key()
            record["_key"] = key
            known = self._by_key.get(key)
            if known is not None:
                self._replace(known, record)
                return
            self._by_key[key] = position
        self._rows[position] = record
        self._next = max(self._next, position + 1)
        for (columns, folded), index in self._exact.items():
            self._index(index, columns, folded, position)
        for column, cells in self._cells.items():
            cells.setdefault(_cell(record, column), {})[position] = None
        self._changed()

    def _replace(self, position: int, record: Record) -> None:
        """Put a record in the place of another; what an index holds of both alike stays as it is."""
        old = self._rows[position]
        differ = {name for name in self._indexed() if _cell(old, name) != _cell(record, name)}
        self._unindex(position, differ)
        self._rows[position] = record
        for (columns, folded), index in self._exact.items():
            if not differ.isdisjoint(columns):
                self._index(index, columns, folded, position)
        for column in differ & self._cells.keys():
            self._cells[column].setdefault(_cell(record, column), {})[position] = None
        self._changed()

    def _indexed(self) -> set[str]:
        return {column for columns, _ in self._exact for column in columns if column != "_key"} | self._cells.keys()

    def _changed(self) -> None:
        self.version += 1
        if self._networks:
            self._networks = {}

    def drop(self, key: str) -> None:
        """Drop the row of a keyed table that has this ``_key``."""
        position = self._by_key.pop(key, None)
        if position is None:
            return
        self._unindex(position)
        del self._rows[position]
        self._changed()

    def clear(self) -> None:
        """Drop all rows."""
        self._rows, self._by_key, self._exact, self._networks, self._cells = {}, {}, {}, {}, {}
        self.version += 1

    def exact(self, columns: tuple[str, ...], folded: bool, key: Key) -> list[int]:
        """Return the positions of rows whose columns hold these texts; ``folded`` ignores case."""
        index = self._exact.get((columns, folded))
        if index is None:
            index = self._exact[(columns, folded)] = {}
            for position in self._rows:
                self._index(index, columns, folded, position)
        wanted = tuple(part.lower() for part in key) if folded else key
        return sorted(index.get(wanted, ()))

    def cells(self, column: str) -> Mapping[Cell, Mapping[int, None]]:
        """Return what stands in a column, a multivalue as one, with the positions of its rows; None where nothing does.

        The caller must not change it; the next write may.
        """
        found = self._cells.get(column)
        if found is None:
            found = self._cells[column] = {}
            for position, row in self._rows.items():
                found.setdefault(_cell(row, column), {})[position] = None
        return found

    def networks(self, column: str) -> CidrIndex:
        """Return the index of the networks that stand in one column."""
        index = self._networks.get(column)
        if index is None:
            index = self._networks[column] = CidrIndex()
            for position, row in self._rows.items():
                for cell in members(row.get(column)):
                    index.add(text(cell), position)
        return index

    def _typed(self, row: Mapping[str, Value]) -> Record:
        record: Record = {}
        for name, value in row.items():
            if value is None or (value == "" and not self.keyed):
                continue
            if name in self.numeric and isinstance(value, str):
                as_number = number(value)
                value = value if as_number is None else as_number
            record[name] = value
        return record

    def _fresh_key(self) -> str:
        return f"{self._next:024x}"

    def _keys(self, columns: tuple[str, ...], folded: bool, position: int) -> list[Key]:
        row = self._rows[position]
        keys: list[Key] = [()]
        for column in columns:
            cells = [text(cell) for cell in members(row.get(column))]
            if folded:
                cells = [cell.lower() for cell in cells]
            keys = [(*key, cell) for key in keys for cell in cells]
        return keys

    def _index(self, index: dict[Key, list[int]], columns: tuple[str, ...], folded: bool, position: int) -> None:
        for key in self._keys(columns, folded, position):
            index.setdefault(key, []).append(position)

    def _unindex(self, position: int, named: Set[str] | None = None) -> None:
        """Take a row out of the indexes, or only out of those over columns that are named."""
        for (columns, folded), index in self._exact.items():
            if named is not None and named.isdisjoint(columns):
                continue
            for key in self._keys(columns, folded, position):
                places = index.get(key, [])
                if position in places:
                    places.remove(position)
        for column, cells in self._cells.items():
            if named is not None and column not in named:
                continue
            cell = _cell(self._rows[position], column)
            del cells[cell][position]
            if not cells[cell]:
                del cells[cell]


def _cell(row: Record, column: str) -> Cell:
    value = row.get(column)
    return type(value), value


def read_csv_table(path: Path) -> Table:
    """Read a CSV lookup file. An empty cell is no value.

    Raises:
        ValueError: no header row, or a row with more cells than the header.
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        if not header:
            raise ValueError(f"{path.name}: no header row")
        table = Table(columns=header)
        for cells in reader:
            if len(cells) > len(header):
                raise ValueError(f"{path.name}, line {reader.line_num}: {len(cells)} cells under {len(header)} headers")
            if cells:
                table.add(dict(zip(header, cells)))
    return table


def write_csv_text(table: Table) -> str:
    """Return a table as the CSV text that Splunk would write: a multivalue becomes one text with spaces."""
    out = io.StringIO()
    columns = [name for name in table.field_names() if table.columns is not None or not name.startswith("_")]
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    for row in table.rows():
        writer.writerow([cell_text(row.get(name)) for name in columns])
    return out.getvalue()


def cell_text(value: Value) -> str:
    """Return what one CSV cell holds for a value."""
    return " ".join(text(member) for member in members(value))


def table_of_rows(rows: Iterable[Mapping[str, object]]) -> Table:
    """Make a table of plain dicts; lists become multivalues, columns are those of all rows."""
    plain: list[Record] = []
    for row in rows:
        record: Record = {}
        for name, value in row.items():
            if value is None:
                continue
            if isinstance(value, (list, tuple)):
                record[name] = tuple(value)
            elif isinstance(value, bool) or not isinstance(value, (str, int, float)):
                record[name] = str(value)
            else:
                record[name] = value
        plain.append(record)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Table(plain, columns)
