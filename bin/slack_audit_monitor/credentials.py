"""The token of an input: where it is stored, what form it may have, and how a rotated one is renewed.

Splunk keeps it in storage/passwords under the realm slack_audit_monitor and the input's name, encrypted (a relay's
under that name, @ and the relay's host). The stored text is either the user token itself (xoxp-...), or for an app
with token rotation a JSON object with client_id, client_secret, refresh_token and, where known, access_token and
expires_at (epoch seconds). As one text, so that a new pair replaces the old one in a single step.

What Slack makes of a rotating pair stands in a second secret (`pair_store`): refresh_token, access_token, expires_at
and renewal_began_at, and under `renews` a mark of the refresh token that an admin stored. It counts while that mark
fits; client_id and client_secret are always those of the admin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from slack_audit_monitor import APP_ID
from slack_audit_monitor.errors import ConfigError
from slack_audit_monitor.log import hide
from slack_audit_monitor.names import PROXY_SUFFIX, RENEWED_SUFFIX

#: Slack's refused kinds, by their public prefix.
_WRONG_KINDS = {
    "xoxb-": "a bot token (xoxb-...)",
    "xoxe.xoxb-": "a bot token (xoxe.xoxb-...)",
    "xoxe-": "a refresh token alone (xoxe-...)",
    "xapp-": "an app-level token (xapp-...)",
    "xoxa-": "a legacy workspace token (xoxa-...)",
    "xoxc-": "a browser session's token (xoxc-...)",
    "xoxd-": "a browser session's cookie (xoxd-...)",
    "xoxs-": "a legacy session token (xoxs-...)",
}
_ROTATION_MEMBERS = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True)
class Credentials:
    """What an input signs in with. Nothing of it appears in `repr`.

    Attributes:
        token: the access token; "" if it has yet to be fetched with the refresh token.
        expires_at: epoch second after which the token is dead; None for one that does not expire.
        renewal_began_at: epoch second at which a run set out to use the refresh token; None once it is done.
        origin: mark of the pair that an admin stored; "" for a token that does not rotate.
        is_renewed: whether this is no longer the pair that an admin stored.
        proxy: "user:password" for the proxy, or "".
    """

    token: str = field(repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: float | None = None
    renewal_began_at: float | None = None
    origin: str = field(default="", repr=False)
    is_renewed: bool = False
    proxy: str = field(default="", repr=False)

    @property
    def rotates(self) -> bool:
        """Whether the token is renewed with a refresh token."""
        return bool(self.refresh_token)

    def renewed(self, token: str, refresh_token: str, expires_at: float) -> Credentials:
        """Return the credentials with a new pair."""
        for secret in (token, refresh_token):
            hide(secret)
        return replace(self, token=token, refresh_token=refresh_token, expires_at=expires_at, renewal_began_at=None)

    def stored_text(self) -> str:
        """Return the text to store for what became of a rotating pair."""
        return json.dumps(
            {
                "renews": self.origin,
                "refresh_token": self.refresh_token,
                "access_token": self.token,
                "expires_at": self.expires_at,
                "renewal_began_at": self.renewal_began_at,
            }
        )


def read_credentials(name: str, secrets: Mapping[str, str], token_name: str = "") -> Credentials:
    """Return the credentials of the input `name`; every secret in them is hidden from the log from here on.

    Args:
        token_name: under which the token is stored, when that is not the input's name (see `Settings.secret_name`).

    Raises:
        ConfigError: nothing stored, or of a kind that cannot read audit logs.
    """
    token_name = token_name or name
    for secret in (secrets.get(name), secrets.get(token_name), secrets.get(name + PROXY_SUFFIX)):
        hide(secret)
    where = f"the secret with realm {APP_ID} and name {token_name}"
    how = (
        f"Store it on the app's setup page, or by POST to /servicesNS/nobody/{APP_ID}/storage/passwords with "
        f"realm={APP_ID}, "
        f"name={token_name}, password=<token>"
    )
    if token_name not in secrets:
        if token_name != name:
            raise ConfigError(
                "token",
                f'token: none is stored for the input "{name}" at the host of api_url; a token goes only to the host '
                f"that it is stored for. If that host is yours, store one with realm {APP_ID} and name {token_name}.",
            )
        raise ConfigError(
            "token",
            f'token: none is stored for the input "{name}"; allowed is a user token (xoxp-...). {how}.',
        )
    text = secrets[token_name].strip()
    hide(text)
    if not text:
        raise ConfigError("token", f"token: {where} is empty; allowed is a user token (xoxp-...). {how}.")
    proxy = secrets.get(name + PROXY_SUFFIX, "").strip()
    hide(proxy.partition(":")[2])
    if text.startswith("{"):
        pair = _as_renewed(_rotating(text, where), secrets.get(token_name + RENEWED_SUFFIX, ""), where)
        return replace(pair, proxy=proxy)
    return Credentials(_checked(text, where), proxy=proxy)


def origin_of(text: str) -> str:
    """Return the mark of the pair in a stored text, "" if there is none in it."""
    try:
        return _mark(str(json.loads(text)["refresh_token"]))
    except (ValueError, KeyError, TypeError):
        return ""


def _mark(refresh_token: str) -> str:
    # Random enough that nobody finds it by trying, and kept as a secret anyway.
    return sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _as_renewed(pair: Credentials, text: str, where: str) -> Credentials:
    """Return what became of an admin's pair; the pair itself if nothing has."""
    try:
        value: Any = json.loads(text)
        if value["renews"] != pair.origin:
            return pair
        token, refresh_token = str(value["access_token"]), str(value["refresh_token"])
    except (ValueError, KeyError, TypeError):
        return pair
    for secret in (token, refresh_token):
        hide(secret)
    return replace(
        pair,
        token=_checked(token, where) if token else "",
        refresh_token=refresh_token,
        expires_at=_number(value.get("expires_at")) or 0.0,
        renewal_began_at=_number(value.get("renewal_began_at")),
        is_renewed=True,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _rotating(text: str, where: str) -> Credentials:
    allowed = "a JSON object with client_id, client_secret and refresh_token"
    try:
        value: Any = json.loads(text)
    except ValueError:
        raise ConfigError(
            "token", f"token: {where} is broken JSON; allowed is a user token (xoxp-...) or {allowed}."
        ) from None
    members: dict[str, str] = {key: str(found) for key, found in value.items() if found is not None}
    for key in ("client_secret", "refresh_token", "access_token"):
        hide(members.get(key))
    missing = [key for key in _ROTATION_MEMBERS if not members.get(key)]
    if missing:
        raise ConfigError(
            "token",
            f"token: {where} lacks {', '.join(missing)}; allowed is a user token (xoxp-...) or {allowed}.",
        )
    return Credentials(
        _checked(members["access_token"], where) if members.get("access_token") else "",
        members["client_id"],
        members["client_secret"],
        members["refresh_token"],
        _number(value.get("expires_at")) or 0.0,
        origin=_mark(members["refresh_token"]),
    )


def _checked(token: str, where: str) -> str:
    for prefix, kind in _WRONG_KINDS.items():
        if token.startswith(prefix):
            raise ConfigError(
                "token",
                f"token: {where} is {kind}, which cannot read audit logs; allowed is a user token "
                "(xoxp-...) of an org owner with the scope auditlogs:read.",
            )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            "token",
            f"token: {where} holds spaces or characters that no token has; allowed is a user token (xoxp-...).",
        )
    return token
