"""Check that the parts of the app agree: versions, input scheme, macros, actions, lookups, searches, views.

Reads the app as Splunk would and runs the input with --scheme. The form of the single files is tools/conf_check.py's.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from sandbox.confs import AppConfs
from tools.conf_check import spec_keys
from tools.findings import Problem
from tools.view_check import check_views
from tools.views import read_views

SCHEME = "slack_audit"
SPLUNKDS_OWN = {
    *("python.version", "python.required", "start_by_shell", "run_introspection"),
    *("interval", "index", "host", "source", "sourcetype", "disabled"),
}
"""Settings of the scheme's stanza that splunkd reads itself; the spec describes them only where it narrows them."""

SCHEDULED = ("cron_schedule", "dispatch.earliest_time", "dispatch.latest_time", "description", "search", "enableSched")
SCHEDULE = {"cron_schedule", "enableSched"}
BY_HAND = " - Lookup Backfill"
TYPED = "By hand: "
"""How the description of a macro begins that a person types and no search uses."""

ALERTING = {
    "alert.digest_mode": "0",
    "alert.suppress": "1",
    "counttype": "number of events",
    "relation": "greater than",
    "quantity": "0",
}
# For the report, yet one of the ten alerts that the app exists for: it stands in the list of triggered ones, too.
TRACKED_ALL_THE_SAME = {"Slack - Sign-in from New Network - Rule"}
LEFT_TO_THE_SITE = ("action.email", "action.script", "action.notable", "action.risk")
TITLE = re.compile(r"Slack - [A-Z].* - (Rule|Lookup (Gen|Backfill|Cleanup)|Report)")
LONGEST_TITLE = 80
MACRO = re.compile(r"`([^`()]+)(\(.*?\))?`", re.DOTALL)
COMMENT = re.compile(r"```.*?```", re.DOTALL)
ACTIONS_NAMED = re.compile(r"slack_action\s*(?:=\s*(\"[^\"]*\")|IN\s*\(([^)]*)\))")


def check_versions(root: Path) -> list[Problem]:
    """The version stands in app.conf (twice, for old and new Splunk); what has to repeat it says the same."""
    app = AppConfs(root).conf("app")
    version = app["id"]["version"]
    manifest = json.loads((root / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]
    changelog = re.search(r"^## \[(\d[^\]]*)\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = {
        "default/app.conf [launcher]": app["launcher"]["version"],
        "app.manifest": manifest["version"],
        "CHANGELOG.md": changelog.group(1) if changelog else "none",
    }
    for name in ("package.json", "package-lock.json"):
        found[f"ui/{name}"] = json.loads((root / "ui" / name).read_text(encoding="utf-8"))["version"]
    problems = [
        Problem(where, f"version {other}, but default/app.conf [id] says {version}")
        for where, other in found.items()
        if other != version
    ]
    names = {app["id"]["name"], app["package"]["id"], manifest["name"]}
    if len(names) != 1:
        problems.append(Problem("default/app.conf", f"the app has several ids: {', '.join(sorted(names))}"))
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        problems.append(Problem("default/app.conf", f"version {version}: three numbers are needed, as in 0.1.0"))
    return problems


def scheme_arguments(root: Path) -> dict[str, str]:
    """Return the input's arguments with their descriptions, asked of the script as splunkd does."""
    done = subprocess.run(
        [sys.executable, str(root / "bin" / f"{SCHEME}.py"), "--scheme"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    scheme = ET.fromstring(done.stdout)  # noqa: S314 - our own script's answer
    return {arg.attrib["name"]: arg.findtext("description") or "" for arg in scheme.iterfind("endpoint/args/arg")}


def spec_defaults(root: Path) -> dict[str, str]:
    """Return setting -> the text after `* Default:` in README/inputs.conf.spec; "" when it states none."""
    defaults: dict[str, str] = {}
    setting = ""
    for line in (root / "README" / "inputs.conf.spec").read_text(encoding="utf-8").splitlines():
        named = re.match(r"([\w.]+)\s*=", line)
        if named:
            setting = named.group(1)
            defaults[setting] = ""
        stated = re.match(r"\* Default:\s*(.*)", line)
        if stated and setting:
            defaults[setting] = stated.group(1)
    return defaults


def check_input(root: Path) -> list[Problem]:
    """The scheme, its spec and the shipped defaults name the same settings with the same default values."""
    scheme, spec = scheme_arguments(root), spec_defaults(root)
    shipped = AppConfs(root).conf("inputs")[SCHEME]
    where = "README/inputs.conf.spec"
    problems = []
    for name in sorted(set(scheme) ^ (set(spec) - SPLUNKDS_OWN)):
        problems.append(Problem(where, f"{name} is only {'in the scheme' if name in scheme else 'here'}"))
    for name in sorted(set(spec) ^ (set(shipped) - (SPLUNKDS_OWN - set(spec)))):
        problems.append(Problem("default/inputs.conf", f"{name} is only {'in the spec' if name in spec else 'here'}"))
    for name in sorted(set(spec) & set(shipped)):
        stated = "" if spec[name] == "(empty)" else spec[name]
        if not spec[name]:
            problems.append(Problem(where, f"{name} states no `* Default:`"))
        elif stated != shipped[name]:
            problems.append(Problem(where, f"{name}: default {stated!r}, default/inputs.conf has {shipped[name]!r}"))
        promised = f"Default: {stated or 'empty'}."
        if name in scheme and promised not in scheme[name]:
            problems.append(Problem("the input's --scheme", f"the description of {name} does not say {promised!r}"))
    if [pattern for pattern, _ in spec_keys(root, "inputs")] != [f"{SCHEME}://*"]:
        problems.append(Problem(where, f"the one stanza must be [{SCHEME}://<name>]"))
    return problems


def macros_used(text: str) -> Iterator[str]:
    """Yield the macros that a search names, as macros.conf names them: `name` or `name(2)`."""
    for name, arguments in MACRO.findall(COMMENT.sub(" ", text)):
        count = len(_split(arguments[1:-1])) if arguments else 0
        yield f"{name.strip()}({count})" if count else name.strip()


def _split(arguments: str) -> list[str]:
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,])+', arguments)
    return [part for part in parts if part.strip()]


def view_searches(root: Path) -> dict[str, str]:
    """Return place -> search for every search of the dashboards, chains resolved, drill-downs included."""
    found: dict[str, str] = {}
    for view in read_views(root):
        found.update((f"{view.where} ({name})", query) for name, query in view.queries().items())
        found.update((f"{view.where} ({link.panel}, on click)", link.query) for link in view.links() if link.query)
    return found


def searches(root: Path) -> dict[str, str]:
    """Return place -> text of everything that is search language: saved searches, event types, macros, dashboards."""
    found = {
        f"{conf}.conf [{name}]": stanza.get(key, "")
        for conf, key in (("savedsearches", "search"), ("eventtypes", "search"), ("macros", "definition"))
        for name, stanza in AppConfs(root).conf(conf).items()
    }
    return {**found, **view_searches(root)}


def check_macros(root: Path) -> list[Problem]:
    """Every macro is described and used, every macro in use exists, and arguments match the name."""
    macros = AppConfs(root).conf("macros")
    used: set[str] = set()
    problems = []
    for where, text in searches(root).items():
        for name in macros_used(text):
            used.add(name)
            if name not in macros:
                problems.append(Problem(where, f"macro {name} is not in macros.conf"))
    for name, stanza in macros.items():
        where = f"macros.conf [{name}]"
        if not stanza.get("description"):
            problems.append(Problem(where, "has no description"))
        if name not in used and not stanza.get("description", "").startswith(TYPED):
            problems.append(Problem(where, "no search uses it"))
        count, named = re.search(r"\((\d+)\)$", name), stanza.get("args", "")
        if len(_split(named)) != int(count.group(1) if count else 0):
            problems.append(Problem(where, f"args does not name as many arguments as the stanza: {named!r}"))
    return problems


def known_actions(root: Path) -> list[str]:
    """Return the actions of lookups/slack_audit_actions.csv in file order."""
    with (root / "lookups" / "slack_audit_actions.csv").open(encoding="utf-8", newline="") as handle:
        return [row["slack_action"] for row in csv.DictReader(handle)]


def check_actions(root: Path) -> list[Problem]:
    """Every action that a search compares with exists, and the list of actions has no doubles."""
    actions = known_actions(root)
    lookup = "lookups/slack_audit_actions.csv"
    doubled = {name for name in actions if actions.count(name) > 1}
    problems = [Problem(lookup, f"{name} stands twice") for name in sorted(doubled)]
    known = set(actions)
    for where, text in searches(root).items():
        # A macro that stands within IN ( ) is nothing but quoted names.
        lists = [single or several for single, several in ACTIONS_NAMED.findall(text)]
        if re.fullmatch(r'\s*("[\w.*]+"[\s,\\]*)+', text):
            lists.append(text)
        for name in re.findall(r'"([^"]*)"', " ".join(lists)):
            pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
            if not any(pattern.fullmatch(action) for action in known):
                problems.append(Problem(where, f"slack_action {name!r} is not in {lookup}"))
    return problems


def check_lookups(root: Path) -> list[Problem]:
    """Lookup, file and definition carry one name; every file has a header, every row its columns."""
    transforms = AppConfs(root).conf("transforms")
    collections = AppConfs(root).conf("collections")
    problems = []
    for path in sorted((root / "lookups").glob("*.csv")):
        where = f"lookups/{path.name}"
        if transforms.get(path.stem, {}).get("filename") != path.name:
            problems.append(Problem(where, f"transforms.conf has no [{path.stem}] with filename = {path.name}"))
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle, strict=True))
        if not rows or len(set(rows[0])) != len(rows[0]) or not all(re.fullmatch(r"\w+", name) for name in rows[0]):
            problems.append(Problem(where, "the first line must name the columns, each once"))
        problems += [
            Problem(f"{where}:{number}", f"{len(row)} columns, the header has {len(rows[0])}")
            for number, row in enumerate(rows[1:], start=2)
            if len(row) != len(rows[0])
        ]
    for name, stanza in transforms.items():
        file, collection = stanza.get("filename"), stanza.get("collection")
        if file and not (root / "lookups" / file).is_file():
            problems.append(Problem(f"transforms.conf [{name}]", f"lookups/{file} does not exist"))
        if collection and collection not in collections:
            problems.append(Problem(f"transforms.conf [{name}]", f"collections.conf has no [{collection}]"))
        if stanza.get("external_cmd") and not (root / "bin" / stanza["external_cmd"].split()[0]).is_file():
            problems.append(Problem(f"transforms.conf [{name}]", "the script of external_cmd is not in bin/"))
    return problems


def slug(title: str) -> str:
    """Return the slug of an alert's title: `Slack - Guest Added - Rule` gives `slack_guest_added`."""
    return re.sub(r"[^a-z0-9]+", "_", title.removesuffix(" - Rule").lower()).strip("_")


def check_searches(root: Path) -> list[Problem]:
    """Saved searches: named, bounded, shipped disabled; alerts tracked, throttled, filtered, with ATT&CK ids."""
    problems = []
    for title, stanza in AppConfs(root).conf("savedsearches").items():
        where = f"savedsearches.conf [{title}]"

        def complain(sentence: str, where: str = where) -> None:
            problems.append(Problem(where, sentence))

        if not TITLE.fullmatch(title) or len(title) > LONGEST_TITLE:
            complain(f"title: 'Slack - ... - Rule' (or Lookup Gen, Report), at most {LONGEST_TITLE} characters")
        by_hand = title.endswith(BY_HAND)
        for key in sorted(set(SCHEDULED) - (SCHEDULE if by_hand else set())):
            if not stanza.get(key):
                complain(f"{key} is not set")
        if by_hand and (stanza.get("enableSched", "0") != "0" or stanza.get("cron_schedule")):
            complain("is run by hand: it has no schedule")
        # What is disabled cannot be run by hand either.
        if stanza.get("disabled") != ("0" if by_hand else "1"):
            complain("ships disabled; disabled = 0 is needed" if by_hand else "ships enabled; disabled = 1 is needed")
        for key in LEFT_TO_THE_SITE:
            if stanza.get(key, "0") not in ("0", "false"):
                complain(f"{key} must stay off: only an administrator can know that it works here")
        if not title.endswith(" - Rule"):
            continue
        archived = stanza.get("action.slack_audit_finding.param.tier") == "archive"
        untracked = archived and title not in TRACKED_ALL_THE_SAME
        for key, value in {**ALERTING, "alert.track": "0" if untracked else "1"}.items():
            if stanza.get(key) != value:
                complain(f"{key} = {value} is needed, found {stanza.get(key, 'nothing')}")
        for key in ("alert.severity", "alert.expires", "alert.suppress.fields", "alert.suppress.period"):
            if not stanza.get(key):
                complain(f"{key} is not set")
        if not stanza.get("description", "").startswith("Chance of action: "):
            complain("the description must open with 'Chance of action: ...'")
        if not stanza.get("search", "").rstrip().endswith(f"| `{slug(title)}_filter`"):
            complain(f"the last stage must be `{slug(title)}_filter`")
        try:
            if not json.loads(stanza["action.correlationsearch.annotations"])["mitre_attack"]:
                raise ValueError
        except (KeyError, ValueError):
            complain("action.correlationsearch.annotations must be JSON with mitre_attack")
    return problems


CHECKS = (
    check_versions,
    check_input,
    check_macros,
    check_actions,
    check_lookups,
    check_searches,
    check_views,
)


def check_app(root: Path) -> list[Problem]:
    """Run every check of this module on the app at `root`."""
    return [problem for check in CHECKS for problem in check(root)]
