"""The tables of docs/scale.md and docs/cost.md, made of `scale_formulas` and of what was measured.

    python bench/scale_tables.py            write them into the two pages
    python bench/scale_tables.py --check    say whether the pages are as they should be; a test does that, too

A table stands between `<!-- table: <name> -->` and `<!-- end -->`; everything else on the pages is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import scale_formulas as formulas  # noqa: E402  (needs the path above)
from bench.scale_formulas import Assumed, Measured  # noqa: E402

PAGES = ("docs/scale.md", "docs/cost.md")
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
Row = Sequence[str]

SIZES = (10_000, 50_000, 500_000, 5_000_000, 50_000_000)
"""Entries a day of one organisation."""
TOTALS = (1_000_000, 5_000_000, 10_000_000, 50_000_000)
"""Entries a day that one search head searches."""
HOSTS = (1, 10, 100, 300)
ORGANISATION = 500_000
"""Entries a day of one organisation among a hundred."""
NAMED_ROWS = 14
TOP = 16
SUBSEARCH_ROWS, RESULT_ROWS = 10_000, 500_000
"""limits.conf [subsearch] maxout; savedsearches.conf dispatch.max_count."""


def table(head: Row, rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def collector(of: Measured, assumed: Assumed) -> str:
    """One organisation at its busiest."""
    rows = []
    page = formulas.page_entries(assumed.bytes_an_entry)
    for entries in SIZES:
        rate = entries / formulas.DAY * assumed.peak
        calls = formulas.calls_a_minute(rate, page)
        cpu = formulas.cpu_seconds_of_run(rate, of.collector)
        deep = formulas.calls_of_look_back(rate, page)
        usual, longest = (
            cpu + formulas.seconds_of_calls(count, assumed.seconds_a_page)
            for count in (formulas.calls_of_poll(rate, page), deep)
        )
        behind = calls > min(formulas.CALLS_A_MINUTE, formulas.MINUTE / assumed.seconds_a_page)
        mean, worst = formulas.lag(usual, longest)
        rows.append([
            f"{entries:,}", f"{rate:,.1f}", f"{calls:,.1f}", f"{deep:,}",
            "falls behind" if behind else f"{mean:.0f} s, {worst:.0f} s", f"{cpu:.2f} s",
            f"{formulas.megabytes_of_input(rate, of.collector):,.0f} MB",
            f"{formulas.checkpoint_bytes(rate, of.collector) / 1e6:,.2f} MB",
        ])  # fmt: skip
    head = ["Entries a day", "a second, busiest", "calls a minute", "calls of a look back", "lag: mean, most",
            "processor time a run", "memory", "checkpoint"]  # fmt: skip
    return table(head, rows)


def host(of: Measured, assumed: Assumed) -> str:
    """A host that collects for many organisations."""
    rate = ORGANISATION / formulas.DAY * assumed.peak
    cpu = formulas.cpu_seconds_of_run(rate, of.collector)
    memory = formulas.megabytes_of_input(rate, of.collector)
    seconds = formulas.calls_a_minute(rate) * assumed.seconds_a_page + cpu
    rows = [
        [f"{count:,}", f"{count:,}", f"{count * cpu / formulas.INTERVAL:.2f}",
         f"{count * seconds / formulas.INTERVAL:,.1f}", f"{count * seconds / formulas.INTERVAL * memory:,.0f} MB",
         f"{count * memory / 1e3:,.2f} GB"]
        for count in HOSTS
    ]  # fmt: skip
    head = ["Organisations", "starts a minute", "cores busy", "processes alive, mean", "their memory",
            "memory if all start at once"]  # fmt: skip
    return table(head, rows)


def search_head(of: Measured, assumed: Assumed) -> str:
    """A search head that searches so many entries a day."""
    rows = [
        [f"{entries:,}", f"{entries / of.entries_a_person:,.0f}", f"{of.runs_a_day / 1440:.1f}",
         f"{formulas.slots_busy(entries, of, assumed):.2f}",
         f"{formulas.slots_busy(entries, of, assumed, assumed.peak):.2f}",
         f"{formulas.longest_run(entries, assumed):,.0f} s",
         f"{formulas.kv_writes_a_second(entries, of, assumed.peak):,.0f}",
         f"{formulas.kv_gigabytes(entries / of.entries_a_person, of):,.2f} GB"]
        for entries in TOTALS
    ]  # fmt: skip
    head = ["Entries a day", "people", "runs a minute", "slots busy, mean", "busiest", "longest run",
            "KV rows written a second, busiest", "KV store, as JSON"]  # fmt: skip
    return table(head, rows)


def collections(of: Measured, assumed: Assumed) -> str:
    """The collections that grow, largest first."""
    people = ORGANISATION / of.entries_a_person
    order = sorted(of.collections.items(), key=lambda item: -item[1].rows_a_person * item[1].bytes_a_row)
    rows = []
    for name, found in order[:NAMED_ROWS]:
        size = formulas.kv_rows(people, found) * found.bytes_a_row / formulas.MEGABYTE
        rows.append([
            f"`{name}`", f"{found.rows_a_person:.2f}", f"{found.bytes_a_row:.0f}", f"{found.writes_an_entry:.2f}",
            f"{formulas.kv_rows(people, found):,.0f}", f"{size:,.1f} MB",
            f"{formulas.kv_rows(people, found) * 100:,.0f}",
        ])  # fmt: skip
    rest = order[NAMED_ROWS:]
    rows.append([
        f"{len(rest)} others", f"{sum(found.rows_a_person for _, found in rest):.2f}", "",
        f"{sum(found.writes_an_entry for _, found in rest):.2f}",
        f"{sum(formulas.kv_rows(people, found) for _, found in rest):,.0f}", "",
        f"{sum(formulas.kv_rows(people, found) for _, found in rest) * 100:,.0f}",
    ])  # fmt: skip
    head = ["Collection", "rows a person", "bytes a row", "writes an entry", f"rows, {ORGANISATION:,} a day", "size",
            "rows, 50,000,000 a day"]  # fmt: skip
    return table(head, rows)


def index(of: Measured, assumed: Assumed) -> str:
    """Raw volume and disk."""
    rows = []
    for entries in (ORGANISATION, *TOTALS):
        raw, disk = formulas.gigabytes_a_day(entries, assumed), formulas.disk_gigabytes_a_day(entries, assumed)
        sizes = (f"{disk * days:,.0f} GB" for days in (90, 400))
        rows.append([f"{entries:,}", f"{raw:,.1f} GB", f"{disk:,.1f} GB", *sizes])
    return table(["Entries a day", "raw a day (licence)", "disk a day", "disk, 90 days", "disk, 400 days"], rows)


def limits(of: Measured, assumed: Assumed) -> str:
    """Where each limit bites, in entries a day, and what to do there."""
    page = formulas.page_entries(assumed.bytes_an_entry)
    answers = formulas.MINUTE / assumed.seconds_a_page
    dense = 64 * formulas.DAY / assumed.peak
    writes = formulas.kv_writes_a_second(1.0, of, assumed.peak)
    slots = (assumed.slots * formulas.DAY - of.runs_a_day * assumed.run_seconds) * assumed.entries_a_second
    longest = (900 - assumed.run_seconds) * assumed.entries_a_second / assumed.peak * formulas.DAY / 900
    addresses, sightings = (of.collections[f"slack_audit_{name}"] for name in ("seen_addresses", "session_sightings"))
    rate = ORGANISATION / formulas.DAY * assumed.peak
    cores = formulas.INTERVAL / formulas.cpu_seconds_of_run(rate, of.collector)
    most_terms = max(of.terms.values())
    where = {
        "reply": formulas.most_entries_a_day(answers, page, assumed.peak),
        "budget": formulas.most_entries_a_day(formulas.CALLS_A_MINUTE, page, assumed.peak),
        "slack": formulas.most_entries_a_day(formulas.SLACK_CALLS_A_MINUTE, page, assumed.peak),
        "dense": dense,
        "slots": slots / (of.reads_an_entry * assumed.peak),
        "longest": longest,
        "writes": assumed.kv_writes_a_second / writes,
        "results": RESULT_ROWS / (addresses.writes_an_entry * assumed.peak * 900 / formulas.DAY),
        "notes": assumed.kv_reads_a_second * 900 / sightings.rows_a_person * of.entries_a_person,
        "terms": of.day_entries * SUBSEARCH_ROWS / most_terms,
    }
    shown = {name: f"{_rounded(value):,}" for name, value in where.items()}
    one, all_of = "of one organisation", "of one search head"
    rows = [
        ["Slack answers a full page in " + f"{assumed.seconds_a_page:g} s", f"{shown['reply']} {one}",
         "raise `late_check_seconds` (fewer look backs), lower `late_arrival_seconds`"],
        [f"`calls_per_minute` = {formulas.CALLS_A_MINUTE}", f"{shown['budget']} {one}",
         "raise it, if nothing else reads that organisation's audit log"],
        [f"Slack's {formulas.SLACK_CALLS_A_MINUTE} calls a minute", f"{shown['slack']} {one}",
         "`late_check_seconds = 3600`; beyond that only `actions`, which leaves out the rest"],
        [f"64 entries share a second: the memory of repeats grows from {of.collector.megabytes_a_million_ids:.0f} to "
         f"{of.collector.dense_megabytes_a_million_ids:.0f} bytes an entry",
         f"{shown['dense']} {one}", "nothing; plan the memory of the first table"],
        [f"one core for inputs of {ORGANISATION:,} entries a day", f"{cores:.0f} organisations on one host",
         "raise `interval`, or a second forwarder"],
        [f"{assumed.slots} scheduled searches at a time", f"{shown['slots']} {all_of}",
         "more cores, or several search heads"],
        ["*Seen Addresses* takes longer than its quarter of an hour", f"{shown['longest']} {all_of}",
         "more indexers: it is spread over them; or several search heads"],
        [f"the KV store writes {assumed.kv_writes_a_second:,.0f} rows a second", f"{shown['writes']} {all_of}",
         "`max_threads_per_outputlookup` of `limits.conf [kvstore]` above 1; then several search heads"],
        [f"a search returns more than {RESULT_ROWS:,} rows (`dispatch.max_count`)", f"{shown['results']} {all_of}",
         "raise `dispatch.max_count` of *Seen Addresses*, or several search heads"],
        ["*Session on Two Networks* reads all its notes each quarter of an hour, "
         f"{assumed.kv_reads_a_second:,.0f} rows a second", f"{shown['notes']} {all_of}",
         "`slack_audit_session_notes_hours` = 4; then several search heads"],
        [f"a subsearch gives more than {SUBSEARCH_ROWS:,} terms (*{_shortest(of)}* {most_terms:,} in a day of "
         f"{of.day_entries:,})", f"{shown['terms']} {all_of}", "several search heads"],
    ]  # fmt: skip
    return table(["Limit", "Bites at, entries a day", "What to do"], rows)


def day(of: Measured, assumed: Assumed) -> str:
    """A day of a million entries: the searches that read most."""
    order = sorted(of.searches.items(), key=lambda item: -item[1]["reads"])
    rows = [
        [name[len("Slack - ") :], f"{cost['runs']:,}", f"{cost['reads']:,}", f"{cost['reads'] / of.day_entries:.3f}"]
        for name, cost in order[:TOP]
    ]
    rest = [cost for _, cost in order[TOP:]]
    reads = sum(cost["reads"] for cost in rest)
    rows.append([f"{len(rest)} others", f"{sum(cost['runs'] for cost in rest):,}", f"{reads:,}",
                 f"{reads / of.day_entries:.3f}"])  # fmt: skip
    rows.append(["**all**", f"{of.runs_a_day:,}", f"{sum(cost['reads'] for cost in of.searches.values()):,}",
                 f"**{of.reads_an_entry:.2f}**"])  # fmt: skip
    return table(["Search", "Runs", "Entries read", "Times the day"], rows)


TABLES: dict[str, Callable[[Measured, Assumed], str]] = {
    made.__name__: made for made in (collector, host, search_head, collections, index, limits, day)
}


def _rounded(value: float) -> int:
    """Two digits: the rest would only look exact."""
    digits = max(0, len(str(int(value))) - 2)
    return int(round(value / 10**digits)) * int(10**digits)


def _shortest(of: Measured) -> str:
    name = max(of.terms, key=lambda name: of.terms[name])
    return name.split(" - ")[1]


def filled(text: str) -> str:
    """A page with its tables as they are now. Raises KeyError for a table that nobody makes."""
    of, assumed = formulas.measured(), Assumed()
    return _BLOCK.sub(lambda block: block[1] + TABLES[block[2]](of, assumed) + block[3], text)


def main(arguments: Sequence[str]) -> int:
    """Write the tables, or compare."""
    stale = [name for name in PAGES if filled(_text(name)) != _text(name)]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"{name}: its tables are not those of bench/scale_tables.py; run it.\n")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(filled(_text(name)), encoding="utf-8")
    return 0


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
