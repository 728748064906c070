"""Keeps a rotating token alive.

Slack's rules: an access token lives 12 hours; a refresh token works once and brings a new pair; the old access token
lives on until it expires. So

- the pair is renewed two hours before the end, and a renewal that fails costs nothing but a warning until then;
- before the refresh token is used, a note of it is stored: if secrets cannot be stored, it is not used at all, and if
  the process dies before it has stored the new pair, the next one knows what happened;
- the new pair is stored before it is used, and nothing interrupts that;
- a token that an admin stores meanwhile is never overwritten, and ends the run that renews the old one;
- only the process that holds the input's lock (and lease) renews.

What remains: a process or a machine that dies in the instant between Slack's answer and the storing of it. Slack may
take the old refresh token for a short while longer; if not, the old access token still works for about two hours, in
which the message bar says that an owner must install the app again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Callable

from slack_audit_monitor.clock import Clock
from slack_audit_monitor.credentials import Credentials
from slack_audit_monitor.errors import FatalError, RefusedBySlack, RetryableError, SlackAuditError, TokenReplaced
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import Log

#: Renewing so long before the end leaves many runs to try again.
RENEW_BEFORE_SECONDS = 2 * 3600.0
#: While the old token works, a renewal that failed is not tried again sooner.
RETRY_AFTER_SECONDS = 600.0
#: Slack's own lifetime of an access token, for an answer that does not say.
LIFETIME_SECONDS = 43_200.0
STORE_ATTEMPTS = 4

#: Posts a form to Slack's oauth.v2.access and returns its answer.
Exchange = Callable[[Mapping[str, str]], "dict[str, Any]"]
#: Stores the text of the secret.
Store = Callable[[str], None]
#: Puts a sentence into Splunk's message bar.
Tell = Callable[[str], None]


class TokenKeeper:
    """Answers with a token that works now.

    Args:
        store: keeps a text durably; raises FatalError when it cannot, TokenReplaced when it must not.
        pause: waits between attempts to store; a stop request must not end it.
    """

    def __init__(
        self,
        credentials: Credentials,
        exchange: Exchange,
        store: Store,
        clock: Clock,
        log: Log,
        tell: Tell,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._log = log
        self._tell = tell
        self._pause = pause

    def token(self) -> str:
        """Return the access token, renewed if it is about to end.

        Raises:
            FatalError, RetryableError: there is no token that works.
            TokenReplaced: there is, but it is not for this run.
        """
        credentials = self._credentials
        if not credentials.rotates:
            return credentials.token
        now = self._clock.now()
        left = (credentials.expires_at or 0.0) - now
        if credentials.token and left > RENEW_BEFORE_SECONDS:
            return credentials.token
        began = credentials.renewal_began_at
        problem: SlackAuditError | None = None
        if not credentials.token or left <= 0 or began is None or not 0 <= now - began < RETRY_AFTER_SECONDS:
            try:
                return self.renew()
            except TokenReplaced:
                raise
            except SlackAuditError as found:
                if not credentials.token or left <= 0:
                    raise
                problem = found
        # The renewal failed, now or a little while ago, and the old token still works.
        reason = str(problem or "The last renewal failed; it is tried again in some minutes.")
        self._log.warn("token_not_renewed", reason=reason, minutes_left=int(left // 60))
        if began is not None or isinstance(problem, FatalError):
            self._tell(f"The token works until {iso(now + left)} and could not be renewed. {reason}")
        return credentials.token

    def renew(self) -> str:
        """Exchange the refresh token for a new pair, store it, and return its access token.

        Raises:
            FatalError: an owner must install the app again, or the new pair could not be stored.
            RetryableError: Slack did not answer.
            TokenReplaced: an admin has stored another token; that one stays.
        """
        old = self._credentials
        self._note(replace(old, renewal_began_at=self._clock.now()))
        try:
            answer = self._exchange(
                {
                    "client_id": old.client_id,
                    "client_secret": old.client_secret,
                    "grant_type": "refresh_token",
                    "refresh_token": old.refresh_token,
                }
            )
        except RefusedBySlack as problem:
            raise FatalError(_refresh_refused(problem, old.renewal_began_at)) from problem
        token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(token, str) or not isinstance(refresh_token, str) or not token or not refresh_token:
            raise RetryableError("Slack's answer to the renewal of the token holds no new pair.")
        lifetime = answer.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, (int, float)) and lifetime > 0 else LIFETIME_SECONDS
        new = old.renewed(token, refresh_token, self._clock.now() + seconds)
        self._store_surely(new.stored_text())
        self._credentials = new
        self._log.info("token_renewed", valid_hours=round(seconds / 3600, 1))
        return new.token

    def _note(self, credentials: Credentials) -> None:
        """Store that the refresh token is about to be used; at the same time the proof that storing works."""
        try:
            self._store(credentials.stored_text())
        except FatalError as problem:
            raise FatalError(
                f"The token was not renewed, because the new one could not have been stored. {problem} "
                "Nothing is lost yet: make splunkd's storage/passwords work."
            ) from problem

    def _store_surely(self, text: str) -> None:
        # The old refresh token is dead from here on: without the new one an owner would have to install again.
        for attempt in range(1, STORE_ATTEMPTS + 1):
            try:
                self._store(text)
                return
            except FatalError as problem:
                if attempt == STORE_ATTEMPTS:
                    raise FatalError(
                        f"Slack renewed the token, but the new pair could not be stored. {problem} Slack takes the "
                        "old refresh token for a short while longer: make splunkd's storage/passwords work at once. "
                        "If the next run says that it is refused, an owner must install the Slack app again."
                    ) from problem
                self._log.warn("token_not_stored", reason=str(problem), attempt=attempt)
                self._pause(float(attempt))


def _refresh_refused(problem: RefusedBySlack, began_before: float | None) -> str:
    cause = (
        "it was used already, by another collector or on another machine, or revoked"
        if began_before is None
        else f"a run that set out to renew it at {iso(began_before)} ended before the new one was stored"
    )
    meanings = {
        "invalid_refresh_token": f"Slack does not accept the stored refresh token: {cause}. An owner must install "
        "the Slack app again; then store the new client_id, client_secret and refresh_token. Nothing is lost: "
        "collecting goes on where it stopped.",
        "bad_client_secret": "The stored client_secret is wrong. Store the one from the Slack app's Basic Information.",
        "invalid_client_id": "The stored client_id is wrong. Store the one from the Slack app's Basic Information.",
    }
    return meanings.get(problem.code, f"The token cannot be renewed. {problem}")
