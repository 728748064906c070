"""Which of many networks an address lies in: an index by prefix length.

Knows addresses and networks of both versions. Does not know which of several matches its caller wants.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Parsed = tuple[int, int]
"""(version, number)"""


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Parsed | None:
    """Return (4 or 6, number) of an address, or None for text that is none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return address.version, int(address)


def parse_network(text: str) -> tuple[int, int, int] | None:
    """Return (version, prefix length, number) of ``a.b.c.d/n``, of the IPv6 form, or of a single address."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return network.version, network.prefixlen, int(network.network_address)


class CidrIndex:
    """Networks by position; cells that are no network match nothing."""

    def __init__(self) -> None:
        self._levels: dict[tuple[int, int], dict[int, list[int]]] = {}
        self._prefixes: dict[int, list[int]] = {4: [], 6: []}

    def add(self, text: str, position: int) -> None:
        """Add the network written in one cell."""
        network = parse_network(text)
        if network is None:
            return
        version, prefix, number = network
        level = self._levels.get((version, prefix))
        if level is None:
            level = self._levels[(version, prefix)] = {}
            self._prefixes[version] = sorted([*self._prefixes[version], prefix], reverse=True)
        level.setdefault(number, []).append(position)

    def matches(self, address: str) -> list[int]:
        """Return the positions of all networks that hold the address, longest prefix first."""
        parsed = parse_address(address)
        if parsed is None:
            return []
        version, number = parsed
        width = 32 if version == 4 else 128
        found: list[int] = []
        for prefix in self._prefixes[version]:
            masked = (number >> (width - prefix)) << (width - prefix)
            found.extend(self._levels[(version, prefix)].get(masked, ()))
        return found
