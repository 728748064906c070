"""S5: an outsider is let in by two doors."""

from __future__ import annotations

from ..administration import connect
from ..machines import PROVISIONER_SEAT
from ..tales import Tale
from ..world import World, at_office
from ..writing import Seat

NAME = "quiet_guest"
TALE = (
    "Somebody inside creates a guest with a freemail address, through a script that calls itself the "
    "identity provider, takes away the expiry date, and shares a channel with an organisation that "
    "nobody approved."
)
RULE_IDS = ("U49", "U50")


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Berlin")
    place = person.site.workspace
    at = world.calendar.clock(monday + 2, "15:10:00", person.site.zone)
    guest = {
        "id": "U0QUIETGST1",
        "name": "Robin Quiet",
        "email": "robin.quiet@freemail.example",
        "team": place,
        "account_type": "MULTI_CHANNEL_GUEST",
    }
    entity = {"type": "user", "user": guest}
    disguise = Seat(at_office(person).address, PROVISIONER_SEAT.ua, person.session)
    namesake = {
        "id": "A0FAKEKEYST",
        "name": "Keystone Identity",
        "scopes": ["admin.users:write"],
        "scopes_bot": [],
        "creator": person.id,
        "team": place,
    }
    tale.add(
        world.writer.write(
            at, "guest_created", person.as_slack, entity, disguise, workspace=place, app=namesake
        )
    )
    tale.add(
        world.writer.write(
            at + 600, "guest_expiration_cleared", person.as_slack, entity, at_office(person), workspace=place
        )
    )
    steps = ("invite_created", "invite_sent", "invite_approved", "invite_accepted", "connected")
    shared = connect(
        world,
        person,
        at + 1500,
        at_office(person),
        "T0NIGHTJAR1",
        "handover",
        tuple(f"external_shared_channel_{step}" for step in steps),
    )
    tale.add(*shared)
    tale.about(
        guest["id"],
        guest["email"],
        shared[0]["entity"]["channel"]["id"],
        "T0NIGHTJAR1",
        person.id,
        person.email,
    )
