"""saved/searches: the stanzas of savedsearches.conf; dispatch, history, schedule, throttling.

REST has other words than the conf for four settings (is_scheduled, alert_type,
alert_comparator, alert_threshold); both are given, as splunkd gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Callable

from werkzeug.wrappers import Response

from sandbox.spl.errors import SplError
from sandbox.spl.timemod import resolve
from sandbox.splunkd.alert_state import AlertState
from sandbox.splunkd.alerting import Alerting
from sandbox.splunkd.conf_store import ConfStore, ConfWriteError
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.families.jobs import job_entry, moment, sid_response
from sandbox.splunkd.rest.results import iso_time
from sandbox.splunkd.rest.routing import Call, Endpoint
from sandbox.splunkd.saved_searches import SavedSearch, SavedSearchError, check_settings, read_saved_search
from sandbox.splunkd.search_jobs import Jobs
from sandbox.splunkd.searching import SearchService, Windows

_PATH = "saved/searches"
_CONF = "savedsearches"
_TO_CONF = {
    "is_scheduled": "enableSched",
    "alert_type": "counttype",
    "alert_comparator": "relation",
    "alert_threshold": "quantity",
}
_TO_REST = {conf: rest for rest, conf in _TO_CONF.items()}
_FLAGS = frozenset(
    {"enableSched", "disabled", "alert.track", "alert.digest_mode", "alert.suppress", "realtime_schedule", "is_visible"}
)
# etc/system/default/savedsearches.conf: what a stanza that says nothing has.
_DEFAULTS = {
    "actions": "",
    "alert.digest_mode": "1",
    "alert.expires": "24h",
    "alert.severity": "3",
    "alert.suppress": "",
    "alert.suppress.fields": "",
    "alert.suppress.period": "",
    "alert.track": "0",
    "alert_condition": "",
    "counttype": "always",
    "relation": "",
    "quantity": "",
    "allow_skew": "0",
    "cron_schedule": "",
    "description": "",
    "disabled": "0",
    "dispatch.buckets": "0",
    "dispatch.earliest_time": "",
    "dispatch.latest_time": "",
    "dispatch.index_earliest": "",
    "dispatch.index_latest": "",
    "dispatch.lookups": "1",
    "dispatch.max_count": "500000",
    "dispatch.max_time": "0",
    "dispatch.ttl": "2p",
    "enableSched": "0",
    "is_visible": "1",
    "max_concurrent": "1",
    "realtime_schedule": "1",
    "run_on_startup": "0",
    "schedule_priority": "default",
    "schedule_window": "0",
}
_NOT_SETTINGS = frozenset(
    {"name", "output_mode", "count", "offset", "search_mode", "sharing", "owner", "app", "listDefaultActionArgs",
     "earliest_time", "latest_time", "add_orphan_field"}
)  # fmt: skip


class SavedSearchEndpoints:
    """The saved searches of one app."""

    def __init__(
        self,
        confs: ConfStore,
        service: SearchService,
        jobs: Jobs,
        alerting: Alerting,
        state: AlertState,
        clock: Callable[[], float],
    ) -> None:
        self._confs = confs
        self._service = service
        self._jobs = jobs
        self._alerting = alerting
        self._state = state
        self._clock = clock

    def endpoints(self) -> list[Endpoint]:
        one = f"{_PATH}/<path:name>"
        return [
            Endpoint(_PATH, ["GET"], self._list),
            Endpoint(_PATH, ["POST"], self._create),
            Endpoint(f"{one}/dispatch", ["POST"], self._dispatch),
            Endpoint(f"{one}/history", ["GET"], self._history),
            Endpoint(f"{one}/scheduled_times", ["GET"], self._scheduled_times),
            Endpoint(f"{one}/suppress", ["GET", "POST"], self._suppress),
            Endpoint(f"{one}/acknowledge", ["POST"], self._acknowledge),
            Endpoint(f"{one}/enable", ["POST"], self._enable),
            Endpoint(f"{one}/disable", ["POST"], self._disable),
            Endpoint(f"{one}/_reload", ["GET", "POST"], self._read),
            Endpoint(one, ["GET"], self._read),
            Endpoint(one, ["POST"], self._edit),
            Endpoint(one, ["DELETE"], self._delete),
        ]

    # -- stanzas

    def _settings(self, name: str) -> dict[str, str]:
        stanza = self._confs.stanzas(_CONF).get(name)
        if stanza is None:
            raise RestError(404, f"Could not find object id={name}")
        return stanza

    def _entries(self, now: float, only: str | None = None) -> list[Entry]:
        fired: dict[str, int] = {}
        for alert in self._state.fired_at(now):
            fired[alert.search] = fired.get(alert.search, 0) + 1
        stanzas = sorted(self._confs.stanzas(_CONF).items())
        defaults = self._confs.layer("default", _CONF)
        return [
            self._entry(name, settings, fired.get(name, 0), now, removable=name not in defaults)
            for name, settings in stanzas
            if only is None or name == only
        ]

    def _entry(self, name: str, settings: Mapping[str, str], fired: int, now: float, *, removable: bool) -> Entry:
        content: dict[str, Any] = {}
        for key, value in {**_DEFAULTS, **settings}.items():
            rest = _TO_REST.get(key, key)
            content[rest] = _flag(value) if key in _FLAGS and value != "" else value
        search = _scheduled(name, settings, self._service.zone)
        content["next_scheduled_time"] = (
            iso_time(search.schedule.next_after(now)) if search and not search.disabled else ""
        )
        content["qualifiedSearch"] = _qualified(settings.get("search", ""))
        content["triggered_alert_count"] = fired
        content["actions"] = ",".join(search.action_names) if search else content["actions"]
        return Entry(name, content, app=self._confs.app, removable=removable)

    def _one(self, call: Call, name: str, status: int = 200) -> Response:
        entries = self._entries(self._clock(), only=name)
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed(_PATH, entries), call.output_mode, status)

    def _list(self, call: Call) -> Response:
        return feed_response(page_of(self._entries(self._clock()), _PATH, call.arguments), call.output_mode)

    def _read(self, call: Call, name: str) -> Response:
        return self._one(call, name)

    def _create(self, call: Call) -> Response:
        name = call.arguments.get("name", "")
        missing = [field for field in ("name", "search") if not call.arguments.get(field)]
        if missing:
            raise RestError(400, f"The following required arguments are missing: {', '.join(missing)}.")
        if name in self._confs.stanzas(_CONF):
            raise RestError(
                409, f"Unable to create saved search with name '{name}'. A saved search with that name already exists."
            )
        self._store(name, call.arguments, {})
        return self._one(call, name, 201)

    def _edit(self, call: Call, name: str) -> Response:
        self._store(name, call.arguments, self._settings(name))
        return self._one(call, name)

    def _store(self, name: str, arguments: Mapping[str, str], present: Mapping[str, str]) -> None:
        given = {_TO_CONF.get(key, key): value for key, value in arguments.items() if key not in _NOT_SETTINGS}
        if given.get("actions") is not None:
            listed = {part.strip() for part in given["actions"].split(",") if part.strip()}
            given.update({f"action.{action}": "1" for action in listed})
        judged = {**present, **given}
        try:
            check_settings(name, {key: value for key, value in judged.items() if value != ""})
            self._service.check(judged.get("search", ""))
            self._confs.write(_CONF, name, given)
        except (SavedSearchError, ConfWriteError, SplError) as error:
            raise RestError(400, f"In handler 'savedsearch': {error}") from None

    def _enable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "0")

    def _disable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "1")

    def _switch(self, call: Call, name: str, disabled: str) -> Response:
        self._settings(name)
        self._confs.write(_CONF, name, {"disabled": disabled})
        return self._one(call, name)

    def _delete(self, call: Call, name: str) -> Response:
        self._settings(name)
        if name in self._confs.layer("default", _CONF):
            raise RestError(403, f"{name} is part of the app's defaults: it can be disabled, not removed.")
        self._confs.remove(_CONF, name)
        return self._list(call)

    # -- running

    def _dispatch(self, call: Call, name: str) -> Response:
        """Run it now, or as of `dispatch.now`; each `dispatch.*` argument goes before the stanza's own."""
        settings, given = self._settings(name), call.arguments
        merged = {**settings, **{key: value for key, value in given.items() if key.startswith("dispatch.")}}
        text = settings.get("search", "")
        for key, value in {**settings, **given}.items():
            if key.startswith("args."):
                text = text.replace(f"${key}$", value)
        trigger = _on(given.get("trigger_actions"))
        try:
            job = self._jobs.prepare(
                text,
                Windows(
                    merged.get("dispatch.earliest_time"),
                    merged.get("dispatch.latest_time"),
                    merged.get("dispatch.index_earliest"),
                    merged.get("dispatch.index_latest"),
                ),
                app=self._confs.app,
                owner=call.user,
                name=name,
                label=name,
                now=moment(given.get("dispatch.now") or given.get("now"), self._service),
            )
        except SplError as error:
            raise RestError(400, str(error), "FATAL") from None
        if trigger:
            self._jobs.run(job)
            search = _scheduled(
                name,
                {**settings, "enableSched": "1", "cron_schedule": settings.get("cron_schedule") or "0 0 * * *"},
                self._service.zone,
            )
            if search is not None and not job.failed:
                self._alerting.judge(search, job.rows, slot=job.now, sid=job.sid)
        else:
            self._jobs.start(job)
        return sid_response(job.sid, call.output_mode)

    def _history(self, call: Call, name: str) -> Response:
        self._settings(name)
        entries = [job_entry(job) for job in self._jobs.history(name)]
        return feed_response(page_of(entries, f"{_PATH}/{name}/history", call.arguments), call.output_mode)

    def _scheduled_times(self, call: Call, name: str) -> Response:
        search, now = self._search(name), self._clock()
        try:
            start = resolve(call.arguments.get("earliest_time") or "now", now, self._service.zone)
            end = resolve(call.arguments.get("latest_time") or "+1h", now, self._service.zone)
        except (SplError, ValueError) as error:
            raise RestError(400, str(error)) from None
        times: list[int] = []
        for slot in search.schedule.from_(start or 0.0):
            if slot > (end or now) or len(times) >= 10_000:
                break
            times.append(slot)
        return self._named(call, name, {"scheduled_times": times})

    def _suppress(self, call: Call, name: str) -> Response:
        search, now = self._search(name), self._clock()
        if call.method == "POST" and call.arguments.get("expiration") == "0":
            self._alerting.throttle.forget(search)
        elif call.method == "POST":
            raise RestError(400, "Only expiration=0, which ends the throttling, is supported by the stand-in.")
        left = int(self._alerting.throttle.remaining(search, now))
        return self._named(call, name, {"suppressed": left > 0, "expiration": left, "suppressionKey": name})

    def _acknowledge(self, call: Call, name: str) -> Response:
        self._alerting.throttle.forget(self._search(name))
        return self._one(call, name)

    def _search(self, name: str) -> SavedSearch:
        search = _scheduled(name, self._settings(name), self._service.zone)
        if search is None:
            raise RestError(400, f"The saved search '{name}' is not scheduled.")
        return search

    def _named(self, call: Call, name: str, content: Mapping[str, Any]) -> Response:
        return feed_response(Feed(_PATH, [Entry(name, content, app=self._confs.app)]), call.output_mode)


def _scheduled(name: str, settings: Mapping[str, str], zone: tzinfo) -> SavedSearch | None:
    if not _on(settings.get("enableSched")):
        return None
    try:
        return read_saved_search(name, {key: value for key, value in settings.items() if value != ""}, zone)
    except SavedSearchError:
        return None


def _qualified(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.startswith(("|", "search ")) else f"search {stripped}"


def _on(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "t", "yes")


def _flag(value: str) -> Any:
    word = value.strip().lower()
    return _on(word) if word in ("0", "1", "true", "false", "t", "f", "yes", "no") else value
