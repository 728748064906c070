"""An input stanza as the collector uses it, and every complaint about one.

Knows each setting of `[slack_audit://<name>]`: its default, its limits, how it is described to an admin. The
scheme sent to splunkd, `default/inputs.conf` and `README/inputs.conf.spec` are held against this table by a
test. Knows nothing of tokens: those are in `credentials`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slack_audit_monitor.addresses import ENVIRONMENTS, Addresses, addresses, is_loopback
from slack_audit_monitor.checks import certificate_file, complaint, proxy_address, whole_number
from slack_audit_monitor.errors import ConfigError
from slack_audit_monitor.instants import iso, parse_instant
from slack_audit_monitor.names import HOST_MARK, check_name

#: "nothing exists before March 2018" (Slack, Audit Logs API reference, parameter `oldest`).
FIRST_DAY = 1_519_862_400
#: At most so many names in Slack's filter `action` (same page).
MOST_ACTIONS = 30
#: Slack's upper bound of `limit` (same page).
MOST_ENTRIES_PER_PAGE = 9_999
#: About what one organisation may call in a minute, shared by everything that reads its audit logs (tier 3).
MOST_CALLS_PER_MINUTE = 50
SHORTEST_INTERVAL_SECONDS = 10
#: start_time may name an input of the Slack Add-on for Splunk in place of a time; see `takeover`.
FOLLOWED = "slack_audit_logs://"


@dataclass(frozen=True)
class Setting:
    """One key of the stanza. `low` and `high` bound a whole number; both None for text."""

    name: str
    default: str
    title: str
    description: str
    low: int | None = None
    high: int | None = None

    @property
    def is_number(self) -> bool:
        """Whether the value is a whole number."""
        return self.low is not None


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "start_time",
        "-30d",
        "Start time",
        "Oldest entry to collect at the very first run: ISO 8601 (2026-01-31 or "
        "2026-01-31T08:00:00Z), epoch seconds, or relative such as -30d. Between 2018-03-01 and now. Or "
        "slack_audit_logs://NAME, to go on from that input of the Slack Add-on for Splunk.",
    ),
    Setting("environment", "slack", "Environment", "slack or govslack."),
    Setting(
        "api_url",
        "",
        "API address",
        "Replaces Slack's own address: https, or http on this machine only. A token goes only to the host that it is "
        "stored for: for another host than Slack's its secret is named <input name>@<host>.",
    ),
    Setting(
        "actions",
        "",
        "Only these actions",
        "At most 30 of Slack's action names, separated by commas. Empty: all.",
    ),
    Setting("actor", "", "Only this actor", "User id of the one who acted. Empty: all."),
    Setting("entity", "", "Only this entity", "Id of the object acted on. Empty: all."),
    Setting(
        "overlap_seconds",
        "120",
        "Overlap",
        "So many seconds before the last position are read again at each poll.",
        0,
        86_400,
    ),
    Setting(
        "late_arrival_seconds",
        "3600",
        "Late arrivals",
        "An entry that shows up at Slack so many seconds after its own time is still collected.",
        0,
        604_800,
    ),
    Setting(
        "late_check_seconds",
        "900",
        "Late check",
        "How often to look back for late arrivals beyond the overlap.",
        60,
        86_400,
    ),
    Setting(
        "calls_per_minute",
        "30",
        "Calls a minute",
        "Most calls to Slack in any minute; the organisation has about 50 for all its readers together.",
        1,
        MOST_CALLS_PER_MINUTE,
    ),
    Setting(
        "page_limit",
        "9999",
        "Entries a page",
        "Most entries to ask for in one call; made smaller by itself while Slack is slow.",
        1,
        MOST_ENTRIES_PER_PAGE,
    ),
    Setting(
        "connect_timeout_seconds",
        "10",
        "Connect timeout",
        "How long to wait for a connection to Slack.",
        1,
        300,
    ),
    Setting(
        "read_timeout_seconds",
        "60",
        "Read timeout",
        "How long Slack may stay silent in the middle of an answer.",
        1,
        600,
    ),
    Setting("answer_timeout_seconds", "300", "Answer timeout", "How long one whole answer may take.", 1, 3_600),
    Setting(
        "proxy_url",
        "",
        "Proxy",
        "http://HOST:PORT or https://HOST:PORT, without user and password: those are stored as "
        "a secret. Empty: as the environment says (HTTPS_PROXY, NO_PROXY).",
    ),
    Setting(
        "ca_bundle",
        "",
        "CA bundle",
        "Path of a PEM file with the certificate authorities to trust. Empty: the public ones.",
    ),
    Setting(
        "state",
        "auto",
        "Checkpoint",
        "Where the position is kept: file (on this host), kvstore (in the KV store, so that the members of a "
        "search head cluster take turns) or auto (kvstore on a member of a search head cluster, else file).",
    ),
)
STATE_PLACES = ("auto", "file", "kvstore")
_BY_NAME = {setting.name: setting for setting in SETTINGS}

_ACTION = re.compile(r"[A-Za-z0-9_.]+\Z")
_SLACK_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
_CRON_PART = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/0*[1-9][0-9]?)?\Z")
#: Least and most of minute, hour, day of the month, month, day of the week.
_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True)
class Settings:
    """One organisation to collect: a checked stanza. Durations are seconds.

    `follows` names the input of the Slack Add-on for Splunk to go on from, or is empty; `start_at` is then none of the
    stanza's until `takeover` has looked.
    """

    name: str
    start_at: int
    follows: str
    addresses: Addresses
    environment: str
    actions: tuple[str, ...]
    actor: str
    entity: str
    overlap_seconds: int
    late_arrival_seconds: int
    late_check_seconds: int
    calls_per_minute: int
    page_limit: int
    connect_timeout_seconds: int
    read_timeout_seconds: int
    answer_timeout_seconds: int
    proxy_url: str
    ca_bundle: str
    state: str

    @property
    def secret_name(self) -> str:
        """Name of the token's secret. A relay's names its host: who may change api_url gets no token sent elsewhere."""
        host = self.addresses.host
        if self.addresses.is_slacks_own or is_loopback(host):
            return self.name
        return f"{self.name}{HOST_MARK}{host.replace(':', '_')}"


def read_settings(name: str, params: Mapping[str, object], now: float) -> Settings:
    """Check a stanza's parameters and return them typed; empty ones take their default.

    Args:
        name: stanza name without the scheme; also the name under which the token is stored.
        params: as splunkd sends them, all text; those that are none of ours (index, host ...) are ignored.
        now: epoch seconds, for relative and future start times.

    Raises:
        ConfigError: the first complaint, as one sentence.
    """
    check_name(name, str(params.get("interval") or "").strip())
    values = {setting.name: _text(params, setting) for setting in SETTINGS}
    numbers = {setting.name: _number(setting, values[setting.name]) for setting in SETTINGS if setting.is_number}
    environment = values["environment"].lower()
    if environment not in ENVIRONMENTS:
        raise complaint("environment", values["environment"], "slack or govslack")
    state = values["state"].lower()
    if state not in STATE_PLACES:
        raise complaint("state", values["state"], "auto, file or kvstore")
    try:
        where = addresses(environment, values["api_url"])
    except ValueError as problem:
        raise ConfigError("api_url", f'api_url: found "{values["api_url"]}": {problem}.') from None
    if numbers["overlap_seconds"] > numbers["late_arrival_seconds"]:
        raise complaint(
            "overlap_seconds",
            values["overlap_seconds"],
            f"at most late_arrival_seconds, which is {numbers['late_arrival_seconds']}",
        )
    follows = _followed(values["start_time"])
    return Settings(
        name=name,
        start_at=FIRST_DAY if follows else _start(values["start_time"], now),
        follows=follows,
        addresses=where,
        environment=environment,
        actions=_actions(values["actions"]),
        actor=_slack_id("actor", values["actor"]),
        entity=_slack_id("entity", values["entity"]),
        proxy_url=proxy_address("proxy_url", values["proxy_url"], "<input name>.proxy"),
        ca_bundle=certificate_file("ca_bundle", values["ca_bundle"]),
        state=state,
        **numbers,
    )


def check_interval(text: str) -> None:
    """Complain about an `interval` that would never poll, or poll more often than makes sense.

    Raises:
        ConfigError: neither a number of seconds that is large enough nor a five-field cron expression.
    """
    allowed = (
        f"seconds, at least {SHORTEST_INTERVAL_SECONDS} (60 is usual; each poll costs a call), "
        "or a cron expression of five numeric fields"
    )
    text = text.strip()
    if _is_cron(text):
        return
    try:
        seconds = float(text)
    except ValueError:
        raise complaint("interval", text, allowed) from None
    if not SHORTEST_INTERVAL_SECONDS <= seconds <= 86_400 * 7:
        raise complaint("interval", text, allowed)


def _is_cron(text: str) -> bool:
    fields = text.split()
    return len(fields) == len(_CRON_BOUNDS) and all(
        _is_cron_part(part, low, high)
        for field, (low, high) in zip(fields, _CRON_BOUNDS)
        for part in field.split(",")
    )


def _is_cron_part(part: str, low: int, high: int) -> bool:
    found = _CRON_PART.match(part)
    if found is None:
        return False
    first, last = found.groups()
    return first is None or low <= int(first) <= int(last or first) <= high


def _text(params: Mapping[str, object], setting: Setting) -> str:
    value = params.get(setting.name)
    text = ",".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
    return text.strip() or setting.default


def _number(setting: Setting, text: str) -> int:
    return whole_number(setting.name, text, setting.low or 0, setting.high or 0)


def _followed(text: str) -> str:
    if not text.startswith(FOLLOWED):
        return ""
    name = text[len(FOLLOWED) :]
    if not name:
        raise complaint("start_time", text, f"{FOLLOWED}NAME, with the name of that input")
    return name


def _start(text: str, now: float) -> int:
    allowed = "ISO 8601 (2026-01-31 or 2026-01-31T08:00:00Z), epoch seconds, or relative such as -30d"
    try:
        start = parse_instant(text, now)
    except (ValueError, OverflowError, OSError):
        raise complaint("start_time", text, allowed) from None
    if start < FIRST_DAY:
        raise ConfigError(
            "start_time",
            f'start_time: found "{text}", which is before 2018-03-01; Slack has no audit entries '
            "before March 2018, so allowed is 2018-03-01 or later.",
        )
    if start > now:
        raise ConfigError(
            "start_time",
            f'start_time: found "{text}", which is in the future; allowed is at most now, {iso(now)}.',
        )
    return start


def _actions(text: str) -> tuple[str, ...]:
    names: list[str] = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not _ACTION.match(name):
            raise complaint(
                "actions",
                name,
                "Slack's action names (letters, digits, dot, underscore), separated by commas",
            )
    unique = tuple(dict.fromkeys(names))
    if len(unique) > MOST_ACTIONS:
        raise ConfigError(
            "actions",
            f"actions: found {len(unique)} names; allowed are at most {MOST_ACTIONS}. "
            "Leave it empty to collect all of them, or use a second input.",
        )
    return unique


def _slack_id(setting: str, text: str) -> str:
    if text and not _SLACK_ID.match(text):
        raise complaint(setting, text, "one id as Slack writes it, such as W012A3CDE")
    return text
