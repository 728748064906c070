"""U54: somebody looks into channels without entering."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, at_home

NAME = "looking_into_every_room"
TALE = "A colleague's hijacked desktop previews nine public channels within six minutes and joins none."
RULE_IDS = ("U54",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Bangalore")
    at = world.calendar.clock(monday + 2, "19:45:00", person.site.zone)
    rooms = [channels[3] for channels in world.shelf.channels.values()][:9]
    for n, channel in enumerate(rooms):
        tale.add(
            world.writer.write(
                at + 40 * n,
                "public_channel_preview",
                person.as_slack,
                {"type": "channel", "channel": channel},
                at_home(person),
                workspace=person.site.workspace,
            )
        )
    tale.about(person.id, person.email)
