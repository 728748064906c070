"""Where Slack is: turns `environment` and `api_url` into the addresses we call.

The audit endpoints live on api.slack.com, the Web API on slack.com; GovSlack is a separate installation on
slack-gov.com whose audit host is not published and named here by analogy (see Slack's pages "Audit Logs API"
and "GovSlack"). An `api_url` replaces both, so that one origin serves a test or a relay.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Union
from urllib.parse import urlsplit

ENVIRONMENTS = {
    "slack": ("https://api.slack.com/audit/v1/", "https://slack.com/api/"),
    "govslack": ("https://api.slack-gov.com/audit/v1/", "https://slack-gov.com/api/"),
}
AUDIT_PATH = "/audit/v1"
SLACKS_HOSTS = frozenset(urlsplit(url).hostname or "" for urls in ENVIRONMENTS.values() for url in urls)

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
#: Where clouds (Amazon, Alibaba, Azure) hand out credentials to whoever asks from inside; none of them is link-local.
_METADATA = frozenset(
    [
        ipaddress.IPv6Address("fd00:ec2::254"),
        ipaddress.IPv4Address(bytes([100, 100, 100, 200])),
        ipaddress.IPv4Address(bytes([168, 63, 129, 16])),
    ]
)


@dataclass(frozen=True)
class Addresses:
    """Absolute addresses; `audit` and `web` end in a slash."""

    audit: str
    web: str

    @property
    def host(self) -> str:
        """Host of the audit endpoints, in small letters; GovSlack's and Slack's Web API are the same owner's."""
        return urlsplit(self.audit).hostname or ""

    @property
    def is_slacks_own(self) -> bool:
        """Whether it is Slack that is called, and no relay or stand-in."""
        return self.host in SLACKS_HOSTS

    @property
    def logs(self) -> str:
        """GET: pages of audit entries."""
        return self.audit + "logs"

    @property
    def auth_test(self) -> str:
        """GET: whose token is this?"""
        return self.web + "auth.test"

    @property
    def token_refresh(self) -> str:
        """POST: a new pair of tokens for a refresh token."""
        return self.web + "oauth.v2.access"


def addresses(environment: str, api_url: str) -> Addresses:
    """Return the addresses for these two settings.

    Raises:
        ValueError: a sentence that says what is wrong with `api_url` and what is allowed.
    """
    if not api_url:
        audit, web = ENVIRONMENTS[environment]
        return Addresses(audit, web)
    try:
        parts = urlsplit(api_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("it is not an address; allowed is https://HOST[:PORT][/audit/v1/]")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name or password; allowed is https://HOST[:PORT][/audit/v1/]")
    if parts.query or parts.fragment:
        raise ValueError("it holds a query or a fragment; allowed is https://HOST[:PORT][/audit/v1/]")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            "http would send the token unencrypted; allowed is https, "
            "and http only on this machine (127.0.0.1, ::1, localhost)"
        )
    given = as_address(host)
    if given is not None and is_no_server(given):
        raise ValueError(f"at {host} is no server of yours; allowed is https://HOST[:PORT][/audit/v1/]")
    path = parts.path.rstrip("/")
    if path.endswith("/logs"):
        path = path[: -len("/logs")]
    path = path or AUDIT_PATH
    before, found, after = path.partition(AUDIT_PATH)
    if not found or after:
        raise ValueError(
            f"its path {parts.path} does not end in {AUDIT_PATH}/; give the address without a path, or with this one"
        )
    origin = f"{parts.scheme}://{'[' + host + ']' if ':' in host else host}{f':{port}' if port else ''}"
    return Addresses(f"{origin}{path}/", f"{origin}{before}/api/")


def is_loopback(host: str | None) -> bool:
    """Tell whether this host name or address is the machine itself."""
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    address = as_address(host)
    return address is not None and address.is_loopback


def as_address(host: str) -> IPAddress | None:
    """Return the address that stands there, None for a name; an IPv4 address within an IPv6 one is taken out."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def resolved(host: str) -> list[IPAddress]:
    """Return the addresses of a host.

    Raises:
        OSError: the name does not resolve.
    """
    found = (as_address(str(place[0])) for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    return [address for address in found if address is not None]


def is_no_server(address: IPAddress) -> bool:
    """Tell whether nothing that a site runs can be there: everybody, nobody, or who hands out a cloud's credentials."""
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA
