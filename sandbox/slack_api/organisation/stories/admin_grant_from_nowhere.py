"""S8: an administrator's account grants rights from an address it never used."""

from __future__ import annotations

from ..tales import Tale
from ..world import SIGN_INS, World, rented
from ..writing import user

NAME = "admin_grant_from_nowhere"
TALE = (
    "With an administrator's stolen password somebody signs in from a server that no colleague knows "
    "and, seven minutes later, makes a second account administrator from there."
)
RULE_IDS = ("U21", "U25", "U08")


def play(world: World, tale: Tale, monday: int) -> None:
    admin = world.pick("Berlin", role="admin")
    accomplice = world.pick("New York")
    world.make_known(admin)
    at = world.calendar.clock(monday + 3, "16:20:00", admin.site.zone)
    world.hush(admin, at - 3600, at + 3600, SIGN_INS)
    seat = rented("nowhere", 17, session=5_811_111_111_111)
    tale.add(world.sign_in(at, admin, seat, "password"))
    tale.add(
        world.writer.write(
            at + 420,
            "role_change_to_admin",
            admin.as_slack,
            user(accomplice),
            seat,
            workspace=accomplice.site.workspace,
        )
    )
    tale.about(admin.id, admin.email, accomplice.id, accomplice.email, seat.address)
