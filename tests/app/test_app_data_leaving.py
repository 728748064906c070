"""The dashboard of data leaving: what counts as which kind, open links, malware, and the newest of each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import spl
from sandbox.spl.knowledge import Knowledge
from tests.app import view_data
from tools.app_check import known_actions
from tools.views import read_views

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = Knowledge.load(ROOT)
VIEW = next(view for view in read_views(ROOT) if view.name == "data_leaving")
NOON = 1_772_366_400  # 2026-03-01T12:00:00Z
DAY = 86_400


def did(name: str, ago: int, who: str, action: str, file: str = "F1", title: str = "plan.pdf", **details: Any) -> str:
    return json.dumps(
        {
            "id": name,
            "date_create": NOON - ago,
            "action": action,
            "actor": {"type": "user", "user": {"id": f"W0{who}", "name": who, "email": f"{who}@corp.example"}},
            "entity": {"type": "file", "file": {"id": file, "name": title}},
            "context": {"ip_address": "203.0.113.7"},
            "details": details or None,
        }
    )


def look(source: str, events: list[str], **tokens: str) -> list[dict[str, Any]]:
    defaults = {token: str(given["options"].get("defaultValue", "*")) for token, given in VIEW.inputs.items()}
    text = view_data.filled(VIEW.queries()[f"ds_{source}"], {**defaults, **tokens})
    return spl.search(text, events, now=NOON, earliest="-7d@d", latest="now", app=APP).rows


def test_every_action_by_which_files_exports_and_links_leave_has_a_kind() -> None:
    """Held against Slack's list, so that a new one is either shown or left out on purpose."""
    leaving = [
        action
        for action in known_actions(ROOT)
        if action.endswith(("_downloaded", "_export_started", "_linksharing_enabled", "_download_blocked"))
        or action.startswith(("file_public_link", "file_malicious", "file_share", "file_upload"))
    ]
    shown = {row["slack_action"] for row in look("latest", [did(a, n + 1, "ann", a) for n, a in enumerate(leaving)])}
    left_out = {f"{what}_analytics_export_started" for what in ("apps", "workflow", "slackbot")}
    assert set(leaving) - shown == left_out, "figures about use, no content"


def test_tiles_count_entries_once_and_tell_no_data_from_zero() -> None:
    events = [did("a", 60, "ann", "file_downloaded"), did("a", 60, "ann", "file_downloaded")]
    assert look("n_downloaded", events) == [{"tile": "1"}]
    assert look("n_export", events) == [{"tile": "0"}]
    assert look("n_export", []) == [{"tile": "no data"}]


def test_a_link_is_open_until_it_is_revoked_and_open_again_when_made_again() -> None:
    events = [
        did("a", 3 * DAY, "ann", "file_public_link_created", "F1"),
        did("b", 2 * DAY, "ann", "file_public_link_created", "F2"),
        did("c", DAY, "bo", "file_public_link_revoked", "F2"),
        did("d", 3 * DAY, "ann", "file_public_link_revoked", "F3"),
        did("e", DAY, "ann", "file_public_link_created", "F3"),
        did("f", DAY, "bo", "file_public_link_revoked", "F4"),
    ]
    rows = {row["slack_entity_id"]: (row["state"], row["created"]) for row in look("links", events)}
    assert rows == {
        "F1": ("open", "2026-02-26 12:00:00"),
        "F2": ("revoked", "2026-02-27 12:00:00"),
        "F3": ("open", "2026-02-28 12:00:00"),
        "F4": ("revoked", "before this range"),
    }
    assert [int(row["days_open"]) for row in look("links", events) if row["slack_entity_id"] == "F1"] == [3]


def test_malware_tells_who_downloaded_that_file_and_nobody_elses() -> None:
    events = [
        did("a", 300, "ann", "file_malicious_content_detected", "F1", md5_hash="44d88612"),
        did("b", 200, "bo", "file_downloaded", "F1"),
        did("c", 200, "cy", "file_downloaded", "F2"),
    ]
    rows = look("malware", events)
    assert [(row["user"], row["md5"], row["downloaded_by"]) for row in rows] == [
        ("ann@corp.example", "44d88612", "bo@corp.example")
    ]


def test_the_latest_are_fifty_of_each_kind_and_say_how_many_there_are() -> None:
    events = [did(f"d{n}", n + 1, "ann", "file_downloaded") for n in range(70)]
    events += [did("old", 6 * DAY, "bo", "manual_export_started")]
    rows = look("latest", events)
    assert len(rows) == 51
    assert [row["shown"] for row in rows if row["kind"] == "export"] == ["1 of 1"]
    assert [row["shown"] for row in rows][49] == "50 of 70"
    assert {row["kind"] for row in look("latest", events, kind="export")} == {"export"}


@pytest.mark.parametrize(
    ("title", "ending"),
    [("plan.PDF", "pdf"), ("archive.tar.gz", "gz"), ("no ending", "no ending"), ("odd.waytoolongending", "no ending")],
)
def test_file_types_are_endings(title: str, ending: str) -> None:
    assert [row["ending"] for row in look("endings", [did("a", 60, "ann", "file_downloaded", title=title)])] == [ending]
