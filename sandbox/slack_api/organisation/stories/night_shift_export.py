"""S10: an owner-level change that is out of hours only if the clocks were changed."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, at_office
from ..writing import enterprise

NAME = "night_shift_export"
TALE = (
    "On the first working day of summer time an owner's account starts an export of everything at 16:30 "
    "UTC, which is 18:30 in Berlin since yesterday, and shortens the retention of public channels ten "
    "minutes later."
)
RULE_IDS = ("U27",)


def play(world: World, tale: Tale, monday: int) -> None:
    owner = world.people[2]
    world.make_known(owner)
    at = world.calendar.clock(monday + 7, "18:30:00", owner.site.zone)
    seat = at_office(owner)
    tale.add(
        world.writer.write(
            at,
            "manual_export_started",
            owner.as_slack,
            enterprise(),
            seat,
            details={
                "export_type": "FULL",
                "export_start_ts": "2018-03-01 00:00:00",
                "export_end_ts": "2026-03-30 00:00:00",
            },
        )
    )
    tale.add(
        world.writer.write(
            at + 611,
            "pref.public_channel_retention_changed",
            owner.as_slack,
            enterprise(),
            seat,
            details={"new_value": {"type": "DELETE", "duration_days": 1}, "previous_value": None},
        )
    )
    tale.about(owner.id, owner.email)
