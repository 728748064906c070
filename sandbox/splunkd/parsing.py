"""The parsing pipeline: what props.conf says of data on its way into an index.

Event breaks, time stamp and greatest length come from the app's props.conf alone, by the rules that the search
engine reads, too. props.conf is read again when it changes. Settings that would change an event and are not
imitated are named in the log once. Source: props.conf.spec and "How timestamp assignment works".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sandbox.confs import AppConfs, ConfError
from sandbox.spl.indexing import IndexTimeRules
from sandbox.spl.propsrules import PropsConf, Refused
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.splunkd_log import SplunkdLog

_BREAKING = "LineBreakingProcessor"
_PARSING = "AggregatorMiningProcessor"
_NOT_DONE = ("SEDCMD-", "TRANSFORMS-", "RULESET-", "INGEST_EVAL", "INDEXED_EXTRACTIONS", "CHARSET")
_FALSE = frozenset({"0", "false", "f", "no"})

Place = tuple[str, str, str]  # source type, source, host


class Parsing:
    """The pipeline of one stand-in. Safe to call from several threads."""

    def __init__(self, confs: ConfStore, log: SplunkdLog) -> None:
        self._confs = confs
        self._log = log
        self._lock = threading.Lock()
        self._fingerprint: object = None
        self._settings: PropsConf | None = None
        self._rules: dict[Place, IndexTimeRules] = {}
        self._said: set[str] = set()

    def break_up(self, text: str, *, sourcetype: str, source: str, host: str) -> list[str]:
        """The events of a text, as LINE_BREAKER divides it; blank ones are none."""
        return [piece for piece in self.pieces(text, sourcetype=sourcetype, source=source, host=host) if piece.strip()]

    def pieces(self, text: str, *, sourcetype: str, source: str, host: str) -> list[str]:
        """As `break_up`, blank pieces included; the last is what no break has ended yet."""
        place = (sourcetype, source, host)
        with self._lock:
            rules = self._rules_of(place)
            if self._merges(place):
                self._say(
                    _BREAKING,
                    f"SHOULD_LINEMERGE is on for the source type {sourcetype!r}: splunkd would merge lines into events "
                    "by their dates; here each line is an event. Set SHOULD_LINEMERGE = 0 in props.conf.",
                )
        return rules.events(text)

    def stamp(self, events: Sequence[InputEvent]) -> list[InputEvent]:
        """Give each event that has none the time that stands in its text, and cut what TRUNCATE does not let in.

        An event without a time keeps None: the index takes its own clock.
        """
        with self._lock:
            self._refresh()
            return [self._stamped(event) for event in events]

    def _stamped(self, event: InputEvent) -> InputEvent:
        rules = self._rules_of((event.sourcetype, event.source, event.host), fresh=True)
        data = rules.cut(event.data)
        time = event.time if event.time is not None or not rules.stamps else rules.time(data)
        if data is not event.data:
            self._say(
                _BREAKING,
                f"Truncating line because limit of {rules.truncate} bytes has been exceeded, "
                f"source type {event.sourcetype!r}",
            )
        elif time is event.time:
            return event
        return replace(event, data=data, time=time)

    def _rules_of(self, place: Place, *, fresh: bool = False) -> IndexTimeRules:
        if not fresh:
            self._refresh()
        if place not in self._rules:
            settings = self._settings_of(place)
            for key in settings:
                if key.startswith(_NOT_DONE):
                    self._say(_PARSING, f"{key} of the source type {place[0]!r} is not applied by the stand-in")
            try:
                self._rules[place] = IndexTimeRules(settings)
            except ValueError as error:
                self._say(_PARSING, f"props.conf, [{place[0]}]: {error}; it is indexed by the defaults", "ERROR")
                self._rules[place] = IndexTimeRules({})
        return self._rules[place]

    def _merges(self, place: Place) -> bool:
        return self._settings_of(place).get("SHOULD_LINEMERGE", "1").strip().lower() not in _FALSE

    def _settings_of(self, place: Place) -> Mapping[str, str]:
        return self._settings.settings(*place) if self._settings is not None else {}

    def _refresh(self) -> None:
        found = [entry for entry in self._confs.fingerprint() if entry[0].endswith("/props.conf")]
        if found == self._fingerprint:
            return
        self._fingerprint = found
        self._rules = {}
        self._said = set()
        try:
            self._settings = PropsConf(AppConfs(self._confs.folder))
        except (Refused, ConfError) as error:
            self._settings = None
            self._say(_PARSING, f"{error}; everything is indexed by the defaults", "ERROR")

    def _say(self, component: str, sentence: str, level: str = "WARN") -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._log.write(level, component, sentence)
