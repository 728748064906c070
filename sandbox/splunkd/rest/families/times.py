"""data/ui/times and search/timeparser: what the time range picker of Splunk's pages asks for.

The presets are those of Splunk's default times.conf, without the real-time ones, which the stand-in has not.
"""

from __future__ import annotations

from typing import Callable

from werkzeug.wrappers import Response

from sandbox.spl.errors import SplError
from sandbox.spl.timemod import resolve
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.rest.answers import Entry, RestError, feed_response, json_response, page_of
from sandbox.splunkd.rest.results import iso_time
from sandbox.splunkd.rest.routing import Call, Endpoint
from sandbox.splunkd.searching import SearchService

_PATH = "data/ui/times"
# Name, label, earliest, latest, order.
_PRESETS = (
    ("last_15_mins", "Last 15 minutes", "-15m", "now", 10),
    ("last_60_mins", "Last 60 minutes", "-60m@m", "now", 20),
    ("last_4_hours", "Last 4 hours", "-4h@m", "now", 30),
    ("last_24_hours", "Last 24 hours", "-24h@h", "now", 40),
    ("last_7_days", "Last 7 days", "-7d@h", "now", 50),
    ("last_30_days", "Last 30 days", "-30d@d", "now", 60),
    ("today", "Today", "@d", "now", 100),
    ("week_to_date", "Week to date", "@w0", "now", 110),
    ("business_week_to_date", "Business week to date", "@w1", "now", 120),
    ("month_to_date", "Month to date", "@mon", "now", 130),
    ("year_to_date", "Year to date", "@y", "now", 140),
    ("yesterday", "Yesterday", "-1d@d", "@d", 200),
    ("previous_week", "Previous week", "-7d@w0", "@w0", 210),
    ("previous_business_week", "Previous business week", "-6d@w1", "-1d@w6", 220),
    ("previous_month", "Previous month", "-1mon@mon", "@mon", 230),
    ("previous_year", "Previous year", "-1y@y", "@y", 240),
    ("all_time", "All time", "0", "", 500),
)


class TimeEndpoints:
    """Presets of time ranges, and time modifiers worked out."""

    def __init__(self, confs: ConfStore, service: SearchService, clock: Callable[[], float]) -> None:
        self._confs = confs
        self._service = service
        self._clock = clock

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH, ["GET"], self._presets),
            Endpoint("search/timeparser", ["GET"], self._parse),
        ]

    def _presets(self, call: Call) -> Response:
        entries = [
            Entry(name, {"label": label, "earliest_time": earliest, "latest_time": latest, "order": order})
            for name, label, earliest, latest, order in _PRESETS
        ]
        entries += [
            Entry(name, settings, app=self._confs.app)
            for name, settings in self._confs.stanzas("times").items()
            if name != "settings"
        ]
        return feed_response(page_of(entries, _PATH, call.arguments), call.output_mode)

    def _parse(self, call: Call) -> Response:
        """Each time that was asked for, worked out; always as JSON, which is what pages ask for."""
        written = call.lists.get("time") or []
        if not written:
            raise RestError(400, "The following required arguments are missing: time.")
        now, zone = self._clock(), self._service.zone
        try:
            now = resolve(call.arguments.get("now") or "now", now, zone)
            found = {text: iso_time(float(resolve(text, now, zone)), zone) for text in written}
        except (SplError, ValueError) as error:
            raise RestError(400, f"Could not parse the time: {error}") from None
        return json_response(found)
