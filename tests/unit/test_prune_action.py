"""How long rows are to be kept: what the cleanup's results say, and what is refused."""

from __future__ import annotations

import pytest

from slack_audit_monitor.errors import ConfigError
from slack_audit_monitor.prune_action import days_by_collection


@pytest.mark.parametrize(
    ("collection", "days", "words"),
    [
        ("*", "36", ["at least 37", "macro slack_audit_history_days"]),
        ("slack_audit_session_sightings", "0.1", ["at least 0.167", "macro slack_audit_session_notes_hours"]),
        ("slack_audit_download_pace", "1", ["at least 3", "Correct the search"]),
    ],
)
def test_too_few_days_name_what_has_to_be_corrected(collection: str, days: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        days_by_collection([{"collection": collection, "days": days}])
    for word in (*words, collection, "Nothing was removed."):
        assert word in str(refused.value)
