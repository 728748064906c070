"""Events with the time that stands at the start of their text, as Splunk reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def with_times(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**event, "_time": datetime.strptime(event["_raw"][:29], "%Y-%m-%d %H:%M:%S.%f %z").timestamp()}
        for event in events
    ]
