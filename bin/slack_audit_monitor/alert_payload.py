"""What splunkd hands to a custom alert action: one JSON object on stdin, and the results in a gzipped CSV.

The file is read first, because it holds all results of a digest and several values of a field where the
payload shows one; the payload's own `result` (the first row) is what remains when the file cannot be read.
In the CSV Splunk writes a field of several values twice: as `name`, with a line for each value, and as
`__mv_name`, with each value between dollar signs (`$one$;$two$`, a dollar sign doubled).
Source: "Custom alert action scripts" and "Create custom search commands" of Splunk's manuals.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO, Union

from slack_audit_monitor.errors import FatalError

Cell = Union[str, list[str]]
Row = dict[str, Cell]

#: Splunk hands over 50,000 results at most (limits.conf, maxresultrows), of some thousand characters each.
MOST_RESULTS = 200_000
MOST_RESULTS_CHARACTERS = 250_000_000
_SEVERAL = "__mv_"
_ONE_OF_SEVERAL = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|\Z)")
#: Splunk's schedulers end the id of a job with the scheduled time, which is not when it happened to start.
_SCHEDULED_AT = re.compile(r"_at_(\d{9,11})(?:_|\Z)")


@dataclass(frozen=True)
class AlertPayload:
    """One trigger of one alert.

    Attributes:
        search_name, sid: the alert and the search job that found the results.
        server_uri, session_key: splunkd, and the right to call it.
        configuration: the action's parameters, tokens filled in.
        results_file: path of the gzipped CSV, "" if none was given.
        result: the first row as the payload shows it.
        results_link: where Splunk Web shows the results, "" if none was given.
    """

    search_name: str
    sid: str
    server_uri: str
    session_key: str
    configuration: Mapping[str, str]
    results_file: str
    result: Row
    results_link: str = ""

    def triggered_at(self, now: float) -> float:
        """Return the scheduled time of the run (epoch seconds); `now` for a search that was run by hand."""
        scheduled = _SCHEDULED_AT.search(self.sid)
        return float(scheduled.group(1)) if scheduled else now

    def rows(self) -> list[Row]:
        """Return the results that triggered.

        Raises:
            FatalError: there are none.
        """
        try:
            rows = read_results(self.results_file) if self.results_file else []
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as problem:
            if not self.result:
                raise FatalError(f"The results file {self.results_file} cannot be read: {problem}.") from problem
            rows = []
        rows = rows or ([self.result] if self.result else [])
        if not rows:
            raise FatalError("splunkd named no results: neither results_file nor result holds a row.")
        return rows


def read_payload(text: str) -> AlertPayload:
    """Return what stands in the JSON text that splunkd writes to the action's stdin.

    Raises:
        FatalError: it is no such text, or what the action needs is missing.
    """
    try:
        given = json.loads(text)
    except ValueError as problem:
        raise FatalError(f"What splunkd handed over is no JSON: {problem}. Is payload_format = json set?") from problem
    if not isinstance(given, dict):
        raise FatalError("What splunkd handed over is JSON, but no object.")
    for name in ("server_uri", "session_key"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise FatalError(f"splunkd handed over no {name}; without it nothing can be written.")
    configuration, result = given.get("configuration"), given.get("result")
    return AlertPayload(
        search_name=str(given.get("search_name") or ""),
        sid=str(given.get("sid") or ""),
        server_uri=given["server_uri"],
        session_key=given["session_key"],
        configuration={
            str(name): str(value)
            for name, value in (configuration if isinstance(configuration, dict) else {}).items()
            if value is not None
        },
        results_file=str(given.get("results_file") or ""),
        result=_plain_row(result if isinstance(result, dict) else {}),
        results_link=str(given.get("results_link") or ""),
    )


def read_results(path: str) -> list[Row]:
    """Return the rows of a results file; empty cells are left out.

    Raises:
        FatalError: it holds more than anybody finds.
        OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error: it cannot be read.
    """
    csv.field_size_limit(sys.maxsize)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        # A NUL that somebody put into a name would end the reading of all rows on Python before 3.11.
        rows = csv.DictReader(line.replace("\0", "") for line in _limited(lines, path))
        found = [_plain_row(row) for row in itertools.islice(rows, MOST_RESULTS + 1)]
    if len(found) > MOST_RESULTS:
        raise _too_large(path)
    return found


def _limited(lines: TextIO, path: str) -> Iterator[str]:
    """Yield the lines until there are too many; one without an end is not read to it."""
    left = MOST_RESULTS_CHARACTERS
    while left > 0:
        line = lines.readline(left)
        if not line:
            return
        left -= len(line)
        yield line
    raise _too_large(path)


def _too_large(path: str) -> FatalError:
    return FatalError(f"The results file {path} is larger than any that Splunk hands over.")


def _plain_row(given: Mapping[Any, Any]) -> Row:
    row: Row = {}
    for name, value in given.items():
        if not isinstance(name, str) or name.startswith(_SEVERAL) or value is None or value == "":
            continue
        several = given.get(_SEVERAL + name)
        members = [found.replace("$$", "$") for found in _ONE_OF_SEVERAL.findall(str(several or ""))]
        if members:
            row[name] = members
        elif isinstance(value, list):
            row[name] = [str(member) for member in value]
        else:
            row[name] = str(value)
    return row
