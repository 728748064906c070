"""Steady state: a poll a minute while entries happen and some arrive late; how many calls that takes.

Time is jumped from poll to poll, so an hour takes as long as its sixty processes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.input_process import Input
from bench.pace import Pace
from bench.secret_store import SecretStore
from bench.world import BEGIN, LATEST_SECONDS
from sandbox.slack_api import Clock, Journal, SlackSimulator, bulk_entries

POLL_SECONDS = 60.0
LATE_SHARE = 0.02


@dataclass(frozen=True)
class Steady:
    """What so many polls took. Bytes are the largest peak of any run."""

    polls: int
    entries: int
    calls: int
    most_calls_a_poll: int
    peak_bytes: int
    missing: int
    repeats: int

    @property
    def calls_a_poll(self) -> float:
        """Average."""
        return self.calls / self.polls


def measure(an_hour: int, polls: int, folder: Path, tell: Callable[[int], None]) -> Steady:
    """Poll an organisation with so many entries an hour, after a first run that is not counted."""
    rng = random.Random("steady")  # noqa: S311 - a repeatable play, not a secret
    first, span = BEGIN - LATEST_SECONDS, LATEST_SECONDS + int(polls * POLL_SECONDS)
    journal, due = Journal(), []
    count = an_hour * span // 3_600
    for number, entry in enumerate(bulk_entries(count)):
        second = first + number * span // count
        entry["date_create"] = second
        late = second + rng.randint(1, LATEST_SECONDS) if rng.random() < LATE_SHARE else None
        journal.add(entry, late)
        due.append(second if late is None else late)
    pace = Pace(BEGIN)
    slack = SlackSimulator(journal, clock=Clock(real=pace.now))
    store = SecretStore(slack.token)
    peak = most = came = 0
    with slack:
        prod = Input(folder, slack.api_url, store.uri, {"start_time": first}, pace)
        lines = prod.start().wait().output.count(b"</event>")
        before = calls = len(slack.calls)
        for poll in range(polls):
            pace.jump(BEGIN + (poll + 1) * POLL_SECONDS - pace.now())
            process = prod.start().wait()
            came += process.output.count(b"</event>")
            most, calls = max(most, len(slack.calls) - calls), len(slack.calls)
            peak = max(peak, process.peak_bytes)
            tell(poll + 1)
        # Entries late by more than a poll or two wait for the next look back; only they may be missing.
        horizon = pace.now() - 1_000
        missing = max(0, sum(at <= horizon for at in due) - lines - came)
        repeats = max(0, lines + came - sum(at <= pace.now() for at in due))
    store.close()
    return Steady(polls, came, calls - before, most, peak, missing, repeats)
