"""Checks that settings of the input and parameters of the digest have in common; each complains in one sentence.

Knows forms of values and no setting: the name comes with the value.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from slack_audit_monitor import APP_ID
from slack_audit_monitor.errors import ConfigError

#: Letters of a wrong value that a complaint repeats.
MOST_SHOWN = 200


def complaint(name: str, found: str, allowed: str) -> ConfigError:
    """Return the error that names the setting, what was found (the beginning of it) and what is allowed."""
    return ConfigError(name, f'{name}: found "{found[:MOST_SHOWN]}"; allowed is {allowed}.')


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """Return the number, written in plain digits.

    Raises:
        ConfigError: it is none, or not from `low` to `high`.
    """
    if not re.match(r"[0-9]{1,9}\Z", text) or not low <= int(text) <= high:
        raise complaint(name, text, f"a whole number from {low} to {high}")
    return int(text)


def proxy_address(name: str, text: str, secret: str) -> str:
    """Return the address of a proxy without a slash at its end, "" for none.

    Args:
        secret: under which name its user and password are stored, for the complaint about those that stand here.

    Raises:
        ConfigError: it is no address, or says more than where the proxy is.
    """
    if not text:
        return ""
    allowed = "http://HOST:PORT or https://HOST:PORT"
    if "@" in text:  # first of all: no complaint may repeat a password
        raise ConfigError(
            name,
            f"{name}: it holds a user name or password; allowed is {allowed}. Store user:password as a secret of realm "
            f"{APP_ID} with the name {secret}.",
        )
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise complaint(name, text, allowed) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise complaint(name, text, allowed)
    return text.rstrip("/")


def certificate_file(name: str, path: str) -> str:
    """Return the path of a file with certificates, "" for none.

    Raises:
        ConfigError: there is no such file, no right to read it, or no certificate in it.
    """
    if not path:
        return ""
    if _written_by_searches(path):
        raise complaint(
            name, path, "a PEM file outside of the folders that searches and uploads write (lookups, $SPLUNK_HOME/var)"
        )
    import ssl  # only those who set it pay for it

    try:
        if os.path.isfile(path):
            ssl.create_default_context(cafile=path)
            return path
    except (OSError, ValueError):
        pass  # no rights, or no certificate in it
    raise complaint(name, path, "the path of a readable PEM file with certificates on this machine")


def _written_by_searches(path: str) -> bool:
    """Tell whether somebody without any right on this machine may have put it there, by outputcsv or an upload."""
    home = os.environ.get("SPLUNK_HOME")
    if not home:
        return False
    inner = os.path.relpath(os.path.realpath(path), os.path.realpath(home)).split(os.sep)
    return inner[0] == "var" or (inner[0] == "etc" and "lookups" in inner)
