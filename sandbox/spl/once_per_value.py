"""`inputlookup | addinfo | where ...`: a condition on one column is asked once for each value of the column.

A search that runs each quarter of an hour and wants the rows of its own quarter would else look at every row of a table
that grows by the hour. Knows which conditions may be asked like that; whether one holds, `where` itself says.
"""

from __future__ import annotations

from collections.abc import Sequence

from .commands import Command
from .commands.generating import AddInfo
from .commands.lookup import InputLookup
from .commands.searching import Where
from .context import RunContext
from .expressions import Call, Expression, Field, walk
from .rows import Row

_INFO = {"info_min_time", "info_max_time", "info_search_time", "info_sid"}
# Functions that ask nothing but their arguments, and give the same each time.
_PLAIN = {
    "abs", "ceil", "ceiling", "coalesce", "floor", "if", "isnotnull", "isnull", "lower", "max", "min", "relative_time",
    "round", "strftime", "strptime", "substr", "tonumber", "tostring", "upper",
}  # fmt: skip


class OncePerValue:
    """The first three stages of such a search, in one."""

    STAGES = 3

    def __init__(self, lookup: InputLookup, condition: Where, column: str) -> None:
        self._lookup = lookup
        self._condition = condition
        self._column = column
        self._info = AddInfo()

    @classmethod
    def of(cls, stages: Sequence[Command]) -> OncePerValue | None:
        """Return it for stages that begin so and may be run so, else None."""
        if len(stages) < cls.STAGES:
            return None
        lookup, info, where = stages[: cls.STAGES]
        if not (isinstance(lookup, InputLookup) and isinstance(info, AddInfo) and isinstance(where, Where)):
            return None
        column = _only_column(where.expression)
        return cls(lookup, where, column) if column is not None and lookup.gives_all_of(column) else None

    def run(self, context: RunContext) -> list[Row]:
        """Return the rows that leave the third stage."""
        found = self._lookup.values_of(self._column, context)
        probes = self._info.run([Row({self._column: value}) for value, _ in found], context)
        holds = {id(probe) for probe in self._condition.run(probes, context)}
        chosen = sorted(
            number for probe, (_, numbers) in zip(probes, found) if id(probe) in holds for number in numbers
        )
        return self._info.run(self._lookup.rows_at(chosen, context), context)


def _only_column(condition: Expression) -> str | None:
    columns = set()
    for node in walk(condition):
        if isinstance(node, Call) and node.name not in _PLAIN:
            return None
        if isinstance(node, Field) and node.name not in _INFO:
            columns.add(node.name)
    return columns.pop() if len(columns) == 1 else None
