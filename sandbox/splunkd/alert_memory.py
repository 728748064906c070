"""What alerting remembers in a simulation that lives and ends with its process."""

from __future__ import annotations

from sandbox.splunkd.fired_alerts import FiredAlert, FiredAlerts
from sandbox.splunkd.throttle import Throttle


class AlertMemory:
    """Counts, throttling and the list of triggered alerts, in memory alone."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.fired = FiredAlerts()
        self._throttle = Throttle()

    def throttle(self) -> Throttle:
        return self._throttle

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    def set_count(self, name: str, count: int) -> None:
        self.counts[name] = count

    def add_fired(self, alert: FiredAlert) -> None:
        self.fired.add(alert)
