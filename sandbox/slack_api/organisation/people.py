"""The people: who they are, where they sit, how they connect. No acts yet."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from . import names
from .places import SITES, Network, Site

ENTERPRISE = {"id": "E0HALDEN00", "name": "Halden Works", "domain": "halden"}
WORKSPACES: dict[str, dict[str, str]] = {
    "T0HALDENDE": {"id": "T0HALDENDE", "name": "Halden Europe", "domain": "halden-europe"},
    "T0HALDENUS": {"id": "T0HALDENUS", "name": "Halden Americas", "domain": "halden-americas"},
    "T0HALDENAP": {"id": "T0HALDENAP", "name": "Halden Asia", "domain": "halden-asia"},
}
FEWEST_PEOPLE = 100
OWNERS, ADMINS = 4, 12


@dataclass
class Person:
    """One account and its habits.

    Attributes:
        own_carrier: False for a home behind another carrier than the office's: sign-ins at home only.
        starts_at: when the working day begins, local seconds after midnight.
        zeal: how much somebody does in a day, 1 is average.
        joins_on: day on which the account is created; -1 means long ago.
        as_slack: the `user` object of entries.
    """

    number: int
    id: str
    name: str
    email: str
    site: Site
    team: str
    role: str
    home: Network
    home_address: str
    phone_address: str
    own_carrier: bool
    desktop: str
    phone: str
    session: int
    phone_session: int
    office_days: float
    starts_at: int
    zeal: float
    joins_on: int = -1
    as_slack: dict[str, Any] = field(default_factory=dict)

    @property
    def is_contractor(self) -> bool:
        """Works here for another company, without an account in the directory: signs in by an e-mailed link."""
        return self.role == "member" and self.number % 60 == 59

    @property
    def office_address(self) -> str:
        return self.site.office.address(self.number % 2)


def invent(seed: int, count: int) -> list[Person]:
    """`count` people, spread over the sites; the same for the same seed.

    Owners come first (Berlin), then administrators of all sites, then everybody else.

    Raises:
        ValueError: too few people for the stories' cast.
    """
    if count < FEWEST_PEOPLE:
        raise ValueError(f"an organisation needs at least {FEWEST_PEOPLE} people for its stories, not {count}")
    draw = random.Random(f"people/{seed}")  # noqa: S311
    taken: dict[str, int] = {}
    people = []
    for number in range(count):
        role = "owner" if number < OWNERS else "admin" if number < OWNERS + ADMINS else "member"
        people.append(_person(draw, number, role, _site(draw, number), taken))
    _make_namesakes(people)
    return people


def _site(draw: random.Random, number: int) -> Site:
    if number < OWNERS + ADMINS:
        return SITES[0] if number < OWNERS else SITES[number % len(SITES)]
    at = draw.randrange(1000)
    for site in SITES:
        at -= site.share
        if at < 0:
            return site
    return SITES[0]


def _person(draw: random.Random, number: int, role: str, site: Site, taken: dict[str, int]) -> Person:
    name = f"{draw.choice(names.FIRST[site.name])} {draw.choice(names.LAST[site.name])}"
    person_id = f"{'U' if number % 7 == 6 else 'W'}0{draw.getrandbits(36):09X}"[:11]
    own_carrier = role != "member" or draw.random() < 0.72
    home = site.homes if own_carrier else site.other_homes
    if own_carrier and draw.random() < 0.35:
        home_address = f"{site.homes_v6.split('::')[0]}:{number + 1:x}::"
    else:
        home_address = home.address(draw.randrange(250))
    person = Person(
        number=number,
        id=person_id,
        name=name,
        email=_email(name, taken),
        site=site,
        role=role,
        team=names.TEAMS[number % len(names.TEAMS)],
        home=home,
        home_address=home_address,
        phone_address=site.phones.address(draw.randrange(14)),
        own_carrier=own_carrier,
        desktop=draw.choice(names.DESKTOPS),
        phone=draw.choice(names.PHONES),
        session=5_700_000_000_000 + draw.getrandbits(38),
        phone_session=5_900_000_000_000 + draw.getrandbits(38),
        office_days=draw.choice((0.0, 0.4, 0.6, 0.8, 1.0)),
        starts_at=draw.randrange(8 * 3600, 10 * 3600),
        zeal=draw.choice((0.5, 0.8, 1.0, 1.0, 1.2, 1.6)),
    )
    if person.is_contractor:
        person.email = person.email.replace("@halden.", "@contractors.")
    person.as_slack = _as_slack(person)
    return person


def _as_slack(person: Person) -> dict[str, Any]:
    team = ENTERPRISE["id"] if person.id.startswith("W") else person.site.workspace
    user = {"id": person.id, "name": person.name, "email": person.email, "team": team}
    if person.is_contractor:
        user["account_type"] = "MULTI_CHANNEL_GUEST"
    elif person.number % 2:
        user["account_type"] = "FULL_MEMBER"
    if person.number % 97 == 60:
        user["email"] = ""  # some accounts hide theirs
    return user


def _email(name: str, taken: dict[str, int]) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    local = ".".join("".join(c for c in part if c.isalnum()) for part in plain.split()).strip(".") or "member"
    taken[local] = taken.get(local, 0) + 1
    return f"{local}{taken[local] if taken[local] > 1 else ''}@halden.example"


def _make_namesakes(people: list[Person]) -> None:
    """Two people share a name: whoever counts by name merges them."""
    one, other = people[-1], people[-2]
    other.name = one.name
    other.as_slack = {**other.as_slack, "name": one.name}
