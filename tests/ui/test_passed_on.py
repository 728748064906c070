"""What Splunk Web passes on to splunkd, and what it refuses: asked by hand, without a browser.

Expectations are those of Splunk's default web.conf and of the app's: an endpoint that neither exposes is not there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from tests.ui.kit.stand import APP, Stand, empty_stand

RAW = "/en-US/splunkd/__raw"
OURS = f"/servicesNS/nobody/{APP}"


class Caller:
    """A browser's session, without the browser."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.session = requests.Session()
        self.session.trust_env = False
        assert self.session.get(stand.web.start_address, allow_redirects=False, timeout=20).status_code == 302
        self.csrf = self.session.cookies[f"splunkweb_csrf_token_{stand.web.port}"]

    def call(self, method: str, path: str, vouched: bool = True, **more: object) -> requests.Response:
        headers = {"X-Requested-With": "XMLHttpRequest", "X-Splunk-Form-Key": self.csrf} if vouched else {}
        address = f"{self.stand.base}{RAW}{path}"
        return self.session.request(method, address, headers=headers, timeout=20, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with empty_stand(tmp_path_factory.mktemp("passed_on")) as stand:
        yield Caller(stand)


@pytest.mark.parametrize(
    "path",
    [
        "/services/server/info",
        f"{OURS}/storage/passwords",
        f"{OURS}/saved/searches",
        f"{OURS}/configs/conf-macros",
        f"{OURS}/data/indexes",
        f"{OURS}/apps/local/{APP}",
        f"{OURS}/data/inputs/slack_audit",  # by the app's own web.conf
        f"{OURS}/data/ui/times",
        f"{OURS}/storage/collections/data/slack_audit_seen_countries",
    ],
)
def test_what_is_exposed_is_passed_on(caller: Caller, path: str) -> None:
    answer = caller.call("GET", path, params={"output_mode": "json"})
    assert answer.status_code == 200, answer.text
    assert answer.json() is not None


@pytest.mark.parametrize(
    "path",
    [
        f"{OURS}/data/inputs/other",
        "/services/server/control/restart",
        f"{OURS}/authorization/capabilities/x/y",
        "/services",
        "/servicesNS/nobody",
        "/other/storage/passwords",
        f"{OURS}/storage/passwords/a/b",
    ],
)
def test_what_is_not_exposed_is_not_there(caller: Caller, path: str) -> None:
    answer = caller.call("GET", path)
    assert answer.status_code == 404, answer.text


def test_a_method_that_is_not_exposed_is_refused(caller: Caller) -> None:
    assert caller.call("DELETE", f"{OURS}/configs/conf-macros").status_code == 405
    assert caller.call("DELETE", f"{OURS}/data/inputs/slack_audit").status_code == 405


def test_a_change_needs_the_token_against_forged_requests(caller: Caller) -> None:
    form = {"name": "forged", "password": "x", "realm": APP}
    refused = caller.call("POST", f"{OURS}/storage/passwords", vouched=False, data=form)
    assert refused.status_code == 401 and "CSRF" in refused.text
    assert "forged" not in caller.call("GET", f"{OURS}/storage/passwords").text
    assert caller.call("POST", f"{OURS}/storage/passwords", data=form).status_code == 201


def test_without_a_session_nothing_is_passed_on(caller: Caller) -> None:
    stranger = requests.get(f"{caller.stand.base}{RAW}/services/server/info", timeout=20)
    assert stranger.status_code == 401


def test_a_page_of_another_site_is_not_served(caller: Caller) -> None:
    answer = requests.get(f"{caller.stand.base}/en-US/", headers={"Host": "attacker.example"}, timeout=20)
    assert answer.status_code == 400


def test_an_encoded_slash_in_a_name_is_no_border(caller: Caller) -> None:
    form = {"name": "a/b", "password": "x", "realm": APP}
    assert caller.call("POST", f"{OURS}/storage/passwords", data=form).status_code == 201
    assert caller.call("GET", f"{OURS}/storage/passwords/{APP}%3Aa%252Fb%3A").status_code == 200
    assert caller.call("GET", f"{OURS}/storage/passwords/{APP}:a/b:").status_code == 404


def test_files_outside_the_apps_folder_are_not_served(caller: Caller) -> None:
    outside = f"/en-US/static/app/{APP}/../../default/app.conf"
    encoded = outside.replace("/../..", "/%2e%2e%2f..")
    for path in ("/static/app/x/secret", outside, outside.replace("..", "%2e%2e"), encoded):
        request = requests.Request("GET", f"{caller.stand.base}{path}").prepare()
        request.url = f"{caller.stand.base}{path}"
        assert caller.session.send(request, timeout=20).status_code == 404, path


@pytest.mark.parametrize("place", [f"app/{APP}", "harness"])
def test_a_null_character_is_refused(caller: Caller, place: str) -> None:
    answer = caller.session.get(f"{caller.stand.base}/en-US/static/{place}/%00", timeout=20)
    assert answer.status_code == 400 and "null character" in answer.text


@pytest.mark.parametrize("name", ["\xe9", "\x07"])
def test_a_character_that_must_be_encoded_is_refused(caller: Caller, name: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in caller.session.cookies.items())
    lines = [f"GET {RAW}{OURS}/storage/passwords/{name} HTTP/1.0", f"Host: 127.0.0.1\r\nCookie: {cookie}", "", ""]
    with socket.create_connection(("127.0.0.1", caller.stand.web.port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        status = connection.makefile("rb").readline()
    assert b" 400 " in status


def test_a_password_goes_to_splunkd_alone(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    login = f"{caller.stand.base}/en-US/account/login"
    for password, status in ((caller.stand.splunkd.admin_password, 200), ("wrong", 401)):
        form = {"username": "admin", "password": password}
        answer = caller.session.post(login, form, headers={"X-Requested-With": "XMLHttpRequest"}, timeout=20)
        assert answer.status_code == status, answer.text


def test_an_app_that_is_not_set_up_leads_to_its_setup_page(caller: Caller) -> None:
    answer = caller.session.get(f"{caller.stand.base}/en-US/app/{APP}/overview", allow_redirects=False, timeout=20)
    assert answer.status_code == 302 and answer.headers["Location"].endswith(f"/app/{APP}/setup_page")
    caller.stand.splunkd.conf_store.write("app", "install", {"is_configured": "1"})
    answer = caller.session.get(f"{caller.stand.base}/en-US/app/{APP}/overview", allow_redirects=False, timeout=20)
    assert answer.status_code == 200
    # What lies beside the views is none.
    answer = caller.session.get(f"{caller.stand.base}/en-US/app/{APP}/..%2Fnav%2Fdefault", timeout=20)
    assert answer.status_code == 404
