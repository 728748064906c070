"""What one run of a search carries from command to command, and the limits that Splunk sets it.

Knows the clock, the windows, the tables, the events and the warnings of one run. Parses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING, Callable

from .errors import SplError
from .evaluate import EvalContext
from .geo import GeoTable
from .lookups import LookupFailure, LookupTables
from .store import EventStore
from .switches import DEFAULT, Switches
from .timemod import TimeModifier
from .values import Value, text, tidy

if TYPE_CHECKING:
    from .extraction import EventFields

SORT_LIMIT = 10_000
STREAM_WINDOW_LIMIT = 10_000
SUBSEARCH_LIMIT = 10_000
APPEND_LIMIT = 50_000
"""limits.conf: sort's default count; [default] max_stream_window; [subsearch] maxout; append's and join's maxout."""


@dataclass
class RunContext:
    """Inputs of one run; ``start`` fills what is derived.

    Attributes:
        now: epoch seconds at which the search starts; ``now()``.
        earliest, latest, index_earliest, index_latest: bounds in epoch seconds; None is open.
        zone: the searching user's time zone.
        search_name: the saved search's name, for collect.
        stopped: asked between commands; once it says yes the run ends with SplError.
        reads: where to note, for each fetch, how many events its index terms and windows let through (Splunk's
            scanCount); None to leave that work out.
        delimiters: what mvcombine said nomv shall put between the values of a field.
    """

    now: float
    lookups: LookupTables
    store: EventStore = field(default_factory=EventStore)
    earliest: float | None = None
    latest: float | None = None
    index_earliest: float | None = None
    index_latest: float | None = None
    zone: tzinfo = timezone.utc
    geo: GeoTable | None = None
    switches: Switches = DEFAULT
    explain: bool = False
    search_name: str = ""
    stopped: Callable[[], bool] | None = None
    warnings: dict[str, None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    delimiters: dict[str, str] = field(default_factory=dict)
    reads: list[int] | None = None
    evaluation: EvalContext = field(init=False)
    fields: EventFields = field(init=False)
    _dispatched: dict[str, float | None] = field(init=False)

    def __post_init__(self) -> None:
        self.now = tidy(self.now)
        self._dispatched = {"earliest": self.earliest, "latest": self.latest,
                            "index_earliest": self.index_earliest, "index_latest": self.index_latest}  # fmt: skip
        self.evaluation = EvalContext(
            now=self.now, zone=self.zone, switches=self.switches, warn=self.warn, lookup=self.lookup_for_eval
        )

    def go_on(self) -> None:
        """Raise SplError when the run is to end."""
        if self.stopped is not None and self.stopped():
            raise SplError("The search was cancelled.")

    def warn(self, message: str) -> None:
        """Note a warning once."""
        self.warnings.setdefault(message)

    def bounds(self, times: Mapping[str, TimeModifier]) -> dict[str, float | None]:
        """Return the windows, with those that the search text names in their place."""
        found = {"earliest": self.earliest, "latest": self.latest,
                 "index_earliest": self.index_earliest, "index_latest": self.index_latest}  # fmt: skip
        for name, modifier in times.items():
            found[name] = modifier.resolve(self.now, self.zone)
        return found

    def child(self) -> RunContext:
        """Return the context of a subsearch: same clock, tables and warnings, the windows of the dispatch."""
        outer = self._dispatched
        context = replace(
            self, explain=False, earliest=outer["earliest"], latest=outer["latest"],
            index_earliest=outer["index_earliest"], index_latest=outer["index_latest"],
        )  # fmt: skip
        context.fields = self.fields
        return context

    def lookup_for_eval(
        self, name: str, question: Mapping[str, Value], outputs: Sequence[str]
    ) -> Mapping[str, Value] | None:
        """Answer eval's lookup(): the first matching row's columns, None without a match."""
        try:
            definition = self.lookups.definition(name)
        except LookupFailure as error:
            raise SplError(str(error)) from error
        asked = {column: text(value) for column, value in question.items() if value is not None}
        if len(asked) < len(question):
            return None
        rows = self.lookups.match(definition, asked, outputs)
        if not rows:
            return None
        return {name: rows[0][name] for name in outputs if rows[0].get(name) is not None}
