"""What a day of all searches costs a search head: what `python bench/bench_cost.py` prints.

A large organisation lives some days; every shipped search runs by its cron over them, and of the last day each run
notes how many entries its index terms and windows let through (Splunk's scanCount: what is fetched and unpacked before
any field is looked at). With --count-only most searches are not run, only what they would read is counted
(`scan_counts`): the same figures, no rows, and a day of a million entries takes minutes. Three things must hold:

    entries    the sum over all searches is at most READS_LIMIT times the entries of that day
    minutes    no more than STARTS_LIMIT runs start in the same minute
    slots      with SLOTS searches at a time no run waits WAIT_LIMIT seconds, the day scaled to a million entries

The last one needs seconds for a run, which no machine without Splunk can tell: a start and a rate of reading are
assumed, both on the slow side (RUN_SECONDS, ENTRIES_A_SECOND), and printed.

    python bench/bench_cost.py                      5,000 people
    python bench/bench_cost.py --people 500         a quick look: the same ratios, roughly
    python bench/bench_cost.py --people 110000 --days 3 --count-only        1,000,000 entries in a day, 10 GB of memory
    python bench/bench_cost.py --json cost.json     the table for a program
"""

from __future__ import annotations

import argparse
import heapq
import json
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from bench.report import new_table, progress, screen, verdict  # noqa: E402  (needs the path above)
from bench.scan_counts import CountingEngine, IndexAloneEngine  # noqa: E402
from sandbox.cli.entries import EntryReader  # noqa: E402
from sandbox.cli.long_run import keep_what_is_loaded  # noqa: E402
from sandbox.cli.replay import as_event  # noqa: E402
from sandbox.confs import AppConfs  # noqa: E402
from sandbox.slack_api.organisation import Organisation  # noqa: E402
from sandbox.splunkd.cleanup import CleanupAlone  # noqa: E402
from sandbox.splunkd.index import IndexedEvent  # noqa: E402
from sandbox.splunkd.saved_searches import read_saved_searches  # noqa: E402
from sandbox.splunkd.scheduler import Scheduler  # noqa: E402

READS_LIMIT = 4.0
STARTS_LIMIT = 5
SLOTS = 4
WAIT_LIMIT = 60.0
MILLION = 1_000_000
RUN_SECONDS = 2.0
"""Assumed: dispatching a search, with everything around it."""
ENTRIES_A_SECOND = 5_000
"""Assumed: reading and unpacking entries in a search; Splunk's own rule of thumb for one core is ten times that."""
DAYS, DAY = 10, 86_400
"""A Monday begins; so the ninth day is a Tuesday, and so is the second of three."""


def longest_wait(runs: list[tuple[float, str, int]], scale: float) -> float:
    """Let runs take a slot each, in order of their minute; return the longest time that one waits for a slot."""
    free = [0.0] * SLOTS
    worst = 0.0
    for due, _, reads in sorted(runs):
        begin = max(due, heapq.heappop(free))
        worst = max(worst, begin - due)
        heapq.heappush(free, begin + RUN_SECONDS + reads * scale / ENTRIES_A_SECOND)
    return worst


def measure(people: int, days: int, app: Path, console: Any, *, count_only: bool = False) -> tuple[CountingEngine, int]:
    """Live, search, count; return the engine with what the last day but one cost, and the entries of that day."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "entries.jsonl")
        begin, lookups = _live(people, days, path)
        events: list[IndexedEvent] = []
        for entry in EntryReader(console.print).entries(path):
            if entry.indextime < begin + DAY:
                events.append(as_event(entry.raw, entry.time, entry.indextime, path.name))
        path.unlink()
        events.sort(key=lambda event: event.indextime)
        searches = read_saved_searches(AppConfs(app).conf("savedsearches"))
        given: dict[str, Any] = {"lookups": lookups, "geo": Path(folder, "geo.csv")}
        kind = IndexAloneEngine if count_only else CountingEngine
        engine = kind(app, begin, begin + DAY, searches, **given)
        keep_what_is_loaded()
        with progress(console) as bar:
            task = bar.add_task("searching", total=1.0, detail="")

            def moved(state: Any) -> None:
                share = (state.now - state.start) / max(1.0, state.end - state.start)
                bar.update(task, completed=share, detail=f"{state.runs} runs")

            Scheduler(searches, engine, actions=CleanupAlone(engine.tables)).run(events, on_progress=moved)
        if isinstance(engine, IndexAloneEngine):
            engine.count(events)
    return engine, sum(event.indextime >= begin for event in events)


def _live(people: int, days: int, path: Path) -> tuple[int, dict[str, Path]]:
    """Write what an organisation does in these days; return when the last but one begins, and its site lookups."""
    organisation = Organisation.generate(people=people, days=days, stories_wanted=[])
    organisation.write_jsonl(path)
    organisation.write_geo_csv(path.with_name("geo.csv"))
    lookups = {file.stem: file for file in organisation.write_site_lookups(path.with_name("lookups"))}
    return organisation.start + (days - 2) * DAY, lookups


def _rows(rows: int | None) -> str:
    return "-" if rows is None else f"{rows:,}"


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=5_000, help="size of the organisation (default %(default)s)")
    parser.add_argument("--days", type=int, default=DAYS, help="days; the last but one counts (default %(default)s)")
    parser.add_argument("--count-only", action="store_true", help="run no search whose rows decide no index term")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there as well")
    options = parser.parse_args()
    console = screen()
    engine, entries = measure(options.people, options.days, ROOT, console, count_only=options.count_only)
    costs, each = engine.costs, engine.each
    total = sum(cost.reads for cost in costs.values())
    columns = ["search", "runs", "entries read", "times the day", "rows"]
    table = new_table("Cost of a day", f"{entries:,} entries", columns)
    for title, cost in sorted(costs.items(), key=lambda item: -item[1].reads):
        table.add_row(title, f"{cost.runs}", f"{cost.reads:,}", f"{cost.reads / entries:.3f}", _rows(cost.rows))
    console.print(table)
    starts = max(Counter(due for due, _, _ in each).values())
    wait = longest_wait(each, MILLION / entries)
    ratio = total / entries
    checks = [
        (f"entries read: {ratio:.2f} times those of the day (at most {READS_LIMIT:g})", ratio <= READS_LIMIT),
        (f"runs that start in the same minute: {starts} (at most {STARTS_LIMIT})", starts <= STARTS_LIMIT),
        (
            f"longest wait for one of {SLOTS} slots, {MILLION:,} entries a day: {wait:.0f} s (at most {WAIT_LIMIT:g}; "
            f"a run is taken to cost {RUN_SECONDS:g} s and 1 s for {ENTRIES_A_SECOND:,} entries)",
            wait <= WAIT_LIMIT,
        ),
    ]
    for sentence, holds in checks:
        console.print(f"{verdict(holds)}  {sentence}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    console.print(f"{options.people:,} people, {options.days} days; {peak:.1f} GB of memory at most.")
    if options.json:
        content = {
            "people": options.people,
            "days": options.days,
            "entries": entries,
            "read": total,
            "terms": engine.terms if isinstance(engine, IndexAloneEngine) else {},
            "searches": {name: vars(cost) for name, cost in costs.items()},
            # What is counted from the index alone fills few collections.
            "collections": {} if options.count_only else {name: vars(kept) for name, kept in engine.kept().items()},
        }
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0 if all(holds for _, holds in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
