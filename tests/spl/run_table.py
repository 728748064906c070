"""One line of a table: given rows, a search, the rows expected. Metadata that nobody expects is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.spl import Result, search

METADATA = ("_time", "_indextime", "_raw", "host", "source", "sourcetype", "index")
NOW = 1_700_000_000

Rows = list[dict[str, Any]]


def result(spl: str, given: Sequence[Any] = (), **options: Any) -> Result:
    """Run a search without knowledge objects. Events come newest first: `given` is in that order."""
    events = [{"_time": NOW - place, **row} if isinstance(row, dict) else row for place, row in enumerate(given)]
    return search(spl, events, **{"now": NOW, "app": None, **options})


def run(spl: str, given: Sequence[Any] = (), expected: Sequence[dict[str, Any]] = (), **options: Any) -> Rows:
    """Run a search and return its rows without the metadata that `expected` does not mention."""
    wanted = {name for row in expected for name in row}
    return [
        {name: value for name, value in row.items() if name not in METADATA or name in wanted}
        for row in result(spl, given, **options).rows
    ]


def check(given: Sequence[Any], spl: str, expected: Sequence[dict[str, Any]], **options: Any) -> None:
    """Assert one line of a table."""
    assert run(spl, given, expected, **options) == list(expected), spl
