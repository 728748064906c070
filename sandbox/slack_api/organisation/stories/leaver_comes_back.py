"""U11: an account that was switched off signs in."""

from __future__ import annotations

from ..machines import provision
from ..tales import Tale
from ..world import World, at_home
from ..writing import user

NAME = "leaver_comes_back"
TALE = (
    "The directory switches off a salesman's account on Tuesday evening; on Thursday it signs in from "
    "his home, by a password that nobody took away."
)
RULE_IDS = ("U11",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("New York")
    world.make_known(person)
    gone = world.calendar.clock(monday + 1, "18:30:00", person.site.zone)
    world.leave(person, gone)
    place = person.site.workspace
    tale.add(provision(world, gone, "user_deactivated", user(person), workspace=place))
    back = world.calendar.clock(monday + 3, "21:05:00", person.site.zone)
    tale.add(world.sign_in(back, person, at_home(person), "password"))
    for n, file in enumerate(world.shelf.files[person.team][:6]):
        tale.add(world.download(back + 60 + 45 * n, person, file, at_home(person)))
    tale.about(person.id, person.email)
