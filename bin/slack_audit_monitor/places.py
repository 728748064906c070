"""Where a stanza's checkpoint is: chosen by the setting `state`, carried over when the choice changes.

A flag file beside the files of this host says that the KV store holds the truth: as long as it is there, files
are what was left behind. Without it, files count, unless the KV store is further on. `auto` goes into the KV store
and never out of it: an instance that does not call itself a member for once must not begin to collect beside
the others.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.checkpoint_files import CheckpointFiles
from slack_audit_monitor.checkpoint_log import CheckpointLog
from slack_audit_monitor.clock import Clock
from slack_audit_monitor.errors import FatalError, KvStoreUnavailable, NewerFormat, Stopped
from slack_audit_monitor.kvstore import Collection, SplunkdRest, splunkd_rest
from slack_audit_monitor.lease import Lease, lasts_seconds
from slack_audit_monitor.log import Log
from slack_audit_monitor.settings import Settings
from slack_audit_monitor.shared_log import SharedLog

#: The members of a search head cluster, in server/info's `server_roles`.
CLUSTER_ROLES = frozenset({"shc_member", "shc_captain"})
#: On top of the longest answer: a wait for Slack within a run and some reserve.
PATIENCE_SECONDS = 180.0


@dataclass
class Opened:
    """A loaded checkpoint and, in the KV store, the lease that goes with it."""

    checkpoint: Checkpoint
    lease: Lease | None = None

    def close(self, hand_over: bool) -> None:
        """Let go of both."""
        self.checkpoint.close()
        if self.lease is not None:
            self.lease.end(hand_over)


class Places:
    """The two places of one stanza.

    Args:
        metadata: server_uri and session_key from splunkd.
        stem: path of this host's files without ending.
        interval: the stanza's own, for the length of the lease.
    """

    def __init__(
        self,
        settings: Settings,
        metadata: Mapping[str, Any],
        stem: str,
        interval: str,
        clock: Clock,
        log: Log,
    ) -> None:
        self._settings = settings
        self._metadata = metadata
        self._stem = stem
        self._interval = interval
        self._clock = clock
        self._log = log
        self._flag = stem + ".kvstore"

    def open(self) -> Opened:
        """Load the checkpoint from where it is, and see to it that from now on it is where it should be.

        Raises:
            Stopped: another member of the cluster collects.
            KvStoreUnavailable, FatalError: it cannot be read.
        """
        info: dict[str, Any] = {}
        if self._settings.state != "file":
            with contextlib.closing(self._rest()) as rest:
                info = rest.server_info()
        in_store = self._settings.state == "kvstore"
        if self._settings.state == "auto":
            is_member = bool(CLUSTER_ROLES.intersection(map(str, info.get("server_roles") or ())))
            in_store = is_member or os.path.exists(self._flag)
        return self._open_store(info) if in_store else self._open_files()

    def _open_files(self) -> Opened:
        files = CheckpointFiles(self._stem, self._log)
        if not os.path.exists(self._flag):
            checkpoint = Checkpoint(files)
            checkpoint.load()
            return Opened(checkpoint)
        checkpoint = Checkpoint(CheckpointLog(self._shared(), lambda: None, self._log))
        try:
            checkpoint.read()
        except NewerFormat:
            raise  # removing the flag would be no way out: it would collect again
        except (KvStoreUnavailable, FatalError) as problem:
            raise FatalError(
                f"state is file, but the position is still in the KV store and cannot be read: {problem} If the store "
                f"will not come back, remove {self._flag}: then the files of this host count, and what was collected "
                "since they were written comes again."
            ) from problem
        if checkpoint.state.start_at is None:  # nothing was ever kept there
            checkpoint = Checkpoint(files)
            checkpoint.load()
        else:
            checkpoint.move_to(files)
            self._log.info("checkpoint_moved", source="kvstore", target="file")
        os.remove(self._flag)
        return Opened(checkpoint)

    def _open_store(self, info: Mapping[str, Any]) -> Opened:
        shared = self._shared()
        lasts = lasts_seconds(self._interval)
        lease = Lease(
            shared,
            Collection(self._rest(patience_seconds=0.0, timeout_seconds=max(1.0, lasts / 3))),
            f"{info.get('serverName') or 'unnamed'} ({info.get('guid') or 'without guid'})",
            self._stem + ".lease",
            lasts,
            self._settings.answer_timeout_seconds + PATIENCE_SECONDS,
            self._log,
        )
        try:
            lease.take()
        except Stopped:
            self._raise_flag()
            raise
        try:
            return Opened(self._load_store(CheckpointLog(shared, lease.may_write, self._log)), lease)
        except BaseException:
            lease.end(hand_over=True)
            raise

    def _load_store(self, place: CheckpointLog) -> Checkpoint:
        checkpoint = Checkpoint(place)
        checkpoint.load()
        files = CheckpointFiles(self._stem, self._log)
        is_empty = checkpoint.state.start_at is None
        if files.exist() and (is_empty or not os.path.exists(self._flag)):
            older = Checkpoint(files)
            older.read()
            if older.state.start_at is not None and (
                is_empty or (older.state.position or 0) > (checkpoint.state.position or 0)
            ):
                older.move_to(place)
                self._log.info("checkpoint_moved", source="file", target="kvstore")
                checkpoint = older
        self._raise_flag()
        return checkpoint

    def _raise_flag(self) -> None:
        if os.path.exists(self._flag):
            return
        try:
            with open(self._flag, "w", encoding="utf-8"):
                pass
        except OSError as problem:
            raise FatalError(f"{self._flag} cannot be written: {problem.strerror}.") from problem

    def _shared(self) -> SharedLog:
        return SharedLog(Collection(self._rest()), os.path.basename(self._stem), self._log, self._clock.sleep)

    def _rest(self, **options: Any) -> SplunkdRest:
        return splunkd_rest(self._metadata, self._clock.sleep, **options)
