"""Where people and attackers connect from: offices, homes, phones, hotels, clouds, rented machines.

Only addresses and AS numbers that are reserved for documentation occur. One carrier serves a site's office,
its phones and most of its homes, as incumbents do: so a person's sign-ins come from few networks, and a new
network means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network


@dataclass(frozen=True)
class Network:
    """One row of the geo table. `country` is the English name that geolocation databases use."""

    cidr: str
    country: str
    city: str
    lat: float
    lon: float
    asn: int
    as_org: str

    def address(self, n: int) -> str:
        """The n-th usable address, going round."""
        return _address(self.cidr, n)


@cache
def _address(cidr: str, n: int) -> str:
    network = ip_network(cidr)
    return str(network[1 + n % max(1, network.num_addresses - 2)])


@dataclass(frozen=True)
class Site:
    """An office and the networks of those who work there. `share` of all people, per mille."""

    name: str
    zone: str
    share: int
    workspace: str
    office: Network
    phones: Network
    homes: Network
    other_homes: Network
    homes_v6: str  # a /48; each home is one /64 of it


_BERLIN = ("Germany", "Berlin", 52.52, 13.40)
_LONDON = ("United Kingdom", "London", 51.51, -0.13)
_NEW_YORK = ("United States", "New York", 40.71, -74.01)
_BANGALORE = ("India", "Bengaluru", 12.97, 77.59)
_TOKYO = ("Japan", "Tokyo", 35.68, 139.69)

_RHEIN = (64501, "Rheinnetz Telekommunikation")
_SPREE = (64502, "Spreekabel")
_ALBION = (64503, "Albion Broadband")
_FENLINE = (64504, "Fenline Fibre")
_HUDSON = (64505, "Hudson Valley Communications")
_LIBERTY = (64506, "Libertyline Cable")
_DECCAN = (64507, "Deccan Telecom")
_GARDEN = (64508, "Garden City Fibre")
_KANTO = (64509, "Kanto Denwa")
_SUMIDA = (64510, "Sumida Hikari")


def _at(cidr: str, place: tuple[str, str, float, float], carrier: tuple[int, str]) -> Network:
    return Network(cidr, *place, *carrier)


SITES: tuple[Site, ...] = (
    Site(
        "Berlin",
        "Europe/Berlin",
        360,
        "T0HALDENDE",
        _at("192.0.2.0/29", _BERLIN, _RHEIN),
        _at("192.0.2.64/28", _BERLIN, _RHEIN),
        _at("198.51.100.0/26", _BERLIN, _RHEIN),
        _at("198.51.100.64/27", _BERLIN, _SPREE),
        "2001:db8:10::/48",
    ),
    Site(
        "London",
        "Europe/London",
        190,
        "T0HALDENDE",
        _at("192.0.2.8/29", _LONDON, _ALBION),
        _at("192.0.2.80/28", _LONDON, _ALBION),
        _at("198.51.100.96/27", _LONDON, _ALBION),
        _at("198.51.100.128/28", _LONDON, _FENLINE),
        "2001:db8:20::/48",
    ),
    Site(
        "New York",
        "America/New_York",
        215,
        "T0HALDENUS",
        _at("192.0.2.16/29", _NEW_YORK, _HUDSON),
        _at("192.0.2.96/28", _NEW_YORK, _HUDSON),
        _at("198.51.100.144/28", _NEW_YORK, _HUDSON),
        _at("198.51.100.160/28", _NEW_YORK, _LIBERTY),
        "2001:db8:30::/48",
    ),
    Site(
        "Bangalore",
        "Asia/Kolkata",
        140,
        "T0HALDENAP",
        _at("192.0.2.24/29", _BANGALORE, _DECCAN),
        _at("192.0.2.112/28", _BANGALORE, _DECCAN),
        _at("198.51.100.176/28", _BANGALORE, _DECCAN),
        _at("198.51.100.192/28", _BANGALORE, _GARDEN),
        "2001:db8:40::/48",
    ),
    Site(
        "Tokyo",
        "Asia/Tokyo",
        95,
        "T0HALDENAP",
        _at("192.0.2.32/29", _TOKYO, _KANTO),
        _at("192.0.2.128/28", _TOKYO, _KANTO),
        _at("198.51.100.208/28", _TOKYO, _KANTO),
        _at("198.51.100.224/28", _TOKYO, _SUMIDA),
        "2001:db8:50::/48",
    ),
)

COMPANY_VPN = _at("192.0.2.40/29", _BERLIN, (64496, "Halden Works"))
CLOUD = _at("192.0.2.48/28", ("United States", "Ashburn", 39.04, -77.49), (64497, "Stratus Cloud"))

HOTELS: dict[str, Network] = {
    "Paris": _at("192.0.2.160/28", ("France", "Paris", 48.86, 2.35), (64511, "Hexagone Hotelnet")),
    "Amsterdam": _at("192.0.2.176/28", ("Netherlands", "Amsterdam", 52.37, 4.90), (65536, "Polder Guest Wi-Fi")),
    "Singapore": _at("192.0.2.192/28", ("Singapore", "Singapore", 1.35, 103.82), (65537, "Straits Roaming")),
}

HOTELS["Madrid"] = _at("192.0.2.208/28", ("Spain", "Madrid", 40.42, -3.70), (65538, "Congreso Wi-Fi"))
HOTELS["Toronto"] = _at("192.0.2.224/28", ("Canada", "Toronto", 43.65, -79.38), (65539, "Maple Hospitality Net"))

CAFES: dict[str, Network] = {
    "Berlin": _at("203.0.113.192/29", _BERLIN, (65546, "Kiezfunk WLAN")),
    "London": _at("203.0.113.200/29", _LONDON, (65547, "Copper Kettle Wi-Fi")),
    "New York": _at("203.0.113.208/29", _NEW_YORK, (65548, "Bagel Street Hotspots")),
    "Bangalore": _at("203.0.113.216/29", _BANGALORE, (65549, "Filter Coffee Net")),
    "Tokyo": _at("203.0.113.224/29", _TOKYO, (65550, "Kissaten Spot")),
}
# On the administrators' list of bad addresses.
RELAYS = _at("203.0.113.128/27", ("Netherlands", "Haarlem", 52.38, 4.64), (65544, "Onion Relay Hosting"))

# Networks that nobody at the company has a reason to sign in from.
RENTED: dict[str, Network] = {
    "sprayer": _at("203.0.113.0/27", ("Romania", "Bucharest", 44.43, 26.10), (65540, "Quickrack Hosting")),
    "hammer": _at("203.0.113.32/27", ("Brazil", "Sao Paulo", -23.55, -46.63), (65541, "Paulista Datacenter")),
    "abroad": _at("203.0.113.64/27", ("Iceland", "Reykjavik", 64.15, -21.94), (65542, "Geysir Colocation")),
    "domestic": _at("203.0.113.96/27", ("Germany", "Frankfurt am Main", 50.11, 8.68), (65543, "Mainrack Hosting")),
    "nowhere": _at("203.0.113.160/27", ("Germany", "Nuremberg", 49.45, 11.08), (65545, "Pegnitz Servers")),
}
RENTED_V6 = Network("2001:db8:bad::/48", "Romania", "Bucharest", 44.43, 26.10, 65540, "Quickrack Hosting")


def all_networks() -> list[Network]:
    """Every network that an entry of the organisation can come from."""
    found: list[Network] = [
        COMPANY_VPN, CLOUD, *HOTELS.values(), *CAFES.values(), RELAYS, *RENTED.values(), RENTED_V6,
    ]  # fmt: skip
    for site in SITES:
        found += [site.office, site.phones, site.homes, site.other_homes]
        home = site.homes
        found.append(Network(site.homes_v6, home.country, home.city, home.lat, home.lon, home.asn, home.as_org))
    return found
