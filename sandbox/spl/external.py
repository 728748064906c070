"""External lookups: a script of the app, run as Splunk runs it.

The script gets the fields as arguments, a CSV with a header on stdin, and answers with the same columns on stdout
("Configure external lookups", Knowledge Manager Manual). Only its answers are known here, not what they mean.
"""

from __future__ import annotations

import csv
import io
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_SECONDS = 60

Record = dict[str, str]


class ExternalLookupError(RuntimeError):
    """The script is missing, failed or answered something that is no CSV; the message says which."""


class ExternalScript:
    """One ``external_cmd`` with a memory of its answers.

    The same question is asked once: an external lookup is a function of its inputs, and Splunk batches it alike.
    """

    def __init__(self, command: str, fields: Sequence[str], folder: Path) -> None:
        words = shlex.split(command)
        self.script = (folder / words[0]).resolve()
        self.arguments = words[1:]
        self.fields = list(fields)
        self._memo: dict[tuple[tuple[str, str], ...], list[Record]] = {}

    def ask(self, questions: Sequence[Record]) -> list[list[Record]]:
        """Return for each question the rows that answer it, in order.

        Raises:
            ExternalLookupError: see there.
        """
        keys = [tuple(sorted(question.items())) for question in questions]
        fresh = [key for key in dict.fromkeys(keys) if key not in self._memo]
        if fresh:
            answers = self._run([dict(key) for key in fresh])
            for key in fresh:
                self._memo[key] = [row for row in answers if all(row.get(name) == value for name, value in key)]
        return [self._memo[key] for key in keys]

    def _run(self, questions: Sequence[Record]) -> list[Record]:
        if not self.script.is_file():
            raise ExternalLookupError(f"the script {self.script.name} is not in bin/")
        out = io.StringIO()
        writer = csv.DictWriter(out, self.fields, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(questions)
        command = [sys.executable, str(self.script), *self.arguments]
        try:
            done = subprocess.run(  # noqa: S603 - the app's own script, no shell
                command, input=out.getvalue(), capture_output=True, encoding="utf-8",
                timeout=TIMEOUT_SECONDS, cwd=str(self.script.parent), check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ExternalLookupError(f"{self.script.name} did not answer within {TIMEOUT_SECONDS} s") from error
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
            raise ExternalLookupError(f"{self.script.name} ended with code {done.returncode}: {last}")
        reader = csv.DictReader(io.StringIO(done.stdout))
        missing = [name for name in self.fields if name not in (reader.fieldnames or ())]
        if missing:
            raise ExternalLookupError(f"{self.script.name} answered without the column {missing[0]}")
        return [{name: row.get(name) or "" for name in self.fields} for row in reader]
