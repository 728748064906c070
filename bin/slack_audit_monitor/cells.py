"""How a cell of a list is quoted in a sentence: short, in one line, and whatever is in it."""

from __future__ import annotations

#: A cell may be anything at all; a sentence has an end.
LONGEST_SHOWN = 60


def shown(text: str) -> str:
    """Return the beginning of the text in quotes, with a question mark for what is not seen or separates sentences."""
    begun = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
    return repr("".join(sign if sign.isprintable() and sign != "|" else "?" for sign in begun))
