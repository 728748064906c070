"""Secrets on disk, sealed with a key that stands in a file of its own, readable by its owner alone.

As splunkd does with etc/auth/splunk.secret: who has the folder has the secrets, who has a
backup of passwords alone has nothing. Encrypt-then-MAC over the standard library: a keystream
of HMAC-SHA256 in counter mode with a fresh nonce for each text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

_PREFIX = "$sealed1$"
_NONCE_BYTES = 16
_TAG_BYTES = 32


class SealBroken(ValueError):
    """A sealed text that this key does not open, or that was changed."""


class Seal:
    """Seals texts with the key in a file, which is made at first use with mode 600."""

    def __init__(self, key_file: Path) -> None:
        try:
            handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(48)))
                file.flush()
                os.fsync(file.fileno())
        os.chmod(key_file, 0o600)
        key = base64.b64decode(key_file.read_bytes())
        self._cipher_key = hmac.new(key, b"cipher", hashlib.sha256).digest()
        self._mac_key = hmac.new(key, b"mac", hashlib.sha256).digest()

    def seal(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = nonce + self._mixed(text.encode("utf-8"), nonce)
        return _PREFIX + base64.b64encode(body + self._tag(body)).decode("ascii")

    def open(self, sealed: str) -> str:
        """The text. Raises SealBroken."""
        if not sealed.startswith(_PREFIX):
            raise SealBroken("not a sealed text")
        try:
            data = base64.b64decode(sealed[len(_PREFIX) :], validate=True)
        except ValueError:
            raise SealBroken("not a sealed text") from None
        body, tag = data[:-_TAG_BYTES], data[-_TAG_BYTES:]
        if len(body) < _NONCE_BYTES or not hmac.compare_digest(tag, self._tag(body)):
            raise SealBroken("sealed with another key, or changed")
        return self._mixed(body[_NONCE_BYTES:], body[:_NONCE_BYTES]).decode("utf-8")

    def _tag(self, body: bytes) -> bytes:
        return hmac.new(self._mac_key, body, hashlib.sha256).digest()

    def _mixed(self, data: bytes, nonce: bytes) -> bytes:
        stream = b""
        block = 0
        while len(stream) < len(data):
            stream += hmac.new(self._cipher_key, nonce + block.to_bytes(8, "big"), hashlib.sha256).digest()
            block += 1
        return bytes(a ^ b for a, b in zip(data, stream))
