"""What Slack's refusals mean, and what an admin does about each.

The codes are those of the Audit Logs API reference and, because they turn up in the same place, their cousins
of the Web API. Statuses per code are not documented; so the code decides, and the status only where there is
none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_audit_monitor.errors import (
    CursorRefused,
    RangeRefused,
    RefusedBySlack,
    SlackAuditError,
    SlackUnavailable,
)
from slack_audit_monitor.log import redact

_STORE = "Store a user token (xoxp-...) with the scope auditlogs:read for this input on the app's setup page."
_WRONG_TOKEN = f"The token is not valid. {_STORE}"
_NO_TOKEN = f"No token arrived at Slack. {_STORE}"
_GONE = f"The token was revoked or its app uninstalled. Have an owner of the organisation install it again. {_STORE}"

MEANINGS: Mapping[str, str] = {
    "invalid_authentication": _WRONG_TOKEN,
    "invalid_auth": _WRONG_TOKEN,
    "missing_authentication": _NO_TOKEN,
    "not_authed": _NO_TOKEN,
    "token_revoked": _GONE,
    "account_inactive": "The owner who installed the Slack app was deactivated. Have another owner of the organisation "
    "install it and store the new token.",
    "token_expired": "The token has expired. With token rotation, store a fresh refresh token for this input.",
    "user_not_authorized": "The token does not belong to an owner of the organisation. Have an org owner install "
    "the Slack app; an org admin is not enough.",
    "team_not_authorized": "The Slack app is installed on one workspace. An owner must install it on the whole "
    "organisation.",
    "invalid_workspace": "This workspace belongs to no Enterprise organisation; only those have audit logs.",
    "feature_not_enabled": "Audit logs are not available on this Slack plan; they need an Enterprise plan.",
    "missing_scope": "The token lacks the scope auditlogs:read. Add it to the Slack app's user scopes, install the "
    "app again and store the new token.",
    "not_allowed_token_type": "This kind of token cannot read audit logs; a user token (xoxp-...) is needed, "
    "not a bot token.",
    "method_not_allowed": "Slack does not allow this call for this workspace or token.",
    "bad_endpoint": "Slack does not know this address. Check environment and api_url.",
    "invalid_action": "Slack does not know one of the names in the setting actions. Correct the list.",
    "ekm_access_denied": "The organisation's key management denies access at the moment.",
    "team_access_not_granted": "The Slack app was not granted access to this organisation.",
    "org_login_required": "The organisation is being migrated and cannot be read for now.",
}
#: Which setting a code is about, where it is not the token.
_ABOUT = {"bad_endpoint": "api_url", "invalid_action": "actions"}
_PASSING = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"))


def refusal(status: int, body: Mapping[str, Any] | None) -> SlackAuditError:
    """Return the error for an answer that is not a page. Status 429 is not for here.

    Args:
        status: HTTP status.
        body: the JSON object that came with it, or None.
    """
    told = (body or {}).get("error")
    code = redact(told)[:80] if isinstance(told, str) else ""  # before the cut: no half of a secret may remain
    if code == "invalid_cursor":
        return CursorRefused("Slack did not accept its own cursor.")
    if code == "invalid_range":
        return RangeRefused("Slack did not accept the time range.")
    if code in _PASSING or status >= 500:
        return SlackUnavailable(f"Slack answered with status {status}{f' ({code})' if code else ''}.", answered=True)
    said = f' Slack said "{code}" (status {status}).' if code else f" Slack answered with status {status}."
    if code in MEANINGS:
        needed = (body or {}).get("needed")
        extra = f' It needs "{redact(needed)[:80]}".' if isinstance(needed, str) else ""
        return RefusedBySlack(code, MEANINGS[code] + said + extra, _ABOUT.get(code, "token"))
    if status == 401:
        return RefusedBySlack(
            code,
            f"Slack does not accept the token: wrong, revoked, or not of this organisation. {_STORE}{said}",
        )
    if status == 403:
        return RefusedBySlack(
            code,
            "Slack does not permit this: the token must belong to an owner of the organisation, have "
            f"the scope auditlogs:read, and come from an org-wide installation.{said}",
        )
    if status == 404:
        told = f"There is no audit log at this address. Check environment and api_url.{said}"
        return RefusedBySlack(code, told, "api_url")
    return RefusedBySlack(code, f"Slack refused the call for a reason unknown to this app.{said}")
