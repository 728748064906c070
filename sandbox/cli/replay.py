"""`replay`: exported entries through the shipped alerts over simulated time.

One JSON line for each finding on stdout. All entries teach the baselines; `--from` and `--to`
choose the findings, so that last week can be replayed with the month before it as history.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any, Callable

from sandbox.cli import options
from sandbox.cli.entries import EntryReader
from sandbox.cli.long_run import keep_what_is_loaded
from sandbox.cli.side_by_side import can_fork, replay, shares_of
from sandbox.confs import AppConfs, ConfError
from sandbox.console import EXIT_FAILED, EXIT_OK, Refused, complain, error_console, progress_bar, write_json_line
from sandbox.splunkd.cleanup import CleanupAlone
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.findings import Finding, iso
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch, SavedSearchError, chosen, read_saved_searches
from sandbox.splunkd.scheduler import History, Progress, Scheduler
from sandbox.splunkd.simulated_actions import throw_away_actions

JOBS, JOBS_FROM = 2, 50_000
"""Below, a second process costs more than it saves: it fills the same tables again."""

_EPILOG = """\
An entry is one JSON object a line, as Slack's audit API gives it; order does not matter and copies do no
harm. It may carry "_indextime" (epoch seconds): when it arrived. Without it, it arrived up to a minute after
its date_create, as a poll each minute would have brought it. A line that is no entry is reported as
FILE:LINE: reason and left out. Searches that ship disabled are run. Alert actions are counted and not executed;
only old rows are removed from the lookups, as the app does every four hours. With --actions each runs as a process,
a fifth of a second or more for each trigger, against a stand-in for splunkd that is thrown away at the end.

  python -m sandbox replay october.jsonl.gz --rule U06 --set slack_sign_in_after_failure_burst_threshold=3
"""


def add_to(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "replay",
        help="what would have fired on exported entries",
        description="Run exported Slack audit entries through the app's alerts over simulated time; "
        "one JSON line for each finding.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl[.gz]", help="entries, one JSON object a line")
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="NAME",
        help="only this alert, by rule id (U06), title or slug; repeatable (baselines always run)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="macros",
        metavar="MACRO=VALUE",
        help="another definition for a macro; repeatable",
    )
    parser.add_argument("--from", dest="start", metavar="TIME", help="findings whose last entry is at or after it")
    parser.add_argument("--to", dest="end", metavar="TIME", help="only entries before it")
    parser.add_argument(
        "--actions",
        action="store_true",
        help="execute the alert actions that the alerts name (default: they are not executed)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 17),
        metavar="N",
        help=f"processes that share the searches (default: {JOBS} from {JOBS_FROM:,} entries on, with as many cores; "
        "with --actions always 1)",
    )
    options.add_knowledge(parser)
    options.add_app(parser)
    parser.add_argument("--json", action="store_true", help="findings are JSON lines with and without it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    zone = options.zone(arguments.tz)
    start = options.instant("--from", arguments.start, zone)
    end = options.instant("--to", arguments.end, zone)
    app = options.app_folder(arguments.app, repository_root())
    confs = AppConfs(app)
    searches = _searches(confs, arguments, zone)
    geo = options.geo(arguments.geo)
    engine = SplEngine(
        app,
        zone=zone,
        macros=options.macros(arguments.macros, confs),
        lookups=options.lookups(arguments.lookup, confs),
        geo=geo,
    )
    engine.compile(searches)
    reader = EntryReader(complain)
    events = _events([Path(name) for name in arguments.files], reader, end)
    keep_what_is_loaded()
    if not arguments.actions:
        jobs = _jobs(arguments.jobs, len(events))
        if jobs > 1:
            shares = shares_of(searches, confs, engine, events, jobs)
            history = _simulate(partial(replay, searches, shares, engine), events, start)
        else:
            cleanup = CleanupAlone(engine.tables)
            history = _simulate(Scheduler(searches, engine, actions=cleanup).run, events, start)
            history.actions_left_out = cleanup.left_out
        _summarise(reader, history)
        return EXIT_OK
    with throw_away_actions(app, engine, zone=zone, geo=geo) as actions:
        history = _simulate(Scheduler(searches, engine, actions=actions).run, events, start)
        complain(str(actions))
        _summarise(reader, history)
    return EXIT_FAILED if actions.failures else EXIT_OK


def _searches(confs: AppConfs, arguments: argparse.Namespace, zone: Any) -> list[SavedSearch]:
    try:
        return chosen(read_saved_searches(confs.conf("savedsearches"), zone), arguments.rule)
    except (SavedSearchError, ConfError) as error:
        raise Refused(str(error)) from None


def _events(files: list[Path], reader: EntryReader, end: float | None) -> list[IndexedEvent]:
    events: list[IndexedEvent] = []
    console = error_console()
    with progress_bar(console) as bar:
        task = bar.add_task("reading", total=len(files), detail="")
        for path in files:
            try:
                for entry in reader.entries(path):
                    if end is None or entry.time < end:
                        events.append(as_event(entry.raw, entry.time, entry.indextime, path.name))
            except OSError as error:
                raise Refused(f"{path} cannot be read: {error.strerror or error}") from None
            bar.update(task, advance=1, detail=f"{len(events)} entries")
    events.sort(key=lambda event: event.indextime)
    return events


def as_event(raw: str, time: float, indextime: float, source: str) -> IndexedEvent:
    """An exported entry as the app's own input would have written it."""
    return IndexedEvent(raw, time, indextime, "localhost", f"slack_audit://{source}", "slack:audit", "slack_audit")


def _jobs(asked: int | None, entries: int) -> int:
    """Return in how many processes to replay."""
    if not can_fork():
        return 1
    if asked is not None:
        return asked
    return min(JOBS, os.cpu_count() or 1) if entries >= JOBS_FROM else 1


def _simulate(run: Callable[..., History], events: list[IndexedEvent], start: float | None) -> History:
    def found(finding: Finding) -> None:
        last = finding["last_time"]
        if start is None or not isinstance(last, (int, float)) or last >= start:
            write_json_line(finding)

    with progress_bar(error_console()) as bar:
        task = bar.add_task("replaying", total=1.0, detail="")

        def progressed(progress: Progress) -> None:
            share = (progress.now - progress.start) / max(1.0, progress.end - progress.start)
            bar.update(task, completed=share, detail=f"{iso(progress.now)}  {progress.findings} findings")

        return run(events, alerts_from=start, on_progress=progressed, on_finding=found)


def _summarise(reader: EntryReader, history: History) -> None:
    for name, sentences in sorted(history.warnings.items()):
        for sentence in sorted(sentences):
            complain(f"warning: {name}: {sentence}")
    for start, end in history.jumps:
        complain(f"no entries from {iso(start)} to {iso(end)}: the clock jumped over it")
    if history.actions_left_out:
        complain(f"alert actions: {history.actions_left_out} not executed (--actions executes them)")
    text = f"{reader.read} entries, {history.runs} runs, {len(history.findings)} findings"
    if history.suppressed:
        text += f", {history.suppressed} throttled"
    if reader.bad_lines:
        text += f", {reader.bad_lines} line{'s' if reader.bad_lines > 1 else ''} left out"
    complain(text)
