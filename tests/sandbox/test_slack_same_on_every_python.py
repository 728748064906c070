"""One seed gives one organisation, whatever the Python."""

from __future__ import annotations

import hashlib

from sandbox.slack_api import Organisation
from sandbox.slack_api.journal import serialise


def digest_of(organisation: Organisation) -> str:
    return hashlib.sha256(b"\n".join(serialise(entry) for entry in organisation.entries)).hexdigest()


def test_one_seed_gives_one_organisation_on_every_python() -> None:
    first, again = (Organisation.generate(people=100, days=9) for _ in range(2))
    assert digest_of(first) == digest_of(again)
    # A fixed value: Pythons must agree with each other, not only with themselves.
    assert (len(again.entries), digest_of(again)[:16]) == (8146, "0f7ac70349a32cc0")
    other = Organisation.generate(seed=2, people=100, days=9)
    assert {e["id"] for e in other.entries}.isdisjoint(e["id"] for e in again.entries)
