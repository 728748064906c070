"""Alert actions: what Splunk's `sendmodalert` does with a custom one.

The script `bin/<action>.py --execute` gets the payload on stdin, as XML or, with
payload_format = json, as JSON; results stand in a gzipped CSV. Its exit code and what it
writes to stderr go to the log. The actions that Splunk brings along (email, webhook, ...) are
not imitated, and that is logged.
Source: "Custom alert action scripts" and alert_actions.conf.spec.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.spl.values import text
from sandbox.splunkd.alert_payload import FORMATS, as_json, as_xml
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.rest.results import cells_of, csv_text
from sandbox.splunkd.saved_searches import SavedSearch, periods
from sandbox.splunkd.script_host import ScriptHost
from sandbox.splunkd.splunkd_log import SplunkdLog

_COMPONENT = "sendmodalert"
_TOKEN = re.compile(r"\$([A-Za-z_][\w.]*)\$")
_DURATION = re.compile(r"(\d+)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BUILT_IN = frozenset(
    {"email", "webhook", "script", "rss", "lookup", "summary_index", "populate_lookup", "logevent", "output"}
)

Row = Mapping[str, Any]


class AlertActions:
    """Runs the actions of one app's alerts, each to its end before the next starts."""

    def __init__(
        self,
        confs: ConfStore,
        host: ScriptHost,
        log: SplunkdLog,
    ) -> None:
        self._confs = confs
        self._home = host.home
        self._host = host
        self._log = log
        # Custom actions that were to be carried out, and those of them that did not end with exit code 0.
        self.runs = 0
        self.failures = 0

    def run(self, search: SavedSearch, alert: FiredAlert, number: int) -> None:
        """Run each action of a trigger. `number` counts the results of one job from 0."""
        stanzas = self._confs.stanzas("alert_actions")
        for name in alert.actions:
            settings = stanzas.get(name)
            if name in _BUILT_IN:
                self._say("WARN", name, f'the action "{name}" is Splunk\'s own and is not carried out by the stand-in')
                continue
            self.runs += 1
            if settings is None:
                self._say("ERROR", name, f'Alert action "{name}" not found.')
                self.failures += 1
            elif not self._run_one(name, settings, search, alert, number):
                self.failures += 1

    def ttl(self, names: Sequence[str], period: float) -> float:
        """Seconds for which the results of a job must be kept because these actions were triggered."""
        stanzas = self._confs.stanzas("alert_actions")
        return max((periods(stanzas.get(name, {}).get("ttl", "10p"), period) for name in names), default=0.0)

    def _run_one(
        self, name: str, settings: Mapping[str, str], search: SavedSearch, alert: FiredAlert, number: int
    ) -> bool:
        """Whether it ended well."""
        if settings.get("is_custom", "0").strip().lower() not in ("1", "true"):
            self._say("WARN", name, f'Alert action "{name}" is no custom action (is_custom = 1); it is not carried out')
            return False
        form = settings.get("payload_format", "xml").strip().lower()
        if form not in FORMATS:
            self._say("ERROR", name, f"payload_format = {form}: allowed are {', '.join(FORMATS)}")
            return False
        script = self._home.app(self._confs.app) / "bin" / f"{name}.py"
        if not script.is_file():
            self._say("ERROR", name, f"Cannot find the script bin/{script.name} of the alert action.")
            return False
        payload = self._payload(name, settings, search, alert, number)
        self._say("INFO", name, f"Invoking modular alert action={name} for search={search.name!r} sid={alert.sid!r}")
        started = time.monotonic()
        process = self._host.start(
            script,
            ["--execute"],
            as_json(payload) if form == "json" else as_xml(payload),
            on_stdout=lambda chunk: None,
            on_stderr=lambda line: self._say("INFO", name, f"STDERR -  {line}"),
        )
        try:
            code = process.wait(_seconds(settings.get("maxtime", "5m")))
        except BaseException:
            process.kill()
            raise
        if code is None:
            process.kill()
            self._say("ERROR", name, "Alert action script was ended: it ran longer than its maxtime.")
            return False
        duration = int((time.monotonic() - started) * 1000)
        level = "INFO" if code == 0 else "ERROR"
        self._say(level, name, f"Alert action script completed in duration={duration} ms with exit code={code}")
        return code == 0

    def _payload(
        self, name: str, settings: Mapping[str, str], search: SavedSearch, alert: FiredAlert, number: int
    ) -> dict[str, Any]:
        rows, sid = alert.results, alert.sid
        first = rows[0] if rows else {}
        fields = list(dict.fromkeys(field for row in rows for field in row))
        uri = self._host.server_uri()
        tokens = {
            "name": search.name,
            "app": self._confs.app,
            "owner": "nobody",
            "server.serverName": self._host.server_host,
        }
        tokens.update({f"result.{field}": _flat(value) for field, value in first.items()})
        tokens.update({"job.sid": sid, "job.resultCount": str(len(rows)), "description": search.description})
        configuration = {key[len("param.") :]: value for key, value in settings.items() if key.startswith("param.")}
        prefix = f"action.{name}.param."
        configuration.update(
            {key[len(prefix) :]: value for key, value in search.settings.items() if key.startswith(prefix)}
        )
        # `_time` is given to scripts as the engine has it: epoch seconds.
        result = {field: _members(value) for field, value in first.items()}
        return {
            "app": self._confs.app,
            "owner": "nobody",
            "results_file": str(self._results_file(rows, fields, sid, None if search.digest else number)),
            "results_link": f"{uri}/app/{self._confs.app}/@go?sid={quote(sid)}",
            "search_uri": f"/servicesNS/nobody/{self._confs.app}/saved/searches/{quote(search.name, safe='')}",
            "server_host": self._host.server_host,
            "server_uri": uri,
            "session_key": self._host.session_key(),
            "sid": sid,
            "search_name": search.name,
            "configuration": {key: _filled(value, tokens) for key, value in configuration.items()},
            "result": result,
        }

    def _results_file(self, rows: Sequence[Row], fields: Sequence[str], sid: str, number: int | None) -> Path:
        """In the job's dispatch folder: one file for a digest, one for each result otherwise."""
        folder = self._home.dispatch(sid)
        path = folder / "results.csv.gz"
        if number is not None:
            (folder / "per_result_alert").mkdir(exist_ok=True)
            path = folder / "per_result_alert" / f"tmp_{number}.csv.gz"
        rows = [{**row, "_time": text(row["_time"])} if "_time" in row else row for row in rows]
        cells = [{**cells_of(row, fields), **({"_time": row["_time"]} if "_time" in row else {})} for row in rows]
        with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
            file.write(csv_text(cells, fields))
        return path

    def _say(self, level: str, name: str, sentence: str) -> None:
        self._log.write(level, _COMPONENT, f"action={name} {sentence}")


def _members(value: Any) -> str | list[str]:
    """A field of the first result: a multivalue is a list, as in published payloads."""
    return [text(member) for member in value] if isinstance(value, (list, tuple)) else text(value)


def _flat(value: Any) -> str:
    return "\n".join(text(member) for member in value) if isinstance(value, (list, tuple)) else text(value)


def _filled(template: str, tokens: Mapping[str, str]) -> str:
    """Tokens such as `$result.user$`; one without a value becomes empty, as in Splunk."""
    return _TOKEN.sub(lambda match: tokens.get(match[1], ""), template)


def _seconds(setting: str) -> float:
    match = _DURATION.fullmatch(setting.strip())
    return float(int(match[1]) * _UNITS[match[2]]) if match else 300.0
