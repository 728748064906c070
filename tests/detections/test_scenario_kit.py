"""The scenario kit itself: a typo must not make a case pass, and an entry must be what Slack sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.detections.kit.contract import ActionList, Contract
from tests.detections.kit.entries import Arrival, EntryBuilder
from tests.detections.kit.moments import parse_at, parse_duration, parse_instant, parse_repeat
from tests.detections.kit.problems import ScenarioError
from tests.detections.kit.sample import HEAD, START, sample_scenario


@pytest.fixture(scope="module")
def actions() -> ActionList:
    return ActionList()


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.fixture
def build(tmp_path: Path, actions: ActionList, contract: Contract) -> Any:
    def arrivals(events: str) -> list[Arrival]:
        lines = "".join(f"      - {line}\n" for line in events.strip().splitlines())
        made = sample_scenario(tmp_path, f"  - name: one\n    events:\n{lines}    alerts: []\n")
        return EntryBuilder(made.cases[0], actions, contract).build()

    return arrivals


# --- Time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+0m", 0),
        ("90s", 90),
        ("+1h30m", 5400),
        ("-32d", -32 * 86400),
        ("+2d1m", 172860),
        ("-2592001s", -2592001),
    ],
)
def test_offsets(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["10", "+5", "5 minutes", "+1m2x", "", "m"])
def test_what_is_no_offset_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ScenarioError, match="is no offset; write a sign and units"):
        parse_duration(text)


def test_an_instant_needs_its_zone() -> None:
    assert parse_instant("2026-03-03T09:00:00Z") == START
    assert parse_at("2026-03-03T10:00:00+01:00", 0) == START
    with pytest.raises(ScenarioError, match="names no zone"):
        parse_instant("2026-03-03T09:00:00")


def test_repetitions() -> None:
    assert parse_repeat("15 every 40s") == (15, 40)
    assert parse_repeat("3 every 0s") == (3, 0)
    for text in ("15 x 40s", "0 every 1s", "every 40s"):
        with pytest.raises(ScenarioError, match="15 every 40s"):
            parse_repeat(text)


# --- A file that cannot mean what its author thinks ---------------------------------------


@pytest.mark.parametrize(
    ("cases", "complaint"),
    [
        ("  - {name: a, event: [], alerts: []}\n", "unknown key 'event'; did you mean 'events'"),
        ("  - {name: a, events: []}\n", "write alerts: [] for a quiet case"),
        (
            "  - {name: a, events: [{at: +0m, did: user_login, form: ana}], alerts: []}\n",
            "unknown key 'form'",
        ),
        ("  - {name: a, events: [], alerts: []}\n  - {name: a, events: [], alerts: []}\n", "'a' is taken"),
        ("  - {name: a, name: b, events: [], alerts: []}\n", "'name' is given twice"),
        ("  - {name: a, events: [], alerts: [], arrives: soon}\n", "'soon' is no offset"),
        ("  - [\n", "line "),
    ],
)
def test_a_misspelt_file_is_refused(tmp_path: Path, cases: str, complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        sample_scenario(tmp_path, cases)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("slack_owner_granted.yaml: ")


def test_a_file_without_a_story_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="story: is missing or empty"):
        sample_scenario(
            tmp_path,
            "  - {name: a, events: [], alerts: []}\n",
            HEAD.replace("Somebody becomes an owner.", '""'),
        )


def test_yaml_has_no_surprises(tmp_path: Path) -> None:
    case = sample_scenario(
        tmp_path, "  - {name: a, events: [], alerts: [{user: no, src: 2026-03-03, count: 12:30}]}\n"
    ).cases[0]
    assert case.alerts[0] == {"user": "no", "src": "2026-03-03", "count": "12:30"}


def test_history_stands_before_the_events_unless_refused(tmp_path: Path) -> None:
    head = HEAD.replace("cases:\n", "history: [{at: -1d, who: ana, did: user_login}]\ncases:\n")
    with_history, without = sample_scenario(
        tmp_path,
        "  - {name: a, events: [{at: +0m, who: ana, did: user_login}], alerts: []}\n"
        "  - {name: b, history: none, events: [{at: +0m, who: ana, did: user_login}], alerts: []}\n",
        head,
    ).cases
    assert [line["at"] for line in with_history.lines] == ["-1d", "+0m"]
    assert [line["at"] for line in without.lines] == ["+0m"]


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ("{ at: +0m, who: anna, did: user_login }", "'anna' is not in the cast"),
        ("{ at: +0m, who: ana, did: role_change_to_ower, to: p1 }", "did you mean role_change_to_owner?"),
        ("{ at: +0m, who: ana, did: role_change_to_owner, to: p9 }", "in neither cast nor apps"),
        ("{ at: +0m, who: ana, did: app_installed }", "acts on a app: say on which with to:"),
        ("{ at: +0m, who: ana, did: user_login, where: moon }", "'moon' is no place"),
        ("{ who: ana, did: user_login }", "at: is missing"),
        ("{ at: +0m, who: ana }", "did: is missing"),
        ("{ same_as: ghost }", "no event has the id: 'ghost'"),
        ("{ at: +0m, who: ana, did: user_login, without: [context.adress] }", "is not in the entry anyhow"),
        (
            "{ at: +0m, who: ana, did: user_login, without: [actor.user.id] }",
            "Slack would not send this entry",
        ),
        ("{ at: +0m, who: ana, did: user_login, odd: true }", "keeps Slack's contract; drop the mark"),
        ("{ at: +0m, who: ana, files: 3 every 1s, repeat: 2 every 1s }", "give one"),
    ],
)
def test_an_event_that_cannot_be_is_refused(build: Any, event: str, complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        build(event)
    assert complaint in str(caught.value)
    assert "slack_owner_granted :: one, event 1" in str(caught.value)


# --- Entries ------------------------------------------------------------------------------


def test_a_line_becomes_a_whole_entry(build: Any, contract: Contract) -> None:
    (arrival,) = build("{ at: +5m, who: ana, did: role_change_to_owner, to: p2 }")
    entry = arrival.entry
    assert contract.complaint(entry) is None
    assert entry["date_create"] == START + 300
    assert entry["action"] == "role_change_to_owner"
    assert entry["actor"]["user"] == {
        "id": "W0ANA", "name": "Ana Example", "email": "ana@corp.example", "team": "E0EXAMPLE",
    }  # fmt: skip
    assert entry["entity"]["type"] == "user"
    assert entry["entity"]["user"]["id"] == "W0P2"
    assert entry["context"]["ip_address"] == "203.0.113.9"
    assert entry["context"]["location"]["type"] == "enterprise"
    assert "details" not in entry
    assert arrival.arrives_at == START + 345


def test_the_target_follows_the_action(build: Any) -> None:
    made = build(
        """{ at: +0m, who: ana, did: user_login }
        { at: +1m, who: ana, did: app_installed, to: notes }
        { at: +2m, who: ana, did: external_shared_channel_connected, to: project }
        { at: +3m, who: ana, did: file_downloaded, file: F0A, via: notes }
        { at: +4m, who: ana, did: pref.sso_setting_changed, where: main }"""
    )
    entities = [arrival.entry["entity"] for arrival in made]
    assert [entity["type"] for entity in entities] == ["user", "app", "channel", "file", "workspace"]
    assert entities[0]["user"]["id"] == "W0ANA"
    assert entities[1]["app"]["bot_scopes"] == ["chat:write"]
    assert made[3].entry["context"]["app"]["scopes_bot"] == ["chat:write"]
    assert entities[4]["workspace"]["id"] == "T0EXAMPLE"


def test_repetitions_number_their_entries(build: Any) -> None:
    made = build('{ at: +0m, who: "p{n}", did: user_login_failed, ip: "198.51.100.{n}", repeat: 3 every 40s }')
    assert [arrival.entry["date_create"] - START for arrival in made] == [0, 40, 80]
    assert [arrival.entry["actor"]["user"]["id"] for arrival in made] == ["W0P1", "W0P2", "W0P3"]
    assert [arrival.entry["context"]["ip_address"][-1] for arrival in made] == ["1", "2", "3"]
    assert len({arrival.entry["id"] for arrival in made}) == 3


def test_files_are_different_files(build: Any) -> None:
    made = build("{ at: +0m, who: ana, files: 30 every 100s }\n{ at: +1m, who: ana, files: 2 every 1s }")
    assert {arrival.entry["action"] for arrival in made} == {"file_downloaded"}
    assert len({arrival.entry["entity"]["file"]["id"] for arrival in made}) == 32


def test_the_same_entry_again_is_the_same_entry(build: Any) -> None:
    first, again, late = build(
        """{ at: +0m, who: ana, did: user_login, id: a }
        { same_as: a, arrives: +3h }
        { same_as: a }"""
    )
    assert first.entry == again.entry == late.entry
    assert [first.arrives_at, again.arrives_at, late.arrives_at] == [START + 45, START + 45, START + 10800]


def test_entries_come_in_order_of_arrival(build: Any) -> None:
    made = build(
        """{ at: +0m, who: ana, did: user_login, arrives: +20m, id: late }
        { at: +5m, who: ana, did: user_login, arrives_at: +6m, id: soon }"""
    )
    assert [arrival.label for arrival in made] == ["soon", "late"]


def test_raw_and_without_shape_an_entry(build: Any) -> None:
    (arrival,) = build(
        "{ at: +0m, who: ana, did: user_login, "
        'raw: { actor: { user: { email: "" } }, context: { app: null } }, '
        "without: [context.session_id], details: { scopes: [a, 's.{1-3}'] } }"
    )
    assert arrival.entry["actor"]["user"]["email"] == ""
    assert arrival.entry["actor"]["user"]["id"] == "W0ANA"
    assert arrival.entry["context"]["app"] is None
    assert "session_id" not in arrival.entry["context"]
    assert arrival.entry["details"] == {"scopes": ["a", "s.1", "s.2", "s.3"]}


def test_an_odd_line_may_break_the_contract(build: Any) -> None:
    (arrival,) = build("{ at: +0m, who: ana, did: user_login, without: [actor], odd: true }")
    assert "actor" not in arrival.entry
