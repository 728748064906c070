"""Once a day: what the stored token may do, whose it is and how long it has been in use, as one line of the log.

The alerts on the token and the page "Collection health" read that line. It holds no secret, and nothing that a secret
could be told by: a new token is recognised by a keyed digest that stays in the checkpoint.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.credentials import Credentials
from slack_audit_monitor.instants import iso
from slack_audit_monitor.log import Log, redact

CHECK_SECONDS = 86_400
#: After a check that failed; the pages of audit entries will have told why.
RETRY_SECONDS = 3_600
#: Enough of an audit reader. Slack adds `identify` to each user token by itself.
ENOUGH_SCOPES = frozenset({"auditlogs:read", "identify"})
SCOPES_SHOWN = 40
LONGEST_ID = 40
#: Each field is always there: whoever reads the newest line must not be left with what an older one said.
UNKNOWN = "unknown"


class TokenWatch:
    """Decides when to look at the token and writes down what was seen.

    Args:
        checkpoint: where the last look and the token's digest are kept.
    """

    def __init__(self, credentials: Credentials, checkpoint: Checkpoint, log: Log) -> None:
        self._credentials = credentials
        self._checkpoint = checkpoint
        self._log = log

    def is_due(self, now: float) -> bool:
        """Tell whether a day has passed, or the secret was replaced."""
        due_at = self._checkpoint.state.token_check_due_at
        # One further ahead than a day comes from a clock that has been set back since.
        return due_at is None or not now < due_at <= now + CHECK_SECONDS or not self._is_known()

    def failed(self, now: float) -> None:
        """Note that Slack did not say whose token it is: ask again in an hour."""
        self._checkpoint.state.token_check_due_at = int(now + RETRY_SECONDS)
        self._checkpoint.save()

    def seen(self, identity: Mapping[str, Any], now: float) -> None:
        """Write down what `auth.test` said.

        Args:
            identity: its answer, with `scopes` from the header; None there when the header did not come.
        """
        state = self._checkpoint.state
        if not self._is_known():
            state.token_mark, state.token_since = _mark(self._secret(), os.urandom(16)), int(now)
        state.token_check_due_at = int(now + CHECK_SECONDS)
        scopes = identity.get("scopes")
        wider = None if scopes is None else sorted(set(scopes) - ENOUGH_SCOPES)
        since = state.token_since if state.token_since is not None else int(now)
        fields: dict[str, object] = {
            "owner": _id(identity.get("user_id")) or UNKNOWN,
            "organisation": _id(identity.get("enterprise_id")) or _id(identity.get("team_id")) or UNKNOWN,
            "scopes": UNKNOWN if scopes is None else _listed(sorted(set(scopes))),
            "is_wider_than_needed": UNKNOWN if wider is None else bool(wider),
            "wider_scopes": _listed(wider or []),
            "token_since": iso(since),
            "token_age_days": max(0, int(now) - since) // 86_400,
            "is_renewed_by_itself": self._credentials.rotates,
        }
        self._checkpoint.save()
        if wider:
            self._log.warn("token_checked", **fields)
        else:
            self._log.info("token_checked", aloud=False, **fields)

    def _secret(self) -> str:
        # A rotating token is another one twice a day; what stays is the app that an owner installed.
        credentials = self._credentials
        return f"{credentials.client_id}|{credentials.client_secret}" if credentials.rotates else credentials.token

    def _is_known(self) -> bool:
        mark = self._checkpoint.state.token_mark or ""
        try:
            salt = bytes.fromhex(mark.partition(":")[0])
        except ValueError:
            return False
        return hmac.compare_digest(mark.encode("utf-8"), _mark(self._secret(), salt).encode("utf-8"))


def _mark(secret: str, salt: bytes) -> str:
    """Return `salt:digest`. A token is random enough that nobody finds it by trying; half of the digest will do."""
    return f"{salt.hex()}:{hmac.new(salt, secret.encode('utf-8'), sha256).hexdigest()[:32]}"


def _id(value: object) -> str | None:
    return redact(value)[:LONGEST_ID] if isinstance(value, str) and value else None


def _listed(scopes: list[str]) -> str:
    more = len(scopes) - SCOPES_SHOWN
    return ", ".join(scopes[:SCOPES_SHOWN]) + (f", and {more} more" if more > 0 else "") or "none"
