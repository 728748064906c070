"""External lookup `slack_audit_ip_asn`: which network operator an address belongs to.

Splunk writes a CSV to stdin (header first) and reads the same rows, filled in, from stdout. The column names come as
arguments, in the order of `external_cmd` in transforms.conf. What is looked up where is in
slack_audit_monitor.network_owner; this file knows only the protocol.

`database` and `problem` are filled in on every row, also for an address without an operator: that is how the health
search asks what there is.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

APP_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(APP_ROOT, "bin"))
sys.path.insert(0, os.path.join(APP_ROOT, "lib"))  # first: Splunk has its own, other versions

from slack_audit_monitor.network_owner import Owner, look_up  # noqa: E402  (needs the paths above)

COLUMNS = ("ip", "asn", "as_org", "database", "problem")
UNKNOWN = Owner("", "")


def main() -> int:
    names = sys.argv[1:]
    if len(names) != len(COLUMNS):
        sys.stderr.write(
            f"ERROR slack_audit_ip_asn.py wants {len(COLUMNS)} column names ({' '.join(COLUMNS)}), got {len(names)}\n"
        )
        return 2
    reader = csv.DictReader(sys.stdin)
    rows = list(reader)  # Splunk sends them in batches
    answer = look_up(Path(APP_ROOT, "lookups"), (row.get(names[0]) or "" for row in rows))
    writer = csv.DictWriter(sys.stdout, fieldnames=reader.fieldnames or names, extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        owner = answer.owners.get(row.get(names[0]) or "", UNKNOWN)
        row.update(zip(names[1:], (*owner, answer.database, answer.problem)))
        writer.writerow(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
