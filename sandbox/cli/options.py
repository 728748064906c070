"""What the commands take from the command line, and how a wrong value is refused."""

from __future__ import annotations

import argparse
import csv
import math
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from sandbox.confs import AppConfs
from sandbox.console import Refused
from sandbox.spl.errors import SplError, nearest
from sandbox.spl.timemod import parse_modifier
from sandbox.splunkd.cron import CronError, zone_named


def add_app(parser: argparse.ArgumentParser, *, none_allowed: bool = False) -> None:
    extra = "; 'none' runs without any" if none_allowed else ""
    parser.add_argument(
        "--app",
        metavar="DIR",
        help=f"folder of the app whose confs and lookups count (default: this repository{extra})",
    )


def add_knowledge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tz",
        default="UTC",
        metavar="ZONE",
        help="time zone of the searches, as Europe/Berlin (default: UTC)",
    )
    parser.add_argument(
        "--lookup",
        action="append",
        default=[],
        metavar="NAME=FILE.csv",
        help="put a table in the place of the app's; repeatable",
    )
    parser.add_argument(
        "--geo", metavar="FILE.csv", help="where addresses are: columns cidr,country,city,lat,lon,asn,as_org"
    )


def app_folder(text: str | None, default: Path) -> Path:
    """The app's folder. Raises Refused."""
    folder = Path(text) if text else default
    if not (folder / "default").is_dir():
        raise Refused(f"--app {folder}: there is no folder 'default' in it, so it is no app")
    return folder


def zone(text: str) -> tzinfo:
    """A named zone. Raises Refused."""
    try:
        return zone_named(text)
    except CronError as error:
        raise Refused(f"--tz: {error}") from None


def instant(option: str, text: str | None, default_zone: tzinfo) -> float | None:
    """Epoch seconds from epoch seconds or an ISO date or time (in `--tz` unless it says otherwise)."""
    if text is None:
        return None
    try:
        if math.isfinite(seconds := float(text)):
            return seconds
    except ValueError:
        pass
    try:
        # 3.9 does not read the Z that everybody writes.
        at = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    except ValueError:
        raise Refused(f"{option} {text!r}: epoch seconds or an ISO time is expected, as 2024-03-04T09:00:00Z") from None
    return (at if at.tzinfo else at.replace(tzinfo=default_zone)).astimezone(timezone.utc).timestamp()


def modifier(option: str, text: str | None) -> str | None:
    """A time modifier, as -24h@h, that the search will take. Raises Refused."""
    if text is not None:
        try:
            parse_modifier(text)
        except SplError as error:
            raise Refused(f"{option}: {error.message}") from None
    return text


def pairs(option: str, texts: list[str]) -> dict[str, str]:
    """`name=value` options by name. Raises Refused."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise Refused(f"{option} {text!r}: NAME=VALUE is expected")
        found[name.strip()] = value
    return found


def macros(texts: list[str], confs: AppConfs) -> dict[str, str]:
    """`--set` options, each naming a macro that the app has. Raises Refused."""
    found = pairs("--set", texts)
    known = confs.conf("macros")
    for name in found:
        if name not in known:
            raise Refused(f"--set {name}: the app has no such macro" + _perhaps(name, list(known)))
    return found


def lookups(texts: list[str], confs: AppConfs) -> dict[str, Path]:
    """`--lookup` options: a lookup that the app defines, a file with its columns. Raises Refused."""
    found: dict[str, Path] = {}
    definitions = confs.conf("transforms")
    known = [name for name, settings in definitions.items() if "filename" in settings or "collection" in settings]
    for name, text in pairs("--lookup", texts).items():
        if name not in known:
            raise Refused(f"--lookup {name}: the app defines no such lookup" + _perhaps(name, known))
        header = _header(f"--lookup {name}", Path(text))
        missing = [column for column in _columns(definitions[name], confs) if column not in header]
        if missing:
            raise Refused(
                f"--lookup {name}: {text} has no column {', '.join(missing)}; its header is {','.join(header)}"
            )
        found[name] = Path(text)
    return found


GEO_COLUMNS = ("cidr", "country", "city", "lat", "lon", "asn", "as_org")


def geo(text: str | None) -> Path | None:
    """The address database. Raises Refused."""
    if text is None:
        return None
    header = _header("--geo", Path(text))
    missing = [column for column in GEO_COLUMNS if column not in header]
    if missing:
        raise Refused(f"--geo {text}: no column {', '.join(missing)}; expected are {','.join(GEO_COLUMNS)}")
    return Path(text)


def _columns(definition: dict[str, str], confs: AppConfs) -> list[str]:
    if "fields_list" in definition:
        return [name.strip() for name in definition["fields_list"].split(",")]
    path = confs.root / "lookups" / definition.get("filename", "")
    return _header("lookup", path) if path.is_file() else []


def _header(option: str, path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [cell.strip() for cell in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refused(f"{option}: {path} cannot be read: {reason}") from None


def _perhaps(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else f"; it has {', '.join(sorted(known)[:12])}" if known else ""
