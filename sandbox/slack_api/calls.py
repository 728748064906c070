"""What was asked: every call the simulator received, for tests and for the curious.

A token never gets in here; a call knows only whether one was sent and what was wrong with it.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request and what became of it.

    Attributes:
        number: counted from 1 over all paths.
        at: Unix seconds by the simulator's clock.
        fault: name of the fault that it met, or "".
        impolite: it came inside a `Retry-After`.
        token_problem: what was wrong with the token, or "".
    """

    number: int
    method: str
    path: str
    parameters: dict[str, str]
    status: int
    at: float
    entries: int = 0
    body_bytes: int = 0
    fault: str = ""
    impolite: bool = False
    token_problem: str = ""


class CallLog:
    """Calls in the order of their answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, **values: Any) -> None:
        with self._lock:
            self._calls.append(Call(number=len(self._calls) + 1, **values))

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.all()]
