"""Data on its way into an index: props.conf decides, over every door.

Expectations: props.conf.spec, "How timestamp assignment works", the REST manual's receivers and "Format events for
HTTP Event Collector" with its codes.
"""

from __future__ import annotations

import base64
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.inputs import InputEvent
from tests.sandbox import stand_app

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once

NOW = 1_709_553_600.0  # 2024-03-04 12:00:00 UTC
TOKEN = "11111111-2222-3333-4444-555555555555"  # noqa: S105 - of this test's own stand-in

PROPS = r"""
[fake:json]
KV_MODE = json
SHOULD_LINEMERGE = 0
TIME_PREFIX = "at":\s*"?
TIME_FORMAT = %s
[iso]
SHOULD_LINEMERGE = 0
TIME_PREFIX = ^
TIME_FORMAT = %Y-%m-%d %H:%M:%S
TZ = Europe/Berlin
[blocks]
SHOULD_LINEMERGE = 0
LINE_BREAKER = ([\r\n]+)(?=BEGIN)|(;;)
TIME_PREFIX = t=
TIME_FORMAT = %s
[short]
SHOULD_LINEMERGE = 0
TRUNCATE = 10
[plain]
KV_MODE = none
[source::/special/...]
TIME_PREFIX = other=
TIME_FORMAT = %s
"""

INPUTS = f"""
[http]
disabled = 0
port = 0
[http://good]
token = {TOKEN}
index = fake
sourcetype = fake:json
[http://off]
token = off-{TOKEN}
disabled = 1
[http://narrow]
token = narrow-{TOKEN}
indexes = fake, main
[fake]
interval = 60
index = fake
"""


@pytest.fixture
def splunkd(tmp_path: Path) -> Iterator[Splunkd]:
    app = stand_app.build(tmp_path / "app", props=PROPS)
    (app / "default" / "inputs.conf").write_text(INPUTS, encoding="utf-8")
    with Splunkd.open(tmp_path / "home", app, clock=lambda: NOW) as splunkd:
        yield splunkd


def held(splunkd: Splunkd) -> list[tuple[str, float]]:
    return [(event.raw, event.time) for _, event in splunkd.index.since(0)]


# kind, source, body -> events with their times
TABLE: list[tuple[str, str, str, list[tuple[str, float]]]] = [
    (
        "fake:json",
        "s",
        '{"at": 1700000000}\n{"at":"1700000001.5"}',
        [('{"at": 1700000000}', 1_700_000_000.0), ('{"at":"1700000001.5"}', 1_700_000_001.5)],
    ),
    ("fake:json", "s", '{"date_create": 1700000000}', [('{"date_create": 1700000000}', NOW)]),  # nothing hard-coded
    ("fake:json", "s", '\r\n{"at": 1}\r\n\n', [('{"at": 1}', NOW)]),
    (
        "iso",
        "s",
        "2024-03-01 10:00:00 a\n2024-07-01 10:00:00 b",
        [("2024-03-01 10:00:00 a", 1_709_283_600.0), ("2024-07-01 10:00:00 b", 1_719_820_800.0)],
    ),
    (
        "blocks",
        "s",
        "BEGIN t=1700000000\n more\nBEGIN t=1700000001;;rest",
        [("BEGIN t=1700000000\n more", 1_700_000_000.0), ("BEGIN t=1700000001", 1_700_000_001.0), ("rest", NOW)],
    ),
    ("short", "s", "0123456789abc\nxyz", [("0123456789", NOW), ("xyz", NOW)]),
    (
        "fake:json",
        "/special/a/b",
        '{"at": 1700000000, "x": "other=1700000009"}',
        [('{"at": 1700000000, "x": "other=1700000009"}', 1_700_000_009.0)],
    ),
]


def simple(splunkd: Splunkd, kind: str, source: str, body: str) -> None:
    service = stand_app.connect(splunkd.uri, splunkd.admin_password)
    service.indexes["fake"].submit(body, sourcetype=kind, source=source)


def stream(splunkd: Splunkd, kind: str, source: str, body: str) -> None:
    """As splunklib's `Index.attach` does, which itself speaks TLS alone."""
    query = urlencode({"index": "fake", "sourcetype": kind, "source": source})
    key = splunkd.sessions.open_for("admin")
    head = (
        f"POST /services/receivers/stream?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Splunk {key}\r\n"
        "X-Splunk-Input-Mode: Streaming\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(splunkd.uri.rsplit(":", 1)[1])), timeout=120) as sock:
        sock.sendall(head.encode())
        for start in range(0, len(body), 7):  # in pieces that end anywhere
            sock.sendall(body[start : start + 7].encode())
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100).startswith(b"HTTP/1.1 204")


def raw(splunkd: Splunkd, kind: str, source: str, body: str) -> None:
    assert collect(splunkd, f"raw?sourcetype={kind}&source={source}", body) == (200, {"text": "Success", "code": 0})


@pytest.mark.parametrize("door", [simple, stream, raw])
@pytest.mark.parametrize(("kind", "source", "body", "events"), TABLE)
def test_props_decide(
    splunkd: Splunkd, door: Callable[..., None], kind: str, source: str, body: str, events: list[tuple[str, float]]
) -> None:
    door(splunkd, kind, source, body)
    assert held(splunkd) == events


def test_an_inputs_event_without_a_time_is_stamped_and_one_with_a_time_is_not(splunkd: Splunkd) -> None:
    splunkd.index.add(
        [
            InputEvent('{"at": 1700000000}', None, "h", "s", "fake:json", "fake"),
            InputEvent('{"at": 1700000000}', 5.0, "h", "s", "fake:json", "fake"),
        ]
    )
    assert [at for _, at in held(splunkd)] == [1_700_000_000.0, 5.0]


def test_an_edited_conf_counts_for_what_comes_next(splunkd: Splunkd) -> None:
    simple(splunkd, "late", "s", "at=1700000000")
    splunkd.conf_store.write("props", "late", {"SHOULD_LINEMERGE": "0", "TIME_PREFIX": "at=", "TIME_FORMAT": "%s"})
    simple(splunkd, "late", "s", "at=1700000000")
    assert [at for _, at in held(splunkd)] == [NOW, 1_700_000_000.0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "SHOULD_LINEMERGE is on"),
        ({"SHOULD_LINEMERGE": "0", "LINE_BREAKER": "x"}, "has no group"),
        ({"SHOULD_LINEMERGE": "0", "SEDCMD-a": "s/x/y/"}, "SEDCMD-a of the source type 'odd' is not applied"),
        ({"SHOULD_LINEMERGE": "0", "TRUNCATE": "2"}, "limit of 2 bytes"),
    ],
)
def test_what_cannot_be_done_is_said_once(splunkd: Splunkd, settings: dict[str, str], said: str) -> None:
    splunkd.conf_store.write("props", "odd", {"KV_MODE": "none", **settings})
    for _ in range(2):
        simple(splunkd, "odd", "s", "one\ntwo")
    assert len(splunkd.index) == 4
    assert sum(said in line.text for line in splunkd.log.lines()) == 1


# -- HTTP Event Collector


def collect(splunkd: Splunkd, path: str, body: str, authorization: str | None = f"Splunk {TOKEN}") -> tuple[int, Any]:
    request = urllib.request.Request(f"{splunkd.collector_uri}/services/collector/{path}", body.encode())  # noqa: S310
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_events_of_the_collector(splunkd: Splunkd) -> None:
    body = (
        '{"event": {"who": "ana", "at": 1700000000}, "time": 1709000000.25, "host": "h", "source": "x"}'
        '{"event": "text"}\n {"event": "b", "time": "1709000001", "index": "main", "sourcetype": "iso"}'
    )
    assert collect(splunkd, "event", body) == (200, {"text": "Success", "code": 0})
    events = [event for _, event in splunkd.index.since(0)]
    assert [(event.raw, event.time, event.index, event.sourcetype) for event in events] == [
        ('{"who":"ana","at":1700000000}', 1_709_000_000.25, "fake", "fake:json"),
        ("text", NOW, "fake", "fake:json"),
        ("b", 1_709_000_001.0, "main", "iso"),
    ]
    assert (events[0].host, events[0].source, events[1].source) == ("h", "x", "http:good")
    basic = base64.b64encode(f"x:{TOKEN}".encode()).decode()
    assert collect(splunkd, "event/1.0", '{"event": "c"}', f"Basic {basic}")[0] == 200
    # Only when asked does /event look for a time in the text.
    assert collect(splunkd, "event?auto_extract_timestamp=true", '{"event": {"at":1700000003}}')[0] == 200
    assert [at for _, at in held(splunkd)][-2:] == [NOW, 1_700_000_003.0]


@pytest.mark.parametrize(
    ("path", "body", "authorization", "status", "answer"),
    [
        ("event", '{"event":"a"}', None, 401, {"text": "Token is required", "code": 2}),
        ("event", '{"event":"a"}', "Splunk", 401, {"text": "Invalid authorization", "code": 3}),
        ("event", '{"event":"a"}', "Splunk nonsense", 403, {"text": "Invalid token", "code": 4}),
        ("event", '{"event":"a"}', f"Splunk off-{TOKEN}", 403, {"text": "Token disabled", "code": 1}),
        ("event", " ", f"Splunk {TOKEN}", 400, {"text": "No data", "code": 5}),
        ("raw", "\n\n", f"Splunk {TOKEN}", 400, {"text": "No data", "code": 5}),
        (
            "event",
            '{"event":"a"}{',
            f"Splunk {TOKEN}",
            400,
            {"text": "Invalid data format", "code": 6, "invalid-event-number": 1},
        ),
        (
            "event",
            '{"event":"a","time":"soon"}',
            f"Splunk {TOKEN}",
            400,
            {"text": "Invalid data format", "code": 6, "invalid-event-number": 0},
        ),
        (
            "event",
            '{"event":"a","index":"nosuch"}',
            f"Splunk {TOKEN}",
            400,
            {"text": "Incorrect index", "code": 7, "invalid-event-number": 0},
        ),
        (
            "event",
            '{"event":"a","index":"_internal"}',
            f"Splunk narrow-{TOKEN}",
            400,
            {"text": "Incorrect index", "code": 7, "invalid-event-number": 0},
        ),
        (
            "event",
            '{"x":"a"}',
            f"Splunk {TOKEN}",
            400,
            {"text": "Event field is required", "code": 12, "invalid-event-number": 0},
        ),
        (
            "event",
            '{"event":""}',
            f"Splunk {TOKEN}",
            400,
            {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0},
        ),
        (
            "event",
            '{"event":"a","fields":{"b":"c"}}',
            f"Splunk {TOKEN}",
            400,
            {"text": "Error in handling indexed fields", "code": 15, "invalid-event-number": 0},
        ),
    ],
)
def test_refusals_of_the_collector(
    splunkd: Splunkd, path: str, body: str, authorization: str | None, status: int, answer: dict[str, Any]
) -> None:
    assert collect(splunkd, path, body, authorization) == (status, answer)
    assert len(splunkd.index) == 0  # of a batch with a fault nothing is kept


def test_the_collector_is_off_until_a_conf_says_otherwise(splunkd: Splunkd, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{splunkd.collector_uri}/services/collector/health", timeout=120) as answer:  # noqa: S310
        assert json.load(answer) == {"text": "HEC is healthy", "code": 17}
    with Splunkd.open(tmp_path / "other", stand_app.build(tmp_path / "plain")) as other:
        assert other.collector_uri is None
