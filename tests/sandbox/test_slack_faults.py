"""Every fault of the simulator, and when it comes."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
import requests

from sandbox.slack_api import Clock, SlackSimulator, faults, schedule

NOW = 1_774_000_000


def entries(count: int = 40, per_second: int = 1) -> list[dict]:
    user = {"type": "user", "user": {"id": "W1"}}
    place = {"location": {"type": "enterprise", "id": "E1"}}
    return [
        {"id": f"id-{n}", "date_create": NOW - 100 + n // per_second, "action": "user_login", "actor": user,
         "entity": user, "context": place}
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def slack():
    with SlackSimulator(entries(), clock=Clock.fixed(NOW), per_minute=None) as running:
        yield running


@pytest.fixture
def get(slack):
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {slack.token}"

        def ask(timeout: float = 10, **parameters) -> requests.Response:
            return session.get(slack.api_url + "logs", params=parameters, timeout=timeout)

        yield ask


def ids(answer: requests.Response) -> list[str]:
    return [entry["id"] for entry in answer.json()["entries"]]


def cursor_of(answer: requests.Response) -> str:
    return answer.json()["response_metadata"]["next_cursor"]


@pytest.mark.parametrize("spelling", ["rate_limited", "ratelimited"])
def test_rate_limited(slack, get, spelling):
    slack.play(faults.rate_limited(7, spelling))
    answer = get()
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error"]) == (429, "7", spelling)
    assert get().status_code == 200
    assert [call.impolite for call in slack.log_calls] == [False, True]


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (faults.unauthorised(), 401, b""),
        (faults.error("team_not_authorized", 400), 400, b'{"ok": false, "error": "team_not_authorized"}'),
        (faults.error(), 403, b'{"ok": false, "error": "user_not_authorized"}'),
        (faults.ok_false(), 200, b'{"ok": false, "error": "internal_error"}'),
        (faults.html(), 200, faults.HTML),
        (faults.server_error(502), 502, b"upstream connect error"),
    ],
)
def test_answers_in_place_of_a_page(slack, get, fault, status, body):
    slack.play(fault)
    answer = get()
    assert (answer.status_code, answer.content) == (status, body)
    assert len(ids(get(limit=5))) == 5


@pytest.mark.parametrize("fault", [faults.reset(), faults.close()])
def test_a_connection_that_breaks_in_mid_body(slack, get, fault):
    slack.play(fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get()
    assert len(ids(get())) == 40


def test_reset_is_a_reset_and_close_is_an_end(slack):
    for fault, hard in ((faults.reset(), True), (faults.close(), False)):
        slack.play(fault)
        with socket.create_connection(("127.0.0.1", slack.port), timeout=120) as raw:
            raw.sendall(
                f"GET /audit/v1/logs HTTP/1.1\r\nAuthorization: Bearer {slack.token}\r\n\r\n".encode()
            )
            received, was_reset = b"", False
            try:
                while chunk := raw.recv(65536):
                    received += chunk
            except ConnectionResetError:
                was_reset = True
        assert was_reset is hard
        assert received.startswith(b"HTTP/1.1 200") or hard


def test_cut_json_is_a_whole_answer_with_half_a_text(slack, get):
    slack.play(faults.cut_json())
    answer = get()
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_a_silent_server_says_nothing_and_lets_go_when_it_stops(slack, get):
    slack.play(faults.silent())
    with pytest.raises(requests.exceptions.ReadTimeout):
        get(timeout=0.2)
    assert get().status_code == 200
    began = time.perf_counter()
    slack.play(faults.silent())
    asking = threading.Thread(target=lambda: pytest.raises(requests.ConnectionError, get, timeout=200))
    asking.start()
    while len(slack.log_calls) < 3:
        time.sleep(0.005)
    slack.stop()
    asking.join(180)
    assert not asking.is_alive()
    assert time.perf_counter() - began < 180  # the client itself would wait for 200


def test_a_slow_server_answers_in_the_end(slack, get):
    slack.play(faults.slow(0.15))
    began = time.perf_counter()
    assert len(ids(get())) == 40
    assert time.perf_counter() - began >= 0.15


def test_invalid_cursor_waits_for_a_request_with_a_cursor(slack, get):
    slack.play(faults.invalid_cursor())
    first = get(limit=10)
    assert len(ids(first)) == 10
    second = get(limit=10, cursor=cursor_of(first))
    assert (second.status_code, second.json()["error"]) == (400, "invalid_cursor")
    assert ids(get(limit=10, cursor=cursor_of(first)))[0] == "id-29"


def test_repeated_cursor(slack, get):
    slack.play(faults.repeated_cursor())
    used = cursor_of(get(limit=10))
    answer = get(limit=10, cursor=used)
    assert ids(answer)[0] == "id-29"
    assert cursor_of(answer) == used


def test_cursors_differ_in_all_other_cases(get):
    assert cursor_of(get(limit=10)) != cursor_of(get(limit=10))


def test_above_limit_sends_the_whole_last_second():
    with SlackSimulator(entries(40, per_second=8), clock=Clock.fixed(NOW), per_minute=None) as slack:
        slack.play(faults.above_limit())
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {slack.token}"
            first = session.get(slack.api_url + "logs", params={"limit": 3}, timeout=120)
            assert ids(first) == [f"id-{n}" for n in range(39, 31, -1)]
            rest = {"limit": "100", "cursor": cursor_of(first)}
            assert ids(session.get(slack.api_url + "logs", params=rest, timeout=120))[0] == "id-31"


def test_below_limit_and_an_empty_page_lose_nothing(slack, get):
    slack.play(faults.below_limit(0.3))
    short = get(limit=10)
    assert len(ids(short)) == 3
    slack.play(faults.empty_page())
    empty = get(limit=10, cursor=cursor_of(short))
    assert ids(empty) == []
    assert ids(get(limit=100, cursor=cursor_of(empty))) == [f"id-{n}" for n in range(36, -1, -1)]
    slack.play(faults.empty_page())
    top = get(limit=10)
    assert ids(top) == []
    assert len(ids(get(limit=100, cursor=cursor_of(top)))) == 40


def test_repeated_entries(slack, get):
    slack.play(faults.repeated_entries(2))
    first = get(limit=10)
    assert ids(get(limit=3, cursor=cursor_of(first))) == ["id-31", "id-30", "id-29", "id-28", "id-27"]


@pytest.mark.parametrize("end", faults.ENDS)
def test_last_page(slack, get, end):
    slack.play(faults.last_page(end))
    body = get().json()
    metadata = {
        "empty": {"next_cursor": ""},
        "null": {"next_cursor": None},
        "absent": {},
        "no_metadata": "none",
    }
    assert body.get("response_metadata", "none") == metadata[end]


def test_refused_and_empty_calls_are_logged_with_the_faults_name(slack, get):
    slack.play(faults.html())
    get()
    get()
    assert [call.fault for call in slack.log_calls] == ["html", ""]


def names(plan: schedule.Schedule, calls: int, has_cursor: bool = True) -> list[str]:
    chosen = [plan.choose(has_cursor) for _ in range(calls)]
    return [fault.name if fault else "-" for fault in chosen]


def test_rules_by_number():
    plan = schedule.Schedule(schedule.parse_rule("html@2") + schedule.parse_rule("reset@4-5"))
    assert names(plan, 6) == ["-", "html", "-", "reset", "reset", "-"]
    assert names(schedule.Schedule(schedule.parse_rule("ok_false/3")), 6) == ["-", "-", "ok_false"] * 2
    assert names(schedule.Schedule(schedule.parse_rule("html")), 3) == ["html"] * 3


def test_a_fault_that_needs_a_cursor_waits_for_one():
    plan = schedule.Schedule(schedule.parse_rule("invalid_cursor@1"))
    assert names(plan, 2, has_cursor=False) == ["-", "-"]
    assert names(plan, 2) == ["invalid_cursor", "-"]


def test_chances_are_kept_and_repeat_with_the_seed():
    rules = schedule.parse_rule("reset%20")
    first, again, other = (names(schedule.Schedule(rules, seed), 2000) for seed in (1, 1, 2))
    assert first == again != other
    assert 320 < first.count("reset") < 480


def test_the_storm_plays_every_fault_that_can_be_survived():
    played = set(names(schedule.Schedule(schedule.storm(0.9), 3), 3000)) - {"-"}
    fatal_or_endless = {"unauthorised", "error", "silent", "slow"}
    assert played == set(faults.FAULTS) - fatal_or_endless


def test_parameters_of_faults():
    (rule,) = schedule.parse_rule("rate_limited:retry_after=3,spelling=ratelimited@2")
    assert rule.fault == faults.rate_limited(3, "ratelimited")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense@3", "no fault is called 'nonsense'; known are above_limit"),
        ("reset:speed=3", "fault reset has no parameter 'speed'; it takes: share"),
        ("reset:share=much", "share must be a float, not 'much'"),
        ("reset/0", "0-th call"),
        ("last_page:end=never", "ends in one of empty, null, absent, no_metadata"),
        ("", "write a fault's name and when"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_in_words(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        schedule.parse_rule(text)
