"""The collector's small parts, each held against its manual: time, budget, back-off, log, page text, memory, spec."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slack_audit_monitor import refusals, retry
from slack_audit_monitor import settings as input_settings
from slack_audit_monitor.addresses import addresses
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.credentials import Credentials, read_credentials
from slack_audit_monitor.entries import event_text, make_entry, newest_first
from slack_audit_monitor.errors import (
    CursorRefused,
    RangeRefused,
    RefusedBySlack,
    SlackUnavailable,
    UnexpectedAnswer,
)
from slack_audit_monitor.files import HostLock, file_stem
from slack_audit_monitor.instants import parse_instant
from slack_audit_monitor.log import Log, hide, pairs, redact
from slack_audit_monitor.page_reader import PageReader
from slack_audit_monitor.seen import SeenEntries, pack

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("2026-01-31", 1_769_817_600),
        ("2026-01-31T08:00:00Z", 1_769_846_400),
        ("2026-01-31 08:00", 1_769_846_400),
        ("2026-01-31T08:00:00+01:00", 1_769_842_800),
        ("2026-01-31T08:00:00.5-0530", 1_769_866_200),
        ("1700000000", 1_700_000_000),
        ("-30d", NOW - 2_592_000),
        ("-1h", NOW - 3_600),
        ("now", NOW),
    ],
)
def test_instants(text, second):
    assert parse_instant(text, NOW) == second


@pytest.mark.parametrize(
    "text", ["", "+1d", "30d", "2026-13-01", "2026-01-31T25:00", "-1y", "tomorrow", "20260131", "1e9"]
)
def test_what_is_no_instant(text):
    with pytest.raises(ValueError):
        parse_instant(text, NOW)


def test_addresses_of_both_environments():
    assert addresses("slack", "").logs == "https://api.slack.com/audit/v1/logs"
    assert addresses("slack", "").auth_test == "https://slack.com/api/auth.test"
    assert addresses("govslack", "").logs == "https://api.slack-gov.com/audit/v1/logs"
    assert addresses("govslack", "").token_refresh == "https://slack-gov.com/api/oauth.v2.access"
    assert addresses("slack", "http://[::1]:8080/").logs == "http://[::1]:8080/audit/v1/logs"


def test_the_budget_lets_a_burst_through_and_then_one_at_a_time():
    budget = retry.Budget(3, calls=[100.0, 110.0])
    assert budget.wait_seconds(120.0) == 0
    budget.spend(120.0)
    assert budget.wait_seconds(121.0) == pytest.approx(39.0)
    assert budget.wait_seconds(160.5) == 0


def test_no_call_inside_a_retry_after():
    budget = retry.Budget(30)
    assert budget.hold(100.0, 45) == 45
    assert budget.wait_seconds(110.0) == 35
    assert budget.hold(200.0, None) == retry.DEFAULT_RATE_WAIT_SECONDS
    assert budget.hold(300.0, 10**9) == retry.LONGEST_RATE_WAIT_SECONDS


def test_a_clock_set_back_does_not_block_the_budget():
    budget = retry.Budget(1, calls=[1_000_000.0])
    assert budget.wait_seconds(900_000.0) == 0


def test_back_off_grows_is_spread_and_ends():
    waits = []
    backoff = retry.Backoff(attempts=6, rng=random.Random(7))  # noqa: S311
    while (wait := backoff.next_wait()) is not None:
        waits.append(wait)
    assert len(waits) == 5
    assert all(2.0**n / 2 <= wait <= 2.0**n for n, wait in enumerate(waits))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_cursor"}, CursorRefused),
        (400, {"error": "invalid_range"}, RangeRefused),
        (200, {"ok": False, "error": "internal_error"}, SlackUnavailable),
        (503, None, SlackUnavailable),
        (401, None, RefusedBySlack),
        (403, {"error": "unheard_of"}, RefusedBySlack),
        (404, None, RefusedBySlack),
    ],
)
def test_refusals_are_sorted_by_what_to_do(status, body, kind):
    assert type(refusals.refusal(status, body)) is kind


def test_every_documented_code_has_words():
    documented = {
        "bad_endpoint",
        "feature_not_enabled",
        "invalid_action",
        "invalid_authentication",
        "invalid_workspace",
        "method_not_allowed",
        "missing_authentication",
        "team_not_authorized",
        "user_not_authorized",
    }
    assert documented <= set(refusals.MEANINGS)
    assert "unheard_of" in str(refusals.refusal(400, {"error": "unheard_of"}))


@pytest.mark.parametrize(
    "secret", ["xoxp-1-2-3-invented", "xoxe.xoxp-1-invented", "xoxb-1-invented", "xapp-1-invented"]
)
def test_tokens_never_reach_a_line(secret):
    assert secret not in redact(f"a {secret} b") and secret not in redact(f"Authorization: Bearer {secret}")
    assert "pass" not in redact("http://user:pass@proxy.example:8080/")


def test_a_session_key_is_hidden_and_what_else_stands_behind_splunks_name_is_not() -> None:
    key = "192fd3e46a31246da7ea7f109e7f95fd"
    assert key not in redact(f"Authorization: Splunk {key}") and key not in redact(f'"splunk  {key}"')
    sentence = "Restart Splunk afterwards; Splunk Cloud, Splunk Enterprise."
    assert redact(sentence) == sentence


def test_known_secrets_never_reach_a_line():
    hide("an-invented-session-key")
    out = io.StringIO()
    Log("prod", stderr=out).error("x", reason='an-invented-session-key\nERROR forged "line"')
    line = out.getvalue()
    assert (
        line.count("\n") == 1 and "an-invented-session-key" not in line and line.startswith("ERROR input=prod event=x ")
    )


def test_pairs_are_quoted_where_needed():
    assert (
        pairs({"a": 1, "b": "two words", "c": None, "d": True, "e": 0.5, "f": 'say "x"'})
        == 'a=1 b="two words" d=yes e=0.5 f="say \'x\'"'
    )
    # Splunk ends an unquoted value at each of these.
    assert pairs({"a": "x,y", "b": "x;y", "c": "x|y", "d": "x&y"}) == 'a="x,y" b="x;y" c="x|y" d="x&y"'


def test_own_log_rotates(tmp_path):
    log = tmp_path / "slack_audit_monitor.log"
    log.write_bytes(b"x" * 5_000_001)
    Log("prod", str(tmp_path)).info("fresh")
    assert (tmp_path / "slack_audit_monitor.log.1").stat().st_size == 5_000_001
    assert "event=fresh" in log.read_text()


def read(body: str, piece: int):
    found = []
    reader = PageReader(lambda text, value: found.append((text, value)))
    for at in range(0, len(body), piece):
        reader.feed(body[at : at + piece])
    return found, reader.close()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(
    entries=st.lists(st.dictionaries(st.text(), json_values, max_size=5), max_size=5),
    more=json_values,
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
    piece=st.integers(1, 50),
)
def test_any_page_is_cut_into_its_entries_whatever_the_pieces(entries, more, indent, ascii_only, piece):
    body = json.dumps(
        {"before": more, "entries": entries, "response_metadata": {"next_cursor": "x"}},
        indent=indent,
        ensure_ascii=ascii_only,
    )
    found, members = read(body, piece)
    assert [value for _, value in found] == entries
    assert all(json.loads(text) == value and text in body for text, value in found)
    assert members == {"before": more, "entries": True, "response_metadata": {"next_cursor": "x"}}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  ",
        "[]",
        "null",
        "<html>",
        '{"entries": [',
        '{"entries": [{"a": "b',
        '{"entries": []',
        '{"a" 1}',
        '{"entries": [{"a": 1}], "response_metadata": {',
    ],
)
def test_half_a_page_is_no_page(body):
    with pytest.raises(UnexpectedAnswer):
        read(body, 7)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_event_text_is_one_line_of_good_xml(text):
    import xml.etree.ElementTree as ElementTree

    data = event_text(json.dumps({"t": text}, ensure_ascii=False))
    parsed = ElementTree.fromstring(b"<d>" + data + b"</d>").text or ""
    assert "\n" not in parsed and "\r" not in parsed
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert json.loads(parsed)["t"] == text


@pytest.mark.parametrize(
    ("date", "second"),
    [
        (1_700_000_000, 1_700_000_000),
        ("1700000000", 1_700_000_000),
        (1.7e9, 1_700_000_000),
        (True, None),
        (0, None),
        (-5, None),
        (1_700_000_000_000, None),
        ("soon", None),
        (None, None),
        ([1], None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_times_of_entries(date, second):
    assert make_entry("{}", {"id": "a", "date_create": date}).second == second


def test_identity_is_the_id_or_else_the_whole_text():
    one, two = make_entry('{"id": "a"}', {"id": "a"}), make_entry('{"id":"a"}', {"id": "a"})
    assert one.key == two.key
    assert make_entry('{"x": 1}', {"x": 1}).key != make_entry('{"x": 2}', {"x": 2}).key


def test_a_page_out_of_order_is_put_in_order():
    page = [
        make_entry(f'{{"n":{n}}}', {"id": str(n), "date_create": date} if date else None)
        for n, date in enumerate([50, 70, None, 60, 60])
    ]
    ordered = newest_first(page)
    assert [e.second for e in ordered] == [70, None, 60, 60, 50]


def test_seen_survives_its_file_form_and_forgets_what_cannot_come_again():
    seen = SeenEntries(horizon=1_000)
    pairs_ = [(second, key) for second in (500, 999, 1_000, 2_000) for key in range(100)]
    assert all(seen.add(*pair) for pair in pairs_) and not any(seen.add(*pair) for pair in pairs_)
    again = SeenEntries(horizon=1_000)
    again.restore(pack(pairs_))
    assert not any(again.add(*pair) for pair in pairs_)
    again.passed(500)
    assert again.add(999, 1) and not again.add(500, 1) and not again.add(1_000, 1)
    again.move_horizon(1_500)
    assert again.add(1_000, 1) and not again.add(2_000, 1)


def test_contract_judges_each_shape_once_and_remembers_across_runs():
    good = {
        "id": "a",
        "date_create": 5,
        "action": "x",
        "actor": {"type": "user", "user": {"id": "W1"}},
        "entity": {"type": "user", "user": {"id": "W1"}},
        "context": {"location": {"type": "enterprise", "id": "E1"}},
    }
    contract = Contract()
    assert contract.problem(good) == "" and contract.problem({**good, "id": "b"}) == ""
    assert len(contract.verdicts) == 1
    assert "user" in contract.problem({**good, "entity": {"type": "user"}})
    assert "id" in contract.problem({k: v for k, v in good.items() if k != "id"})
    assert contract.problem({**good, "context": {"location": {"type": "planet", "id": "E1"}}}).startswith(
        "context.location.type"
    )
    assert contract.problem({**good, "id": ""}).startswith("id")
    later = Contract(contract.verdicts)
    later._judge = None  # type: ignore[method-assign, assignment] - it must not be asked again
    assert later.problem(good) == ""


def test_credentials_do_not_show_themselves():
    credentials = read_credentials("prod", {"prod": "xoxp-invented-token", "prod.proxy": "me:pass:word@/"})
    assert "invented" not in repr(credentials) and "word" not in repr(credentials)
    assert credentials.token == "xoxp-invented-token" and credentials.proxy == "me:pass:word@/"
    assert Credentials("x").rotates is False


def test_proxy_credentials_are_escaped():
    from slack_audit_monitor.proxy import proxies

    found = proxies(
        input_settings.read_settings("prod", {"proxy_url": "http://proxy.example:8080"}, NOW), "me@org:p/a:s%s@"
    )
    assert found["https"] == "http://me%40org:p%2Fa%3As%25s%40@proxy.example:8080"


def test_only_one_process_holds_the_lock(tmp_path):
    one, two = HostLock(str(tmp_path / "x.lock")), HostLock(str(tmp_path / "x.lock"))
    assert one.acquire() and not two.acquire()
    one.release()
    assert two.acquire()
    two.release()


def test_file_names_are_safe_and_differ():
    assert file_stem("a/../b") != file_stem("a_.._b") and re.match(r"[A-Za-z0-9_-]+\Z", file_stem("Zoë ../x"))
