"""`--validate-arguments`: each refusal is one sentence with the setting, what was found, and what is allowed.

Long lists of cases are judged in this process, the rest by the script as splunkd starts it.
"""

from __future__ import annotations

import json
import time

import pytest

WRONG = [
    ("start_time", "yesterday-ish", ["start_time", "yesterday-ish", "ISO 8601", "-30d"]),
    ("start_time", "2026-02-30", ["start_time", "2026-02-30"]),
    ("start_time", "2018-02-28", ["start_time", "2018-02-28", "2018-03-01"]),
    ("start_time", "2999-01-01", ["start_time", "2999-01-01", "future"]),
    ("api_url", "http://slack.example/", ["api_url", "http://slack.example/", "https"]),
    ("api_url", "ftp://slack.example/", ["api_url", "https"]),
    ("api_url", "https://me:secret@slack.example/", ["api_url", "password"]),
    ("api_url", "https://slack.example/api/", ["api_url", "/audit/v1/"]),
    ("interval", "0", ["interval", '"0"', "at least 10"]),
    ("interval", "-1", ["interval", '"-1"', "at least 10"]),
    ("interval", "5", ["interval", '"5"', "at least 10"]),
    ("interval", "often", ["interval", "often", "cron"]),
    ("interval", "61 * * * *", ["interval", "61 * * * *", "cron"]),
    ("interval", "*/0 * * * *", ["interval", "*/0 * * * *", "cron"]),
    ("environment", "discord", ["environment", "discord", "slack or govslack"]),
    ("actions", ",".join(f"a{i}" for i in range(31)), ["actions", "31", "30"]),
    ("actions", "user login", ["actions", "user login"]),
    ("actor", "W1&latest=0", ["actor", "W012A3CDE"]),
    ("calls_per_minute", "0", ["calls_per_minute", '"0"', "1 to 50"]),
    ("calls_per_minute", "51", ["calls_per_minute", "1 to 50"]),
    ("page_limit", "10000", ["page_limit", "1 to 9999"]),
    ("page_limit", "1.65e+03", ["page_limit", "1 to 9999"]),
    ("page_limit", "１０", ["page_limit", "1 to 9999"]),
    ("overlap_seconds", "4000", ["overlap_seconds", "4000", "late_arrival_seconds"]),
    ("proxy_url", "proxy.example:8080", ["proxy_url", "http://HOST:PORT"]),
    ("proxy_url", "http://me:pw@proxy.example:8080", ["proxy_url", "<input name>.proxy"]),
    ("proxy_url", "http://me:pw@proxy.example:99999", ["proxy_url", "<input name>.proxy"]),
    ("proxy_url", "http://proxy.example:99999", ["proxy_url", "proxy.example:99999", "http://HOST:PORT"]),
    ("ca_bundle", "/nowhere/ca.pem", ["ca_bundle", "/nowhere/ca.pem", "PEM"]),
]


@pytest.mark.parametrize(("setting", "value", "words"), WRONG, ids=[f"{s}={v[:24]}" for s, v, _ in WRONG])
def test_a_wrong_value_is_refused_with_a_sentence(setting, value, words, prod, slack):
    prod.params[setting] = value
    code, message = prod.judge()
    assert code != 0
    for word in words:
        assert word in message
    assert "\n" not in message and message.endswith(".") and slack.requests == []
    assert ":pw" not in message and ":secret" not in message


GOOD = [
    ("start_time", "2026-01-31T08:00:00+01:00"),
    ("start_time", "2018-03-01"),
    ("start_time", "1700000000"),
    ("start_time", "-1h"),
    ("interval", "10"),
    ("interval", "300"),
    ("interval", "*/5 * * * *"),
    ("actions", "user_login, file_downloaded"),
    ("environment", "govslack"),
]


@pytest.mark.parametrize(("setting", "value"), GOOD)
def test_a_right_value_is_taken_after_a_trial_call(setting, value, prod, slack):
    prod.params[setting] = value
    assert prod.judge() == (0, "")
    assert [path for path, _ in slack.requests] == ["/api/auth.test", "/audit/v1/logs"]
    assert slack.logs_requests()[0]["limit"] == "1"
    assert slack.violations == []


@pytest.mark.parametrize("path", ["", "/", "/audit/v1", "/audit/v1/", "/audit/v1/logs"])
def test_the_address_may_be_written_in_any_way(path, prod, slack):
    prod.params["api_url"] = slack.url + path
    assert prod.judge() == (0, "")


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (None, ["token", "none is stored", "prod", "storage/passwords"]),
        ("", ["token", "is empty", "xoxp-"]),
        ("  ", ["token", "is empty"]),
        ("xoxb-1-2-invented", ["token", "bot token"]),
        ("xoxe-1-invented", ["token", "refresh token alone"]),
        ("xoxp-1 2", ["token", "spaces"]),
        ('{"client_id": "1"}', ["token", "client_secret, refresh_token"]),
        ("{broken", ["token", "broken JSON"]),
    ],
)
def test_a_missing_or_wrong_token_is_refused(stored, words, prod, splunkd, slack):
    splunkd.secrets.clear()
    if stored is not None:
        splunkd.secrets["prod"] = stored
    code, message = prod.judge()
    assert code != 0
    for word in words:
        assert word in message
    assert not stored or not stored.strip() or stored not in message
    assert slack.requests == []


def test_refusals_come_from_the_script_as_splunkd_starts_it(prod, splunkd, slack):
    for setting, value in (("start_time", "soon"), ("api_url", "http://slack.example"), ("interval", "0")):
        kept, prod.params[setting] = prod.params[setting], value
        code, message = prod.validate()
        assert code == 1 and message.startswith(f'{setting}: found "{value}"')
        prod.params[setting] = kept
    splunkd.secrets["prod"] = ""
    code, message = prod.validate()
    assert code == 1 and message.startswith("token: ") and "is empty" in message
    assert slack.requests == []


@pytest.mark.parametrize(
    ("auth", "logs", "words"),
    [
        ({"ok": False, "error": "invalid_auth"}, None, ["token", "not valid"]),
        ({"ok": False, "error": "token_revoked"}, None, ["token", "revoked"]),
        ({"ok": True, "is_enterprise_install": False}, None, ["token", "workspace", "whole organisation"]),
        (None, (403, "user_not_authorized"), ["token", "owner"]),
        (None, (403, "team_not_authorized"), ["token", "whole organisation"]),
        (None, (400, "feature_not_enabled"), ["plan"]),
        (None, (403, "missing_scope"), ["scope auditlogs:read"]),
        (None, (400, "invalid_action"), ["actions: ", "does not know one of the names"]),
        (None, (404, ""), ["api_url: ", "no audit log at this address"]),
        (None, (429, "ratelimited"), ["asked us to wait", "try again in a minute"]),
        (None, (500, "internal_error"), ["cannot be reached", "500"]),
    ],
)
def test_what_slack_says_becomes_words(auth, logs, words, prod, slack, answers):
    if auth is not None:
        slack.auth_answer = json.dumps(auth).encode()
    if logs is not None:
        slack.fault = lambda number, params: answers.problem(*logs) if logs[1] else answers.Answer(logs[0])
    code, message = prod.judge()
    assert code != 0
    for word in words:
        assert word in message


def test_nobody_listens(prod, slack):
    slack.close()
    code, message = prod.validate()
    assert code != 0 and "cannot be reached" in message and "refused" in message


@pytest.mark.parametrize(
    ("name", "word"),
    [("a:b", "stored under this name"), ("[a]", "[ ]"), (" prod", "blanks at the ends"), ("..", "address of Splunk"),
     ("a%2fb", "%2F"), ("prod.proxy", ".proxy"), ("prod.renewed", ".renewed"),
     ("prod@a.example", "@"), ("digest_pseudonyms", "digest_"),
     ("setup-test", "setup page")],
)  # fmt: skip
def test_a_name_that_no_input_can_have(prod, name, word):
    code, message = prod.validate(name)
    assert code != 0 and message.startswith(f'name: found "{name}"; allowed is ') and word in message
    assert message.endswith("Choose another name.")
    assert prod.run(name).code == 1


def test_splunkd_that_does_not_know_us(prod, splunkd):
    prod.session_key = "expired-session-key"
    code, message = prod.validate()
    assert code != 0 and "secrets cannot be read" in message


def test_a_start_before_the_organisation_is_a_warning(prod, slack, splunkd, make_entry):
    now = int(time.time())
    slack.first_second = now - 86_400
    prod.params["start_time"] = "2025-01-01"
    assert prod.validate() == (0, "")
    assert ["before the organisation's data" in text for text in splunkd.messages.values()] == [True]


def test_too_many_scopes_are_a_warning_that_goes_when_it_is_over(prod, slack, splunkd, tmp_path):
    prod.home = tmp_path / "splunk"
    slack.scopes = "identify,auditlogs:read,admin.users:write"
    assert prod.validate() == (0, "")
    log = (tmp_path / "splunk/var/log/splunk/slack_audit_monitor.log").read_text()
    assert "admin.users:write" in log and "level=WARN" in log
    (name,) = splunkd.messages
    assert "admin.users:write" in splunkd.messages[name] and "input prod" in splunkd.messages[name]
    slack.scopes = "identify,auditlogs:read"
    assert prod.validate() == (0, "")
    assert splunkd.messages == {}


def test_a_token_without_the_scope_is_refused_before_a_page_is_asked_for(prod, slack):
    slack.scopes = "identify,users:read"
    code, message = prod.validate()
    assert code != 0 and "lacks the scope auditlogs:read" in message and "users:read" in message
    assert slack.logs_requests() == []
