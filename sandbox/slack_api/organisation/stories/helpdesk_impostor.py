"""U77: an account takes the help desk's name."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, at_home
from ..writing import user

NAME = "helpdesk_impostor"
TALE = "A hijacked account in Tokyo calls itself IT Support, with a digit for a letter, before it asks for passwords."
RULE_IDS = ("U77",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Tokyo")
    at = world.calendar.clock(monday + 3, "11:20:00", person.site.zone)
    details = {
        "new_profile": {"real_name": "1T Support", "display_name": "1T Support"},
        "previous_profile": {"real_name": person.name, "display_name": person.name},
    }
    tale.add(
        world.writer.write(
            at,
            "user_profile_updated",
            person.as_slack,
            user(person),
            at_home(person),
            details=details,
            workspace=person.site.workspace,
        )
    )
    tale.about(person.id, person.email)
