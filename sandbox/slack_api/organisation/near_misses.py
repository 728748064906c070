"""Occurrences that look like trouble and are none: each is just short of a rule. Rules of other rows may note it."""

from __future__ import annotations

from typing import Callable

from .administration import SETTINGS, change_setting, connect, make_private_channel
from .machines import create_guest, fetch_files
from .tales import Tale
from .things import APPROVED_APPS, PARTNERS
from .world import DOWNLOADS, SIGN_INS, World, at_home, at_office, on_phone
from .writing import user


def play(world: World) -> list[Tale]:
    """All that fit into the days."""
    monday = world.calendar.story_monday()
    first = world.calendar.first_monday()
    found: list[Tale] = []
    plan: list[tuple[int, Callable[[World, int], Tale]]] = [
        (first + 7, _password_expiry),
        (first + 8, _four_failures),
        (first + 4, _film),
        (first + 9, _one_file_short),
        (first + 2, _proper_guest),
        (first + 3, _proper_partner),
        (first + 10, _last_second_of_the_day),
        (first + 10, _other_zones),
        (first + 11, _same_scopes),
        (first + 5, _channel_at_night),
        (first + 8, _demotion),
        (first + 10, _approved_app_then_files),
    ]
    if world.calendar.clocks_go_forward(monday + 4, monday + 7, "Europe/Berlin"):
        plan += [(monday + 4, _half_past_five_in_winter), (monday + 7, _half_past_eight_in_summer)]
    for day, play_one in plan:
        if day < world.calendar.days:
            tale = play_one(world, day)
            for entry in tale.entries:
                world.staged(entry)
            found.append(tale)
    return found


def _password_expiry(world: World, day: int) -> Tale:
    tale = Tale(
        "password_expiry_monday",
        "Passwords expired over the weekend: seven people mistype them from one"
        " office address, which is on the list of offices.",
    )
    at = world.calendar.clock(day, "09:02", "Europe/Berlin")
    # Even numbers share one of the office's two addresses.
    berliners = [p for p in world.people if p.site.name == "Berlin" and p.role == "member" and p.own_carrier]
    for n, person in enumerate([p for p in berliners if p.number % 2 == 0][:7]):
        world.hush(person, at - 3600, at + 7200, SIGN_INS)
        for m in range(3 if n < 4 else 2):
            tale.add(world.fail_sign_in(at + 50 * n + 15 * m, person, at_office(person)))
        tale.add(world.sign_in(at + 50 * n + 70, person, at_office(person)))
    return tale


def _four_failures(world: World, day: int) -> Tale:
    tale = Tale("four_failures_then_in", "Four wrong passwords, then the right one: one short of a burst.")
    person = world.pick("Berlin")
    world.make_known(person)
    at = world.calendar.clock(day, "08:41", person.site.zone)
    world.hush(person, at - 50_000, at + 7200, SIGN_INS)
    for n in range(4):
        tale.add(world.fail_sign_in(at + 30 * n, person, at_home(person)))
    tale.add(world.sign_in(at + 150, person, at_home(person)))
    return tale


def _film(world: World, day: int) -> Tale:
    tale = Tale("film_night", "One film is streamed: 480 downloads of one file.")
    person = world.people[30]
    film = {**world.shelf.new_file("people"), "name": "summer-party.mp4", "filetype": "video/mp4"}
    at = world.calendar.clock(day, "20:10", person.site.zone)
    for n in range(480):
        tale.add(world.download(at + 2 * n, person, film, on_phone(person)))
    return tale


def _one_file_short(world: World, day: int) -> Tale:
    tale = Tale("one_file_short", "29 different files in an hour: one below the threshold.")
    person = world.pick("London")
    at = world.calendar.clock(day, "13:20", person.site.zone)
    world.hush(person, at - 7200, at + 10_800, DOWNLOADS)
    tale.add(*fetch_files(world, world.luck("one_file_short"), person, at, 3400, 29, at_office(person)))
    return tale


def _proper_guest(world: World, day: int) -> Tale:
    tale = Tale("proper_guest", "The identity provider's app creates a guest.")
    luck = world.luck("proper_guest")
    tale.add(create_guest(world, luck, world.calendar.clock(day, "11:11", "Europe/Berlin")))
    return tale


def _proper_partner(world: World, day: int) -> Tale:
    tale = Tale("proper_partner", "A channel is shared with an approved organisation.")
    person = world.people[6]
    at = world.calendar.clock(day, "11:40", person.site.zone)
    steps = tuple(
        f"external_shared_channel_{step}" for step in ("invite_created", "invite_accepted", "connected")
    )
    tale.add(*connect(world, person, at, at_office(person), PARTNERS[0]["id"], "fjord", steps))
    return tale


def _last_second_of_the_day(world: World, day: int) -> Tale:
    tale = Tale(
        "last_second_of_the_day", "An owner changes a setting at 17:59:59 and another at 08:00:00 next day.",
        ("U56",),
    )
    owner = world.people[1]
    at = world.calendar.clock(day, "17:59:59", "Europe/Berlin")
    tale.add(*change_setting(world, owner, at, at_office(owner), SETTINGS[11], copies=False))
    if day + 1 < world.calendar.days:
        at = world.calendar.clock(day + 1, "08:00:00", "Europe/Berlin")
        tale.add(*change_setting(world, owner, at, at_home(owner), SETTINGS[9], copies=False))
    return tale


def _other_zones(world: World, day: int) -> Tale:
    tale = Tale(
        "morning_in_tokyo",
        "Administrators in Tokyo and New York work in their own office hours,"
        " which are night and evening at headquarters.",
    )
    for site, wall in (("Tokyo", "09:15"), ("New York", "15:30")):
        admin = next(p for p in world.people if p.role == "admin" and p.site.name == site)
        at = world.calendar.clock(day, wall, admin.site.zone)
        tale.add(*change_setting(world, admin, at, at_office(admin), SETTINGS[9], copies=False))
    return tale


def _same_scopes(world: World, day: int) -> Tale:
    tale = Tale("same_scopes_again", "An app that nobody approved renews its grant with the same scopes.")
    app = {
        "id": "A0OLDFRIEND",
        "name": "Old Friend",
        "is_distributed": True,
        "is_directory_approved": False,
        "is_workflow_app": False,
        "scopes": ["files:read", "users:read"],
        "bot_scopes": [],
    }
    person = world.people[33]
    details = {"new_scopes": ["users:read", "files:read"], "previous_scopes": ["files:read", "users:read"]}
    at = world.calendar.clock(day, "10:05", person.site.zone)
    tale.add(
        world.writer.write(
            at,
            "app_scopes_expanded",
            person.as_slack,
            {"type": "app", "app": app},
            at_home(person),
            details=details,
            workspace=person.site.workspace,
        )
    )
    return tale


def _channel_at_night(world: World, day: int) -> Tale:
    tale = Tale(
        "channel_at_night", "Somebody makes a private channel on a Saturday night and so becomes its manager."
    )
    person = world.people[35]
    at = world.calendar.clock(day, "23:30", person.site.zone)
    tale.add(*make_private_channel(world, person, at, at_home(person)))
    return tale


def _demotion(world: World, day: int) -> Tale:
    tale = Tale("demotion", "An administrator becomes an ordinary member again.", ("U23",))
    owner, target = world.people[2], world.people[36]
    at = world.calendar.clock(day, "14:00", owner.site.zone)
    tale.add(
        world.writer.write(
            at,
            "role_change_to_user",
            owner.as_slack,
            user(target),
            at_office(owner),
            workspace=target.site.workspace,
        )
    )
    return tale


def _approved_app_then_files(world: World, day: int) -> Tale:
    tale = Tale(
        "approved_app_then_files",
        "Twelve files are fetched in the hour after an approved app was installed by the same administrator.",
    )
    admin = next(p for p in world.people if p.role == "admin" and p.site.name == "New York")
    at = world.calendar.clock(day, "10:35", admin.site.zone)
    world.hush(admin, at - 7200, at + 7200, DOWNLOADS)
    tale.add(*fetch_files(world, world.luck("approved_then"), admin, at, 1800, 12, at_office(admin)))
    tale.about(APPROVED_APPS[1]["id"])
    return tale


def _half_past_five_in_winter(world: World, day: int) -> Tale:
    tale = Tale(
        "before_the_clocks_change",
        "On the Friday before the clocks change an owner starts an export at"
        " 16:30 UTC: 17:30 in Berlin, office hours.",
        ("U42",),
    )
    return _export(world, tale, day, "16:30")


def _half_past_eight_in_summer(world: World, day: int) -> Tale:
    tale = Tale(
        "after_the_clocks_change",
        "On the Monday after it an owner starts an export at 06:30 UTC: 08:30 in"
        " Berlin, though it was 07:30 a week ago.",
        ("U42",),
    )
    return _export(world, tale, day, "06:30")


def _export(world: World, tale: Tale, day: int, wall: str) -> Tale:
    owner = world.people[3]
    at = world.calendar.clock(day, wall)
    tale.add(
        world.writer.write(
            at,
            "channels_export_started",
            owner.as_slack,
            user(owner),
            at_office(owner),
            details={"export_type": "STANDARD"},
        )
    )
    tale.about(owner.id, owner.email)
    return tale
