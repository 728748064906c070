"""Which network operator (autonomous system) an address belongs to, from a database that the site provides.

Two places, both in the app's lookups/ folder:

    slack_audit_asn.csv   the site's own rows (network, asn, as_org); they win, the smallest network first
    slack_audit_asn.mmdb  any MaxMind DB with the operator of an address: GeoLite2-ASN, GeoIP2-ISP, DB-IP, IPinfo

Memory does not grow with either: the MMDB is mapped, not loaded, and the CSV is read once, row by row, against the few
addresses that are asked. Knows nothing of Splunk, and of countries neither (`iplocation` does those).
"""

from __future__ import annotations

import csv
import re
import socket
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb

from slack_audit_monitor.cells import shown

CSV_NAME = "slack_audit_asn.csv"
MMDB_NAME = "slack_audit_asn.mmdb"

NUMBER_COLUMNS = ("asn", "autonomous_system_number", "as_number")
"""What the databases on the market call the number; the site's own CSV says `asn`."""
NAME_COLUMNS = ("as_org", "autonomous_system_organization", "as_name", "organization", "name")

_NUMBER = re.compile(r"^(?:AS)?0*([0-9]{1,10})$", re.IGNORECASE)

Address = tuple[int, bytes]
"""Family and packed bytes: comparable within a family, and quick to make."""


class Owner(NamedTuple):
    """The operator of an address: number in digits without "AS", and name; "" where the database does not say."""

    asn: str
    as_org: str


class Answer(NamedTuple):
    """What a database knows of the addresses it was asked for.

    owners    address as asked -> operator; an address without one is not there
    database  what was read, for people: "slack_audit_asn.mmdb (GeoLite2-ASN of 2026-11-01)"; "" when there is none
    problem   one sentence that names file, row and reason; "" when all is well
    """

    owners: dict[str, Owner]
    database: str
    problem: str


def look_up(folder: Path, asked: Iterable[str]) -> Answer:
    """Find the operators of addresses (text, IPv4 or IPv6; what is none has no operator).

    Args:
        folder: lookups/ of the app.
    """
    addresses = {text: packed for text in set(asked) for packed in [_packed(text)] if packed is not None}
    own = _OwnRows(addresses)
    problems = own.read(folder / CSV_NAME)
    databases = [f"{CSV_NAME} ({own.rows} row{'s' * (own.rows != 1)})"] if own.rows else []
    owners = dict(own.owners)
    path = folder / MMDB_NAME
    if path.exists():
        try:
            with maxminddb.open_database(str(path), maxminddb.MODE_MMAP) as reader:
                described = reader.metadata()
                built = datetime.fromtimestamp(described.build_epoch, timezone.utc).date().isoformat()
                databases.append(f"{MMDB_NAME} ({described.database_type} of {built})")
                for text in addresses.keys() - owners.keys():
                    found = _owner_of_record(reader.get(text))
                    if found is not None:
                        owners[text] = found
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            problems.append(_unreadable(str(error)))
        except Exception:  # noqa: BLE001 - a damaged file makes the reader stumble in as many ways as there are bytes
            problems.append(_unreadable("damaged"))
    return Answer(owners, ", ".join(databases), " ".join(problems))


def _unreadable(reason: str) -> str:
    return f"{MMDB_NAME} cannot be read: {reason.rstrip('.')}. Put a whole MaxMind DB file there."


class _OwnRows:
    """The site's CSV against a set of addresses: of the networks that hold one, the smallest counts."""

    def __init__(self, addresses: Mapping[str, Address]) -> None:
        self._sorted = sorted((packed, text) for text, packed in addresses.items())
        self._keys = [packed for packed, _ in self._sorted]
        self._prefixes: dict[str, int] = {}
        self.owners: dict[str, Owner] = {}
        self.rows = 0

    def read(self, path: Path) -> list[str]:
        """Read the file; return what is wrong with it, in sentences. Rows that can be read count all the same."""
        try:
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                return list(self._problems(csv.reader(file)))
        except FileNotFoundError:
            return []
        except (OSError, csv.Error) as error:
            return [f"{path.name} cannot be read: {error}."]

    def _problems(self, reader: Iterator[list[str]]) -> Iterator[str]:
        header = [name.strip().lower() for name in next(reader, [])]
        wanted = {"network": ("network",), "asn": NUMBER_COLUMNS}
        missing = [name for name, known in wanted.items() if not set(known) & set(header)]
        if missing:
            absent = " and no column ".join(missing)
            yield f"{CSV_NAME} has no column {absent}; its header has to be network,asn,as_org."
            return
        network, number, name = (_position(header, known) for known in (("network",), NUMBER_COLUMNS, NAME_COLUMNS))
        bad, first = 0, ""
        for line, row in enumerate(reader, start=2):
            if not any(row):
                continue
            try:
                self._take(_cell(row, network), _cell(row, number), _cell(row, name))
                self.rows += 1
            except ValueError as error:
                bad, first = bad + 1, first or f"row {line}: {error}"
        if bad:
            others = f" {bad - 1} more rows are left out." if bad > 1 else ""
            yield f"{CSV_NAME}, {first}. The row is left out.{others}"

    def _take(self, network: str, number: str, name: str) -> None:
        prefix, low, high = _bounds(network)
        owner = Owner(_digits(number), name)
        for position in range(bisect_left(self._keys, low), bisect_right(self._keys, high)):
            text = self._sorted[position][1]
            if prefix >= self._prefixes.get(text, -1):
                self._prefixes[text] = prefix
                self.owners[text] = owner


def _position(header: list[str], known: tuple[str, ...]) -> int:
    return next((header.index(name) for name in known if name in header), -1)


def _cell(row: list[str], position: int) -> str:
    return row[position].strip() if 0 <= position < len(row) else ""


def _packed(text: str) -> Address | None:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        return int(family), socket.inet_pton(family, text)
    except (OSError, ValueError):
        return None


def _bounds(network: str) -> tuple[int, Address, Address]:
    """Return prefix length, first and last address of a network in CIDR notation.

    Raises:
        ValueError: names what was found and what is allowed.
    """
    text, _, length = network.partition("/")
    packed = _packed(text)
    if packed is None:
        raise ValueError(f"{shown(network)} is no network; write it as 192.0.2.0/24 or 2001:db8::/32")
    family, address = packed
    bits = len(address) * 8
    prefix = bits if not length else int(length) if length.isascii() and length.isdigit() else -1
    if not 0 <= prefix <= bits:
        raise ValueError(f"{shown(network)} has no prefix length from 0 to {bits}")
    host = (1 << (bits - prefix)) - 1
    low = int.from_bytes(address, "big") & ~host
    return prefix, (family, low.to_bytes(len(address), "big")), (family, (low | host).to_bytes(len(address), "big"))


def _digits(number: str) -> str:
    found = _NUMBER.match(number)
    if found is None:
        raise ValueError(f"{shown(number)} in column asn is no number of an autonomous system; write 64500 or AS64500")
    return found.group(1)


def _owner_of_record(record: Any) -> Owner | None:
    """Return the operator that an MMDB record names; databases differ in the names of members and in the spelling."""
    if not isinstance(record, dict):
        return None
    number = next((str(record[name]) for name in NUMBER_COLUMNS if record.get(name)), "")
    name = next((str(record[name]) for name in NAME_COLUMNS if record.get(name)), "")
    found = _NUMBER.match(number)
    return Owner(found.group(1), name) if found else None
