"""The management endpoints, used through Splunk's own client and, for refusals, by hand."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from splunklib.binding import AuthenticationError, HTTPError

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.kvstore import NotReady, TooMuch
from sandbox.splunkd.rest.sessions import Sessions
from tests.sandbox import stand_app

_spec = importlib.util.spec_from_file_location("fake_app", Path(__file__).with_name("fake_app.py"))
assert _spec is not None and _spec.loader is not None
fake_app: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fake_app)


@pytest.fixture(scope="module")
def splunkd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Splunkd]:
    folder = tmp_path_factory.mktemp("splunkd")
    with Splunkd.open(folder / "home", fake_app.build(folder / "app", mode="tell")) as running:
        yield running


@pytest.fixture
def service(splunkd: Splunkd) -> Any:
    return stand_app.connect(splunkd.uri, splunkd.admin_password)


def ask(splunkd: Splunkd, path: str, method: str = "GET", key: str | None = "", **options: Any) -> requests.Response:
    if key == "":
        key = splunkd.sessions.open_for("admin")
    headers = {"Authorization": f"Splunk {key}"} if key else {}
    answer = requests.request(method, splunkd.uri + path, headers=headers, timeout=120, **options)
    assert answer.headers["Connection"] == "close"
    return answer


def test_login_and_server_info(service: Any) -> None:
    assert service.info["version"].count(".") == 2
    assert service.info["product_type"] == "enterprise"


def test_a_wrong_password_is_refused(splunkd: Splunkd) -> None:
    with pytest.raises(AuthenticationError):
        stand_app.connect(splunkd.uri, "no")


@pytest.mark.parametrize(
    "path",
    [
        "/services/storage/passwords",
        "/servicesNS/nobody/x/storage/collections/data/declared",
        "/services/messages",
        "/services/data/inputs/slack_audit",
    ],
)
@pytest.mark.parametrize("key", [None, "guessed"])
def test_without_a_session_nothing_is_told(splunkd: Splunkd, path: str, key: str | None) -> None:
    answer = ask(splunkd, path, key=key)
    assert answer.status_code == 401
    assert '<msg type="WARN">call not properly authenticated</msg>' in answer.text


def test_a_session_ends_an_hour_after_its_last_use() -> None:
    now = [0.0]
    sessions = Sessions({"admin": "right"}, clock=lambda: now[0])
    assert sessions.login("admin", "wrong") is None and sessions.login("nobody", "right") is None
    key = sessions.login("admin", "right")
    for now[0] in (3000.0, 6000.0):
        assert sessions.user_of(f"Splunk {key}") == "admin"
    now[0] = 9600.0
    assert sessions.user_of(f"Splunk {key}") is None
    assert sessions.user_of("Basic YWRtaW46cmlnaHQ=") == "admin"
    assert sessions.user_of("Basic YWRtaW46d3Jvbmc=") is None and sessions.user_of("Basic ?") is None


def test_passwords_through_the_client(service: Any) -> None:
    created = service.storage_passwords.create("s3cret <&> ü", "prod:eu", "slack_audit_monitor")
    assert created.clear_password == "s3cret <&> ü"
    listed = {(item.realm, item.username): item.clear_password for item in service.storage_passwords}
    assert listed[("slack_audit_monitor", "prod:eu")] == "s3cret <&> ü"
    with pytest.raises(HTTPError) as again:
        service.storage_passwords.create("other", "prod:eu", "slack_audit_monitor")
    assert again.value.status == 409
    found = next(item for item in service.storage_passwords if item.username == "prod:eu")
    found.update(password="rotated").refresh()
    assert found.clear_password == "rotated"
    service.storage_passwords.delete("prod:eu", "slack_audit_monitor")
    assert all(item.username != "prod:eu" for item in service.storage_passwords)


def test_passwords_update_by_realm_and_name_in_the_address(splunkd: Splunkd) -> None:
    splunkd.passwords.put("slack_audit_monitor", "prod", "one", "slack_audit_monitor")
    path = "/servicesNS/nobody/slack_audit_monitor/storage/passwords/slack_audit_monitor%3Aprod%3A"
    assert ask(splunkd, path, "POST", data={"password": "two"}).status_code == 200
    content = ask(splunkd, path + "?output_mode=json").json()["entry"][0]["content"]
    assert content["clear_password"] == "two" and content["password"] == "********"
    missing = ask(splunkd, path.replace("prod", "absent") + "?output_mode=json")
    assert missing.status_code == 404
    assert missing.json() == {
        "messages": [{"type": "ERROR", "text": "Could not find object id=slack_audit_monitor:absent:"}]
    }


def test_kv_store_through_the_client(service: Any) -> None:
    assert "declared" in [collection.name for collection in service.kvstore]
    service.kvstore.create("positions")
    data = service.kvstore["positions"].data
    assert data.insert(json.dumps({"_key": "prod", "position": 5})) == {"_key": "prod"}
    with pytest.raises(HTTPError) as again:
        data.insert(json.dumps({"_key": "prod"}))
    assert again.value.status == 409
    data.update("prod", json.dumps({"position": 6, "seen": ["a", 2**60], "who": {"id": "ü"}}))
    assert data.query_by_id("prod") == {
        "_key": "prod",
        "_user": "nobody",
        "position": 6,
        "seen": ["a", 2**60],
        "who": {"id": "ü"},
    }
    assert data.batch_save({"_key": "a", "position": 1}, {"_key": "b", "position": 9}) == ["a", "b"]
    keys = [row["_key"] for row in data.query(query=json.dumps({"position": {"$gt": 1}}), sort="position:-1")]
    assert keys == ["b", "prod"]
    assert data.query(query=json.dumps({"who.id": "ü"}), fields="position") == [{"_key": "prod", "position": 6}]
    assert [row["_key"] for row in data.query(sort="position", skip=1, limit=1)] == ["prod"]
    data.delete_by_id("prod")
    with pytest.raises(HTTPError) as missing:
        data.query_by_id("prod")
    assert missing.value.status == 404
    data.delete(json.dumps({"$or": [{"_key": "a"}, {"position": {"$gte": 100}}]}))
    assert [row["_key"] for row in data.query()] == ["b"]
    service.kvstore.delete("positions")
    assert "positions" not in [collection.name for collection in service.kvstore]


def test_an_unknown_operator_or_collection_is_refused(splunkd: Splunkd) -> None:
    path = "/servicesNS/nobody/slack_audit_monitor/storage/collections/data/"
    refused = ask(splunkd, path + "declared", params={"query": '{"a": {"$near": 1}}', "output_mode": "json"})
    assert refused.status_code == 400 and "$near" in refused.json()["messages"][0]["text"]
    assert ask(splunkd, path + "nowhere").status_code == 404
    assert ask(splunkd, path + "declared", "POST", data="{").status_code == 400


def test_records_survive_a_restart(tmp_path: Path) -> None:
    app = fake_app.build(tmp_path / "app", mode="tell")
    with Splunkd.open(tmp_path / "home", app) as first:
        first.kvstore.save("declared", {"_key": "x", "n": 1})
    with Splunkd.open(tmp_path / "home", app) as second:
        assert second.kvstore.query("declared", {}) == [{"_key": "x", "_user": "nobody", "n": 1}]


def test_messages(service: Any, splunkd: Splunkd) -> None:
    service.messages.create("slack_audit_token", value="The token was revoked.", severity="error")
    assert splunkd.messages.posted()["slack_audit_token"] == {
        "message": "The token was revoked.",
        "severity": "error",
    }
    assert service.messages["slack_audit_token"].value == "The token was revoked."
    service.messages.delete("slack_audit_token")
    assert splunkd.messages.posted() == {}


def test_inputs_are_created_judged_switched_and_removed(service: Any, splunkd: Splunkd) -> None:
    path = "/servicesNS/nobody/slack_audit_monitor/data/inputs/slack_audit"
    refused = ask(splunkd, path, "POST", data={"name": "eu", "mode": "bad", "output_mode": "json"})
    assert refused.status_code == 400
    assert refused.json()["messages"][0]["text"] == "mode is 'bad'; allowed are: good"
    unknown = ask(splunkd, path, "POST", data={"name": "eu", "mode": "x", "colour": "red"})
    assert unknown.status_code == 400 and 'Argument "colour" is not supported' in unknown.text.replace("&quot;", '"')
    assert ask(splunkd, path, "POST", data={"name": "eu"}).status_code == 400
    assert splunkd.confs.get("slack_audit", "eu") is None

    assert ask(splunkd, path, "POST", data={"name": "eu", "mode": "tell", "interval": "30"}).status_code == 201
    stanza = splunkd.confs.get("slack_audit", "eu")
    assert stanza is not None and stanza.interval == "30" and stanza.settings["index"] == "slack_audit"
    assert ask(splunkd, f"{path}/eu/enable", "POST").status_code == 200
    enabled = splunkd.confs.get("slack_audit", "eu")
    assert enabled is not None and not enabled.disabled
    entries = ask(splunkd, path + "?output_mode=json").json()["entry"]
    assert [entry["name"] for entry in entries] == ["eu", "prod"]
    assert ask(splunkd, f"{path}/eu", "DELETE").status_code == 200
    assert ask(splunkd, f"{path}/eu").status_code == 404
    assert ask(splunkd, f"{path}/prod", "DELETE").status_code == 403


def test_paging(splunkd: Splunkd) -> None:
    for number in range(5):
        splunkd.passwords.put("page", f"n{number}", "x", "search")
    feed = ask(splunkd, "/services/storage/passwords?output_mode=json&count=2&offset=1").json()
    assert feed["paging"]["total"] >= 5 and feed["paging"]["perPage"] == 2 and len(feed["entry"]) == 2
    assert len(ask(splunkd, "/services/storage/passwords?output_mode=json&count=0").json()["entry"]) >= 5
    assert ask(splunkd, "/services/storage/passwords?count=many").status_code == 400


def test_unknown_paths_and_methods(splunkd: Splunkd) -> None:
    assert ask(splunkd, "/services/no/such").status_code == 404
    assert ask(splunkd, "/services/messages", "DELETE").status_code == 405


def test_what_the_kv_store_refuses_for_its_size_or_while_it_starts(splunkd: Splunkd) -> None:
    store = splunkd.kvstore
    with pytest.raises(TooMuch, match="1001 documents"):
        store.save_all("declared", [{"body": "x"}] * 1_001)
    with pytest.raises(TooMuch, match="document of"):
        store.insert("declared", {"body": "x" * (16 * 1024 * 1024)})
    assert store.query("declared", {}) == []
    store.ready = False
    with pytest.raises(NotReady):
        store.query("declared", {})
