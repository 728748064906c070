"""The input in a stand-in with its checkpoint in the key-value store, over the same REST as in Splunk."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from sandbox.slack_api import SlackSimulator
from sandbox.splunkd.arrivals import polled
from sandbox.splunkd.daemon import SCHEME, Splunkd
from sandbox.splunkd.home import APP_ID, repository_root

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC
COLLECTION = "slack_audit_checkpoints"


def entry(number: int) -> dict[str, Any]:
    person = {"id": "W012A3CDE", "name": "Ana", "email": "ana@corp.example", "team": "T1"}
    return {
        "id": f"0123f45d-6789-4abc-8def-{number:012d}",
        "date_create": NOON + number,
        "action": "user_login",
        "actor": {"type": "user", "user": person},
        "entity": {"type": "user", "user": person},
        "context": {
            "location": {"type": "enterprise", "id": "E1", "name": "C", "domain": "c"},
            "ip_address": "192.0.2.7",
        },
    }


def poll(splunkd: Splunkd) -> None:
    stanza = splunkd.confs.get(SCHEME, "prod")
    assert stanza is not None
    report = splunkd.runner.start(stanza, splunkd.index.add).wait(240)
    assert report is not None and report.ok, [str(line) for line in splunkd.log.lines()]


def ids(splunkd: Splunkd) -> list[str]:
    return sorted(json.loads(raw)["id"] for raw in splunkd.index.raws())


def test_the_position_lives_in_the_store_and_outlives_the_host(tmp_path: Path) -> None:
    entries = [entry(number) for number in range(1_200)]
    expected = [item["id"] for item in entries]
    with SlackSimulator(entries, per_minute=None) as slack:
        with Splunkd.open(tmp_path, repository_root(), arrival=polled) as splunkd:
            splunkd.passwords.put(APP_ID, "prod", slack.token, APP_ID)
            settings = {"api_url": slack.api_url, "start_time": str(NOON - 3600), "state": "kvstore", "disabled": "0"}
            splunkd.confs.write(SCHEME, "prod", settings)
            poll(splunkd)
            poll(splunkd)
            assert ids(splunkd) == expected
            assert {row["kind"] for row in splunkd.kvstore.query(COLLECTION, {})} >= {"log", "beat"}
            left = list(splunkd.home.checkpoints(SCHEME).glob("prod-*"))
            assert left and not any(path.name.endswith((".json", ".journal")) for path in left)
            for path in left:
                path.unlink()  # another host has none of these
        with Splunkd.open(tmp_path, repository_root(), arrival=polled) as splunkd:
            poll(splunkd)
            assert ids(splunkd) == expected


def test_a_store_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    with SlackSimulator([entry(1)], per_minute=None) as slack:
        with Splunkd.open(tmp_path, repository_root(), arrival=polled) as splunkd:
            splunkd.passwords.put(APP_ID, "prod", slack.token, APP_ID)
            settings = {"api_url": slack.api_url, "start_time": str(NOON - 3600), "state": "kvstore", "disabled": "0"}
            splunkd.confs.write(SCHEME, "prod", settings)
            splunkd.kvstore.ready = False

            def get_ready() -> None:
                time.sleep(1.0)
                splunkd.kvstore.ready = True

            thread = threading.Thread(target=get_ready)
            thread.start()
            poll(splunkd)
            thread.join()
            assert ids(splunkd) == [entry(1)["id"]]
