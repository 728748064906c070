"""What a check found: one place and one sentence, so that every check of the app reports alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """A place (`default/macros.conf:12`) and a sentence: what was found, and what is allowed or to be done."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"
