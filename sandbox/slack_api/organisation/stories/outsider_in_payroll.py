"""U52: a guest in a room that is not for guests."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, at_home
from ..writing import user

NAME = "outsider_in_payroll"
TALE = "A guest whom the directory created properly is put into the channel of the pay roll."
RULE_IDS = ("U52",)


def play(world: World, tale: Tale, monday: int) -> None:
    host = world.pick("Bangalore")
    place = host.site.workspace
    guest = {
        "id": "U0PAYGUEST1",
        "name": "Jo Guest",
        "email": "jo.guest@orchard.example",
        "team": place,
        "account_type": "MULTI_CHANNEL_GUEST",
    }
    channel = world.shelf.new_channel("payroll-asia", "private")
    at = world.calendar.clock(monday + 1, "15:30:00", host.site.zone)
    tale.add(
        world.writer.write(
            at,
            "guest_channel_join",
            guest,
            {"type": "channel", "channel": channel},
            at_home(host),
            details={"type": "INVITED", "inviter": user(host)},
            workspace=place,
        )
    )
    tale.about(guest["id"], guest["email"], channel["id"], host.email)
