"""What holds for every search, those of today and those to come: names, actions, numbers, times, fields, ATT&CK ids."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import timezone
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import pipeline
from sandbox.spl.macros import MacroDefinition, expand
from sandbox.spl.timemod import resolve
from sandbox.splunkd.cron import CronSchedule
from slack_audit_monitor.finding import IN_FRONT
from tests.app.field_flow import FieldFlow, extracted, lookup_columns
from tools.app_check import known_actions
from tools.detections_doc import Catalogue, document, is_tunable, not_built

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CONFS = AppConfs(ROOT)
SAVED = CONFS.conf("savedsearches")
MACROS = CONFS.conf("macros")
CATALOGUE = Catalogue(ROOT)
ALERTS = {alert.title: alert for alert in CATALOGUE.alerts}
HEALTH = {title for title, alert in ALERTS.items() if alert.rows == ["U71"]}
"""They look at the collection and not at entries."""

ACTIONS = known_actions(ROOT)
DEFINITIONS = {
    name: MacroDefinition(
        stanza.get("definition", ""),
        tuple(part.strip() for part in stanza.get("args", "").split(",") if part.strip()),
        stanza.get("iseval", "0") in ("1", "true"),
        stanza.get("validation", ""),
        stanza.get("errormsg", ""),
    )
    for name, stanza in MACROS.items()
}
NOON = 1_772_366_400  # 2026-03-01T12:00:00Z, a Sunday
LATE_SECONDS = 3900
"""An entry may show up an hour after it happened, and a poll later."""

CATALOGUE_ROWS = {f"U{number:02}" for number in (*range(1, 72), *range(74, 78))}
"""Rows with which the app began. A new alert takes the next free number: U78, U79 ..."""

SEVERAL_ALERTS = {
    "U38": "agents: three decisions",
    "U47": "quiet ways out: several kinds of acts",
    "U57": "passkeys are a person's, the requirement of two factors is the organisation's",
    "U71": "health: several kinds of trouble",
}
"""Rows that more than one alert reports, and why."""

TWO_SPELLINGS = (
    ("user_anomaly_event_response_allowlist_changed", "user_anomaly_event_reponse_allowlist_changed"),
    ("file_download_blocked", "file_downloaded_blocked"),
    ("org_verified", "organization_verified"),
)
"""Slack writes either: a search that names one of them names both."""

INDEX_ALONE = re.compile(r"\s*append\s*\[\s*\|\s*tstats\s[^|\[]*\]\s*\Z")
"""Counts of the index, one for each hour and input: no entry is read, and the rows are few."""

FORBIDDEN = set("join transaction map append appendcols multisearch union set collect".split())
UNITS = re.compile(
    r"\b(seconds?|minutes?|hours?|days?|bytes|percent|times|failures?|failed|sign-ins?|accounts?|addresses|sources|"
    r"files?|apps?|channels?|calls?|denials|attempts|targets?|resets?|entries|refusals|uploads?|downloads?|messages?|"
    r"members?|people|searches|queries|networks|deviations?|links|organisations|workspaces|kilometres|km|letters|servers|names|ids|"
    r"previews|joins|archives|persons|demotions|acts|grants|signs|deactivations|scopes|characters|expression|pattern|"
    r"list|action|domains|words?|kinds)\b",
    re.IGNORECASE,
)


def stages(title: str) -> tuple[pipeline.Stage, ...]:
    return tuple(pipeline.parse(expand(SAVED[title]["search"], DEFINITIONS)).stages)


def period_seconds(title: str) -> int:
    """The longest time between two runs of one week."""
    schedule = CronSchedule(SAVED[title]["cron_schedule"])
    at, longest = float(NOON), 0
    while at < NOON + 8 * 86_400:
        after = schedule.next_after(at)
        longest, at = max(longest, int(after - at) if at != NOON else 0), float(after)
    return longest


SCHEDULED = [title for title, stanza in SAVED.items() if stanza.get("enableSched") == "1"]


# -- names and rows


def test_names_differ_also_without_their_signs() -> None:
    plain = Counter(re.sub(r"[^a-z0-9]", "", title.lower()) for title in SAVED)
    assert [name for name, count in plain.items() if count > 1] == []


@pytest.mark.parametrize("title", ALERTS)
def test_the_rows_of_an_alert_are_those_its_search_names(title: str) -> None:
    alert = ALERTS[title]
    text = CATALOGUE.whole_text(alert.stanza["search"])
    assert alert.rows, "param.rows is missing"
    assert all(re.fullmatch(r"U\d\d", row) for row in alert.rows)
    named = set(re.findall(r"\brule_id=[^|]*?\"(U\d\d)", text)) | set(re.findall(r'"(U\d\d)\.\w+"', text))
    if named:
        assert named <= set(alert.rows), "the search gives rows that param.rows lacks"


def test_a_row_belongs_to_one_alert() -> None:
    count = Counter(row for alert in ALERTS.values() for row in alert.rows)
    assert {row for row, number in count.items() if number > 1} <= set(SEVERAL_ALERTS)


def test_every_row_is_an_alert_or_has_a_reason() -> None:
    built = {row for alert in ALERTS.values() for row in alert.rows}
    reasons = {row for row in not_built(CATALOGUE.texts) if not row.startswith(("U72", "U73"))}
    assert not built & reasons, "built after all: take the reason out of tools/detections_doc.conf"
    missing = CATALOGUE_ROWS - built - reasons
    assert not missing, f"neither built nor explained in tools/detections_doc.conf: {sorted(missing)}"
    added = sorted(built - CATALOGUE_ROWS)
    assert added == [f"U{number:02}" for number in range(78, 78 + len(added))], "take the next free number"


# -- actions


@pytest.mark.parametrize("title", SAVED)
def test_every_action_of_a_search_exists_in_both_its_spellings(title: str) -> None:
    text = CATALOGUE.whole_text(SAVED[title]["search"])
    for spellings in TWO_SPELLINGS:
        named = [name for name in spellings if name in text]
        assert len(named) in (0, len(spellings)), f"only {named} of {spellings}"


READS_EVERYTHING = {
    "Slack - Session on Two Networks - Rule": "reads no entries, but what a baseline noted of them",
}


@pytest.mark.parametrize("title", sorted(set(ALERTS) - set(READS_EVERYTHING) - HEALTH))
def test_an_action_is_a_term_of_the_base_search(title: str) -> None:
    first = stages(title)[0]
    assert first.name == "search"
    terms = set(re.findall(r"TERM\(([^)]+)\)", first.text))
    assert terms, "the base search has no TERM(): it reads everything"
    compared = re.findall(r"slack_action\s*(?:=\s*(\"[^\"]*\")|IN\s*\(([^)]*)\))", first.text)
    for name in re.findall(r'"([^"]*)"', " ".join(single or several for single, several in compared)):
        found = "*" in name or any(fnmatchcase(name, term) for term in terms) or _parts(name) & terms
        assert found, f"no TERM() for {name}"


def _parts(name: str) -> set[str]:
    """Splunk cuts an action at its dots, so that the part behind one is a term as well."""
    return {name.split(".", 1)[1], *name.split(".")} if "." in name else set()


def test_the_pairs_of_spellings_are_slacks() -> None:
    assert {name for pair in TWO_SPELLINGS for name in pair} <= set(ACTIONS)


# -- numbers

FREE_NUMBERS = re.compile(
    r"mvcount\([^()]*\)\s*[<>=]+\s*\d+"  # how many names a sentence lists
    r"|if\(\w+>\d+, (?:\w+ \. )?\"\""
    r"|\brank<=\d+"
    r"|\bgap<\d+"  # seconds or minutes, in a sentence
    r"|mvindex\([^()]*(?:\([^()]*\)[^()]*)*\)"
    r"|86400|3600|\b60\*"  # days, hours, minutes
    r"|[<>=]=?\s*[012]\b"
)


@pytest.mark.parametrize("title", ALERTS)
def test_a_number_that_one_would_tune_is_a_macro(title: str) -> None:
    text = re.sub(r"```.*?```", "", SAVED[title]["search"], flags=re.DOTALL)
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    text = FREE_NUMBERS.sub("", text)
    assert re.findall(r"\w+\s*(?:>=|<=|>|<)\s*\d+", text) == []


@pytest.mark.parametrize("name", [name for name, stanza in MACROS.items() if is_tunable(name, stanza)])
def test_a_macro_with_a_number_says_in_what_unit(name: str) -> None:
    assert UNITS.search(MACROS[name]["description"]), MACROS[name]["description"]


# -- times


@pytest.mark.parametrize("title", [title for title in SCHEDULED if title.endswith((" - Rule", " - Lookup Gen"))])
def test_a_search_looks_back_far_enough(title: str) -> None:
    stanza = SAVED[title]
    bounds = {
        key: resolve(stanza[f"dispatch.{key}"], NOON, timezone.utc) if stanza.get(f"dispatch.{key}") else None
        for key in ("earliest_time", "latest_time", "index_earliest", "index_latest")
    }
    period = period_seconds(title)
    assert bounds["earliest_time"] is not None and bounds["latest_time"] is not None
    if bounds["index_earliest"] is not None:
        assert bounds["index_latest"] is not None
        assert bounds["index_latest"] - bounds["index_earliest"] >= period, (
            "what is indexed between two windows is lost"
        )
        assert NOON - bounds["earliest_time"] >= LATE_SECONDS + period
        return
    if title.endswith(" - Rule") and title not in HEALTH:
        windows = [
            float(MACROS[name]["definition"])
            for name in (name for name, _ in CATALOGUE.expanded(stanza["search"]))
            if name.startswith(ALERTS[title].slug + "_") and name.endswith("_window")
        ]
        needed = max(windows, default=0.0) + LATE_SECONDS + period
        assert NOON - bounds["earliest_time"] >= needed, f"looks back less than {needed:.0f} seconds"


def test_at_most_five_searches_start_in_one_minute() -> None:
    starts: Counter[int] = Counter()
    for title in SCHEDULED:
        schedule = CronSchedule(SAVED[title]["cron_schedule"])
        at = schedule.next_after(NOON - 60)
        while at < NOON + 7 * 86_400:
            starts[int(at)] += 1
            at = schedule.next_after(at)
    busiest = {minute: max(starts[at] for at in starts if at // 60 % 60 == minute) for minute in range(60)}
    crowded = sorted(minute for minute, count in busiest.items() if count > 5)
    free = [minute for minute, count in busiest.items() if count < 5]
    assert not crowded, f"more than five start in the minutes {crowded} of an hour; there is room in {free}"


# -- the text of a search


OUR_EVENTS = {
    "slack:audit:finding": {*IN_FRONT, "finding_time", "search_name", "sid", "trigger_time"},
    "slack:audit:digest": set(),
}
"""Members of the JSON events that this app writes itself: Splunk extracts what stands in front by itself."""


@pytest.mark.parametrize("title", SAVED)
def test_no_field_is_read_that_nothing_makes(title: str) -> None:
    if "index=_internal" in CATALOGUE.whole_text(SAVED[title]["search"]):
        return  # Splunk's own logs: their fields are Splunk's
    known = extracted(ROOT)
    for sourcetype, columns in OUR_EVENTS.items():
        if sourcetype in CATALOGUE.whole_text(SAVED[title]["search"]):
            known = known | extracted(ROOT, sourcetype) | columns
    flow = FieldFlow(known, lookup_columns(ROOT))
    assert flow.follow(expand(SAVED[title]["search"], DEFINITIONS)) == []


@pytest.mark.parametrize("title", SAVED)
def test_no_search_uses_what_does_not_scale(title: str) -> None:
    used = {stage.name for stage in stages(title) if not INDEX_ALONE.match(stage.text)}
    assert not used & FORBIDDEN
    for key in ("dispatch.earliest_time", "dispatch.latest_time"):
        assert not SAVED[title].get(key, "").startswith("rt")
    for stage in stages(title):
        text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', stage.text)
        # The search of an appendpipe works on the rows that are there.
        if title in HEALTH or stage.name == "appendpipe" or INDEX_ALONE.match(stage.text):
            continue
        assert not re.search(r"\[(?!\s*\|\s*inputlookup\b)", text), f"a subsearch over events in {stage.name}"


KV_LOOKUPS = {name for name, stanza in CONFS.conf("transforms").items() if stanza.get("external_type") == "kvstore"}


@pytest.mark.parametrize("title", SAVED)
def test_the_kv_store_is_asked_on_the_search_head(title: str) -> None:
    for stage in stages(title):
        words = stage.text.split()
        if stage.name == "lookup" and KV_LOOKUPS & set(words):
            assert "local=true" in words, stage.text[:80]


@pytest.mark.parametrize("name", ["savedsearches", "macros", "props", "transforms"])
def test_no_line_is_too_long_to_read(name: str) -> None:
    lines = (ROOT / "default" / f"{name}.conf").read_text(encoding="utf-8").split("\n")
    assert [(number, line[:60]) for number, line in enumerate(lines, 1) if len(line) > 120] == []


# -- what stands beside the search

TECHNIQUES = {
    row["technique"]: row["renamed_to"]
    for row in csv.DictReader((ROOT / "tests/app/attack_techniques.csv").read_text(encoding="utf-8").splitlines())
}


def outdated_alone(techniques: list[str]) -> list[str]:
    """Techniques that were renumbered and whose other number is missing."""
    return [old for old in techniques if TECHNIQUES.get(old) and TECHNIQUES[old] not in techniques]


@pytest.mark.parametrize("title", ALERTS)
def test_attack_ids_exist_in_both_numberings(title: str) -> None:
    annotated = ALERTS[title].techniques
    named = re.findall(r"\bT1\d{3}(?:\.\d{3})?\b", CATALOGUE.whole_text(SAVED[title]["search"]))
    for technique in [*annotated, *named]:
        assert technique in TECHNIQUES, f"{technique} is not in tests/app/attack_techniques.csv"
    assert outdated_alone(annotated) == []
    assert outdated_alone(list(dict.fromkeys(named))) == []


def test_renumbered_ids_lead_to_ids() -> None:
    assert {new for new in TECHNIQUES.values() if new} <= set(TECHNIQUES)


@pytest.mark.parametrize("title", ALERTS)
def test_metadata_for_enterprise_security(title: str) -> None:
    stanza = SAVED[title]
    assert stanza["action.correlationsearch.enabled"] == "0"
    assert stanza["action.correlationsearch.label"] == title.removesuffix(" - Rule")
    annotations = json.loads(stanza["action.correlationsearch.annotations"])
    assert set(annotations) <= {"mitre_attack", "analytic_story", "cis20", "nist", "kill_chain_phases", "context"}
    assert all(isinstance(values, list) for values in annotations.values())


@pytest.mark.parametrize("title", ALERTS)
def test_an_alert_explains_itself_and_is_recorded(title: str) -> None:
    alert = ALERTS[title]
    assert alert.stanza.get("action.slack_audit_finding") == "1"
    for name in ("false_positives", "tuning", "blind_spots"):
        assert len(alert.param(name)) > 20, f"param.{name}"


TIER_BY_DECISION = {"Slack - Passkey Changed - Rule": "high only where a removal stands alone; looked at once a day"}


@pytest.mark.parametrize("title", sorted(set(ALERTS) - HEALTH - set(TIER_BY_DECISION)))
def test_the_tier_fits_the_severities(title: str) -> None:
    levels = CATALOGUE.severities(ALERTS[title])
    assert levels, "no severity is assigned"
    page, review = {"critical", "high"} & set(levels), "medium" in levels
    assert ALERTS[title].tier == ("page" if page else "review" if review else "archive"), levels


def test_every_alert_has_its_section_in_the_documentation() -> None:
    page = document(CATALOGUE)
    for alert in ALERTS.values():
        assert f'<a id="{alert.slug}"></a>' in page
