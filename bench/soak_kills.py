"""Part one of the soak: `kill -9`, again and again, while Slack misbehaves in every known way at once.

Three kinds of moment, drawn at random: after so many bytes of output, a while after the start, a while after
a call reached Slack. Between two runs up to a minute or so passes, as it would with splunkd.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.input_process import Input, Process, wait_until
from bench.ledger import Ledger
from bench.pace import Pace
from bench.soak_input import collecting
from bench.world import World
from sandbox.slack_api import Clock, Manners, SlackSimulator, faults, schedule

#: What the collector writes before it records; see `BATCH_ENTRIES` in its module `collect`.
BATCH_ENTRIES = 500
#: About what one takes in the event stream.
ENTRY_BYTES = 900
SILENT_SECONDS = 1.5
PAGE_LIMIT = 1_500
SKEW_SECONDS = 240.0
POLL_SECONDS = 60.0
_ENDS = ("empty", "null", "absent", "no_metadata")


@dataclass
class Killed:
    """How part one went. Seconds are real ones unless the name says otherwise."""

    entries: int = 0
    kills: int = 0
    kills_after_output: int = 0
    kills_by_moment: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    bad_exits: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    repeats: int = 0
    most_repeats_a_kill: int = 0
    repeats_unexplained: int = 0
    changed: int = 0
    foreign: int = 0
    calls: int = 0
    impolite_calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    invented_hours: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return (
            not (self.lost or self.changed or self.foreign or self.repeats_unexplained or self.bad_exits)
            and self.most_repeats_a_kill <= BATCH_ENTRIES
        )


def fault_rules(share: float) -> list[schedule.Rule]:
    """Return every fault that a run has to survive by itself, mixed, on about `share` of the calls."""
    return [
        *schedule.storm(share),
        schedule.chance(share / 30, faults.silent(SILENT_SECONDS)),
        schedule.chance(share / 18, faults.slow(0.3)),
        schedule.chance(share / 18, faults.server_error(503, 3)),
    ]


def soak(
    world: World,
    kills: int,
    folder: Path,
    *,
    pace_factor: float,
    share: float,
    seed: int,
    tell: Callable[[int], None],
    poll_seconds: float = POLL_SECONDS,
) -> Killed:
    """Collect a world with so many kills on the way; `tell` hears their number now and then.

    Args:
        poll_seconds: shortest time between the polls after the last kill.
    """
    rng = random.Random(f"kills/{seed}")  # noqa: S311 - a repeatable play, not a secret
    pace = Pace(world.begins_at, pace_factor)
    slack = SlackSimulator(
        world.journal,
        clock=Clock(real=pace.now),
        rules=fault_rules(share),
        seed=seed,
        manners=Manners(cursor_lifetime_seconds=40 * pace_factor),
    )
    killed, started = Killed(entries=len(world.expected)), time.monotonic()
    ledger = Ledger(world.expected, BATCH_ENTRIES)
    with collecting(world, slack, folder, pace, PAGE_LIMIT) as prod:
        soaking = _Soak(world, slack, prod, pace, rng, ledger, killed)
        while killed.kills < kills:
            soaking.run_and_kill(kills)
            tell(killed.kills)
        while not soaking.is_quiet():
            soaking.run_whole(poll_seconds)
    killed.lost, killed.repeats = ledger.lost, ledger.repeats
    killed.most_repeats_a_kill = max(ledger.repeats_by_kill.values(), default=0)
    killed.repeats_unexplained = ledger.repeats - sum(ledger.repeats_by_kill.values())
    killed.changed, killed.foreign = ledger.changed, ledger.foreign
    killed.calls, killed.impolite_calls = len(slack.log_calls), sum(call.impolite for call in slack.log_calls)
    killed.faults = Counter(call.fault for call in slack.log_calls if call.fault)
    killed.seconds, killed.invented_hours = time.monotonic() - started, (pace.now() - world.begins_at) / 3_600
    return killed


class _Soak:
    """The state between two runs."""

    def __init__(
        self,
        world: World,
        slack: SlackSimulator,
        prod: Input,
        pace: Pace,
        rng: random.Random,
        ledger: Ledger,
        killed: Killed,
    ) -> None:
        self._world, self._slack, self._prod, self._pace = world, slack, prod, pace
        self._rng, self._ledger, self._killed = rng, ledger, killed
        self._start_seconds = 0.5  # until the first output; learnt
        self._quiet_runs = 0

    def run_and_kill(self, wanted: int) -> None:
        """Start a run and end it at a random moment, unless it is done before."""
        killed, rng = self._killed, self._rng
        left = max(1, wanted - killed.kills)
        process = self._start(skew=(0.0, SKEW_SECONDS, -SKEW_SECONDS)[killed.kills * 3 // max(1, wanted) % 3])
        waiting = len(self._world.journal.visible_ids(self._pace.now())) - self._ledger.arrived
        moment = rng.choice(("bytes", "bytes", "bytes", "while", "call"))
        if moment == "bytes":
            # Aimed into what there is to write, and never far, so that the kills are spread over the whole collection.
            target = rng.uniform(1, ENTRY_BYTES * min(0.9 * waiting, 2.2 * BATCH_ENTRIES))
            wait_until(lambda: process.output_bytes >= target, process)
        elif moment == "while":
            until = time.monotonic() + rng.uniform(0.0, 2 * self._start_seconds)
            wait_until(lambda: time.monotonic() >= until, process)
        else:
            calls = self._calls() + rng.randint(1, 2)
            if wait_until(lambda: self._calls() >= calls, process):
                time.sleep(rng.uniform(0.0, 0.05))
        had_output = process.output_bytes > 0
        was_killed = process.kill()
        if was_killed:
            killed.kills += 1
            killed.kills_after_output += had_output
            killed.kills_by_moment[moment] += 1
        self._finish(process, was_killed)
        remaining = (self._world.ends_at - self._pace.now()) / left - process.seconds * self._pace.factor
        self._pace.jump(rng.uniform(0, 2 * max(POLL_SECONDS / 4, remaining)))

    def run_whole(self, poll_seconds: float) -> None:
        """One poll that nobody disturbs."""
        process = self._start(skew=0.0)
        process.wait()
        self._finish(process, was_killed=False)
        self._pace.jump(self._rng.uniform(poll_seconds, 3 * poll_seconds))

    def is_quiet(self) -> bool:
        """Whether everything has arrived at Slack for so long that each walk that could bring it is over."""
        if self._pace.now() < self._world.quiet_at:
            return False
        if self._pace.now() < self._world.quiet_at + 1_000:
            self._pace.jump(1_000)  # the next look back is due
        self._quiet_runs += 1
        return self._quiet_runs > 4

    def _start(self, skew: float) -> Process:
        rng, slack = self._rng, self._slack
        slack.manners = replace(slack.manners, end=rng.choice(_ENDS), always_overfull=rng.random() < 0.2)
        if rng.random() < 0.05:
            slack.play(faults.rate_limited(rng.randint(1, 3)), times=rng.randint(2, 5))
        return self._prod.start(skew)

    def _calls(self) -> int:
        return len(self._slack.call_log.all())

    def _finish(self, process: Process, was_killed: bool) -> None:
        killed = self._killed
        killed.runs += 1
        if process.first_output_seconds is not None:
            self._start_seconds += 0.2 * (process.first_output_seconds - self._start_seconds)
        self._ledger.take(process.output, was_killed)
        if not was_killed and process.code not in (0, 75):
            killed.bad_exits[f"exit {process.code}: {process.errors[-300:]}"] += 1
