"""External lookup `slack_audit_lookup_check`: what is wrong with a file of site knowledge.

Splunk writes a CSV to stdin (header first) and reads the same rows, filled in, from stdout. `file` is the lookup's
name, `asked` anything that makes the question a new one (Splunk may keep answers), `problems` the answer: sentences
with | between them, empty for a sound file. The rules are in slack_audit_monitor.site_lookups; this file knows only
the protocol.
"""

from __future__ import annotations

import csv
import os
import sys

APP_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(APP_ROOT, "bin"))
sys.path.insert(0, os.path.join(APP_ROOT, "lib"))  # first: Splunk has its own, other versions

from slack_audit_monitor.site_lookups import problems_of  # noqa: E402  (needs the paths above)

COLUMNS = ("file", "asked", "problems")


def main() -> int:
    names = sys.argv[1:]
    if len(names) != len(COLUMNS):
        sys.stderr.write(
            f"ERROR slack_audit_lookup_check.py wants {len(COLUMNS)} column names ({' '.join(COLUMNS)}), "
            f"got {len(names)}\n"
        )
        return 2
    file_column, _, answer = names
    reader = csv.DictReader(sys.stdin)
    writer = csv.DictWriter(sys.stdout, fieldnames=reader.fieldnames or names, extrasaction="ignore")
    writer.writeheader()
    for row in reader:
        row[answer] = "|".join(problems_of(os.path.join(APP_ROOT, "lookups"), row.get(file_column) or ""))
        writer.writerow(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
