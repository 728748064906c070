"""The list behind "Triggered Alerts": what fired, how badly, until when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEVERITY_NAMES = {1: "debug", 2: "info", 3: "low", 4: "medium", 5: "high", 6: "critical"}


@dataclass(frozen=True)
class FiredAlert:
    """One trigger. `results` are all rows in digest mode, else the one row that fired."""

    search: str
    triggered_at: float  # epoch seconds: the scheduled time of the run
    expires_at: float
    severity: int
    digest: bool
    results: tuple[Mapping[str, Any], ...]
    id: str = ""
    sid: str = ""  # of the job that found them
    actions: tuple[str, ...] = ()

    def shown_at(self, now: float) -> bool:
        """Whether the page would list it at that time."""
        return self.triggered_at <= now < self.expires_at

    @property
    def severity_name(self) -> str:
        return SEVERITY_NAMES[self.severity]


class FiredAlerts:
    """Tracked alerts in the order in which they fired."""

    def __init__(self) -> None:
        self._alerts: list[FiredAlert] = []

    def add(self, alert: FiredAlert) -> None:
        self._alerts.append(alert)

    def shown_at(self, now: float) -> list[FiredAlert]:
        """What the page would list at that time."""
        return [alert for alert in self._alerts if alert.shown_at(now)]

    def __len__(self) -> int:
        return len(self._alerts)
