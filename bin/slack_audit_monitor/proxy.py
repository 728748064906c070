"""Which proxy to go through, how to sign in there, and what its refusals mean."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from slack_audit_monitor.addresses import is_loopback
from slack_audit_monitor.errors import FatalError, SlackAuditError, SlackUnavailable
from slack_audit_monitor.settings import Settings


def proxies(settings: Settings, secret: str) -> dict[str, str]:
    """Return the proxy for each kind of address, as requests takes it; empty for none.

    Args:
        secret: "user:password", of any letters, or "".
    """
    host = settings.addresses.host
    url = settings.proxy_url
    if settings.addresses.logs.startswith("http:"):
        return {}  # plain http stays on this machine: a proxy would read the token
    if not url:
        if is_loopback(host) or proxy_bypass(host):
            return {}
        url = getproxies().get("https", "")
        return {"https": url, "http": url} if url else {}
    return signed_in(url, secret)


def signed_in(url: str, secret: str) -> dict[str, str]:
    """Return the proxy at `url` for each kind of address, as requests takes it.

    Args:
        secret: "user:password", of any letters, or "" for a proxy that asks for none.
    """
    if secret:
        user, _, password = secret.partition(":")
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
    return {"https": url, "http": url}


def proxy_headers(url: str) -> dict[str, str]:
    """Return what signs in at a proxy; requests would take only the letters of Western Europe."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}


def proxy_problem(host: str, cause: str) -> SlackAuditError:
    """Return the error for a proxy that did not connect us to `host`."""
    if "407" in cause:
        return FatalError(
            "The proxy wants another user and password (status 407). Store user:password as a secret of realm "
            "slack_audit_monitor with the name <input name>.proxy."
        )
    if "403" in cause:
        return SlackUnavailable(f"The proxy refuses connections to {host} (status 403). Have it allow them.")
    return SlackUnavailable(f"The proxy did not pass us on to {host}: {cause}. Check proxy_url.")
