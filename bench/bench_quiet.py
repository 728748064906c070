"""How many findings ordinary life makes: what `python bench/bench_quiet.py` prints.

A large organisation lives without any attack: phones that leave the Wi-Fi, VPN, travel, contractors, onboarding days,
an office behind one address, provisioning, an eDiscovery archive, films, password-change Mondays, summer time. Its
site lookups are filled in as its administrators would (`write_site_lookups`), everything else is as shipped. All
searches run from the first day; after the days of learning, which fill the baselines, findings are counted by day
and tier.
Two things must hold, for the mean of the measured days:

    page      at most PAGE_LIMIT findings a day
    review    at most REVIEW_LIMIT findings a day

The worst day is printed beside them. Exit code 1 when one does not hold.

    python bench/bench_quiet.py                              5,000 people, 30 days: half an hour of a core
    python bench/bench_quiet.py --people 500 --days 7        a quick look
    python bench/bench_quiet.py --json quiet.json            the tables and every finding, for a program
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from bench.report import new_table, progress, screen, verdict  # noqa: E402  (needs the path above)
from sandbox.cli.entries import EntryReader  # noqa: E402
from sandbox.cli.long_run import keep_what_is_loaded  # noqa: E402
from sandbox.cli.replay import as_event  # noqa: E402
from sandbox.confs import AppConfs  # noqa: E402
from sandbox.slack_api.organisation import Organisation  # noqa: E402
from sandbox.splunkd.cleanup import CleanupAlone  # noqa: E402
from sandbox.splunkd.engine import SplEngine  # noqa: E402
from sandbox.splunkd.findings import Finding  # noqa: E402
from sandbox.splunkd.saved_searches import read_saved_searches  # noqa: E402
from sandbox.splunkd.scheduler import Scheduler  # noqa: E402

PAGE_LIMIT, REVIEW_LIMIT = 3.0, 20.0
TIERS = ("page", "review", "archive")
LEARN_DAYS, DAYS, DAY = 14, 30, 86_400


@dataclass(frozen=True)
class Quiet:
    """What fired in the measured days. `entries` counts those of the measured days alone."""

    people: int
    days: int
    start: int
    entries: int
    findings: Sequence[Finding]

    def by_day(self, tier: str) -> list[int]:
        """Findings of each measured day, those without any included."""
        counted = Counter(
            int((finding["triggered_at"] - self.start) // DAY) for finding in self.findings if _tier(finding) == tier
        )
        return [counted[day] for day in range(self.days)]

    def by_rule(self) -> list[tuple[str, str, Counter[str]]]:
        """`rule_id`, title, findings by tier; most urgent first."""
        counted: dict[tuple[str, str], Counter[str]] = {}
        for finding in self.findings:
            key = str(finding["rule_id"]), str(finding["rule"])
            counted.setdefault(key, Counter())[_tier(finding)] += 1
        return [
            (rule_id, title, tiers)
            for (rule_id, title), tiers in sorted(
                counted.items(), key=lambda item: [-item[1][tier] for tier in TIERS] + [item[0]]
            )
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "entries": self.entries,
            "first_day": _date(self.start),
            "by_day": {tier: self.by_day(tier) for tier in TIERS},
            "by_rule": [{"rule_id": rule_id, "rule": title, **tiers} for rule_id, title, tiers in self.by_rule()],
            "findings": list(self.findings),
        }


def _tier(finding: Finding) -> str:
    tier = str(finding.get("tier"))
    return tier if tier in TIERS else "page"  # what says no tier is as loud as can be


def _date(second: float) -> str:
    return datetime.fromtimestamp(second, timezone.utc).date().isoformat()


def measure(people: int, days: int, learn: int = LEARN_DAYS, seed: int = 1, console: Any = None) -> Quiet:
    """Live for `learn` + `days` days, search, and keep what fired in the last `days`.

    Raises:
        ValueError: no such organisation, in words.
    """
    organisation = Organisation.generate(seed=seed, people=people, days=learn + days, stories_wanted=[])
    begin = organisation.start + learn * DAY
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "entries.jsonl")
        organisation.write_jsonl(path)
        organisation.write_geo_csv(Path(folder, "geo.csv"))
        lookups = {file.stem: file for file in organisation.write_site_lookups(Path(folder, "lookups"))}
        del organisation
        reader = EntryReader((console or screen()).print)
        events = [as_event(entry.raw, entry.time, entry.indextime, path.name) for entry in reader.entries(path)]
        events.sort(key=lambda event: event.indextime)
        searches = read_saved_searches(AppConfs(ROOT).conf("savedsearches"))
        engine = SplEngine(ROOT, lookups=lookups, geo=Path(folder, "geo.csv"))
        engine.compile(searches)
        keep_what_is_loaded()
        with progress(console or screen()) as bar:
            task = bar.add_task("searching", total=1.0, detail="")
            told = {_date(events[0].indextime)}

            def moved(state: Any) -> None:
                share, day = (state.now - state.start) / max(1.0, state.end - state.start), _date(state.now)
                bar.update(task, completed=share, detail=f"{day}, {state.findings} findings")
                if day not in told and not sys.stderr.isatty():  # where no bar shows, in a log
                    told.add(day)
                    sys.stderr.write(f"{share:4.0%}  until {day}: {state.findings} findings\n")

            history = Scheduler(searches, engine, actions=CleanupAlone(engine.tables)).run(events, on_progress=moved)
    end = begin + days * DAY
    return Quiet(
        people,
        days,
        begin,
        sum(event.time >= begin for event in events),
        [finding for finding in history.findings if begin <= finding["triggered_at"] < end],
    )


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=5_000, help="size of the organisation (default %(default)s)")
    parser.add_argument("--days", type=int, default=DAYS, help="measured days (default %(default)s)")
    parser.add_argument("--learn", type=int, default=LEARN_DAYS, help="days before them (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which organisation (default %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write tables and findings there as well")
    options = parser.parse_args()
    console = screen()
    quiet = measure(options.people, options.days, options.learn, options.seed, console)
    addition = f"{quiet.people:,} people, {quiet.entries:,} entries in {quiet.days} days"
    table = new_table("What fired", addition, ["row", *TIERS, "alert"])
    for rule_id, title, tiers in quiet.by_rule():
        table.add_row(rule_id, *(str(tiers[tier] or "") for tier in TIERS), title)
    console.print(table)
    table = new_table("By day", "UTC", ["day", *TIERS, ""])
    for day, row in enumerate(zip(*(quiet.by_day(tier) for tier in TIERS))):
        table.add_row(_date(quiet.start + day * DAY), *map(str, row), "")
    console.print(table)
    holds = True
    for tier, limit in (("page", PAGE_LIMIT), ("review", REVIEW_LIMIT)):
        counted = quiet.by_day(tier)
        mean = sum(counted) / quiet.days
        holds = holds and mean <= limit
        console.print(
            f"{verdict(mean <= limit)}  {tier}: {mean:.2f} findings a day (at most {limit:g}), "
            f"{max(counted)} on the worst day"
        )
    if options.json:
        options.json.write_text(json.dumps(quiet.as_json(), indent=1) + "\n", encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
