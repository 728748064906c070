"""The points on which Splunk's manuals are silent, as settings.

A search that gives another answer when one of these changes relies on something nobody
documents. The defaults are what practice suggests.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Switches:
    """Open points of the search language.

    Attributes:
        json_null: how automatic JSON extraction shows null: "text" (the four letters) or "absent".
        mv_equality: a comparison or test of a multivalue in eval and where: "any" value decides, or
            "null" (neither true nor false).
        not_null: what NOT makes of an unknown comparison: "null" (stays unknown) or "true".
        search_mv_differs: `search f!=x` on a multivalue holds when "any" value differs or when "all" do.
        lookup_miss: what OUTPUT does to an existing field when nothing matches: "keep" or "clear".
        time_window_edge: whether an event exactly `time_window` old is still inside: "inclusive" or
            "exclusive".
        bin_daylight: "calendar" lets a span of days follow daylight saving time, "fixed" counts 86400 s.
        tie_seed: None keeps events of equal time newest arrival first; a number shuffles them by that seed.
        row_seed: None lets stats return groups sorted by their values; a number shuffles them by that seed.
        spath_first_index: number of the first array element in a path of spath: 0 or 1.
        percentile: "nearest" rank or "interpolated".
    """

    json_null: str = "text"
    mv_equality: str = "any"
    not_null: str = "null"
    search_mv_differs: str = "any"
    lookup_miss: str = "keep"
    time_window_edge: str = "inclusive"
    bin_daylight: str = "calendar"
    tie_seed: int | None = None
    row_seed: int | None = None
    spath_first_index: int = 0
    percentile: str = "nearest"


DEFAULT = Switches()
