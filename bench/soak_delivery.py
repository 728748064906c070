"""Prove the promises of delivery: nothing lost, next to nothing doubled, under `kill -9` and every known fault.

    python bench/soak_delivery.py --kills 200              the whole thing: about ten minutes
    python bench/soak_delivery.py --kills 20 --entries 10000 --case-entries 2000

Prints tables, writes one JSON file, and ends with 1 when a promise was broken. The clock of simulator and
input runs `--pace` times faster than the real one, so that call budget, Retry-After and an hour's lateness
are all kept to the second and still fit; `--pace 1` is real time.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the path must be set first
from rich.table import Table  # noqa: E402

from bench.report import new_table, progress, screen, verdict  # noqa: E402
from bench.soak_faults import Outcome, cases, play_all  # noqa: E402
from bench.soak_kills import BATCH_ENTRIES, Killed, soak  # noqa: E402
from bench.world import build  # noqa: E402

#: About what passes from one kill to the next, invented seconds.
SECONDS_A_KILL = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts; return 0 when every promise was kept."""
    options = _options(arguments)
    out, errors = screen(), Console(stderr=True, highlight=False)
    report: dict[str, Any] = {"python": platform.python_version(), "seed": options.seed, "pace": options.pace}
    good = True
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        if options.kills:
            killed = run_kills(options, folder / "kills", errors)
            out.print(kills_table(killed))
            report["kills"] = {**vars(killed), "holds": killed.holds}
            good = good and killed.holds
        chosen = [case for case in cases() if options.only.lower() in case.name.lower()]
        if chosen and options.case_entries:
            outcomes = run_cases(options, chosen, folder, errors)
            out.print(cases_table(outcomes))
            report["cases"] = [{**vars(outcome), "holds": outcome.holds} for outcome in outcomes]
            good = good and all(outcome.holds for outcome in outcomes)
    report["holds"] = good
    if options.output:
        path = Path(options.output)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        errors.print(f"The figures are in {path}.")
    return 0 if good else 1


def run_kills(options: argparse.Namespace, folder: Path, errors: Console) -> Killed:
    """Part one, with its progress bar."""
    world = build(options.entries, max(1_800, SECONDS_A_KILL * options.kills), live_share=0.5, seed=options.seed)
    with progress(errors) as bar:
        task = bar.add_task(f"{options.kills} kills", total=options.kills, detail="")
        return soak(
            world,
            options.kills,
            folder,
            pace_factor=options.pace,
            share=options.faults,
            seed=options.seed,
            tell=lambda done: bar.update(task, completed=done),
        )


def run_cases(options: argparse.Namespace, chosen: Sequence[Any], folder: Path, errors: Console) -> list[Outcome]:
    """Part two, with its progress bar."""
    with progress(errors) as bar:
        task = bar.add_task("without kills", total=len(chosen), detail="")
        return play_all(
            chosen,
            options.case_entries,
            folder,
            pace_factor=options.pace,
            seed=options.seed,
            tell=lambda name, done: bar.update(task, completed=done, detail=name),
        )


def kills_table(killed: Killed) -> Table:
    """Part one for a person."""
    table = new_table("Delivery under kill -9", "faults mixed into the calls", ("measure", "found", "allowed", ""))
    rows = (
        ("entries collected", f"{killed.entries:,}", "", None),
        ("kill -9 that met a live run", f"{killed.kills:,}", "", None),
        ("  of them after events had come out", f"{killed.kills_after_output:,}", "", None),
        ("runs in all", f"{killed.runs:,}", "", None),
        ("calls of /logs", f"{killed.calls:,}", "", None),
        ("  of them met by a fault", f"{sum(killed.faults.values()):,}", "", None),
        ("invented hours", f"{killed.invented_hours:.1f}", "", None),
        ("lost", f"{killed.lost:,}", "0", killed.lost == 0),
        ("changed on the way", f"{killed.changed:,}", "0", killed.changed == 0),
        ("never asked for", f"{killed.foreign:,}", "0", killed.foreign == 0),
        ("repeats after one kill, at most", f"{killed.most_repeats_a_kill:,}", f"{BATCH_ENTRIES}",
         killed.most_repeats_a_kill <= BATCH_ENTRIES),
        ("repeats, all kills together", f"{killed.repeats:,}", f"{BATCH_ENTRIES * killed.kills:,}",
         killed.repeats <= BATCH_ENTRIES * killed.kills),
        ("repeats that no kill explains", f"{killed.repeats_unexplained:,}", "0", killed.repeats_unexplained == 0),
        ("calls inside a Retry-After", f"{killed.impolite_calls:,}", "", None),
        ("runs that ended in an error", f"{sum(killed.bad_exits.values()):,}", "0", not killed.bad_exits),
    )  # fmt: skip
    for name, found, allowed, holds in rows:
        table.add_row(name, found, allowed, verdict(holds))
    for sentence in killed.bad_exits:
        table.add_row(f"  {sentence}", "", "", "")
    return table


def cases_table(outcomes: Sequence[Outcome]) -> Table:
    """Part two for a person."""
    columns = ("trouble", "runs", "calls", "met", "lost", "repeats", "changed", "impolite", "")
    table = new_table("Delivery without kills", f"{outcomes[0].entries:,} entries each", columns)
    for outcome in outcomes:
        figures = (
            outcome.runs, outcome.calls, outcome.met, outcome.lost, outcome.repeats,
            outcome.changed + outcome.foreign, outcome.impolite_calls,
        )  # fmt: skip
        table.add_row(outcome.name, *(f"{figure:,}" for figure in figures), verdict(outcome.holds))
        for sentence in outcome.bad_exits:
            table.add_row(f"  {sentence}", *[""] * 8)
    return table


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=200, help="kill -9 in part one; 0 leaves it out (default: 200)")
    parser.add_argument("--entries", type=int, default=100_000, help="entries of part one (default: 100000)")
    parser.add_argument("--faults", type=float, default=0.3, help="share of calls with a fault (default: 0.3)")
    parser.add_argument(
        "--case-entries", type=int, default=6_000, help="entries of each case of part two; 0 leaves it out"
    )
    parser.add_argument("--only", default="", metavar="WORD", help="only cases of part two with this in their name")
    parser.add_argument("--pace", type=float, default=20.0, help="how much faster than real time (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same world and faults (default: 1)")
    parser.add_argument("--output", default=str(ROOT / "build" / "soak_delivery.json"), help="where the JSON goes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
