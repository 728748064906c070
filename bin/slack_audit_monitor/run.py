"""Puts the parts of one run together, in the order in which each may say no."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from slack_audit_monitor.caller import Caller
from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.client import SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.collect import Collector
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.errors import FatalError, LeaseLost, RateLimited, RefusedBySlack, Stopped
from slack_audit_monitor.files import HostLock, file_stem
from slack_audit_monitor.instants import iso
from slack_audit_monitor.kvstore import splunkd_rest
from slack_audit_monitor.log import Log
from slack_audit_monitor.notice import Notice
from slack_audit_monitor.pair_store import PairStore
from slack_audit_monitor.places import Opened, Places
from slack_audit_monitor.rotation import TokenKeeper
from slack_audit_monitor.seen import SeenEntries
from slack_audit_monitor.settings import Settings, read_settings
from slack_audit_monitor.splunk import Splunkd
from slack_audit_monitor.token_watch import TokenWatch
from slack_audit_monitor.writer import EventWriter


class Run:
    """One poll of one stanza: settings, lock, checkpoint, token, Slack, events.

    Args:
        stanza: full stanza name; name: without the scheme.
        metadata: server_uri, session_key and checkpoint_dir from splunkd.
    """

    def __init__(
        self, stanza: str, name: str, params: Mapping[str, Any], metadata: Mapping[str, Any], log: Log
    ) -> None:
        self._name = name
        self._params = params
        self._metadata = metadata
        self._log = log
        self._stop = StopRequest()
        self._clock = Clock(self._stop)
        self._writer = EventWriter(sys.stdout.fileno(), stanza, params)
        self._splunkd = Splunkd(metadata)
        self._notice = Notice(self._splunkd, str(metadata.get("checkpoint_dir") or ""), name)
        self._hand_over = False
        self._lock: HostLock | None = None
        self._opened: Opened | None = None
        self._checkpoint: Checkpoint | None = None
        self._client: SlackClient | None = None
        self._caller: Caller | None = None
        self._collector: Collector | None = None

    def collect(self) -> None:
        """Do the whole run.

        Raises:
            SlackAuditError: whatever ended it early.
        """
        try:
            self._collect()
        except (RateLimited, RefusedBySlack, LeaseLost):
            raise  # it would be no better on another member, or is there already
        except BaseException:
            self._hand_over = True
            raise

    def _collect(self) -> None:
        self._stop.listen()
        settings = read_settings(self._name, self._params, time.time())
        stem = self._checkpoint_stem()
        self._lock = HostLock(stem + ".lock")
        if not self._lock.acquire():
            raise Stopped("Another process collects for this input at the moment.")
        interval = str(self._params.get("interval") or "")
        self._opened = Places(settings, self._metadata, stem, interval, self._clock, self._log).open()
        self._checkpoint = self._opened.checkpoint
        settings, known = self._take_over(settings, self._checkpoint)
        pairs = PairStore(self._splunkd, self._name, self._log, settings.secret_name)
        credentials = pairs.read()
        contract = Contract(self._checkpoint.state.verdicts)
        self._checkpoint.state.verdicts = contract.verdicts
        self._client = SlackClient(settings, credentials.token, self._clock, contract, credentials.proxy)
        keeper = TokenKeeper(
            credentials,
            self._client.exchange,
            pairs.keep,
            self._clock,
            self._log,
            self._notice.show,
        )
        if credentials.rotates:
            self._client.use_token(keeper.token())
        self._caller = Caller(
            self._client,
            settings,
            self._checkpoint,
            self._clock,
            self._stop,
            self._log,
            renew_token=keeper.renew if credentials.rotates else None,
        )
        self._collector = Collector(
            settings,
            self._checkpoint,
            self._caller,
            self._writer,
            self._clock,
            self._stop,
            self._log,
            TokenWatch(credentials, self._checkpoint, self._log),
            known,
        )
        self._collector.collect()

    def fields(self) -> dict[str, object]:
        """Return the figures of the run for its summary line."""
        found: dict[str, object] = dict(self._collector.summary.fields()) if self._collector else {"entries": 0}
        found["calls"] = self._caller.calls if self._caller else 0
        found["waits_seconds"] = self._clock.waited_seconds
        position = self._checkpoint.state.position if self._checkpoint else None
        if position is not None:
            found["lag_seconds"] = max(0, round(self._clock.slack_now() - position))
            found["position"] = iso(position)
        return found

    @property
    def notice(self) -> Notice:
        """What an admin must do, in Splunk's message bar."""
        return self._notice

    def close(self) -> None:
        """End the event stream and let go of everything; safe at any point."""
        self._writer.close()
        if self._client is not None:
            self._client.close()
        if self._opened is not None:
            self._opened.close(self._hand_over)
        if self._lock is not None:
            self._lock.release()

    def _take_over(self, settings: Settings, checkpoint: Checkpoint) -> tuple[Settings, SeenEntries]:
        """Find out where to begin and what is there already, if the input follows another add-on's."""
        if not settings.follows:
            return settings, SeenEntries(0)
        from slack_audit_monitor.takeover import go_on

        with contextlib.closing(splunkd_rest(self._metadata, self._clock.sleep)) as rest:
            return go_on(rest, settings, checkpoint, self._log)

    def _checkpoint_stem(self) -> str:
        folder = str(self._metadata.get("checkpoint_dir") or "")
        if not folder:
            raise FatalError("splunkd named no checkpoint_dir, so no place could be remembered.")
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as problem:
            raise FatalError(f"The checkpoint folder {folder} cannot be created: {problem.strerror}.") from problem
        return os.path.join(folder, file_stem(self._name))
