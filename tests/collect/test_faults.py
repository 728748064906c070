"""Slack in trouble: whatever it answers, everything arrives once, and calls stay few and polite."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from slack_audit_monitor.errors import SlackUnavailable


@pytest.fixture
def hour(slack, make_entry):
    """Nine hundred entries in the last hour, on pages of 200."""
    now = int(time.time())
    slack.page_size = 200
    slack.entries = [make_entry(i, now - 5 - 3 * i) for i in range(900)]
    return slack.entries


def collected_once(result, entries) -> bool:
    return sorted(result.ids()) == sorted(e["id"] for e in entries)


BAD_ANSWERS = {
    "server error": lambda a: a.Answer(500, b"<html>oops</html>"),
    "web page with 200": lambda a: a.Answer(200, b"<!doctype html><p>Slack"),
    "ok false with 200": lambda a: a.problem(200, "internal_error"),
    "JSON without entries": lambda a: a.Answer(200, b'{"hello": 1}'),
    "cut JSON": lambda a: a.Answer(200, b'{"entries": [{"id": "x", "date_cr'),
    "empty body": lambda a: a.Answer(200, b""),
    "connection closed in the body": lambda a: a.Answer(200, b'{"entries": [' + b" " * 5000 + b"]}", cut_at=100),
    "429 with a wait": lambda a: a.problem(429, "ratelimited", Retry_After="1"),
    "refusal that breaks off": lambda a: a.Answer(400, b'{"ok": false, "error": "invalid_cursor"}', cut_at=20),
    "refusal of cut JSON": lambda a: a.Answer(400, b'{"ok": false, "error": "inval'),
    "redirect": lambda a: a.Answer(302, b"", {"Location": "http://127.0.0.1:9/"}),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_one_bad_answer_in_the_middle_of_a_walk(name, quick, slack, hour, answers):
    slack.fault = lambda number, params: BAD_ANSWERS[name](answers) if number == 3 else None
    result = quick.run()
    assert result.code == 0, result.stderr
    assert collected_once(result, hour)
    pages = slack.logs_requests()
    assert len(pages) == 6
    assert {**pages[3], "limit": ""} == {**pages[2], "limit": ""}  # the same request again, same cursor


def test_a_silent_server_is_not_waited_for_for_ever(prod, slack, hour, answers):
    prod.params["read_timeout_seconds"] = "1"
    slack.fault = lambda number, params: answers.Answer(silent_seconds=3) if number == 2 else None
    result = prod.run()
    assert result.code == 0, result.stderr
    assert collected_once(result, hour)
    assert int(slack.logs_requests()[2]["limit"]) < 9999  # asks for less from a slow server


def test_retry_after_is_kept_across_runs(prod, slack, hour, answers):
    slack.fault = lambda number, params: (
        answers.problem(429, "rate_limited", Retry_After="600") if number == 2 else None
    )
    first = prod.run()
    assert first.code == 0 and first.figure("outcome") == "rate_limited"
    calls = len(slack.requests)
    second = prod.run()
    assert second.code == 0 and second.figure("outcome") == "rate_limited"
    assert len(slack.requests) == calls


def test_retry_after_may_be_a_date(quick, slack, hour, answers):
    def busy(number, params):
        return answers.problem(429, "ratelimited", Retry_After=formatdate(slack.now() + 90, usegmt=True))

    slack.fault = lambda number, params: busy(number, params) if number == 3 else None
    result = quick.run()
    assert collected_once(result, hour)
    (waited,) = re.findall(r"event=rate_limited wait_seconds=(\S+)", result.stderr)
    assert 60 < float(waited) < 120  # it waits for the second after, and a busy machine lets some go by


def test_the_call_budget_is_kept_across_runs(prod, slack, hour):
    prod.params["calls_per_minute"] = "3"
    first = prod.start(stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(slack.requests) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)  # a fourth call would come now
    first.terminate()
    first.communicate(timeout=120)
    assert len(slack.requests) == 3
    again = prod.start(stdout=subprocess.DEVNULL)
    wait_until_it_heeds_sigterm(again.pid)
    time.sleep(1.5)
    again.terminate()
    assert b"outcome=stopped" in again.communicate(timeout=120)[1]
    assert len(slack.requests) == 3


def test_the_summary_says_how_far_behind_it_is_and_how_long_it_waited(prod, slack, hour, answers):
    slack.fault = lambda number, params: answers.problem(429, "ratelimited", Retry_After="1") if number == 2 else None
    assert 0.9 <= float(prod.run().figure("waits_seconds")) < 60  # a clock may be a little ahead
    slack.skew = 3_000.0
    slack.fault = lambda number, params: answers.problem(403, "missing_scope")
    behind = prod.run()
    assert behind.code == 1 and 2_990 < float(behind.figure("lag_seconds")) < 3_300


def test_filters_go_with_every_page(quick, slack, hour):
    quick.params.update(actions="user_login, user_logout", actor="W1", entity="E1")
    quick.run()
    asked = [[params.get(name) for name in ("action", "actor", "entity")] for params in slack.logs_requests()]
    assert len(asked) >= 5 and all(names == ["user_login,user_logout", "W1", "E1"] for names in asked)


def wait_until_it_heeds_sigterm(pid):
    """Earlier it could not end in its own way, and on a busy machine it comes there late."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        if caught and int(caught.group(1), 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.02)


@pytest.mark.parametrize("form", ["empty", "absent", "null", "none"])
def test_every_form_of_no_more(form, quick, slack, hour):
    slack.last_page_form = form
    result = quick.run()
    assert collected_once(result, hour)
    assert len(slack.logs_requests()) == 5


def test_a_refused_cursor_restarts_below_what_is_out(quick, slack, hour, answers):
    slack.fault = lambda number, params: answers.problem(400, "invalid_cursor") if number == 4 else None
    result = quick.run()
    assert result.code == 0 and collected_once(result, hour)
    restarted = slack.logs_requests()[4]
    assert "cursor" not in restarted and int(restarted["latest"]) < int(slack.logs_requests()[0]["latest"])


def test_cursors_that_are_always_refused(quick, slack, hour, answers):
    slack.fault = lambda number, params: answers.problem(400, "invalid_cursor") if "cursor" in params else None
    result = quick.run()
    assert result.code == 0 and collected_once(result, hour)


def test_a_cursor_that_repeats_itself(quick, slack, hour, answers):
    first_cursor = []

    def fault(number, params):
        if number in (2, 3):
            page = json.loads(slack.page(params).body)
            first_cursor.append(params["cursor"])
            page["response_metadata"]["next_cursor"] = first_cursor[0]
            return answers.Answer(body=json.dumps(page).encode())
        return None

    slack.fault = fault
    result = quick.run()
    assert result.code == 0 and collected_once(result, hour)


def test_an_empty_page_with_a_cursor_is_not_the_end(quick, slack, hour, answers):
    def fault(number, params):
        if number == 3:  # nothing on this page, and its cursor leads to the same place under another name
            return answers.Answer(
                body=json.dumps({"entries": [], "response_metadata": {"next_cursor": params["cursor"] + "\n"}}).encode()
            )
        return None

    slack.fault = fault
    result = quick.run()
    assert result.code == 0 and collected_once(result, hour)


def test_pages_longer_than_asked_for(quick, slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 60) for i in range(300)]
    quick.params["page_limit"] = "100"
    slack.fault = lambda number, params: slack.page({**params, "limit": "300"})
    assert collected_once(quick.run(), slack.entries)


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("invalid_auth", 401, "token is not valid"),
        ("token_revoked", 200, "revoked"),
        ("user_not_authorized", 403, "owner"),
        ("team_not_authorized", 403, "whole organisation"),
        ("feature_not_enabled", 400, "plan"),
        ("missing_scope", 403, "auditlogs:read"),
        ("brand_new_code", 400, "brand_new_code"),
    ],
)
def test_a_refusal_ends_the_run_with_words_and_without_hammering(
    code, status, word, prod, slack, hour, answers, splunkd
):
    slack.fault = lambda number, params: answers.problem(status, code)
    result = prod.run()
    assert result.code == 1
    assert word in result.stderr and any(line.startswith("ERROR ") for line in result.stderr.splitlines())
    assert len(slack.logs_requests()) == 1
    assert any(word in text for text in splunkd.messages.values())


def test_a_redirection_is_not_followed_but_named(quick, slack, hour, answers):
    elsewhere = answers.SlackDouble()
    where = {"Location": elsewhere.url + "/audit/v1/logs"}
    slack.fault = lambda number, params: answers.Answer(302, b"", where) if number == 2 else None
    result = quick.run()
    elsewhere.close()
    assert collected_once(result, hour) and elsewhere.requests == []
    assert "sent us elsewhere (status 302)" in result.stderr


def test_401_without_a_body_and_the_message_goes_when_all_is_well(prod, slack, hour, splunkd, answers):
    slack.token = "xoxp-another-one-altogether"
    refused = prod.run()
    assert refused.code == 1 and "does not accept the token" in refused.stderr
    assert len(splunkd.messages) == 1
    slack.token = answers.TOKEN
    assert collected_once(prod.run(), hour)
    assert splunkd.messages == {}


def test_slack_down_ends_the_run_and_the_next_one_goes_on(quick, slack, hour, answers):
    quick.params["calls_per_minute"] = "50"
    slack.fault = lambda number, params: answers.Answer(503) if number >= 3 else None
    with pytest.raises(SlackUnavailable, match="503"):
        quick.run()
    assert len(quick.ids()) == 400
    slack.fault = lambda number, params: None
    quick.run()
    assert sorted(quick.ids()) == sorted(e["id"] for e in hour)
