"""`search`: one search over a file of entries; rows as JSON lines."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from sandbox.cli import options
from sandbox.cli.entries import EntryReader
from sandbox.confs import AppConfs
from sandbox.console import EXIT_OK, Refused, complain, write_json_line
from sandbox.splunkd.home import repository_root

_EPILOG = """\
  python -m sandbox search 'slack_action=user_login_failed | stats count BY user' --events october.jsonl.gz
  python -m sandbox search '| inputlookup slack_audit_actions | stats count BY category'

A search that cannot be run is refused with line, column and caret; the exit code is then 2.
"""


def add_to(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "search",
        help="run one search over a file of entries",
        description="Run one search over exported Slack audit entries; rows as JSON lines.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("spl", metavar="SPL", help="the search; '-' reads it from stdin")
    parser.add_argument(
        "--events",
        action="append",
        default=[],
        metavar="FILE.jsonl[.gz]",
        help="entries, one JSON object a line; repeatable",
    )
    parser.add_argument("--now", metavar="TIME", help="the time at which it runs (default: the newest entry, else now)")
    parser.add_argument("--earliest", metavar="MODIFIER", help="start of the time range, as -24h@h or epoch seconds")
    parser.add_argument("--latest", metavar="MODIFIER", help="end of the time range")
    parser.add_argument("--explain", action="store_true", help="show on stderr what leaves each stage")
    options.add_knowledge(parser)
    options.add_app(parser, none_allowed=True)
    parser.add_argument("--json", action="store_true", help="rows are JSON lines with and without it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from sandbox.spl import search

    zone = options.zone(arguments.tz)
    app: Path | None = None
    lookups: dict[str, Path] = {}
    if arguments.app == "none":
        lookups = {name: Path(text) for name, text in options.pairs("--lookup", arguments.lookup).items()}
    else:
        app = options.app_folder(arguments.app, repository_root())
        lookups = options.lookups(arguments.lookup, AppConfs(app))
    geo = options.geo(arguments.geo)
    reader = EntryReader(complain)
    events = _events([Path(name) for name in arguments.events], reader)
    now = options.instant("--now", arguments.now, zone)
    if now is None:
        now = max((event["_indextime"] for event in events), default=time.time())
    result = search(
        _text(arguments.spl),
        events,
        now=now,
        earliest=options.modifier("--earliest", arguments.earliest),
        latest=options.modifier("--latest", arguments.latest),
        tz=arguments.tz,
        app=app,
        lookups=lookups,
        geo=geo,
        explain=arguments.explain,
    )
    if arguments.explain:
        _explain(result)
    for row in result.rows:
        write_json_line(row)
    for warning in result.warnings:
        complain(f"warning: {warning}")
    if reader.bad_lines:
        complain(f"{reader.bad_lines} line{'s' if reader.bad_lines > 1 else ''} left out")
    return EXIT_OK


def _text(spl: str) -> str:
    import sys

    return sys.stdin.read() if spl == "-" else spl


def _events(files: list[Path], reader: EntryReader) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for path in files:
        try:
            events += [
                {"_raw": entry.raw, "_time": entry.time, "_indextime": entry.indextime, "source": f"slack_audit://{path.name}"}
                for entry in reader.entries(path)
            ]
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror or error}") from None
    return events


def _explain(result: Any) -> None:
    for text, count in result.stages:
        complain(f"{count:>9} rows after | {' '.join(text.split())}")
