"""Answers made to fill memory: small on the wire, endless when unpacked, or without an end at all."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib

import pytest

from slack_audit_monitor import alert_payload
from slack_audit_monitor import caller as caller_module
from slack_audit_monitor import client as client_module
from slack_audit_monitor.client import Query, SlackClient
from slack_audit_monitor.clock import Clock, StopRequest
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.errors import FatalError, PageTooLarge, SlackUnavailable, UnexpectedAnswer
from slack_audit_monitor.settings import read_settings

pytestmark = pytest.mark.once

MEGABYTE = 1_000_000
FLAT = 80 * MEGABYTE
BOMB = 150 * MEGABYTE


def packed(head: bytes, filling: bytes, length: int = BOMB) -> bytes:
    """Return `head` and so many bytes of filling as gzip: half a megabyte at most."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [packer.compress(head)]
    piece = filling * (MEGABYTE // len(filling))
    parts += [packer.compress(piece) for _ in range(length // MEGABYTE)]
    return b"".join([*parts, packer.flush()])


@pytest.fixture
def ask(slack):
    """One call; the answer, or what was raised, and the peak of memory."""

    def call(limit=9_999):
        settings = read_settings("prod", {"api_url": slack.url}, time.time())
        client = SlackClient(settings, slack.token, Clock(StopRequest()), Contract())
        now = int(slack.now())
        tracemalloc.start()
        try:
            return client.page(Query(now - 10, now - 5, limit)), 0
        except (PageTooLarge, SlackUnavailable, UnexpectedAnswer) as problem:
            return problem, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            client.close()

    return call


@pytest.mark.parametrize(
    ("head", "filling"),
    [
        (b'{"entries": [', b" "),
        (b'{"entries": [{"id": "', b"x"),
        (b'{"entries": [{"id": "1"}, {"id": [', b"1,"),
        (b"", b" "),
    ],
    ids=["blanks", "one text", "one list", "nothing"],
)
def test_a_small_answer_that_unpacks_without_end(head, filling, ask, slack, answers):
    body = packed(head, filling)
    assert len(body) < MEGABYTE
    slack.fault = lambda number, params: answers.Answer(200, body, {"Content-Encoding": "gzip"})
    problem, peak = ask(1)  # asked for one entry, there is no smaller page to hope for
    assert isinstance(problem, (PageTooLarge, UnexpectedAnswer)), problem
    assert peak < FLAT


def test_an_error_that_unpacks_without_end(ask, slack, answers):
    body = packed(b'{"ok": false, "error": "', b"x")
    slack.fault = lambda number, params: answers.Answer(500, body, {"Content-Encoding": "gzip"})
    problem, peak = ask()
    assert isinstance(problem, UnexpectedAnswer) and peak < 8 * MEGABYTE


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "gzip, deflate, gzip", "compress"])
def test_only_what_was_asked_for_is_unpacked(coding, ask, slack, answers):
    slack.fault = lambda number, params: answers.Answer(200, gzip.compress(b"{}"), {"Content-Encoding": coding})
    problem, _ = ask()
    assert isinstance(problem, UnexpectedAnswer) and "packed in a way" in str(problem)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "deflate", "identity"])
def test_what_was_asked_for_is_taken(coding, ask, slack, answers, make_entry):
    plain = json.dumps({"entries": [make_entry(1, 1_790_000_000)]}).encode()
    body = {"deflate": zlib.compress(plain), "identity": plain}.get(coding, gzip.compress(plain))
    slack.fault = lambda number, params: answers.Answer(200, body, {"Content-Encoding": coding})
    page, _ = ask()
    assert [entry.second for entry in page.entries] == [1_790_000_000]


def test_one_monstrous_entry_costs_itself_and_nothing_else(quick, slack, make_entry, monkeypatch):
    """The limits are brought down to a size that a test can wait for."""
    monkeypatch.setattr(client_module, "MOST_PAGE_BYTES", 300_000)
    monkeypatch.setattr(caller_module, "PAGE_BYTES", 225_000)
    now = int(time.time())
    slack.entries = [make_entry(n, now - 100 - n) for n in range(40)]
    monster = slack.entries[20]
    monster["details"] = {"text": "x" * 400_000}
    result = quick.run()
    assert sorted(result.ids()) == sorted(entry["id"] for entry in slack.entries if entry is not monster)
    assert "event=place_unreadable" in result.stderr and "larger than" in result.stderr


@pytest.mark.parametrize(
    ("limit", "allowed", "filling"),
    [
        ("MOST_RESULTS", 1_000, b"U01,a\n"),
        ("MOST_RESULTS_CHARACTERS", 1_000_000, b"x"),
        ("MOST_RESULTS_CHARACTERS", 1_000_000, b"\n"),
    ],
    ids=["rows", "one cell", "empty lines"],
)
def test_a_results_file_has_an_end(limit, allowed, filling, tmp_path, monkeypatch):
    monkeypatch.setattr(alert_payload, limit, allowed)
    path = tmp_path / "results.csv.gz"
    path.write_bytes(packed(b"rule_id,entity\n", filling, 50 * MEGABYTE))
    tracemalloc.start()
    with pytest.raises(FatalError, match=r"results.csv.gz is larger than any"):
        alert_payload.read_results(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MEGABYTE
