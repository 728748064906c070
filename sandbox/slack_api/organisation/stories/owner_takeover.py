"""S2: first administrator, then owner."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, at_home
from ..writing import Object, user

NAME = "owner_takeover"
TALE = (
    "Malware on an owner's laptop makes a sleeper account administrator and, six minutes later, owner: "
    "in office hours and from the owner's own line."
)
RULE_IDS = ("U21", "U20")


def play(world: World, tale: Tale, monday: int) -> None:
    owner = world.people[3]
    sleeper = world.pick("London")
    tale.about(sleeper.id, sleeper.email, owner.id, owner.email)
    world.make_known(owner)
    at = world.calendar.clock(monday + 1, "11:20:14", owner.site.zone)

    def grant(seconds: int, action: str) -> Object:
        # The owner's home may have IPv6: then it is another host of the known /64.
        return world.writer.write(
            at + seconds,
            action,
            owner.as_slack,
            user(sleeper),
            at_home(owner, 0x77),
            workspace=sleeper.site.workspace,
        )

    tale.add(grant(0, "role_change_to_admin"), grant(372, "role_change_to_owner"))
