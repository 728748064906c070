"""Where an address is: the address database as an input, longest prefix first.

One CSV (cidr,country,city,lat,lon,asn,as_org; further columns pass) answers both `iplocation` and the lookup
``slack_audit_ip_asn``. Knows no search; ships no data.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Union

from .cidr import CidrIndex, parse_network
from .values import text

COLUMNS = ("cidr", "country", "city", "lat", "lon", "asn", "as_org")
ASN_LOOKUP = "slack_audit_ip_asn"
"""The lookup definition that an address database answers; without a database the app's script does."""
SITE_LOOKUP = "slack_audit_asn"
"""The site's own rows: a table given for it goes before the database, as it does in the app's script."""

GeoInput = Union[str, Path, Iterable[Mapping[str, object]], "GeoTable", None]


class GeoTable:
    """Rows of the address database, found by address."""

    def __init__(self, rows: Iterable[Mapping[str, object]]) -> None:
        self._rows: list[dict[str, str]] = []
        self._index = CidrIndex()
        self._memo: dict[str, dict[str, str] | None] = {}
        for number, row in enumerate(rows, start=1):
            cells = {str(name).strip().lower(): text(value).strip() for name, value in row.items() if value is not None}
            network = cells.get("cidr", "")
            if parse_network(network) is None:
                raise ValueError(f"address database, row {number}: {network!r} in column cidr is no network")
            self._index.add(network, len(self._rows))
            self._rows.append(cells)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, address: str) -> dict[str, str] | None:
        """Return the row of the smallest network that holds the address, or None."""
        if address not in self._memo:
            found = self._index.matches(address)
            self._memo[address] = self._rows[found[0]] if found else None
        return self._memo[address]

    def asn_of(self, address: str) -> tuple[str, str] | None:
        """Return (asn, as_org) of an address, or None where the database names no operator."""
        row = self.find(address)
        if row is None or not row.get("asn"):
            return None
        return row["asn"], row.get("as_org", "")


def load_geo(given: GeoInput) -> GeoTable | None:
    """Make a table of a path, of rows, or of a table that is one already.

    Raises:
        ValueError: a column is missing or a network is none.
        OSError: the file cannot be read.
    """
    if given is None or isinstance(given, GeoTable):
        return given
    if isinstance(given, (str, Path)):
        path = Path(given)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            found = [str(name).strip().lower() for name in reader.fieldnames or ()]
            if "cidr" not in found:
                raise ValueError(f"{path.name}: no column cidr; expected {','.join(COLUMNS)}")
            return GeoTable([{str(k): v for k, v in row.items() if k is not None} for row in reader])
    return GeoTable(given)
