"""S3: many accounts from one source, and one account many times."""

from __future__ import annotations

from ..places import RENTED_V6
from ..tales import Tale
from ..world import SIGN_INS, World, rented
from ..writing import Seat

NAME = "password_spray"
TALE = (
    "A rented machine tries two passwords on each of 26 accounts, hopping through one IPv6 /64, across "
    "the full hour; meanwhile another hammers one account from one address. Nobody gets in."
)
RULE_IDS = ("U02", "U01")

_NETWORK = RENTED_V6.cidr.split("::")[0] + ":7"
_UA = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"


def play(world: World, tale: Tale, monday: int) -> None:
    at = world.calendar.clock(monday + 2, "01:55:20")  # night in Europe
    targets = [p for p in world.people if p.site.name in ("Berlin", "London") and p.role == "member"][10:36]
    for n in range(2 * len(targets)):
        target = targets[n % len(targets)]
        # One network, many hosts, two spellings.
        host = f"{_NETWORK}::{n + 1:x}" if n % 3 else f"2001:0DB8:0BAD:0007:0:0:0:{n + 1:04X}"
        tale.add(world.fail_sign_in(at + 11 * n, target, Seat(host, _UA)))
    tale.about(f"{_NETWORK}::", f"{_NETWORK}::/64")

    victim = world.pick("Berlin")
    seat = rented("hammer", 4, _UA)
    for n in range(14):
        tale.add(world.fail_sign_in(at + 70 + 37 * n, victim, seat))
    tale.about(victim.id, victim.email, seat.address)
    for target in [*targets, victim]:
        world.hush(target, at - 3600, at + 3600, SIGN_INS)
