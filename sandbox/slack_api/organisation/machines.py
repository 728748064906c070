"""What programs do: the identity provider, the archive, the film player, Slack's own anomaly detection."""

from __future__ import annotations

import random
from typing import Any

from .people import Person
from .places import CLOUD
from .things import ARCHIVE, PROVISIONER, as_context_app
from .world import DOWNLOADS, World, at_home, on_phone
from .writing import Object, Seat, enterprise, user, workspace

SERVICE_USER = {
    "id": "W0SVCIDENT1",
    "name": "svc-identity",
    "email": "svc-identity@halden.example",
    "team": "E0HALDEN00",
}
PROVISIONER_SEAT = Seat(CLOUD.address(1), "Keystone Identity Slack Integration", None)
ARCHIVE_SEAT = Seat(CLOUD.address(2), "Vaultline/3.2", None)


def live(world: World) -> None:
    for day in range(world.calendar.days):
        luck = world.luck(f"machines/{day}")
        if world.calendar.is_working_day(day, "Berlin"):
            _provision(world, luck, day)
        if day % 7 in (1, 3):
            _archive(world, luck, day)
        for act, a_day in ((_stream_film, 7.0), (_heavy_day, 8.0), (_anomaly, 7.0)):
            for _ in range(world.times(luck, a_day)):
                act(world, luck, day)
    _onboard(world)


def provision(world: World, at: float, action: str, entity: Object, **more: Any) -> Object:
    """One act of the identity provider's app."""
    return world.writer.write(
        at, action, SERVICE_USER, entity, PROVISIONER_SEAT, app=as_context_app(PROVISIONER), **more
    )


def _provision(world: World, luck: random.Random, day: int) -> None:
    at = world.calendar.at(day, luck.randrange(10 * 3600, 15 * 3600), "Europe/Berlin")
    for n in range(luck.randrange(4, 14)):
        person = luck.choice(world.people)
        group = {"id": f"S0GROUP{luck.randrange(40):04d}", "name": f"idp-{person.team}"}
        action = "user_removed_from_usergroup" if luck.random() < 0.2 else "user_added_to_usergroup"
        details = {"type": "INVITED", "inviter": {"type": "user", "user": SERVICE_USER}}
        world.writer.write(
            at + n,
            action,
            person.as_slack,
            {"type": "usergroup", "usergroup": group},
            PROVISIONER_SEAT,
            details=details,
            app=as_context_app(PROVISIONER),
        )
    leaver = luck.choice(world.people)
    if luck.random() < 0.3:
        details = {
            "policy_name": "email_password",
            "authentication_mode": "EMAIL_PASSWORD",
            "entity_ids": f"[{leaver.id}]",
        }
        provision(world, at + 30, "auth_policy_entity_removed", enterprise(), details=details)
    for n in range(world.times(luck, 7.0)):
        create_guest(world, luck, at + 60 + n)


def create_guest(world: World, luck: random.Random, at: float) -> Object:
    """A guest, created the proper way. The guest comes, and looks round in one channel."""
    number = luck.randrange(10_000)
    guest = {
        "id": f"U0GUEST{number:04d}",
        "name": f"Guest {number}",
        "team": "T0HALDENDE",
        "email": f"guest.{number}@orchard.example",
        "account_type": "MULTI_CHANNEL_GUEST",
    }
    entity = {"type": "user", "user": guest}
    created = provision(world, at, "guest_created", entity, workspace="T0HALDENDE")
    provision(world, at + 1, "guest_expiration_set", entity, details={"expires_on": int(at) + 90 * 86_400})
    seat = Seat("", "", None)
    world.writer.write(at + 900, "guest_joined_workspace", guest, entity, seat, workspace="T0HALDENDE")
    channel = {"type": "channel", "channel": luck.choice(world.shelf.channels["support"])}
    world.writer.write(at + 960, "guest_channel_join", guest, channel, seat, workspace="T0HALDENDE")
    return created


def _archive(world: World, luck: random.Random, day: int) -> None:
    """The legal archive fetches files by hundreds, under the name of the owner who installed it."""
    owner = world.people[0]
    at = world.calendar.at(day, 3600, "Europe/Berlin")
    files = [file for team in world.shelf.files.values() for file in team]
    for n, file in enumerate(luck.sample(files, 110)):
        world.download(at + 20 * n, owner, file, ARCHIVE_SEAT, as_context_app(ARCHIVE))


def _stream_film(world: World, luck: random.Random, day: int) -> None:
    """A player fetches one film in hundreds of pieces."""
    person = luck.choice(world.people)
    file = world.shelf.new_file(person.team)
    film = {**file, "name": f"all-hands-{day}.mp4", "filetype": "video/mp4", "title": "All hands"}
    at = world.calendar.at(day, luck.randrange(11 * 3600, 19 * 3600), person.site.zone)
    if person.joins_on > day:
        return
    for n in range(luck.randrange(150, 420)):
        world.download(at + 3 * n + luck.randrange(3), person, film, on_phone(person))


def _heavy_day(world: World, luck: random.Random, day: int) -> None:
    """Somebody prepares a meeting: many files, though not enough to alarm anybody."""
    person = luck.choice(world.people)
    if not world.calendar.is_working_day(day, person.site.name) or person.joins_on > day:
        return
    at = world.calendar.at(day, luck.randrange(10 * 3600, 15 * 3600), person.site.zone)
    # The rest of the day's downloads would add to these.
    world.hush(person, at - 4000, at + 8000, DOWNLOADS)
    fetch_files(world, luck, person, at, 2600, luck.randrange(14, 25), at_home(person))


def fetch_files(
    world: World, luck: random.Random, person: Person, at: float, seconds: float, count: int, seat: Seat
) -> list[Object]:
    """`count` different files within `seconds`, staged: they are not hushed."""
    files = luck.sample(world.shelf.files[person.team], count)
    step = seconds / max(1, count - 1)
    return [world.staged(world.download(at + step * n, person, file, seat)) for n, file in enumerate(files)]


_REASONS = (
    ["ip_address"],
    ["asn", "ip_address"],
    ["user_agent"],
    ["ip_address", "user_agent"],
    ["unexpected_user_agent", "user_agent"],
    ["unexpected_api_call_volume"],
)


def _anomaly(world: World, luck: random.Random, day: int) -> None:
    person = luck.choice(world.people)
    at = world.calendar.at(day, luck.randrange(8 * 3600, 20 * 3600), person.site.zone)
    seat = on_phone(person)
    reason = luck.choice(_REASONS)
    details: Object = {
        "reason": reason,
        "action_timestamp": int((at - luck.uniform(0.4, 50)) * 1_000_000),
        "location": f"{person.site.name}, {person.home.country[:2].upper()}",
        "previous_ip_address": luck.choice(("", person.office_address)),
        "previous_ua": "",
    }
    if "asn" in reason:
        details["ip_address_details"] = ["new-asn"]
    if "user_agent" in reason:
        details["user_agent_change_details"] = ["interface-downgrade"]
    world.writer.write(at, "anomaly", person.as_slack, user(person), seat, details=details)


def _onboard(world: World) -> None:
    """The onboarding day: accounts, then everybody is put into the same channels."""
    day = world.onboarding_day
    if day >= world.calendar.days:
        return
    luck = world.luck("onboarding")
    host = world.people[5]
    for n, person in enumerate(world.newcomers):
        at = world.calendar.at(day, 7 * 3600 + 60 * n, person.site.zone)
        provision(world, at, "user_created", user(person))
        world.writer.write(
            at + 5,
            "user_joined_workspace",
            person.as_slack,
            user(person),
            PROVISIONER_SEAT,
            workspace=person.site.workspace,
        )
        for m, channel in enumerate(luck.sample(world.shelf.channels[person.team], 6)):
            details = {"type": "INVITED", "inviter": user(host)}
            world.writer.write(
                at + 7500 + m,
                "user_channel_join",
                person.as_slack,
                {"type": "channel", "channel": channel},
                at_home(host),
                details=details,
                workspace=person.site.workspace,
            )
        world.writer.write(
            at + 7600,
            "custom_tos_accepted",
            person.as_slack,
            workspace(person.site.workspace),
            at_home(person),
            workspace=person.site.workspace,
        )
