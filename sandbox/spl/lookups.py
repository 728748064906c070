"""Lookups as searches ask them: definitions, matching, and the tables behind them.

Knows transforms.conf's lookup settings (match_type, max_matches, min_matches, default_match, case_sensitive_match)
and what each kind (CSV, KV store, script, address database) answers. The commands around it live in commands/lookup.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from pathlib import Path
from typing import Union

from .external import ExternalScript
from .geo import ASN_LOOKUP, SITE_LOOKUP, GeoTable
from .strftime import strptime
from .tables import Record, Table, read_csv_table, table_of_rows
from .values import has_wildcard, members, number, text, wildcard_match

LookupInput = Union[str, Path, Sequence[Mapping[str, object]], Table]


MAX_OFFSET_SECONDS = 2_000_000_000
"""transforms.conf.spec: default of max_offset_secs."""


class LookupFailure(ValueError):
    """A lookup that cannot be used as asked; the message is a full sentence."""


@dataclass(frozen=True)
class Definition:
    """One lookup definition.

    Attributes:
        kind: csv, kvstore or external.
        match: column -> cidr or wildcard; others match exactly.
        time_field: column of the rows' time; the event must be ``min_offset`` to ``max_offset`` seconds younger.
    """

    name: str
    kind: str
    target: str
    fields: tuple[str, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    max_matches: int = 1000
    min_matches: int = 0
    default_match: str = ""
    case_sensitive: bool = True
    time_field: str | None = None
    time_format: str = "%s"
    max_offset: int = MAX_OFFSET_SECONDS
    min_offset: int = 0


class LookupTables:
    """All lookups of one sandbox. Share one object between runs that are to see each other's writes.

    Args:
        definitions: by name, from transforms.conf.
        root: the app's folder (lookups/ and bin/ below it), None without an app.
        collections: KV store collection -> names of its number fields.
        given: tables that replace or add to the app's: by definition, collection or file name.
        geo: the address database, which answers ``slack_audit_ip_asn`` after a table given for ``slack_audit_asn``.
    """

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        root: Path | None,
        collections: Mapping[str, Sequence[str]],
        given: Mapping[str, LookupInput] | None = None,
        geo: GeoTable | None = None,
    ) -> None:
        self._definitions = dict(definitions)
        self._root = root
        self._collections = collections
        self._tables: dict[tuple[str, str], Table] = {}
        self._scripts: dict[str, ExternalScript] = {}
        self.geo = geo
        self.given: list[str] = []
        for name, content in (given or {}).items():
            self.give(name, content)

    def names(self) -> list[str]:
        """Return the names of all definitions."""
        return sorted(self._definitions)

    def definitions(self) -> dict[str, Definition]:
        """Return all definitions by name."""
        return dict(self._definitions)

    def give(self, name: str, content: LookupInput) -> None:
        """Put a table in the place of the app's; an unknown name becomes a CSV lookup with exact matching."""
        table = self._read(name, content)
        stem = name[:-4] if name.endswith(".csv") else name
        definition = self._definitions.get(name) or self._definitions.get(stem)
        if definition is None:
            definition = self._definitions[stem] = Definition(stem, "csv", f"{stem}.csv")
        if definition.kind == "external":
            raise LookupFailure(f'The lookup "{name}" is answered by a script; no table can be given for it.')
        if definition.kind == "kvstore":
            numeric = self._collections.get(definition.target, ())
            table = Table(table.rows(), None, keyed=True, numeric=numeric)
        self._tables[(definition.kind, definition.target)] = table
        self.given.append(definition.name)

    def definition(self, name: str) -> Definition:
        """Return a definition by its name or, for a CSV, by its file name.

        Raises:
            LookupFailure: there is none.
        """
        found = self._definitions.get(name)
        if found is None and name.endswith(".csv"):
            found = next((d for d in self._definitions.values() if d.kind == "csv" and d.target == name), None)
            if found is None and self._root is not None and (self._root / "lookups" / name).is_file():
                found = self._definitions[name] = Definition(name, "csv", name)
        if found is None:
            raise LookupFailure(f'There is no lookup "{name}".')
        return found

    def table(self, definition: Definition) -> Table:
        """Return the rows of a CSV or KV store lookup.

        Raises:
            LookupFailure: the file is missing or broken, or the lookup is a script.
        """
        if definition.kind == "external":
            raise LookupFailure(f'The lookup "{definition.name}" is answered by a script: it has no table.')
        place = (definition.kind, definition.target)
        if place not in self._tables:
            self._tables[place] = self._load(definition)
        return self._tables[place]

    def create(self, name: str, columns: Sequence[str]) -> Definition:
        """Make an empty CSV table for a file that outputlookup writes for the first time."""
        stem = name[:-4] if name.endswith(".csv") else name
        definition = self._definitions.setdefault(stem, Definition(stem, "csv", f"{stem}.csv"))
        self._tables[("csv", definition.target)] = Table((), columns)
        return definition

    def columns(self, definition: Definition) -> list[str]:
        """Return the columns that a lookup can answer with."""
        if definition.fields:
            return list(definition.fields)
        return self.table(definition).field_names()

    def match(
        self, definition: Definition, question: Mapping[str, str], outputs: Sequence[str] = (),
        moment: float | None = None,
    ) -> list[Record]:  # fmt: skip
        """Return the rows that answer, at most ``max_matches``; defaults fill up to ``min_matches``.

        Rows come in file order; those of a time-based lookup by time, the latest first.

        Args:
            moment: the event's time, for a time-based lookup.
        """
        found = self._match(definition, question)
        if definition.time_field is not None:
            found = _in_time(found, definition, moment)
        found = found[: definition.max_matches]
        if len(found) < definition.min_matches:
            default: Record = {name: definition.default_match for name in outputs}
            found = found + [default] * (definition.min_matches - len(found))
        return found

    def ask_ahead(self, definition: Definition, questions: Sequence[Mapping[str, str]]) -> None:
        """Let a script answer many questions in one process; other kinds need no help."""
        if definition.kind == "external" and questions and not self._in_memory(definition):
            self._script(definition).ask([dict(question) for question in questions])

    def _match(self, definition: Definition, question: Mapping[str, str]) -> list[Record]:
        if self._in_memory(definition):
            return self._operator(question)
        if definition.kind == "external":
            answers = self._script(definition).ask([dict(question)])[0]
            rows: list[Record] = [{k: v for k, v in answer.items() if v != ""} for answer in answers]
            return [row for row in rows if any(name not in question for name in row)]
        table = self.table(definition)
        exact = tuple(sorted(question))
        special: list[str] = []
        if definition.match:
            special = [column for column in question if column in definition.match]
            exact = tuple(column for column in exact if column not in special)
        if exact or not special:
            key = tuple([question[column] for column in exact])
            positions = table.exact(exact, not definition.case_sensitive, key)
            if not special:
                return list(map(table.row, positions))
        else:
            first = next((c for c in special if definition.match[c] == "cidr"), None)
            if first is not None:
                positions = sorted(table.networks(first).matches(question[first]))
                special.remove(first)
            else:
                positions = table.exact((), False, ())
        return [
            table.row(position)
            for position in positions
            if all(_fits(table, definition, position, column, question[column]) for column in special)
        ]

    def _in_memory(self, definition: Definition) -> bool:
        """Whether tables of this run stand in for the database that the app's script would read."""
        return definition.name == ASN_LOOKUP and (self.geo is not None or SITE_LOOKUP in self.given)

    def _operator(self, question: Mapping[str, str]) -> list[Record]:
        address = question.get("ip", "")
        answer: Record = {"database": "address database of this run"}
        found = self.geo.asn_of(address) if self.geo is not None else None
        if found is not None:
            answer.update(asn=found[0], as_org=found[1])
        if SITE_LOOKUP in self.given:
            table = self.table(self.definition(SITE_LOOKUP))
            for position in table.networks("network").matches(address)[:1]:  # the smallest network first
                answer.update(table.row(position))
        return [{name: value for name, value in answer.items() if name != "network" and value != ""}]

    def _script(self, definition: Definition) -> ExternalScript:
        if definition.name not in self._scripts:
            if self._root is None:
                raise LookupFailure(f'The lookup "{definition.name}" needs its app.')
            script = ExternalScript(definition.target, definition.fields, self._root / "bin")
            self._scripts[definition.name] = script
        return self._scripts[definition.name]

    def _load(self, definition: Definition) -> Table:
        if definition.kind == "kvstore":
            return Table((), None, keyed=True, numeric=self._collections.get(definition.target, ()))
        if self._root is None:
            raise LookupFailure(f'The file "{definition.target}" of the lookup "{definition.name}" needs its app.')
        path = self._root / "lookups" / definition.target
        try:
            return read_csv_table(path)
        except OSError as error:
            raise LookupFailure(
                f'The lookup "{definition.name}" names the file lookups/{definition.target}, which cannot be read.'
            ) from error
        except ValueError as error:
            raise LookupFailure(f'The lookup "{definition.name}" cannot be read: {error}.') from error

    def _read(self, name: str, content: LookupInput) -> Table:
        if isinstance(content, Table):
            return content
        if not isinstance(content, (str, Path)):
            return table_of_rows(content)
        try:
            return read_csv_table(Path(content))
        except (OSError, ValueError) as error:
            raise LookupFailure(f'The table given for the lookup "{name}" cannot be read: {error}.') from error


def _in_time(rows: Sequence[Record], definition: Definition, moment: float | None) -> list[Record]:
    """Return the rows whose time lies in the allowed distance before the event, the latest first."""
    if moment is None:
        return []
    timed: list[tuple[float, Record]] = []
    for row in rows:
        written = row.get(str(definition.time_field))
        found = number(strptime(text(written), definition.time_format, timezone.utc)) if written is not None else None
        if found is not None and definition.min_offset <= moment - found <= definition.max_offset:
            timed.append((float(found), row))
    timed.sort(key=lambda entry: entry[0], reverse=True)
    return [row for _, row in timed]


def _fits(table: Table, definition: Definition, position: int, column: str, asked: str) -> bool:
    kind = definition.match[column]
    if kind == "cidr":
        return position in table.networks(column).matches(asked)
    return any(
        wildcard_match(cell, asked, definition.case_sensitive)
        if has_wildcard(cell)
        else (cell == asked if definition.case_sensitive else cell.lower() == asked.lower())
        for cell in map(text, members(table.row(position).get(column)))
    )
