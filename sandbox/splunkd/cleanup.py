"""The one alert action that a simulation without actions carries out: old rows leave the tables of the KV store.

Without it the tables of a simulated month hold what the product would long have removed, and each search that reads
them whole gets slower day by day. It does here what `slack_audit_prune` asks the store to do, without a process: each
result names a collection (`*`: every one that no other result names) and the days to keep.
"""

from __future__ import annotations

from collections.abc import Collection

from sandbox.spl.lookups import LookupTables
from sandbox.spl.values import number as as_number
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.saved_searches import SavedSearch

PRUNE = "slack_audit_prune"
EVERYTHING_ELSE = "*"
#: The number field that says how old a row is; the first that a collection declares.
AGE_FIELDS = ("last", "indexed_at")
_DAY = 86_400


class CleanupAlone:
    """Removes old rows, and counts the actions that are left out.

    Args:
        tables: of the engine that runs the searches.
        own: names of the searches whose actions are counted; None: all.
    """

    def __init__(self, tables: LookupTables, own: Collection[str] | None = None) -> None:
        self._tables = tables
        self._own = own
        self.left_out = 0

    def run(self, search: SavedSearch, alert: FiredAlert, number: int) -> None:
        for action in alert.actions:
            if action == PRUNE:
                self._remove(alert)
            elif self._own is None or search.name in self._own:
                self.left_out += 1

    def _remove(self, alert: FiredAlert) -> None:
        days_of = {str(row.get("collection")): as_number(row.get("days")) for row in alert.results}
        for definition in self._tables.definitions().values():
            days = days_of.get(definition.target, days_of.get(EVERYTHING_ELSE))
            if definition.kind != "kvstore" or days is None:
                continue
            table = self._tables.table(definition)
            field = next((name for name in AGE_FIELDS if name in table.numeric), None)
            if field is None:
                continue
            oldest = alert.triggered_at - days * _DAY
            for row in table.rows():
                age = row.get(field)
                if isinstance(age, (int, float)) and age < oldest:
                    table.drop(str(row["_key"]))
