"""What the inventories of guests and outside organisations hold, whatever the order, the portions and the copies."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sandbox.spl import search
from sandbox.spl.variants import variants
from tests.detections.reviewing import NOW, PROD, Entry, Rows, channel, entry, learn, person, texts, user

pytestmark = pytest.mark.once

START = NOW - 3600
ADA = person("W0ADA", "Ada@corp.example")
BO = person("W0BO", "bo@corp.example")
GUS = person("U0GUS", "Gus@guest.example", account_type="SINGLE_CHANNEL_GUEST")
PAT = person("U0PAT", "pat@partner.example", team="T0PARTNER")


def guests(entries: Sequence[Entry], before: Rows | None = None, **more: Any) -> Rows:
    return learn("Guest Inventory", "slack_audit_guest_inventory", entries, before, **more)


def organisations(entries: Sequence[Entry], before: Rows | None = None, **more: Any) -> Rows:
    return learn("Outside Organisations", "slack_audit_outside_organisations", entries, before, **more)


GUEST_LIFE = [
    entry(START + 1, "guest_created", ADA, user(GUS), context={"app": {"id": "A0IDP", "name": "IdP"}}),
    entry(START + 2, "guest_expiration_set", ADA, user(GUS), details={"expires_on": NOW + 86_400}),
    entry(START + 3, "guest_joined_workspace", GUS, user(GUS)),
    entry(START + 4, "guest_channel_join", GUS, channel("C01", "project-x"), details=None),
    entry(START + 5, "guest_channel_join", {**GUS, "email": ""}, channel("C02", "odd; name")),
    entry(START + 6, "guest_expiration_cleared", BO, user(GUS)),
    entry(START + 7, "guest_deactivated", BO, user(GUS)),
    entry(START + 8, "guest_reactivated", BO, user(GUS)),
]


def test_a_guest_from_invitation_to_return() -> None:
    assert texts(guests(GUEST_LIFE)) == {
        "U0GUS": {
            "_key": "U0GUS",
            "named": f"{START + 8} gus@guest.example",
            "kind": f"{START + 8} SINGLE_CHANNEL_GUEST",
            "invited": f"{START + 8} guest_reactivated W0BO - bo@corp.example",
            "expiry": f"{START + 6} none",
            "state": f"{START + 8} guest_reactivated",
            "is_guest": "1",
            "channels": f"{START + 4} C01 project-x;{START + 5} C02 odd__name",
            "sources": PROD,
            "first": str(START + 1),
            "latest": str(START + 8),
            "seen": str(START + 5),
        }
    }


def test_only_a_guest_who_is_gone_may_grow_old() -> None:
    assert int(guests(GUEST_LIFE[:7])["U0GUS"]["last"]) == START + 7
    assert "last" not in guests(GUEST_LIFE)["U0GUS"]


def test_a_member_who_was_never_a_guest_is_not_taken_for_one() -> None:
    row = guests([entry(START, "role_change_to_user", ADA, user(BO))])["W0BO"]
    assert "is_guest" not in row
    row = guests([entry(START - 9, "role_change_to_guest", ADA, user(BO))], {"W0BO": row})["W0BO"]
    assert int(row["is_guest"]) == 1  # arrived late
    assert row["state"] == f"{START} role_change_to_user"


def test_a_guest_from_before_the_log_shows_up_with_a_sign_in() -> None:
    row = guests([entry(START, "user_login", GUS, user(GUS)), entry(START, "user_login", ADA, user(ADA))])
    assert set(row) == {"U0GUS"}
    assert {"invited", "expiry", "state"}.isdisjoint(row["U0GUS"])  # not seen, and not guessed
    assert (int(row["U0GUS"]["is_guest"]), int(row["U0GUS"]["seen"])) == (1, START)


@pytest.mark.parametrize(
    ("details", "expiry"),
    [({"expires_on": str(NOW)}, str(NOW)), ({"expires_on": None}, "unknown"), ({}, "unknown"), (None, "unknown")],
)
def test_an_expiry_date_that_is_not_told_is_unknown_and_not_none(details: Any, expiry: str) -> None:
    row = guests([entry(START, "guest_expiration_set", ADA, user(GUS), details=details)])["U0GUS"]
    assert row["expiry"] == f"{START} {expiry}"


def shared(at: int, step: str, who: Any, teams: Any = None, **details: Any) -> Entry:
    entity = channel("C0EXT", "ext-partner", **({"teams_shared_with": teams} if teams is not None else {}))
    return entry(START + at, f"external_shared_channel_{step}", who, entity, details=details or None)


CONNECTION = [
    shared(1, "invite_requested", BO),
    shared(2, "invite_created", ADA, origin_team="E0OURS"),
    shared(3, "invite_approved", ADA, origin_team="E0OURS", target_team="T0PARTNER"),
    shared(4, "invite_accepted", PAT, origin_team="E0OURS", target_team="T0PARTNER"),
    shared(5, "connected", PAT, ["T0PARTNER", "E0OURS"]),
    entry(START + 6, "user_deactivated", person("W0ROOT", team="E0OURS"), user(BO)),
    shared(7, "access_upgraded", ADA, ["T0PARTNER"]),
]


def test_a_connection_from_the_request_on() -> None:
    rows = texts(organisations(CONNECTION))
    assert rows["T0PARTNER|C0EXT"] == {
        "_key": "T0PARTNER|C0EXT",
        "organisation": "T0PARTNER",
        "channel": "C0EXT",
        "channel_name": f"{START + 7} ext-partner",
        "steps": f"{START + 3} external_shared_channel_invite_approved W0ADA ada@corp.example;"
        f"{START + 4} external_shared_channel_invite_accepted U0PAT pat@partner.example;"
        f"{START + 5} external_shared_channel_connected U0PAT pat@partner.example;"
        f"{START + 7} external_shared_channel_access_upgraded W0ADA ada@corp.example",
        "sources": PROD,
        "first": str(START + 3),
        "latest": str(START + 7),
    }
    assert rows["T0PARTNER|*"]["seen"] == str(START + 5)
    assert rows["T0PARTNER|*"]["is_sure"] == "1"
    assert rows["unknown|C0EXT"]["steps"].count(";") == 1  # asked for and invited, nobody named
    assert "E0OURS|own" in rows  # the administrator's team


def test_a_connection_that_ended_may_grow_old() -> None:
    ended = [*CONNECTION, shared(8, "disconnected", PAT, disconnecting_team="T0PARTNER")]
    assert int(organisations(ended)["T0PARTNER|C0EXT"]["last"]) == START + 8
    assert "last" not in organisations([*ended, shared(9, "reconnected", ADA, ["T0PARTNER"])])["T0PARTNER|C0EXT"]


def test_a_connection_stays_open_however_much_happens_in_it() -> None:
    later = [
        shared(100 + step, ("access_upgraded", "access_downgraded")[step % 2], ADA, ["T0PARTNER"]) for step in range(30)
    ]
    whole = organisations([*CONNECTION, *later])
    rows: Rows = {}
    for portion in (later[20:], CONNECTION[3:], later[:20], CONNECTION[:3]):
        rows = organisations(portion, rows)
    assert texts(rows) == texts(whole)
    assert "last" not in whole["T0PARTNER|C0EXT"]  # nothing of it is gone
    given = {"slack_audit_outside_organisations": list(whole.values())}
    (row,) = (
        row
        for row in search("| `slack_audit_reviewed_organisations`", [], now=NOW, lookups=given).rows
        if row["organisation"] == "T0PARTNER"
    )
    assert (int(row["is_present"]), int(row["open_channels"]), int(row["since"])) == (1, 1, START + 5)
    assert row["accepted_by"] == "pat@partner.example"
    ended = organisations([shared(90, "disconnected", PAT, disconnecting_team="T0PARTNER")], whole)
    assert int(ended["T0PARTNER|C0EXT"]["last"]) == START + 129  # it ended before, and that was told late


def test_direct_messages_and_the_approved_list() -> None:
    told = {"external_organization_id": "T0FAR", "external_organization_name": "Far Ltd"}
    address = {"external_user_email": "q@near.example"}
    rows = organisations(
        [
            entry(START + 1, "connect_dm_invite_accepted", ADA, user(ADA),
                  details={**told, "external_user_email": "P@Far.example"}),
            entry(START + 2, "connect_dm_invite_accepted", ADA, user(ADA), details=address),
            entry(START + 3, "approved_orgs_added", ADA, {"type": "enterprise", "enterprise": {"id": "E0OURS"}},
                  details={"added_team_id": "T0LISTED"}),
        ]
    )  # fmt: skip
    assert {"T0FAR|dm p@far.example", "near.example|dm q@near.example", "T0LISTED|approved list"} <= set(rows)
    assert rows["T0FAR|*"]["organisation_name"] == f"{START + 1} Far Ltd"


def test_what_its_people_do_is_seen_once_the_organisation_is_known() -> None:
    download = entry(START + 50, "file_downloaded", PAT, {"type": "file", "file": {"id": "F01", "name": "T0PARTNER"}})
    ours = entry(START + 60, "file_shared", ADA, {"type": "file", "file": {"id": "F02"}}, details={"team": "T0PARTNER"})
    known = organisations(CONNECTION)
    rows = organisations([download, ours], known)
    assert int(rows["T0PARTNER|*"]["seen"]) == START + 50  # not what we did about it
    assert organisations([download, ours]) == {}  # nothing known, nothing read


def test_an_organisation_that_turns_out_to_be_ours_lets_no_entry_through() -> None:
    known = organisations(CONNECTION)
    assert "E0OURS|*" in known  # named beside the partner when the partner accepted
    everyday = entry(START + 70, "user_login", person("W0ROOT", team="E0OURS"), user(ADA), place="E0OURS")
    assert texts(organisations([everyday], known)) == texts(known)


Learn = Callable[..., Rows]
TALES = [pytest.param(guests, GUEST_LIFE, id="guests"), pytest.param(organisations, CONNECTION, id="organisations")]


@pytest.mark.parametrize(("learn_all", "tale"), TALES)
def test_portions_in_any_order_give_the_same_rows(learn_all: Learn, tale: list[Entry]) -> None:
    whole = texts(learn_all(tale))
    first, middle, end = tale[:2], tale[2:5], tale[5:]
    for order in ([first, middle, end], [end, middle, first], [middle, end, first]):
        rows: Rows = {}
        for portion in order:
            rows = learn_all(portion, rows)
        assert texts(rows) == whole


@pytest.mark.parametrize(("learn_all", "tale"), TALES)
def test_copies_change_nothing(learn_all: Learn, tale: list[Entry]) -> None:
    once = learn_all(tale)
    assert texts(learn_all([*tale, *tale[::-1]])) == texts(once)
    assert texts(learn_all(tale[2:4], once)) == texts(once)
    assert texts(learn_all([], once)) == texts(once)


@pytest.mark.parametrize("name", variants())
@pytest.mark.parametrize(("learn_all", "tale"), TALES)
def test_no_open_point_of_the_language_matters(learn_all: Learn, tale: list[Entry], name: str) -> None:
    assert texts(learn_all(tale, switches=variants()[name])) == as_promised(learn_all, tuple(map(json.dumps, tale)))


@functools.lru_cache
def as_promised(learn_all: Learn, tale: tuple[str, ...]) -> dict[str, dict[str, str]]:
    return texts(learn_all([json.loads(one) for one in tale]))


def test_nothing_leaves_no_row() -> None:
    assert guests([]) == {} and organisations([]) == {}
    nameless = entry(START, "guest_created", ADA, {"type": "user", "user": {"name": "No id"}})
    assert guests([nameless]) == {}
