"""A numbered list of rows in the KV store that several members append to, one at a time.

Row n can be added once: the `_key` holds the number, and the store refuses a key that exists. That single
refusal is all the agreement there is between members, and it is enough:

- Who adds row n has seen every row before it. A member whose copy of the store lags behind, or who has been
  asleep, tries a number that is taken, is refused, and knows that somebody else went on.
- So a refused row means: the list is no longer ours, write nothing more.

Rows become useless once a later one sums them up, and are removed, all but the latest of them: whoever slept
for longer than those rows would find a free number. He would notice when he looks (`verify`).

Knows nothing of what the rows say.
"""

from __future__ import annotations

import time
import uuid
from typing import Any, Callable

from slack_audit_monitor.errors import LeaseLost
from slack_audit_monitor.kvstore import Collection, Row
from slack_audit_monitor.log import Log
from slack_audit_monitor.state import VERSION, check_format

#: Goes up when a reader of the present version would misunderstand the rows; with the State's version, at least.
FORMAT = VERSION
#: So many rows that are summed up already are kept, as a trap for late writers.
KEPT_ROWS = 64
#: How long to wait until our own row shows up in this member's copy of the store.
LAG_SECONDS = 30.0
LOST = "Another member of the search head cluster has taken over; this one stops."


class SharedLog:
    """The rows of one stanza.

    Args:
        stem: tells the stanzas apart; letters, digits, `_` and `-` only.
        sleep: waits so many seconds; may raise.

    Attributes:
        holder: this process, in each of its rows.
        last: number of the latest row known.
    """

    def __init__(self, store: Collection, stem: str, log: Log, sleep: Callable[[float], None] = time.sleep) -> None:
        self.store = store
        self.stem = stem
        self.holder = uuid.uuid4().hex
        self.last = 0
        self._log = log
        self._sleep = sleep

    def read(self) -> list[tuple[int, str, str]]:
        """Return (number, holder, body) of all rows, in order; what is no row is set aside and reported.

        Raises:
            NewerFormat: rows of a newer version of this app are among them.
        """
        rows = []
        for row in self.store.rows({"input": self.stem, "kind": "log"}):
            number = self._number(row)
            if number is None:
                self.set_aside(row, "it is no row of a checkpoint")
                continue
            rows.append((number, str(row["holder"]), str(row["body"])))
        rows.sort()
        self.last = max([number for number, _, _ in rows], default=0)
        return rows

    def append(self, body: str) -> int:
        """Add the next row; return its number.

        Raises:
            LeaseLost: another process added one; `last` stays.
        """
        number = self.last + 1
        row = {**self._common("log"), "_key": self._key(number), "seq": number, "body": body}
        for _ in range(2):
            if self.store.insert(row) or self._is_ours(number):
                self.last = number
                return number
            found = self.store.row(self._key(number))
            if found is None or self._number(found) is not None:
                break
            self.set_aside(found, "it is no row of a checkpoint")
        raise LeaseLost(LOST)

    def verify(self) -> None:
        """Make sure, after our first row, that no later row exists.

        Once our own row is visible in this member's copy, so is everything that was written before it.

        Raises:
            LeaseLost: there is a later row.
        """
        waited = 0.0
        while True:
            rows = self.store.rows({"input": self.stem, "kind": "log", "seq": {"$gte": self.last}})
            numbers = {self._number(row): row.get("holder") for row in rows}
            if any(number is not None and number > self.last for number in numbers):
                self.store.delete_row(self._key(self.last))
                raise LeaseLost(LOST)
            if numbers.get(self.last) == self.holder:
                return
            if waited >= LAG_SECONDS:
                raise LeaseLost(
                    f"This member's copy of the KV store lags behind by more than {LAG_SECONDS:g} seconds; "
                    "collection is left to the others."
                )
            self._sleep(0.2)
            waited += 0.2

    def save_parts(self, number: int, parts: list[str]) -> None:
        """Store texts that row `number`, added afterwards, refers to. One a call: they can be large."""
        for index, part in enumerate(parts):
            row = {**self._common("part"), "_key": self._part_key(number, self.holder, index), "seq": number}
            self.store.save([{**row, "body": part}])

    def parts(self, number: int, holder: str, count: int) -> list[str | None]:
        """Return the texts that row `number` of that holder refers to; None for one that is gone or damaged."""
        found = (self.store.row(self._part_key(number, holder, index)) for index in range(count))
        return [str(row["body"]) if row is not None and isinstance(row.get("body"), str) else None for row in found]

    def forget_before(self, number: int) -> None:
        """Remove what row `number` sums up."""
        self.store.delete({"input": self.stem, "kind": "part", "seq": {"$lt": number}})
        self.store.delete({"input": self.stem, "kind": "log", "seq": {"$lt": number - KEPT_ROWS}})

    def keep_aside(self, row: Row, reason: str) -> str:
        """Copy a row that cannot be used to another key and another kind; return that key."""
        aside = f"{self.stem}.aside.{int(time.time())}.{uuid.uuid4().hex[:8]}"
        kept = {name: value for name, value in row.items() if not name.startswith("_")}
        was = {"was": row.get("_key"), "reason": reason}
        self.store.save([{**kept, "_key": aside, "input": self.stem, "kind": "aside", **was}])
        return aside

    def set_aside(self, row: Row, reason: str) -> None:
        """Move a row that cannot be used out of the way, and report it."""
        key = str(row.get("_key"))
        aside = self.keep_aside(row, reason)
        self.store.delete_row(key)
        self._log.error(
            "checkpoint_set_aside",
            row=key,
            kept_as=aside,
            reason=reason,
            then="reading on from the last place that is still known; entries already sent may come again",
        )

    def _is_ours(self, number: int) -> bool:
        """Tell whether a refused row is ours: added, but the answer was lost on its way."""
        for _ in range(5):
            row = self.store.row(self._key(number))
            if row is not None:
                return row.get("holder") == self.holder
            self._sleep(0.2)  # not yet in this member's copy
        return False

    def _common(self, kind: str) -> Row:
        return {"input": self.stem, "kind": kind, "holder": self.holder, "format": FORMAT}

    def _key(self, number: int) -> str:
        return f"{self.stem}.log.{number:012d}"

    def _part_key(self, number: int, holder: str, index: int) -> str:
        return f"{self.stem}.part.{number:012d}.{holder}.{index}"

    def _number(self, row: Row) -> int | None:
        """Return a row's number; None if it is none of ours or damaged."""
        version: Any = row.get("format")
        check_format(version, "the KV store")
        number = row.get("seq")
        if isinstance(number, bool) or not isinstance(number, (int, float)) or number != int(number):
            return None
        whole = (
            isinstance(version, (int, float))
            and 1 <= version
            and isinstance(row.get("body"), str)
            and isinstance(row.get("holder"), str)
        )
        return int(number) if whole and row.get("_key") == self._key(int(number)) else None
