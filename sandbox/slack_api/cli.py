"""`python -m sandbox slack`: the simulator alone, or its organisation as files.

Knows the options and what to say about wrong ones. Serves until it is told to stop (Ctrl-C or SIGTERM).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import signal
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sandbox.console import EXIT_OK, Refused, complain, write_json_line

from .bulk import BulkJournal
from .clock import Clock
from .faults import ENDS, FAULTS
from .journal import Journal
from .organisation import Organisation
from .organisation.calendar import DEFAULT_START
from .pages import Manners
from .schedule import Rule, parse_rule
from .simulator import SlackSimulator


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `slack` to a parser's commands; its `run` is set as default."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "slack",
        help="serve Slack's audit API on loopback, filled with an invented organisation",
        description="Serve Slack's audit API on 127.0.0.1, filled with an invented organisation.",
        epilog="Faults: " + ", ".join(sorted(FAULTS)) + "; storm mixes them.",
    )
    add_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same organisation (default: 1)")
    parser.add_argument(
        "--start",
        default=DEFAULT_START,
        metavar="TIME",
        help=f"first instant of its life, ISO 8601 with zone (default: {DEFAULT_START})",
    )
    parser.add_argument(
        "--days", type=int, default=22, help="days of its life (default: 22; stories need 22)"
    )
    parser.add_argument("--people", type=int, default=420, help="how many people (default: 420)")
    parser.add_argument(
        "--stories",
        default="all",
        metavar="NAMES",
        help="attack stories: all (default), none, or names with commas between",
    )
    parser.add_argument(
        "--entries",
        metavar="FILE",
        help="serve the entries of a .jsonl or .jsonl.gz file, not an organisation",
    )
    parser.add_argument("--bulk", type=int, metavar="N", help="serve N computed entries, for benchmarks")
    parser.add_argument(
        "--now",
        metavar="TIME",
        help="let Slack's clock stand at this time (ISO 8601 or epoch); default: the real time",
    )
    parser.add_argument(
        "--skew",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="Slack's clock is this much ahead (negative: behind)",
    )
    parser.add_argument(
        "--rate-limit",
        default="50",
        metavar="N",
        help="calls a minute for the organisation, or off (default: 50)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="RULE",
        help="a fault and when: NAME@3 (third call), NAME@3-5, NAME/7 (each seventh), NAME%%5 (in a"
        " hundred), NAME (always); NAME may be name:key=value; repeatable",
    )
    parser.add_argument(
        "--end", default="empty", choices=ENDS, help="how the last page says that it is the last"
    )
    parser.add_argument(
        "--late",
        metavar="PERCENT:SECONDS",
        help="let so many of a hundred entries become visible up to so many seconds late",
    )
    parser.add_argument(
        "--write",
        metavar="FOLDER",
        help="write entries.jsonl.gz, geo.csv, ground_truth.json and lookups/, then end",
    )
    parser.add_argument("--json", action="store_true", help="say where it listens as one JSON line on stdout")


def run(options: argparse.Namespace) -> int:
    """Serve or write. Raises Refused for a wrong option."""
    if options.write:
        return _write(_organisation(options), Path(options.write), options.json)
    slack = _simulator(options)
    ended = _end_on_signal()
    try:
        slack.start()
    except (OSError, OverflowError) as error:
        raise Refused(f"--port {options.port}: cannot listen there: {error}") from None
    try:
        _announce(slack, options.json)
        ended.wait()
    finally:
        slack.stop()
    return EXIT_OK


def _simulator(options: argparse.Namespace) -> SlackSimulator:
    # What is cheap to check comes before the organisation is invented.
    now, rules = _instant("--now", options.now), _rules(options.fault)
    per_minute, delay = _per_minute(options.rate_limit), _late(options.late)
    truth: dict[str, Any] = {}
    journal: Journal | BulkJournal
    if options.bulk is not None:
        if options.bulk < 0:
            raise Refused(f"--bulk {options.bulk}: a number of entries is expected")
        journal = BulkJournal(options.bulk, options.seed)
    elif options.entries:
        journal = Journal(_read_entries(Path(options.entries)))
    else:
        organisation = _organisation(options)
        truth = organisation.ground_truth()
        if options.stories != "none" and not organisation.stories:
            complain(f"no stories: from {options.start} they need more than {options.days} days")
        journal = organisation.journal(organisation.late_arrivals(*delay))
    return SlackSimulator(
        journal,
        port=options.port,
        clock=Clock(skew=options.skew) if now is None else Clock.fixed(now, skew=options.skew),
        per_minute=per_minute,
        rules=rules,
        seed=options.seed,
        manners=Manners(end=options.end),
        ground_truth=truth,
    )


def _organisation(options: argparse.Namespace) -> Organisation:
    wanted: list[str] | None = None
    if options.stories != "all":
        wanted = [] if options.stories == "none" else [name.strip() for name in options.stories.split(",")]
    try:
        return Organisation.generate(options.seed, options.start, options.days, options.people, wanted)
    except ValueError as error:
        raise Refused(str(error)) from None


def _write(organisation: Organisation, folder: Path, as_json: bool) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        count = organisation.write_jsonl(folder / "entries.jsonl.gz")
        organisation.write_geo_csv(folder / "geo.csv")
        organisation.write_site_lookups(folder / "lookups")
        truth = json.dumps(organisation.ground_truth(), ensure_ascii=False, indent=1)
        (folder / "ground_truth.json").write_text(truth + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"--write {folder}: {error.strerror or error}") from None
    if as_json:
        write_json_line({"folder": str(folder), "entries": count})
    else:
        complain(f"{count} entries, geo.csv, ground_truth.json and lookups/ are in {folder}")
    return EXIT_OK


def _announce(slack: SlackSimulator, as_json: bool) -> None:
    if as_json:
        write_json_line({
            "url": slack.url, "api_url": slack.api_url, "port": slack.port, "token": slack.token,
            "entries": len(slack.journal), "now": slack.clock.now(), "pid": os.getpid()})  # fmt: skip
        return
    shown = datetime.fromtimestamp(slack.clock.now(), timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    complain(
        f"Slack's audit API with {len(slack.journal)} entries at {slack.api_url}; its clock shows {shown}."
    )
    complain(f"Token: {slack.token}. Stop with Ctrl-C.")


def _end_on_signal() -> threading.Event:
    """Set by SIGTERM and Ctrl-C. The handlers stay: this command is the process, and a second signal while
    it is ending must not turn an orderly end into a kill."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _read_entries(path: Path) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            for line in file:
                number += 1
                if line.strip():
                    yield _checked(json.loads(line))
    except OSError as error:
        raise Refused(f"--entries {path}: {error.strerror or error}") from None
    except EOFError as error:
        raise Refused(f"--entries {path}: cut off after line {number}: {error}") from None
    except ValueError as error:
        raise Refused(f"--entries {path}: line {number}: {error}") from None


def _checked(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise ValueError("not an object, so no Slack entry")
    for name, kind in (("id", str), ("action", str), ("date_create", int)):
        if not isinstance(entry.get(name), kind):
            raise ValueError(f"no Slack entry: {name} is missing or not of type {kind.__name__}")
    return entry


def _per_minute(text: str) -> int | None:
    if text == "off":
        return None
    if not text.isdigit() or int(text) < 1:
        raise Refused(f"--rate-limit {text}: a number of calls a minute, or off, is expected")
    return int(text)


def _rules(texts: list[str]) -> list[Rule]:
    try:
        return [rule for text in texts for rule in parse_rule(text)]
    except ValueError as error:
        raise Refused(f"--fault: {error}") from None


def _late(text: str | None) -> tuple[float, float]:
    if text is None:
        return 0.0, 1.0
    percent, _, seconds = text.partition(":")
    try:
        share, most_seconds = float(percent) / 100, float(seconds)
    except ValueError:
        share, most_seconds = -1.0, -1.0
    if not (0 <= share <= 1 and most_seconds >= 1):
        raise Refused(f"--late {text}: PERCENT:SECONDS is expected, as 5:3600")
    return share, most_seconds


def _instant(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refused(f"{option} {text}: epoch seconds or ISO 8601 is expected, as {DEFAULT_START}") from None
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
