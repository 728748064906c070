"""A small scenario for the tests of the kit itself."""

from __future__ import annotations

from pathlib import Path

from .scenario import Scenario, load_scenario

HEAD = """
detection: Slack - Owner Granted - Rule
rule_id: U20
story: Somebody becomes an owner.
start: 2026-03-03T09:00:00Z
cast:
  ana: { id: W0ANA, email: ana@corp.example, ip: 203.0.113.9 }
  p{1-3}: { id: "W0P{n}", email: "p{n}@corp.example" }
apps:
  notes: { id: A0NOTES, name: Notes, bot_scopes: ["chat:write"] }
channels:
  project: { id: C0PROJECT, name: project }
cases:
"""
START = 1772528400  # 2026-03-03T09:00:00Z


def sample_scenario(folder: Path, cases: str, head: str = HEAD) -> Scenario:
    """Write `head` and `cases` as slack_owner_granted.yaml into `folder`, and load it."""
    path = folder / "slack_owner_granted.yaml"
    path.write_text(head + cases, encoding="utf-8")
    return load_scenario(path)
