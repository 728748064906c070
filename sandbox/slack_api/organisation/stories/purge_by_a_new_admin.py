"""U28: who was promoted in the morning purges in the afternoon."""

from __future__ import annotations

from ..administration import change_setting
from ..tales import Tale
from ..world import World, at_home
from ..writing import user

NAME = "purge_by_a_new_admin"
TALE = (
    "An owner is talked into making a helper administrator; two hours later the helper demotes two "
    "administrators and switches the second factor off."
)
RULE_IDS = ("U21", "U28", "U57.weakened")


def play(world: World, tale: Tale, monday: int) -> None:
    owner = world.people[1]
    helper = world.pick("Berlin")
    world.make_known(owner)
    world.make_known(helper)
    at = world.calendar.clock(monday + 2, "10:40:00", owner.site.zone)
    place = helper.site.workspace
    tale.add(
        world.writer.write(at, "role_change_to_admin", owner.as_slack, user(helper), at_home(owner), workspace=place)
    )
    admins = [person for person in world.people if person.role == "admin" and person.site.name == "Tokyo"]
    for n, admin in enumerate(admins[:2]):
        tale.add(
            world.writer.write(
                at + 7300 + 60 * n,
                "role_change_to_user",
                helper.as_slack,
                user(admin),
                at_home(helper),
                workspace=place,
            )
        )
    setting = ("pref.two_factor_auth_changed", "TWO_FACTOR_ENABLED", "TWO_FACTOR_DISABLED")
    tale.add(*change_setting(world, helper, at + 7500, at_home(helper), setting, copies=False))
    tale.about(helper.id, helper.email, owner.id, owner.email)
