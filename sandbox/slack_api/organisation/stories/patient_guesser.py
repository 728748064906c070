"""S9: slow guessing that ends in a success."""

from __future__ import annotations

from ..tales import Tale
from ..world import SIGN_INS, World
from ..writing import Seat

NAME = "patient_guesser"
TALE = (
    "Somebody guesses an accountant's password, one try every three and a half minutes from two rented "
    "lines of her own carrier, too slowly for any spike; the ninth try is right."
)
RULE_IDS = ("U06",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Berlin", v6=True)
    world.make_known(person)
    at = world.calendar.clock(monday + 4, "09:10:00", person.site.zone)
    world.hush(person, at - 30_000, at + 20_000, SIGN_INS)
    ua = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0"
    seats = [Seat(person.site.homes.address(n), ua, None) for n in (60, 61)]
    for n in range(8):
        tale.add(world.fail_sign_in(at + 210 * n, person, seats[n % 2]))
    tale.add(world.sign_in(at + 210 * 8, person, Seat(seats[0].address, ua, 5_822_222_222_222), "password"))
    tale.about(person.id, person.email, *(seat.address for seat in seats))
