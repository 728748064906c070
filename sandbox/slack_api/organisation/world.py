"""What every part of the organisation's life shares: people, things, days and the pen that writes entries."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from . import places
from .calendar import Calendar
from .people import Person, invent
from .things import Shelf
from .writing import Object, Seat, Writer, user

# Tales refer to some of the first by number.
_LEADS = 60
SIGN_INS = frozenset({"user_login", "user_login_failed"})
DOWNLOADS = frozenset({"file_downloaded"})


@dataclass(frozen=True)
class Hush:
    """Somebody's ordinary entries that must not be there, because a tale tells what happened instead.

    `actions` None stands for all of them.
    """

    person_id: str
    since: float
    until: float
    actions: frozenset[str] | None

    def covers(self, entry: Object) -> bool:
        return (
            (self.actions is None or entry["action"] in self.actions)
            and self.since <= entry["date_create"] <= self.until
            and entry["actor"]["user"]["id"] == self.person_id
        )


class World:
    """The stage. Each part draws its luck from its own source, so that parts do not disturb each other."""

    def __init__(self, seed: int, start: str, days: int, people: int) -> None:
        self.seed = seed
        self.calendar = Calendar(start, days)
        self.people = invent(seed, people)
        self.shelf = Shelf(seed)
        self.writer = Writer(seed)
        self.hushes: list[Hush] = []
        self._cast: set[str] = set()
        self._staged: set[str] = set()
        for person in self.newcomers:
            person.joins_on = self.onboarding_day

    @property
    def onboarding_day(self) -> int:
        """The Monday of the second whole week."""
        return self.calendar.first_monday() + 7

    @property
    def newcomers(self) -> list[Person]:
        """Those who join on the onboarding day."""
        return self.people[40 : 40 + max(2, len(self.people) // 40)]

    def luck(self, part: str) -> random.Random:
        return self.luck_of(part, self.seed)

    @staticmethod
    def luck_of(part: str, seed: int) -> random.Random:
        return random.Random(f"{part}/{seed}")  # noqa: S311 - a repeatable tale, not a secret

    def pick(self, site: str, *, role: str = "member", v6: bool | None = None) -> Person:
        """A person for a tale whom no other tale uses; always the same for one seed.

        Args:
            v6: whether the home should have IPv6; a wish, for luck may have given it to nobody.

        Raises:
            LookupError: everybody who fits is taken.
        """
        fitting = [
            person
            for person in self.people
            if person.site.name == site
            and person.role == role
            and person.own_carrier
            and person.joins_on < 0
            and person.id not in self._cast
            and person.as_slack["email"]
            and not person.is_contractor
        ]
        if not fitting:
            raise LookupError(f"nobody is left for a tale: {role} in {site}; use more people")
        wished = [person for person in fitting if v6 is None or (":" in person.home_address) == v6]
        chosen = (wished or fitting)[0]
        self._cast.add(chosen.id)
        return chosen

    def hush(self, person: Person, since: float, until: float, actions: frozenset[str]) -> None:
        self.hushes.append(Hush(person.id, since, until, actions))

    def leave(self, person: Person, at: float) -> None:
        """Nothing of the person's ordinary days happens any more."""
        self.hushes.append(Hush(person.id, at, math.inf, None))

    def extras(self) -> list[Person]:
        """Members whom no tale uses; ask when all tales have been cast."""
        return [
            person
            for person in self.people[_LEADS:]
            if person.joins_on < 0 and person.id not in self._cast and person.as_slack["email"]
        ]

    def times(self, luck: random.Random, a_day: float) -> int:
        """How often something happens in a day that an organisation of 5,000 people sees `a_day` times."""
        return poisson(luck, a_day * len(self.people) / 5_000)

    def staged(self, entry: Object) -> Object:
        """Mark an entry as part of a tale: no hush removes it."""
        self._staged.add(entry["id"])
        return entry

    @property
    def staged_ids(self) -> frozenset[str]:
        return frozenset(self._staged)

    def finish(self) -> list[Object]:
        """All entries, oldest first, without those that a tale replaces and those outside the days."""
        hushed: dict[str, list[Hush]] = {}
        for hush in self.hushes:
            hushed.setdefault(hush.person_id, []).append(hush)
        kept = [
            entry
            for entry in self.writer.entries
            if self.calendar.begin <= entry["date_create"] < self.calendar.end
            and (
                entry["id"] in self._staged
                or not any(hush.covers(entry) for hush in hushed.get(entry["actor"]["user"]["id"], ()))
            )
        ]
        kept.sort(key=lambda entry: entry["date_create"])
        return kept

    def sign_in(self, at: float, person: Person, seat: Seat, method: str = "saml") -> Object:
        return self.writer.write(
            at,
            "user_login",
            person.as_slack,
            user(person),
            seat,
            details={"authentication_method": method},
            workspace=person.site.workspace,
        )

    def fail_sign_in(self, at: float, person: Person, seat: Seat) -> Object:
        return self.writer.write(
            at,
            "user_login_failed",
            person.as_slack,
            user(person),
            Seat(seat.address, seat.ua),
            workspace=person.site.workspace,
        )

    def download(self, at: float, person: Person, file: Object, seat: Seat, app: Object | None = None) -> Object:
        more: dict[str, Any] = {"app": app} if app else {}
        return self.writer.write(
            at,
            "file_downloaded",
            person.as_slack,
            {"type": "file", "file": file},
            seat,
            details={"url_private": f"https://files.halden.example/{file['id']}/{file['name']}"},
            workspace=person.site.workspace,
            **more,
        )

    def make_known(self, person: Person) -> None:
        """A sign-in from home each week, so that the person has a history whatever luck wants."""
        for day in range(1, self.calendar.days, 7):
            at = self.calendar.at(day, person.starts_at, person.site.zone)
            self.sign_in(at, person, at_home(person))


def poisson(luck: random.Random, mean: float) -> int:
    """How many of many unlikely things happen. `mean` below 700."""
    bound, n, product = math.exp(-mean), 0, luck.random()
    while product > bound:
        n += 1
        product *= luck.random()
    return n


def at_home(person: Person, host: int = 0x2F) -> Seat:
    return Seat(home_address(person, host), person.desktop, person.session)


def at_office(person: Person) -> Seat:
    return Seat(person.office_address, person.desktop, person.session)


def on_phone(person: Person) -> Seat:
    return Seat(person.phone_address, person.phone, person.phone_session)


def on_vpn(person: Person) -> Seat:
    return Seat(places.COMPANY_VPN.address(person.number % 4), person.desktop, person.session)


def rented(name: str, n: int = 0, ua: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", session: Any = None) -> Seat:
    """A machine that an attacker rents."""
    return Seat(places.RENTED[name].address(n), ua, session)


def home_address(person: Person, host: int) -> str:
    """The home's address; with IPv6 the host part changes and sometimes the spelling."""
    if ":" not in person.home_address:
        return person.home_address
    if host % 5 == 0:
        groups = [f"{int(group, 16):04X}" for group in person.home_address.rstrip(":").split(":")]
        return ":".join([*groups, "0", "0", "0", f"{host:04X}"])
    return f"{person.home_address}{host:x}"
