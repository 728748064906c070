"""A checkpoint in files of this host, so that a crash at any moment loses nothing and repeats next to nothing.

Three files a stanza in Splunk's checkpoint folder:

    <stem>.json      the State, replaced atomically (temporary file, fsync, rename) when a window opens or closes
    <stem>.previous  the State before that, for the case that the first one cannot be read
    <stem>.journal   one line a record, appended at once; rewritten when most of it has become useless

A line is handed to the operating system at once, which is enough against the death of the process; it is
synced when a page is done. After a power cut some last lines may be missing, and their entries come twice;
none is lost, because the position only moves in the first file. What the records mean is `checkpoint`'s.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from slack_audit_monitor.errors import FatalError
from slack_audit_monitor.files import replace_file
from slack_audit_monitor.log import Log
from slack_audit_monitor.state import VERSION, State, state_from_json

#: The journal is rewritten when it is larger than this and than three times what it still has to hold.
COMPACT_BYTES = 400_000
#: About what one remembered entry takes in the journal.
BYTES_PER_ENTRY = 14


class CheckpointFiles:
    """The files of one stanza.

    Args:
        stem: path without ending.
    """

    def __init__(self, stem: str, log: Log) -> None:
        self._path, self._previous, self._journal_path = stem + ".json", stem + ".previous", stem + ".journal"
        self._log = log
        self._journal: int | None = None

    def exist(self) -> bool:
        """Tell whether an earlier run left anything."""
        return any(os.path.exists(path) for path in (self._path, self._previous, self._journal_path))

    def read_state(self) -> tuple[State | None, bool]:
        """Return the last State that can be read, and whether a later one could not.

        Raises:
            NewerFormat: a newer version of this app wrote it; all files stay as they are.
        """
        damaged = False
        for path in (self._path, self._previous):
            try:
                with open(path, "rb") as file:
                    return state_from_json(json.loads(file.read().decode("utf-8")), path), damaged
            except FileNotFoundError:
                continue
            except OSError as problem:
                raise FatalError(
                    f"The checkpoint {path} cannot be read: {problem.strerror}. Check the rights of the user "
                    "that runs Splunk."
                ) from problem
            except (ValueError, RecursionError) as problem:
                aside = f"{path}.corrupt-{int(time.time())}"
                os.replace(path, aside)
                damaged = True
                self._log.error(
                    "checkpoint_set_aside",
                    file=aside,
                    reason=str(problem),
                    then="reading on from the last place that is still known; entries already sent may come again",
                )
        return None, damaged

    def records(self) -> Iterator[Any]:
        """Yield the journal's records, oldest first; None for one that cannot be read."""
        try:
            file = open(self._journal_path, "rb")  # noqa: SIM115 - closed below, by the with statement
        except FileNotFoundError:
            return
        good_bytes = 0
        with file:
            for line in file:
                if not line.endswith(b"\n"):  # the process died while writing it
                    os.truncate(self._journal_path, good_bytes)
                    return
                good_bytes += len(line)
                try:
                    yield json.loads(line)
                except ValueError:
                    yield None

    def report_damage(self, records: int) -> None:
        """Report that so many records could not be read."""
        self._log.warn(
            "journal_damaged",
            file=self._journal_path,
            unreadable_lines=records,
            then="their entries may come again",
        )

    def open(self) -> None:
        """Get ready to append."""
        try:
            self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as problem:
            raise _cannot_write(self._journal_path, problem) from problem
        if os.fstat(self._journal).st_size == 0:
            self.append({"f": VERSION})

    def may_write(self) -> None:
        """Nothing to check: the lock of this host is enough."""

    def write_state(self, state: State) -> None:
        """Replace the State on disk."""
        text = json.dumps(state.to_json(), separators=(",", ":"))
        try:
            replace_file(self._path, text.encode("ascii"), keep_as=self._previous)
        except OSError as problem:
            raise _cannot_write(self._path, problem) from problem

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; it survives the process from here on."""
        if self._journal is None:
            return
        line = _line(record)
        try:
            written = os.write(self._journal, line)
        except OSError as problem:
            raise _cannot_write(self._journal_path, problem) from problem
        if written != len(line):
            raise FatalError(
                f"Only {written} of {len(line)} bytes could be written to {self._journal_path}; is the disk full?"
            )

    def sync(self) -> None:
        """Make the journal survive a power cut."""
        if self._journal is not None:
            os.fsync(self._journal)

    def is_worth_rewriting(self, remembered_entries: int) -> bool:
        """Tell whether most of the journal has become useless."""
        return self._journal is not None and os.fstat(self._journal).st_size >= max(
            COMPACT_BYTES, BYTES_PER_ENTRY * 3 * remembered_entries
        )

    def rewrite(self, portions: Iterable[dict[str, str]], records: Iterable[dict[str, Any]]) -> None:
        """Replace the journal by these portions of remembered entries and these records."""
        lines = [_line({"f": VERSION}), *(_line({"i": portion}) for portion in portions)]
        lines.extend(map(_line, records))
        self.close()
        try:
            replace_file(self._journal_path, b"".join(lines))
        except OSError as problem:
            raise _cannot_write(self._journal_path, problem) from problem
        self.open()

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _cannot_write(path: str, problem: OSError) -> FatalError:
    return FatalError(
        f"The checkpoint {path} cannot be written: {problem.strerror or problem}. Free space or correct the "
        "rights; until then entries sent after the last good checkpoint would come again."
    )
