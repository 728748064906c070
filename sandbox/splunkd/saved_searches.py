"""Scheduled searches as savedsearches.conf describes them, read from the shipped file unmodified.

Each key that changes what a search sees, when it runs or whether it fires is either
understood or refused by name; keys that only speak to people, to Splunk Web or to the load
of a real scheduler are listed and passed over. Does not run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timezone, tzinfo
from functools import cached_property

from sandbox.splunkd.cron import CronError, CronSchedule
from sandbox.splunkd.triggers import Trigger, TriggerError

BASELINE_SUFFIXES = (" - Lookup Gen", " - Lookup Cleanup")
REPORT_SUFFIX = " - Report"
_TITLE = re.compile(r"(?:Slack - )?(?P<short>.+?)(?: - (?:Rule|Lookup Gen|Lookup Backfill|Lookup Cleanup|Report))?")
_RULE_ID = re.compile(r'\brule_id\s*=\s*"([A-Z]+[0-9]+)')
_PERIOD = re.compile(r"(\d+)\s*([a-z]*)")
_UNITS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
}
_READ = frozenset(
    {
        "search",
        "description",
        "disabled",
        "enableSched",
        "cron_schedule",
        "dispatch.earliest_time",
        "dispatch.latest_time",
        "dispatch.index_earliest",
        "dispatch.index_latest",
        "counttype",
        "relation",
        "quantity",
        "alert_condition",
        "alert.track",
        "alert.severity",
        "alert.expires",
        "alert.digest_mode",
        "alert.suppress",
        "alert.suppress.fields",
        "alert.suppress.period",
        "alert.suppress.group_name",
    }
)
# How a scheduler under load spreads its work, what a page shows, what an action of another app wants:
# nothing of it changes which results a search has here.
_PASSED_OVER = re.compile(
    r"realtime_schedule|schedule_window|schedule_priority|allow_skew|max_concurrent|run_on_startup|run_n_times"
    r"|args\..*|embed\.enabled|schedule_as|workload_pool|auto_summarize.*|vsid|restart_on_searchpeer_add|defer_scheduled_searchable_idxc"
    r"|skip_scheduled_realtime_idxc|alert_type|dispatch\.(now|time_format)|is_visible|display\..*|request\.ui_.*|dispatchAs|alert\.display_view|alert\.managedBy"
    r"|dispatch\.(ttl|buckets|max_count|max_time|lookups|spawn_process|auto_cancel|auto_pause|reduce_freq"
    r"|rt_backfill|sample_ratio|indexedRealtime.*)"
    r"|actions|action\..*"
)


class SavedSearchError(ValueError):
    """A stanza that cannot be scheduled; the message names stanza, key and value."""


@dataclass(frozen=True)
class Suppression:
    """Throttling: `fields` empty means the whole search, `group` shares its memory with others."""

    seconds: int
    fields: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class SavedSearch:
    """One scheduled search. Window ends are Splunk's time modifiers, None where the stanza says nothing."""

    name: str
    search: str
    description: str
    schedule: CronSchedule
    disabled: bool
    earliest: str | None
    latest: str | None
    index_earliest: str | None
    index_latest: str | None
    trigger: Trigger
    track: bool
    severity: int
    expires_seconds: int
    digest: bool
    suppression: Suppression | None
    continuous: bool = False  # realtime_schedule = 0: no period is left out after a downtime
    window_seconds: int = 0  # schedule_window: how late a run may start
    settings: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def action_names(self) -> tuple[str, ...]:
        """Alert actions that are switched on, by `action.<name> = 1` or by the list `actions`."""
        listed = [name.strip() for name in self.settings.get("actions", "").split(",") if name.strip()]
        flagged = [
            key[len("action.") :]
            for key, value in self.settings.items()
            if key.startswith("action.") and key.count(".") == 1 and value.strip().lower() in ("1", "true", "t", "yes")
        ]
        off = {
            key[len("action.") :]
            for key, value in self.settings.items()
            if key.startswith("action.") and key.count(".") == 1 and value.strip().lower() in ("0", "false", "f", "no")
        }
        return tuple(name for name in dict.fromkeys([*listed, *flagged]) if name not in off)

    @cached_property
    def is_baseline(self) -> bool:
        """Whether it keeps what alerts compare with."""
        return self.name.endswith(BASELINE_SUFFIXES)

    @cached_property
    def is_report(self) -> bool:
        """Whether its rows are something to read and no findings."""
        return self.name.endswith(REPORT_SUFFIX)

    @cached_property
    def is_mute(self) -> bool:
        """Whether nobody can see what its runs trigger: no condition, no list, no action, nothing throttled."""
        triggers_unseen = self.trigger.counttype == "always" and not self.track and self.suppression is None
        return triggers_unseen and not self.action_names

    @property
    def short_title(self) -> str:
        """The words that tell it from others: `Owner Granted`."""
        match = _TITLE.fullmatch(self.name)
        return match["short"] if match else self.name

    @property
    def slug(self) -> str:
        """`slack_owner_granted`: also the prefix of its macros."""
        return "slack_" + re.sub(r"[^a-z0-9]+", "_", self.short_title.lower()).strip("_")

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rows of the catalogue that it reports: named beside its text, or in it."""
        rows = re.split(r"[,\s]+", self.settings.get("action.slack_audit_finding.param.rows", "").strip())
        return tuple(dict.fromkeys([row for row in rows if row] + _RULE_ID.findall(self.search)))

    @property
    def watches_the_collection(self) -> bool:
        """Whether it looks at the collector and the app's files: of entries from a file it can say nothing."""
        return self.rule_ids == ("U71",)

    def answers_to(self, name: str) -> bool:
        """Whether a person who says `name` (title, short title, slug or rule id) means this search."""
        wanted = name.strip().lower()
        return wanted in {
            self.name.lower(),
            self.short_title.lower(),
            self.slug,
            *(rule_id.lower() for rule_id in self.rule_ids),
        }


def read_saved_search(name: str, settings: Mapping[str, str], zone: tzinfo = timezone.utc) -> SavedSearch:
    """One scheduled stanza. Raises SavedSearchError."""
    return _read(name, settings, zone)


def check_settings(name: str, settings: Mapping[str, str]) -> None:
    """Refuse a setting that is not known, and a schedule or alert that cannot be read. Raises SavedSearchError."""
    _refuse_unknown(name, settings)
    if _flag(name, "enableSched", settings.get("enableSched", "0")):
        _read(name, settings, timezone.utc)


def read_saved_searches(stanzas: Mapping[str, Mapping[str, str]], zone: tzinfo = timezone.utc) -> list[SavedSearch]:
    """All stanzas with `enableSched = 1`, by name. Raises SavedSearchError for one that is not understood."""
    found = [
        _read(name, settings, zone)
        for name, settings in stanzas.items()
        if _flag(name, "enableSched", settings.get("enableSched", "0"))
    ]
    return sorted(found, key=lambda search: search.name)


def _read(name: str, settings: Mapping[str, str], zone: tzinfo) -> SavedSearch:
    _refuse_unknown(name, settings)
    _skew(name, settings.get("allow_skew", "0"))
    try:
        periods(settings.get("dispatch.ttl", "2p"), 60)
    except SavedSearchError as error:
        raise SavedSearchError(f"[{name}] dispatch.{error}") from None
    text = settings.get("search", "").strip()
    if not text:
        raise SavedSearchError(f"[{name}] has no search")
    if not settings.get("cron_schedule", "").strip():
        raise SavedSearchError(f"[{name}] is scheduled and has no cron_schedule")
    try:
        schedule = CronSchedule(settings["cron_schedule"].strip(), zone)
        trigger = Trigger.read(settings)
    except (CronError, TriggerError) as error:
        raise SavedSearchError(f"[{name}] {error}") from None
    digest = _flag(name, "alert.digest_mode", settings.get("alert.digest_mode", "1"))
    return SavedSearch(
        name=name,
        search=text,
        description=settings.get("description", ""),
        schedule=schedule,
        disabled=_flag(name, "disabled", settings.get("disabled", "0")),
        earliest=settings.get("dispatch.earliest_time") or None,
        latest=settings.get("dispatch.latest_time") or None,
        index_earliest=settings.get("dispatch.index_earliest") or None,
        index_latest=settings.get("dispatch.index_latest") or None,
        trigger=trigger,
        track=_track(name, settings),
        severity=_severity(name, settings.get("alert.severity", "3")),
        expires_seconds=_period(name, "alert.expires", settings.get("alert.expires", "24h")),
        digest=digest,
        suppression=_suppression(name, settings, digest),
        continuous=not _flag(name, "realtime_schedule", settings.get("realtime_schedule", "1")),
        window_seconds=_window(name, settings.get("schedule_window", "0")),
        settings=dict(settings),
    )


def _refuse_unknown(name: str, settings: Mapping[str, str]) -> None:
    for key in settings:
        if key not in _READ and not _PASSED_OVER.fullmatch(key):
            raise SavedSearchError(f"[{name}] {key}: this setting is not known here")


def _suppression(name: str, settings: Mapping[str, str], digest: bool) -> Suppression | None:
    if not _flag(name, "alert.suppress", settings.get("alert.suppress", "0")):
        return None
    period = settings.get("alert.suppress.period", "")
    if not period:
        raise SavedSearchError(f"[{name}] alert.suppress.period is missing; alert.suppress = 1 needs it")
    fields = tuple(part for part in re.split(r"[,\s]+", settings.get("alert.suppress.fields", "")) if part)
    if not digest and not fields:
        raise SavedSearchError(f"[{name}] alert.suppress.fields is missing; throttling results one by one needs it")
    return Suppression(
        seconds=_period(name, "alert.suppress.period", period),
        # Once for all results there are no single results whose values could be compared.
        fields=() if digest else fields,
        group=settings.get("alert.suppress.group_name", ""),
    )


def _window(name: str, text: str) -> int:
    """Seconds. `auto` leaves the choice to the scheduler, which here has no load and needs no room."""
    word = text.strip().lower()
    if word == "auto":
        return 0
    if not word.isdigit():
        raise SavedSearchError(f"[{name}] schedule_window = {text}: minutes or auto are expected")
    return int(word) * 60


def _skew(name: str, text: str) -> None:
    """allow_skew only spreads load: it is checked, and no run is moved."""
    word = text.strip().lower()
    match = _PERIOD.fullmatch(word)
    if not re.fullmatch(r"[0-9]{1,3}%", word) and (match is None or match[2] not in _UNITS):
        raise SavedSearchError(f"[{name}] allow_skew = {text}: a percentage or a duration is expected, as in 50% or 5m")


def _track(name: str, settings: Mapping[str, str]) -> bool:
    value = settings.get("alert.track", "0").strip().lower()
    # `auto` lists an alert when one of its actions asks for it; no action here does.
    return False if value == "auto" else _flag(name, "alert.track", value)


def _severity(name: str, text: str) -> int:
    if text.strip() not in ("1", "2", "3", "4", "5", "6"):
        raise SavedSearchError(f"[{name}] alert.severity = {text}: a number from 1 (debug) to 6 (fatal) is expected")
    return int(text)


def _flag(name: str, key: str, text: str) -> bool:
    word = text.strip().lower()
    if word in ("1", "true", "t", "yes"):
        return True
    if word in ("0", "false", "f", "no", ""):
        return False
    raise SavedSearchError(f"[{name}] {key} = {text}: 0 or 1 is expected")


def _period(name: str, key: str, text: str) -> int:
    match = _PERIOD.fullmatch(text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise SavedSearchError(f"[{name}] {key} = {text}: a number with s, m, h or d is expected, as in 4h")
    return int(match[1]) * _UNITS[match[2]]


def periods(text: str, period: float) -> float:
    """Seconds of a time to live: `600`, or `2p` for twice the time between two runs. Raises SavedSearchError."""
    match = re.fullmatch(r"(\d+)(p?)", text.strip())
    if match is None:
        raise SavedSearchError(f"ttl = {text}: seconds or periods are expected, as in 600 or 2p")
    return int(match[1]) * (period if match[2] else 1.0)


def chosen(searches: Iterable[SavedSearch], wanted: Iterable[str]) -> list[SavedSearch]:
    """The searches that the names mean, with all baselines; without a name all that look at entries.

    Raises SavedSearchError for a name that means nothing, with the nearest that does.
    """
    from sandbox.spl.errors import nearest

    everything = list(searches)
    names = list(wanted)
    if not names:
        return [search for search in everything if not search.watches_the_collection]
    picked: set[str] = set()
    for name in names:
        meant = [search for search in everything if search.answers_to(name)]
        if not meant:
            known = [word for search in everything for word in (search.name, search.slug, *search.rule_ids)]
            near = nearest(name, known)
            raise SavedSearchError(
                f"no alert is called {name!r}"
                + (f"; did you mean {near!r}?" if near else ": a rule id (U06), a title or a slug is expected")
            )
        picked.update(search.name for search in meant)
    return [search for search in everything if search.is_baseline or search.name in picked]
