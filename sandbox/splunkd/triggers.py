"""When the results of a scheduled search make an alert: counttype, relation, quantity, alert_condition.

Source: savedsearches.conf.spec and the Alerting Manual. Knows numbers of results; the search
that `counttype = custom` applies to the results is run by whoever can run searches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

_COUNTED = {
    "number of events": "",
    "number of results": "",
    "number of hosts": "host",
    "number of sources": "source",
}
_RELATIONS: Mapping[str, Callable[[int, int, int], bool]] = {
    "greater than": lambda count, before, quantity: count > quantity,
    "less than": lambda count, before, quantity: count < quantity,
    "equal to": lambda count, before, quantity: count == quantity,
    "not equal to": lambda count, before, quantity: count != quantity,
    "drops by": lambda count, before, quantity: before - count >= quantity,
    "rises by": lambda count, before, quantity: count - before >= quantity,
}

Row = Mapping[str, Any]


class TriggerError(ValueError):
    """A condition that is not understood."""


@dataclass(frozen=True)
class Trigger:
    """One condition. `condition` is the search of `counttype = custom`."""

    counttype: str = "always"
    relation: str = "greater than"
    quantity: int = 0
    condition: str = ""

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Trigger:
        """From a stanza's settings. Raises TriggerError."""
        counttype = settings.get("counttype", "always").strip()
        condition = settings.get("alert_condition", "").strip()
        if counttype == "custom":
            if not condition:
                raise TriggerError("alert_condition is missing; counttype = custom needs it")
            return cls(counttype, condition=condition)
        if counttype == "always":
            return cls(counttype)
        if counttype not in _COUNTED:
            allowed = ", ".join([*_COUNTED, "custom", "always"])
            raise TriggerError(f"counttype = {counttype}: allowed are {allowed}")
        relation = settings.get("relation", "").strip()
        if relation not in _RELATIONS:
            raise TriggerError(f"relation = {relation}: allowed are {', '.join(_RELATIONS)}")
        quantity = settings.get("quantity", "").strip()
        if not quantity.isdigit():
            raise TriggerError(f"quantity = {quantity}: a whole number is expected")
        return cls(counttype, relation, int(quantity))

    def count(self, rows: Sequence[Row]) -> int:
        """What `quantity` is compared with."""
        field = _COUNTED.get(self.counttype, "")
        return len({str(row[field]) for row in rows if field in row}) if field else len(rows)

    def holds(self, rows: Sequence[Row], before: int, apply: Callable[[str, Sequence[Row]], Sequence[Row]]) -> bool:
        """Whether these results fire the alert.

        Args:
            before: what `count` gave in the run before, for `drops by` and `rises by`.
            apply: runs the condition's search on rows and returns the rows that are left.
        """
        if self.counttype == "always":
            return True
        if self.counttype == "custom":
            return bool(apply(self.condition, rows))
        return _RELATIONS[self.relation](self.count(rows), before, self.quantity)
