"""S4: sign-ins from a country, and from a network, where the person never was."""

from __future__ import annotations

from ..tales import Tale
from ..world import SIGN_INS, World, rented

NAME = "stolen_session_abroad"
TALE = (
    "A phished Londoner's account signs in from a data centre in Iceland and looks at five files; an "
    "hour later a Berliner's does the same from a rented server in Germany."
)
RULE_IDS = ("U07", "U08")


def play(world: World, tale: Tale, monday: int) -> None:
    for site, network, wall in (("London", "abroad", "13:05:10"), ("Berlin", "domestic", "15:02:44")):
        person = world.pick(site)
        world.make_known(person)
        at = world.calendar.clock(monday + 3, wall, person.site.zone)
        world.hush(person, at - 1800, at + 7200, SIGN_INS)
        seat = rented(network, 9, session=5_800_000_000_000 + person.number)
        tale.about(person.id, person.email, seat.address)
        tale.add(world.sign_in(at, person, seat, "magic_link"))
        for n, file in enumerate(world.shelf.files[person.team][:5]):
            tale.add(world.download(at + 90 + 40 * n, person, file, seat))
