"""Servers that repeat whatever secret they know wherever an answer has room for it, and the look for it afterwards."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

TOKEN = "xoxp-4711-0815-invented/for+tests=="  # signs that look different in each encoding
RENEWED = "xoxe.xoxp-1-Mi0yLWludmVudGVk"
REFRESH = "xoxe-1-My0xLWludmVudGVk-refresh"
NEXT_REFRESH = "xoxe-1-My0yLWludmVudGVk-refresh"
CLIENT_SECRET = "c11ent\"secret\\/invented+0123456789"
PROXY_USER = "proxy-user"
PROXY_PASSWORD = "pr0xy/p@ss wörd+invented"
MODEL_KEY = "sk-invented/model+key=0123456789abcdef"
PSEUDONYM_KEY = "f" * 24 + "0123456789abcdef" * 2 + "abcdef99"

SECRETS = {
    "token": TOKEN,
    "renewed token": RENEWED,
    "refresh token": REFRESH,
    "next refresh token": NEXT_REFRESH,
    "client secret": CLIENT_SECRET,
    "proxy password": PROXY_PASSWORD,
    "model key": MODEL_KEY,
    "pseudonym key": PSEUDONYM_KEY,
}


def forms(secret: str) -> set[bytes]:
    """How a secret may look in a text: plain, in an address, in JSON, in XML, in base64 whatever stands before it."""
    data = secret.encode()
    plain = {
        secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/"),
        secret.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;"), repr(secret)[1:-1],
    }  # fmt: skip
    found = {text.encode() for text in plain} | {binascii.hexlify(data)}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + data)
            # The signs at both ends depend on the neighbours.
            found.add(text[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6])
    return {form for form in found if len(form) >= 8}


def halves(secret: str) -> set[bytes]:
    """Its two ends: what remains of a secret that was cut is one, too."""
    return {secret[:14].encode(), secret[-14:].encode()}


LOOKED_FOR = {name: forms(secret) | halves(secret) for name, secret in SECRETS.items()}
#: Each run gets a session key of its own; the stage adds them here.
LOOKED_FOR["session key"] = set()
LOOKED_FOR["proxy sign-in"] = forms(f"{PROXY_USER}:{PROXY_PASSWORD}")


def found_in(place: str, data: bytes) -> list[str]:
    """Return which secrets stand in the data, for people."""
    return [
        f"{name} in {place}: ...{data[max(0, data.index(form) - 60) : data.index(form)]!r}"
        for name, looked_for in LOOKED_FOR.items()
        for form in sorted(looked_for)
        if form in data
    ]


def gossip(*secrets: str) -> str:
    """What a careless server that was told these secrets might put into a message: each of them in every form."""
    plain = " ".join(secrets)
    coded = " ".join(base64.b64encode(f"{before}{secret}".encode()).decode() for secret in secrets
                     for before in ("", "a", "Bearer ", f"{PROXY_USER}:"))  # fmt: skip
    return f"{plain} {quote(plain)} {quote(plain, safe='')} {json.dumps(plain)[1:-1]} {coded}"


class ProcessWatch:
    """Keeps the arguments and the variables of every process below ours, as anybody on the machine may list them."""

    def __init__(self, own: int) -> None:
        self._own = own
        self.seen: dict[str, bytes] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _children(self) -> Iterator[str]:
        for task in Path(f"/proc/{self._own}/task").glob("*/children"):
            try:
                yield from task.read_text().split()
            except OSError:
                continue

    def _watch(self) -> None:
        while not self._end.wait(0.03):
            for pid in self._children():
                for name in ("cmdline", "environ"):
                    try:
                        data = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    if data:
                        self.seen[f"{pid} {name} {hash(data)}"] = data

    def close(self) -> None:
        self._end.set()
        self._thread.join(60)


def files_below(folder: Path, left_out: Iterable[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).as_posix()
        if path.is_file() and not any(inner.startswith(name) for name in left_out):
            yield path
