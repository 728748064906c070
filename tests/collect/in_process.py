"""The collector inside the test's own process: real HTTP and event XML, a checkpoint in memory, no waiting.

For tests of what happens over many calls, where a process for each run and real waiting would only cost time.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from slack_audit_monitor.caller import Caller
from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.client import SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.collect import Collector
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.log import Log
from slack_audit_monitor.settings import read_settings
from slack_audit_monitor.state import State, state_from_json
from slack_audit_monitor.writer import EventWriter


class MemoryPlace:
    """A checkpoint that survives the collector, not the test."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.journal: list[str] = []

    def read_state(self) -> tuple[State | None, bool]:
        return (None if self.state is None else state_from_json(json.loads(self.state))), False

    def records(self) -> Iterator[Any]:
        return iter([json.loads(line) for line in self.journal])

    def report_damage(self, records: int) -> None:
        raise AssertionError(f"{records} damaged records")

    def open(self) -> None:
        pass

    def may_write(self) -> None:
        pass

    def write_state(self, state: State) -> None:
        self.state = json.dumps(state.to_json())

    def append(self, record: dict[str, Any]) -> None:
        self.journal.append(json.dumps(record))

    def sync(self) -> None:
        pass

    def is_worth_rewriting(self, remembered: int) -> bool:
        return False

    def rewrite(self, packed: Iterable[dict[str, str]], records: Iterable[dict[str, Any]]) -> None:
        raise AssertionError("not asked for")

    def close(self) -> None:
        pass


class HurriedClock(Clock):
    """Waiting takes no time: the clock jumps, and `passes` lets the others' clocks jump too."""

    def __init__(self, stop: StopRequest, ahead: float, passes: Callable[[float], None]) -> None:
        super().__init__(stop)
        self.ahead = ahead
        self._passes = passes

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.waited_seconds += seconds
            self.ahead += seconds
            self._passes(seconds)


class Lines:
    """What the log was told."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


class Organisation:
    """One stanza and its place; every `run` is a poll.

    Args:
        api_url: where Slack is.
        passes: told when the collector waits.
    """

    def __init__(self, api_url: str, token: str, passes: Callable[[float], None], **params: str) -> None:
        self.params = {"api_url": api_url, "start_time": "-2h", "calls_per_minute": "50", **params}
        self.token = token
        self.passes = passes
        self.place = MemoryPlace()
        self.ahead = 0.0
        self.events: list[tuple[str | None, str]] = []
        self.log = ""
        self.summary: dict[str, object] = {}
        self.calls = 0

    def run(self, batch_seed: int = 1) -> None:
        """Collect once; events and log lines are added to what earlier runs brought, also when it fails.

        Raises:
            SlackAuditError: as the collector.
        """
        stop, lines = StopRequest(), Lines()
        log = Log("prod", stderr=lines)  # type: ignore[arg-type]
        clock = HurriedClock(stop, self.ahead, self.passes)
        settings = read_settings("prod", self.params, clock.now())
        checkpoint = Checkpoint(self.place)
        checkpoint.load()
        with tempfile.TemporaryFile() as stream:
            client = SlackClient(settings, self.token, clock, Contract())
            caller = Caller(
                client, settings, checkpoint, clock, stop, log, rng=random.Random(batch_seed)  # noqa: S311 - spread
            )
            writer = EventWriter(stream.fileno(), "slack_audit://prod", {"index": "slack_audit"})
            collector = Collector(settings, checkpoint, caller, writer, clock, stop, log)
            try:
                collector.collect()
            finally:
                self.summary = collector.summary.fields()
                self.calls += caller.calls
                self.ahead = clock.ahead
                self.log += lines.text
                client.close()
                writer.close()
                stream.seek(0, os.SEEK_SET)
                for event in ElementTree.fromstring(stream.read()):
                    self.events.append((event.findtext("time"), event.findtext("data") or ""))

    def ids(self) -> list[str]:
        return [json.loads(text)["id"] for _, text in self.events]
