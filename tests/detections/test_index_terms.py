"""Ids that are made into index terms: whatever an id looks like, its entries are found."""

from __future__ import annotations

import json

import pytest

from sandbox.spl import search
from tests.detections.kit.contract import APP_ROOT

NOON = 1_772_366_400


@pytest.mark.once
@pytest.mark.parametrize("account", ["W0ANN", "ann@corp.example", "ann+slack@corp.example", "ann o'neill", "a&b?c"])
def test_entries_of_every_id_are_found(account: str) -> None:
    """`+` and others are major breakers (segmenters.conf): a TERM() that holds one can match nothing."""
    entry = {"id": "e1", "date_create": NOON - 60, "action": "user_login", "actor": {"user": {"id": account}}}
    ids = f"[| makeresults | eval term={json.dumps(account)} | `slack_audit_as_terms`]"
    spl = f"`slack_audit_events` {ids} | table slack_actor_id"
    result = search(spl, [entry], now=NOON, earliest="-1h", app=APP_ROOT)
    assert [row["slack_actor_id"] for row in result.rows] == [account]
