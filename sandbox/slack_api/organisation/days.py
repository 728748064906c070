"""Ordinary days: people come, do their work, and go."""

from __future__ import annotations

import random
from typing import Callable

from .acts import ACTS
from .people import Person
from .world import World, at_home, at_office, on_phone, on_vpn, poisson
from .writing import Seat, user

ACTS_A_DAY = 7.6
ABSENCE = 0.09
WEEKEND_SHARE = 0.06
PASSWORD_MONDAY = 7
"""Every fourth week from this day on passwords have expired: everybody signs in, and many mistype."""


def live(world: World) -> None:
    """Write every person's days."""
    for person in world.people:
        luck = world.luck(f"days/{person.id}")
        if _uses_vpn(person):
            world.make_known(person)  # else the VPN's country would be the first that is known
        for day in range(max(0, person.joins_on), world.calendar.days):
            if world.calendar.is_working_day(day, person.site.name):
                if luck.random() >= ABSENCE or day == person.joins_on:
                    _work(world, luck, person, day)
            elif luck.random() < WEEKEND_SHARE:
                _weekend(world, luck, person, day)


def _work(world: World, luck: random.Random, person: Person, day: int) -> None:
    begin = person.starts_at + luck.randrange(-900, 1500)
    length = luck.randrange(30_000, 35_000)
    if day == person.joins_on:
        begin += 7200  # the account is made in the morning
    arrival = world.calendar.at(day, begin, person.site.zone)
    seat = _seat(luck, person, day)
    _sign_in(world, luck, person, arrival, seat, day)
    count = poisson(luck, ACTS_A_DAY * person.zeal)
    for _ in range(count):
        # Two humps: before and after lunch.
        share = luck.gauss(0.24, 0.11) if luck.random() < 0.48 else luck.gauss(0.68, 0.15)
        at = arrival + 120 + min(1.0, max(0.0, share)) * (length - 300)
        _act(world, luck, person, at, seat)
    if luck.random() < 0.3:
        for _ in range(luck.randrange(1, 4)):
            at = arrival - luck.randrange(600, 3600) if luck.random() < 0.5 else arrival + length + luck.randrange(5400)
            _act(world, luck, person, at, on_phone(person))
    if luck.random() < 0.12:
        workspace = person.site.workspace
        world.writer.write(arrival + length, "user_logout", person.as_slack, user(person), seat, workspace=workspace)


def _weekend(world: World, luck: random.Random, person: Person, day: int) -> None:
    at = world.calendar.at(day, luck.randrange(9 * 3600, 21 * 3600), person.site.zone)
    seat = on_phone(person) if luck.random() < 0.6 else at_home(person, luck.randrange(1, 0xFFF))
    for _ in range(luck.randrange(1, 4)):
        _act(world, luck, person, at, seat)
        at += luck.randrange(20, 900)


def _seat(luck: random.Random, person: Person, day: int) -> Seat:
    if luck.random() < person.office_days and day != person.joins_on:
        return at_office(person)
    if _uses_vpn(person) and day > 2 and luck.random() < 0.3:
        return on_vpn(person)
    return at_home(person, luck.randrange(1, 0xFFF))


def _uses_vpn(person: Person) -> bool:
    return person.site.name == "London" and person.number % 6 == 0 and person.joins_on < 0


def _sign_in(world: World, luck: random.Random, person: Person, at: float, seat: Seat, day: int) -> None:
    must = day == person.joins_on
    # Behind another carrier people sign in at home only; sessions last, so nobody signs in each day.
    elsewhere = not person.own_carrier and seat.address in (person.office_address, on_vpn(person).address)
    if not must and (elsewhere or luck.random() > (0.9 if day % 28 == PASSWORD_MONDAY else 0.38)):
        return
    typos = 0
    if luck.random() < (0.25 if day % 28 == PASSWORD_MONDAY else 0.06):
        typos = luck.choice((1, 1, 1, 2, 2, 3))
    for n in range(typos):
        world.fail_sign_in(at - (typos - n) * 25 + luck.randrange(10), person, seat)
    world.sign_in(at, person, seat, "magic_link" if person.is_contractor else "saml")


def _act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    _choose(luck)(world, luck, person, at, seat)


_Act = Callable[[World, random.Random, Person, float, Seat], None]
_TABLE: list[tuple[float, _Act]] = []
for _weight, _function in ACTS:
    _TABLE.append(((_TABLE[-1][0] if _TABLE else 0.0) + _weight, _function))


def _choose(luck: random.Random) -> _Act:
    at = luck.random() * _TABLE[-1][0]
    for bound, function in _TABLE:
        if at < bound:
            return function
    return _TABLE[-1][1]
