"""Session keys and the users who may log in.

One stand-in has an administrator, the system user that scripts act for, and whom the
administrator adds while it runs.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Callable

# server.conf, sessionTimeout: a key that nobody used for so long is void.
TIMEOUT_SECONDS = 3600.0


class Sessions:
    """Users with their passwords and the keys that were given out."""

    def __init__(self, users: dict[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._users = dict(users or {})
        # Whoever is there from the start is an administrator, and so is the system user.
        self._roles: dict[str, tuple[str, ...]] = {}
        self._clock = clock
        self._keys: dict[str, tuple[str, float]] = {}  # key -> user, last use
        self._lock = threading.Lock()

    def login(self, user: str, password: str) -> str | None:
        """A new session key, or None for a wrong name or password."""
        if not self._password_is(user, password):
            return None
        return self.open_for(user)

    def open_for(self, user: str) -> str:
        """A session key without a password: what splunkd hands to its own scripts."""
        key = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._keys = {known: session for known, session in self._keys.items() if now - session[1] < TIMEOUT_SECONDS}
            self._keys[key] = (user, now)
        return key

    def users(self) -> set[str]:
        """Who may log in."""
        with self._lock:
            return set(self._users)

    def put_user(self, name: str, password: str, roles: Sequence[str]) -> None:
        """Add or change a user; an empty password leaves the one there is."""
        with self._lock:
            if password:
                self._users[name] = password
            self._roles[name] = tuple(roles)

    def remove_user(self, name: str) -> None:
        """Take a user away, with all sessions of his."""
        with self._lock:
            self._users.pop(name, None)
            self._roles[name] = ()
            self._keys = {key: session for key, session in self._keys.items() if session[0] != name}

    def roles_of(self, user: str) -> tuple[str, ...]:
        with self._lock:
            return self._roles.get(user, ("admin",))

    def close(self, key: str) -> None:
        with self._lock:
            self._keys.pop(key, None)

    def user_of(self, authorization: str | None) -> str | None:
        """The user behind an Authorization header: `Splunk <key>`, `Bearer <key>` or Basic; else None."""
        scheme, _, rest = (authorization or "").partition(" ")
        rest = rest.strip()
        if scheme.lower() in ("splunk", "bearer"):
            return self._user_of_key(rest)
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
            return user if self._password_is(user, password) else None
        return None

    def _user_of_key(self, key: str) -> str | None:
        now = self._clock()
        with self._lock:
            user, used_at = self._keys.get(key, ("", 0.0))
            if not user or now - used_at >= TIMEOUT_SECONDS:
                return None
            self._keys[key] = (user, now)
            return user

    def _password_is(self, user: str, password: str) -> bool:
        expected = self._users.get(user)
        return expected is not None and hmac.compare_digest(expected.encode(), password.encode())
