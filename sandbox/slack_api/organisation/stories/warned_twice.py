"""U19: Slack warns of one account for two kinds of reasons."""

from __future__ import annotations

from ..tales import Tale
from ..world import World, rented
from ..writing import Object, user

NAME = "warned_twice"
TALE = "Slack finds a Londoner's account on an unusual network, and three hours later with a forged client."
RULE_IDS = ("U18", "U18.high", "U19")


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("London")
    at = world.calendar.clock(monday + 1, "12:15:00", person.site.zone)
    for later, address, reason in ((0, 5, ["asn", "ip_address"]), (10_900, 6, ["spoofed_user_agent"])):
        seat = rented("hammer", address, session=5_844_444_444_444)
        details: Object = {
            "reason": reason,
            "action_timestamp": int((at + later) * 1_000_000),
            "previous_ip_address": person.office_address,
            "previous_ua": person.desktop,
        }
        tale.add(world.writer.write(at + later, "anomaly", person.as_slack, user(person), seat, details=details))
        tale.about(seat.address)
    tale.about(person.id, person.email)
