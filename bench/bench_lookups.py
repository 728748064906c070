"""What the external lookups cost: start-up, processor time and memory, with small and with large address databases.

    python bench/bench_lookups.py
    python bench/bench_lookups.py --networks 50000      a smaller database

Each is run as Splunk runs it: the script of the app as a process, a CSV on stdin. Beside it stands a Python that starts
and does nothing, measured in the same run. Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from bench.report import new_table, screen, verdict  # noqa: E402  (needs the path above)

MEGABYTES_LIMIT = 64.0
"""Peak memory of either lookup, whatever the size of the database."""
STARTS_LIMIT = 12.0
"""Processor time for one question, in starts of a bare Python."""
ROW_MICROSECONDS_LIMIT = 20.0
"""Processor time for each row of a large CSV: half a million rows in ten seconds, once for a batch of events."""

ASN_COLUMNS = ("ip", "asn", "as_org", "database", "problem")
TIME_COLUMNS = ("epoch", "zone", "days", "start", "end", "local_date", "local_time", "in_office_hours")
BASE = int(ip_address("2001:db8::")) >> 64


_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
# A process of its own between: a child's peak of memory counts that of the process it was forked from.


def run(command: Sequence[str], text: str) -> tuple[float, float]:
    """Run a process; return its seconds of processor time and its peak memory in MB."""
    done = subprocess.run(  # noqa: S603 - our own scripts, no shell
        [sys.executable, "-S", "-c", _MEASURED, *command], input=text, capture_output=True, text=True, check=True
    )
    code, seconds, kilobytes = done.stdout.split()
    if code != "0":
        raise SystemExit(f"{command[1]} ended with code {code}: {done.stderr}")
    return float(seconds), int(kilobytes) / 1024


def best(command: Sequence[str], text: str, times: int = 3) -> tuple[float, float]:
    """The quickest of some runs, and the largest memory."""
    runs = [run(command, text) for _ in range(times)]
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


def questions(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The CSV that Splunk would write."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([*row, *[""] * (len(columns) - len(row))] for row in rows)
    return out.getvalue()


def network(number: int) -> str:
    """The number-th /64 of the documentation range."""
    return f"{ip_address((BASE + number) << 64)}/64"


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("network,asn,as_org\n")
        file.writelines(f"{network(number)},{64500 + number % 1000},Operator {number}\n" for number in range(count))


def write_mmdb(path: Path, count: int) -> None:
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet  # type: ignore[import-untyped]

    writer = MMDBWriter(ip_version=6, database_type="Bench-ASN", int_type="u32")
    for number in range(count):
        record = {
            "autonomous_system_number": 64500 + number % 1000,
            "autonomous_system_organization": f"Operator {number % 1000}",
        }
        writer.insert_network(IPSet([network(number)]), record)
    writer.to_db_file(str(path))


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", type=int, default=500_000, help="rows of the large CSV (default %(default)s)")
    parser.add_argument("--mmdb-networks", type=int, default=50_000, help="networks of the MMDB (default %(default)s)")
    options = parser.parse_args()
    table = new_table("External lookups", "one process each", ["", "questions", "processor s", "bare starts", "MB", ""])
    bare, floor_memory = best([sys.executable, "-c", "pass"], "")
    table.add_row("a bare Python", "", f"{bare:.2f}", "1.0", f"{floor_memory:.0f}", "")
    good = True

    def measure(label: str, command: list[str], columns: Sequence[str], rows: list[list[str]], most: float) -> None:
        nonlocal good
        seconds, memory = best(command, questions(columns, rows))
        holds = seconds <= most and memory <= MEGABYTES_LIMIT
        good = good and holds
        figures = (f"{len(rows)}", f"{seconds:.2f}", f"{seconds / bare:.1f}", f"{memory:.0f}")
        table.add_row(label, *figures, verdict(holds))

    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder)
        shutil.copytree(ROOT / "bin", app / "bin", ignore=shutil.ignore_patterns("__pycache__"))
        lookups = app / "lookups"
        lookups.mkdir()
        asn = [sys.executable, str(app / "bin" / "slack_audit_ip_asn.py"), *ASN_COLUMNS]
        clock = [sys.executable, str(app / "bin" / "slack_audit_local_time.py"), *TIME_COLUMNS]
        one, start = [["2001:db8::9"]], STARTS_LIMIT * bare
        many = [[str(ip_address((BASE + number * 7 << 64) + 9))] for number in range(5_000)]
        when = [[str(1_767_225_600 + 3_600 * n), "Europe/Berlin", "1-5", "08:00", "18:00"] for n in range(5_000)]
        measure("slack_audit_local_time", clock, TIME_COLUMNS, when[:1], start)
        measure("slack_audit_local_time", clock, TIME_COLUMNS, when, start + 1)
        measure("slack_audit_ip_asn, no database", asn, ASN_COLUMNS, one, start)
        write_mmdb(lookups / "slack_audit_asn.mmdb", options.mmdb_networks)
        measure(f"slack_audit_ip_asn, MMDB of {options.mmdb_networks:,} networks", asn, ASN_COLUMNS, one, start)
        measure(f"slack_audit_ip_asn, MMDB of {options.mmdb_networks:,} networks", asn, ASN_COLUMNS, many, start + 2)
        (lookups / "slack_audit_asn.mmdb").unlink()
        write_csv(lookups / "slack_audit_asn.csv", options.networks)
        most = start + options.networks * ROW_MICROSECONDS_LIMIT / 1e6
        measure(f"slack_audit_ip_asn, CSV of {options.networks:,} rows", asn, ASN_COLUMNS, one, most)
        measure(f"slack_audit_ip_asn, CSV of {options.networks:,} rows", asn, ASN_COLUMNS, many, most)
    screen().print(table)
    screen().print(f"Limits: {STARTS_LIMIT:g} bare starts and {MEGABYTES_LIMIT:g} MB for one question; "
          f"{ROW_MICROSECONDS_LIMIT:g} microseconds a row of a large CSV.")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
