"""What this organisation's administrators would have written into the app's site lookups; the geo table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import places
from .calendar import COMPANY_HOLIDAYS, SITE_HOLIDAYS
from .machines import SERVICE_USER
from .people import ENTERPRISE, Person
from .things import APPROVED_APPS, ARCHIVE, ASSISTANT, PARTNERS, PROVISIONER

_LOOKUPS = Path(__file__).resolve().parents[3] / "lookups"
GEO_COLUMNS = ("cidr", "country", "city", "lat", "lon", "asn", "as_org")
OFFICE_RULES = "U02 U07 U08"  # not U25: a grant from an office is judged like any other
COLUMNS: dict[str, tuple[str, ...]] = {
    "slack_audit_office_networks": ("network", "name", "rules"),
    "slack_audit_approved_apps": ("app_id", "name", "note"),
    "slack_audit_provisioners": ("app_id", "name"),
    "slack_audit_approved_organisations": ("organisation_id", "name"),
    "slack_audit_archive_apps": ("app_id", "name"),
    "slack_audit_agent_apps": ("app_id", "name"),
    "slack_audit_administrators": ("account_id", "name"),
    "slack_audit_authorised_granters": ("account_id", "name"),
    "slack_audit_bad_addresses": ("network", "name"),
    "slack_audit_sensitive_channels": ("channel", "note"),
    "slack_audit_verified_domains": ("domain", "name"),
    "slack_audit_security_roles": ("role", "note"),
    "slack_audit_protected_words": ("word", "note"),
    "slack_audit_office_hours": ("scope", "zone", "days", "start", "end"),
    "slack_audit_holidays": ("date", "scope", "name"),
    "slack_audit_asn": ("network", "asn", "as_org"),
    "slack_audit_corporate_asns": ("asn", "name"),
    "slack_audit_network_pairs": ("asn_1", "asn_2", "name"),
}


def write_geo(path: Path) -> None:
    """`cidr,country,city,lat,lon,asn,as_org` for every network of the organisation."""
    rows = [(n.cidr, n.country, n.city, n.lat, n.lon, n.asn, n.as_org) for n in places.all_networks()]
    _write(path, GEO_COLUMNS, rows)


def write_lookups(folder: Path, people: Iterable[Person]) -> list[Path]:
    """One CSV for each lookup, named after it. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = lookup_rows(people)
    files = []
    for name, columns in COLUMNS.items():
        files.append(folder / f"{name}.csv")
        _write(files[-1], columns, rows[name])
    return files


def lookup_rows(people: Iterable[Person]) -> dict[str, list[Sequence[Any]]]:
    """Rows of every lookup, in the order of COLUMNS.

    Headquarters keeps Berlin's hours; everybody in another office has a row of his own.
    """
    everybody = list(people)
    vpn = places.COMPANY_VPN
    offices = [(site.office.cidr, f"{site.name} office", OFFICE_RULES) for site in places.SITES]
    hours: list[Sequence[Any]] = [("*", "Europe/Berlin", "1-5", "08:00", "18:00")]
    hours += [(p.id, p.site.zone, "1-5", "08:00", "18:00") for p in everybody if p.site.zone != "Europe/Berlin"]
    holidays: list[Sequence[Any]] = [(day.isoformat(), "*", name) for day, name in COMPANY_HOLIDAYS.items()]
    for (day, site), name in SITE_HOLIDAYS.items():
        holidays += [(day.isoformat(), p.id, name) for p in everybody if p.site.name == site]
    return {
        "slack_audit_office_networks": [*offices, (vpn.cidr, "company VPN", OFFICE_RULES)],
        "slack_audit_approved_apps": [(app["id"], app["name"], "approved by IT") for app in APPROVED_APPS],
        "slack_audit_provisioners": [(PROVISIONER["id"], PROVISIONER["name"])],
        "slack_audit_approved_organisations": [
            (ENTERPRISE["id"], "ourselves"),
            *((partner["id"], partner["name"]) for partner in PARTNERS),
        ],
        "slack_audit_archive_apps": [
            (ARCHIVE["id"], ARCHIVE["name"]),
            (everybody[0].id, "account of the scheduled export"),
        ],
        "slack_audit_agent_apps": [(ASSISTANT["id"], ASSISTANT["name"])],
        "slack_audit_authorised_granters": [
            *((p.id, p.name) for p in everybody if p.role != "member"),
            (SERVICE_USER["id"], SERVICE_USER["name"]),
        ],
        "slack_audit_bad_addresses": [(places.RELAYS.cidr, "relays of an anonymity network")],
        "slack_audit_sensitive_channels": [
            ("*payroll*", "people team only"),
            ("*-board", "the board"),
            ("legal-*-private", "cases"),
        ],
        "slack_audit_verified_domains": [("halden.example", "ourselves")],
        "slack_audit_security_roles": _shipped("slack_audit_security_roles"),
        "slack_audit_protected_words": [*_shipped("slack_audit_protected_words"), ("Ask Halden", "our assistant")],
        "slack_audit_network_pairs": _pairs(),
        "slack_audit_administrators": [(p.id, p.name) for p in everybody if p.role != "member"],
        "slack_audit_office_hours": hours,
        "slack_audit_holidays": holidays,
        "slack_audit_asn": [(n.cidr, n.asn, n.as_org) for n in places.all_networks()],
        "slack_audit_corporate_asns": [(vpn.asn, vpn.as_org)],
    }


def _pairs() -> list[Sequence[Any]]:
    """Home and street, home and company VPN: networks between which a session moves every day."""
    found: list[Sequence[Any]] = []
    for site in places.SITES:
        carriers = (site.homes.asn, site.other_homes.asn)
        found.append((*carriers, f"homes and phones in {site.name}"))
        found += [(asn, places.COMPANY_VPN.asn, f"homes in {site.name} and company VPN") for asn in carriers]
    return found


def _shipped(name: str) -> list[Sequence[Any]]:
    """Rows of a lookup that the app fills itself; the organisation keeps them as they are."""
    rows: list[Sequence[Any]] = []
    with (_LOOKUPS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows += csv.reader(file)
    return rows[1:]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
