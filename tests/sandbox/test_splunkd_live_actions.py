"""Alert actions of the living scheduler: payload, time limit, failures.

Expectations are those of alert_actions.conf.spec and the manual of custom alert actions.
"""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox import live_stand, stand_app
from tests.sandbox.live_stand import NOON, PER_RESULT, Make, search

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with live_stand.stands(tmp_path) as made:
        yield made


def test_a_custom_alert_action_is_run_with_splunks_payload(make: Make) -> None:
    stand = make(search("Many & more", action__tell="1", action__tell__param__kind="many"))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.event("zoe", NOON + 200)
    stand.tick_at(NOON + 300)
    (payload,) = stand_app.told(stand.splunkd.home.root)
    assert payload["search_name"] == "Many & more" and payload["app"] == stand_app.APP and payload["owner"] == "nobody"
    assert payload["configuration"] == {"kind": "many", "about": "zoe in Many & more"}
    assert payload["result"]["who"] == "zoe"
    assert payload["results_file"].endswith("results.csv.gz")
    assert list(csv.reader(io.StringIO(payload["rows"]))) == [["who"], ["zoe"], ["ana"]]
    assert payload["server_uri"] == stand.splunkd.uri and payload["sid"] in payload["results_link"]
    assert payload["search_uri"] == f"/servicesNS/nobody/{stand_app.APP}/saved/searches/Many%20%26%20more"
    assert stand.splunkd.sessions.user_of(f"Splunk {payload['session_key']}") == "splunk-system-user"
    log = stand.log("sendmodalert")
    assert any("STDERR -  told somebody" in line for line in log) and any("exit code=0" in line for line in log)
    assert payload["session_key"] not in "\n".join(log)


def test_one_action_for_each_result_that_is_not_throttled(make: Make) -> None:
    stand = make(search("A", actions="tell", **PER_RESULT))
    stand.tick_at(NOON)
    for at, who in [(100, "ana"), (200, "zoe"), (400, "ana")]:
        stand.event(who, NOON + at)
    stand.tick_at(NOON + 300)
    stand.tick_at(NOON + 600)
    payloads = stand_app.told(stand.splunkd.home.root)
    assert [payload["result"]["who"] for payload in payloads] == ["zoe", "ana"]
    assert [payload["rows"].split() for payload in payloads] == [["who", "zoe"], ["who", "ana"]]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"action__tell": "1", "action__tell__param__exit": "3"}, "exit code=3"),
        ({"action__nosuch": "1"}, 'Alert action "nosuch" not found.'),
        ({"action__email": "1"}, "not carried out"),
    ],
)
def test_an_action_that_fails_is_logged_and_the_alert_stays(make: Make, settings: dict[str, str], part: str) -> None:
    stand = make(search("A", **settings))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    (line,) = [line for line in stand.log("sendmodalert") if part in line]
    assert line.startswith(("ERROR", "WARN")) and len(stand.fired()) == 1


def test_an_action_that_does_not_end_is_ended_after_its_maxtime(make: Make) -> None:
    conf = "[tell]\nis_custom = 1\npayload_format = json\nmaxtime = 1s\n"
    stand = make(search("A", action__tell="1", action__tell__param__sleep="60"), alert_actions=conf)
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert any(line.startswith("ERROR") and "maxtime" in line for line in stand.log("sendmodalert"))
    assert stand.runs("A") == [5] and len(stand.fired()) == 1


XML_ACTION = r"""
import os, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
with open(os.path.join(os.environ["SPLUNK_HOME"], "told.xml"), "wb") as out:
    out.write(tree.tostring(root))
"""


def test_a_payload_is_xml_unless_the_conf_says_json(make: Make) -> None:
    stand = make(
        search("A <b>", action__tell="1", action__tell__param__kind="x & $result.who$"),
        alert_actions="[tell]\nis_custom = 1\nparam.about = $name$\n",
    )
    (stand.splunkd.app_folder / "bin" / "tell.py").write_text(XML_ACTION, encoding="utf-8")
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert any("exit code=0" in line for line in stand.log("sendmodalert")), stand.log("sendmodalert")
    root = ElementTree.parse(stand.splunkd.home.root / "told.xml").getroot()
    assert root.tag == "alert" and root.findtext("search_name") == "A <b>"
    (stanza,) = root.findall("configuration/stanza")
    assert stanza.get("name") == "A <b>"
    assert {param.get("name"): param.text for param in stanza} == {"kind": "x & ana", "about": "A <b>"}
    assert root.findtext("result/field[@k='who']/value/text") == "ana"
    assert Path(root.findtext("results_file") or "").is_file()
    assert stand.splunkd.sessions.user_of(f"Splunk {root.findtext('session_key')}") == "splunk-system-user"


def test_another_payload_format_is_refused_aloud(make: Make) -> None:
    stand = make(search("A", action__tell="1"), alert_actions="[tell]\nis_custom = 1\npayload_format = yaml\n")
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert any(line.startswith("ERROR") and "payload_format = yaml" in line for line in stand.log("sendmodalert"))


def test_an_action_that_is_switched_off_is_not_run(make: Make) -> None:
    stand = make(search("A", action__tell="0", actions="tell"))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert stand_app.told(stand.splunkd.home.root) == []
