"""Whatever fails, and whoever repeats what it should not: no secret comes out of the app anywhere, in any form.

One stand-in for splunkd lives through every failure; after each of them everything that it or the app wrote is looked
through: events, splunkd.log and _internal, the app's own log, messages, checkpoints, KV store, confs, results, what a
validation answered, and the arguments and variables of each process. Every logger of every library speaks at DEBUG.
Outside are only Splunk's own store of secrets (sealed), and what was sent to those who may have it. Long because the
one world that lives through all of it stands here, too.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import trustme
from werkzeug.wrappers import Response

from sandbox.slack_api import SlackSimulator
from sandbox.slack_api.faults import FAULTS, parse
from sandbox.slack_api.schedule import on
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.home import SplunkHome, repository_root
from sandbox.splunkd.rest.answers import RestError
from tests.collect.slack_double import Answer, SlackDouble
from tests.collect.test_connection import Front, TlsFront
from tests.digest.model_server import ModelServer, completion, with_change
from tests.security.gossip import (
    CLIENT_SECRET,
    LOOKED_FOR,
    MODEL_KEY,
    NEXT_REFRESH,
    PROXY_PASSWORD,
    PROXY_USER,
    PSEUDONYM_KEY,
    REFRESH,
    RENEWED,
    SECRETS,
    TOKEN,
    ProcessWatch,
    forms,
    found_in,
    gossip,
)
from tests.security.stage import LOUD, Stage

pytestmark = pytest.mark.once

@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("splunk")
    loud = tmp_path_factory.mktemp("loud")
    (loud / "sitecustomize.py").write_text(LOUD)
    usual = SplunkHome.environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SplunkHome, "environment", lambda self: {**usual(self), "PYTHONPATH": str(loud)})
        with Splunkd.open(folder, repository_root()) as splunkd:
            issue = splunkd.sessions.open_for

            def issued(user: str) -> str:
                key = issue(user)
                LOOKED_FOR["session key"] |= forms(key)
                return key

            patch.setattr(splunkd.sessions, "open_for", issued)
            watch = ProcessWatch(os.getpid())
            yield Stage(splunkd, tmp_path_factory.mktemp("results"))
            watch.close()
    assert any(b"slack_audit.py" in data for data in watch.seen.values()), "no process was watched"
    assert [leak for name, data in watch.seen.items() for leak in found_in(name, data)] == []


@pytest.fixture(autouse=True)
def nothing_came_out(stage: Stage) -> Iterator[None]:
    stage.secret("prod", TOKEN)
    stage.secret("passing", TOKEN)
    stage.secret("prod.proxy", f"{PROXY_USER}:{PROXY_PASSWORD}")
    stage.secret("digest_model.127.0.0.1", MODEL_KEY)
    stage.secret("digest_model.localhost", MODEL_KEY)
    stage.secret("digest_model.proxy", f"{PROXY_USER}:{PROXY_PASSWORD}")
    stage.secret("digest_pseudonyms", PSEUDONYM_KEY)
    yield
    assert stage.leaks() == []


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    double = SlackDouble(token=TOKEN, page_size=50)
    now = int(time.time())
    double.entries = [entry(number, now - 5 - number) for number in range(600)]
    yield double
    double.close()


def entry(number: int, second: int) -> dict[str, Any]:
    who = {"type": "user", "user": {"id": f"W{number % 9}", "name": "Ada", "email": "ada@corp.example", "team": "E1"}}
    return {"id": f"{second:010d}-{number}", "date_create": second, "action": "user_login", "actor": who, "entity": who,
            "context": {"ip_address": "192.0.2.7", "ua": "x"}}  # fmt: skip


# --- the look itself


@pytest.mark.parametrize("name", SECRETS)
def test_the_look_sees_each_form(name: str, stage: Stage, tmp_path: Path) -> None:
    secret = SECRETS[name]
    for text in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps({"a": secret}), f"x{secret[:20]}"):
        assert found_in("here", b"before " + text.encode() + b" after"), text
    for before in ("", "a", "ab", "user:"):
        assert found_in("here", base64.b64encode(f"{before}{secret}".encode()))
    assert all(found_in("here", form) for form in forms(secret))
    stray = stage.splunkd.home.logs / "stray.log"
    stray.write_text(f"a {secret}")
    assert stage.leaks()
    stray.unlink()


# --- every fault of the simulator


ENDING = ("unauthorised", "error")


def test_every_fault_that_passes(stage: Stage) -> None:
    quick = {"rate_limited": "rate_limited:retry_after=1", "silent": "silent:seconds=2", "slow": "slow:seconds=0.2"}
    names = [name for name in FAULTS if name not in ENDING]
    rules = [on(2 * number + 2, parse(quick.get(name, name))) for number, name in enumerate(names)]
    now = int(time.time())
    entries = [entry(number, now - 5 - number) for number in range(1_000)]
    with SlackSimulator(entries, token=TOKEN, per_minute=None, rules=rules) as simulator:
        code = stage.run("prod", api_url=simulator.api_url, page_limit="40", calls_per_minute="50",
                         read_timeout_seconds="1")  # fmt: skip
        assert code == 0, stage.reports
        assert len(simulator.log_calls) > 2 * len(names), "not every fault had its turn"
    assert len(stage.splunkd.index.raws()) >= 1_000


@pytest.mark.parametrize("name", ENDING)
def test_every_fault_that_ends_a_run(name: str, stage: Stage) -> None:
    with SlackSimulator([], token=TOKEN, per_minute=None, rules=[on(1, parse(name))]) as simulator:
        stage.secret(f"ended-by-{name}", TOKEN)
        assert stage.run(f"ended-by-{name}", api_url=simulator.api_url) == 1


# --- servers that repeat it


def problem(status: int, headers: dict[str, str] | None = None, **members: Any) -> Answer:
    body = {"ok": False, "error": gossip(TOKEN), "needed": gossip(TOKEN), "provided": gossip(TOKEN), **members}
    return Answer(status, json.dumps(body).encode(), headers)


TELLING_AND_ENDING: dict[str, Callable[[], Answer]] = {
    "401": lambda: problem(401),
    "401 in words": lambda: Answer(401, gossip(TOKEN).encode()),
    "403": lambda: problem(403, error="missing_scope"),
    "404": lambda: Answer(404, f"<html>{gossip(TOKEN)}</html>".encode()),
    "400": lambda: problem(400),
    "ok false": lambda: problem(200),
    "a short code": lambda: problem(400, error=TOKEN),
    "a code that is cut": lambda: problem(400, error="x" * 60 + TOKEN),
    "a code with a half": lambda: problem(400, error="x" * 56 + quote(TOKEN, safe="")),
}
TELLING_AND_PASSING: list[Callable[[], Answer]] = [
    lambda: Answer(429, gossip(TOKEN).encode(), {"Retry-After": "1", "X-Told": TOKEN}),
    lambda: problem(500),
    lambda: Answer(503, gossip(TOKEN).encode()),
    lambda: Answer(200, f"<html>Authorization: Bearer {gossip(TOKEN)}</html>".encode(), {"Content-Type": "text/html"}),
    lambda: Answer(200, b'{"entries": [{"id": "' + gossip(TOKEN).encode()),
    lambda: Answer(200, json.dumps({"entries": gossip(TOKEN), gossip(TOKEN): gossip(TOKEN)}).encode()),
    lambda: Answer(302, gossip(TOKEN).encode(), {"Location": f"http://127.0.0.1:9/?token={TOKEN}"}),
    lambda: Answer(307, b"", {"Location": f"/{quote(TOKEN, safe='')}", "Set-Cookie": f"d={TOKEN}"}),
    lambda: Answer(200, b"x", {"Content-Encoding": f"gzip, {quote(TOKEN)}"}),
    lambda: Answer(200, b"{}", {"Content-Encoding": "gzip"}),
]


WRAPPED = [
    quote(TOKEN, safe=""), json.dumps(TOKEN)[1:-1].replace("/", "\\/"), TOKEN.encode().hex(),
    *(base64.b64encode(f"{before}{TOKEN}".encode()).decode() for before in ("", "a", "ab")),
    base64.urlsafe_b64encode(TOKEN.encode()).decode(),
]  # fmt: skip


def test_an_error_that_wraps_it_up(stage: Stage, slack: SlackDouble) -> None:
    """One form a time, as only the beginning of an error is told."""
    faults = dict(zip(range(2, 99, 2), WRAPPED))
    slack.fault = lambda number, params: problem(500, error=faults[number]) if number in faults else None
    stage.secret("wrapped", TOKEN)
    assert stage.run("wrapped", api_url=slack.url, calls_per_minute="50") == 0, stage.reports
    told = [str(line) for line in stage.splunkd.log.lines() if "input=wrapped event=call_failed" in str(line)]
    assert sum("(redacted)" in line for line in told) >= len(WRAPPED)


@pytest.mark.parametrize("name", TELLING_AND_ENDING)
def test_a_refusal_that_repeats_them(name: str, stage: Stage, slack: SlackDouble) -> None:
    stanza = f"told-{name.replace(' ', '-')}"
    stage.secret(stanza, TOKEN)
    slack.fault = lambda number, params: TELLING_AND_ENDING[name]()
    slack.auth_answer = json.dumps({"ok": False, "error": gossip(TOKEN)}).encode()
    assert stage.run(stanza, api_url=slack.url, validate=True) == 1


def test_troubles_that_repeat_them_and_pass(stage: Stage, slack: SlackDouble) -> None:
    faults = dict(zip(range(2, 99, 2), TELLING_AND_PASSING))
    slack.fault = lambda number, params: faults[number]() if number in faults else None
    slack.auth_answer = json.dumps(
        {"ok": True, "is_enterprise_install": True, "user_id": quote(TOKEN, safe=""), "enterprise_id": TOKEN,
         "team": gossip(TOKEN)}
    ).encode()
    slack.scopes = f"auditlogs:read,{TOKEN},{quote(TOKEN)}"
    assert stage.run("passing", api_url=slack.url, calls_per_minute="50", validate=True) == 0, stage.reports
    assert slack.logs_calls > 2 * len(faults), "not every fault had its turn"
    assert slack.violations == [] and not found_in("an address", json.dumps(slack.requests).encode())


def test_a_slack_that_is_away(stage: Stage, slack: SlackDouble) -> None:
    slack.close()
    stage.secret("away", TOKEN)
    assert stage.run("away", api_url=slack.url) == 75


class Refusing(Front):
    """A proxy that refuses, and repeats what it was told in the line of its status, in headers and body."""

    def __init__(self, status: str) -> None:
        self._status = status
        super().__init__()

    def serve(self, connection: Any) -> None:
        head = connection.recv(65_536).decode("latin-1")
        told = next((line for line in head.split("\r\n") if line.startswith("Proxy-Authorization")), "")
        line = f"HTTP/1.1 {self._status} {told} {gossip(PROXY_PASSWORD, f'{PROXY_USER}:{PROXY_PASSWORD}')}"
        text = f"{line}\r\nX-Told: {told}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(text.encode("utf-8"))


@pytest.mark.parametrize(("status", "code"), [("407", 1), ("502", 75)])
def test_a_proxy_that_repeats_them(status: str, code: int, stage: Stage) -> None:
    proxy = Refusing(status)
    try:
        settings = {"api_url": "https://localhost:9", "proxy_url": f"http://127.0.0.1:{proxy.port}"}
        assert stage.run("prod", **settings) == code, stage.reports
        model = {"model_url": "https://localhost:9/v1", "model_proxy_url": f"http://127.0.0.1:{proxy.port}"}
        stage.digest(**model)
    finally:
        proxy.close()


def test_a_certificate_that_is_not_trusted(stage: Stage, slack: SlackDouble) -> None:
    front = TlsFront(trustme.CA(), "localhost", int(slack.url.rsplit(":", 1)[1]))
    try:
        assert stage.run("prod", api_url=f"https://localhost:{front.port}") == 75
        stage.digest(model_url=f"https://localhost:{front.port}/v1")
    finally:
        front.close()
    assert slack.requests == []


# --- a rotating pair, and a store that refuses


ROTATING = json.dumps({"client_id": "1.2", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH})
EXCHANGES: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "refused": lambda form: {"ok": False, "error": f"invalid_refresh_token {form['refresh_token']}"},
    "the form again": lambda form: {"ok": False, "error": " ".join(form.values()), **form},
    "wrapped up": lambda form: {"ok": False, "error": base64.b64encode(form["client_secret"].encode()).decode()},
    "cut in half": lambda form: {"ok": False, "error": "x" * 60 + form["client_secret"]},
    "half a pair": lambda form: {"ok": True, "access_token": RENEWED, "told": gossip(RENEWED)},
    "no text": lambda form: {"ok": True, "access_token": [RENEWED], "refresh_token": {"a": NEXT_REFRESH}},
    "a wrong kind": lambda form: {"ok": True, "access_token": "xoxb-" + RENEWED, "refresh_token": NEXT_REFRESH},
    "a pair": lambda form: {"ok": True, "access_token": RENEWED, "refresh_token": NEXT_REFRESH, "expires_in": 43_200},
}


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_renewal(name: str, stage: Stage, slack: SlackDouble) -> None:
    stanza = f"renewed-{name.replace(' ', '-')}"
    stage.secret(stanza, ROTATING)
    slack.exchange = EXCHANGES[name]
    slack.token = RENEWED
    code = stage.run(stanza, api_url=slack.url)
    assert (code == 0) == (name == "a pair"), stage.reports
    assert len(slack.exchanges) >= 1


@pytest.mark.parametrize("at", [1, 2])
def test_a_store_that_refuses_and_repeats_them(
    at: int, stage: Stage, slack: SlackDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the refresh token is used, and after it."""
    stanza = f"unstored-{at}"
    stage.secret(stanza, ROTATING)
    slack.exchange, slack.token = EXCHANGES["a pair"], RENEWED
    store, times = stage.splunkd.passwords._store, []
    put = store.put

    def refuse(key: Any, password: str, app: str) -> None:
        times.append(1)
        if len(times) >= at:
            # Only the beginning is told: in one case what it holds, in the other one of these is cut in the middle.
            raise RestError(500, f"Cannot store {password}" if at == 1 else f"{CLIENT_SECRET} " * 9)
        put(key, password, app)

    monkeypatch.setattr(store, "put", refuse)
    assert stage.run(stanza, api_url=slack.url) == 1, stage.reports
    assert len(times) >= at and len(slack.exchanges) == (0 if at == 1 else 1)
    monkeypatch.undo()


def test_a_kv_store_that_refuses_and_repeats_them(
    stage: Stage, slack: SlackDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> Any:
        raise RestError(400, gossip(TOKEN))

    assert stage.run("prod", api_url=slack.url, state="kvstore") == 0, stage.reports
    monkeypatch.setattr(stage.splunkd.kvstore, "insert", refuse)
    assert stage.run("prod", api_url=slack.url, state="kvstore") == 1, stage.reports
    monkeypatch.undo()


MISSTORED = ["xoxb-" + TOKEN, ROTATING[:-5], json.dumps({"client_secret": CLIENT_SECRET}), TOKEN + " x"]


@pytest.mark.parametrize("stored", MISSTORED, ids=["bot", "cut", "a part", "blanks"])
def test_a_secret_of_a_wrong_form(stored: str, stage: Stage, slack: SlackDouble) -> None:
    stage.secret("misstored", stored)
    assert stage.run("misstored", api_url=slack.url, validate=True) == 1
    assert slack.requests == []


# --- a model


def told_to(status: int, headers: dict[str, str] | None = None) -> Callable[[Any], Response]:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {gossip(MODEL_KEY)}"}})
    return lambda things: Response(body, status, headers=headers, content_type="application/json")


MODELS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "401": told_to(401),
    "429": told_to(429, {"Retry-After": quote(MODEL_KEY)}),
    "500": told_to(500),
    "redirect": told_to(307, {"Location": f"http://127.0.0.1:9/?key={quote(MODEL_KEY)}"}),
    "page": lambda things: Response(gossip(MODEL_KEY), content_type=f"text/html; x={quote(MODEL_KEY)}"),
    "no completion": lambda things: {"error": gossip(MODEL_KEY)},
    "no JSON": lambda things: gossip(MODEL_KEY).encode(),
    "as its answer": lambda things: completion(gossip(MODEL_KEY)),
    "in its answer": with_change(why=f"The key is {MODEL_KEY} as everybody knows."),
    "as an id": with_change(finding_ids=[MODEL_KEY]),
    "as a member": with_change(**{MODEL_KEY: MODEL_KEY}),
    "as a refusal": lambda things: completion(None, refusal=gossip(MODEL_KEY)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_repeats_them(name: str, stage: Stage) -> None:
    model = ModelServer()
    try:
        model.play = MODELS[name]
        stage.digest(model_url=model.url)
        assert model.headers[0]["Authorization"] == f"Bearer {MODEL_KEY}"
        assert "digest ended with 0" in stage.reports[-1]
        assert not found_in("what was sent", model.sent.encode())
    finally:
        model.close()
