"""A checkpoint in the KV store, for hosts that share the work: see `shared_log` for who may write.

Each row holds a few lines, one record a line, in the form of the journal of `checkpoint`, and two kinds more:

    {"s"}, {"v"}   the State; verdicts about shapes that are new since the last such line
    {"b"}          a summary: so many parts beside the row hold the remembered entries, and the other lines of
                   the row all the rest, so that nothing before it counts any more

A row is added for each flushed batch and each finished window, never rewritten; what can wait (the State of a
window that has just been opened, the time of a call) goes with the next of them. So the death of a member
repeats at most the batch whose row it had not added yet. Parts are about half a megabyte, far below the 16 MB
of a document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from slack_audit_monitor.errors import SlackAuditError
from slack_audit_monitor.log import Log
from slack_audit_monitor.shared_log import SharedLog
from slack_audit_monitor.state import State, state_from_json

#: The list is summed up when it has more rows than this, or more text than this and than three times what it
#: has to hold. A poll adds two or three rows.
MOST_ROWS = 200
MOST_BYTES = 400_000
BYTES_PER_ENTRY = 14
#: A summary that claims more parts is damaged; so many would hold five million entries.
MOST_PARTS = 100
#: Copies of damaged rows that one run keeps.
MOST_KEPT_ASIDE = 20
#: Times of calls wait for other records, but not more than these.
MOST_WAITING_CALLS = 5


class CheckpointLog:
    """The checkpoint of one stanza in a shared log that this process has taken.

    Args:
        may_write: raises LeaseLost when this process must assume that another one works here.
    """

    def __init__(self, shared: SharedLog, may_write: Callable[[], None], log: Log) -> None:
        self._shared = shared
        self._may_write = may_write
        self._log = log
        self._read: list[tuple[int, Any]] = []
        self._bodies: dict[int, str] = {}
        self._waiting: list[str] = []
        self._waiting_calls = 0
        self._verdicts: dict[str, str] = {}
        self._state: dict[str, Any] | None = None
        self._rows = self._bytes = 0
        self._sum_up = False

    def read_state(self) -> tuple[State | None, bool]:
        """Return the last State that can be read, and whether a later one could not."""
        self._read = self._all_records()
        state, damaged, reason = None, False, "a line cannot be read"
        bad: dict[int, str] = {}
        for number, record in self._read:
            if not isinstance(record, dict):
                damaged, bad[number] = True, reason  # it may have been a State
                continue
            if isinstance(record.get("v"), dict):
                self._verdicts.update(record["v"])
            if "s" not in record:
                continue
            try:
                state, damaged = state_from_json(record["s"], "the KV store"), False
                self._state = record["s"]
            except (ValueError, RecursionError) as problem:
                damaged, reason = True, str(problem)
                bad[number] = reason
        for number, problem_there in list(bad.items())[-MOST_KEPT_ASIDE:]:
            # A copy only: the other lines of the row count until they are summed up.
            self._shared.keep_aside({"seq": number, "body": self._bodies[number]}, problem_there)
        if damaged:
            self._sum_up = True
            self._log.error(
                "checkpoint_set_aside",
                place="KV store",
                rows=len(bad),
                reason=reason,
                then="reading on from the last place that is still known; entries already sent may come again",
            )
        if state is not None:
            state.verdicts = {digest: text for digest, text in self._verdicts.items() if isinstance(text, str)}
            self._verdicts = dict(state.verdicts)
        self._bodies = {}
        return state, damaged

    def records(self) -> Iterator[Any]:
        """Yield the records of the journal, oldest first; None for one that cannot be read."""
        records, self._read = self._read, []
        for _, record in records:
            if not (isinstance(record, dict) and record.keys() & {"s", "v", "b", "t"}):
                yield record

    def report_damage(self, records: int) -> None:
        """Report that so many records could not be read, and leave them behind with the next summary."""
        self._sum_up = True
        self._log.warn(
            "journal_damaged", place="KV store", unreadable_lines=records, then="their entries may come again"
        )

    def open(self) -> None:
        """Nothing to do."""

    def may_write(self) -> None:
        """Raise LeaseLost if another member works here now."""
        self._may_write()

    def write_state(self, state: State) -> None:
        """Keep the State for the next row: until then nothing was sent that it is needed for."""
        plain = state.to_json()
        verdicts: dict[str, str] = plain.pop("verdicts")
        new = {digest: text for digest, text in verdicts.items() if self._verdicts.get(digest) != text}
        if new:
            self._waiting.append(_line({"v": new}))
            self._verdicts.update(new)
        self._state = plain
        self._waiting.append(_line({"s": plain}))

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; all but the time of a call is in the store when this returns.

        Raises:
            LeaseLost: another member has taken over.
        """
        self._waiting.append(_line(record))
        if "c" in record:
            self._may_write()  # before the call: one that is no longer in charge should not use up the budget
            self._waiting_calls += 1
            if self._waiting_calls < MOST_WAITING_CALLS:
                return
        self._flush()

    def sync(self) -> None:
        """Nothing to do: a row that was added is in the store."""

    def is_worth_rewriting(self, remembered_entries: int) -> bool:
        """Tell whether the list should be summed up."""
        limit = max(MOST_BYTES, BYTES_PER_ENTRY * 3 * remembered_entries)
        return self._sum_up or self._rows > MOST_ROWS or self._bytes > limit

    def rewrite(self, portions: Iterable[dict[str, str]], records: Iterable[dict[str, Any]]) -> None:
        """Sum the list up: parts first, then the row that makes them count, then away with what it replaces."""
        parts = [_line({"i": portion}) for portion in portions]
        head: list[dict[str, Any]] = [{"b": len(parts)}, {"v": self._verdicts}]
        if self._state is not None:
            head.append({"s": self._state})
        body = "\n".join(map(_line, [*head, *records]))
        self._shared.save_parts(self._shared.last + 1, parts)
        number = self._shared.append(body)
        self._waiting, self._waiting_calls = [], 0  # all of it is in the summary
        self._shared.forget_before(number)
        self._rows, self._bytes, self._sum_up = 1, len(body) + sum(map(len, parts)), False

    def close(self) -> None:
        """Add what is still waiting, if this may be done."""
        if not self._waiting:
            return
        try:
            self._may_write()
            self._flush()
        except SlackAuditError as problem:
            self._log.info("checkpoint_rest_dropped", reason=str(problem))
            self._waiting = []

    def _flush(self) -> None:
        body = "\n".join(self._waiting)
        self._shared.append(body)
        self._waiting, self._waiting_calls = [], 0
        self._rows, self._bytes = self._rows + 1, self._bytes + len(body)

    def _all_records(self) -> list[tuple[int, Any]]:
        """Return the records since the last summary with the numbers of their rows, those of its parts first."""
        rows = [(number, holder, body, _records(body)) for number, holder, body in self._shared.read()]
        summaries = [index for index, (_, _, _, lines) in enumerate(rows) if _parts_of(lines) is not None]
        counting = rows[summaries[-1] :] if summaries else rows
        records: list[tuple[int, Any]] = []
        if summaries:
            number, holder, _, lines = counting[0]
            parts = self._shared.parts(number, holder, _parts_of(lines) or 0)
            records = [(number, None if part is None else _record(part)) for part in parts]
            self._bytes = sum(len(part or "") for part in parts)
        self._rows, self._bytes = len(counting), self._bytes + sum(len(body) for _, _, body, _ in counting)
        self._bodies = {number: body for number, _, body, _ in counting}
        for number, _, _, lines in counting:
            records.extend((number, line) for line in lines)
        return records


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"))


def _records(body: str) -> list[Any]:
    return [_record(line) for line in body.split("\n")]


def _parts_of(lines: list[Any]) -> int | None:
    """Return how many parts a summary has; None for an ordinary row."""
    count = lines[0].get("b") if isinstance(lines[0], dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_PARTS else None


def _record(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
