"""The fake app with searches, a KV store lookup and an alert action; Splunk's own client to a stand-in on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import splunklib.client

from tests.sandbox import fake_app

APP = "slack_audit_monitor"

CONFS = {
    "app.conf": "[launcher]\nversion = 1.2.3\n[ui]\nlabel = Fake\n[install]\nis_configured = 0\n",
    "collections.conf": "[seen]\nfield.count = number\nfield.who = string\n[declared]\nfield.a = string\n",
    "transforms.conf": "[seen]\nexternal_type = kvstore\ncollection = seen\nfields_list = _key,who,count\n",
    "props.conf": (
        "[fake:json]\nKV_MODE = json\nSHOULD_LINEMERGE = 0\nTIME_PREFIX = \"date_create\":\\s*\nTIME_FORMAT = %s\n"
    ),
    "macros.conf": "[source]\ndefinition = index=fake sourcetype=fake:json\n[least]\ndefinition = 2\n",
    "indexes.conf": "[fake]\nhomePath = $SPLUNK_DB/fake/db\ncoldPath = x\nthawedPath = y\n",
    "alert_actions.conf": (
        "[tell]\nis_custom = 1\nlabel = Tell\npayload_format = json\nparam.kind = plain\n"
        "param.about = $result.who$ in $name$\n"
    ),
    "savedsearches.conf": (
        "[Many]\nsearch = `source` | stats count BY who \\\n| where count>=`least`\n"
        "cron_schedule = */5 * * * *\nenableSched = 1\ndispatch.earliest_time = -10m\ndispatch.latest_time = now\n"
        "counttype = number of events\nrelation = greater than\nquantity = 0\nalert.track = 1\nalert.severity = 4\n"
        "alert.digest_mode = 0\nalert.suppress = 1\nalert.suppress.fields = who\nalert.suppress.period = 1h\n"
        "action.tell = 1\naction.tell.param.kind = many\n"
        "[Plain]\nsearch = `source` | table _time who\ndispatch.earliest_time = -1d\n"
    ),
}

ACTION = r"""
import gzip, json, os, sys, time
if sys.argv[1:] != ["--execute"]:
    sys.exit("wrong arguments")
payload = json.load(sys.stdin)
with gzip.open(payload["results_file"], "rt", encoding="utf-8", newline="") as file:
    payload["rows"] = file.read()
with open(os.path.join(os.environ["SPLUNK_HOME"], "told.jsonl"), "a") as out:
    out.write(json.dumps(payload) + "\n")
print("told somebody", file=sys.stderr)
time.sleep(float(payload["configuration"].get("sleep", "0")))
sys.exit(int(payload["configuration"].get("exit", "0")))
"""


def build(folder: Path, **confs: str) -> Path:
    """Write the app; `confs` (by name without `.conf`) replace those above."""
    app = fake_app.build(folder, mode="count")
    for name, text in CONFS.items():
        (app / "default" / name).write_text(confs.get(name[: -len(".conf")], text), encoding="utf-8")
    (app / "bin" / "tell.py").write_text(ACTION, encoding="utf-8")
    return app


def connect(uri: str, password: str, user: str = "admin", **more: Any) -> Any:
    """A logged-in `splunklib.client.Service` in the app's namespace."""
    options = {"app": APP, "owner": "nobody", "autologin": False, **more}
    return splunklib.client.connect(
        scheme="http", host="127.0.0.1", port=int(uri.rsplit(":", 1)[1]), username=user, password=password, **options
    )


def events(*rows: tuple[float, str]) -> str:
    """A body for receivers/simple: one JSON object a line, stamped by `date_create`."""
    return "\n".join(json.dumps({"date_create": at, "who": who}) for at, who in rows)


def told(home: Path) -> list[dict[str, Any]]:
    """The payloads that the alert action was given."""
    path = home / "told.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
