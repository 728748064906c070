"""Honest occurrences that rules do report: few, low, and worth a glance. Part of the ground truth."""

from __future__ import annotations

from .people import Person
from .places import HOTELS, Network
from .tales import Tale
from .things import APPROVED_APPS, Object
from .world import SIGN_INS, World, at_office
from .writing import Seat


def play(world: World) -> list[Tale]:
    """Everything of it that fits into the organisation's days."""
    days = world.calendar.days
    first, monday = world.calendar.first_monday(), world.calendar.story_monday()
    found: list[Tale] = []
    for number, day in enumerate((first + 2, first + 10, monday + 3)):
        if day < days:
            found.append(_approved_app(world, number, day))
    trips = (
        (first + 3, "Berlin", "Paris"),
        (first + 9, "London", "Amsterdam"),
        (monday + 2, "Bangalore", "Singapore"),
    )
    for day, site, city in trips:
        if day + 1 < days:
            found.append(_traveller(world, day, world.pick(site), HOTELS[city]))
    if first + 8 < days:
        found.append(_new_provider(world, first + 8))
    return found


def _approved_app(world: World, number: int, day: int) -> Tale:
    admin = next(
        p for p in world.people if p.role == "admin" and p.site.name == ("Berlin", "New York", "London")[number]
    )
    app = APPROVED_APPS[number]
    tale = Tale(f"approved_app_{number + 1}", f"An administrator installs {app['name']}, which is approved.", ("U29",))
    tale.about(app["id"], app["name"], admin.id, admin.email)
    at = world.calendar.clock(day, "10:30", admin.site.zone)
    for action, place, later in _steps(number, admin):
        tale.add(
            world.writer.write(
                at + later,
                action,
                admin.as_slack,
                {"type": "app", "app": app},
                at_office(admin),
                details={"is_internal_integration": False, "app_owner_id": "W0VENDOR001"},
                workspace=place,
            )
        )
    return tale


def _steps(number: int, admin: Person) -> list[tuple[str, str, int]]:
    if number == 1:  # one approval for all workspaces is reported once for each
        return [("org_app_workspace_added", place, 0) for place in ("T0HALDENDE", "T0HALDENUS", "T0HALDENAP")]
    place = admin.site.workspace
    return [("app_approved", place, 0), ("app_installed", place, 40)]


def _sign_in_away(world: World, tale: Tale, person: Person, at: float, address: str) -> Object:
    entry = world.staged(world.sign_in(at, person, Seat(address, person.phone, person.phone_session + 1)))
    tale.add(entry)
    tale.about(person.id, person.email, address)
    return entry


def _traveller(world: World, day: int, person: Person, hotel: Network) -> Tale:
    tale = Tale(
        f"traveller_{hotel.city.lower()}",
        f"{person.name} of {person.site.name} signs in from a hotel in {hotel.city}, two days in a row.",
        ("U07", "U08"),
    )
    world.make_known(person)
    world.hush(
        person,
        world.calendar.at(day, 0, person.site.zone),
        world.calendar.at(day + 2, 0, person.site.zone),
        SIGN_INS,
    )
    for n in (0, 1):
        at = world.calendar.clock(day + n, f"08:{20 + 7 * n}", person.site.zone)
        _sign_in_away(world, tale, person, at, hotel.address(person.number))
    return tale


def _new_provider(world: World, day: int) -> Tale:
    person = world.pick("New York")
    network = person.site.other_homes
    tale = Tale(
        "new_provider",
        f"{person.name} has changed the carrier at home and signs in over the new line.",
        ("U08",),
    )
    world.make_known(person)
    _sign_in_away(world, tale, person, world.calendar.clock(day, "20:15", person.site.zone), network.address(3))
    return tale
