"""How the product grows: calls, lag, processes, index, scheduler and KV store for so many organisations and entries.

Pure arithmetic. What it starts from is either a setting of the app, a figure that a program of this folder measured
(`Measured`; the files in `measured/` say by which run), or an assumption about Splunk that no machine without Splunk
can check (`Assumed`). `scale_tables` makes docs/scale.md of this, and `bench_scale` holds it against the simulator.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("measured")
DAY, HOUR, MINUTE = 86_400, 3_600, 60
MEGABYTE, GIGABYTE = 1e6, 1e9

# Settings of the input as shipped (README/inputs.conf.spec), and what Slack allows.
INTERVAL, OVERLAP, LATE_ARRIVAL, LATE_CHECK, PAGE_LIMIT = 60, 120, 3_600, 900, 9_999
CALLS_A_MINUTE, SLACK_CALLS_A_MINUTE = 30, 50
PAGE_BYTES = 12_000_000
MARGIN_SECONDS = 1


@dataclass(frozen=True)
class Assumed:
    """About Splunk, Slack and the organisations; say so wherever a figure rests on one of these."""

    peak: float = 3.0
    """Entries of the busiest quarter of an hour, times the day's mean: 2.5 in the simulator, whose people live on three
    continents; one continent alone is steeper."""
    bytes_an_entry: float = 800.0
    """712 in the simulator, 460 to 600 in Slack's documented examples, 780 where entries name files."""
    run_seconds: float = 2.0
    """Dispatching a search, with everything around it."""
    entries_a_second: float = 5_000.0
    """Reading and unpacking entries in one search; Splunk's rule of thumb for one core is ten times that."""
    kv_writes_a_second: float = 2_000.0
    """Rows that outputlookup writes; the machine's disk decides."""
    kv_reads_a_second: float = 20_000.0
    """Rows that inputlookup reads."""
    rawdata_share: float = 0.15
    tsidx_share: float = 0.35
    """Of the raw size, on disk: Splunk's own rule of thumb for text."""
    seconds_a_page: float = 5.0
    """Slack's answer to a call for a full page. Nobody publishes it."""
    slots: int = 4
    """Scheduled searches at a time: half of 6 + one for each core (limits.conf), so 4 on 2 cores, 11 on 16."""


@dataclass(frozen=True)
class Collector:
    """What one run of the input costs, by bench_scale and bench_collector."""

    megabytes: float
    cpu_seconds: float
    cpu_seconds_an_entry: float
    megabytes_a_million_ids: float
    """Of remembered ids while fewer than 64 entries share a second; `dense` above."""
    dense_megabytes_a_million_ids: float
    checkpoint_bytes: float
    """Of the checkpoint, besides the ids."""


@dataclass(frozen=True)
class Collection:
    """A collection of the KV store: its rows for each person, their size, and writes for each entry."""

    rows_a_person: float
    bytes_a_row: float
    writes_an_entry: float


@dataclass(frozen=True)
class Measured:
    """Figures of the programs of this folder."""

    entries_a_person: float
    reads_an_entry: float
    """Entries that all scheduled searches together read, for each entry of the day."""
    runs_a_day: int
    terms: Mapping[str, int]
    """Most index terms that a search took from a table, in a day of `day_entries`."""
    day_entries: int
    searches: Mapping[str, Mapping[str, int]]
    """Runs and entries read of each search in that day."""
    collector: Collector
    collections: Mapping[str, Collection] = field(default_factory=dict)


def measured(folder: Path = FOLDER) -> Measured:
    """Read what was measured."""
    day, kept, run = (_read(folder / f"{name}.json") for name in ("day", "collections", "collector"))
    return Measured(
        entries_a_person=day["entries"] / day["people"],
        reads_an_entry=day["read"] / day["entries"],
        runs_a_day=sum(cost["runs"] for cost in day["searches"].values()),
        terms=day["terms"],
        day_entries=day["entries"],
        searches=day["searches"],
        collector=Collector(**run["collector"]),
        collections={
            name: Collection(
                found["rows"] / kept["people"], found["bytes_a_row"], found["writes"] / kept["entries"]
            )
            for name, found in kept["collections"].items()
        },
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# --- The collector, for one organisation with `rate` entries a second ---


def page_entries(bytes_an_entry: float) -> int:
    """Entries that one call asks for."""
    return max(1, min(PAGE_LIMIT, int(PAGE_BYTES / bytes_an_entry)))


def look_back_every(interval: float = INTERVAL) -> float:
    """Seconds between two look backs: the first poll that is due for one makes it.

    A poll that comes a moment early is not due yet; where intervals fill the time exactly, that is every second one.
    """
    return math.ceil(LATE_CHECK / interval) * interval + (0 if LATE_CHECK % interval else interval / 2)


def calls_of_poll(rate: float, page: int = PAGE_LIMIT, interval: float = INTERVAL) -> int:
    """Calls of an ordinary poll."""
    return max(1, math.ceil((interval + OVERLAP) * rate / page))


def calls_of_look_back(rate: float, page: int = PAGE_LIMIT, interval: float = INTERVAL) -> int:
    """Calls of a poll that looks back for late entries: it starts where such an entry could have its time."""
    return max(1, math.ceil((LATE_ARRIVAL + look_back_every(interval)) * rate / page))


def calls_a_minute(rate: float, page: int = PAGE_LIMIT, interval: float = INTERVAL) -> float:
    """Calls in the mean minute."""
    every = look_back_every(interval)
    polls = (every / interval - 1) * calls_of_poll(rate, page, interval)
    return (polls + calls_of_look_back(rate, page, interval)) * MINUTE / every


def reads_a_second(rate: float, interval: float = INTERVAL, rate_before: float | None = None) -> float:
    """Entries that come over the line in a second, repeats included.

    Args:
        rate_before: in the time that is looked back at, where it differs.
    """
    every = look_back_every(interval)
    polls = rate * (every / interval - 1) * (interval + OVERLAP)
    return (polls + (rate if rate_before is None else rate_before) * (LATE_ARRIVAL + every)) / every


def most_entries_a_day(calls: float, page: int = PAGE_LIMIT, peak: float = 1.0) -> float:
    """Entries a day of one organisation at which its busiest time needs so many calls a minute."""
    return calls / MINUTE * page / reads_a_second(1.0) * DAY / peak


def lag(usual_seconds: float, longest_seconds: float, interval: float = INTERVAL) -> tuple[float, float]:
    """Seconds from an entry's time to the index: on average and at most, by what a poll and a look back take."""
    return interval / 2 + MARGIN_SECONDS + usual_seconds, interval + MARGIN_SECONDS + longest_seconds


def seconds_of_calls(calls: float, seconds_a_page: float, budget: float = CALLS_A_MINUTE) -> float:
    """How long so many calls take: Slack needs its time, and the budget a minute for so many."""
    return calls * max(seconds_a_page, MINUTE / budget if calls > budget else 0.0)


def remembered(rate: float, interval: float = INTERVAL) -> float:
    """Ids of entries that may come again."""
    return rate * (LATE_ARRIVAL + look_back_every(interval))


def checkpoint_bytes(rate: float, of: Collector) -> float:
    """Size of the checkpoint: eight bytes an id in base64, and each second's number."""
    ids, seconds = remembered(rate), LATE_ARRIVAL + look_back_every()
    return of.checkpoint_bytes + 10.7 * ids + 16 * min(ids, seconds)


def megabytes_of_input(rate: float, of: Collector) -> float:
    """Peak memory of one run."""
    each = of.dense_megabytes_a_million_ids if rate > 64 else of.megabytes_a_million_ids
    return of.megabytes + remembered(rate) / 1e6 * each


def cpu_seconds_of_run(rate: float, of: Collector, interval: float = INTERVAL) -> float:
    """Processor time of the mean run."""
    return of.cpu_seconds + of.cpu_seconds_an_entry * reads_a_second(rate, interval) * interval


# --- The search head, for `entries` a day of all organisations that it searches ---


def slots_busy(entries: float, of: Measured, assumed: Assumed, at: float = 1.0) -> float:
    """Scheduled searches that run at the same time on average, at so many times the mean rate."""
    seconds = of.runs_a_day * assumed.run_seconds + at * of.reads_an_entry * entries / assumed.entries_a_second
    return seconds / DAY


def longest_run(entries: float, assumed: Assumed, period: float = 900.0) -> float:
    """Seconds of the search that reads every entry of its quarter of an hour, in the busiest one."""
    return assumed.run_seconds + entries * assumed.peak * period / DAY / assumed.entries_a_second


def kv_writes_a_second(entries: float, of: Measured, at: float = 1.0) -> float:
    """Rows that all searches together write into the KV store."""
    return entries * at / DAY * sum(found.writes_an_entry for found in of.collections.values())


def kv_rows(people: float, found: Collection) -> float:
    """Rows of a collection that has lived as long as it keeps rows."""
    return people * found.rows_a_person


def kv_gigabytes(people: float, of: Measured) -> float:
    """Size of all collections as JSON."""
    return sum(kv_rows(people, found) * found.bytes_a_row for found in of.collections.values()) / GIGABYTE


def gigabytes_a_day(entries: float, assumed: Assumed) -> float:
    """Raw: what counts against the licence."""
    return entries * assumed.bytes_an_entry / GIGABYTE


def disk_gigabytes_a_day(entries: float, assumed: Assumed) -> float:
    """On one indexer's disk, each copy of a replicated bucket."""
    return gigabytes_a_day(entries, assumed) * (assumed.rawdata_share + assumed.tsidx_share)
