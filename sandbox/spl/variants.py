"""Test mode: the open points of the search language, each in its other reading, to run a search under all of them.

A search whose verdict changes with one of these relies on something that no manual promises. What a verdict is, and on
which events it is given, is the caller's business.
"""

from __future__ import annotations

from dataclasses import fields, replace

from .switches import DEFAULT, Switches

OTHER_READINGS: dict[str, object] = {
    "json_null": "absent",
    "mv_equality": "null",
    "not_null": "true",
    "search_mv_differs": "all",
    "lookup_miss": "clear",
    "time_window_edge": "exclusive",
    "bin_daylight": "fixed",
    "spath_first_index": 1,
    "percentile": "interpolated",
}
"""Switch -> the setting that is not its default."""

SEEDS = (1, 2, 3)
"""Shuffles of events with equal times, and of the rows of stats, that are tried."""


def variants() -> dict[str, Switches]:
    """Return every other reading by itself, the shuffles, and all of it together, by a name to print."""
    found = {f"{name}={value}": replace(DEFAULT, **{name: value}) for name, value in OTHER_READINGS.items()}  # type: ignore[arg-type]
    for seed in SEEDS:
        found[f"ties and rows shuffled by {seed}"] = replace(DEFAULT, tie_seed=seed, row_seed=seed)
    found["everything"] = replace(DEFAULT, tie_seed=4, row_seed=4, **OTHER_READINGS)  # type: ignore[arg-type]
    return found


def without_another_reading() -> list[str]:
    """Return the switches that this module does not turn; none, unless a new switch was forgotten."""
    return [field.name for field in fields(Switches) if field.name not in (*OTHER_READINGS, "tie_seed", "row_seed")]
