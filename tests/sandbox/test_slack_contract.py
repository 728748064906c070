"""The simulator keeps Slack's contract for /audit/v1/logs and its neighbours."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox.slack_api import BulkJournal, Clock, Journal, Manners, SlackSimulator

NOW = 1_774_000_000


def entry(number: int, second: int, action: str = "user_login", who: str = "W1", file: str = "") -> dict:
    user = {"id": who, "name": "Ada", "email": "ada@halden.example", "team": "E1"}
    entity = {"type": "file", "file": {"id": file}} if file else {"type": "user", "user": user}
    return {
        "id": f"id-{number}",
        "date_create": second,
        "action": action,
        "actor": {"type": "user", "user": user},
        "entity": entity,
        "context": {"location": {"type": "enterprise", "id": "E1"}, "ua": "", "ip_address": "192.0.2.1"},
    }


class Client:
    """One logged-in client; `slack` is the simulator behind it."""

    def __init__(self, slack: SlackSimulator):
        self.slack = slack
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {slack.token}"

    def get(self, path="audit/v1/logs", **parameters) -> requests.Response:
        return self.session.get(f"{self.slack.url}/{path}", params=parameters, timeout=120)

    def page(self, **parameters) -> tuple[list[str], str]:
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return [e["id"] for e in body["entries"]], (body.get("response_metadata") or {}).get(
            "next_cursor"
        ) or ""

    def walk(self, **parameters) -> list[str]:
        found, cursor = self.page(**parameters)
        while cursor:
            more, cursor = self.page(cursor=cursor, **parameters)
            found += more
        return found


@pytest.fixture
def start(request):
    """Start a simulator with the given entries and options; ended after the test."""
    started = []

    def begin(entries=(), **options) -> Client:
        options.setdefault("clock", Clock.fixed(NOW))
        options.setdefault("per_minute", None)
        client = Client(SlackSimulator(entries, **options).start())
        started.append(client)
        return client

    yield begin
    for client in started:
        client.session.close()
        client.slack.stop()


def ten() -> list[dict]:
    return [entry(n, NOW - 100 + 10 * n) for n in range(10)]


def test_newest_come_first_and_a_success_has_no_ok(start):
    body = start(ten()).get().json()
    assert [e["id"] for e in body["entries"]] == [f"id-{n}" for n in range(9, -1, -1)]
    assert set(body) == {"entries", "response_metadata"}


def test_both_bounds_are_inclusive(start):
    client = start(ten())
    assert client.page(oldest=NOW - 80, latest=NOW - 60)[0] == ["id-4", "id-3", "id-2"]
    assert client.page(oldest=NOW - 80, latest=NOW - 80)[0] == ["id-2"]


def test_pages_follow_each_other_without_gap_or_repeat(start):
    client = start([entry(n, NOW - 50 + n // 4) for n in range(40)])
    walked = client.walk(limit=7, oldest=NOW - 50, latest=NOW)
    assert sorted(walked) == sorted(f"id-{n}" for n in range(40))
    assert len(walked) == 40


def test_the_cursor_holds_a_position_and_not_the_query(start):
    client = start(ten())
    _, cursor = client.page(limit=2, oldest=NOW - 40, latest=NOW)
    assert client.page(limit=100, cursor=cursor, oldest=NOW - 40)[0] == ["id-7", "id-6"]
    assert client.page(limit=100, cursor=cursor)[0] == [f"id-{n}" for n in range(7, -1, -1)]


def test_filters_are_combined_by_and(start):
    client = start([
        entry(1, NOW - 9, "file_downloaded", "W1", "F1"), entry(2, NOW - 8, "file_downloaded", "W2", "F1"),
        entry(3, NOW - 7, "file_uploaded", "W1", "F2"), entry(4, NOW - 6, "user_login", "W1"),
    ])  # fmt: skip
    assert client.page(action="file_downloaded,file_uploaded", actor="W1")[0] == ["id-3", "id-1"]
    assert client.page(entity="F1", actor="W2")[0] == ["id-2"]
    assert client.page(action="user_login", limit=1)[0] == ["id-4"]
    assert client.page(actor="W404")[0] == []


def test_a_filtered_walk_gets_everything_that_matches(start):
    rows = [entry(n, NOW - 60 + n, "file_uploaded" if n % 3 else "user_login") for n in range(60)]
    client = start(rows)
    assert len(client.walk(action="user_login", limit=4)) == 20


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"action": "no_such_action"}, "invalid_action"),
        ({"action": ",".join(["user_login"] * 31)}, "invalid_action"),
        ({"oldest": "1500000000"}, "invalid_range"),
        ({"latest": str(NOW + 1)}, "invalid_range"),
        ({"oldest": "1.77e+09"}, "invalid_range"),
        ({"cursor": "bm9uc2Vuc2U="}, "invalid_cursor"),
    ],
)
def test_what_slack_refuses_it_refuses_with_400_and_a_code(start, parameters, code):
    answer = start(ten()).get(**parameters)
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": code})


@pytest.mark.parametrize("limit", ["0", "-4", "many", ""])
def test_a_limit_without_sense_is_adjusted(start, limit):
    client = start([entry(n, NOW - 500 + n) for n in range(300)], manners=Manners(default_limit=120))
    assert len(client.page(limit=limit)[0]) == 120


def test_an_unknown_parameter_is_ignored(start):
    assert len(start(ten()).page(colour="red")[0]) == 10


def test_at_most_9999_a_page(start):
    client = start(BulkJournal(20_000, start=NOW - 10_000))
    ids, cursor = client.page(limit=50_000)
    assert len(ids) == 9999
    assert cursor


def test_an_altered_cursor_is_refused(start):
    client = start(ten())
    _, cursor = client.page(limit=3)
    altered = ("A" if cursor[3] != "A" else "B").join((cursor[:3], cursor[4:]))
    assert client.get(cursor=altered).json()["error"] == "invalid_cursor"


def test_a_cursor_expires(start):
    client = start(ten(), manners=Manners(cursor_lifetime_seconds=600))
    _, cursor = client.page(limit=3)
    client.slack.clock.advance(601)
    assert client.get(limit=3, cursor=cursor).json()["error"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("empty", {"response_metadata": {"next_cursor": ""}}),
        ("null", {"response_metadata": {"next_cursor": None}}),
        ("absent", {"response_metadata": {}}),
        ("no_metadata", {}),
    ],
)
def test_every_form_of_no_more(start, end, expected):
    body = start(ten(), manners=Manners(end=end)).get().json()
    del body["entries"]
    assert body == expected


def test_entries_become_visible_when_the_clock_reaches_them(start):
    client = start([entry(1, NOW - 1), entry(2, NOW + 60)])
    assert client.page()[0] == ["id-1"]
    client.slack.clock.advance(60)
    assert client.page()[0] == ["id-2", "id-1"]


def test_a_late_entry_shows_up_in_its_old_place(start):
    client = start(Journal(ten(), arrivals={"id-4": NOW + 100}))
    assert "id-4" not in client.page()[0]
    client.slack.clock.advance(100)
    assert client.page()[0][5] == "id-4"
    assert client.slack.journal.visible_ids(NOW) == {f"id-{n}" for n in range(10)} - {"id-4"}


def test_entries_that_arrive_while_paging_do_not_disturb_it(start):
    client = start(ten())
    first, cursor = client.page(limit=4, latest=NOW)
    client.slack.add(entry(100, NOW))
    client.slack.add(entry(101, NOW - 41))  # older than the page's last: it comes in its turn
    second, _ = client.page(limit=100, latest=NOW, cursor=cursor)
    assert first == ["id-9", "id-8", "id-7", "id-6"]
    assert second[0] in ("id-5", "id-101")
    assert sorted(second) == sorted(["id-101", *(f"id-{n}" for n in range(6))])


def test_an_entry_id_cannot_come_twice():
    with pytest.raises(ValueError, match="id-3 is in the journal already"):
        Journal([entry(3, NOW), entry(3, NOW + 1)])


def test_the_date_header_tells_the_simulators_time(start):
    client = start(clock=Clock.fixed(NOW, skew=-300))
    assert parsedate_to_datetime(client.get().headers["Date"]).timestamp() == NOW - 300


def test_a_token_slack_does_not_know_gets_401_and_nothing_else(start):
    client = start(ten())
    client.session.headers["Authorization"] = "Bearer xoxp-made-up"
    answer = client.get()
    assert (answer.status_code, answer.content) == (401, b"")


def test_no_token_is_another_error(start):
    client = start(ten())
    del client.session.headers["Authorization"]
    assert client.get().json()["error"] == "missing_authentication"


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        ("not_owner", 403, "user_not_authorized"),
        ("workspace_install", 403, "team_not_authorized"),
        ("no_scope", 403, "missing_scope"),
        ("no_plan", 403, "feature_not_enabled"),
        ("bot", 403, "not_allowed_token_type"),
    ],
)
def test_tokens_with_a_problem_say_so(start, problem, status, code):
    client = start(ten())
    client.session.headers["Authorization"] = "Bearer " + client.slack.tokens.add(
        "xoxp-other", problem=problem
    )
    answer = client.get()
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_revoked_token_gets_401_and_nothing_else(start):
    client = start(ten())
    client.slack.tokens.revoke(client.slack.token)
    assert (client.get().status_code, client.get().content) == (401, b"")


def test_auth_test_knows_the_organisation_and_the_scopes(start):
    client = start()
    answer = client.session.post(client.slack.url + "/api/auth.test", timeout=120)
    assert answer.json()["ok"] and answer.json()["is_enterprise_install"]
    assert answer.json()["team_id"].startswith("E")
    assert answer.headers["X-OAuth-Scopes"] == "auditlogs:read"
    client.session.headers["Authorization"] = "Bearer made-up"
    assert client.get("api/auth.test").json() == {"ok": False, "error": "invalid_auth"}


def test_auth_test_shows_a_workspace_install_and_too_many_scopes(start):
    client = start()
    client.slack.tokens.add("xoxp-workspace", problem="workspace_install")
    client.slack.tokens.add("xoxp-wide", scopes=("auditlogs:read", "admin"))
    client.session.headers["Authorization"] = "Bearer xoxp-workspace"
    assert client.get("api/auth.test").json()["is_enterprise_install"] is False
    client.session.headers["Authorization"] = "Bearer xoxp-wide"
    assert client.get("api/auth.test").headers["X-OAuth-Scopes"] == "auditlogs:read,admin"


def test_actions_and_schemas_need_no_token(start):
    client = start()
    del client.session.headers["Authorization"]
    listed = client.get("audit/v1/actions").json()["actions"]
    names = [name for category in listed.values() for name in category]
    assert (len(set(names)), len(names)) == (762, 770)  # eight names stand in two categories
    types = [schema["type"] for schema in client.get("audit/v1/schemas").json()["schemas"]]
    assert types.count("app") == 2


def test_wrong_places(start):
    client = start()
    assert client.get("audit/v1/nothing").json()["error"] == "bad_endpoint"
    page = client.get("api/logs")
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    assert (
        client.session.post(client.slack.api_url + "logs", timeout=120).json()["error"] == "method_not_allowed"
    )


def test_the_rate_limit_counts_the_organisation_and_not_the_token(start):
    client = start(ten(), per_minute=5, burst=1)
    other = client.slack.tokens.add("xoxp-second")
    assert [client.get().status_code for _ in range(6)] == [200] * 6
    client.session.headers["Authorization"] = f"Bearer {other}"
    refused = client.get()
    assert refused.status_code == 429
    assert refused.json() == {"ok": False, "error": "rate_limited"}
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    client.get()
    assert [call.impolite for call in client.slack.log_calls][-2:] == [False, True]
    client.slack.clock.advance(60)
    assert client.get().status_code == 200


def test_the_call_log_tells_what_was_asked_and_keeps_tokens_out(start):
    client = start(ten())
    client.get(limit=3, oldest=NOW - 50)
    (call,) = client.slack.log_calls
    assert call.parameters == {"limit": "3", "oldest": str(NOW - 50)}
    assert (call.status, call.entries, call.at, call.method) == (200, 3, NOW, "GET")
    assert client.slack.token not in str(client.slack.call_log.as_json())


def test_strange_text_survives_the_wire(start):
    odd = entry(1, NOW)
    odd["details"] = {"text": "\u202e<b>&amp;\u0000😀", "half": "\ud800", "big": 2**63 + 1}
    assert start([odd]).get().json()["entries"] == [odd]


def test_bulk_entries_page_without_gap_and_cost_little(start):
    client = start(BulkJournal(120_000, start=NOW - 60_000))
    began = time.process_time()
    walked = client.walk(limit=9999, latest=NOW)
    seconds_a_page = (time.process_time() - began) / 13
    assert len(walked) == len(set(walked)) == 120_000
    assert seconds_a_page < 1


def test_bulk_bounds_are_inclusive_too(start):
    client = start(BulkJournal(3000, start=NOW - 1000, per_second=3))
    journal = client.slack.journal
    assert client.page(oldest=NOW - 1000, latest=NOW - 999)[0] == [
        journal.entry_id(n) for n in range(5, -1, -1)
    ]
