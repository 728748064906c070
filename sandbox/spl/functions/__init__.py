"""The functions of eval and where, one module per family of the Search Reference."""
from __future__ import annotations

from . import (  # noqa: F401 - each module registers its functions
    bitwise,
    comparison,
    conversion,
    cryptographic,
    datetime,
    informational,
    json,
    mathematical,
    multivalue,
    statistical,
    text,
)
from .registry import FUNCTIONS, Function, find

__all__ = ["FUNCTIONS", "Function", "find"]
