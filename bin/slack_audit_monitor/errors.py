"""Everything this app can complain about, sorted by what has to happen next.

    SlackAuditError
    |-- ConfigError            an admin can fix it: names the setting, what was found, what is allowed
    |-- FatalError             stop this run, keep the checkpoint, tell an admin
    |   |-- NewerFormat        a checkpoint of a newer version of this app: left alone
    |   `-- RefusedBySlack     Slack said no: token, scope, plan, workspace
    |-- RetryableError         the same call may succeed later
    |   |-- KvStoreUnavailable Splunk's KV store is not ready
    |   |-- PageTooLarge       a page weighs more than memory is meant for; ask for fewer entries
    |   |-- RateLimited        Slack said when
    |   |-- SlackUnavailable   no answer, a broken one, or a 5xx
    |   `-- UnexpectedAnswer   an answer with status 200 that is no page of audit entries
    |-- CursorRefused          read the rest of the window without a cursor
    |-- RangeRefused           correct the bounds of the window
    `-- Stopped                splunkd asked us to end, or nobody reads our events any more
        |-- LeaseLost          another member of the search head cluster collects now
        `-- TokenReplaced      an admin stored another token while this one was being renewed

The text of each error is a sentence for a person. It must be free of secrets already where it is raised;
`log.redact` is the second line of defence. What happens then is decided in `collect` and `modinput`.
"""

from __future__ import annotations


class SlackAuditError(Exception):
    """Base of all errors of this app."""


class ConfigError(SlackAuditError):
    """A setting is wrong. `setting` is its name as in inputs.conf."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


class FatalError(SlackAuditError):
    """Going on would not help; an admin must act."""


class NewerFormat(FatalError):
    """What an earlier run left was written by a newer version of this app, and is not touched."""


class RefusedBySlack(FatalError):
    """Slack refused the call for a reason that repeating cannot change.

    Args:
        code: Slack's own word (`user_not_authorized`), or "" when the answer held none.
        message: what it means and what an admin does about it.
        setting: what it is about.
    """

    def __init__(self, code: str, message: str, setting: str = "token") -> None:
        super().__init__(message)
        self.code = code
        self.setting = setting


class RetryableError(SlackAuditError):
    """The same call may succeed later."""


class RateLimited(RetryableError):
    """Status 429.

    Args:
        wait_seconds: from the header Retry-After; None when the header is missing or unreadable.
    """

    def __init__(self, wait_seconds: float | None) -> None:
        told = "without saying for how long" if wait_seconds is None else f"for {wait_seconds:g} seconds"
        super().__init__(f"Slack asked us to wait {told} (status 429).")
        self.wait_seconds = wait_seconds


class PageTooLarge(RetryableError):
    """The rest of a page was left unread, because it weighs too much to be held.

    Args:
        size_bytes, entries: what had come until then.
    """

    def __init__(self, size_bytes: int, entries: int) -> None:
        super().__init__(f"Slack's entries weigh {size_bytes // max(1, entries):,} bytes each; fewer fit a page.")
        self.size_bytes = size_bytes
        self.entries = entries


class SlackUnavailable(RetryableError):
    """No answer, half an answer, or a server error.

    Args:
        too_slow: the answer did not come in time, so a smaller page may help.
        answered: Slack did answer, but with an error of its own or half a body; the fault may lie in one place.
    """

    def __init__(self, message: str, too_slow: bool = False, answered: bool = False) -> None:
        super().__init__(message)
        self.too_slow = too_slow
        self.answered = answered


class UnexpectedAnswer(RetryableError):
    """Status 200, but no page of audit entries: a web page, cut JSON, another service.

    Args:
        cursor: the next page's cursor, if it could still be read behind what is broken.
    """

    def __init__(self, message: str, cursor: str | None = None) -> None:
        super().__init__(message)
        self.cursor = cursor


class CursorRefused(SlackAuditError):
    """Slack does not take the cursor it gave us (expired, altered), or the cursor leads nowhere."""


class RangeRefused(SlackAuditError):
    """Slack answered `invalid_range`: a bound lies before its data or after its clock."""


class Stopped(SlackAuditError):
    """Asked to end: SIGTERM, or the reader of our events went away."""


class KvStoreUnavailable(RetryableError):
    """Splunk's KV store, where the checkpoint is, does not answer or is not ready."""


class LeaseLost(Stopped):
    """Another member has taken over: write nothing more."""


class TokenReplaced(Stopped):
    """An admin stored another token meanwhile: leave off with this one."""
