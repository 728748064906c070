"""Apps, confs, inputs, indexes, messages, passwords and collections, as a user of splunklib.client works with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import splunklib.client
from splunklib.binding import AuthenticationError, HTTPError

from sandbox.splunkd.daemon import Splunkd
from tests.sandbox import stand_app


@pytest.fixture(scope="module")
def splunkd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Splunkd]:
    folder = tmp_path_factory.mktemp("settings")
    with Splunkd.open(folder / "home", stand_app.build(folder / "app")) as running:
        yield running


@pytest.fixture
def service(splunkd: Splunkd) -> Any:
    return stand_app.connect(splunkd.uri, splunkd.admin_password)


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(HTTPError) as refused:
        call(*arguments, **named)
    return refused.value.status, str(refused.value)


# -- who speaks


def test_a_closed_session_is_not_taken_any_more(splunkd: Splunkd) -> None:
    service = stand_app.connect(splunkd.uri, splunkd.admin_password)
    key = service.token.split(" ", 1)[1]
    service.delete(f"/services/authentication/httpauth-tokens/{key}")
    with pytest.raises(AuthenticationError):
        service.apps.list()


def test_a_session_key_is_enough(splunkd: Splunkd) -> None:
    key = splunkd.sessions.open_for("admin")
    port = int(splunkd.uri.rsplit(":", 1)[1])
    service = splunklib.client.Service(scheme="http", host="127.0.0.1", port=port, token=key)
    service.login()  # nothing to do: the key is there
    assert service.info["serverName"] == "sandbox"
    bearer = splunklib.client.Service(scheme="http", host="127.0.0.1", port=port, splunkToken=key)
    assert bearer.info["serverName"] == "sandbox"


def test_users_roles_and_capabilities_can_be_read(service: Any) -> None:
    assert [user.name for user in service.users] == ["admin"] and "nosuch" not in service.users
    (role,) = service.users["admin"].role_entities
    assert role.name == "admin" and "edit_storage_passwords" in role["capabilities"]
    assert "schedule_search" in service.capabilities
    assert refusal(service.users.delete, "admin")[0] == 403


def test_an_app_that_is_not_installed(splunkd: Splunkd) -> None:
    service = stand_app.connect(splunkd.uri, splunkd.admin_password, app="nosuch")
    status, text = refusal(service.saved_searches.list)
    assert status == 404 and "Application does not exist: nosuch" in text
    assert stand_app.connect(splunkd.uri, splunkd.admin_password, app="-", owner="-").saved_searches["Many"]


# -- apps


def test_apps(service: Any) -> None:
    app = service.apps[stand_app.APP]
    assert (app["label"], app["version"], app["configured"], app["disabled"]) == ("Fake", "1.2.3", "0", "0")
    app.update(configured="true")
    assert app.refresh()["configured"] == "1"
    assert "search" in service.apps and "nosuch" not in service.apps
    assert refusal(service.apps.delete, "search")[0] == 403


# -- confs


def test_conf_layers_and_reload(splunkd: Splunkd, service: Any) -> None:
    conf = service.confs["macros"]
    assert [stanza.name for stanza in conf] == ["least", "source"]
    assert conf["least"]["definition"] == "2" and len(conf["least"]) == 1
    conf["least"].update(definition="5", description="of this site")
    local = (splunkd.app_folder / "local" / "macros.conf").read_text()
    assert "definition = 5" in local and "[source]" not in local
    assert "definition = 2" in (splunkd.app_folder / "default" / "macros.conf").read_text()
    # An administrator edits the file by hand and reloads.
    (splunkd.app_folder / "local" / "macros.conf").write_text("[least]\ndefinition = 6\n")
    conf.get("_reload")
    assert conf["least"]["definition"] == "6"
    assert refusal(conf.delete, "least")[0] == 403  # it is in default/


def test_conf_stanzas_are_made_and_removed(service: Any) -> None:
    conf = service.confs["macros"]
    made = conf.create("mine", definition="a\nb")
    assert made["definition"] == "a\nb" and "mine" in [stanza.name for stanza in conf]
    assert refusal(conf.create, "mine", definition="c")[0] == 409
    assert refusal(made.update, definition="ends in \\")[0] == 400
    conf.delete("mine")
    assert "mine" not in [stanza.name for stanza in conf]


def test_conf_files(service: Any) -> None:
    assert {"app", "macros", "savedsearches"} <= {conf.name for conf in service.confs}
    assert "nosuchconf" not in service.confs
    with pytest.raises(KeyError):
        service.confs["nosuchconf"]
    service.confs.create("own")
    assert "own" in service.confs and len(service.confs["own"].list()) == 0


def test_names_with_spaces_slashes_and_signs(service: Any) -> None:
    for name in ("Slack - A & B - Rule", "a/b", "1+1", "ü 100%"):
        service.saved_searches.create(name, "search x")
        assert service.saved_searches[name].name == name
        assert service.saved_searches[name].update(description=name).refresh()["description"] == name
        service.saved_searches.delete(name)
        assert name not in service.saved_searches


def test_properties(splunkd: Splunkd, service: Any) -> None:
    path = "properties/macros/source/definition"
    assert service.get(path).body.read() == b"index=fake sourcetype=fake:json"
    assert refusal(service.get, "properties/macros/source/nosuch")[0] == 404


# -- inputs


def test_inputs(splunkd: Splunkd, service: Any) -> None:
    assert service.inputs.kinds == ["slack_audit"]
    made = service.inputs.create("eu", "slack_audit", mode="good", interval="120")
    assert (made["mode"], made["interval"], made.kind) == ("good", "120", "slack_audit")
    assert [entry.name for entry in service.inputs.list("slack_audit")] == ["eu", "prod"]
    assert service.inputs["eu"].name == "eu" and ("eu", "slack_audit") in service.inputs
    made.update(interval="30").refresh()
    assert made["interval"] == "30"
    assert made.enable().refresh()["disabled"] == "0"
    assert made.disable().refresh()["disabled"] == "1"
    status, text = refusal(made.update, mode="bad")
    assert status == 400 and "mode is 'bad'; allowed are: good" in text
    assert "nosuch" in refusal(service.inputs.create, "us", "slack_audit", mode="good", nosuch="1")[1]
    assert "mode" in refusal(service.inputs.create, "us", "slack_audit")[1]
    service.inputs.delete("eu", "slack_audit")
    assert ("eu", "slack_audit") not in service.inputs


def test_the_scheme_is_what_the_script_says(service: Any) -> None:
    kind = service.modular_input_kinds["slack_audit"]
    assert kind["title"] == "Fake" and kind["streaming_mode"] == "xml"
    assert kind.arguments["mode"]["required_on_create"] == "1"


# -- indexes


def test_indexes(service: Any) -> None:
    names = [index.name for index in service.indexes]
    assert {"main", "_internal", "fake"} <= set(names) and service.indexes.get_default() == "main"
    made = service.indexes.create("extra", frozenTimePeriodInSecs=86400)
    assert (made["totalEventCount"], made["frozenTimePeriodInSecs"]) == ("0", "86400")
    made.submit("one\ntwo\u2028still two\n".encode(), sourcetype="text", host="h")
    made.refresh()
    assert made["totalEventCount"] == "2"
    body = service.jobs.oneshot("search index=extra | table _raw", output_mode="json").read()
    assert {row["_raw"] for row in json.loads(body)["results"]} == {"one", "two\u2028still two"}
    made.disable()
    assert made.refresh()["disabled"] == "1"
    service.indexes.delete("extra")
    assert "extra" not in service.indexes
    assert refusal(service.indexes.delete, "fake")[0] == 403
    assert refusal(service.indexes.create, "Upper")[0] == 400


def test_events_for_an_unknown_index_are_refused(service: Any) -> None:
    status, text = refusal(service.post, "/services/receivers/simple", body="x", index="nosuch")
    assert status == 400 and "nosuch" in text


# -- messages


def test_messages(service: Any) -> None:
    service.messages.create("prod_token", value="The token was revoked.", severity="error")
    message = service.messages["prod_token"]
    assert (message.value, message["severity"]) == ("The token was revoked.", "error")
    assert not service.restart_required
    message.delete()
    assert "prod_token" not in service.messages


# -- collections


def test_collections(service: Any) -> None:
    service.kvstore.create("mine", fields={"a": "number"}, accelerated_fields={"by_a": {"a": 1}})
    collection = service.kvstore["mine"]
    assert collection["field.a"] == "number"
    collection.update_field("b", "string")
    assert collection.refresh()["field.b"] == "string"
    data = collection.data
    assert data.insert(json.dumps({"_key": "x y/z", "a": 1})) == {"_key": "x y/z"}
    assert refusal(data.insert, json.dumps({"_key": "x y/z", "a": 2}))[0] == 409
    assert data.batch_save({"_key": "b", "a": 5}, {"_key": "c", "a": 7, "in": {"deep": "d"}}) == ["b", "c"]
    assert [record["a"] for record in data.query(query={"a": {"$gt": 1}}, sort="a:-1", fields="a")] == [7, 5]
    assert [record["_key"] for record in data.query(sort="a", skip=1, limit=1)] == ["b"]
    assert data.query(query={"in.deep": "d"})[0]["_key"] == "c"
    assert [len(found) for found in data.batch_find({"query": {"a": 5}}, {"query": {"a": 6}})] == [1, 0]
    data.update("x y/z", {"a": 9})
    assert data.query_by_id("x y/z")["a"] == 9
    data.delete(query=json.dumps({"a": {"$lt": 8}}))
    assert [record["_key"] for record in data.query()] == ["x y/z"]
    data.delete_by_id("x y/z")
    assert refusal(data.query_by_id, "x y/z")[0] == 404
    service.kvstore.delete("mine")
    assert "mine" not in service.kvstore


# -- forms


def test_paging_filter_and_order(service: Any) -> None:
    for number in range(5):
        service.messages.create(f"m{number}", value=str(10 - number))
    try:
        assert [m.name for m in service.messages.list(count=2, offset=1)] == ["m1", "m2"]
        assert [m.name for m in service.messages.iter(pagesize=2)] == ["m0", "m1", "m2", "m3", "m4"]
        assert [m.name for m in service.messages.list(search="name=m3")] == ["m3"]
        assert [m.name for m in service.messages.list(sort_key="message", sort_mode="num")][0] == "m4"
        assert [m.name for m in service.messages.list(sort_dir="desc", count=1)] == ["m4"]
    finally:
        for number in range(5):
            service.messages.delete(f"m{number}")


@pytest.mark.parametrize(
    "path",
    [
        "apps/local",
        "configs/conf-macros",
        "data/indexes",
        "data/inputs/slack_audit",
        "saved/searches",
        "search/jobs",
        "alerts/fired_alerts",
        "storage/passwords",
        "storage/collections/config",
        "messages",
        "server/info",
    ],
)
def test_json_has_the_members_of_the_manual(splunkd: Splunkd, path: str) -> None:
    key = splunkd.sessions.open_for("admin")
    headers = {"Authorization": f"Splunk {key}"}
    answer = requests.get(f"{splunkd.uri}/services/{path}?output_mode=json&count=0", headers=headers, timeout=120)
    feed = answer.json()
    assert answer.status_code == 200
    assert {"links", "origin", "updated", "generator", "entry", "paging", "messages"} <= set(feed)
    assert feed["paging"]["total"] == len(feed["entry"])
    for entry in feed["entry"]:
        assert {"name", "id", "updated", "links", "author", "acl", "content"} <= set(entry)
    # A conf that no file holds is an empty one.
    unknown = "nosuch" if path.startswith("configs/") else f"{path}x"
    assert requests.get(f"{splunkd.uri}/services/{unknown}", headers=headers, timeout=120).status_code == 404
    assert path == "server/info" or requests.get(f"{splunkd.uri}/services/{path}", timeout=120).status_code == 401
