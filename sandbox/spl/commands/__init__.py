"""The commands, one module for each family; importing this package registers them all."""

from . import (  # noqa: F401 - imported for what they register
    binning,
    calculating,
    charts,
    columns,
    converting,
    extracting,
    foreach,
    generating,
    iplocation,
    lookup,
    multivalues,
    ordering,
    ranking,
    refused,
    reshaping,
    searching,
    stats,
    streamstats,
    subsearch,
    transaction,
    uniting,
)  # fmt: skip
from .base import COMMANDS, Command, Compiler

__all__ = ["COMMANDS", "Command", "Compiler"]
