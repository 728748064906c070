"""How fast the search engine is: what `python bench/bench_engine.py` prints.

Each measure runs in a process of its own, so that its peak of memory is its own. Beside each stands the least possible
work (read every line, parse those that hold the term, count), measured on the same machine in the same minute: times
depend on the machine, ratios hardly do.

    python bench/bench_engine.py                        a million events, a hundred thousand entries replayed
    python bench/bench_engine.py --events 100000 --entries 20000
    python bench/bench_engine.py --only replay --entries 1000000

Exit code 1 when a target is missed: that of the searches is scaled to the number of events asked for.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

MILLION = 1_000_000
SEARCH_SECONDS, SEARCH_GIGABYTES = 15.0, 2.0
REPLAY_SECONDS = 600.0
"""Targets for a million events of 1 KB, on two cores."""

SEARCHES = {
    "raw field": "index=slack_audit TERM(user_login) actor.type=user"
    " | stats count dc(actor.user.id) BY context.ip_address",
    "calculated field": "index=slack_audit TERM(user_login) slack_action=user_login | stats count dc(user) BY src",
    "no index term": "index=slack_audit slack_action=user_login | stats count BY user",
    "looked-up field": "index=slack_audit action=success | stats count BY user",
    "nothing found": "index=slack_audit TERM(no_such_action) slack_action=no_such_action | stats count",
    "every event": "index=slack_audit | stats count BY action",
}
TARGETED = ("raw field", "calculated field", "nothing found")
"""Searches with an index term, as every shipped one has. The others are shown for comparison: `action` is CIM's, so it
is looked up for every event."""

LINE_BYTES = 1024

DAYS, ENTRIES_A_PERSON, SMALLEST = 22, 155, 100
"""Of the organisation that is replayed: its days, what one person does in them, and the fewest people."""


def write_entries(path: Path, count: int) -> None:
    """Write entries of 1 KB, one JSON object a line; the padding is a member of its own."""
    from sandbox.slack_api.bulk import BulkJournal

    journal = BulkJournal(count)
    with path.open("wb") as file:
        for number in range(count):
            entry = journal.payload(number)
            room = LINE_BYTES - len(entry) - len(b',"padding":""')
            file.write(entry[:-1] + b',"padding":"' + b"x" * max(0, room) + b'"}\n')


def write_organisation(path: Path, count: int) -> int:
    """Write about so many entries of an organisation, whose mix of actions decides what a search costs; how many.

    Beside them stand its address database and its site lookups.
    """
    from sandbox.slack_api.organisation import Organisation

    people = max(SMALLEST, round(count / ENTRIES_A_PERSON))
    organisation = Organisation.generate(people=people, days=DAYS, stories_wanted=[])
    organisation.write_geo_csv(path.with_name("geo.csv"))
    organisation.write_site_lookups(path.with_name("lookups"))
    return organisation.write_jsonl(path)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


def measure_search(path: Path, spl: str) -> dict[str, Any]:
    """Load the file and run one search; seconds include reading."""
    from sandbox.spl import search

    start = time.perf_counter()
    result = search(spl, lines(path), now=2_000_000_000)
    return {"seconds": time.perf_counter() - start, "rows": len(result.rows), "warnings": result.warnings}


def measure_floor(path: Path) -> dict[str, Any]:
    """The least possible work for the first search, without an engine."""
    start = time.perf_counter()
    tally: dict[str, int] = {}
    kept = []
    for line in lines(path):
        kept.append(line)
        if "user_login" in line:
            address = json.loads(line)["context"]["ip_address"]
            tally[address] = tally.get(address, 0) + 1
    return {"seconds": time.perf_counter() - start, "rows": len(tally)}


def measure_replay(path: Path) -> dict[str, Any]:
    """Replay the file through all shipped alerts, as `python -m sandbox replay` does."""
    from sandbox.cli.main import main

    start = time.perf_counter()
    tables = [f"--lookup={file.stem}={file}" for file in sorted(path.with_name("lookups").glob("*.csv"))]
    code = main(["replay", str(path), "--geo", str(path.with_name("geo.csv")), *tables])
    return {"seconds": time.perf_counter() - start, "code": code}


def in_process(what: str, path: Path, spl: str = "") -> dict[str, Any]:
    """Run one measure in a fresh interpreter; adds the peak of memory in GB."""
    command = [sys.executable, __file__, "--measure", what, "--file", str(path), "--spl", spl]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - this file
    if done.returncode:
        sys.exit(f"{what}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _measured(what: str, path: Path, spl: str) -> dict[str, Any]:
    if what == "floor":
        found = measure_floor(path)
    elif what == "replay":
        found = measure_replay(path)
    else:
        found = measure_search(path, spl)
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found["cpu"] = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    found["gigabytes"] = max(usage.ru_maxrss for usage in usages) / 1e6  # of the largest process
    return found


def _figures(found: dict[str, Any]) -> str:
    """Write wall-clock and processor seconds: far apart, they say that the machine had other things to do."""
    return f"{found['seconds']:7.2f} s  {found['cpu']:7.2f} s of processor  {found['gigabytes']:5.2f} GB"


def bench_searches(path: Path, count: int) -> list[str]:
    """Print the searches; return the targets missed."""
    floor = in_process("floor", path)
    say(f"{count:,} events of 1 KB, loaded from a file and searched")
    say(f"  {'least possible work':22} {_figures(floor)}")
    missed = []
    for name, spl in SEARCHES.items():
        found = in_process("search", path, spl)
        ratio = found["seconds"] / floor["seconds"]
        if not found["rows"]:
            missed.append(f"{name}: found nothing, so it measures nothing")
        say(f"  {name:22} {_figures(found)}  {ratio:5.1f} times  {spl}")
        if name in TARGETED and found["seconds"] > SEARCH_SECONDS * count / MILLION:
            missed.append(f"{name}: {found['seconds']:.1f} s, at most {SEARCH_SECONDS * count / MILLION:.1f} s")
        if found["gigabytes"] > SEARCH_GIGABYTES * max(1.0, count / MILLION):
            missed.append(f"{name}: {found['gigabytes']:.2f} GB, at most {SEARCH_GIGABYTES} GB")
    return missed


def bench_replay(path: Path, count: int) -> list[str]:
    """Print the replay; return the targets missed."""
    found = in_process("replay", path)
    # Fewer entries pay for as many runs: the limit does not shrink with them.
    wanted = REPLAY_SECONDS * max(1.0, count / MILLION)
    each = 1e6 * found["seconds"] / count
    say(f"{count:,} entries of an organisation in {DAYS} days replayed through all shipped searches")
    say(f"  {_figures(found)}  {each:.0f} microseconds each; at most {wanted:.0f} s")
    return [f"replay: {found['seconds']:.0f} s, at most {wanted:.0f} s"] if found["seconds"] > wanted else []


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the search engine.")
    parser.add_argument("--events", type=int, default=MILLION, help="events to search (default: a million)")
    parser.add_argument("--entries", type=int, default=100_000, help="entries to replay (default: 100,000)")
    parser.add_argument("--only", choices=("search", "replay"), help="one half alone")
    parser.add_argument("--measure", choices=("floor", "search", "replay"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--spl", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        say(json.dumps(_measured(arguments.measure, arguments.file, arguments.spl)))
        return 0
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "entries.jsonl"
        if arguments.only != "replay":
            write_entries(path, arguments.events)
            missed += bench_searches(path, arguments.events)
        if arguments.only != "search":
            missed += bench_replay(path, write_organisation(path, arguments.entries))
    for sentence in missed:
        say(f"missed: {sentence}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
