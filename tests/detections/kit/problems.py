"""What can be wrong with a scenario file; the sentence names the file, the case and the line of events."""

from __future__ import annotations


class ScenarioError(ValueError):
    """A scenario that cannot mean what its author thinks: a typo, an unknown name, an impossible entry."""

    def within(self, place: str) -> ScenarioError:
        """The same complaint with the place it came from in front."""
        return ScenarioError(f"{place}: {self}")
