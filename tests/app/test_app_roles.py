"""The roles of the app: each enough for its work, none more, and no role of Splunk's changed behind an admin's back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import splunklib.binding
import splunklib.client

from sandbox.confs import read_conf
from sandbox.splunkd.daemon import Splunkd

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP = "slack_audit_monitor"
WORDS = "drawn for this test alone"
AUTHORIZE = read_conf(ROOT / "default/authorize.conf")
ROLES = {name[len("role_") :]: settings for name, settings in AUTHORIZE.items() if name.startswith("role_")}
DOC = (ROOT / "docs/roles.md").read_text(encoding="utf-8")


def held(role: str) -> set[str]:
    return {key for key, value in ROLES[role].items() if value == "enabled"}


def test_the_roles_are_ours_and_splunks_admin_gets_our_capability_alone() -> None:
    assert set(ROLES) == {"admin", "slack_audit_admin", "slack_audit_reader"}
    assert ROLES["admin"] == {"slack_audit_setup": "enabled"}
    assert [name for name in AUTHORIZE if name.startswith("capability::")] == ["capability::slack_audit_setup"]


def test_the_reader_changes_nothing_and_the_setup_role_holds_no_master_key() -> None:
    writing = re.compile(r"edit_|schedule_|output_|delete_|.*_set$")
    assert not [name for name in held("slack_audit_reader") if writing.match(name)]
    both = held("slack_audit_reader") | held("slack_audit_admin")
    keys = {"admin_all_objects", "list_storage_passwords", "edit_roles", "edit_user", "install_apps", "edit_local_apps"}
    assert not both & keys
    assert held("slack_audit_reader") < held("slack_audit_admin")
    for role in ("slack_audit_reader", "slack_audit_admin"):
        assert ROLES[role]["srchIndexesAllowed"] == "slack_audit;_internal" and "importRoles" not in ROLES[role]


def test_the_setup_role_holds_what_the_page_asks_for_and_the_manual_names_all() -> None:
    page = (ROOT / "ui/src/setup/logic/rights.ts").read_text(encoding="utf-8")
    block = re.search(r"const NEEDED = \[(.*?)\];", page, re.DOTALL)
    assert block is not None
    needed = set(re.findall(r"'(\w+)'", block.group(1)))
    assert needed and needed < held("slack_audit_admin")
    described = set(re.findall(r"^\| `(\w+)` \| \w", DOC.split("What the setup role holds")[1], re.MULTILINE))
    assert needed | {"slack_audit_setup", "delete_messages"} == described
    assert all(f"`{name}`" in DOC for name in held("slack_audit_admin"))


# -- over REST, on the stand-in with the shipped confs


@pytest.fixture(scope="module")
def splunkd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Splunkd]:
    with Splunkd.open(tmp_path_factory.mktemp("roles"), ROOT) as splunkd:
        for role in ("slack_audit_admin", "slack_audit_reader"):
            splunkd.sessions.put_user(role, WORDS, (role,))
        splunkd.sessions.put_user("half", WORDS, ("user",))
        splunkd.passwords.put(APP, "prod", "a secret", APP)
        splunkd.confs.write("slack_audit", "prod", {"disabled": "1"})
        yield splunkd


def as_user(splunkd: Splunkd, name: str) -> Any:
    return splunklib.client.connect(
        scheme="http",
        host="127.0.0.1",
        port=int(splunkd.uri.rsplit(":", 1)[1]),
        username=name,
        password=WORDS,
        app=APP,
        owner="nobody",
    )


SECRET = splunklib.binding.UrlEncoded("storage/passwords/slack_audit_monitor%3Aprod%3A", skip_encode=True)
ALERT = splunklib.binding.UrlEncoded("saved/searches/Slack%20-%20Impossible%20Travel%20-%20Rule", skip_encode=True)
WRITES: dict[str, Callable[[Any], Any]] = {
    "store a token": lambda s: s.post("storage/passwords", name="two", realm=APP, password="x"),
    "replace a token": lambda s: s.post(SECRET, password="y"),
    "switch an input": lambda s: s.post("data/inputs/slack_audit/prod/disable"),
    "switch an alert": lambda s: s.post(ALERT, disabled="1"),
    "set a threshold": lambda s: s.post("configs/conf-macros/slack_mass_download_threshold", definition="50"),
    "set a threshold otherwise": lambda s: s.post("properties/macros/slack_mass_download_threshold", definition="50"),
    "write a review": lambda s: s.kvstore["slack_audit_app_reviews"].data.insert('{"app_id": "A1"}'),
    "mark the app as set up": lambda s: s.post(f"apps/local/{APP}", configured="1"),
}


@pytest.mark.parametrize("what", WRITES)
def test_the_setup_role_may(what: str, splunkd: Splunkd) -> None:
    WRITES[what](as_user(splunkd, "slack_audit_admin"))


@pytest.mark.parametrize("who", ["slack_audit_reader", "half"])
@pytest.mark.parametrize("what", WRITES)
def test_others_may_not(what: str, who: str, splunkd: Splunkd) -> None:
    with pytest.raises(splunklib.binding.HTTPError) as refused:
        WRITES[what](as_user(splunkd, who))
    said = str(refused.value)
    assert refused.value.status == 403
    assert "requires capability" in said or f"User '{who}' with roles" in said and "cannot write: /nobody/" in said


def test_the_setup_role_reads_no_secret_and_changes_no_role(splunkd: Splunkd) -> None:
    service = as_user(splunkd, "slack_audit_admin")
    for call in (
        lambda: service.storage_passwords.list(),
        lambda: service.post("configs/conf-authorize/role_slack_audit_reader", admin_all_objects="enabled"),
        lambda: service.users.create("bob", WORDS, "admin"),
        lambda: service.indexes.create("another"),
    ):
        with pytest.raises(splunklib.binding.HTTPError) as refused:
            call()
        assert refused.value.status == 403


def test_a_reader_reads(splunkd: Splunkd) -> None:
    service = as_user(splunkd, "slack_audit_reader")
    service.jobs.oneshot("| makeresults").read()
    assert len(service.saved_searches.list()) > 70
    context = service.get("authentication/current-context", output_mode="json").body.read().decode()
    assert '"slack_audit_reader"' in context and "slack_audit_setup" not in context
