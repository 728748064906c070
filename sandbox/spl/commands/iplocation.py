"""iplocation: where an address is, from the address database that the caller gives."""

from __future__ import annotations

from ..context import RunContext
from ..stream import BOOLEAN, TEXT, TokenStream
from ..values import Value, members, number, text
from .base import Command, Compiler, Rows, command

COLUMNS = {"City": "city", "Country": "country", "Region": "region", "lat": "lat", "lon": "lon"}
ALL_COLUMNS = {**COLUMNS, "Continent": "continent", "MetroCode": "metrocode", "Timezone": "timezone"}


class IpLocation(Command):
    """Adds the fields that the database has for the address; private and unknown addresses get none."""

    idle = True

    def __init__(self, field: str, prefix: str, all_fields: bool) -> None:
        self._field = field
        self._targets = {prefix + name: column for name, column in (ALL_COLUMNS if all_fields else COLUMNS).items()}

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            values = members(row.get(self._field))
            if not values:
                continue
            if context.geo is None:
                context.warn("iplocation has no address database here: no row gets a location. Give one with geo.")
                continue
            found: dict[str, str] = context.geo.find(text(values[0])) or {}
            for target, column in self._targets.items():
                cell = found.get(column)
                if cell:
                    row.set(target, _typed(column, cell))
        return rows


def _typed(column: str, cell: str) -> Value:
    return number(cell) if column in ("lat", "lon") else cell


@command("iplocation")
def parse_iplocation(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"prefix": TEXT, "allfields": BOOLEAN, "lang": TEXT}
    options = stream.options(known)
    field = stream.field(wildcards=False)
    stream.options(known, options)
    stream.end()
    if options.get("lang", "en") != "en":
        raise stream.error("iplocation knows English names only here.")
    return IpLocation(field, options.get("prefix", ""), options.get("allfields", False))
