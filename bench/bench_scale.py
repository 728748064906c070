"""An hour at 1/100 of 100 organisations and 50 million entries a day: what was predicted beside what happens.

Ten organisations of 50,000 entries a day live through the busiest hour of a Tuesday. Each has a Slack of its own (the
simulator, with its rate limit) and an input, started as splunkd starts it, once a minute; then every shipped search
runs by its cron over what came. `scale_formulas`, of which docs/scale.md is made, predicts each figure.

    python bench/bench_scale.py                     about six minutes of one core
    python bench/bench_scale.py --quick             3 organisations, 20 minutes, inputs alone
    python bench/bench_scale.py --record            write what inputs cost into bench/measured/collector.json
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from bench import scale_formulas as formulas  # noqa: E402  (needs the path above)
from bench.report import new_table, progress, screen, verdict  # noqa: E402
from bench.scale_hour import Hour, live, page_limit, search  # noqa: E402
from bench.scan_counts import CountingEngine  # noqa: E402
from slack_audit_monitor.seen import SeenEntries  # noqa: E402

ORGANISATIONS, ENTRIES_A_DAY = 10, 50_000
STARTS_LIMIT = 5
LATE_START = 15.0
"""Seconds by which one run may come to its first call later than the run before it: all start at once."""
CONTENTION = 1.5
"""What else runs on a machine adds to a run's processor time, by caches and clock rates."""


class Check(NamedTuple):
    """A figure: what the formulas say, what was found, and the verdict."""

    name: str
    predicted: float
    found: float
    unit: str
    holds: bool
    digits: int = 0


def near(name: str, predicted: float, found: float, share: float, unit: str = "", digits: int = 0) -> Check:
    """It must lie so close to the prediction."""
    return Check(name, predicted, found, unit, abs(found - predicted) <= share * predicted, digits)


def at_most(name: str, predicted: float, found: float, unit: str = "", digits: int = 0) -> Check:
    """It must not lie above the prediction."""
    return Check(name, predicted, found, unit, found <= predicted, digits)


def checks_of_inputs(hour: Hour, polls: int, of: formulas.Collector) -> list[Check]:
    """Calls, lag, memory, processor time, checkpoint."""
    rate = hour.entries / hour.organisations / formulas.HOUR
    rate_before = (hour.entries + hour.entries_before) / hour.organisations / formulas.HOUR / 2
    calls = sum(run.calls for run in hour.runs)
    pages = [page_limit(number) for number in range(hour.organisations)]
    every = formulas.look_back_every()
    deep = int(polls * formulas.INTERVAL // every)
    predicted = sum(
        (polls - deep) * formulas.calls_of_poll(rate, page) + deep * formulas.calls_of_look_back(rate, page)
        for page in pages
    )
    usual_seconds = (polls - deep) * (formulas.INTERVAL + formulas.OVERLAP)
    reads = (usual_seconds * rate + deep * (formulas.LATE_ARRIVAL + every) * rate_before) * hour.organisations
    mean_lag, worst_lag = formulas.lag(0.0, 0.0)
    cpu = formulas.cpu_seconds_of_run(rate, of) * len(hour.runs)
    # A look back that comes a poll late reads as much more.
    longest = formulas.LATE_ARRIVAL + every + formulas.INTERVAL / 2
    most = max(math.ceil(rate * longest / page) for page in pages)
    checkpoint = formulas.checkpoint_bytes(rate, of)
    return [
        near("calls of all organisations", predicted, calls, 0.1),
        at_most("most calls of one organisation in a minute", most, max(run.calls for run in hour.runs)),
        at_most("calls that Slack refused (429)", 0, hour.refused_calls),
        at_most("entries missing or doubled", 0, hour.missing + hour.repeats),
        near("lag at a run's first call, on average", mean_lag, sum(hour.lags) / len(hour.lags), 0.1, "s", 1),
        at_most("lag at a run's first call, at most", worst_lag + LATE_START, max(hour.lags), "s", 1),
        near("entries read, repeats included", reads, sum(run.read for run in hour.runs), 0.1),
        at_most("processor time of all runs", cpu * CONTENTION, sum(run.cpu_seconds for run in hour.runs), "s", 0),
        at_most("peak memory of a run", formulas.megabytes_of_input(rate, of) * 1.1,
                max(run.peak_bytes for run in hour.runs) / formulas.MEGABYTE, "MB", 1),
        near("checkpoint of an organisation", checkpoint / 1e3,
             sum(hour.checkpoint_bytes) / hour.organisations / 1e3, 0.5, "KB", 0),
    ]  # fmt: skip


def checks_of_searches(hour: Hour, engine: CountingEngine, of: formulas.Measured) -> list[Check]:
    """Starts, entries read, rows written."""
    starts = Counter(due for due, _, _ in engine.each)
    runs = {name: round(cost["runs"] / 24) for name, cost in of.searches.items() if cost["runs"] >= 24}
    reads = sum(of.searches[name]["reads"] for name in runs) / of.day_entries * hour.entries
    writes = sum(kept.writes for kept in engine.kept().values())
    hourly = sum(kept.writes_an_entry for kept in of.collections.values())
    return [
        at_most("runs that start in one minute", STARTS_LIMIT, max(starts.values())),
        near("runs of searches that run each hour", sum(runs.values()),
             sum(name in runs for _, name, _ in engine.each), 0.0),
        near("entries that they read", reads, sum(count for _, name, count in engine.each if name in runs), 0.2),
        # In a busy hour an account's entries share rows, and sessions without a past have few.
        at_most("rows written to the KV store", hourly * hour.entries, writes),
    ]  # fmt: skip


def record(hour: Hour, polls: int) -> dict[str, Any]:
    """What an input costs, from the hour and from its memory of repeats alone."""
    rate = hour.entries / hour.organisations / formulas.HOUR
    usual = [run for run in hour.runs if run.read < 3 * (60 + formulas.OVERLAP) * rate]
    deep = [run for run in hour.runs if run.read >= 3 * (60 + formulas.OVERLAP) * rate]
    mean = {
        kind: (sum(run.cpu_seconds for run in runs) / len(runs), sum(run.read for run in runs) / len(runs))
        for kind, runs in (("usual", usual), ("deep", deep))
    }
    slope = (mean["deep"][0] - mean["usual"][0]) / (mean["deep"][1] - mean["usual"][1])
    thin, dense = (_megabytes_a_million_ids(per_second) for per_second in (8, 600))
    ids, nothing = formulas.remembered(rate), formulas.Collector(0, 0, 0, 0, 0, 0)
    found = {
        "megabytes": max(run.peak_bytes for run in hour.runs) / formulas.MEGABYTE - ids / 1e6 * thin,
        "cpu_seconds": mean["usual"][0] - slope * mean["usual"][1],
        "cpu_seconds_an_entry": slope,
        "megabytes_a_million_ids": thin,
        "dense_megabytes_a_million_ids": dense,
        "checkpoint_bytes": sum(hour.checkpoint_bytes) / hour.organisations - formulas.checkpoint_bytes(rate, nothing),
    }
    about = f"{hour.organisations} organisations, {polls} polls each, Python {platform.python_version()}"
    return {"of": about, "collector": {name: float(f"{value:.3g}") for name, value in found.items()}}


def _megabytes_a_million_ids(per_second: int, ids: int = 200_000) -> float:
    tracemalloc.start()
    seen = SeenEntries(0)
    for number in range(ids):
        seen.add(number // per_second, hash(str(number)) & (2**64 - 1))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / ids


def main(arguments: Sequence[str] | None = None) -> int:
    """Live, search, print, and say whether the predictions hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 organisations, 20 minutes, inputs alone")
    parser.add_argument("--record", action="store_true", help="write what inputs cost into bench/measured/")
    options = parser.parse_args(arguments)
    organisations, polls = (3, 20) if options.quick else (ORGANISATIONS, 60)
    people = math.ceil(ENTRIES_A_DAY / 9.06)
    console = screen()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, progress(console) as bar:
        task = bar.add_task("scale", total=1.0, detail="")

        def tell(what: str, share: float) -> None:
            bar.update(task, completed=share, detail=what)

        hour = live(organisations, people, Path(name), tell, polls)
        if options.record:
            path = formulas.FOLDER / "collector.json"
            path.write_text(json.dumps(record(hour, polls), indent=1) + "\n", encoding="utf-8")
        of = formulas.measured()
        found = checks_of_inputs(hour, polls, of.collector)
        if not options.quick:
            found += checks_of_searches(hour, search(hour, ROOT, tell), of)
    addition = f"{organisations} organisations of {ENTRIES_A_DAY:,} entries a day, the busiest hour: {hour.entries:,}"
    table = new_table("Scale", addition, ["", "predicted", "found", ""])
    for check in found:
        figures = (f"{value:,.{check.digits}f} {check.unit}".strip() for value in (check.predicted, check.found))
        table.add_row(check.name, *figures, verdict(check.holds))
    console.print(table)
    return 0 if all(check.holds for check in found) else 1


if __name__ == "__main__":
    sys.exit(main())
