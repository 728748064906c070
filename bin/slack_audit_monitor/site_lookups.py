"""What is wrong with the files of site knowledge, by file, line and reason.

Knows the columns of each shipped site lookup and what a cell of each may hold: an address range, a time zone, working
days, a time of day, a date. Reads the files as Splunk does: CSV with a header, columns by name, in any order. Does
not know what the alerts do with them.
"""

from __future__ import annotations

import csv
import ipaddress
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Callable
from zoneinfo import ZoneInfo

from slack_audit_monitor.cells import shown
from slack_audit_monitor.office_time import parse_clock, parse_days

#: Problems of one file that are told; the rest is counted.
MOST_TOLD = 20


def _network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{shown(text)} is no address range; write 192.0.2.0/24 or 2001:db8::/48") from None


def _zone(text: str) -> None:
    try:
        ZoneInfo(text)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError, a folder of zones an OSError
        raise ValueError(f"{shown(text)} is no time zone; write a name of the tz database, as Europe/Berlin") from None
    except KeyError:
        raise ValueError(f"{shown(text)} is no time zone; write a name of the tz database, as Europe/Berlin") from None


def _days(text: str) -> None:
    parse_days(text)


def _clock(text: str) -> None:
    parse_clock(text)


def _date(text: str) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError
        datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise ValueError(f"{shown(text)} is no date; write YYYY-MM-DD") from None


def _moment(text: str) -> None:
    if not re.fullmatch(r"(\d{9,11}|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d{4}))?)?", text):
        raise ValueError(f"{shown(text)} is no date; write YYYY-MM-DD")


def _verdict(text: str) -> None:
    if text not in ("keep", "watch", "restrict", "remove"):
        raise ValueError(f"{shown(text)} is no verdict; write keep, watch, restrict or remove")


def _number_of_network(text: str) -> None:
    if not re.fullmatch(r"(?i)(as)?\d{1,10}", text):
        raise ValueError(f"{shown(text)} is no network number; write 64500 or AS64500")


def _app(text: str) -> None:
    # An archive's account (U..., W...) may stand in the place of its app.
    if not re.fullmatch(r"[AUW][A-Z0-9]+", text):
        raise ValueError(f"{shown(text)} is no app id; write A and capitals or digits, as A0EXAMPLE (never a name)")


def _agent(text: str) -> None:
    if not text.startswith("server "):  # an outside server has a name and no id
        _app(text)


def _account(text: str) -> None:
    if not re.fullmatch(r"[UW][A-Z0-9]+", text):
        raise ValueError(f"{shown(text)} is no account id; write U or W and capitals or digits, as W0EXAMPLE")


def _organisation(text: str) -> None:
    if not re.fullmatch(r"[TE][A-Z0-9]+", text):
        raise ValueError(f"{shown(text)} is no id of an organisation or workspace; write T0EXAMPLE or E0EXAMPLE")


def _domain(text: str) -> None:
    if not re.fullmatch(r"(?i)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", text):
        raise ValueError(f"{shown(text)} is no domain; write corp.example, without @")


def _rows(text: str) -> None:
    if text and not re.fullmatch(r"(U\d\d|\*)([ ,;]+(U\d\d|\*))*", text):
        raise ValueError(f"{shown(text)} names no rows; write them as U02 U07, or leave the cell empty for all")


def _text(text: str) -> None:
    return


Check = Callable[[str], None]
_REVIEW: dict[str, Check] = {
    **{"reviewed_at": _moment, "reviewer": _text},
    **{"verdict": _verdict, "note": _text, "due": _moment},
}
#: lookup -> column -> what a cell may hold (ValueError says what is allowed). The first column may not be empty.
COLUMNS: dict[str, dict[str, Check]] = {
    "slack_audit_office_networks": {"network": _network, "name": _text, "rules": _rows},
    "slack_audit_approved_apps": {"app_id": _app, "name": _text, "note": _text},
    "slack_audit_provisioners": {"app_id": _app, "name": _text},
    "slack_audit_archive_apps": {"app_id": _app, "name": _text},
    "slack_audit_approved_organisations": {"organisation_id": _organisation, "name": _text},
    "slack_audit_corporate_asns": {"asn": _number_of_network, "name": _text},
    "slack_audit_asn": {"network": _network, "asn": _number_of_network, "as_org": _text},
    "slack_audit_office_hours": {"scope": _text, "zone": _zone, "days": _days, "start": _clock, "end": _clock},
    "slack_audit_holidays": {"date": _date, "scope": _text, "name": _text},
    "slack_audit_verified_domains": {"domain": _domain, "name": _text},
    "slack_audit_protected_words": {"word": _text, "note": _text},
    "slack_audit_administrators": {"account_id": _account, "name": _text},
    "slack_audit_authorised_granters": {"account_id": _account, "name": _text},
    "slack_audit_agent_apps": {"app_id": _agent, "name": _text},
    "slack_audit_bad_addresses": {"network": _network, "name": _text},
    "slack_audit_network_pairs": {"asn_1": _number_of_network, "asn_2": _number_of_network, "name": _text},
    "slack_audit_security_roles": {"role": _text, "note": _text},
    "slack_audit_sensitive_channels": {"channel": _text, "note": _text},
    "slack_audit_app_reviews": {"app_id": _app, **_REVIEW},
    "slack_audit_guest_reviews": {"account_id": _text, **_REVIEW},
    "slack_audit_organisation_reviews": {"organisation_id": _text, **_REVIEW},
}
#: Lists that are no files: whoever writes to the KV store judges each cell first.
IN_STORE = frozenset(name for name in COLUMNS if name.endswith("_reviews"))


def problems_of(folder: str, lookup: str) -> list[str]:
    """Return what is wrong with one lookup, a sentence each without its full stop; [] for nothing.

    Args:
        folder: the app's lookups folder.
        lookup: the lookup's name, without .csv; one that is not of ours is a problem, too.
    """
    columns = COLUMNS.get(lookup)
    if columns is None:
        return [f"{shown(lookup)} is no site lookup of this app"]
    if lookup in IN_STORE:
        return []
    path = os.path.join(folder, f"{lookup}.csv")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _limited(_problems(csv.reader(file, strict=True), columns))
    except FileNotFoundError:
        return ["the file is missing; put back the one that the app brings (a header and no row is a sound file)"]
    except UnicodeDecodeError:
        return ["the file is no UTF-8 text; save it as CSV in UTF-8"]
    except OSError as problem:
        return [f"the file cannot be read ({problem.strerror})"]


def _problems(reader: Iterator[list[str]], columns: dict[str, Check]) -> Iterator[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
        if not any(header):
            yield f"the file is empty; its first line must be {','.join(columns)}"
            return
        missing = [name for name in columns if name not in header]
        if missing:
            yield f"line 1: the column {', '.join(missing)} is missing; the header must be {','.join(columns)}"
        doubled = sorted(shown(name)[1:-1] for name, times in Counter(header).items() if times > 1)
        if doubled:
            yield f"line 1: the column {', '.join(doubled[:MOST_TOLD])} stands twice"
        for line, cells in _numbered(reader):
            yield from (f"line {line}: {problem}" for problem in _row_problems(header, cells, columns))
    except csv.Error as problem:
        yield f"from line {getattr(reader, 'line_num', '?')} on it is no CSV ({problem})"


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield getattr(reader, "line_num", 0), cells


def _row_problems(header: list[str], cells: list[str], columns: dict[str, Check]) -> Iterator[str]:
    if len(cells) > len(header):
        yield f"{len(cells)} cells, the header has {len(header)}"
    row = dict(zip(header, cells))
    for number, (name, check) in enumerate(columns.items()):
        cell = row.get(name)
        if cell is None:
            continue  # its column is missing: said once, of the header
        if number == 0 and not cell.strip():
            yield f"{name} is empty: the row means nothing"
            continue
        try:
            if cell != cell.strip():
                raise ValueError(f"{name} {shown(cell)} has blanks around it, so it matches nothing")
            check(cell)
        except ValueError as problem:
            yield f"{problem}" if str(problem).startswith(name) else f"{name} {problem}"


def _limited(found: Iterator[str]) -> list[str]:
    told: list[str] = []
    more = 0
    for problem in found:
        if len(told) < MOST_TOLD:
            told.append(problem)
        else:
            more += 1
    return told + ([f"{more} more"] if more else [])
