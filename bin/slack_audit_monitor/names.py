"""What an input may be called, and the names under which its secrets are stored.

All secrets of the app share one realm, so no input's name may be that of a secret. The setup page knows the same
rules (ui/src/setup/logic/organisation.ts); a test holds one against the other.
"""

from __future__ import annotations

import re

from slack_audit_monitor.errors import ConfigError

#: Behind the input's name: user and password for its proxy.
PROXY_SUFFIX = ".proxy"
#: Between the input's name and the host of a relay: a token for that host alone.
HOST_MARK = "@"
#: Behind the input's name: what became of a rotating pair (`pair_store`).
RENEWED_SUFFIX = ".renewed"
#: The setup page tries connections under this name, with an interval that never comes, and removes it again.
TRIAL, TRIAL_INTERVAL = "setup-test", "0 0 1 1 *"

# Beside control characters the byte order mark, which nobody sees.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufeff:/\\*?\"<>|\[\]]{1,100}\Z")
#: A client takes dots out of an address, and splunkd reads %2F as a slash: nothing could change such an input.
_UNADDRESSED = re.compile(r"\.\.?\Z|.*%2f", re.IGNORECASE)
_RESERVED = re.compile(r"digest_|.*(?:@|\.(?:proxy|renewed)\Z)")


def check_name(name: str, interval: str) -> None:
    """Complain about a name that an input cannot have.

    Args:
        interval: as splunkd sends it; "" if it sent none.

    Raises:
        ConfigError: in one sentence or two, with what to do.
    """
    if not _PLAIN.match(name) or name != name.strip():
        allowed = (
            '1 to 100 characters without : / \\ * ? " < > | [ ] and control characters and without blanks at the ends, '
            "because stanza and token are stored under this name"
        )
    elif _UNADDRESSED.match(name):
        allowed = "a name that can stand in an address of Splunk, so not . or .. alone and nothing with %2F"
    elif _RESERVED.match(name):
        allowed = "a name that does not begin with digest_, hold @ or end with .proxy or .renewed, as other secrets do"
    elif name == TRIAL and interval not in ("", TRIAL_INTERVAL):
        allowed = "any other name: the setup page uses this one for its tests, and removes it after them"
    else:
        return
    raise ConfigError("name", f'name: found "{name[:200]}"; allowed is {allowed}. Choose another name.')
