"""The shapes of docs/deployment.md, each with the built package: what has to act on a host acts, and nothing else.

Hosts are stand-ins for splunkd. What a forwarder has parsed is handed to the indexer's index; the search head searches
that index with its own knowledge. The package on members of a cluster that collects: tests/collect/test_packaged.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

import pytest

from sandbox.slack_api import SlackSimulator
from sandbox.splunkd.daemon import SCHEME, Splunkd
from sandbox.splunkd.home import APP_ID
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.job_files import JobFiles
from sandbox.splunkd.search_jobs import Jobs
from sandbox.splunkd.searching import SearchService, Windows, as_command
from tests.packages import built_and_unpacked

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
NOW = int(time.time())
Host = Callable[[str], Splunkd]


def failure(number: int) -> dict[str, Any]:
    person = {"id": "W012A3CDE", "name": "Ana", "email": "ana@corp.example", "team": "T1"}
    return {
        "id": f"0123f45d-6789-4abc-8def-{number:012d}",
        "date_create": NOW - 1_200 + 30 * number,
        "action": "user_login_failed" if number < 12 else "user_login",
        "actor": {"type": "user", "user": person},
        "entity": {"type": "user", "user": person},
        "context": {
            "location": {"type": "enterprise", "id": "E1", "name": "C", "domain": "c"},
            "ua": "x",
            "ip_address": "203.0.113.9",
        },
    }


ENTRIES = [failure(number) for number in range(14)]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app as Splunk unpacks it."""
    return built_and_unpacked(tmp_path_factory.mktemp("package"))


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator(ENTRIES, per_minute=None) as running:
        yield running


@pytest.fixture
def host(package: Path, tmp_path: Path) -> Iterator[Host]:
    """A host of this name with the package, and nothing configured."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(Splunkd.open(tmp_path / name, package))


def add_organisation(splunkd: Splunkd, slack: SlackSimulator) -> None:
    splunkd.passwords.put(APP_ID, "prod", slack.token, APP_ID)
    settings = {"api_url": slack.api_url, "start_time": str(NOW - 7_200), "disabled": "0"}
    splunkd.confs.write(SCHEME, "prod", settings)


def collect(splunkd: Splunkd, sink: Callable[[list[InputEvent]], Any]) -> None:
    stanza = splunkd.confs.get(SCHEME, "prod")
    assert stanza is not None
    report = splunkd.runner.start(stanza, sink).wait(240)
    assert report is not None and report.ok, [str(line) for line in splunkd.log.lines()]
    splunkd.logs.look()


def checks(heading: str) -> list[str]:
    """The searches of a table of checks, as somebody would paste them."""
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"`` (.+?) ``|^\| (?:[\w ]+ \| )?`((?:index=|\|)[^`]*)`", section, re.MULTILINE)
    return [(one or other).replace("\\|", "|") for one, other in cells]


def rows(splunkd: Splunkd, spl: str, jobs: Jobs | None = None) -> list[dict[str, Any]]:
    jobs = jobs or splunkd.jobs
    whole = spl if spl[0] in "|`" else f"search {spl}"
    job = jobs.prepare(as_command(whole), Windows("-24h", "now", None, None), app=APP_ID, owner="admin")
    jobs.run(job)
    assert not job.failed, (spl, job.messages)
    return job.rows


def test_as_installed_no_host_does_anything(host: Host) -> None:
    fresh = host("any")
    assert list(fresh.confs.stanzas(SCHEME)) == [] and list(fresh.scheduler.scheduled()) == []


def test_single_instance(host: Host, slack: SlackSimulator) -> None:
    one = host("one")
    add_organisation(one, slack)
    collect(one, one.index.add)
    rows(one, one.conf_store.stanzas("savedsearches")["Slack - Accounts - Lookup Backfill"]["search"])
    runs, sources, fields, accounts, findings = (rows(one, spl) for spl in checks("Single instance"))
    assert "outcome=done" in runs[0]["_raw"]
    assert [(row["source"], int(row["count"])) for row in sources] == [("slack_audit://prod", len(ENTRIES))]
    assert (int(fields[0]["actions"]), int(fields[0]["actors"])) == (2, len(ENTRIES))
    assert int(accounts[0]["count"]) > 0 and findings == []


def test_forwarder_indexer_and_search_head(host: Host, slack: SlackSimulator, tmp_path: Path) -> None:
    forwarder, indexer, head = host("hf"), host("idx"), host("sh")
    forwarder.kvstore.ready = False  # switched off, as on many forwarders
    add_organisation(forwarder, slack)
    collect(forwarder, lambda events: indexer.index.add(forwarder.parsing.stamp(events)))
    log = [InputEvent(one.raw, one.time, "hf", *one[4:]) for one in forwarder.internal.events()]
    indexer.internal.add(log)

    # The forwarder: collects without KV store, keeps nothing, searches nothing.
    assert forwarder.index.raws() == [] and list(forwarder.scheduler.scheduled()) == []
    assert list(forwarder.home.checkpoints(SCHEME).glob("prod-*.json"))
    # The indexer: has the data, one event an entry with its own time, and does nothing by itself.
    assert sorted(event.time for event in indexer.index.events()) == [entry["date_create"] for entry in ENTRIES]
    assert "slack_audit" in indexer.conf_store.stanzas("indexes")
    assert list(indexer.confs.stanzas(SCHEME)) == [] and list(indexer.scheduler.scheduled()) == []
    # The search head: no input, its own switches, fields and alerts on what the indexer holds.
    service = SearchService(head.conf_store, [indexer.index, indexer.internal], head.kvstore)
    jobs = Jobs(service, time.time, JobFiles(tmp_path / "dispatch"))
    seen, runs, findings = (rows(head, spl, jobs) for spl in checks("Heavy forwarder, indexers, search head"))
    assert [(row["source"], int(row["count"])) for row in seen] == [("slack_audit://prod", len(ENTRIES))]
    assert runs[0]["latest(outcome)"] == "done" and runs[0]["input"] == "prod" and findings == []
    alert = head.conf_store.stanzas("savedsearches")["Slack - Failed Sign-ins by Account - Rule"]["search"]
    (found,) = rows(head, alert, jobs)
    assert found["rule_id"] == "U01" and found["slack_organisation"] == "slack_audit://prod"
    assert head.index.raws() == [] and list(head.confs.stanzas(SCHEME)) == []


def test_the_table_of_tiers_leaves_no_conf_out() -> None:
    table = GUIDE.split("## What acts where")[1].split("\n\n")[1]
    confs = {path.name for path in (ROOT / "default").glob("*.conf")}
    assert confs - set(re.findall(r"[a-z_]+\.conf", table)) == set()
