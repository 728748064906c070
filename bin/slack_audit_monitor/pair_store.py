"""Where a rotating pair is kept from one run to the next.

An admin stores a pair under the input's name. What Slack makes of it goes into a secret of its own, <name>.renewed,
together with a mark of the pair that it comes from. Splunk has no way to change a secret only if nobody else has: with
two secrets neither side can overwrite what the other has just written, however the moments fall. A newer pair of the
admin has another mark, so what was renewed before counts no longer.

Only the run that holds the input's lock (and lease) writes <name>.renewed.
"""

from __future__ import annotations

from slack_audit_monitor.credentials import Credentials, origin_of, read_credentials
from slack_audit_monitor.errors import TokenReplaced
from slack_audit_monitor.log import Log
from slack_audit_monitor.names import RENEWED_SUFFIX
from slack_audit_monitor.splunk import Splunkd


class PairStore:
    """The secrets of one input, as a run needs them.

    Args:
        token_name: under which the token is stored, when that is not the input's name (see `Settings.secret_name`).
    """

    def __init__(self, splunkd: Splunkd, name: str, log: Log, token_name: str = "") -> None:
        self._splunkd = splunkd
        self._name = name
        self._token_name = token_name or name
        self._log = log
        self._origin = ""

    def read(self) -> Credentials:
        """Return what the input signs in with.

        Raises:
            ConfigError, FatalError: there is nothing that could be used.
        """
        secrets = self._splunkd.secrets()
        credentials = read_credentials(self._name, secrets, self._token_name)
        self._origin = credentials.origin
        if self._token_name + RENEWED_SUFFIX in secrets and not credentials.is_renewed:
            self._log.info("token_replaced", aloud=True, reason="The token that was stored last is used from now on.")
            if not credentials.rotates:
                self._splunkd.remove_secret(self._token_name + RENEWED_SUFFIX)
        return credentials

    def keep(self, pair: str) -> None:
        """Store the text of a pair that comes from the one that was read.

        Raises:
            TokenReplaced: that one is not stored any more.
            FatalError: it is not stored.
        """
        if origin_of(self._splunkd.secrets().get(self._token_name, "")) != self._origin:
            raise TokenReplaced(
                "Another token was stored, or this one was removed, while it was being renewed. What is stored now "
                "counts from the next run on; nothing of the old pair is kept."
            )
        self._splunkd.store_secret(self._token_name + RENEWED_SUFFIX, pair)
