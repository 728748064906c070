"""Reviews: what an inventory says about an app, a guest, an organisation; what is due; how a review is recorded."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from sandbox.spl import SplError, search
from sandbox.spl.switches import DEFAULT
from sandbox.spl.variants import variants
from tests.detections.kit.contract import APP_ROOT
from tests.detections.reviewing import DAY, NOW, PROD, SAVED, Row

pytestmark = pytest.mark.once

KINDS = {
    "apps": ("slack_audit_app_inventory", "slack_audit_app_reviews", "app_id"),
    "guests": ("slack_audit_guest_inventory", "slack_audit_guest_reviews", "account_id"),
    "organisations": ("slack_audit_outside_organisations", "slack_audit_organisation_reviews", "organisation_id"),
}
with (APP_ROOT / "lookups/slack_audit_review_points.csv").open(encoding="utf-8", newline="") as _file:
    POINTS = {(row["kind"], row["sign"]): int(row["points"]) for row in csv.DictReader(_file)}


def ago(days: float) -> int:
    return int(NOW - days * DAY)


def review(days: float, verdict: str = "keep", **more: Any) -> Row:
    return {"reviewed_at": str(ago(days)), "reviewer": "rita", "verdict": verdict, "note": "n", **more}


APP: Row = {
    "_key": "A01", "app_name": "Notes", "installer": "W0ADA", "installed_by": "ada@corp.example",
    "installed_at": ago(40), "installs": f"{ago(40)} W0ADA ada@corp.example", "scopes": "commands",
    "approval": f"{ago(41)} app_approved", "presence": f"{ago(40)} app_installed", "sources": PROD,
    "first": ago(41), "latest": ago(1), "last_used": ago(1),
}  # fmt: skip
GUEST: Row = {
    "_key": "U0GUS", "named": f"{ago(9)} gus@guest.example", "is_guest": 1, "state": f"{ago(40)} guest_created",
    "invited": f"{ago(40)} guest_created W0ADA A0IDP ada@corp.example", "expiry": f"{ago(40)} {ago(-60)}",
    "sources": PROD, "first": ago(40), "latest": ago(9), "seen": ago(9),
}  # fmt: skip
CHANNEL: Row = {
    "_key": "T0PAR|C01", "organisation": "T0PAR", "channel": "C01", "channel_name": f"{ago(40)} ext-par",
    "steps": f"{ago(41)} external_shared_channel_invite_sent W0ADA ada@corp.example;"
    f"{ago(40)} external_shared_channel_connected U0PAT pat@partner.example",
    "sources": PROD, "first": ago(41), "latest": ago(40),
}  # fmt: skip
BASE = {"apps": APP, "guests": GUEST, "organisations": CHANNEL}
LEFT = {"_key": "W0ADA", "states": f"{ago(3)} user_deactivated", "last": ago(3)}
KNOWN: dict[str, list[Row]] = {
    "slack_audit_accounts": [{"_key": "W0ADA", "last": ago(3)}],
    "slack_audit_provisioners": [{"app_id": "A0IDP", "name": "IdP"}],
    "slack_audit_approved_organisations": [{"organisation_id": "T0PAR", "name": "Partner Ltd"}],
}


def table(kind: str, changes: Row, reviews: list[Row] | None = None, lookups: Any = None, **more: Any) -> list[Row]:
    """The rows of a review, of the base row of its kind with these changes."""
    inventory, decided, key = KINDS[kind]
    row = {name: value for name, value in {**BASE[kind], **changes}.items() if value is not None}
    rows = [row, *more.pop("rows", [])]
    wrote = [{key: "T0PAR" if kind == "organisations" else row["_key"], **one} for one in reviews or []]
    given = {**KNOWN, inventory: rows, **({decided: wrote} if wrote else {}), **(lookups or {})}
    return search(f"| `slack_audit_reviewed_{kind}`", [], now=NOW, lookups=given, **more).rows


def of(kind: str, changes: Row, *given: Any, **more: Any) -> Row:
    (row,) = table(kind, changes, *given, **more)
    return row


OLD = {"first": ago(200), "installed_at": ago(200), "presence": f"{ago(200)} app_installed"}
STEPS = CHANNEL["steps"]
RISKS: list[tuple[str, Row, dict[str, list[Row]], list[str]]] = [
    ("apps", {}, {}, []),
    ("apps", {"scopes": "admin.users:write chat:write"}, {}, ["administrative_scopes"]),
    ("apps", {"scopes": "channels:history im:history"}, {}, ["conversation_history"]),
    ("apps", {"scopes": "channels:history"}, {}, []),
    ("apps", {"scopes": "files:read chat:write"}, {}, ["reads_files_and_writes"]),
    ("apps", {"reach": f"{ago(9)} org_app_installed"}, {}, ["organisation_wide"]),
    ("apps", {"reach": f"{ago(9)} org_app_uninstalled"}, {}, []),
    ("apps", {"growth": f"{ago(90)} ada x:read"}, {}, ["scopes_grew"]),
    ("apps", {"growth": f"{ago(92)} ada x:read"}, {}, []),
    ("apps", {}, {"slack_audit_accounts": [LEFT]}, ["installer_left"]),
    ("apps", {"installer": None, "installs": None}, {}, ["installer_unknown"]),
    ("apps", {"approval": f"{ago(9)} app_restricted"}, {}, ["restricted_but_acts", "not_approved"]),
    ("apps", {"approval": f"{ago(0.5)} app_restricted"}, {}, ["not_approved"]),
    ("apps", {"approval": None}, {}, ["not_approved"]),
    ("apps", {"approval": None}, {"slack_audit_approved_apps": [{"app_id": "A01", "name": "", "note": ""}]}, []),
    ("apps", {"traits": f"{ago(9)} third-party bot"}, {}, ["outside_marketplace"]),
    ("apps", {"traits": f"{ago(9)} marketplace bot"}, {}, []),
    ("apps", {}, {"slack_audit_seen_tool_callers": [{"_key": "organisation|A01", "last": ago(1)}]}, ["calls_tools"]),
    ("apps", {**OLD, "last_used": ago(91)}, {}, ["unused", "old_and_unreviewed"]),
    ("apps", {**OLD, "last_used": None}, {}, ["unused", "old_and_unreviewed"]),
    ("apps", {"last_used": None}, {}, []),
    ("guests", {}, {}, []),
    ("guests", {"expiry": None}, {}, ["no_expiry"]),
    ("guests", {"expiry": f"{ago(9)} none"}, {}, ["no_expiry"]),
    ("guests", {"expiry": f"{ago(9)} unknown"}, {}, []),
    ("guests", {"expiry": f"{ago(39)} {ago(1)}"}, {}, ["expired_but_open"]),
    ("guests", {}, {"slack_audit_accounts": [LEFT]}, ["inviter_left"]),
    ("guests", {"invited": None}, {}, ["inviter_unknown"]),
    ("guests", {"invited": f"{ago(40)} guest_created W0ADA - ada@corp.example"}, {}, ["by_hand"]),
    ("guests", {"invited": f"{ago(9)} guest_reactivated W0ADA A0IDP ada@corp.example"}, {}, ["reactivated"]),
    ("guests", {"channels": ";".join(f"{ago(9)} C{n} c{n}" for n in range(5))}, {}, ["many_channels"]),
    ("guests", {"channels": ";".join(f"{ago(n)} C1 c1" for n in range(9, 4, -1))}, {}, []),
    ("guests", {"first": ago(200), "seen": None}, {}, ["unused", "old_and_unreviewed"]),
    ("guests", {"first": ago(90), "seen": None}, {"slack_audit_seen_addresses": [{"_key": "U0GUS|*", "last": ago(2)}]},
     []),
    ("organisations", {}, {}, []),
    ("organisations", {}, {"slack_audit_approved_organisations": [{"organisation_id": "T0X", "name": ""}]},
     ["not_approved"]),
    ("organisations", {}, {"slack_audit_sensitive_channels": [{"channel": "ext-*", "note": ""}]},
     ["sensitive_channel"]),
    ("organisations", {}, {"slack_audit_accounts": [LEFT]}, ["inviter_left"]),
    ("organisations", {"steps": STEPS + f";{ago(9)} external_shared_channel_host_transferred W0ADA ada"}, {},
     ["access_widened"]),
    ("organisations", {"organisation": "par.example"}, {}, ["not_approved", "not_named"]),
    ("organisations", {"first": ago(200), "latest": ago(91)}, {}, ["unused", "old_and_unreviewed"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "lookups", "signs"), RISKS)
def test_the_risk_is_the_sum_of_what_stands_beside_it(kind: str, changes: Row, lookups: Any, signs: list[str]) -> None:
    row = of(kind, changes, None, lookups)
    expected = [POINTS[(kind.rstrip("s"), sign)] for sign in signs]
    why = row.get("why", [])
    told = [int(text.split(" ", 1)[0]) for text in ([why] if isinstance(why, str) else why)]
    assert sorted(told) == sorted(expected), why
    assert int(row["risk_score"]) == sum(expected)


def test_every_sign_is_tested_and_the_risk_ends_at_100() -> None:
    tested = {(kind.rstrip("s"), sign) for kind, _, _, signs in RISKS for sign in signs}
    assert set(POINTS) - tested == {("organisation", "many_channels")}
    scopes = "admin channels:history im:history files:read chat:write"
    changes = {"scopes": scopes, "reach": f"{ago(9)} org_app_installed", "growth": f"{ago(1)} a b"}
    assert int(of("apps", changes)["risk_score"]) == 100


def test_the_page_names_every_reason_with_its_points() -> None:
    page = (APP_ROOT / "docs/reviews.md").read_text(encoding="utf-8")
    with (APP_ROOT / "lookups/slack_audit_review_points.csv").open(encoding="utf-8", newline="") as file:
        rows = [f"| {row['reason']} | {row['points']} |" for row in csv.DictReader(file)]
    assert {row: page.count(row) for row in rows} == {row: rows.count(row) for row in rows}


def test_an_organisation_with_many_channels() -> None:
    more = [{**CHANNEL, "_key": f"T0PAR|C{n}", "channel": f"C{n}"} for n in range(4)]
    row = of("organisations", {}, rows=more)
    assert (int(row["open_channels"]), row["why"]) == (5, "10 shares many channels")


STATES: list[tuple[str, Row, list[Row], str, str]] = [
    ("apps", {}, [], "never reviewed", "first seen"),
    ("apps", {}, [review(10)], "reviewed", ""),
    ("apps", OLD, [review(92)], "due", "due since"),
    ("apps", OLD, [review(92, due="2026-12-31")], "reviewed", ""),
    ("apps", {}, [review(10, due="2026-02-28")], "due", "due since 2026-02-28"),
    ("apps", {}, [{**review(10), "reviewed_at": "last week"}], "no readable date", "YYYY-MM-DD"),
    ("apps", {}, [{**review(10), "reviewed_at": "2026-02-20"}], "reviewed", ""),
    ("apps", {}, [{**review(10), "reviewed_at": "2026-02-20T10:00:00+0100"}], "reviewed", ""),
    ("apps", {}, [review(10, "fine")], "no known verdict", "keep, watch"),
    ("apps", {"growth": f"{ago(5)} bo files:read"}, [review(10)], "changed since the review", "files:read"),
    ("apps", {"growth": f"{ago(15)} bo files:read"}, [review(10)], "reviewed", ""),
    ("apps", {"reach": f"{ago(5)} org_app_installed"}, [review(10)], "changed since the review", "whole organisation"),
    ("apps", {"presence": f"{ago(5)} app_installed"}, [review(10)], "changed since the review", "installed again"),
    ("apps", {}, [review(10, "remove")], "decided, not done", "to remove, and still there"),
    ("apps", {"presence": f"{ago(0.5)} app_uninstalled"}, [review(10, "remove")], "gone", ""),
    ("apps", {"presence": f"{ago(2)} app_uninstalled"}, [review(10, "remove")], "decided, not done", ""),
    ("apps", {}, [review(10, "restrict")], "decided, not done", "to restrict"),
    ("apps", {"approval": f"{ago(12)} app_restricted"}, [review(10, "restrict")], "reviewed", ""),
    ("apps", {}, [review(10), review(95, "remove")], "reviewed", ""),
    ("apps", {}, [review(95), review(10, "remove")], "decided, not done", ""),
    ("apps", {"presence": None, "installs": None, "installer": None, "last_used": None,
              "approval": f"{ago(2)} app_restricted"}, [], "gone", ""),
    ("apps", {"presence": None, "installs": None, "installer": None, "last_used": None}, [], "never reviewed", ""),
    ("guests", {}, [], "never reviewed", ""),
    ("guests", {}, [review(10)], "reviewed", ""),
    ("guests", {"expiry": f"{ago(2)} none"}, [review(10)], "changed since the review", "expiry date was taken away"),
    ("guests", {"channels": f"{ago(2)} C01 board"}, [review(10)], "changed since the review", "joined board"),
    ("guests", {"state": f"{ago(2)} guest_reactivated"}, [review(10)], "changed since the review", "opened again"),
    ("guests", {"state": f"{ago(2)} guest_expired"}, [review(95)], "gone", ""),
    ("guests", {}, [review(10, "remove")], "decided, not done", ""),
    ("organisations", {}, [], "never reviewed", ""),
    ("organisations", {}, [review(10)], "reviewed", ""),
    ("organisations", {}, [review(40.5)], "changed since the review", "something new is shared"),
    ("organisations", {"steps": STEPS + f";{ago(2)} external_shared_channel_disconnected W0 a"}, [], "gone", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "reviews", "state", "says"), STATES)
def test_what_is_due(kind: str, changes: Row, reviews: list[Row], state: str, says: str) -> None:
    row = of(kind, changes, reviews)
    assert row["review_state"] == state
    assert says in row.get("due_why", "")
    assert int(row["is_due"]) == (state not in ("gone", "reviewed"))


@pytest.mark.parametrize("name", variants())
def test_no_open_point_of_the_language_matters(name: str) -> None:
    grown = {"scopes": "admin chat:write files:read", "growth": f"{ago(5)} bo files:read"}
    for kind, changes, reviews in (
        ("apps", grown, [review(10), review(20)]),
        ("guests", {"expiry": f"{ago(2)} none", "channels": f"{ago(2)} C01 board"}, [review(10)]),
        ("organisations", {}, [review(40.5)]),
    ):
        columns = ("risk_score", "why", "review_state", "due_why", "verdict", "is_new")
        other = of(kind, changes, reviews, switches=variants()[name])
        usual = of(kind, changes, reviews, switches=DEFAULT)
        assert [str(other.get(column)) for column in columns] == [str(usual.get(column)) for column in columns]


def test_the_installer_who_leaves_after_the_review_is_a_change() -> None:
    row = of("apps", {}, [review(10)], {"slack_audit_accounts": [LEFT]})
    assert (row["review_state"], row["installer_state"][:4]) == ("changed since the review", "left")


def test_new_is_what_came_after_the_latest_review_of_any() -> None:
    rows = table("apps", {}, [review(20)], rows=[{**APP, "_key": "A02", "first": ago(19)}, {**APP, "_key": "A03"}])
    assert {row["app_id"]: int(row["is_new"]) for row in rows} == {"A01": 0, "A02": 1, "A03": 0}


def test_an_invitation_that_names_nobody_goes_to_the_one_organisation_of_its_channel() -> None:
    asked = {**CHANNEL, "_key": "unknown|C01", "organisation": "unknown", "first": ago(42)}
    asked["steps"] = f"{ago(42)} external_shared_channel_invite_requested W0BO bo@corp.example"
    nobody = {**asked, "_key": "unknown|C99", "channel": "C99"}
    ours = {"_key": "E0OURS|own", "organisation": "E0OURS", "channel": "own", "first": ago(50), "latest": ago(1)}
    named = {**CHANNEL, "_key": "E0OURS|C01", "organisation": "E0OURS"}
    rows = {row["organisation_id"]: row for row in table("organisations", {}, rows=[asked, nobody, ours, named])}
    assert set(rows) == {"T0PAR", "unknown"}
    assert int(rows["T0PAR"]["first"]) == ago(42)
    assert rows["unknown"]["review_state"] == "gone"  # nothing was connected


REMINDERS = {"apps": "App", "guests": "Guest", "organisations": "Organisation"}


def remind(kind: str, **lookups: Any) -> list[Row]:
    return search(SAVED[f"Slack - {REMINDERS[kind]} Reviews Due - Report"]["search"], [], now=NOW, lookups=lookups).rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_reminder_lists_what_is_due_and_tells_an_empty_inventory_from_nothing_due(kind: str) -> None:
    inventory, decided, key = KINDS[kind]
    (row,) = remind(kind, **{inventory: [BASE[kind]]})
    assert row["review_state"] == "never reviewed" and row["summary"].endswith(".") and row["next_step"]
    reviewed = {key: row["entity"], **review(10)}
    assert remind(kind, **{inventory: [BASE[kind]], decided: [reviewed]}) == []
    (row,) = remind(kind)
    assert row["review_state"] == "no inventory yet" and "Lookup Backfill" in row["next_step"]


def record(text: str, **lookups: Any) -> tuple[list[Row], list[Row]]:
    result = search(text, [], now=NOW, lookups=lookups)
    return result.rows, result.lookups.get("slack_audit_app_reviews", [])


def test_a_review_is_recorded_and_counts_at_once() -> None:
    call = '| `slack_audit_review_app(A01, keep, "needed by sales, says Bo", rita@corp.example)`'
    said, wrote = record(call, slack_audit_app_inventory=[APP])
    assert [row["result"] for row in said] == ["recorded"]
    assert wrote == [
        {
            "_key": "A01", "app_id": "A01", "verdict": "keep", "note": "needed by sales, says Bo", "due": "2026-06-02",
            "reviewer": "rita@corp.example", "reviewed_at": "2026-03-03T09:26:40+0000",
        }
    ]  # fmt: skip
    row = of("apps", {}, [{name: value for name, value in wrote[0].items() if name != "_key"}])
    assert (row["review_state"], row["reviewer"], int(row["reviewed_at"])) == ("reviewed", "rita@corp.example", NOW)
    said, wrote = record(call.replace("keep", "remove"), slack_audit_app_inventory=[APP], slack_audit_app_reviews=wrote)
    assert [(row["_key"], row["verdict"]) for row in wrote] == [("A01", "remove")]  # its row was replaced


@pytest.mark.parametrize(
    ("app", "verdict", "due", "why"),
    [
        ("", "keep", "", "app_id is missing"),
        ("A01", "perhaps", "", "verdict must be keep, watch, restrict or remove"),
        ("A01", "keep", "next spring", "due must be a date, YYYY-MM-DD"),
    ],
)
def test_a_review_that_cannot_be_meant_is_refused_and_the_others_are_kept(
    app: str, verdict: str, due: str, why: str
) -> None:
    said, wrote = record(
        f'| makeresults count=2 | streamstats count AS n | eval verdict=if(n=1, "{verdict}", " Keep "), '
        f'app_id=if(n=1, "{app}", "A02"), due=if(n=1, "{due}", "2026-05-01"), note="", reviewer="" '
        "| `slack_audit_record_app_reviews`"
    )
    assert [row["result"] for row in said] == [f"refused: {why}", "recorded, but the inventory has no such app_id"]
    assert [(row["app_id"], row["verdict"], row["due"], row["reviewer"]) for row in wrote] == [
        ("A02", "keep", "2026-05-01", "not told")
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_a_date_stays_the_day_that_was_written_wherever_it_is_read(zone: str) -> None:
    call = '| makeresults | eval app_id="A01", verdict="keep", note="", reviewer="", due="2026-03-31"'
    result = search(f"{call} | `slack_audit_record_app_reviews`", [], now=NOW, tz=zone)
    assert [row["due"] for row in result.lookups["slack_audit_app_reviews"]] == ["2026-03-31"]
    by_hand = {"app_id": "A01", "reviewed_at": "2026-03-01", "verdict": "keep", "due": "2026-03-31"}
    known = {"slack_audit_app_inventory": [APP], "slack_audit_app_reviews": [by_hand]}
    due = "| `slack_audit_reviewed_apps` | `slack_audit_due_rows(app_id, app_name)`"
    (row,) = search(due, [], now=ago(-60), tz=zone, lookups=known).rows
    assert (row["reviewed"], row["due"]) == ("2026-03-01", "2026-03-31") and "due since 2026-03-31" in row["summary"]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("slack_audit_review_guest(U0GUS, watch, ends in June, rita)", "guests"),
        ("slack_audit_review_organisation(T0PAR, keep, partner, rita)", "organisations"),
    ],
)
def test_guests_and_organisations_are_recorded_likewise(call: str, kind: str) -> None:
    inventory, decided, key = KINDS[kind]
    known = {**BASE[kind], "_key": "T0PAR|*", "channel": "*"} if kind == "organisations" else BASE[kind]
    result = search(f"| `{call}`", [], now=NOW, lookups={inventory: [known]})
    assert [row["result"] for row in result.rows] == ["recorded"]
    assert [row["_key"] for row in result.lookups[decided]] == [result.rows[0][key]]


def test_a_note_with_a_bare_quote_is_refused_and_not_half_written() -> None:
    with pytest.raises(SplError):
        search('| `slack_audit_review_app(A01, keep, "he said \\"no\\"", rita)`', [], now=NOW)
