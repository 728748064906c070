"""The setup page's logic by itself: the same verdicts as the app's own Python on forms, schedules, states, macros."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.ui.setup_questions import Ask, ask, columns, site_lookups
from tools import setup_catalogue
from tools.environments import ROOT

__all__ = ["ask", "columns", "site_lookups"]
pytestmark = pytest.mark.once

NOW = 1_764_331_200  # 2025-11-28 12:00:00 UTC


# -- words


def test_status_in_plain_words(ask: Ask) -> None:
    def run(**fields: str) -> dict[str, str]:
        return {"input": "prod", "host": "h", "last": str(NOW - 30), "outcome": "done", "lag_seconds": "4",
                "entries_today": "1234", **fields}  # fmt: skip

    cases: list[tuple[list[Any], str, str]] = [
        ([False, "60", None], "unknown", "Looking ..."),
        ([False, "60", []], "unknown", "No run yet"),
        ([True, "60", []], "off", "Off"),
        ([True, "60", [run()]], "off", "Off"),
        ([False, "60", [run()]], "good", "Working"),
        ([False, "60", [run(outcome="refused", reason="token: revoked.")]], "bad", "Stopped"),
        ([False, "60", [run(outcome="crashed")]], "bad", "Stopped"),
        ([False, "60", [run(outcome="failed", reason="Slack is away.")]], "warning", "Waiting"),
        ([False, "60", [run(outcome="rate_limited")]], "warning", "Waiting"),
        ([False, "60", [run(last=str(NOW - 500))]], "bad", "Silent"),
        ([False, "3600", [run(last=str(NOW - 500))]], "good", "Working"),
        ([False, "*/5 * * * *", [run(last=str(NOW - 3000))]], "good", "Working"),
        ([False, "60", [run(lag_seconds="7200")]], "warning", "Behind"),
        ([False, "60", [run(last=str(NOW - 900), outcome="refused"), run(host="h2")]], "good", "Working"),
    ]
    answers = ask(*(["status", *given, NOW] for given, _, _ in cases))
    assert [(answer["mood"], answer["word"]) for answer in answers] == [(mood, word) for _, mood, word in cases]
    assert answers[5]["detail"] == "token: revoked."
    assert answers[4]["lastRun"] == "30 seconds ago" and answers[4]["lag"] == "4 seconds"
    assert answers[4]["entriesToday"] == "1,234" and answers[13]["entriesToday"] == "2,468"


@pytest.mark.parametrize(
    "line, said",
    [
        ("*/5 * * * *", "every 5 minutes"),
        ("4-59/15 * * * *", "every 15 minutes"),
        ("25,55 * * * *", "2 times an hour"),
        ("30 * * * *", "every hour"),
        ("53 2 * * *", "daily at 02:53"),
        ("29 3 * * 0", "Sundays at 03:29"),
        ("0 7 * * 1-5", "on working days at 07:00"),
        ("53 */4 * * *", "every 4 hours"),
        ("23 1-23/6 * * *", "every 6 hours"),
        ("1 2 3 4 5", "1 2 3 4 5"),
        ("nonsense", "nonsense"),
    ],
)
def test_schedules_in_words(ask: Ask, line: str, said: str) -> None:
    assert ask(["cron", line]) == [said]


def test_every_shipped_schedule_has_words(ask: Ask) -> None:
    from sandbox.confs import AppConfs

    stanzas = AppConfs(ROOT).conf("savedsearches").values()
    lines = sorted({stanza["cron_schedule"] for stanza in stanzas if stanza.get("cron_schedule")})
    assert [line for line, said in zip(lines, ask(*(["cron", line] for line in lines))) if line == said] == []


# -- forms


NO_SECRETS = dict.fromkeys(
    ["token", "clientId", "clientSecret", "refreshToken", "accessToken", "proxyUser", "proxyPassword"], ""
)


def test_what_the_form_stores_is_what_the_collector_reads(ask: Ask) -> None:
    credentials = setup_catalogue._ours(ROOT, "credentials")
    fixed = {**NO_SECRETS, "kind": "token", "token": " xoxp-1-2 "}
    pair = {**NO_SECRETS, "kind": "rotating", "clientId": "1.2", "clientSecret": "s3cret", "refreshToken": "xoxe-1-r"}
    full = {**pair, "accessToken": "xoxe.xoxp-1-a"}
    texts = ask(["secretText", fixed], ["secretText", pair], ["secretText", full])
    read = [credentials.read_credentials("prod", {"prod": text}) for text in texts]
    assert read[0].token == "xoxp-1-2" and not read[0].rotates
    assert read[1].rotates and read[1].token == "" and read[1].refresh_token == "xoxe-1-r"
    assert read[2].token == "xoxe.xoxp-1-a" and read[2].client_secret == "s3cret"


@pytest.mark.parametrize("prefix", ["xoxb-", "xoxe.xoxb-", "xoxe-", "xapp-", "xoxa-", "xoxc-", "xoxd-", "xoxs-"])
def test_the_wrong_kind_of_token_is_named_before_splunk_is_asked(ask: Ask, prefix: str) -> None:
    credentials = setup_catalogue._ours(ROOT, "credentials")
    assert prefix in credentials._WRONG_KINDS
    ((answer),) = ask(["checkSecrets", {**NO_SECRETS, "kind": "token", "token": f"{prefix}1-2"}, True])
    assert "cannot read audit logs" in answer["token"]


def test_settings_are_refused_by_the_limits_of_the_table(ask: Ask) -> None:
    bounded = [one for one in setup_catalogue.settings(ROOT) if one["low"] is not None]
    (defaults,) = ask(["defaults"])
    assert ask(["checkSettings", defaults]) == [{}]
    for one in bounded:
        values = [str(one["low"]), str(one["high"]), str(one["low"] - 1), str(one["high"] + 1), "ten", "1.5"]
        answers = ask(*(["checkSettings", {**defaults, one["name"]: value}] for value in values))
        assert [bool(answer) for answer in answers] == [False, False, True, True, True, True], one["name"]


BAD_NAMES = [
    *["", " ", " prod", "prod\xa0", "\u3000prod", "\ufeffprod", "x" * 101, "\U0001f512" * 101],
    *["a:b", "a/b", "a\\b", "a*", "a?", 'q"', "<a", "a>", "a|b", "[a", "a]"],
    *["a\nb", "a\0b", "a\x7fb", "a\x85", "a\x9fb", "a\ufeffb"],
    *[".", "..", "a%2Fb", "a%2fb", "%2F"],
    *["a.proxy", ".proxy", "a.renewed", "a@relay.example", "@", "digest_model", "digest_model.api.example"],
    *["digest_pseudonyms", "setup-test"],
]
GOOD_NAMES = [
    *["prod", "two words", "a%20b", "%", "it's #1; a&b=c", "${i} {k}", "東京 \u202erf", "\U0001f512" * 100],
    *["...", "a.b", "a.proxy.b", ".proxya", "a proxy", "proxy", "Setup-Test", "digest", "my digest_model"],
    *["a\u2028b", "a\xa0b", "a\xadb"],
]


def _input_takes(name: str) -> bool:
    names = setup_catalogue._ours(ROOT, "names")
    try:
        names.check_name(name, "60")
    except setup_catalogue._ours(ROOT, "errors").ConfigError as problem:
        assert str(problem).startswith("name: found ") and str(problem).endswith("Choose another name.")
        return False
    return True


def test_page_and_input_have_one_verdict_on_each_name(ask: Ask) -> None:
    names = [*BAD_NAMES, *GOOD_NAMES]
    answers = ask(*(["checkName", name, ["taken"]] for name in names))
    assert [name for name, answer in zip(names, answers) if answer is None] == GOOD_NAMES
    assert [name for name in names if _input_takes(name)] == GOOD_NAMES
    assert ask(["checkName", "taken", ["taken"]]) != [None]


def test_page_and_input_have_one_verdict_on_each_sign(ask: Ask) -> None:
    signs = [*map(chr, [*range(0x300), *range(0x2000, 0x2070), 0x1680, 0x180E, 0x3000, 0xFEFF, 0xFFFF, 0x1F512])]
    names = [name for sign in signs for name in (f"a{sign}b", f"a{sign}", f"{sign}b")]
    answers = ask(*(["checkName", name, []] for name in names))
    assert [name for name, answer in zip(names, answers) if (answer is None) is not _input_takes(name)] == []


RELAYS = [
    *["", "https://api.slack.com", "https://API.slack.com:443/audit/v1/", "https://api.slack-gov.com", "https://slack.com/"],
    *["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/audit/v1/", "https://127.9.8.7"],
    *["https://relay.corp.example", "https://RELAY.corp.example:8443/audit/v1/", "https://api.slack.com.evil.example"],
    *["https://192.0.2.7", "https://[2001:DB8::1]:8443", "https://evil.example/api.slack.com/audit/v1", "https://xlocalhost"],
]


@pytest.mark.parametrize("url", RELAYS)
def test_page_and_input_store_a_token_under_the_same_name(ask: Ask, url: str) -> None:
    settings = setup_catalogue._ours(ROOT, "settings").read_settings("prod", {"api_url": url}, time.time())
    name, others = ask(["tokenName", "prod", {"api_url": url}], ["secretNames", "prod", {"api_url": url}])
    assert name == settings.secret_name
    assert {"prod", "prod.renewed", "prod.proxy", name, f"{name}.renewed"} == set(others)


def test_the_input_lets_the_page_test_under_the_name_that_it_takes_from_others() -> None:
    names = setup_catalogue._ours(ROOT, "names")
    page = (ROOT / "ui/src/setup/flows/trial.ts").read_text(encoding="utf-8")
    assert f"const NEVER = '{names.TRIAL_INTERVAL}'" in page
    names.check_name(names.TRIAL, names.TRIAL_INTERVAL)


def test_the_page_knows_how_the_input_says_that_it_did_not_ask_slack() -> None:
    page = (ROOT / "ui/src/setup/flows/trial.ts").read_text(encoding="utf-8")
    said = page.split("const UNTRIED = '")[1].split("'")[0]
    assert f'"{said}: ' in (ROOT / "bin/slack_audit_monitor/modinput.py").read_text(encoding="utf-8")


def test_the_inputs_sentence_finds_its_field(ask: Ask) -> None:
    said = ["token: it lacks the scope.", "start_time: found \"x\"; allowed is y.", "Slack cannot be reached.",
            "Argument validation for scheme=slack_audit: token: it is empty.", "unknown: word"]  # fmt: skip
    answers = ask(*(["placed", sentence] for sentence in said))
    assert [answer["field"] for answer in answers] == ["token", "start_time", "", "token", ""]
    assert answers[0]["text"] == "It lacks the scope." and answers[3]["text"] == "It is empty."


@pytest.mark.parametrize(
    "name, value, shipped, is_sound",
    [
        ("x_threshold", "12", "10", True),
        ("x_threshold", "many", "10", False),
        ("x_threshold", "1.5", "10", False),
        ("x_ratio", "1.5", "2.0", True),
        ("x_ratio", "two", "2.0", False),
        ("x", "", "10", False),
        ("x_words", '"^a(b|c)$"', '"^a$"', True),
        ("x_words", "^a$", '"^a$"', False),
        ("x_words", '"a', '"^a$"', False),
        ("x_filter", 'search NOT user="a@b"', "search *", True),
        ("x_filter", 'NOT user="a@b"', "search *", False),
        ("x_filter", "search (a", "search *", False),
        ("slack_audit_index", '(index="a" OR index="b")', 'index="slack_audit"', True),
    ],
)
def test_macros_are_looked_at_before_they_are_saved(
    ask: Ask, name: str, value: str, shipped: str, is_sound: bool
) -> None:
    assert (ask(["macroProblem", name, value, shipped]) == [None]) is is_sound


def test_every_shipped_macro_passes_its_own_check(ask: Ask) -> None:
    shipped = setup_catalogue.macros(ROOT)
    answers = ask(*(["macroProblem", name, value, value] for name, value in shipped.items()))
    assert {name: said for name, said in zip(shipped, answers) if said} == {}


@pytest.mark.parametrize(
    "facts, role",
    [
        ({"roles": ["indexer", "search_head"], "organisations": 0, "enabledAlerts": 0}, "both"),
        ({"roles": ["heavyweight_forwarder"], "organisations": 0, "enabledAlerts": 0}, "collect"),
        ({"roles": ["heavyweight_forwarder"], "organisations": 1, "enabledAlerts": 3}, "both"),
        ({"roles": ["search_head", "shc_member"], "organisations": 0, "enabledAlerts": 0}, "search"),
        ({"roles": ["search_head", "shc_captain"], "organisations": 1, "enabledAlerts": 0}, "both"),
    ],
)
def test_the_likely_role_of_a_host(ask: Ask, facts: dict[str, Any], role: str) -> None:
    assert ask(["likelyRole", facts]) == [role]


# -- what the page is built with


def test_page_scheme_spec_and_defaults_name_the_same_settings(ask: Ask) -> None:
    from sandbox.confs import read_conf
    from tools.app_check import scheme_arguments, spec_defaults

    (shipped,) = ask(["shipped"])
    named = {one["name"]: one for one in shipped["settings"]}
    defaults = read_conf(ROOT / "default" / "inputs.conf")["slack_audit"]
    assert set(named) == set(scheme_arguments(ROOT)) | {"interval", "index"}
    for name, one in named.items():
        assert one["default"] == defaults[name]
        assert one["help"] or name == "index", f"{name} has no help"
        if name != "index":
            assert one["default"] == spec_defaults(ROOT)[name].replace("(empty)", "")


def test_every_alert_list_and_tunable_macro_is_on_the_page(ask: Ask) -> None:
    from sandbox.confs import AppConfs

    (shipped,) = ask(["shipped"])
    confs = AppConfs(ROOT)
    rules = [name for name in confs.conf("savedsearches") if name.endswith(" - Rule")]
    assert [alert["name"] for alert in shipped["alerts"]] == rules
    assert {lookup["name"] for lookup in shipped["lookups"]} == set(setup_catalogue._ours(ROOT, "site_lookups").COLUMNS)
    macros = confs.conf("macros")
    on_page = {*shipped["siteMacros"], *(name for alert in shipped["alerts"] for name in alert["macros"])}
    assert on_page == set(shipped["macroDefaults"])
    assert {name: macros[name]["definition"] for name in on_page} == shipped["macroDefaults"]
    for alert in shipped["alerts"]:
        assert alert["macros"][-1].endswith("_filter"), alert["name"]


@pytest.mark.parametrize("rotation", ["fixed", "rotating"])
def test_the_manifest_asks_for_nothing_but_the_audit_log(ask: Ask, rotation: str) -> None:
    manifest = json.loads(ask(["manifestText", rotation])[0])
    assert manifest["oauth_config"]["scopes"] == {"user": ["auditlogs:read"], "bot": ["team:read"]}
    assert manifest["settings"]["org_deploy_enabled"] is True
    assert manifest["settings"]["token_rotation_enabled"] is (rotation == "rotating")


def test_texts_stand_in_one_file() -> None:
    """No component brings words of its own: between tags and in labels there are only references."""
    import re

    for path in sorted((ROOT / "ui" / "src" / "setup").rglob("*.tsx")):
        source = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        assert not re.search(r">\s*[A-Z][a-z]+ [a-z]+", source), path.name
        assert not re.search(r"\b(label|title|help|aria-label|text)[=:]\s*['\"][A-Z]", source), path.name
