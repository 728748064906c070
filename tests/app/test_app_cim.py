"""The Common Information Model: every official action in the data model that the list names, with prescribed values.

The prescribed values are those of the CIM manual's pages "Authentication", "Change", "Data Access", "Alerts",
"Malware" and "Data Loss Prevention". Beside other add-ons for the same source type nothing changes.
"""

from __future__ import annotations

import configparser
import csv
import json
import re
import shutil
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from sandbox.spl import search

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
NOON = 1_772_366_400  # 2026-03-01T12:00:00Z
OURS, THEIRS = "slack_audit://prod", "slack_audit_logs"

with (ROOT / "lookups" / "slack_audit_actions.csv").open(encoding="utf-8", newline="") as file:
    ACTIONS = {row["slack_action"]: row for row in csv.DictReader(file)}

TAGS = {
    "Authentication": {"authentication"},
    "Change": {"change"},
    "Data_Access": {"data", "access"},
    "Alerts": {"alert"},
    "Malware": {"malware", "attack"},
    "DLP": {"dlp", "incident"},
    "none": set(),
}
DATASET_TAGS = {"account", "audit"}
"""What Change adds for its datasets."""
PRESCRIBED: dict[str, dict[str, set[str]]] = {
    "Authentication": {"action": {"success", "failure", "pending", "error"}},
    "Change": {
        "action": set(
            "acl_modified cleared created deleted modified stopped lockout read logoff updated started restarted "
            "unlocked".split()
        ),
        "status": {"success", "failure"},
    },
    "Data_Access": {
        "action": set(
            "downloaded uploaded shared unshared created deleted read modified granted revoked forwarded copied".split()
        )
    },
    "Alerts": {"severity": set("critical high medium low informational unknown".split()), "type": {"alert"}},
    "Malware": {"action": {"allowed", "blocked", "deferred"}},
    "DLP": {"severity": set("critical high medium low informational".split())},
}
NEEDED = {
    "Authentication": "action app dest src user user_id vendor_product",
    "Change": "action change_type command dest dvc object object_category src status user vendor_product",
    "Data_Access": "action app dest object object_category src user vendor_account vendor_product",
    "Alerts": "app dest id severity signature src type user vendor_product",
    "Malware": "action dest file_name severity signature src user vendor_product",
    "DLP": "action app dest dlp_type dvc object severity signature src user vendor_product",
}
COLUMNS = sorted({name for names in NEEDED.values() for name in names.split()} | {"src_user", "authentication_method"})

ACTOR = {"type": "user", "user": {"id": "W0ANA", "name": "Ana", "email": "Ana@Corp.Example"}}
TARGET = {"type": "user", "user": {"id": "W0BOB", "name": "Bob", "email": "Bob@Corp.Example"}}


def entry(action: str, *, entity: dict[str, Any] | None = None, **details: Any) -> dict[str, Any]:
    """An entry as Slack's contract has it; the entity is of the type that the list names."""
    kind = (ACTIONS.get(action, {}).get("entity_type") or "workspace").split("|")[0]
    about = {"id": "X0THING", "name": "The thing", "title": "The thing"}
    return {
        "id": f"id-{action}",
        "date_create": NOON,
        "action": action,
        "actor": ACTOR,
        "entity": entity or (TARGET if kind == "user" else {"type": kind, kind: about}),
        "context": {
            "location": {"type": "enterprise", "id": "E01", "name": "Corp", "domain": "corp"},
            "ua": "Slack",
            "ip_address": "198.51.100.7",
        },
        "details": details or None,
    }


def rows_of(
    entries: list[dict[str, Any]], *, spl: str = "search *", app: Path = ROOT, source: str = OURS
) -> list[dict[str, Any]]:
    events = [
        {"_raw": json.dumps(one), "_time": NOON, "source": source, "sourcetype": "slack:audit", "index": "slack_audit"}
        for one in entries
    ]
    table = f"table slack_action slack_data_model eventtype tag slack_actor {' '.join(COLUMNS)}"
    return search(f"{spl} | {table}", events, now=NOON + 60, app=app).rows


def tags_of(row: dict[str, Any]) -> set[str]:
    tags = row.get("tag") or []
    return {tags} if isinstance(tags, str) else set(tags)


@pytest.fixture(scope="module")
def mapped() -> dict[str, dict[str, Any]]:
    """Every official action as a search shows it."""
    return {row["slack_action"]: row for row in rows_of([entry(action) for action in ACTIONS])}


def test_every_official_action_is_decided(mapped: dict[str, dict[str, Any]]) -> None:
    assert len(ACTIONS) == 772 and mapped.keys() == ACTIONS.keys()
    undecided = [name for name, row in ACTIONS.items() if row["data_model"] not in TAGS]
    assert undecided == []
    counted = {model: sum(row["data_model"] == model for row in ACTIONS.values()) for model in TAGS}
    assert counted["none"] < 100 and counted["Change"] > 400


@pytest.mark.parametrize("model", TAGS)
def test_tags_are_those_of_the_one_model(mapped: dict[str, dict[str, Any]], model: str) -> None:
    wrong = {
        name: sorted(tags_of(row))
        for name, row in mapped.items()
        if ACTIONS[name]["data_model"] == model
        and (tags_of(row) - DATASET_TAGS != TAGS[model] or (model != "Change" and tags_of(row) & DATASET_TAGS))
    }
    assert wrong == {}


@pytest.mark.parametrize("model", PRESCRIBED)
def test_values_are_the_prescribed_ones(mapped: dict[str, dict[str, Any]], model: str) -> None:
    wrong = {
        f"{name}.{field}": row.get(field)
        for name, row in mapped.items()
        if ACTIONS[name]["data_model"] == model
        for field, allowed in PRESCRIBED[model].items()
        if row.get(field) not in allowed
    }
    assert wrong == {}


@pytest.mark.parametrize("model", NEEDED)
def test_no_field_of_a_model_is_missing(mapped: dict[str, dict[str, Any]], model: str) -> None:
    kind_of = {name: ACTIONS[name]["entity_type"] for name in mapped}
    missing = {
        f"{name}.{field}"
        for name, row in mapped.items()
        if ACTIONS[name]["data_model"] == model
        for field in NEEDED[model].split()
        if not row.get(field) and not (field == "file_name" and kind_of[name] != "file")
    }
    assert missing == set()


def test_the_address_is_one_and_nobody_is_called_user(mapped: dict[str, dict[str, Any]]) -> None:
    for row in mapped.values():
        assert ip_address(row["src"]) and row["user"] not in ("user", "") and row["slack_actor"] == "ana@corp.example"
    for address in ("", "ana@corp.example", None, "unknown"):
        odd = entry("role_change_to_admin")
        odd["context"]["ip_address"] = address
        assert "src" not in rows_of([odd])[0]


@pytest.mark.parametrize(
    ("action", "details", "user", "src_user"),
    [
        ("role_change_to_admin", {}, "bob@corp.example", "ana@corp.example"),
        ("user_deactivated", {}, "bob@corp.example", "ana@corp.example"),
        ("guest_created", {}, "bob@corp.example", "ana@corp.example"),
        ("user_session_reset_by_admin", {}, "bob@corp.example", "ana@corp.example"),
        ("role_assigned", {"target_user": "W0BOB"}, "W0BOB", "ana@corp.example"),
        ("app_installed", {}, "ana@corp.example", None),
        ("pref.sso_setting_changed", {"new_value": "x"}, "ana@corp.example", None),
        ("file_downloaded", {}, "ana@corp.example", None),
    ],
)
def test_of_a_changed_account_user_is_the_account(
    action: str, details: dict[str, Any], user: str, src_user: str | None
) -> None:
    (row,) = rows_of([entry(action, **details)])
    assert (row["user"], row.get("src_user")) == (user, src_user)


def test_a_sign_in_is_the_persons_own() -> None:
    (row,) = rows_of([entry("user_login", entity=ACTOR, authentication_method="saml")])
    assert (row["user"], row.get("src_user"), row["authentication_method"]) == ("ana@corp.example", None, "saml")


@pytest.mark.parametrize(
    ("reason", "severity", "signature"),
    [
        (["asn", "tor"], "high", "asn, tor"),
        (["tor", "asn"], "high", "asn, tor"),
        ("tor", "high", "tor"),
        (["ip_address", "asn"], "low", "asn, ip_address"),
        (["asn"], "low", "asn"),
        (["ip_address", "user_agent"], "medium", "ip_address, user_agent"),
        (["something_new"], "medium", "something_new"),
        ("asn_of_tomorrow", "medium", "asn_of_tomorrow"),
        ([], "medium", None),
        (None, "medium", "anomaly"),
        (7, "medium", "7"),
    ],
)
def test_an_anomaly_has_one_severity_the_highest(reason: Any, severity: str, signature: str | None) -> None:
    (row,) = rows_of([entry("anomaly", reason=reason, other=1)])
    assert row["severity"] == severity
    if signature is not None:
        assert str(row["signature"]) == signature


def test_an_unknown_action_is_visible_and_in_no_model() -> None:
    (row,) = rows_of([entry("an_action_of_tomorrow")])
    assert row["action"] == "unknown" and row["slack_action"] == "an_action_of_tomorrow" and tags_of(row) == set()


@pytest.mark.parametrize(("tag", "count"), [("authentication", 4), ("alert", 6), ("dlp", 5), ("malware", 1)])
def test_a_search_by_tag_finds_them(tag: str, count: int) -> None:
    assert len(rows_of([entry(action) for action in ACTIONS], spl=f"search tag={tag}")) == count


# --- Beside other add-ons for the same source type. These are small likenesses, written for this test, of what two
# published add-ons do: one renames by aliases and binds its event types to its own source, one looks a vendor's action
# up and puts other things into dest and user.

FIRST_ADDON = {
    "FIELDALIAS-command": "action AS command",
    "FIELDALIAS-user": "actor.type AS user",
    "FIELDALIAS-object_id": "entity.user.id AS object_id",
    "EVAL-vendor_product": '"Slack"',
    "EVAL-app": '"slack enterprise grid"',
}
FIRST_EVENTTYPES = {"slack_audit_addon_change": 'sourcetype="slack:audit" source="slack_audit_logs"'}
SECOND_ADDON = {
    "LOOKUP-vendor_action": "vendor_actions action OUTPUT cim AS action",
    "EVAL-dest": "coalesce('context.ip_address', 'actor.user.email')",
    "EVAL-user": "'actor.user.email'",
    "EVAL-src": "'actor.user.email'",
}


def beside(folder: Path, *, our_context: bool) -> Path:
    """An app folder in which the others' exported settings meet ours.

    Args:
        our_context: a search of our own app, where our settings of the same name win; else one of theirs.
    """
    for name in ("default", "lookups", "bin"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    props = folder / "default" / "props.conf"
    text = props.read_text(encoding="utf-8")
    theirs = {**FIRST_ADDON, **SECOND_ADDON}
    head, mark, rest = text.partition("[slack:audit]\n")
    stanza, bar, others = rest.partition("\n# --- Common Information Model")
    ours = configparser.RawConfigParser(strict=False, delimiters=("=",), interpolation=None)
    ours.optionxform = str  # type: ignore[assignment,method-assign]
    ours.read_string(mark + stanza.replace("\\\n", "\\\n "))
    if our_context:
        theirs = {key: value for key, value in theirs.items() if key not in ours["slack:audit"]}
    else:
        lines, keep = [], True
        for line in stanza.splitlines():
            if line[:1].isupper():
                keep = line.split(" = ")[0] not in theirs
            if keep:
                lines.append(line)
        stanza = "\n".join(lines)
    added = "".join(f"{key} = {value}\n" for key, value in theirs.items())
    props.write_text(f"{head}{mark}{added}{stanza}{bar}{others}", encoding="utf-8")
    with (folder / "default" / "transforms.conf").open("a", encoding="utf-8") as out:
        out.write("\n[vendor_actions]\nfilename = vendor_actions.csv\nmax_matches = 1\n")
    (folder / "lookups" / "vendor_actions.csv").write_text(
        "action,cim\nuser_login,logged in\nrole_change_to_admin,up\n"
    )
    with (folder / "default" / "eventtypes.conf").open("a", encoding="utf-8") as out:
        out.writelines(f"\n[{name}]\nsearch = {spl}\n" for name, spl in FIRST_EVENTTYPES.items())
    with (folder / "default" / "tags.conf").open("a", encoding="utf-8") as out:
        out.writelines(f"\n[eventtype={name}]\nchange = enabled\naudit = enabled\n" for name in FIRST_EVENTTYPES)
    return folder


@pytest.mark.parametrize("our_context", [True, False], ids=["our app", "their app"])
def test_other_add_ons_change_nothing_of_what_we_collected(tmp_path: Path, our_context: bool) -> None:
    names = ["user_login", "role_change_to_admin", "app_installed", "file_downloaded", "anomaly", "huddle_started"]
    entries = [entry(name) for name in names]
    with_them = rows_of(entries, app=beside(tmp_path, our_context=our_context))
    alone = rows_of(entries)
    assert [{**row, "vendor_product": None} for row in with_them] == [{**row, "vendor_product": None} for row in alone]


def test_what_another_add_on_collected_keeps_its_mapping_and_has_our_fields(tmp_path: Path) -> None:
    app = beside(tmp_path, our_context=False)
    (row,) = rows_of([entry("app_installed")], app=app, source=THEIRS)
    assert row["slack_action"] == "app_installed" and row["slack_actor"] == "ana@corp.example"
    assert tags_of(row) == {"change", "audit"} and row["eventtype"] == "slack_audit_addon_change"
    assert "slack_data_model" not in row and row["app"] == "slack enterprise grid"


def test_detections_ask_who_acted_and_not_what_cim_calls_user() -> None:
    """`user` of an event is CIM's, or another add-on's: a search takes slack_actor or makes entries unique first."""
    text = (ROOT / "default" / "savedsearches.conf").read_text(encoding="utf-8").replace("\\\n", " ")
    searches = dict(re.findall(r"^\[(.+)\]\n(?:[^\[].*\n)*?search = (.*)$", text, re.MULTILINE))
    assert len(searches) > 40
    for title, spl in searches.items():
        said = re.sub(r'```.*?```|"[^"]*"', "", spl)
        if "`slack_audit_events`" not in said:
            continue  # reads tables of ours, whose columns are ours
        before = said.split("`slack_audit_unique_events`")[0]
        assert not re.search(r"\b(user|src_user|dest|action)\b(?!\()", before), f"{title} reads it in: {before}"
