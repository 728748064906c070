"""Stanza precedence, index-time settings, event types on event types, automatic and time-based lookups of an app.

Expectations: Admin Manual, "Attribute precedence within a single props.conf file"; props.conf.spec and
transforms.conf.spec; Knowledge Manager Manual, "About event types", "Configure a time-based lookup".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.spl import SplError, search
from tests.spl.run_table import NOW


def app(root: Path, **confs: str) -> Path:
    (root / "default").mkdir()
    (root / "lookups").mkdir()
    for name, text in confs.items():
        (root / "default" / f"{name}.conf").write_text(text)
    return root


def rows(root: Path, spl: str, events: list[Any], **options: Any) -> list[dict[str, Any]]:
    return search(spl, events, **{"now": NOW, "app": root, **options}).rows


PRECEDENCE = [
    # source:: beats host:: beats source type, key by key.
    ("[st]\nEVAL-x=\"type\"\n[host::h]\nEVAL-x=\"host\"\n[source::s]\nEVAL-x=\"source\"\n", "source"),
    ("[st]\nEVAL-x=\"type\"\n[host::h]\nEVAL-x=\"host\"\n[source::other]\nEVAL-x=\"source\"\n", "host"),
    ("[default]\nEVAL-x=\"default\"\n[st]\nEVAL-y=1\n", "default"),
    ("[default]\nEVAL-x=\"default\"\n[st]\nEVAL-x=\"type\"\n[source::s]\nEVAL-y=1\n", "type"),
    # Patterns that both fit: the first in ASCII order wins ...
    ("[source::...a*]\nEVAL-x=\"a\"\n[source::...z*]\nEVAL-x=\"z\"\n", "a"),
    # ... unless a priority says otherwise ...
    ("[source::...a*]\nEVAL-x=\"a\"\npriority=5\n[source::...z*]\nEVAL-x=\"z\"\npriority=10\n", "z"),
    # ... and a literal stanza (priority 100) beats a pattern (0).
    ("[source::...a*]\nEVAL-x=\"a\"\n[source::/az]\nEVAL-x=\"literal\"\n", "literal"),
    # * stops at a slash, ... does not.
    ("[source::*az]\nEVAL-x=\"star\"\n[source::...az]\nEVAL-y=1\n[st]\nEVAL-x=\"type\"\n", "type"),
]


@pytest.mark.parametrize(("props", "wanted"), PRECEDENCE)
def test_the_stanza_that_wins(tmp_path: Path, props: str, wanted: str) -> None:
    source = "/az" if "az" in props or "...a" in props else "s"
    event = {"_raw": "{}", "sourcetype": "st", "source": source, "host": "h"}
    assert rows(app(tmp_path, props=props), "search * | table x", [event]) == [{"x": wanted}]


@pytest.mark.parametrize(
    ("settings", "raw", "time"),
    [
        ("TIME_PREFIX = \"when\":\nTIME_FORMAT = %s\n", '{"date_create":1,"when":1700000123}', 1700000123),
        ("TIME_PREFIX = at=\nTIME_FORMAT = %Y-%m-%d %H:%M:%S\n", "at=2023-11-14 22:13:20 x", 1700000000),
        ("TIME_PREFIX = at=\nTIME_FORMAT = %Y-%m-%d %H:%M:%S\nTZ = Europe/Berlin\n", "at=2023-11-14 23:13:20", NOW),
        # Nothing at the prefix, or not within the look-ahead: the event gets the time at which it comes in.
        ("TIME_PREFIX = at=\nTIME_FORMAT = %s\n", "on=1600000000", NOW),
        ("TIME_PREFIX = at=\nTIME_FORMAT = %s\nMAX_TIMESTAMP_LOOKAHEAD = 5\n", "at=1600000000", NOW),
    ],
)
def test_the_time_stamp_is_read_as_props_say(tmp_path: Path, settings: str, raw: str, time: int) -> None:
    root = app(tmp_path, props="[st]\n" + settings)
    assert rows(root, "search * | table _time", [{"_raw": raw, "sourcetype": "st"}]) == [{"_time": time}]


def test_text_beyond_truncate_is_not_indexed(tmp_path: Path) -> None:
    root = app(tmp_path, props="[st]\nTRUNCATE = 20\n")
    given = [{"_raw": "0123456789 0123456789 end", "sourcetype": "st"}]
    assert rows(root, "search * | eval n=len(_raw) | table n", given) == [{"n": 20}]
    assert rows(root, "search end", given) == []


def test_the_shipped_source_type_stamps_a_slack_entry_by_its_own_date_create() -> None:
    raw = '{"id":"a","date_create":1700000001,"details":{"date_create":5}}'
    assert search("search * | table _time", [raw], now=NOW + 60).rows == [{"_time": 1700000001}]


EVENT_TYPES = """
[sign_in]
search = action=login*
[risky]
search = eventtype=sign_in NOT src=10.0.0.0/8
[watched]
search = tag=vip OR eventtype IN (none, risky)
[tagged_type]
search = tag::eventtype=alarm
"""
TAGS = "[user=ana]\nvip = enabled\n[user=bob]\nvip = disabled\n[eventtype=risky]\nalarm = enabled\n"


@pytest.mark.parametrize(
    ("event", "types"),
    [
        ({"action": "login_failed", "src": "192.0.2.1", "user": "bob"}, ["risky", "sign_in", "tagged_type", "watched"]),
        ({"action": "login", "src": "10.1.1.1", "user": "bob"}, "sign_in"),
        ({"action": "read", "user": "ana"}, "watched"),
        ({"action": "read", "user": "bob"}, None),
    ],
)
def test_event_types_build_on_event_types_and_tags(tmp_path: Path, event: dict, types: Any) -> None:
    root = app(tmp_path, eventtypes=EVENT_TYPES, tags=TAGS)
    assert rows(root, "search * | table eventtype", [event]) == [{"eventtype": types} if types else {}]
    for name in types if isinstance(types, list) else [types] if types else []:
        assert len(rows(root, f"search eventtype={name}", [event])) == 1


def test_an_event_type_that_leads_back_to_itself_is_refused(tmp_path: Path) -> None:
    root = app(tmp_path, eventtypes="[a]\nsearch = eventtype=b\n[b]\nsearch = x=1 OR eventtype=a\n")
    with pytest.raises(SplError, match=r"eventtypes.conf:2: \[a\] search: .*a -> b -> a"):
        rows(root, "search *", [{"x": 1}])


def test_an_automatic_lookup_without_output_adds_all_other_columns(tmp_path: Path) -> None:
    root = app(tmp_path, props="[st]\nLOOKUP-u = users id AS user\n", transforms="[users]\nfilename = users.csv\n")
    (root / "lookups" / "users.csv").write_text("id,name,team\n7,Ana,red\n")
    event = {"user": "7", "sourcetype": "st"}
    found = rows(root, "search team=red | table user name team", [event])
    assert found == [{"user": "7", "name": "Ana", "team": "red"}]


TIMED = "[leases]\nfilename = leases.csv\ntime_field = at\ntime_format = %s\n"
LEASES = "ip,at,owner\n192.0.2.1,1000,ana\n192.0.2.1,2000,bob\n192.0.2.1,3000,cem\n"


@pytest.mark.parametrize(
    ("settings", "time", "owner"),
    [
        ("", 2500, "bob"),  # the latest row before the event
        ("", 2000, "bob"),
        ("", 999, None),  # no row yet
        ("max_offset_secs = 100\n", 2500, None),
        ("max_offset_secs = 500\n", 2500, "bob"),
        ("min_offset_secs = 600\n", 2500, "ana"),
        ("max_matches = 2\n", 2500, ["bob", "ana"]),
    ],
)
def test_a_time_based_lookup_takes_the_row_that_held_at_the_events_time(
    tmp_path: Path, settings: str, time: int, owner: Any
) -> None:
    root = app(tmp_path, transforms=TIMED + settings)
    (root / "lookups" / "leases.csv").write_text(LEASES)
    event = {"_time": time, "ip": "192.0.2.1"}
    found = rows(root, "search * | lookup leases ip OUTPUT owner | table owner", [event], now=5000)
    assert found == [{"owner": owner} if owner else {}]


def test_a_wrong_number_in_a_lookup_definition_is_refused(tmp_path: Path) -> None:
    root = app(tmp_path, transforms="[t]\nfilename = t.csv\nmax_matches = few\n")
    with pytest.raises(SplError, match=r"\[t\] max_matches: 'few' is no whole number"):
        rows(root, "search *", [])


@pytest.mark.parametrize("stanza", ["(?::){0}slack:*", "rule::x"])
def test_stanzas_that_would_be_passed_over_are_refused(tmp_path: Path, stanza: str) -> None:
    with pytest.raises(SplError, match="stanzas of this kind are not known here"):
        rows(app(tmp_path, props=f"[{stanza}]\nEVAL-x = 1\n"), "search *", [])
