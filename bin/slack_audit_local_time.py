"""External lookup `slack_audit_local_time`: what time it was there, and whether the office was open.

Splunk writes a CSV to stdin (header first) and reads the same rows, filled in, from stdout. The column
names come as arguments, in the order of `external_cmd` in transforms.conf. The rules are in
slack_audit_monitor.office_time; this file knows only the protocol.
"""

from __future__ import annotations

import csv
import os
import sys

APP_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(APP_ROOT, "bin"))
sys.path.insert(0, os.path.join(APP_ROOT, "lib"))  # first: Splunk has its own, other versions

from slack_audit_monitor.office_time import OfficeTime  # noqa: E402  (needs the paths above)

COLUMNS = ("epoch", "zone", "days", "start", "end", "local_date", "local_time", "in_office_hours")
QUESTIONS = 5  # the first five are asked, the rest is answered


def main() -> int:
    names = sys.argv[1:]
    if len(names) != len(COLUMNS):
        sys.stderr.write(
            f"ERROR slack_audit_local_time.py wants {len(COLUMNS)} column names ({' '.join(COLUMNS)}), "
            f"got {len(names)}\n"
        )
        return 2
    reader = csv.DictReader(sys.stdin)
    writer = csv.DictWriter(sys.stdout, fieldnames=reader.fieldnames or names, extrasaction="ignore")
    writer.writeheader()
    office_time = OfficeTime()
    for row in reader:
        answer = office_time.look_up(*(row.get(name) or "" for name in names[:QUESTIONS]))
        row.update(zip(names[QUESTIONS:], answer))
        writer.writerow(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
