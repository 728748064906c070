"""What the guides tell people to do, done: the steps to uninstall leave nothing, those to upgrade lose no list."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import requests

from sandbox.confs import read_conf
from sandbox.splunkd.daemon import SCHEME, Splunkd

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = "slack_audit_monitor"


def text_of(guide: str) -> str:
    return (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")


def calls() -> list[tuple[str, str]]:
    """Method and address of each curl line of the guide, in its order."""
    found = []
    for line in re.findall(r"^ +(curl .+)$", text_of("uninstall"), re.MULTILINE):
        words = shlex.split(line)
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        (address,) = [word for word in words if word.startswith("https://")]
        assert words[1:4] == ["-k", "-K", "session.conf"], "no secret in the list of processes"
        found.append((method, address[len("https://localhost:8089") :]))
    return found


def test_the_steps_of_the_uninstall_guide_leave_nothing(tmp_path: Path) -> None:
    with Splunkd.open(tmp_path, ROOT) as splunkd:
        for name in ("prod", "prod.proxy"):
            splunkd.passwords.put(APP, name, "a secret", APP)
        splunkd.passwords.put("another_app", "prod", "not ours", "search")
        splunkd.confs.write(SCHEME, "prod", {"disabled": "0", "api_url": "http://127.0.0.1:1"})
        collections = [name for name in read_conf(ROOT / "default/collections.conf")]
        for name in collections:
            splunkd.kvstore.save(name, {"_key": "a"})
        headers = {"Authorization": f"Splunk {splunkd.sessions.open_for('admin')}"}

        def ask(method: str, path: str) -> requests.Response:
            return requests.request(method, splunkd.uri + path, headers=headers, timeout=30)

        listed: list[str] = []
        for method, path in calls():
            answer = ask(method, path)
            assert answer.status_code == 200, (method, path, answer.text[:200])
            if path.split("?")[0].endswith("/storage/passwords"):
                assert [e["content"]["realm"] for e in answer.json()["entry"] if e["content"]["realm"] == APP] == []
            if path.split("?")[0].endswith("/collections/config"):
                listed = [entry["name"] for entry in answer.json()["entry"]]
        # "and so on": the two that the guide spells out stand for each that the list names.
        pattern = "/servicesNS/nobody/slack_audit_monitor/storage/collections/data/"
        spelt = [path[len(pattern) :] for _, path in calls() if path.startswith(pattern)]
        assert set(listed) == set(collections) and len(spelt) == 2 and set(spelt) < set(listed)
        for name in listed:
            assert ask("DELETE", pattern + name).status_code == 200
        assert list(splunkd.confs.stanzas(SCHEME)) == []
        assert [splunkd.kvstore.query(name, {}) for name in collections] == [[]] * len(collections)
        left = ask("GET", "/servicesNS/-/-/storage/passwords?output_mode=json&count=0").json()["entry"]
        assert [entry["content"]["realm"] for entry in left] == ["another_app"]


def test_the_upgrade_guide_saves_every_site_list() -> None:
    from slack_audit_monitor.site_lookups import COLUMNS

    block = re.search(r"for list in (.*?); do", text_of("upgrade"), re.DOTALL)
    assert block is not None
    saved = {f"slack_audit_{name}" for name in block.group(1).replace("\\", " ").split()}
    assert saved == {name for name in COLUMNS if not name.endswith("_reviews")}  # those are in the KV store
    assert all((ROOT / f"lookups/{name}.csv").is_file() for name in saved)
