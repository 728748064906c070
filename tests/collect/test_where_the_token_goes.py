"""Whoever may edit an input cannot send its token elsewhere, unencrypted, or to where clouds hand out credentials."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time

import pytest

from slack_audit_monitor.client import Query, SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.credentials import read_credentials
from slack_audit_monitor.errors import ConfigError, FatalError, SlackUnavailable
from slack_audit_monitor.settings import read_settings

pytestmark = pytest.mark.once

TOKEN = "xoxp-1111-2222-invented-for-tests"
NOW = time.time()


def settings_of(**params):
    return read_settings("prod", params, NOW)


def a_call(settings, token=TOKEN, proxy_secret=""):
    client = SlackClient(settings, token, Clock(StopRequest()), Contract(), proxy_secret)
    try:
        return client.page(Query(int(NOW) - 10, int(NOW) - 5, 1))
    finally:
        client.close()


# --- a token belongs to Slack, or to the relay that it is stored for


@pytest.mark.parametrize("url", ["", "https://api.slack.com", "https://api.slack-gov.com/audit/v1/", "http://[::1]:8080"])
def test_slack_itself_and_this_machine_get_the_inputs_token(url):
    assert settings_of(api_url=url).secret_name == "prod"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://relay.corp.example", "prod@relay.corp.example"),
        ("https://RELAY.corp.example:8443/audit/v1/", "prod@relay.corp.example"),
        ("https://api.slack.com.evil.example", "prod@api.slack.com.evil.example"),
        ("https://api.slack.com@evil.example", None),
        ("https://[2001:db8::1]", "prod@2001_db8__1"),
    ],
)
def test_any_other_host_gets_only_what_is_stored_for_it(url, name):
    if name is None:
        with pytest.raises(ConfigError, match="user name or password"):
            settings_of(api_url=url)
        return
    assert settings_of(api_url=url).secret_name == name
    credentials = read_credentials("prod", {"prod": TOKEN, name: "xoxp-of-the-relay"}, name)
    assert credentials.token == "xoxp-of-the-relay"  # noqa: S105 - invented


def test_an_address_that_was_changed_costs_no_token(prod, splunkd):
    """From outside: the stored token is Slack's; somebody points the input at a host of their own."""
    prod.params["api_url"] = "https://relay.corp.example/"
    code, message = prod.judge()
    assert code == 1 and message.startswith("token: ")
    assert "prod@relay.corp.example" in message and "only to the host" in message
    result = prod.run()
    assert result.code == 1 and "prod@relay.corp.example" in result.stderr
    assert splunkd.secrets["prod"] == TOKEN


def test_a_plain_http_address_is_never_asked_through_a_proxy(slack):
    """http is for this machine; a proxy would see the token in the clear."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        short = {"read_timeout_seconds": "1", "answer_timeout_seconds": "1"}
        page = a_call(settings_of(api_url=slack.url, proxy_url=url, **short), proxy_secret="me:invented")
        assert page.entries == []
        with pytest.raises(BlockingIOError):
            listener.accept()


# --- where no Slack and no relay can be


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104 - refused
        "[::]",
        "224.0.0.1",
    ],
)
def test_an_address_where_no_server_is(host):
    with pytest.raises(ConfigError, match="^api_url: .*no server of yours"):
        settings_of(api_url=f"https://{host}")


def test_a_name_that_leads_there_is_not_called(monkeypatch):
    def resolve(*args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]

    def connect(*args, **kwargs):
        raise AssertionError("it was called")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(FatalError, match="metadata.corp.example leads to 169.254.169.254"):
        a_call(settings_of(api_url="https://metadata.corp.example"))


def test_a_private_address_may_be_a_relay():
    for host in ("10.1.2.3", "192.168.7.7", "[fd12:3456::1]"):
        assert settings_of(api_url=f"https://{host}").addresses.logs.startswith("https://")


# --- TLS


class Recorder:
    """Takes one connection, keeps its first bytes, and hangs up."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.hello = b""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        connection, _ = self._listener.accept()
        with connection:
            self.hello = connection.recv(65_536)

    def close(self):
        self._thread.join(60)
        self._listener.close()


def versions_offered(hello):
    """Return the versions of TLS in a ClientHello (RFC 8446, 4.1.2 and 4.2.1)."""
    at = 5 + 4 + 2 + 32  # record, handshake, legacy version, random
    at += 1 + hello[at]  # session
    at += 2 + struct.unpack_from(">H", hello, at)[0]  # cipher suites
    at += 1 + hello[at]  # compression
    end = at + 2 + struct.unpack_from(">H", hello, at)[0]
    at += 2
    while at < end:
        kind, length = struct.unpack_from(">HH", hello, at)
        if kind == 43:
            return {struct.unpack_from(">H", hello, at + 5 + n)[0] for n in range(0, hello[at + 4], 2)}
        at += 4 + length
    return {struct.unpack_from(">H", hello, 9)[0]}


def test_nothing_older_than_tls_1_2_is_offered():
    recorder = Recorder()
    with pytest.raises(SlackUnavailable):
        a_call(settings_of(api_url=f"https://127.0.0.1:{recorder.port}"))
    recorder.close()
    assert versions_offered(recorder.hello) == {0x0303, 0x0304}
    assert TOKEN.encode() not in recorder.hello


def test_the_recorder_sees_an_old_version():
    recorder = Recorder()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", recorder.port)) as plain, pytest.raises(OSError):
        context.wrap_socket(plain, server_hostname="localhost")
    recorder.close()
    assert versions_offered(recorder.hello) == {0x0303}


# --- certificates that somebody could have put there by a search


@pytest.mark.parametrize(
    "place", ["etc/apps/search/lookups/ca.csv", "var/run/splunk/csv/ca.csv", "etc/users/a/b/lookups/c"]
)
@pytest.mark.parametrize("linked", [False, True])
def test_certificates_from_where_searches_write_are_not_trusted(place, linked, tmp_path, monkeypatch):
    import trustme

    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    trustme.CA().cert_pem.write_to_path(str(path))
    if linked:
        (tmp_path / "ca.pem").symlink_to(path)
    with pytest.raises(ConfigError, match="^ca_bundle: .*searches and uploads write"):
        settings_of(ca_bundle=str(tmp_path / "ca.pem" if linked else path))
    good = tmp_path / "etc" / "auth" / "corp.pem"
    good.parent.mkdir(parents=True)
    trustme.CA().cert_pem.write_to_path(str(good))
    assert settings_of(ca_bundle=str(good)).ca_bundle == str(good)
