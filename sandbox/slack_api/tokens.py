"""Tokens: who may read, and how tokens are rotated.

Knows which token is good for what and which error another one earns. The rules of rotation are Slack's:
access tokens live twelve hours, a refresh token works once, at most two access tokens are alive. The tokens
are made up here; none of them opens anything but this simulator.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace

from .clock import Clock

DEFAULT_TOKEN = "xoxp-sandbox-0000000001"  # noqa: S105 - opens only this simulator
ACCESS_LIFETIME_SECONDS = 43_200

# What is wrong with a token -> status and error code. No code is an empty body: Slack was seen to do that.
PROBLEMS: dict[str, tuple[int, str]] = {
    "revoked": (401, ""),
    "not_owner": (403, "user_not_authorized"),
    "workspace_install": (403, "team_not_authorized"),
    "no_scope": (403, "missing_scope"),
    "no_plan": (403, "feature_not_enabled"),
    "not_enterprise": (403, "invalid_workspace"),
    "bot": (403, "not_allowed_token_type"),
    "inactive": (403, "account_inactive"),
}


@dataclass(frozen=True)
class Standing:
    """What Slack thinks of a token. `status` 200 means good."""

    status: int
    code: str = ""
    scopes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class _Access:
    scopes: tuple[str, ...]
    problem: str = ""
    expires_at: float | None = None
    family: str = ""


class Tokens:
    """All tokens of one organisation's app."""

    def __init__(self, clock: Clock) -> None:
        self.client_id = "1234.5678"
        self.client_secret = "sandbox-client-secret"  # noqa: S105 - opens only this simulator
        self._clock = clock
        self._lock = threading.Lock()
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, str] = {}
        self._issued = 0

    def add(self, token: str, *, problem: str = "", scopes: tuple[str, ...] = ("auditlogs:read",)) -> str:
        """Accept a long-lived `token`, or one that has a `problem` (a key of PROBLEMS)."""
        if problem and problem not in PROBLEMS:
            raise ValueError(
                f"no token problem is called {problem!r}; known are {', '.join(sorted(PROBLEMS))}"
            )
        with self._lock:
            self._access[token] = _Access(scopes, problem)
        return token

    def revoke(self, token: str) -> None:
        """As if the app had been uninstalled."""
        with self._lock:
            self._access[token] = replace(self._access.get(token, _Access(())), problem="revoked")

    def start_rotation(self) -> tuple[str, str]:
        """The first access token and refresh token of an app with rotation switched on."""
        with self._lock:
            return self._pair(f"family{self._issued}")

    def check(self, authorization: str | None) -> Standing:
        """Judge the value of an `Authorization` header."""
        if not authorization or not authorization.startswith("Bearer "):
            return Standing(401, "missing_authentication", problem="no token")
        with self._lock:
            access = self._access.get(authorization[len("Bearer ") :].strip())
            if access is None:
                return Standing(401, "", problem="unknown token")
            if access.problem:
                status, code = PROBLEMS[access.problem]
                return Standing(status, code, access.scopes, access.problem)
            if access.expires_at is not None and self._clock.now() >= access.expires_at:
                return Standing(401, "token_expired", access.scopes, "expired")
            return Standing(200, scopes=access.scopes)

    def exchange(self, form: dict[str, str]) -> dict[str, object]:
        """Answer of `oauth.v2.access` (`refresh_token`) or of `oauth.v2.exchange` (`token`)."""
        if form.get("client_id") != self.client_id:
            return _refused("invalid_client_id")
        if form.get("client_secret") != self.client_secret:
            return _refused("bad_client_secret")
        with self._lock:
            if "token" in form:
                known = self._access.get(form["token"])
                if known is None or known.problem or known.family:
                    return _refused("invalid_token")
                return self._granted(f"family{self._issued}")
            if form.get("grant_type") != "refresh_token":
                return _refused("invalid_grant_type")
            family = self._refresh.pop(form.get("refresh_token", ""), None)
            if family is None:
                return _refused("invalid_refresh_token")
            return self._granted(family)

    def alive(self) -> list[str]:
        """Access tokens that would be accepted now."""
        return [token for token in list(self._access) if self.check(f"Bearer {token}").status == 200]

    def _granted(self, family: str) -> dict[str, object]:
        access, refresh = self._pair(family)
        return {
            "ok": True,
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "user",
            "expires_in": ACCESS_LIFETIME_SECONDS,
            "scope": "auditlogs:read",
            "is_enterprise_install": True,
        }

    def _pair(self, family: str) -> tuple[str, str]:
        self._issued += 1
        mark = hashlib.sha256(f"{family}/{self._issued}".encode()).hexdigest()[:12]
        access, refresh = f"xoxe.xoxp-sandbox-{self._issued}-{mark}", f"xoxe-sandbox-{self._issued}-{mark}"
        older = [t for t, a in self._access.items() if a.family == family and not a.problem]
        for token in older[:-1]:  # the new one and the newest of the old ones may live
            self._access[token] = replace(self._access[token], problem="revoked")
        self._access[access] = _Access(
            ("auditlogs:read",), expires_at=self._clock.now() + ACCESS_LIFETIME_SECONDS, family=family
        )
        self._refresh[refresh] = family
        return access, refresh


def _refused(code: str) -> dict[str, object]:
    return {"ok": False, "error": code}
