"""alerts/fired_alerts: what is on the page "Triggered Alerts", by saved search and one by one."""

from __future__ import annotations

from typing import Callable

from werkzeug.wrappers import Response

from sandbox.splunkd.alert_state import AlertState
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.rest.answers import Entry, RestError, feed_response, page_of
from sandbox.splunkd.rest.results import iso_time
from sandbox.splunkd.rest.routing import Call, Endpoint

_PATH = "alerts/fired_alerts"


class FiredAlertEndpoints:
    """The triggered alerts of one app."""

    def __init__(self, state: AlertState, app: str, clock: Callable[[], float]) -> None:
        self._state = state
        self._app = app
        self._clock = clock

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH, ["GET"], self._groups),
            Endpoint(f"{_PATH}/<path:name>", ["GET"], self._alerts),
            Endpoint(f"{_PATH}/<path:name>", ["DELETE"], self._delete),
        ]

    def _groups(self, call: Call) -> Response:
        fired = self._state.fired_at(self._clock())
        names = sorted({alert.search for alert in fired})
        # `-` stands for all of them.
        entries = [self._group("-", len(fired))]
        entries += [self._group(name, sum(alert.search == name for alert in fired)) for name in names]
        return feed_response(page_of(entries, _PATH, call.arguments), call.output_mode)

    def _group(self, name: str, count: int) -> Entry:
        return Entry(name, {"triggered_alert_count": count}, app=self._app, removable=False)

    def _alerts(self, call: Call, name: str) -> Response:
        fired = self._state.fired_at(self._clock())
        found = [alert for alert in fired if name == "-" or name in (alert.search, alert.id)]
        if not found and name != "-":
            raise RestError(404, f"Could not find object id={name}")
        entries = [self._entry(alert) for alert in reversed(found)]
        return feed_response(page_of(entries, _PATH, call.arguments), call.output_mode)

    def _entry(self, alert: FiredAlert) -> Entry:
        content = {
            "actions": ",".join(alert.actions),
            "alert_type": "historical",
            "digest_mode": alert.digest,
            "expiration_time_rendered": iso_time(alert.expires_at),
            "savedsearch_name": alert.search,
            "severity": alert.severity,
            "sid": alert.sid,
            "trigger_time": int(alert.triggered_at),
            "trigger_time_rendered": iso_time(alert.triggered_at),
            "triggered_alerts": len(alert.results) if alert.digest else 1,
        }
        return Entry(alert.id, content, app=self._app)

    def _delete(self, call: Call, name: str) -> Response:
        if not self._state.remove_fired(name):
            raise RestError(404, f"Could not find object id={name}")
        return self._groups(call)
