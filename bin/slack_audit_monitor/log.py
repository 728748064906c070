"""Log lines of the app: key=value, one record a line, no secrets.

Two places: stderr in splunkd's form (`LEVEL text`, which splunkd copies to index=_internal
component=ExecProcessor) and the app's own file `$SPLUNK_HOME/var/log/splunk/slack_audit_monitor.log`, which
Splunk indexes by itself. Outside Splunk (no SPLUNK_HOME) stderr gets everything; inside it gets warnings,
errors and the run's summary. Knows nothing of what the lines mean.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TextIO

LOG_NAME = "slack_audit_monitor.log"
ROTATE_BYTES = 5_000_000
KEPT_FILES = 5
SHORTEST_WRAPPED = 8
LONGEST_VALUE = 2_000

#: Slack's tokens by their public prefixes, and what follows an Authorization scheme. Splunk's scheme is its name, so
#: what follows that must have a session key's length: "Splunk Cloud" is to be read.
_SECRET_FORMS = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9][A-Za-z0-9.-]{5,}|xapp-[A-Za-z0-9][A-Za-z0-9-]{5,}"
    r"|((?:Bearer|Basic)\s+|Splunk\s+(?=[^\s\"',;]{16}))[^\s\"',;]+",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(\b\w{1,20}://)[^/\s@]{1,500}@")
#: What Splunk reads as one value without quotes; a comma, say, would end it.
_PLAIN_VALUE = re.compile(r"[^\s\"=\\,;|&]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_known_secrets: list[str] = []


def hide(secret: str | None) -> None:
    """Never let `secret` appear in a log line or an error sentence of this process."""
    if secret and len(secret) >= 4 and secret not in _known_secrets:
        _known_secrets.extend(form for form in _forms(secret) if form not in _known_secrets)
        _known_secrets.sort(key=len, reverse=True)  # a longer one may contain a shorter one


def _forms(secret: str) -> list[str]:
    """Return the secret, and how it looks where others wrap it up: in an address, in JSON, in base64."""
    if len(secret) < SHORTEST_WRAPPED:  # what a shorter one becomes may be an ordinary word
        return [secret]
    import json
    from base64 import b64encode
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogatepass")
    quoted = json.dumps(secret)[1:-1]
    forms = [secret, quote(data), quote(data, safe=""), quote_plus(data), quoted, quoted.replace("/", "\\/")]
    forms += [json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], data.hex()]
    for ahead in range(3):  # base64 looks otherwise behind one or two letters, and its ends depend on the neighbours
        inner = slice(-(-ahead * 8 // 6), (ahead + len(data)) * 8 // 6)
        for alphabet in (b"+/", b"-_"):
            forms.append(b64encode(b"\0" * ahead + data, alphabet).decode("ascii")[inner])
    return forms


def redact(text: str) -> str:
    """Return `text` with every known or token-like secret replaced."""
    for secret in _known_secrets:
        text = text.replace(secret, "(redacted)")
    text = _URL_CREDENTIALS.sub(r"\1(redacted)@", text)
    return _SECRET_FORMS.sub(lambda match: (match.group(1) or "") + "(redacted)", text)


def one_line(text: str) -> str:
    """Return `text` redacted and without anything that could start a second log record."""
    return _CONTROL.sub(lambda match: " " if match.group() in "\r\n\t" else "?", redact(text))


def pairs(fields: dict[str, object]) -> str:
    """Format fields as `key=value key="two words"`; None is left out, booleans read yes and no."""
    return " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    # Cut before the search for secrets, which is slow on megabytes, and again after it: no half of one may remain.
    whole = str(value)
    text = one_line(whole[: 2 * LONGEST_VALUE])
    if len(whole) > 2 * LONGEST_VALUE and _known_secrets:
        text = text[: -len(_known_secrets[0])]
    if len(text) > LONGEST_VALUE:
        text = text[:LONGEST_VALUE] + "..."
    if _PLAIN_VALUE.match(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', "'") + '"'


class Log:
    """Writes the lines of one input, or of one run of an alert action.

    Args:
        name: who speaks: stanza name of the input without the scheme, or the alert's name.
        folder: where the app's own file lives; None means stderr only.
        label: under which key the name stands in each line.
    """

    def __init__(
        self, name: str, folder: str | None = None, stderr: TextIO | None = None, label: str = "input"
    ) -> None:
        self._name = name
        self._label = label
        self._stderr = stderr if stderr is not None else sys.stderr
        self._path = _usable(folder)
        self.errors = 0

    def info(self, event: str, aloud: bool = False, **fields: object) -> None:
        """Record what happened. `aloud`: on stderr too, even inside Splunk."""
        self._write("INFO", event, fields, aloud)

    def warn(self, event: str, **fields: object) -> None:
        """Record what an admin may want to look at."""
        self._write("WARN", event, fields, True)

    def error(self, event: str, **fields: object) -> None:
        """Record what an admin must act on."""
        self.errors += 1
        self._write("ERROR", event, fields, True)

    def _write(self, level: str, event: str, fields: dict[str, object], aloud: bool) -> None:
        text = pairs({self._label: self._name, "event": event, **fields})
        if aloud or self._path is None:
            try:
                self._stderr.write(f"{level} {text}\n")
                self._stderr.flush()
            except (OSError, ValueError):
                pass  # nobody listens any more; the events matter more than the log
        if self._path is not None:
            now = time.time()
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d} +0000"
            try:
                _append(self._path, f"{stamp} level={level} pid={os.getpid()} {text}\n")
            except OSError:
                self._path = None  # full disk or lost permission: stderr from here on


def log_folder() -> str | None:
    """Return Splunk's own log folder, or None outside Splunk."""
    home = os.environ.get("SPLUNK_HOME")
    return os.path.join(home, "var", "log", "splunk") if home else None


def _usable(folder: str | None) -> str | None:
    if folder is None:
        return None
    path = os.path.join(folder, LOG_NAME)
    try:
        os.makedirs(folder, exist_ok=True)
        _rotate(path)
        _append(path, "")
    except OSError:
        return None
    return path


def _append(path: str, line: str) -> None:
    # One write of one line to an O_APPEND file: several inputs share the file without mixing their lines.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode("utf-8", "replace"))
    finally:
        os.close(handle)


def _rotate(path: str) -> None:
    # Done once a run only, so that two inputs can hardly meet here; os.replace keeps every step atomic.
    if not os.path.exists(path) or os.path.getsize(path) < ROTATE_BYTES:
        return
    for number in range(KEPT_FILES - 1, 0, -1):
        if os.path.exists(f"{path}.{number}"):
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")
    os.replace(path, f"{path}.1")
