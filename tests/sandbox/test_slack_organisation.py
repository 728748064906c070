"""The invented organisation: alive, repeatable, quiet for two weeks, and then exactly as bad as it says."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from sandbox.slack_api import Organisation
from sandbox.slack_api.journal import serialise
from sandbox.slack_api.reference import known_actions
from tests.sandbox.slack_oracle import GUEST, Oracle, actor

# That each Python invents the same organisation is asked in test_slack_same_on_every_python.
pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
START = int(datetime(2026, 3, 9, tzinfo=timezone.utc).timestamp())
DAY = 86_400
HEADLINE_RULES = {
    "U29", "U30", "U20", "U21", "U01", "U02", "U07", "U08", "U49", "U50", "U40", "U37", "U25", "U06", "U27",
}  # fmt: skip
# What the catalogue calls a correlation of several entries, and is built.
CORRELATIONS = {"U09", "U11", "U15", "U19", "U28", "U46.reach", "U52", "U54", "U76", "U77"}
DOCUMENTATION = [
    ip_network(cidr)
    for cidr in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "10.0.0.0/8",
        "127.0.0.0/8",
    )
]


@pytest.fixture(scope="module")
def halden():
    return Organisation.generate()


@pytest.fixture(scope="module")
def small():
    return Organisation.generate(people=100)


@pytest.fixture(scope="module")
def truth(halden):
    return halden.ground_truth()


def judged(organisation: Organisation, folder: Path) -> list[tuple]:
    organisation.write_site_lookups(folder / "lookups")
    organisation.write_geo_csv(folder / "geo.csv")
    return Oracle(organisation.entries, folder / "geo.csv", folder / "lookups").judge()


@pytest.fixture(scope="module")
def findings(halden, tmp_path_factory):
    return judged(halden, tmp_path_factory.mktemp("halden"))


def told(truth: dict) -> list[dict]:
    return truth["stories"] + truth["routine"]


def test_it_is_big_enough(halden, truth):
    assert 55_000 <= len(halden.entries) == truth["entries"] <= 70_000
    assert len(halden.people) == truth["people"] == 420
    assert (halden.start, halden.end) == (START, START + 22 * DAY)
    assert all(START <= e["date_create"] < halden.end for e in halden.entries)
    assert len({e["id"] for e in halden.entries}) == len(halden.entries)


def test_it_stands_in_the_order_of_time(halden):
    seconds = [e["date_create"] for e in halden.entries]
    assert seconds == sorted(seconds)


def test_every_entry_keeps_slacks_page_contract(halden):
    schema = json.loads((ROOT / "bin/slack_audit_monitor/logs_page.schema.json").read_text(encoding="utf-8"))
    # Every shape once would do; each action's first 40 are a fair sample of shapes.
    seen: Counter = Counter()
    sample = []
    for entry in halden.entries:
        seen[entry["action"]] += 1
        if seen[entry["action"]] <= 40:
            sample.append(entry)
    errors = list(jsonschema.Draft7Validator(schema).iter_errors({"entries": sample}))
    assert not errors, errors[0]
    assert len(sample) > 1500


def test_actions_are_slacks_but_for_a_few_unknown_ones(halden, truth):
    names = Counter(e["action"] for e in halden.entries)
    unknown = {name for name in names if name not in known_actions()}
    assert unknown == set(truth["unknown_actions"])
    assert sum(names[name] for name in unknown) <= 10
    assert len(names) >= 90


def test_only_documentation_addresses_and_example_domains(halden):
    addresses = {e["context"]["ip_address"] for e in halden.entries} - {""}
    for text in addresses:
        assert any(
            ip_address(text) in network
            for network in DOCUMENTATION
            if network.version == ip_address(text).version
        )
    mails = {e["actor"]["user"].get("email") or "" for e in halden.entries} - {""}
    assert all(mail.endswith(".example") for mail in mails)


def test_the_geo_table_knows_every_public_address_once(halden, tmp_path):
    halden.write_geo_csv(tmp_path / "geo.csv")
    with (tmp_path / "geo.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["cidr", "country", "city", "lat", "lon", "asn", "as_org"]
    networks = [ip_network(row["cidr"]) for row in rows]
    for text in {e["context"]["ip_address"] for e in halden.entries}:
        if text and not text.startswith(("127.", "10.")):
            assert sum(ip_address(text) in network for network in networks) == 1, text
    # Numbers that are reserved for documentation, one operator each.
    operators = {(row["asn"], row["as_org"]) for row in rows}
    assert len(operators) == len({asn for asn, _ in operators})
    assert all(64496 <= int(asn) <= 64511 or 65536 <= int(asn) <= 65551 for asn, _ in operators)


def test_odd_shapes_occur(halden):
    contexts = [e["context"] for e in halden.entries]
    assert {type(c.get("session_id", "absent")) for c in contexts} == {int, str, type(None)}
    assert any("session_id" not in c for c in contexts)
    assert {"null", "absent", "object"} == {
        "absent" if "app" not in c else "null" if c["app"] is None else "object" for c in contexts
    }
    assert {"null", "absent", "object"} == {
        "absent" if "details" not in e else "null" if e["details"] is None else "object"
        for e in halden.entries
    }
    values = {
        type((e.get("details") or {}).get("new_value"))
        for e in halden.entries
        if "new_value" in (e.get("details") or {})
    }
    assert values == {str, int, bool, list, dict, type(None)}
    assert any(c["ip_address"] == "127.0.0.1" and c["ua"] == "" for c in contexts)
    assert any(c["ip_address"] == "" for c in contexts)
    assert any(":" in c["ip_address"] for c in contexts)
    assert any(c["ip_address"].upper() == c["ip_address"] and "DB8" in c["ip_address"] for c in contexts)
    assert any(
        e["entity"]["type"] == "message" and "id" not in e["entity"]["message"] for e in halden.entries
    )
    assert any(len(serialise(e)) > 20_000 for e in halden.entries)


def test_an_organisations_act_is_copied_to_its_workspaces(halden):
    same_second = defaultdict(set)
    for e in halden.entries:
        if e["action"].startswith("pref."):
            same_second[e["date_create"], e["action"]].add(
                (e["context"]["location"]["type"], e["context"]["ip_address"])
            )
    assert any({kind for kind, _ in places} == {"enterprise", "workspace"} for places in same_second.values())


def test_people_work_by_their_own_clocks(halden):
    site_of = {person.id: person.site for person in halden.people}
    hours = defaultdict(Counter)
    for e in halden.entries:
        site = site_of.get(actor(e))
        if site and e["action"] == "canvas_opened":
            local = datetime.fromtimestamp(e["date_create"], ZoneInfo(site.zone))
            hours[site.name]["work" if local.weekday() < 5 and 8 <= local.hour < 20 else "rest"] += 1
    assert set(hours) == {"Berlin", "London", "New York", "Bangalore", "Tokyo"}
    for site, counted in hours.items():
        assert counted["work"] > 8 * counted["rest"] > 0, site


def test_holidays_are_quiet(halden):
    tokyo = {person.id for person in halden.people if person.site.name == "Tokyo"}
    days = Counter()
    for e in halden.entries:
        if actor(e) in tokyo:
            days[datetime.fromtimestamp(e["date_create"], ZoneInfo("Asia/Tokyo")).date().isoformat()] += 1
    assert days["2026-03-20"] * 4 < days["2026-03-19"]


def test_newcomers_do_nothing_before_they_join(halden):
    created = {
        e["entity"]["user"]["id"]: e["date_create"] for e in halden.entries if e["action"] == "user_created"
    }
    assert len(created) >= 10
    for e in halden.entries:
        if actor(e) in created and e["action"] in ("user_login", "file_downloaded", "canvas_opened"):
            assert e["date_create"] > created[actor(e)]


def test_two_people_share_a_name(halden):
    names = Counter(person.name for person in halden.people)
    assert names.most_common(1)[0][1] >= 2
    assert (
        len({person.email for person in halden.people}) == len({person.id for person in halden.people}) == 420
    )


def test_the_quiet_weeks_are_quiet(halden, truth, findings):
    quiet = {e["id"] for e in halden.entries if e["date_create"] < START + 14 * DAY}
    routine = {i for tale in truth["routine"] for i in tale["event_ids"]}
    early = [(rule, entity) for rule, entity, ids in findings if ids & quiet and not ids & routine]
    assert early == []
    assert len({entity for _, entity, ids in findings if ids & quiet}) <= 20


def test_nothing_fires_without_a_tale(truth, findings):
    explained = {i for tale in told(truth) for i in tale["event_ids"]}
    assert [(rule, entity) for rule, entity, ids in findings if not ids <= explained] == []


def test_every_tale_fires_exactly_its_rules(truth, findings):
    for tale in told(truth):
        fired = {rule for rule, _, ids in findings if ids & set(tale["event_ids"])}
        assert fired == set(tale["rule_ids"]) & HEADLINE_RULES, tale["name"]


def test_the_stories_need_all_headline_rules(truth):
    fired = {rule for story in truth["stories"] for rule in story["rule_ids"]}
    assert len(truth["stories"]) == 20
    assert fired >= HEADLINE_RULES | CORRELATIONS


def test_tales_are_told_in_full(halden, truth):
    existing = {e["id"]: e for e in halden.entries}
    for tale in told(truth) + truth["near_misses"]:
        seconds = [existing[i]["date_create"] for i in tale["event_ids"]]
        assert (tale["from"], tale["to"]) == (min(seconds), max(seconds)), tale["name"]
        assert seconds == sorted(seconds)
        assert tale["tale"].endswith(".") and tale["name"].replace("_", "").isalnum()
    for tale in told(truth):
        assert tale["entities"], tale["name"]
    assert all(story["from"] >= START + 14 * DAY for story in truth["stories"])
    assert json.loads(json.dumps(truth)) == truth


@pytest.mark.parametrize(
    "shape",
    [
        {"seed": 2},
        {"seed": 3, "people": 100},
        {"seed": 4, "days": 60, "people": 150},
        {"seed": 5, "start": "2025-10-06T00:00:00Z"},
        {"seed": 6, "start": "2026-06-03T00:00:00+02:00", "days": 30},
    ],
)
def test_other_seeds_sizes_and_seasons_hold_as_well(shape, tmp_path):
    organisation = Organisation.generate(**shape)
    truth = organisation.ground_truth()
    found = judged(organisation, tmp_path)
    explained = {i for tale in told(truth) for i in tale["event_ids"]}
    assert [(rule, entity) for rule, entity, ids in found if not ids <= explained] == []
    assert len(truth["stories"]) == 20
    for tale in told(truth):
        fired = {rule for rule, _, ids in found if ids & set(tale["event_ids"])}
        assert fired == set(tale["rule_ids"]) & HEADLINE_RULES, tale["name"]


def near(truth: dict, name: str) -> set[str]:
    (tale,) = [tale for tale in truth["near_misses"] if tale["name"] == name]
    return set(tale["event_ids"])


def by_id(halden: Organisation, ids: set[str]) -> list[dict]:
    return [e for e in halden.entries if e["id"] in ids]


def test_near_misses_are_near(halden, truth):
    files = by_id(halden, near(truth, "one_file_short"))
    assert len({e["entity"]["file"]["id"] for e in files}) == 29
    assert files[-1]["date_create"] - files[0]["date_create"] <= 3600
    tries = Counter(e["action"] for e in by_id(halden, near(truth, "four_failures_then_in")))
    assert tries == {"user_login_failed": 4, "user_login": 1}
    film = by_id(halden, near(truth, "film_night"))
    assert len(film) == 480 and len({e["entity"]["file"]["id"] for e in film}) == 1
    typists = [
        e for e in by_id(halden, near(truth, "password_expiry_monday")) if e["action"] == "user_login_failed"
    ]
    assert len(typists) >= 15 and len({actor(e) for e in typists}) >= 5
    assert len({e["context"]["ip_address"] for e in typists}) == 1
    (guest,) = [e for e in by_id(halden, near(truth, "proper_guest")) if e["action"] in GUEST]
    assert guest["context"]["app"]["id"]


def test_the_night_shift_is_one_only_in_summer_time(halden, truth):
    (story,) = [story for story in truth["stories"] if story["name"] == "night_shift_export"]
    at = datetime.fromtimestamp(story["from"], timezone.utc)
    assert at.isoformat() == "2026-03-30T16:30:00+00:00"
    winter = timezone(timedelta(hours=1))
    assert at.astimezone(winter).hour == 17  # a search with last week's offset would stay quiet
    assert at.astimezone(ZoneInfo("Europe/Berlin")).hour == 18
    (export,) = by_id(halden, near(truth, "after_the_clocks_change"))
    at = datetime.fromtimestamp(export["date_create"], timezone.utc)
    assert at.astimezone(winter).hour == 7  # ... and would complain here
    assert at.astimezone(ZoneInfo("Europe/Berlin")).hour == 8


def test_the_spray_stays_in_one_network_and_below_the_accounts_threshold(halden, truth):
    (story,) = [story for story in truth["stories"] if story["name"] == "password_spray"]
    tries = by_id(halden, set(story["event_ids"]))
    spray = [e for e in tries if ":" in e["context"]["ip_address"]]
    assert len({int(ip_address(e["context"]["ip_address"])) >> 64 for e in spray}) == 1
    assert len({e["context"]["ip_address"] for e in spray}) > 40
    assert max(Counter(actor(e) for e in spray).values()) == 2
    assert spray[0]["date_create"] // 3600 != spray[-1]["date_create"] // 3600


def test_stories_can_be_chosen_and_leave_the_rest_as_it_is(small):
    none = Organisation.generate(people=100, stories_wanted=[])
    one = Organisation.generate(people=100, stories_wanted=["password_spray"])
    assert none.stories == [] and [tale.name for tale in one.stories] == ["password_spray"]
    assert [tale.tale for tale in none.routine] == [tale.tale for tale in small.routine]
    with pytest.raises(ValueError, match="no story is called heist; there are consent_phishing_app"):
        Organisation.generate(stories_wanted=["heist"])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"people": 50}, "at least 100 people"),
        ({"days": 0}, "days must be 1 or more, not 0"),
        ({"start": "yesterday"}, "start must be ISO 8601 like"),
        ({"start": "2026-03-09T00:00:00"}, "start needs a time zone"),
    ],
)
def test_what_cannot_be_is_refused_in_words(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        Organisation.generate(**wrong)


def test_a_short_life_has_no_stories():
    assert Organisation.generate(days=10, people=100).stories == []


def test_files_for_replay(small, tmp_path):
    assert small.write_jsonl(tmp_path / "a.jsonl") == len(small.entries)
    small.write_jsonl(tmp_path / "a.jsonl.gz")
    small.write_jsonl(tmp_path / "b.jsonl.gz")
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in (lines[0], lines[-1])] == [small.entries[0], small.entries[-1]]
    with gzip.open(tmp_path / "a.jsonl.gz", "rt", encoding="utf-8") as file:
        assert file.read().splitlines() == lines
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_site_lookups_have_the_shipped_headers(halden, tmp_path):
    written = halden.write_site_lookups(tmp_path)
    shipped_names = {path.stem for path in (ROOT / "lookups").glob("*.csv")}
    names = (
        *("actions", "controls", "posture", "health_checks", "searches", "watched_actions"),
        *("rules", "review_points"),
    )
    reference = {f"slack_audit_{name}" for name in names}
    assert {path.stem for path in written} == shipped_names - reference
    for path in written:
        shipped = (ROOT / "lookups" / path.name).read_text(encoding="utf-8").splitlines()[0]
        rows = path.read_text(encoding="utf-8").splitlines()
        assert rows[0] == shipped, path.name
        assert len(rows) > 1, path.name


def test_late_arrivals_delay_a_share_of_entries(halden):
    arrivals = halden.late_arrivals(0.05, 3600)
    created = {e["id"]: e["date_create"] for e in halden.entries}
    assert 0.04 < len(arrivals) / len(halden.entries) < 0.06
    assert all(1 <= at - created[i] <= 3600 for i, at in arrivals.items())
    journal = halden.journal(arrivals)
    assert len(journal.visible_ids(halden.end)) > len(journal.visible_ids(START + 20 * DAY))
    assert journal.visible_ids(halden.end + 3600) == journal.ids() == frozenset(created)
