"""The checks of `make lint` on the shipped app, and proof that each of them sees what it is there for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.confs import read_conf
from tools.app_check import CHECKS, check_app, macros_used, slug
from tools.conf_check import check_confs
from tools.findings import Problem

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("bin", "default", "README", "lookups", "metadata")
FILES = ("app.manifest", "CHANGELOG.md", "ui/package.json", "ui/package-lock.json")

Check = Callable[[Path], list[Problem]]


@pytest.mark.parametrize("check", [check_confs, *CHECKS], ids=lambda check: check.__name__)
def test_the_shipped_app_passes(check: Check) -> None:
    assert [str(problem) for problem in check(ROOT)] == []


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the app to spoil."""
    return copy_app(tmp_path)


def copy_app(folder: Path) -> Path:
    """Copy what the checks of `make lint` read."""
    for name in PARTS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "ui").mkdir()
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def spoil(app: Path, name: str, old: str, new: str) -> None:
    path = app / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} no longer holds {old!r}: plant the error elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


SAVED = "default/savedsearches.conf"
MACROS = "default/macros.conf"
VIEW = "default/data/ui/views/overview.xml"
SPEC = "README/inputs.conf.spec"


@pytest.mark.parametrize(
    "name, old, new, said",
    [
        (SAVED, "alert.suppress = 1", "alert.supress = 1", "does not know the setting alert.supress"),
        (SAVED, "cron_schedule =", "cron_shedule =", "does not know the setting cron_shedule"),
        (SAVED, "dispatch.earliest_time =", "dispatch.earliest =", "does not know the setting dispatch.earliest"),
        ("default/props.conf", "SHOULD_LINEMERGE", "SHOULD_LINE_MERGE", "does not know the setting SHOULD_LINE_MERGE"),
        ("default/app.conf", "[ui]\n", "[ui]\nis_visibel = 1\n", "does not know the setting is_visibel"),
        ("default/inputs.conf", "page_limit =", "page_size =", "does not know the setting page_size"),
        (SAVED, " \\\n", " \\ \n", "something follows the backslash"),
        (SAVED, " \\\n", " \\\n\n", "an empty line within a continued value"),
        (SAVED, " \\\n", " \\\n# why\n", "a comment or stanza within a continued value"),
        (SAVED, " \\\n", "x\\\n", "ends in one blank and a backslash"),
        (SAVED, "description = ", "description = " + "long " * 30, "at most 120, so wrap the search"),
        (SAVED, "enableSched = 1", "enableSched = 1\nenableSched = 1", "enableSched stands twice"),
        (MACROS, "definition = ", "definition =\t", "a tab"),
        ("default/app.conf", "[id]", "[default]", "a [default] stanza reaches into other apps"),
        (SAVED, "alert.severity = 4", "alert.severity = high", "found 'high', allowed is [1-6]"),
        (SAVED, "alert.suppress.period = 1h", "alert.suppress.period = 1 hour", "found '1 hour', allowed is"),
        (SAVED, "dispatch.latest_time = now", "dispatch.latest_time = today", "found 'today', allowed is"),
        (SAVED, "relation = greater than", "relation = more than", "found 'more than', allowed is"),
        ("default/tags.conf", "= enabled", "= on", "found 'on', allowed is enabled|disabled"),
        ("default/web.conf", "methods = GET", "methods = PATCH", "found 'PATCH"),
        ("default/inputs.conf", "start_by_shell = false", "start_by_shell = no", "found 'no', allowed is false"),
    ],
)
def test_form_and_settings(app: Path, name: str, old: str, new: str, said: str) -> None:
    spoil(app, name, old, new)
    problems = [str(problem) for problem in check_confs(app)]
    assert any(said in problem and problem.startswith(name) for problem in problems), problems


@pytest.mark.parametrize(
    "name, old, new, said",
    [
        ("app.manifest", '"version": "0', '"version": "9', "app.manifest: version 9"),
        ("CHANGELOG.md", "## [0", "## [8", "CHANGELOG.md: version 8"),
        ("default/app.conf", "id = slack", "id = slick", "several ids"),
        (SPEC, "* Default: -30d", "* Default: -31d", "start_time: default '-31d'"),
        (SPEC, "* Default: 60", "* Once a minute", "interval states no `* Default:`"),
        (SPEC, "page_limit =", "page_size =", "page_limit is only in the scheme"),
        (SPEC, "[slack_audit://<name>]", "[slack://<name>]", "the one stanza must be [slack_audit://<name>]"),
        ("default/inputs.conf", "page_limit = 9999\n", "", "page_limit is only in the spec"),
        (MACROS, "[slack_audit_events]", "[slack_audit_event]", "macro slack_audit_events is not in macros.conf"),
        (MACROS, "[slack_audit_events]", "[slack_audit_event]", "[slack_audit_event]: no search uses it"),
        (MACROS, "description = Source of every", "args = Source of every", "has no description"),
        (MACROS, "args = collection", "args = collection, other", "as many arguments as the stanza"),
        (SAVED, '"user_login_failed"', '"user_login_fialed"', "slack_action 'user_login_fialed' is not in"),
        ("lookups/slack_audit_actions.csv", "\nuser_created,", "\nuser_created,user,user,x\nuser_created,", "twice"),
        ("lookups/slack_audit_asn.csv", "\n", "\n192.0.2.0/24,64500\n", "2 columns, the header has 3"),
        ("default/transforms.conf", "filename = slack_audit_asn.csv", "filename = asn.csv", "lookups/asn.csv"),
        ("default/transforms.conf", "collection = slack_audit_seen_c", "collection = seen_c", "no [seen_countries]"),
        ("default/transforms.conf", "slack_audit_local_time.py", "local_time.py", "is not in bin/"),
        (SAVED, "disabled = 1", "disabled = 0", "ships enabled"),
        (SAVED, "alert.track = 1", "alert.track = 0", "alert.track = 1 is needed, found 0"),
        (SAVED, "dispatch.latest_time = now\n", "", "dispatch.latest_time is not set"),
        (SAVED, "description = Chance of action", "description = Odds of action", "the description must open"),
        (SAVED, "_by_account_filter`", "_by_account_filter` | head 1", "the last stage must be"),
        (SAVED, '{"mitre_attack": [', '{"mitre_attack": ', "must be JSON with mitre_attack"),
        (SAVED, "Account - Rule]", "Account - Alert]", "title: 'Slack - ... - Rule'"),
        ("default/data/ui/nav/default.xml", "overview", "overveiw", "there is no view overveiw"),
        (VIEW, '"item": "viz_people"', '"item": "viz_peple"', "viz_peple is placed but not defined"),
        (VIEW, '"primary": "ds_people"', '"primary": "ds_peple"', "data source ds_peple is missing"),
        (VIEW, 'version="2"', 'version="3"', 'needs version="1.1" or "2"'),
        (VIEW, "`slack_audit_events` source", "`slack_events` source", "macro slack_events is not in"),
        (VIEW, '"extend": "ds_activity"', '"extend": "ds_actvity"', "data source ds_actvity is missing"),
        (VIEW, "source=$organisation|s$", "source=$organization|s$", "no input sets $organization$"),
        (VIEW, "source=$organisation|s$", "source=$organisation$", "stands in a search without |s"),
        (VIEW, "form.account=$row.user.value|u$", "form.acount=$row.user.value|u$", "no input that sets form.acount"),
        (VIEW, "form.account=$row.user.value|u$", "form.account=$row.user.value$", "without |u, which escapes it"),
        (VIEW, '"type": "splunk.pie"', '"type": "splunk.map"', "fetches from a server outside"),
        (VIEW, '"title": "Who acted most",', "", "viz_people has no title"),
        ("app.manifest", '"version": "0', '"version": "9', "app.manifest: version 9"),
        ("ui/package.json", '"version": "0', '"version": "9', "ui/package.json: version 9"),
        ("ui/package-lock.json", '"version": "0', '"version": "9', "ui/package-lock.json: version 9"),
        ("CHANGELOG.md", "## [0", "## [9", "CHANGELOG.md: version 9"),
        ("default/app.conf", "[launcher]\nversion = 0", "[launcher]\nversion = 9", "[launcher]: version 9"),
    ],
)
def test_agreement(app: Path, name: str, old: str, new: str, said: str) -> None:
    spoil(app, name, old, new)
    problems = [str(problem) for problem in check_app(app)]
    assert any(said in problem for problem in problems), problems


def test_macros_are_found_with_their_number_of_arguments_and_not_in_comments() -> None:
    text = '`plain` | ```not `this` one``` eval x=`two(a, "b,c")` | where `one(max(a))`'
    assert sorted(macros_used(text)) == ["one(1)", "plain", "two(2)"]


def test_slug_of_a_title() -> None:
    assert slug("Slack - Off-hours Owner-level Change - Rule") == "slack_off_hours_owner_level_change"


CONFS = sorted(path.name for path in (ROOT / "default").glob("*.conf"))


@pytest.mark.parametrize("name", CONFS)
def test_in_no_conf_and_no_stanza_is_an_unknown_setting_taken(name: str, app: Path) -> None:
    """Splunk ignores one without a word. In tags.conf every name is a tag: there the value is what can be wrong."""
    path = app / "default" / name
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if re.fullmatch(r"\[.+\]", line)]
    assert kept, "no stanza at all"
    path.write_text("".join(f"{stanza}\nunheard_of = x\n" for stanza in kept), encoding="utf-8")
    told = [problem for problem in map(str, check_confs(app)) if "unheard_of" in problem]
    assert len(told) == len(kept), told


def test_every_conf_has_its_lists() -> None:
    listed = {title.partition("|")[0].strip() for title in read_conf(ROOT / "tools" / "conf_keys.conf")}
    assert {Path(name).stem for name in CONFS} <= listed
    assert set(read_conf(ROOT / "tools" / "conf_values.conf")) <= listed


def test_app_conf_at_the_root_is_the_one_in_default() -> None:
    link = ROOT / "app.conf"
    assert link.is_symlink(), "app.conf is a copy: two places for the version"
    assert link.resolve() == (ROOT / "default" / "app.conf").resolve()
