"""Stable names in the place of people: a model sees {person-k3f9qa}, the digest's reader the account.

The same account has the same pseudonym in every digest of a site and another one at every other site: it is made with a
key that only this Splunk has. Without the key nobody can try out whose pseudonym it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

SECRET_NAME = "digest_pseudonyms"  # noqa: S105 - the name of a secret
KEY_BYTES = 32
_LETTERS = 8


def new_key() -> str:
    """Return a key to keep."""
    return secrets.token_hex(KEY_BYTES)


class Pseudonyms:
    """Names people, and knows them again. `key` is any text that is kept secret."""

    def __init__(self, key: str) -> None:
        self._key = key.encode("utf-8")
        self._by_name: dict[str, str] = {}

    def of(self, person: str) -> str:
        """Return the pseudonym of an account, as `person-k3f9qa2m`."""
        digest = hmac.new(self._key, person.lower().encode("utf-8", "replace"), hashlib.sha256).digest()
        name = "person-" + base64.b32encode(digest).decode("ascii").lower()[:_LETTERS]
        if self._by_name.setdefault(name, person.lower()) != person.lower():  # one in 10^12
            name += "a"
            self._by_name[name] = person.lower()
        return name
