"""Who comes and goes by the identity provider: joiners, leavers, the end of contracts, groups, passkeys."""

from __future__ import annotations

import random

from .machines import PROVISIONER_SEAT, provision
from .people import Person
from .places import SITES
from .world import World, at_home
from .writing import Object, Seat, user

# How often a working day in an organisation of 5,000 people.
JOINERS, LEAVERS, PASSKEYS, CONTRACT_ENDS = 2.0, 2.0, 5.0, 14.0
_DESKTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Slack_SSB/4.47"


def live(world: World) -> None:
    """Play after every tale is cast: whoever leaves is in none."""
    staying = [person for person in world.extras() if not person.is_contractor]
    for day in range(world.calendar.days):
        luck = world.luck(f"directory/{day}")
        if not world.calendar.is_working_day(day, "Berlin"):
            continue
        for _ in range(world.times(luck, JOINERS)):
            _join(world, luck, day)
        for _ in range(world.times(luck, PASSKEYS)):
            _passkey(world, luck, luck.choice(staying), day)
        for _ in range(world.times(luck, LEAVERS)):
            if len(staying) > 20 and day > world.calendar.first_monday():
                _leave(world, luck, staying.pop(luck.randrange(len(staying))), day)
        if world.calendar.date_of(day + 1).month != world.calendar.date_of(day).month:
            _contracts_end(world, luck, day)


def _account(world: World, luck: random.Random, prefix: str) -> Object:
    account_id = f"{prefix}{luck.getrandbits(28):07X}"
    mail = f"{account_id.lower()}@halden.example"
    return {"id": account_id, "name": f"New {account_id[-4:]}", "email": mail, "team": "E0HALDEN00"}


def _join(world: World, luck: random.Random, day: int) -> None:
    """An account in the morning; its owner signs in from the office and looks round."""
    site = luck.choice(SITES)
    account = _account(world, luck, "W0NW")
    entity = {"type": "user", "user": account}
    at = world.calendar.at(day, luck.randrange(25_200, 28_800), site.zone)
    seat = Seat(site.office.address(luck.randrange(2)), _DESKTOP, 5_600_000_000_000 + luck.getrandbits(38))
    provision(world, at, "user_created", entity)
    write, place = world.writer.write, site.workspace
    write(at + 5, "user_joined_workspace", account, entity, PROVISIONER_SEAT, workspace=place)
    begin = at + 9000
    details: Object = {"authentication_method": "saml"}
    write(begin, "user_login", account, entity, seat, details=details, workspace=place)
    for n, channel in enumerate(luck.sample(world.shelf.channels["people"], 5)):
        where = {"type": "channel", "channel": channel}
        write(begin + 300 + 45 * n, "public_channel_preview", account, where, seat, workspace=place)
        write(begin + 310 + 45 * n, "user_channel_join", account, where, seat, workspace=place)


def _leave(world: World, luck: random.Random, person: Person, day: int) -> None:
    at = world.calendar.at(day, luck.randrange(61_200, 68_400), person.site.zone)
    provision(world, at, "user_deactivated", user(person), workspace=person.site.workspace)
    world.leave(person, at)


def _contracts_end(world: World, luck: random.Random, day: int) -> None:
    """On the last day of a month contracts end, a dozen and more accounts within minutes."""
    at = world.calendar.at(day, 64_800, "Europe/Berlin")
    for n in range(max(2, world.times(luck, CONTRACT_ENDS))):
        provision(world, at + 20 * n, "user_deactivated", {"type": "user", "user": _account(world, luck, "W0TP")})


def _passkey(world: World, luck: random.Random, person: Person, day: int) -> None:
    if not world.calendar.is_working_day(day, person.site.name):
        return
    at = world.calendar.at(day, luck.randrange(34_200, 61_200), person.site.zone)
    action = "user_passkey_removed" if luck.random() < 0.2 else "user_passkey_created"
    world.writer.write(at, action, person.as_slack, user(person), at_home(person), workspace=person.site.workspace)
