"""One stand-in for splunkd: folders, log, index, key-value store, endpoints and inputs together.

    with Splunkd.open(folder, app_source) as splunkd:
        splunkd.passwords.put("slack_audit_monitor", "prod", token, splunkd.app_id)
        run = splunkd.runner.start(stanza, splunkd.index.add)

`start` lets it live: inputs run at their intervals, saved searches by the clock. The simulation
of whole months is apart from this: see `scheduler`.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import timezone, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Callable

from sandbox.confs import AppConfs
from sandbox.splunkd import scheduler_log
from sandbox.splunkd.alert_actions import AlertActions
from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.alert_state import AlertState
from sandbox.splunkd.alerting import Alerting
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.home import APP_ID, SplunkHome
from sandbox.splunkd.index import ArrivalClock, Index
from sandbox.splunkd.input_conf import InputConfs
from sandbox.splunkd.input_manager import InputManager
from sandbox.splunkd.inputs import InputEvent, InputRunner
from sandbox.splunkd.job_files import JobFiles
from sandbox.splunkd.kvstore import KvStore
from sandbox.splunkd.live_scheduler import LiveScheduler
from sandbox.splunkd.log_monitor import LogMonitor
from sandbox.splunkd.parsing import Parsing
from sandbox.splunkd.password_store import PasswordStore
from sandbox.splunkd.patient_sink import PatientSink
from sandbox.splunkd.rest.access import Access
from sandbox.splunkd.rest.families.accounts import AccountEndpoints
from sandbox.splunkd.rest.families.apps import AppEndpoints
from sandbox.splunkd.rest.families.confs import ConfEndpoints
from sandbox.splunkd.rest.families.fired_alerts import FiredAlertEndpoints
from sandbox.splunkd.rest.families.indexes import IndexEndpoints
from sandbox.splunkd.rest.families.inputs import InputEndpoints
from sandbox.splunkd.rest.families.jobs import JobEndpoints
from sandbox.splunkd.rest.families.kvstore import KvStoreEndpoints
from sandbox.splunkd.rest.families.messages import Messages
from sandbox.splunkd.rest.families.passwords import Passwords
from sandbox.splunkd.rest.families.receivers import ReceiverEndpoints
from sandbox.splunkd.rest.families.saved_searches import SavedSearchEndpoints
from sandbox.splunkd.rest.families.server_info import ServerInfo
from sandbox.splunkd.rest.families.times import TimeEndpoints
from sandbox.splunkd.rest.hec import EventCollector
from sandbox.splunkd.rest.routing import Endpoint, Router
from sandbox.splunkd.rest.server import RestServer
from sandbox.splunkd.rest.sessions import Sessions
from sandbox.splunkd.script_host import ScriptHost
from sandbox.splunkd.search_jobs import Jobs
from sandbox.splunkd.searching import SearchService
from sandbox.splunkd.secrets_file import Seal
from sandbox.splunkd.simulated_jobs import jobs_of_alerts
from sandbox.splunkd.splunkd_log import LogLine, SplunkdLog

SCHEME = "slack_audit"
SERVER_NAME = "sandbox"
SYSTEM_USER = "splunk-system-user"
# Namespaces that every splunkd has; `-` stands for all apps.
SPLUNK_APPS = ("-", "search", "system", "launcher")


@dataclass(frozen=True)
class Options:
    """How a stand-in is run. `admin_password` is drawn when empty; without `arrival` events arrive when they come."""

    arrival: ArrivalClock | None
    clock: Callable[[], float]
    port: int = 0
    zone: tzinfo = timezone.utc
    geo: Path | None = None
    admin_password: str = field(default="", repr=False)


class Splunkd:
    """A running stand-in; close it to end the listener and the databases."""

    def __init__(self, home: SplunkHome, app_folder: Path, options: Options) -> None:
        self.home = home
        self.app_id = app_folder.name
        self.app_folder = app_folder
        self.clock = options.clock
        self.log = SplunkdLog(clock=options.clock)
        self.admin_password = options.admin_password or secrets.token_urlsafe(16)
        self.sessions = Sessions({"admin": self.admin_password})
        seal = Seal(home.auth / "splunk.secret")
        self.passwords = Passwords(PasswordStore(home.auth / "passwords.json", seal))
        self.messages = Messages()
        self.confs = InputConfs(app_folder, SERVER_NAME)
        self.conf_store = ConfStore(app_folder)
        self.parsing = Parsing(self.conf_store, self.log)
        self.index = Index(
            home.database / "index.sqlite", options.arrival or self._arrives_now, options.clock, self.parsing.stamp
        )
        self.internal = Index(home.database / "internal.sqlite", self._arrives_now, options.clock)
        self.log.listener = self._keep_line
        self.logs = LogMonitor(
            home.logs, home.database / "fishbucket.json", self.internal.add, SERVER_NAME, options.clock
        )
        self.kvstore = KvStore(home.database / "kvstore.sqlite", self.app_id, AppConfs(app_folder).conf("collections"))
        self.state = AlertState(home.database / "alerts.sqlite")
        self.searches = SearchService(
            self.conf_store, [self.index, self.internal], self.kvstore, zone=options.zone, geo=options.geo
        )
        self.jobs = Jobs(self.searches, options.clock, JobFiles(home.dispatches))
        host = ScriptHost(home, SERVER_NAME, self._uri, self._system_key)
        self._runner = InputRunner(SCHEME, self.confs, host, self.log)
        self._sink = PatientSink(self.index.add, self.log, self.messages.post)
        self.inputs = InputManager(self._runner, self._sink, self.log)
        self.actions = AlertActions(self.conf_store, host, self.log)
        self.alerting = Alerting(self.searches.filter, self.state, self.actions)
        self.scheduler = LiveScheduler(
            self.conf_store, self.jobs, self.alerting, self.state, self.log, self.actions.ttl, options.zone
        )
        self._collector = self._event_collector()
        self._access = Access(self.conf_store)
        router = Router(self.sessions, self._endpoints(), self._access, (*SPLUNK_APPS, self.app_id))
        self._server = RestServer(router, options.port)

    def _event_collector(self) -> RestServer | None:
        """The HTTP Event Collector's own listener, when inputs.conf switches it on."""
        names = IndexEndpoints(self.conf_store, []).names
        application = EventCollector(self.conf_store, self.parsing, self.index.add, names, SERVER_NAME, self.clock)
        port = application.port()
        return None if port is None else RestServer(application, port)

    def _endpoints(self) -> list[Endpoint]:
        """Every family of endpoints, in one list."""
        indexes = IndexEndpoints(self.conf_store, [self.index, self.internal])
        return [
            *ServerInfo(self.sessions, SERVER_NAME, self._access).endpoints(),
            *AccountEndpoints(self.sessions, self._access).endpoints(),
            *self.passwords.endpoints(),
            *self.messages.endpoints(),
            *KvStoreEndpoints(self.kvstore).endpoints(),
            *InputEndpoints(self._runner, self.inputs.sync).endpoints(),
            *JobEndpoints(self.jobs, self.searches).endpoints(),
            *SavedSearchEndpoints(
                self.conf_store, self.searches, self.jobs, self.alerting, self.state, self.clock
            ).endpoints(),
            *FiredAlertEndpoints(self.state, self.app_id, self.clock).endpoints(),
            *ConfEndpoints(self.conf_store).endpoints(),
            *TimeEndpoints(self.conf_store, self.searches, self.clock).endpoints(),
            *indexes.endpoints(),
            *AppEndpoints(self.conf_store).endpoints(),
            *ReceiverEndpoints(self.index.add, indexes.names, SERVER_NAME, self.parsing).endpoints(),
        ]

    def go_on_from(self, memory: AlertMemory, now: float) -> None:
        """Let alerting go on from where a simulation that ended at `now` left it. Call before `start`."""
        self.state.go_on_from(memory, now)
        self.alerting.throttle = self.state.throttle()
        self.logs.look()  # what the scripts logged so far happened just before this moment
        searches = self.conf_store.stanzas("savedsearches")
        for job in jobs_of_alerts(memory.fired.shown_at(now), searches, self.app_id, now):
            self.jobs.adopt(job)

    def start(self) -> None:
        """Run inputs at their intervals and saved searches by the clock, until `close`."""
        self.logs.start()
        self.inputs.start()
        self.scheduler.start(self.clock)

    def _system_key(self) -> str:
        return self.sessions.open_for(SYSTEM_USER)

    def _arrives_now(self, event_time: float, raw: str) -> float:
        return self.clock()

    def _keep_line(self, line: LogLine) -> None:
        """splunkd.log and scheduler.log as the index `_internal` holds them."""
        is_scheduler = line.component == scheduler_log.COMPONENT
        name, kind = (scheduler_log.FILE, scheduler_log.SOURCETYPE) if is_scheduler else ("splunkd.log", "splunkd")
        path = str(self.home.logs / name)
        event = InputEvent(line.as_file_line(), line.at, SERVER_NAME, path, kind, "_internal")
        try:
            self.internal.add([event])
        except sqlite3.Error:
            pass  # a full disk is reported by what hits it; the line itself stays in memory

    @classmethod
    def open(
        cls,
        folder: Path,
        app_source: Path,
        *,
        arrival: ArrivalClock | None = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        zone: tzinfo = timezone.utc,
        geo: Path | None = None,
        admin_password: str = "",
    ) -> Splunkd:
        """Install the app below `folder` and start; what an earlier stand-in kept there is found again."""
        home = SplunkHome(folder)
        options = Options(arrival, clock, port, zone, geo, admin_password)
        return cls(home, home.install(app_source, APP_ID), options)

    @property
    def runner(self) -> InputRunner:
        """What starts the app's modular input."""
        return self._runner

    @property
    def uri(self) -> str:
        return self._server.uri

    @property
    def collector_uri(self) -> str | None:
        """Where the HTTP Event Collector listens; None while inputs.conf does not switch it on."""
        return None if self._collector is None else self._collector.uri

    def _uri(self) -> str:
        return self._server.uri

    def close(self) -> None:
        self._sink.stop()
        self.inputs.stop()
        self.scheduler.stop()
        self.logs.stop()
        for server in (self._server, self._collector):
            if server is not None:
                server.close()
        self.jobs.close()
        self.log.listener = None
        for store in (self.index, self.internal, self.kvstore, self.state):
            store.close()

    def __enter__(self) -> Splunkd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
