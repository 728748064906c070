"""Part two of the soak: each kind of trouble by itself and all of them together, nobody kills anything.

Here there is no excuse: nothing may be lost and nothing may come twice.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ledger import Ledger
from bench.pace import Pace
from bench.soak_input import collecting
from bench.soak_kills import SILENT_SECONDS, fault_rules
from bench.world import World, build
from sandbox.slack_api import Clock, Manners, SlackSimulator, faults
from sandbox.slack_api.schedule import Rule, every

PAGE_LIMIT = 300
#: No honest case needs so many runs.
MOST_RUNS = 400


@dataclass(frozen=True)
class Case:
    """One kind of trouble.

    Attributes:
        rules, manners: of the simulator.
        skew_seconds: this machine's clock minus Slack's, run by run in turn.
        late: entries become visible up to an hour after their time, and the case lasts that long.
        exits: codes with which a run may end; 75 is "the next interval may do better", 1 "an admin must act".
        poll_seconds: from one run to the next.
        arriving: entries happen while the collector pages, a second of Slack's time in a blink.
    """

    name: str
    rules: Sequence[Rule] = ()
    manners: Manners = Manners()
    skew_seconds: Sequence[float] = (0.0,)
    late: bool = False
    exits: Sequence[int] = (0, 75)
    poll_seconds: float = 120.0
    arriving: bool = False


@dataclass
class Outcome:
    """How a case went. `met` counts the calls that met a fault."""

    name: str
    entries: int
    runs: int = 0
    calls: int = 0
    met: int = 0
    lost: int = 0
    repeats: int = 0
    changed: int = 0
    foreign: int = 0
    impolite_calls: int = 0
    bad_exits: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.repeats or self.changed or self.foreign or self.bad_exits)


def cases() -> list[Case]:
    """Return every kind of trouble that the contract knows, quiet weather first."""
    return [
        Case("no trouble"),
        Case("429 storm, Retry-After 1 to 3 s", _mixed(2, faults.rate_limited(1), faults.rate_limited(3))),
        Case("429, the other spelling", [every(3, faults.rate_limited(2, "ratelimited"))]),
        Case("500 and 503", _mixed(3, faults.server_error(500), faults.server_error(503))),
        Case("503 with Retry-After", [every(4, faults.server_error(503, 2))]),
        Case("reset in mid-body", [every(3, faults.reset(0.6))]),
        Case("connection closed in mid-body", [every(3, faults.close(0.3))]),
        Case("JSON cut off", [every(3, faults.cut_json(0.8))]),
        Case("HTML with status 200", [every(3, faults.html())]),
        Case("ok:false with status 200", [every(3, faults.ok_false())]),
        Case("silent server", [every(12, faults.silent(SILENT_SECONDS))]),
        Case("slow server", [every(6, faults.slow(0.4))]),
        Case("expired cursor", [every(3, faults.invalid_cursor())]),
        Case("cursors that live 4 s", [every(2, faults.slow(0.3))], Manners(cursor_lifetime_seconds=4)),
        Case("repeated cursor", [every(3, faults.repeated_cursor())]),
        Case("pages above limit", [every(2, faults.above_limit())]),
        Case("pages above limit, always", manners=Manners(always_overfull=True)),
        Case("pages below limit", [every(2, faults.below_limit(0.3))]),
        Case("empty pages with a cursor", [every(2, faults.empty_page())]),
        Case("entries of the page before once more", [every(2, faults.repeated_entries(50))]),
        *(Case(f"no more: {end.replace('_', ' ')}", manners=Manners(end=end)) for end in faults.ENDS),
        Case("entries arriving while paging", [every(3, faults.slow(0.1))], poll_seconds=1.0, arriving=True),
        Case("entries up to one hour late", late=True, poll_seconds=300.0),
        Case("this clock 5 min ahead of Slack's", skew_seconds=(300.0,)),
        Case("this clock 5 min behind Slack's", skew_seconds=(-300.0,)),
        Case("this clock jumping 5 min either way", skew_seconds=(0.0, 300.0, -300.0)),
        Case("401 now and then", [every(9, faults.unauthorised())], exits=(0, 75, 1)),
        Case("403 now and then", [every(9, faults.error("user_not_authorized", 403))], exits=(0, 75, 1)),
        Case("everything at once", fault_rules(0.4), skew_seconds=(0.0, 200.0, -200.0), late=True, poll_seconds=300.0),
    ]


def play(case: Case, entries: int, folder: Path, *, pace_factor: float, seed: int) -> Outcome:
    """Collect a small world of its own under one kind of trouble."""
    started = time.monotonic()
    world = _world(case, entries, seed)
    pace = Pace(world.begins_at, 60.0 if case.arriving else pace_factor)
    slack = SlackSimulator(
        world.journal, clock=Clock(real=pace.now), rules=case.rules, seed=seed, manners=case.manners
    )
    outcome, ledger = Outcome(case.name, len(world.expected)), Ledger(world.expected)
    rng = random.Random(f"polls/{seed}")  # noqa: S311 - a repeatable play, not a secret
    with collecting(world, slack, folder, pace, PAGE_LIMIT) as prod:
        quiet_runs = 0
        while quiet_runs < 2 and outcome.runs < MOST_RUNS:
            # A look back is due in the first quiet run, and a second one must bring nothing.
            quiet = pace.now() > world.quiet_at + 2
            process = prod.start(case.skew_seconds[outcome.runs % len(case.skew_seconds)]).wait()
            outcome.runs += 1
            ledger.take(process.output)
            if process.code not in case.exits:
                outcome.bad_exits[f"exit {process.code}: {process.errors[-300:]}"] += 1
            quiet_runs += quiet and process.code == 0
            left = world.quiet_at - pace.now()
            pace.jump(1_000.0 if left < 0 else case.poll_seconds * rng.uniform(0.9, 1.1))
    calls = slack.log_calls
    outcome.calls, outcome.met = len(calls), sum(bool(call.fault) for call in calls)
    outcome.impolite_calls = sum(call.impolite for call in calls)
    outcome.lost, outcome.repeats = ledger.lost, ledger.repeats
    outcome.changed, outcome.foreign = ledger.changed, ledger.foreign
    outcome.seconds = time.monotonic() - started
    return outcome


def play_all(
    chosen: Sequence[Case],
    entries: int,
    folder: Path,
    *,
    pace_factor: float,
    seed: int,
    tell: Callable[[str, int], None],
) -> list[Outcome]:
    """Play cases one after the other; `tell` hears which one is on and how many are done."""
    outcomes: list[Outcome] = []
    for number, case in enumerate(chosen):
        tell(case.name, number)
        outcomes.append(
            play(case, entries, folder / f"case-{number}", pace_factor=pace_factor, seed=seed + number)
        )
    return outcomes


def _world(case: Case, entries: int, seed: int) -> World:
    if case.late:
        return build(entries, 3_600, late_share=0.1, seed=seed)
    return build(entries, 400, live_share=0.2, late_share=0.0, seed=seed)


def _mixed(n: int, *kinds: faults.Fault) -> list[Rule]:
    """Each n-th call meets a fault, the kinds taking turns."""
    step = n * len(kinds)
    return [Rule(kind, first=1 + n * place, every=step) for place, kind in enumerate(kinds)]
