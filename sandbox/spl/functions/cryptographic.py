"""Hashes of a text in UTF-8, in lower-case hex (SR: Cryptographic functions)."""
from __future__ import annotations

import hashlib

from .registry import scalar


def _declare(name: str) -> None:
    @scalar(f"{name}(text)", "t")
    def digest(value: str) -> str:
        return hashlib.new(name, value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    _declare(_name)
