"""Ground truth: what was staged, whom it concerns, and which rules should say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .writing import Object


@dataclass
class Tale:
    """One staged occurrence.

    Attributes:
        name: short, stable, `snake_case`.
        tale: what happened, in one sentence.
        rule_ids: every rule that must fire because of it; for a near miss those that may, of rows other than the one
            that it just misses.
        entities: ids, e-mail addresses and network addresses by which a finding may name it.
        entries: its entries.
    """

    name: str
    tale: str
    rule_ids: tuple[str, ...] = ()
    entities: list[str] = field(default_factory=list)
    entries: list[Object] = field(default_factory=list)

    def add(self, *entries: Object) -> None:
        self.entries.extend(entries)

    def about(self, *entities: str) -> None:
        self.entities.extend(entity for entity in entities if entity)

    def as_json(self) -> dict[str, Any]:
        """`from` and `to` are Unix seconds of the first and the last entry."""
        seconds = [entry["date_create"] for entry in self.entries]
        return {
            "name": self.name,
            "tale": self.tale,
            "rule_ids": list(self.rule_ids),
            "entities": list(dict.fromkeys(self.entities)),
            "event_ids": [
                entry["id"] for entry in sorted(self.entries, key=lambda entry: entry["date_create"])
            ],
            "from": min(seconds),
            "to": max(seconds),
        }
