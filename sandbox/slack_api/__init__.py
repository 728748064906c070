"""Slack's audit API on loopback, and an organisation to fill it.

`SlackSimulator` serves entries by Slack's contract and, on request, with every fault that was ever
reported. `Organisation` invents the entries: ordinary life, attack stories and their
ground truth.
"""

from __future__ import annotations

from .bulk import BulkJournal, bulk_entries
from .clock import Clock
from .journal import Journal
from .organisation import Organisation
from .pages import Manners
from .simulator import SlackSimulator

__all__ = ["BulkJournal", "Clock", "Journal", "Manners", "Organisation", "SlackSimulator", "bulk_entries"]
