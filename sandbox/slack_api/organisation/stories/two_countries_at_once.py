"""U09: one account in two countries within the hour."""

from __future__ import annotations

from ..tales import Tale
from ..world import SIGN_INS, World, at_home, rented

NAME = "two_countries_at_once"
TALE = "A colleague signs in at home in New York; 25 minutes later his account signs in from Iceland."
RULE_IDS = ("U09", "U07", "U08")


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("New York")
    world.make_known(person)
    at = world.calendar.clock(monday + 1, "09:20:00", person.site.zone)
    world.hush(person, at - 7200, at + 20_000, SIGN_INS)
    seat = rented("abroad", 3, session=5_833_333_333_333)
    tale.add(world.sign_in(at, person, at_home(person)))
    tale.add(world.sign_in(at + 1500, person, seat))
    tale.about(person.id, person.email, seat.address)
