"""What owners and administrators do: their chores, in the office hours of their own zone, from known places.

Owner-level changes outside office hours would be findings, so chores never leave 09:30 to 16:30 of a
working day.
"""

from __future__ import annotations

import json
import random
from typing import Any

from .people import WORKSPACES, Person
from .places import SITES
from .things import APPROVED_APPS, PARTNERS
from .world import World, at_home, at_office
from .writing import Object, Seat, enterprise, user, workspace

# Settings with values of every type that details can hold: (action, previous, new).
SETTINGS: list[tuple[str, Any, Any]] = [
    ("pref.who_can_create_private_channels", {"type": ["ORG_ADMINS_AND_OWNERS"]}, {"type": ["everyone"]}),
    ("pref.enterprise_default_channels", ["C0GENERAL01"], ["C0GENERAL01", "C0NEWS00001"]),
    ("pref.msg_edit_window_mins", -1, 60),
    ("pref.dnd_enabled", False, True),
    ("pref.display_real_names", True, False),
    ("pref.custom_tos", "", "https://halden.example/terms"),
    ("pref.allow_huddles", "true", "false"),
    ("pref.who_can_manage_guests", {"type": ["everyone"]}, {"type": ["ADMINS_AND_OWNERS"], "user": []}),
    ("pref.required_minimum_mobile_version_changed", None, "25.11"),
    (
        "pref.file_retention_changed",
        {"type": "DELETE", "duration_days": 1095},
        {"type": "DELETE", "duration_days": 1460},
    ),
    ("pref.two_factor_auth_changed", "TWO_FACTOR_DISABLED", "TWO_FACTOR_ENABLED"),
    ("pref.sso_setting_changed", "SSO_REQUIRED_EXCEPT_GUESTS", "SSO_REQUIRED"),
]


def live(world: World) -> None:
    for person in world.people:
        if person.role == "member":
            continue
        luck = world.luck(f"administration/{person.id}")
        for day in range(world.calendar.days):
            if world.calendar.is_working_day(day, person.site.name) and luck.random() < 0.75:
                for _ in range(luck.randrange(1, 4)):
                    at = world.calendar.at(day, luck.randrange(34_200, 59_400), person.site.zone)
                    seat = (
                        at_office(person)
                        if luck.random() < 0.6
                        else at_home(person, luck.randrange(1, 0xFFF))
                    )
                    luck.choice(_CHORES)(world, luck, person, at, seat)
    _partners(world)
    _scheduled_exports(world)


def change_setting(
    world: World, person: Person, at: float, seat: Seat, setting: tuple[str, Any, Any], copies: bool = True
) -> list[Object]:
    """One change on the organisation; the workspaces report it, too, from 127.0.0.1 and without a client."""
    action, previous, new = setting
    details: Object = {"new_value": new, "previous_value": previous}
    if previous is None:
        del details["previous_value"]
    found = [world.writer.write(at, action, person.as_slack, enterprise(), seat, details=details)]
    for workspace_id in WORKSPACES if copies else ():
        found.append(
            world.writer.write(
                at,
                action,
                person.as_slack,
                workspace(workspace_id),
                Seat("127.0.0.1", "", None),
                details=details,
                workspace=workspace_id,
            )
        )
    return found


def _setting(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    change_setting(world, person, at, seat, luck.choice(SETTINGS), copies=luck.random() < 0.4)


def _reset_sessions(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    target = luck.choice(world.people)
    flags = {"mobile_only": False, "web_only": luck.random() < 0.5}
    world.writer.write(at, "user_session_reset_by_admin", person.as_slack, user(target), seat, details=flags)


def _bulk_reset(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    done: Any = [other.id for other in luck.sample(world.people, 5)]
    details: Object = {
        "succeeded_users": json.dumps(done) if luck.random() < 0.5 else done,
        "failed_users": [],
    }
    world.writer.write(
        at, "bulk_session_reset_by_admin", person.as_slack, enterprise(), seat, details=details
    )


def _restrict_app(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    app = {
        "id": f"A0ASKED{luck.randrange(9999):04d}",
        "name": "Requested helper",
        "is_distributed": True,
        "is_directory_approved": False,
        "is_workflow_app": False,
        "scopes": ["files:read"],
        "bot_scopes": [],
    }
    action = luck.choice(("app_restricted", "app_uninstalled"))
    world.writer.write(at, action, person.as_slack, {"type": "app", "app": app}, seat)


def _same_scopes(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    """An expansion that expands nothing: the same set in another order, or less."""
    app = APPROVED_APPS[0]
    scopes = list(app["bot_scopes"])
    details = {
        "new_scopes": scopes[::-1],
        "previous_scopes": scopes,
        "granular_bot_token": True,
        "is_internal_integration": False,
    }
    world.writer.write(
        at, "app_scopes_expanded", person.as_slack, {"type": "app", "app": app}, seat, details=details
    )


def _search_logs(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    world.writer.write(at, "audit_logs_records_searched", person.as_slack, enterprise(), seat)


def _end_guest(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    guest = {
        "id": f"U0OLDGST{luck.randrange(999):03d}",
        "name": "Former guest",
        "email": "",
        "team": "T0HALDENDE",
    }
    action = luck.choice(("guest_deactivated", "guest_expired"))
    world.writer.write(
        at, action, person.as_slack, {"type": "user", "user": guest}, seat, workspace="T0HALDENDE"
    )


def _assign_permission(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    role = {"id": 3, "name": "MULTI_CHANNEL_GUEST"}
    details = {"changed_permissions": ["CREATE_PRIVATE_CHANNEL"], "target_entity_id": person.site.workspace}
    world.writer.write(
        at,
        "permissions_removed",
        person.as_slack,
        {"type": "account_type_role", "account_type_role": role},
        seat,
        details=details,
    )


def _ranges(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    details = {"ip_ranges": [site.office.cidr for site in SITES]}
    world.writer.write(
        at,
        "team_authorized_ip_range_set",
        person.as_slack,
        workspace(person.site.workspace),
        seat,
        details=details,
        workspace=person.site.workspace,
    )


def _archive_channel(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    channel = luck.choice(world.shelf.channels[person.team])
    world.writer.write(
        at,
        "public_channel_archive",
        person.as_slack,
        {"type": "channel", "channel": channel},
        seat,
        workspace=person.site.workspace,
    )


def _private_channel(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    make_private_channel(world, person, at, seat)


def make_private_channel(world: World, person: Person, at: float, seat: Seat) -> list[Object]:
    """Whoever makes a channel becomes its manager in the same second; that is no promotion."""
    channel = world.shelf.new_channel(f"{person.team}-private", "private")
    role = {"type": "role", "role": {"id": "Rl0A", "name": "Channel Manager", "type": "0"}}
    details = {"target_user": person.id, "target_entity": channel["id"]}
    place = person.site.workspace
    return [
        world.writer.write(
            at, "role_assigned", person.as_slack, role, seat, details=details, workspace=place
        ),
        world.writer.write(
            at,
            "private_channel_created",
            person.as_slack,
            {"type": "channel", "channel": channel},
            seat,
            workspace=place,
        ),
    ]


_CHORES = (
    _setting,
    _setting,
    _reset_sessions,
    _reset_sessions,
    _bulk_reset,
    _restrict_app,
    _same_scopes,
    _search_logs,
    _search_logs,
    _end_guest,
    _end_guest,
    _assign_permission,
    _ranges,
    _archive_channel,
    _private_channel,
)


def connect(
    world: World, person: Person, at: float, seat: Seat, partner_id: str, name: str, actions: tuple[str, ...]
) -> list[Object]:
    """A shared channel with another organisation, step by step, a minute each."""
    channel = {**world.shelf.new_channel(f"ext-{name}"), "is_shared": True, "teams_shared_with": [partner_id]}
    details = {"origin_team": "E0HALDEN00", "target_team": partner_id}
    return [
        world.writer.write(
            at + 60 * n,
            action,
            person.as_slack,
            {"type": "channel", "channel": channel},
            seat,
            details=details,
            workspace=person.site.workspace,
        )
        for n, action in enumerate(actions)
    ]


def _partners(world: World) -> None:
    """Channels with approved partners come up; invitations of strangers are declined or run out."""
    luck = world.luck("partners")
    for day in range(world.calendar.days):
        if not world.calendar.is_working_day(day, "Berlin") or luck.random() > 0.3:
            continue
        person = luck.choice(world.people[:16])
        at = world.calendar.at(day, luck.randrange(36_000, 54_000), person.site.zone)
        if luck.random() < 0.6:
            partner = luck.choice(PARTNERS)
            steps = connect(
                world,
                person,
                at,
                at_office(person),
                partner["id"],
                partner["name"].split()[0].lower(),
                (
                    "external_shared_channel_invite_created",
                    "external_shared_channel_invite_sent",
                    "external_shared_channel_invite_approved",
                    "external_shared_channel_invite_accepted",
                    "external_shared_channel_connected",
                ),
            )
            _meet(world, person, at + 3600, partner, steps[0]["entity"])
        else:
            ending = luck.choice(("declined", "expired", "revoked"))
            connect(
                world,
                person,
                at,
                at_office(person),
                "T0STRANGER1",
                "unknown",
                (f"external_shared_channel_invite_{ending}",),
            )


def _meet(world: World, person: Person, at: float, partner: Object, channel: Object) -> None:
    """Somebody of the partner comes into the shared channel, gets a file and sends one back."""
    visitor = {"id": f"U0VISIT{partner['id'][-4:]}", "name": partner["name"], "email": "", "team": partner["id"]}
    away, seat, place = Seat("", "", None), at_office(person), person.site.workspace
    world.writer.write(at, "user_channel_join", visitor, channel, away, workspace=place)
    shared = {"is_ext_shared": True, "teams_shared_with": [partner["id"]]}
    shared = {**shared, "shared_with": {"channel_id": channel["channel"]["id"]}}
    for sender, reader, n in ((person.as_slack, visitor, 0), (visitor, person.as_slack, 1)):
        entity = {"type": "file", "file": world.shelf.new_file(person.team)}
        theirs, ours = (away, seat) if sender is visitor else (seat, away)
        at_once = at + 600 + 900 * n
        world.writer.write(at_once, "file_uploaded", sender, entity, theirs, workspace=place)
        world.writer.write(at_once + 2, "file_shared", sender, entity, theirs, workspace=place, details=shared)
        world.writer.write(at_once + 300, "file_downloaded", reader, entity, ours, workspace=place)


def _scheduled_exports(world: World) -> None:
    """The archive's export, each Wednesday at noon."""
    owner = world.people[0]
    for day in range(world.calendar.days):
        if world.calendar.date_of(day).weekday() == 2 and world.calendar.is_working_day(day, "Berlin"):
            at = world.calendar.at(day, 43_200, "Europe/Berlin")
            for n, step in enumerate(("started", "completed")):
                world.writer.write(
                    at + 600 * n,
                    f"scheduled_export_{step}",
                    owner.as_slack,
                    enterprise(),
                    at_office(owner),
                    details={"export_type": "STANDARD"},
                )
