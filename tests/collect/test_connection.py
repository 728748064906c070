"""The way to Slack and the connection test: TLS of a private authority, proxies, every kind of token, early starts."""

from __future__ import annotations

import base64
import select
import socket
import ssl
import threading
import time

import pytest
import trustme

from sandbox.slack_api import SlackSimulator
from sandbox.slack_api.tokens import PROBLEMS
from slack_audit_monitor.client import Query, SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.connection_test import test_connection as try_connection
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.errors import ConfigError, FatalError, SlackUnavailable
from slack_audit_monitor.settings import read_settings

SECRETS = ["me:plain", "me@company.example:p/a:s%s w@rd#?&=+", "ü:Ωß😀", "only-a-name", 'dom\\user:"quo\'ted"']


def client_for(token, secret="", **params):
    settings = read_settings("prod", params, time.time())
    clock = Clock(StopRequest())
    return SlackClient(settings, token, clock, Contract(), secret), settings, clock


class Front:
    """Accepts connections and hands each to `serve` in a thread of its own; pumps bytes to a target."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._safely, args=(connection,), daemon=True).start()

    def _safely(self, connection):
        try:
            with connection:
                self.serve(connection)
        except OSError:
            pass

    def close(self):
        self._listener.close()

    def pump(self, one, other):
        sockets = [one, other]
        while True:
            if isinstance(one, ssl.SSLSocket) and one.pending():
                ready = [one]
            else:
                ready, _, _ = select.select(sockets, [], [], 10)
            if not ready:
                return
            for source in ready:
                data = source.recv(65_536)
                if not data:
                    return
                (other if source is one else one).sendall(data)


class TlsFront(Front):
    """Slack behind TLS, with a certificate of a private authority."""

    def __init__(self, authority, name, target_port):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        self._target = target_port
        super().__init__()

    def serve(self, connection):
        with self._context.wrap_socket(connection, server_side=True) as tls:
            with socket.create_connection(("127.0.0.1", self._target)) as target:
                self.pump(tls, target)


class Trickle(Front):
    """Answers byte by byte, for ever: never silent for as long as a read may be, and never done."""

    def serve(self, connection):
        connection.recv(65_536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n')
        while True:
            time.sleep(0.1)
            connection.sendall(b"1\r\n \r\n")


class Proxy(Front):
    """An HTTP proxy that passes CONNECT and plain requests on to whoever signs in with `wanted`."""

    def __init__(self, wanted, refuse=None):
        self._wanted, self._refuse = wanted, refuse
        self.asked = []
        super().__init__()

    def serve(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65_536)
            if not piece:
                return
            head += piece
        lines = head.decode("latin-1").split("\r\n")
        method, where, _ = lines[0].split(" ", 2)
        self.asked.append((method, where))
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        sent = headers.get("Proxy-Authorization", "")
        signed_in = self._wanted is None or (
            sent.startswith("Basic ") and base64.b64decode(sent[6:]).decode() == self._wanted
        )
        if self._refuse or not signed_in:
            status = self._refuse or "407 Proxy Authentication Required"
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        if method == "CONNECT":
            host, _, port = where.rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self.pump(connection, target)


@pytest.fixture
def slack():
    with SlackSimulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls(authority, slack):
    front = TlsFront(authority, "localhost", slack.port)
    yield f"https://localhost:{front.port}"
    front.close()


@pytest.fixture
def proxies():
    opened = []

    def make(*args):
        opened.append(Proxy(*args))
        return opened[-1]

    yield make
    for proxy in opened:
        proxy.close()


def a_page(client, slack):
    now = int(slack.clock.now()) - 1
    try:
        return client.page(Query(now - 10, now, 1))
    finally:
        client.close()


def test_a_private_authority_is_trusted_when_it_is_named(slack, tls, ca_file, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SlackUnavailable, match="No secure connection.*certificate.*ca_bundle"):
        a_page(client_for(slack.token, api_url=tls)[0], slack)
    assert a_page(client_for(slack.token, api_url=tls, ca_bundle=ca_file)[0], slack).entries == []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    assert a_page(client_for(slack.token, api_url=tls)[0], slack).entries == []


def test_a_netrc_of_the_account_does_not_replace_the_token(slack, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert a_page(client_for(slack.token, api_url=slack.url)[0], slack).entries == []


def test_an_answer_that_never_ends_is_broken_off():
    front = Trickle()
    client, _, _ = client_for("xoxp-invented", api_url=f"http://127.0.0.1:{front.port}", answer_timeout_seconds="1")
    with pytest.raises(SlackUnavailable, match="took more than 1 s") as caught:
        client.page(Query(1, 2, 1))
    client.close()
    front.close()
    assert caught.value.too_slow  # a smaller page may help


def test_a_certificate_of_another_name_is_refused(authority, ca_file, slack):
    front = TlsFront(authority, "slack.example", slack.port)
    url = f"https://localhost:{front.port}"
    with pytest.raises(SlackUnavailable, match="No secure connection"):
        a_page(client_for(slack.token, api_url=url, ca_bundle=ca_file)[0], slack)
    front.close()


@pytest.mark.parametrize("secret", SECRETS)
def test_the_proxy_is_signed_in_at_whatever_the_password_holds(secret, slack, tls, ca_file, proxies):
    proxy = proxies(secret if ":" in secret else secret + ":")
    client, _, _ = client_for(
        slack.token, secret, api_url=tls, ca_bundle=ca_file, proxy_url=f"http://127.0.0.1:{proxy.port}"
    )
    assert a_page(client, slack).entries == []
    assert proxy.asked == [("CONNECT", tls.partition("//")[2])]


@pytest.mark.parametrize("secret", ["", "me:wrong"])
def test_a_proxy_that_wants_another_password_is_a_matter_for_an_admin(secret, slack, tls, ca_file, proxies):
    proxy = proxies("me:right")
    client, _, _ = client_for(
        slack.token, secret, api_url=tls, ca_bundle=ca_file, proxy_url=f"http://127.0.0.1:{proxy.port}"
    )
    with pytest.raises(FatalError, match="proxy wants another user and password.*<input name>.proxy") as caught:
        a_page(client, slack)
    assert "wrong" not in str(caught.value)


def test_a_proxy_that_refuses_says_so(slack, tls, ca_file, proxies):
    proxy = proxies(None, "403 Forbidden")
    client, settings, clock = client_for(
        slack.token, api_url=tls, ca_bundle=ca_file, proxy_url=f"http://127.0.0.1:{proxy.port}"
    )
    with pytest.raises(ConfigError, match="The proxy refuses connections to localhost.*403.*allow"):
        try_connection(client, settings, clock)
    client.close()


def test_a_proxy_that_is_not_there(slack, tls, ca_file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client, settings, clock = client_for(
        slack.token, api_url=tls, ca_bundle=ca_file, proxy_url=f"http://127.0.0.1:{port}"
    )
    with pytest.raises(ConfigError, match="proxy.*refused.*proxy_url"):
        try_connection(client, settings, clock)
    client.close()


WORDS = {
    "revoked": "not accept the token|revoked",
    "not_owner": "owner",
    "workspace_install": "on the whole organisation",
    "no_scope": "lacks the scope auditlogs:read",
    "no_plan": "plan",
    "not_enterprise": "Enterprise",
    "bot": "bot token",
    "inactive": "deactivated",
}


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_what_is_wrong_with_a_token_is_said_in_plain_words(problem, slack):
    token = slack.tokens.add("xoxp-invented-troubled", problem=problem)
    client, settings, clock = client_for(token, api_url=slack.url)
    with pytest.raises(ConfigError, match=WORDS[problem]) as caught:
        try_connection(client, settings, clock)
    client.close()
    assert caught.value.setting == "token" and token not in str(caught.value)
    assert len(slack.calls) <= 2


def test_an_unknown_token(slack):
    client, settings, clock = client_for("xoxp-invented-unknown", api_url=slack.url)
    with pytest.raises(ConfigError, match="not valid"):
        try_connection(client, settings, clock)
    client.close()


def entries_of(days_old, make_entry):
    now = int(time.time())
    return [make_entry(n, now - n * 3600) for n in range(1, days_old * 24)]


@pytest.mark.parametrize(("days", "start", "warned"), [(60, "-365d", True), (60, "-58d", False), (3, "-5d", False)])
def test_a_start_before_the_data_is_warned_of(days, start, warned, make_entry):
    with SlackSimulator(entries_of(days, make_entry)) as slack:
        client, settings, clock = client_for(slack.token, api_url=slack.url, start_time=start)
        found = try_connection(client, settings, clock)
        client.close()
        assert bool(found) == warned and len(slack.calls) <= 16
    if warned:
        first = time.strftime("%Y-%m", time.gmtime(time.time() - days * 86_400))
        assert "before the organisation's data" in found[0] and f"about {first}" in found[0]


def test_govslack_is_another_place_altogether():
    _, settings, _ = client_for("xoxp-invented", environment="govslack")
    where = settings.addresses
    assert {where.logs, where.auth_test, where.token_refresh} == {
        "https://api.slack-gov.com/audit/v1/logs",
        "https://slack-gov.com/api/auth.test",
        "https://slack-gov.com/api/oauth.v2.access",
    }


@pytest.mark.parametrize("named", ["govslack", "GovSlack"])
def test_govslack_through_a_proxy_asks_for_its_own_hosts(named, proxies):
    proxy = proxies(None, "403 Forbidden")
    client, settings, clock = client_for(
        "xoxp-invented", environment=named, proxy_url=f"http://127.0.0.1:{proxy.port}"
    )
    with pytest.raises(ConfigError, match="slack-gov.com"):
        try_connection(client, settings, clock)
    with pytest.raises(SlackUnavailable):
        client.page(Query(settings.start_at, settings.start_at + 10, 1))
    client.close()
    assert proxy.asked == [("CONNECT", "slack-gov.com:443"), ("CONNECT", "api.slack-gov.com:443")]
