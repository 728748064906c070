"""How a command that holds many events for minutes treats Python's memory."""

from __future__ import annotations

import gc

_YOUNG = 50_000


def keep_what_is_loaded() -> None:
    """Take what is there now out of the garbage collector's rounds, and make the rounds rarer.

    Events live to the end of the command; walking over a million of them again and again finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
