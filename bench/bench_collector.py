"""Measure what the collector costs, beside the least possible collector, in one run on one machine.

    python bench/bench_collector.py            about three minutes
    python bench/bench_collector.py --quick    without the two million, a smaller steady state

Prints ratios with their limits, writes one JSON file, and ends with 1 when a limit was missed. Only ratios
and sizes can be compared between machines. Each time is the best of several, taken in turns with the floor:
what else runs on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the path must be set first

from bench.input_process import Input, Process, environment  # noqa: E402
from bench.pace import Pace  # noqa: E402
from bench.report import new_table, progress, screen, verdict  # noqa: E402
from bench.secret_store import SecretStore  # noqa: E402
from bench.steady import measure  # noqa: E402
from sandbox.slack_api import BulkJournal  # noqa: E402
from sandbox.slack_api.process import SlackProcess  # noqa: E402

BACKLOG = 100_000
LARGE_BACKLOG = 2_000_000
MEGABYTE = 1_000_000
#: So much faster than real time for the large backlog: its 201 calls would wait minutes for their budget.
HURRY = 6.0


@dataclass
class Figure:
    """One promise: what was found, and the limit it is held against."""

    name: str
    found: float
    limit: float
    unit: str = ""
    at_least: bool = False
    digits: int = 2
    beside: str = ""

    @property
    def holds(self) -> bool:
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def texts(self) -> tuple[str, str, str, str]:
        """Name, found, limit and what stands beside it."""
        sign = "at least" if self.at_least else "at most"
        return (
            self.name,
            f"{self.found:,.{self.digits}f} {self.unit}".strip(),
            f"{sign} {self.limit:,.{self.digits}f} {self.unit}".strip(),
            self.beside,
        )


@dataclass
class Figures:
    """All of them, and the plain measurements that they come from."""

    figures: list[Figure] = field(default_factory=list)
    plain: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, write; return 0 when every limit was kept."""
    options = _options(arguments)
    out, errors = screen(), Console(stderr=True, highlight=False)
    found = Figures()
    steps = [_starts, _throughput, *([] if options.quick else [_large_backlog]), _steady_states]
    with tempfile.TemporaryDirectory(prefix="bench-") as name, progress(errors) as bar:
        task = bar.add_task("collector", total=len(steps), detail="")
        for number, step in enumerate(steps):
            bar.update(task, completed=number, detail=step.__name__.strip("_").replace("_", " "))
            step(found, Path(name) / str(number), options)
    table = new_table(
        "Cost of the collector", f"Python {platform.python_version()}", ("measure", "found", "limit", "beside it", "")
    )
    for figure in found.figures:
        table.add_row(*figure.texts(), verdict(figure.holds))
    out.print(table)
    if options.output:
        _write(Path(options.output), found)
        errors.print(f"The figures are in {options.output}.")
    return 0 if found.holds else 1


def _write(path: Path, found: Figures) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "python": platform.python_version(),
        "figures": [{**vars(figure), "holds": figure.holds} for figure in found.figures],
        "plain": found.plain,
        "holds": found.holds,
    }
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _throughput(found: Figures, folder: Path, options: argparse.Namespace) -> None:
    """A backlog of 100,000: speed, CPU, memory and calls, in turns with the floor."""
    journal = BulkJournal(BACKLOG)
    latest = journal.start + BACKLOG // journal.per_second + 1
    floors: list[Process] = []
    runs: list[Process] = []
    with SlackProcess("--bulk", str(BACKLOG), "--rate-limit", "off", "--now", str(latest + 60)) as slack:
        store = SecretStore(slack.token)
        for turn in range(options.turns):
            floors.append(_floor(slack, journal.start, latest))
            prod = Input(folder / str(turn), slack.api_url, store.uri, {"start_time": journal.start})
            before = len(slack.calls())
            runs.append(prod.start(keep=False).wait())
            calls = len(slack.calls()) - before
            _expect(runs[-1], 0)
        idle = [prod.start().wait() for _ in range(options.turns * 2)]
        store.close()
    floor, run = _best(floors), _best(runs)
    sizes = {process.output_bytes for process in runs}
    if len(sizes) != 1 or min(sizes) < floors[0].output_bytes:
        raise SystemExit("The collector wrote less than the floor: the comparison is worth nothing.")
    found.plain["backlog"] = {"floor": _plain(floor), "collector": _plain(run), "entries": BACKLOG}
    cpu, floor_cpu = min(p.cpu_seconds for p in runs), min(p.cpu_seconds for p in floors)
    figures = found.figures
    figures.append(Figure(
        "entries per second, share of the floor's", floor.seconds / run.seconds, 0.5, at_least=True,
        beside=f"{BACKLOG / run.seconds:,.0f} to {BACKLOG / floor.seconds:,.0f}"))  # fmt: skip
    figures.append(Figure("CPU, times the floor's", cpu / floor_cpu, 2.0, beside=f"{cpu:.2f} to {floor_cpu:.2f} s"))
    figures.append(Figure(
        f"peak memory, {BACKLOG:,} entries", max(p.peak_bytes for p in runs) / MEGABYTE, 64, "MB", digits=1,
        beside=f"floor {floor.peak_bytes / MEGABYTE:.1f} MB"))  # fmt: skip
    figures.append(Figure(f"calls for {BACKLOG:,} entries", calls, 12, digits=0, beside="floor 11"))
    figures.append(Figure(
        "a run with nothing to do", min(p.seconds for p in idle), 0.6, "s",
        beside=f"median {_median(idle):.2f} s, Python alone {found.plain['python_start_seconds']:.2f} s"))  # fmt: skip
    found.plain["idle_seconds"] = [p.seconds for p in idle]


def _large_backlog(found: Figures, folder: Path, options: argparse.Namespace) -> None:
    """Two million entries: memory must not have grown."""
    journal = BulkJournal(LARGE_BACKLOG)
    end = journal.start + LARGE_BACKLOG // journal.per_second + 60
    with SlackProcess("--bulk", str(LARGE_BACKLOG), "--rate-limit", "off", "--now", str(end)) as slack:
        store = SecretStore(slack.token)
        settings = {"start_time": journal.start, "calls_per_minute": 50}
        prod = Input(folder, slack.api_url, store.uri, settings, Pace(end, HURRY))
        run = prod.start(keep=False).wait()
        calls = len(slack.calls())
        store.close()
    _expect(run, 0)
    found.plain["large_backlog"] = {**_plain(run), "entries": LARGE_BACKLOG, "calls": calls}
    found.figures.append(Figure(
        f"peak memory, {LARGE_BACKLOG:,} entries", run.peak_bytes / MEGABYTE, 64, "MB", digits=1,
        beside=f"{calls} calls"))  # fmt: skip


def _steady_states(found: Figures, folder: Path, options: argparse.Namespace) -> None:
    """A poll a minute, 10,000 and 100,000 entries an hour, two in a hundred of them late."""
    for an_hour, polls in ((10_000, 60), (100_000, 30)):
        steady = measure(an_hour, 16 if options.quick else polls, folder / str(an_hour), lambda done: None)
        found.plain[f"steady_{an_hour}"] = {**vars(steady), "calls_a_poll": steady.calls_a_poll}
        if steady.missing or steady.repeats:
            raise SystemExit(f"Steady state lost {steady.missing} and repeated {steady.repeats} entries.")
        if an_hour == 10_000:
            found.figures.append(Figure(
                "calls a poll, 10,000 entries an hour", steady.calls_a_poll, 2.0,
                beside=f"most in one poll {steady.most_calls_a_poll}"))  # fmt: skip
        else:
            # A quarter of the 50 calls a minute that the organisation has; a poll is a minute.
            found.figures.append(Figure("calls a minute, 100,000 an hour, average", steady.calls_a_poll, 12.5))
            found.figures.append(Figure(
                "calls a minute, 100,000 an hour, most", steady.most_calls_a_poll, 30, digits=0,
                beside="the minute of a look back; limit: the budget"))  # fmt: skip
        found.figures.append(Figure(
            f"peak memory, {an_hour:,} an hour", steady.peak_bytes / MEGABYTE, 64, "MB", digits=1))  # fmt: skip


def _starts(found: Figures, folder: Path, options: argparse.Namespace) -> None:
    """`--scheme`, which splunkd asks every input for when it starts."""
    script = str(ROOT / "bin" / "slack_audit.py")
    bare = [_run([sys.executable, "-c", "pass"]) for _ in range(options.turns * 2)]
    scheme = [_run([sys.executable, script, "--scheme"]) for _ in range(options.turns * 3)]
    python = min(p.seconds for p in bare)
    found.plain["python_start_seconds"] = python
    found.plain["scheme_seconds"] = [p.seconds for p in scheme]
    found.figures.append(Figure(
        "--scheme", min(p.seconds for p in scheme), 0.15, "s",
        beside=f"median {_median(scheme):.2f} s, Python alone {python:.2f} s"))  # fmt: skip


def _floor(slack: SlackProcess, oldest: int, latest: int) -> Process:
    task = {"api_url": slack.api_url, "token": slack.token, "oldest": oldest, "latest": latest}
    command = [sys.executable, str(ROOT / "bench" / "floor.py")]
    process = Process(command, json.dumps(task).encode(), environment(), keep=False).wait()
    _expect(process, 0)
    return process


def _run(command: Sequence[str]) -> Process:
    process = Process(command, b"", environment()).wait()
    _expect(process, 0)
    return process


def _expect(process: Process, code: int) -> None:
    if process.code != code:
        raise SystemExit(f"A measured process ended with {process.code}: {process.errors[-400:]}")


def _best(processes: Sequence[Process]) -> Process:
    return min(processes, key=lambda process: process.seconds)


def _median(processes: Sequence[Process]) -> float:
    return sorted(process.seconds for process in processes)[len(processes) // 2]


def _plain(process: Process) -> dict[str, float]:
    return {
        "seconds": process.seconds,
        "cpu_seconds": process.cpu_seconds,
        "peak_bytes": process.peak_bytes,
        "output_bytes": process.output_bytes,
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="without the two million, a shorter steady state")
    parser.add_argument("--turns", type=int, default=4, help="how often each time is taken (default: 4)")
    parser.add_argument("--output", default=str(ROOT / "build" / "bench_collector.json"), help="where the JSON goes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
