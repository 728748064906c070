"""A Slack organisation's audit API on loopback.

Ties journal, clock, tokens, rate limit and faults together, and starts and stops the server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Union

from .bulk import BulkJournal
from .calls import Call, CallLog
from .clock import Clock
from .faults import Answer, Fault, Shape
from .journal import Entry, Journal
from .limits import RateLimit
from .organisation.people import ENTERPRISE, WORKSPACES
from .pages import AnyJournal, Manners, answer_logs
from .schedule import Rule, Schedule
from .server import Server
from .tokens import DEFAULT_TOKEN, Tokens

Entries = Union[AnyJournal, Iterable[Entry]]


class SlackSimulator:
    """Start with `start()` or as a context manager; then talk to `api_url`.

    Args:
        entries: a `Journal`, a `BulkJournal`, or entries in any order.
        clock: Slack's clock; the real one by default. Entries newer than it are not visible yet.
        port: 0 takes a free one.
        token: a long-lived token that is accepted.
        per_minute: calls of `/logs` a minute for the whole organisation; None switches the limit off.
        burst: calls above it that are tolerated.
        rules: when which fault happens.
        seed: of the chances in `rules`.
        manners: how Slack behaves where the public record leaves it open.
        ground_truth: what `GET /sandbox/ground_truth` shows.
    """

    def __init__(
        self,
        entries: Entries = (),
        *,
        clock: Clock | None = None,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        per_minute: int | None = 50,
        burst: int = 10,
        rules: Iterable[Rule] = (),
        seed: int = 1,
        manners: Manners | None = None,
        ground_truth: Mapping[str, Any] | None = None,
    ) -> None:
        self.journal: AnyJournal = (
            entries if isinstance(entries, (Journal, BulkJournal)) else Journal(entries)
        )
        self.clock = clock or Clock()
        self.token = token
        self.tokens = Tokens(self.clock)
        self.tokens.add(token)
        self.limit = RateLimit(self.clock.elapsed, per_minute, burst)
        self.schedule = Schedule(rules, seed)
        self.manners = manners or Manners()
        self.call_log = CallLog()
        self.ground_truth: dict[str, Any] = dict(ground_truth or {})
        self._wished_port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> SlackSimulator:
        """Listen on 127.0.0.1.

        Raises:
            OSError: the port is taken.
        """
        if self._server is not None:
            raise RuntimeError("the simulator runs already")
        self._server = Server(self._wished_port, self)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="slack-simulator",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; silent and slow answers are let go."""
        if self._server is None:
            return
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(5)
        self._server = self._thread = None

    def __enter__(self) -> SlackSimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the simulator does not run; call start() first")
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Root of everything, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """What an input's `api_url` must be set to."""
        return f"{self.url}/audit/v1/"

    @property
    def calls(self) -> list[Call]:
        """Every call so far."""
        return self.call_log.all()

    @property
    def log_calls(self) -> list[Call]:
        """Calls of `/audit/v1/logs` alone."""
        return [call for call in self.calls if call.path == "/audit/v1/logs"]

    def add(self, entry: Entry, arrives_at: float | None = None) -> None:
        """Let something happen; the entry becomes visible at `arrives_at` (default: its `date_create`)."""
        if not isinstance(self.journal, Journal):
            raise ValueError("bulk entries are computed; nothing can be added to them")
        self.journal.add(entry, arrives_at)

    def play(self, fault: Fault, times: int = 1) -> None:
        """Play `fault` on the next calls of `/logs` that it fits."""
        self.schedule.play(fault, times)

    def logs_answer(self, parameters: Mapping[str, str], shape: Shape) -> Answer:
        """The answer to a permitted request."""
        return answer_logs(self.journal, parameters, self.clock.now(), self.manners, shape)

    def identity(self, *, org_install: bool) -> dict[str, Any]:
        """What `auth.test` says of a token."""
        place = ENTERPRISE["id"] if org_install else next(iter(WORKSPACES))
        return {
            "ok": True,
            "url": "https://halden.enterprise.slack.example/",
            "team": ENTERPRISE["name"],
            "user": "audit.reader",
            "team_id": place,
            "user_id": "W0OWNER0001",
            "enterprise_id": ENTERPRISE["id"],
            "is_enterprise_install": org_install,
        }
