"""What a user without a capability is refused, through Splunk's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import splunklib.binding
import splunklib.client

from sandbox.splunkd.daemon import Splunkd
from tests.sandbox import stand_app

NOW = 1_709_553_600.0
WORDS = "drawn for this test alone"

# What is done -> the capability that it takes, by the REST manual and authorize.conf.spec.
CALLS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "list passwords": (lambda s: s.storage_passwords.list(), "list_storage_passwords"),
    "create a password": (lambda s: s.storage_passwords.create("x", "n", "r"), "edit_storage_passwords"),
    "delete a password": (lambda s: s.delete("storage/passwords/a%3Ab%3A"), "edit_storage_passwords"),
    "edit an input": (lambda s: s.post("data/inputs/slack_audit", name="a"), "edit_modinput_slack_audit"),
    "disable an input": (lambda s: s.post("data/inputs/slack_audit/a/disable"), "edit_modinput_slack_audit"),
    "create an index": (lambda s: s.indexes.create("new"), "indexes_edit"),
    "submit an event": (lambda s: s.post("receivers/simple", index="fake", body="x"), "edit_tcp"),
    "create a user": (lambda s: s.users.create("bob", WORDS, "user"), "edit_user"),
    "change a role": (lambda s: s.post("authorization/roles/user", srchIndexesAllowed="*"), "edit_roles"),
    "read triggered alerts": (lambda s: s.fired_alerts.list(), "schedule_search"),
}
ALLOWED: dict[str, Callable[[Any], Any]] = {
    "search": lambda s: s.jobs.oneshot("| makeresults").read(),
    "read saved searches": lambda s: s.saved_searches.list(),
    "read the collection": lambda s: s.kvstore["seen"].data.query(),
    "list indexes": lambda s: s.indexes.list(),
    "list inputs": lambda s: s.get("data/inputs/slack_audit"),
}


@pytest.fixture(scope="module")
def splunkd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Splunkd]:
    folder: Path = tmp_path_factory.mktemp("access")
    with Splunkd.open(folder / "home", stand_app.build(folder / "app"), clock=lambda: NOW) as splunkd:
        admin = stand_app.connect(splunkd.uri, splunkd.admin_password)
        admin.users.create("ursa", WORDS, "user")
        admin.users.create("pia", WORDS, ["power"])
        yield splunkd


def as_user(splunkd: Splunkd, name: str) -> Any:
    return stand_app.connect(splunkd.uri, WORDS, name)


@pytest.mark.parametrize("what", CALLS)
def test_without_the_capability_it_is_refused_in_splunkds_words(splunkd: Splunkd, what: str) -> None:
    call, capability = CALLS[what]
    with pytest.raises(splunklib.binding.HTTPError) as refused:
        call(as_user(splunkd, "ursa"))
    assert refused.value.status == 403
    said = f"You (user=ursa) do not have permission to perform this operation (requires capability: {capability})."
    assert said in str(refused.value)


@pytest.mark.parametrize("what", ALLOWED)
def test_what_every_user_may_do(splunkd: Splunkd, what: str) -> None:
    ALLOWED[what](as_user(splunkd, "ursa"))


def test_power_may_read_triggered_alerts_and_no_passwords(splunkd: Splunkd) -> None:
    service = as_user(splunkd, "pia")
    assert service.fired_alerts.list() is not None
    with pytest.raises(splunklib.binding.HTTPError):
        service.storage_passwords.list()


def test_accounts_are_made_changed_and_removed_by_an_administrator(splunkd: Splunkd) -> None:
    admin = stand_app.connect(splunkd.uri, splunkd.admin_password)
    with pytest.raises(splunklib.binding.HTTPError, match="Role=nosuch does not exist"):
        admin.users.create("tmp", WORDS, "nosuch")
    admin.users.create("tmp", WORDS, "user")
    with pytest.raises(splunklib.binding.HTTPError, match="already exists"):
        admin.users.create("tmp", WORDS, "user")
    service = as_user(splunkd, "tmp")
    context = service.get("authentication/current-context", output_mode="json").body.read().decode()
    assert '"user"' in context and "list_storage_passwords" not in context
    admin.users["tmp"].update(roles=["admin"])
    assert service.storage_passwords.list() == []  # the session there is has the new role at once
    admin.users.delete("tmp")
    with pytest.raises(splunklib.binding.AuthenticationError):
        service.indexes.list()
    with pytest.raises(splunklib.binding.AuthenticationError):
        as_user(splunkd, "tmp")
    assert [user.name for user in admin.users] == ["admin", "pia", "ursa"]
    assert {role.name for role in admin.roles} == {"admin", "power", "user"}
