"""People on the move: phones that leave the Wi-Fi, the VPN switched on, journeys, forgotten passwords.

Most of it is nothing to a rule with a filled-in site profile. What remains is honest and belongs to a tale.
"""

from __future__ import annotations

import random

from .acts import on_canvas, on_channel
from .people import Person
from .places import CAFES, HOTELS
from .tales import Tale
from .world import SIGN_INS, World, at_home, on_phone, on_vpn
from .writing import Seat

# How often a day in an organisation of 5,000 people.
HAND_OVERS, VPN_SWITCHES, CAFE_VISITS, JOURNEYS = 60.0, 40.0, 1.0, 3.0
FORGETFUL, LOCKED_OUT = 0.2, 0.4
# A phone's session that began on the journey is a new one.
_JOURNEY_SESSION = 1_000_003


def play(world: World) -> list[Tale]:
    """A month on the road; returns what rules report of it."""
    cafes = Tale("cafe_wi_fi", "A phone leaves a cafe's Wi-Fi; the cafe's network is on no list.", ("U15",))
    journeys = Tale("journeys", "People sign in from hotels abroad, where they were not in a month.", ("U07", "U08"))
    forgetful = Tale("remembered_in_the_end", "Somebody mistypes a password five times or more, and gets in.", ("U06",))
    locked_out = Tale("locked_out", "A phone keeps an old password and tries it again and again.", ("U01",))
    away: dict[str, int] = {}
    extras = world.extras()
    for day in range(world.calendar.days):
        luck = world.luck(f"moving/{day}")
        at_work = [p for p in extras if world.calendar.is_working_day(day, p.site.name) and not p.is_contractor]
        if not at_work:
            continue
        for _ in range(world.times(luck, HAND_OVERS)):
            _hand_over(world, luck, luck.choice(at_work), day)
        for _ in range(world.times(luck, VPN_SWITCHES)):
            _vpn_switch(world, luck, luck.choice(at_work), day)
        for _ in range(world.times(luck, CAFE_VISITS)):
            _cafe(world, luck, cafes, luck.choice(at_work), day)
        for _ in range(world.times(luck, JOURNEYS)):
            person = luck.choice(at_work)
            if day >= away.get(person.id, 2) and day + 2 < world.calendar.days and person.own_carrier:
                away[person.id] = day + 4
                _journey(world, luck, journeys, person, day)
        for _ in range(world.times(luck, FORGETFUL)):
            _mistype(world, luck, forgetful, luck.choice(at_work), day, luck.randrange(5, 8), gets_in=True)
        for _ in range(world.times(luck, LOCKED_OUT)):
            _mistype(world, luck, locked_out, luck.choice(at_work), day, luck.randrange(12, 25), gets_in=False)
    return [tale for tale in (cafes, journeys, forgetful, locked_out) if tale.entries]


def _look(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    act = luck.choice((on_canvas("canvas_opened"), on_canvas("canvas_edited"), on_channel("channel_tab_added")))
    act(world, luck, person, at, seat)


def _hand_over(world: World, luck: random.Random, person: Person, day: int) -> None:
    """From the Wi-Fi at home to the street, in one session of the phone."""
    at = world.calendar.at(day, luck.randrange(27_000, 30_000), person.site.zone)
    at_door = Seat(at_home(person).address, person.phone, person.phone_session)
    _look(world, luck, person, at, at_door)
    _look(world, luck, person, at + luck.randrange(120, 1500), on_phone(person))


def _vpn_switch(world: World, luck: random.Random, person: Person, day: int) -> None:
    """The VPN comes on during the work at home, in the evening, when nobody's desktop is in the office."""
    at = world.calendar.at(day, luck.randrange(75_600, 79_200), person.site.zone)
    _look(world, luck, person, at, at_home(person))
    _look(world, luck, person, at + luck.randrange(60, 900), on_vpn(person))


def _cafe(world: World, luck: random.Random, tale: Tale, person: Person, day: int) -> None:
    at = world.calendar.at(day, luck.randrange(43_200, 50_400), person.site.zone)
    before = len(world.writer.entries)
    there = Seat(CAFES[person.site.name].address(luck.randrange(6)), person.phone, person.phone_session)
    _look(world, luck, person, at, there)
    _look(world, luck, person, at + luck.randrange(120, 1500), on_phone(person))
    tale.add(*world.writer.entries[before:])
    tale.about(person.id, person.email)


def _journey(world: World, luck: random.Random, tale: Tale, person: Person, day: int) -> None:
    zone = person.site.zone
    city = luck.choice([name for name, hotel in HOTELS.items() if hotel.country != person.home.country])
    hotel = HOTELS[city].address(luck.randrange(14))
    world.make_known(person)
    world.hush(person, world.calendar.at(day, 0, zone), world.calendar.at(day + 2, 0, zone), SIGN_INS)
    seat = Seat(hotel, person.phone, person.phone_session + _JOURNEY_SESSION + day)
    # In the evening, and on the next morning: no faster than a plane from or to home.
    for at in (world.calendar.at(day, 72_000, zone), world.calendar.at(day + 1, 30_600, zone)):
        tale.add(world.sign_in(at, person, seat))
    tale.about(person.id, person.email, hotel)


def _mistype(
    world: World, luck: random.Random, tale: Tale, person: Person, day: int, tries: int, gets_in: bool
) -> None:
    at = world.calendar.at(day, luck.randrange(64_800, 72_000), person.site.zone)
    world.make_known(person)
    world.hush(person, at - 20_000, at + 7200, SIGN_INS)
    for n in range(tries):
        tale.add(world.fail_sign_in(at + 24 * n, person, at_home(person)))
    if gets_in:
        tale.add(world.sign_in(at + 24 * tries + 30, person, at_home(person)))
    tale.about(person.id, person.email)
