"""U15: a stolen cookie works beside its owner."""

from __future__ import annotations

from ..acts import on_canvas
from ..tales import Tale
from ..world import World, at_home, rented

NAME = "cookie_in_two_places"
TALE = (
    "While an engineer in Bengaluru writes in a canvas, the cookie of her desktop fetches five files from a "
    "rented server in Germany; nobody signs in anywhere."
)
RULE_IDS = ("U15",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Bangalore")
    luck = world.luck(NAME)
    at = world.calendar.clock(monday + 2, "11:00:00", person.site.zone)
    before = len(world.writer.entries)
    for n in range(4):
        on_canvas("canvas_edited")(world, luck, person, at + 400 * n, at_home(person))
    tale.add(*world.writer.entries[before:])
    thief = rented("domestic", 21, person.desktop, person.session)
    for n, file in enumerate(world.shelf.files[person.team][10:15]):
        tale.add(world.download(at + 500 + 50 * n, person, file, thief))
    tale.about(person.id, person.email, thief.address, f"{person.id}|{person.session}")
