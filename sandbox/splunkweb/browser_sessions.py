"""Who is signed in: a cookie of the browser for a session key of splunkd, and the token against forged requests.

The names of the cookies are Splunk's. A session key never reaches the browser.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from typing import Callable

from werkzeug.wrappers import Request, Response

FORM_KEY_HEADER = "X-Splunk-Form-Key"


@dataclass(frozen=True)
class Session:
    """One browser that is signed in."""

    key: str
    user: str
    csrf: str


class BrowserSessions:
    """The browsers that are signed in, until the stand-in ends.

    Args:
        port: part of the cookies' names, as with Splunk.
        open_session: a session key of splunkd for the administrator: what the address that `serve` prints gives.
    """

    def __init__(self, port: int, open_session: Callable[[], str], user: str = "admin") -> None:
        self._cookie, self._csrf_cookie = f"splunkd_{port}", f"splunkweb_csrf_token_{port}"
        self._open_session, self._user = open_session, user
        self._token = secrets.token_urlsafe(24)
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """What signs a browser in without a password, as long as the stand-in lives."""
        return self._token

    def of(self, request: Request) -> Session | None:
        with self._lock:
            return self._sessions.get(request.cookies.get(self._cookie, ""))

    def start_with_token(self, token: str, answer: Response) -> bool:
        """Sign in by the address that `serve` printed."""
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return False
        self.start(self._open_session(), self._user, answer)
        return True

    def start(self, key: str, user: str, answer: Response) -> None:
        """Sign in with a session key of splunkd."""
        name, csrf = secrets.token_urlsafe(24), str(secrets.randbelow(10**20)).zfill(20)
        with self._lock:
            self._sessions[name] = Session(key, user, csrf)
        answer.set_cookie(self._cookie, name, httponly=True, samesite="Lax")
        answer.set_cookie(self._csrf_cookie, csrf, samesite="Lax")

    def end(self, request: Request, answer: Response) -> None:
        with self._lock:
            self._sessions.pop(request.cookies.get(self._cookie, ""), None)
        answer.delete_cookie(self._cookie)
        answer.delete_cookie(self._csrf_cookie)

    def vouched(self, request: Request, session: Session) -> bool:
        """Whether a request that changes something comes from one of our pages."""
        given = request.headers.get(FORM_KEY_HEADER, "")
        by_script = request.headers.get("X-Requested-With", "") == "XMLHttpRequest"
        return by_script and hmac.compare_digest(given.encode(), session.csrf.encode())
