"""The splunkd that acceptance runs against: one given by SPLUNK_URL and SPLUNK_TOKEN, else a stand-in of our own.

Speaks through splunklib alone, so that both are asked the same way. Knows how to put events into the index and
how to run a saved search over them; knows no scenario.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Callable
from urllib.parse import urlsplit

import splunklib.client
from splunklib.binding import HTTPError
from splunklib.results import JSONResultsReader, Message

APP = "slack_audit_monitor"
INDEX = "slack_audit"
SOURCETYPE = "slack:audit"
_LONGEST_WAIT_SECONDS = 240.0
# The stand-in's clock starts here and is moved, never waited for.
_STAND_IN_TIME = 1_772_527_500.0  # 2026-03-03 08:45:00 UTC


class TargetProblem(Exception):
    """The splunkd does not do its part; the text says what an administrator would want to know."""


class Target:
    """One splunkd. Use it as a context manager."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._stack = ExitStack()
        self.index = environment.get("SPLUNK_INDEX", INDEX)
        url = environment.get("SPLUNK_URL", "")
        if url:
            self.name = url
            self._clock: Callable[[], float] = time.time
            self._sleep: Callable[[float], None] = time.sleep
            self.service = _connect(url, environment)
        else:
            self.name = "the stand-in"
            self.service = self._stand_in(folder)
        # What came in by this run is told by its source.
        self.source = f"acceptance-{uuid.uuid4().hex[:12]}"

    def _stand_in(self, folder: Path) -> Any:
        from sandbox.splunkd.daemon import Splunkd
        from sandbox.splunkd.home import repository_root

        now = [_STAND_IN_TIME]

        def clock() -> float:
            return now[0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        self._clock, self._sleep = clock, sleep
        splunkd = self._stack.enter_context(
            Splunkd.open(folder, repository_root(), clock=clock, arrival=lambda at, raw: now[0])
        )
        return splunklib.client.connect(
            scheme="http",
            host="127.0.0.1",
            port=int(splunkd.uri.rsplit(":", 1)[1]),
            token=splunkd.sessions.open_for("admin"),
            app=APP,
            owner="nobody",
        )

    def __enter__(self) -> Target:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def now(self) -> float:
        """The target's clock, epoch seconds; a real one is taken to agree with ours to the second."""
        return self._clock()

    def ingest(self, entries: Sequence[Mapping[str, Any]]) -> int:
        """Put entries into the index, wait until they can be searched, and return the index time of the first.

        Nothing that was put there earlier has this index time or a later one.
        """
        self._sleep(2.0 - self.now() % 1.0)  # a second of its own: index times are whole seconds
        since = int(self.now())
        body = "\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries)
        self.service.post(
            "/services/receivers/simple",
            body=body.encode("utf-8"),
            index=self.index,
            sourcetype=SOURCETYPE,
            source=self.source,
        )
        waited = 0.0
        search = f'search index={self.index} source="{self.source}" | stats count'
        while True:
            rows = self.rows(
                self.service.jobs.oneshot(search, index_earliest=since, earliest_time="0", output_mode="json")
            )
            count = int(rows[0]["count"]) if rows else 0
            if count >= len(entries):
                self._sleep(1.0)
                return since
            if waited >= _LONGEST_WAIT_SECONDS:
                raise TargetProblem(
                    f"{self.name}: {count} of {len(entries)} entries can be searched after {waited:.0f} s; is there an "
                    f"index {self.index}, and is it searched by this user?"
                )
            self._sleep(1.0)
            waited += 1.0

    def dispatch(self, title: str, *, earliest: int, latest: str, indexed_since: int) -> list[dict[str, Any]]:
        """Run a saved search over what was indexed since then; its rows."""
        try:
            saved = self.service.saved_searches[title]
        except KeyError:
            raise TargetProblem(f"{self.name}: there is no saved search {title!r}; is the app installed?") from None
        windows = {
            "dispatch.earliest_time": str(earliest),
            "dispatch.latest_time": latest,
            "dispatch.index_earliest": str(indexed_since),
            "dispatch.index_latest": "now",
        }
        try:
            job = saved.dispatch(**windows, force_dispatch=True)
        except HTTPError as error:
            raise TargetProblem(f"{self.name} does not run {title!r}: {error}") from None
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        while not job.is_done():
            if time.monotonic() > deadline:
                raise TargetProblem(f"{self.name}: {title!r} is not done after {_LONGEST_WAIT_SECONDS:.0f} s")
            time.sleep(0.02)
        if job["isFailed"] == "1":
            raise TargetProblem(f"{self.name}: {title!r} failed: {job['messages']}")
        rows = self.rows(job.results(output_mode="json", count=0))
        job.cancel()
        return rows

    @staticmethod
    def rows(body: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in JSONResultsReader(body) if not isinstance(row, Message)]


def _connect(url: str, environment: Mapping[str, str]) -> Any:
    parts = urlsplit(url)
    token = environment.get("SPLUNK_TOKEN", "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetProblem(f"SPLUNK_URL={url}: an address such as https://splunk.example:8089 is expected")
    if not token:
        raise TargetProblem("SPLUNK_TOKEN is not set: an authentication token of Settings > Tokens is expected")
    return splunklib.client.connect(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or 8089,
        splunkToken=token,
        app=APP,
        owner="nobody",
        verify=environment.get("SPLUNK_VERIFY", "1") != "0",
    )


def target_of_this_run(folder: Path) -> Target:
    """By the environment."""
    return Target(os.environ, folder)
