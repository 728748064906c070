"""`serve`: the whole product alive on this machine, until it is stopped.

An invented Slack organisation, the input, the index, the scheduler, the management endpoints for Splunk's own client
(`splunklib.client`) or any program that speaks to splunkd, and the app's pages in a browser.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.cli import options, serve_web
from sandbox.cli.demo_collect import (
    HOME_FOLDER,
    MOST_DELAY_SECONDS,
    STANZA,
    CollectionFailed,
    alone_in,
    collect,
    configure,
    fresh_home,
)
from sandbox.cli.simulation import live_through
from sandbox.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, Refused, progress_bar, write_json_line
from sandbox.slack_api import Organisation, SlackSimulator
from sandbox.slack_api.organisation.calendar import DEFAULT_START
from sandbox.splunkd.arrivals import WorldClock
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.findings import iso
from sandbox.splunkd.home import APP_ID, repository_root
from sandbox.splunkweb.site import DEFAULT_PORT as DEFAULT_WEB_PORT
from sandbox.splunkweb.site import SplunkWeb

DEFAULT_PORT = 8089
# The stories of the organisation end on this day of its life.
STORY_DAYS = 22
WORLD_FILE = "serve.json"
_EPILOG = """\
With --clock simulated (the default) weeks of an organisation's life are collected and searched first, as
`demo` does, and the clock goes on from their end: triggered alerts are there at once. With --clock real the
organisation lives now: the input polls each minute, searches run as their cron lines say.

The address that is printed signs a browser in: setup page, dashboards, triggered alerts, searches, with Splunk's
own components. Node builds them at the first start; --no-web leaves them out. User, password and address of the
management endpoints stand in a file that only you can read.
Ctrl-C ends everything that was started and removes that file; events and settings stay in DIR, and
--keep goes on with them.
"""


def add_to(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="the same, alive, in a browser: setup page, dashboards, alerts; REST for splunklib",
        description="Keep the stand-ins for splunkd and Splunk Web alive on 127.0.0.1.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help=f"port on 127.0.0.1; 0 takes a free one (default: {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--web-port",
        type=int,
        default=DEFAULT_WEB_PORT,
        help=f"port of the pages on 127.0.0.1; 0 takes a free one (default: {DEFAULT_WEB_PORT})",
    )
    parser.add_argument("--no-web", action="store_true", help="no pages, REST alone; needs no Node")
    parser.add_argument("--clock", choices=("simulated", "real"), default="simulated", help="default: simulated")
    parser.add_argument("--seed", type=int, default=1, help="which organisation (default: 1)")
    parser.add_argument(
        "--days", type=int, help=f"days of its life (default: {STORY_DAYS}, the attacks need that many)"
    )
    parser.add_argument("--people", type=int, default=420, help="how many people (default: 420)")
    parser.add_argument(
        "--empty", action="store_true", help="no organisation, no input: an installed app and its endpoints alone"
    )
    parser.add_argument(
        "--keep", action="store_true", help="go on with what an earlier start left in DIR, and with its organisation"
    )
    parser.add_argument("--ship-disabled", action="store_true", help="leave the saved searches disabled, as they ship")
    parser.add_argument("--out", metavar="DIR", help="where everything is kept (default: build/serve)")
    options.add_app(parser)
    parser.add_argument("--json", action="store_true", help="say where it listens as one JSON line on stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    app = options.app_folder(arguments.app, repository_root())
    for option, port in (("--port", arguments.port), ("--web-port", arguments.web_port)):
        if not 0 <= port <= 65535:
            raise Refused(f"{option} {port}: a number from 0 to 65535 is expected")
    out = Path(arguments.out) if arguments.out else repository_root() / "build" / "serve"
    console = Console(stderr=arguments.json, highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            _Service(arguments, app, out, console, stack).run()
    except CollectionFailed as error:
        console.print(f"[bold red]The input does not get on:[/] {error}", markup=True)
        return EXIT_FAILED
    except KeyboardInterrupt:
        console.print("Stopped: input, Slack simulator and stand-in are ended, nothing is left running.")
        return EXIT_OK if _announced.is_set() else EXIT_INTERRUPTED
    return EXIT_OK


# Set once the address was printed: from then on Ctrl-C is the ordinary end.
_announced = threading.Event()


class _Service:
    """One life of the command. What `stack` holds is ended in reverse order, however it ends."""

    def __init__(self, arguments: argparse.Namespace, app: Path, out: Path, console: Console, stack: ExitStack) -> None:
        self._arguments = arguments
        self._app = app
        self._out = out
        self._console = console
        self._stack = stack
        self._clock = WorldClock()
        _announced.clear()

    def run(self) -> None:
        kept = self._kept() if self._arguments.keep else None
        self._stack.enter_context(alone_in(self._out))
        home = self._out / HOME_FOLDER if kept else fresh_home(self._out)
        world = kept or self._new_world()
        pages = None if self._arguments.no_web else serve_web.build_pages(self._say)
        collects_a_past = world["clock"] == "simulated" and not kept and not world["empty"]
        self._clock = WorldClock(float(world["offset"]), most_delay=MOST_DELAY_SECONDS if collects_a_past else None)
        organisation = None if world["empty"] else self._organisation(world)
        splunkd = self._open(home, organisation)
        web = None
        if pages is not None:
            web = serve_web.start(splunkd, self._app, pages, self._arguments.web_port, self._stack)
        slack = None
        if organisation is not None:
            organisation.write_site_lookups(splunkd.app_folder / "lookups")
            slack = self._stack.enter_context(SlackSimulator(organisation.journal()))
            if collects_a_past:
                self._live_through(organisation, slack, splunkd)
            else:
                splunkd.passwords.put(APP_ID, STANZA, slack.token, APP_ID)
                configure(slack, splunkd, organisation.start)
        if organisation is not None:
            # What the setup page notes at its end; an empty start leads there.
            splunkd.conf_store.write("app", "install", {"is_configured": "1"})
        if not self._arguments.ship_disabled:
            self._enable_searches(splunkd)
        (self._out / WORLD_FILE).write_text(
            json.dumps({**world, "offset": self._clock.offset}) + "\n", encoding="utf-8"
        )
        splunkd.start()
        self._announce(splunkd, slack, web)
        threading.Event().wait()

    def _kept(self) -> dict[str, Any]:
        """How the earlier start was asked to be. Raises Refused."""
        path = self._out / WORLD_FILE
        try:
            world: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Refused(f"--keep: {self._out} holds nothing that an earlier serve has finished to set up") from None
        return world

    def _new_world(self) -> dict[str, Any]:
        """What `--keep` must know to go on."""
        days = self._arguments.days or STORY_DAYS
        world = {
            "clock": self._arguments.clock,
            "empty": self._arguments.empty,
            "offset": 0.0,
            "seed": self._arguments.seed,
            "people": self._arguments.people,
            "days": days,
            "start": DEFAULT_START,
        }
        if self._arguments.clock == "real":
            # From a Monday, so that the stories are over today and life goes on for two days more.
            today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
            monday = today - timedelta(days=today.weekday() + 7 * (days // 7))
            world.update(start=monday.isoformat(), days=(today - monday).days + 2)
        return world

    def _open(self, home: Path, organisation: Organisation | None) -> Splunkd:
        geo = None
        if organisation is not None:
            geo = self._out / "geo.csv"
            organisation.write_geo_csv(geo)
        try:
            return self._stack.enter_context(
                Splunkd.open(
                    home,
                    self._app,
                    arrival=self._clock.arrival,
                    clock=self._clock,
                    port=self._arguments.port,
                    geo=geo,
                )
            )
        except (OSError, OverflowError) as error:
            raise Refused(f"--port {self._arguments.port}: cannot listen there: {error}") from None

    def _organisation(self, world: Mapping[str, Any]) -> Organisation:
        try:
            organisation = Organisation.generate(
                seed=world["seed"], start=world["start"], days=world["days"], people=world["people"]
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        self._say(
            f"Slack: {len(organisation.entries):,} entries of {len(organisation.people)} people, "
            f"{iso(organisation.start)[:10]} to {iso(organisation.end)[:10]}."
        )
        return organisation

    def _live_through(self, organisation: Organisation, slack: SlackSimulator, splunkd: Splunkd) -> None:
        """Collect everything and run the searches over it; the clock then stands at the end of it."""
        slack.limit.per_minute = None  # no need to be polite before anybody looks
        with progress_bar(self._console) as bar:
            task = bar.add_task("collecting", total=len(organisation.entries), detail="")
            collected = collect(
                organisation,
                slack,
                splunkd,
                kill=False,
                say=bar.console.print,
                on_progress=lambda count: bar.update(task, completed=count, detail=f"{count:,} events"),
            )
        self._say(f"Input: {collected.distinct:,} entries collected in {collected.seconds:.1f} s.")
        simulated = live_through(splunkd, self._clock, collected.events, self._out / "geo.csv", self._console)
        end = max(event.indextime for event in collected.events)
        self._clock.go_on_from(end)
        splunkd.go_on_from(simulated.memory, end)
        self._say(f"{simulated} The clock stands at {iso(end)}.")

    def _enable_searches(self, splunkd: Splunkd) -> None:
        for name, settings in splunkd.conf_store.stanzas("savedsearches").items():
            if settings.get("enableSched") == "1":
                splunkd.conf_store.write("savedsearches", name, {"disabled": "0"})

    def _announce(self, splunkd: Splunkd, slack: SlackSimulator | None, web: SplunkWeb | None) -> None:
        path = self._out / "credentials.json"
        credentials = {
            "scheme": "http",
            "host": "127.0.0.1",
            "port": int(splunkd.uri.rsplit(":", 1)[1]),
            "username": "admin",
            "password": splunkd.admin_password,
            "app": splunkd.app_id,
            "owner": "nobody",
        }
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(credentials, file, indent=2)
            file.write("\n")
        # The password is void when the stand-in ends.
        self._stack.callback(lambda: path.unlink(missing_ok=True))
        told = {"splunkd": splunkd.uri, "credentials": str(path), "slack": slack.api_url if slack else None}
        told["web"] = web.start_address if web else None
        _announced.set()
        if self._arguments.json:
            write_json_line(told)
            return
        if web is not None:
            self._say(f"\nOpen in a browser on this machine: {web.start_address}")
        self._say(f"\nsplunkd's management endpoints: {splunkd.uri}  (REST for splunklib)")
        self._say(f"User and password: {path}")
        self._say(
            "Try:  python -c 'import json, splunklib.client as c; "
            f's = c.connect(**json.load(open("{path}"))); print([g.name for g in s.fired_alerts])\''
        )
        self._say("Ctrl-C ends it.")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)
