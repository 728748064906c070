"""What one run did, in figures: the log line an admin reads first."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass, field

from slack_audit_monitor.entries import Entry

ACTIONS_LOOKUP = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
    "lookups",
    "slack_audit_actions.csv",
)
#: Names listed in the line; the count beside them is complete.
NAMES_SHOWN = 10
#: Actions are text from outside: so many different unknown ones are told apart.
NAMES_COUNTED = 1_000
LONGEST_NAME = 100


@dataclass
class Summary:
    """Counts of one run.

    Attributes:
        entries: written to the event stream.
        repeats: dropped, because they were sent before.
        outside: dropped, because Slack sent them without being asked for that time; their own window brings
            them.
        restarts: windows read on without their cursor.
        undated: written without a readable time of their own.
        unreadable: seconds of which Slack could not deliver every entry.
    """

    entries: int = 0
    repeats: int = 0
    outside: int = 0
    restarts: int = 0
    pages: int = 0
    undated: int = 0
    unreadable: list[int] = field(default_factory=list)
    odd_shapes: Counter = field(default_factory=Counter)  # type: ignore[type-arg]
    unknown_actions: Counter = field(default_factory=Counter)  # type: ignore[type-arg]
    _known: frozenset[str] | None = None
    _has_known: bool = False

    def count(self, entry: Entry) -> None:
        """Count an entry that was written."""
        self.entries += 1
        if entry.second is None:
            self.undated += 1
        if entry.problem and (entry.problem in self.odd_shapes or len(self.odd_shapes) < NAMES_COUNTED):
            self.odd_shapes[entry.problem] += 1
        if not self._has_known:
            self._known, self._has_known = known_actions(), True
        if self._known is not None and entry.action not in self._known:
            name = entry.action[:LONGEST_NAME]
            if name not in self.unknown_actions and len(self.unknown_actions) >= NAMES_COUNTED:
                name = "(others)"
            self.unknown_actions[name] += 1

    def fields(self) -> dict[str, object]:
        """Return the fields of the log line."""
        return {
            "entries": self.entries,
            "repeats": self.repeats,
            "pages": self.pages,
            "restarts": self.restarts,
            "outside": self.outside,
            "undated": self.undated,
            "unreadable_seconds": len(self.unreadable),
            "unknown_actions": sum(self.unknown_actions.values()),
            "unknown_action_names": _names(self.unknown_actions),
            "odd_shapes": sum(self.odd_shapes.values()),
            "odd_shape_names": _names(self.odd_shapes),
        }


def known_actions(path: str = ACTIONS_LOOKUP) -> frozenset[str] | None:
    """Return the action names of the app's own lookup; None when it cannot be read: then none is unknown."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            names = frozenset(row["slack_action"] for row in csv.DictReader(file))
    except (OSError, KeyError, ValueError, csv.Error):
        return None
    return names or None


def _names(counts: Counter[str]) -> str | None:
    return ", ".join(f"{name or '(none)'} {count}" for name, count in counts.most_common(NAMES_SHOWN)) or None
