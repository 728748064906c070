"""`demo`: the whole product on this machine, from Slack to triggered alerts."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.cli import demo_report, options
from sandbox.cli.demo_collect import MOST_DELAY_SECONDS, Collected, CollectionFailed, alone_in, collect, fresh_home
from sandbox.cli.demo_truth import compare
from sandbox.cli.simulation import Simulated, live_through
from sandbox.console import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    Refused,
    progress_bar,
    save_picture,
)
from sandbox.slack_api import Organisation, SlackSimulator
from sandbox.splunkd.arrivals import WorldClock
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.findings import iso
from sandbox.splunkd.home import repository_root

_EPILOG = """\
An invented Slack organisation is served on loopback; the app's own input collects it as a process of a
stand-in for splunkd; the app's own saved searches run over the simulated weeks, and the alert actions that
they name run as processes, too. Twenty attacks are hidden in it, and what they had to trigger stands beside what
fired. Exit code 1 when an attack was missed, an entry lost, or an alert action failed.
"""


def add_to(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo",
        help="everything, end to end: Slack, input, index, alerts",
        description="Show the app at work on an invented organisation; needs neither Slack nor Splunk.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="which organisation (default: 1)")
    parser.add_argument("--days", type=int, default=22, help="days of its life; the attacks need 22 (default: 22)")
    parser.add_argument("--kill", action="store_true", help="end the input with SIGKILL in the middle of its work")
    parser.add_argument("--out", metavar="DIR", help="where the results go (default: build/demo)")
    options.add_app(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON in place of the tables")
    parser.add_argument("--picture", metavar="FILE.svg", help="write what the terminal shows as a picture, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    app = options.app_folder(arguments.app, repository_root())
    out = Path(arguments.out) if arguments.out else repository_root() / "build" / "demo"
    # With --json stdout belongs to the program that reads it.
    console = Console(stderr=arguments.json, highlight=False, record=bool(arguments.picture))
    if arguments.picture:
        console.width = 140
    elif not console.is_terminal:
        console.width = 150
    # A plain kill must end what was started as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with alone_in(out):
            code = _Demo(arguments, app, out, console).run()
        if arguments.picture:
            save_picture(console, Path(arguments.picture), "make demo")
        return code
    except CollectionFailed as error:
        console.print(f"[bold red]The input does not get on:[/] {error}", markup=True)
        return EXIT_FAILED
    except KeyboardInterrupt:
        console.print("Interrupted. The input, the Slack simulator and the stand-in are stopped: nothing is left.")
        return EXIT_INTERRUPTED


class _Demo:
    def __init__(self, arguments: argparse.Namespace, app: Path, out: Path, console: Console) -> None:
        self._arguments = arguments
        self._app = app
        self._out = out
        self._console = console
        self._started_at = time.monotonic()

    def run(self) -> int:
        home = fresh_home(self._out)
        organisation = self._organisation()
        collected, simulated = self._live(organisation, home)
        history = simulated.history
        comparison = compare(history.findings, organisation.ground_truth())
        seconds = time.monotonic() - self._started_at
        summary = demo_report.summary_of(collected, comparison, simulated, self._arguments.seed, seconds)
        demo_report.write_files(self._out, history.findings, summary)
        if self._arguments.json:
            sys.stdout.write(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
        else:
            demo_report.show(self._console, history.findings, comparison, summary, self._out)
        good = comparison.complete and collected.lost == 0 and simulated.failed_actions == 0
        return EXIT_OK if good else EXIT_FAILED

    def _organisation(self) -> Organisation:
        try:
            organisation = Organisation.generate(seed=self._arguments.seed, days=self._arguments.days)
        except ValueError as error:
            raise Refused(str(error)) from None
        self._say(
            f"Slack: {len(organisation.entries):,} entries of {len(organisation.people)} people, "
            f"{iso(organisation.start)[:10]} to {iso(organisation.end)[:10]}, "
            f"{len(organisation.stories)} attacks hidden in them."
        )
        return organisation

    def _live(self, organisation: Organisation, home: Path) -> tuple[Collected, Simulated]:
        geo = self._out / "geo.csv"
        organisation.write_geo_csv(geo)
        clock = WorldClock(most_delay=MOST_DELAY_SECONDS)
        with Splunkd.open(home, self._app, arrival=clock.arrival, clock=clock) as splunkd:
            organisation.write_site_lookups(splunkd.app_folder / "lookups")
            collected = self._collect(organisation, splunkd)
            simulated = live_through(splunkd, clock, collected.events, geo, self._console, archive_actions=False)
            failures = [str(line) for line in splunkd.log.lines("ERROR", component="sendmodalert")]
        self._say(str(simulated))
        for line in failures[-3:] if simulated.failed_actions else []:
            self._say(f"[red]{line}[/]")
        for name, sentences in sorted(simulated.history.warnings.items()):
            for sentence in sorted(sentences):
                self._say(f"[yellow]warning[/] {name}: {sentence}")
        return collected, simulated

    def _collect(self, organisation: Organisation, splunkd: Splunkd) -> Collected:
        with SlackSimulator(organisation.journal(), per_minute=None) as slack:
            with progress_bar(self._console) as bar:
                task = bar.add_task("collecting", total=len(organisation.entries), detail="")
                collected = collect(
                    organisation,
                    slack,
                    splunkd,
                    kill=self._arguments.kill,
                    say=bar.console.print,
                    on_progress=lambda count: bar.update(task, completed=count, detail=f"{count:,} events"),
                )
        self._say(
            f"Input: {collected.distinct:,} entries collected in {collected.runs} "
            f"run{'s' if collected.runs > 1 else ''} and {collected.seconds:.1f} s."
        )
        return collected

    def _say(self, text: str) -> None:
        self._console.print(text)
