"""Whatever fails, and even if Slack or a proxy repeats a secret in its answer: it appears in no output of ours."""

from __future__ import annotations

import json
import time

import pytest

PROXY_SECRET = "proxy-user:proxy/pass@invented"
CLIENT_SECRET = "invented-client-secret-0123"
REFRESH = "xoxe-1-invented-refresh-0123456789"

FAILURES = {
    "401": lambda a: a.Answer(401),
    "an error that repeats it": lambda a: a.problem(400, f"bad token {a.TOKEN}"),
    "needed": lambda a: a.Answer(403, json.dumps({"ok": False, "error": "missing_scope", "needed": a.TOKEN}).encode()),
    "404 page": lambda a: a.Answer(404, f"<html>{a.TOKEN}".encode()),
    "ok false": lambda a: a.problem(200, f"unheard of {a.TOKEN}"),
}
PASSING = [
    lambda a: a.Answer(200, f"<html>Authorization: Bearer {a.TOKEN}</html>".encode()),
    lambda a: a.Answer(200, b'{"entries": [{"id": "' + a.TOKEN.encode()),
    lambda a: a.Answer(500, a.TOKEN.encode()),
    lambda a: a.Answer(302, b"", {"Location": f"http://127.0.0.1:9/?token={a.TOKEN}"}),
    lambda a: a.problem(429, a.TOKEN, Retry_After="1"),
]


@pytest.fixture
def watched(prod, slack, splunkd, answers, make_entry, tmp_path):
    """Runs and validates; then holds everything that was written anywhere against all secrets."""
    prod.home = tmp_path / "splunk"
    slack.page_size = 100
    slack.entries = [make_entry(n, int(time.time()) - 5 - n) for n in range(1_200)]
    texts: list[str] = []

    def watch(*, validate: bool = True):
        result = prod.run()
        texts.extend([result.stdout.decode(), result.stderr])
        if validate:
            texts.append(prod.validate()[1])
        return result

    yield watch
    texts.extend(splunkd.messages.values())
    texts.extend(splunkd.messages)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "slack_audit_monitor.log" for path in files)
    texts.extend(path.read_text() + path.name for path in files)
    texts.extend(f"{path} {params}" for path, params in slack.requests)
    secrets = [answers.TOKEN, splunkd.session_key, CLIENT_SECRET, REFRESH, "proxy/pass@invented", "proxy%2Fpass"]
    for text in texts:
        for secret in secrets:
            assert secret not in text, text[:300]
    assert slack.violations == []


@pytest.mark.once
@pytest.mark.parametrize("name", FAILURES)
def test_failures_that_end_a_run(name, watched, slack, answers):
    slack.fault = lambda number, params: FAILURES[name](answers) if number > 1 else None
    slack.auth_answer = json.dumps({"ok": False, "error": answers.TOKEN}).encode()
    assert watched().code == 1


@pytest.mark.once
def test_failures_that_pass(watched, slack, answers):
    slack.fault = lambda number, params: PASSING[number // 2 - 1](answers) if number in (2, 4, 6, 8, 10) else None
    result = watched(validate=False)
    assert result.code == 0 and len(result.ids()) == 1_200


def test_a_proxy_that_refuses_and_a_renewal_that_fails(watched, prod, slack, splunkd):
    splunkd.secrets["prod.proxy"] = PROXY_SECRET
    prod.params["proxy_url"] = slack.url  # an HTTP server that knows nothing of proxying
    splunkd.secrets["prod"] = json.dumps(
        {"client_id": "1.2", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH, "access_token": ""}
    )
    slack.exchange = lambda form: {"ok": False, "error": f"invalid_refresh_token {form['refresh_token']}"}
    assert watched().code == 1


def test_an_answer_that_repeats_the_apps_secret(watched, slack, splunkd):
    splunkd.secrets["prod"] = json.dumps(
        {"client_id": "1.2", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH, "access_token": ""}
    )
    slack.exchange = lambda form: {"ok": False, "error": f"unheard of: {form['client_secret']}"}
    result = watched()
    assert result.code == 1 and "unheard of" in result.stderr


def test_a_splunkd_that_refuses(watched, prod, splunkd):
    prod.session_key = "another-invented-session-key"
    assert watched().code == 1
