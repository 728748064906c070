"""Write docs/detections.md, docs/macros.md, the columns in docs/tuning.md and the lookups that follow from the confs.

Or say that they are stale.

What a person reads about an alert stands in the alert itself (description, parameters of the alert action, comments
of macros), so that it cannot say something else than the search does. What belongs to no search (rows that are no
alert and why, what the log cannot show at all) stands in tools/detections_doc.conf. The meaning of a lookup is written
in docs/tuning.md; its columns are taken from the file.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.confs import AppConfs, read_conf
from tools import macros_doc, searches_lookup
from tools.app_check import macros_used, slug
from tools.findings import Problem

TEXTS = "tools/detections_doc.conf"
DETECTIONS = "docs/detections.md"
TUNING = "docs/tuning.md"
RULES = "lookups/slack_audit_rules.csv"
PARAM = "action.slack_audit_finding.param."
TIERS = {"page": "act now", "review": "look today", "archive": "report only"}
LEVELS = ("critical", "high", "medium", "low", "informational")

_QUOTED = re.compile(r'"(critical|high|medium|low|informational)"')
_LOOKUP = re.compile(
    r"\b(?:lookup|inputlookup|outputlookup)\s+(?:(?:local|append|update|key_field)=\S+\s+)*(slack_audit_\w+)"
)
_LOOKUP_ROW = re.compile(r"^\| `(slack_audit_\w+)` \| `([^`]*,[^`]*)` \|", re.MULTILINE)


@dataclass(frozen=True)
class Alert:
    """One alert as its stanza describes it."""

    title: str
    stanza: Mapping[str, str]

    @property
    def slug(self) -> str:
        return slug(self.title)

    @property
    def name(self) -> str:
        return self.title.removeprefix("Slack - ").removesuffix(" - Rule")

    @property
    def rows(self) -> list[str]:
        return [row.strip() for row in self.param("rows").split(",") if row.strip()]

    @property
    def tier(self) -> str:
        return self.param("tier")

    def param(self, name: str) -> str:
        """A parameter of the alert action, on one line."""
        return " ".join(self.stanza.get(PARAM + name, "").replace("\\", " ").split())

    @property
    def description(self) -> tuple[str, str]:
        """The chance of action, and the rest of the description."""
        text = " ".join(self.stanza["description"].split())
        match = re.match(r"Chance of action: ([^.]+)\.\s*(.*)", text)
        return (match.group(1), match.group(2)) if match else ("", text)

    @property
    def techniques(self) -> list[str]:
        return list(json.loads(self.stanza["action.correlationsearch.annotations"])["mitre_attack"])


class Catalogue:
    """What the confs of an app say about its searches."""

    def __init__(self, root: Path) -> None:
        confs = AppConfs(root)
        self.root = root
        self.saved = confs.conf("savedsearches")
        self.macros = confs.conf("macros")
        self.transforms = confs.conf("transforms")
        self.texts = read_conf(root / TEXTS)
        self.alerts = [Alert(title, stanza) for title, stanza in self.saved.items() if title.endswith(" - Rule")]

    def expanded(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield (macro, definition) for every macro that a text reaches, each once."""
        done: set[str] = set()
        waiting = list(macros_used(text))
        while waiting:
            name = waiting.pop(0)
            if name in done or name not in self.macros:
                continue
            done.add(name)
            yield name, self.macros[name].get("definition", "")
            waiting += macros_used(self.macros[name].get("definition", ""))

    def whole_text(self, text: str) -> str:
        """A search with the definitions of all its macros behind it."""
        return " ".join([text, *(definition for _, definition in self.expanded(text))])

    def tunable(self, alert: Alert) -> list[tuple[str, str, str]]:
        """Macros that a site sets: name, default, description; the alert's own first."""
        used = [name for name, _ in self.expanded(alert.stanza["search"])]
        own = [name for name in used if name.startswith(alert.slug + "_")]
        shared = [name for name in used if name not in own and is_tunable(name, self.macros[name])]
        return [
            (name, _one_line(self.macros[name].get("definition", "")), _one_line(self.macros[name]["description"]))
            for name in [*sorted(own, key=lambda name: name.endswith("_filter")), *shared]
        ]

    def lookups(self, text: str) -> list[str]:
        """Lookups that a search reads or writes, macros included."""
        return sorted(set(_LOOKUP.findall(self.whole_text(text))))

    def severities(self, alert: Alert) -> list[str]:
        """The levels that a search gives, the most urgent first: what it states, else what its lookups hold."""
        text = alert.stanza["search"]
        # The macro compares the severity, it does not assign one.
        reached = [definition for name, definition in self.expanded(text) if name != "slack_audit_finding"]
        stated = severities_of(" | ".join([text, *reached]))
        return stated or self._levels_in_lookups(text)

    def _levels_in_lookups(self, text: str) -> list[str]:
        """Levels that the shipped lookups of a search hold, where the search takes its severity from one."""
        found: set[str] = set()
        for name in self.lookups(text):
            file = self.transforms.get(name, {}).get("filename")
            if file:
                with (self.root / "lookups" / file).open(encoding="utf-8", newline="") as handle:
                    found.update(word for row in csv.reader(handle) for cell in row for word in cell.split())
        return [level for level in LEVELS if level in found]


def is_tunable(name: str, macro: Mapping[str, str]) -> bool:
    """Tell whether a macro is a value and not a piece of a search."""
    definition = macro.get("definition", "").strip()
    return "(" not in name and bool(re.fullmatch(r'[\d.]+|"[^"]*"', definition))


def severities_of(text: str) -> list[str]:
    """Return the levels that a search assigns to `severity`."""
    found: set[str] = set()
    for assigned in re.finditer(r"\bseverity=", text):
        found |= set(_QUOTED.findall(_expression(text[assigned.end() :])))
    return [level for level in LEVELS if level in found]


def _expression(text: str) -> str:
    """The expression at the beginning of a text: to the first comma or pipe outside brackets and quotes."""
    depth, quoted = 0, False
    for at, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "([":
            depth += 1
        elif not quoted and letter in ")]":
            depth -= 1
            if depth < 0:
                return text[:at]
        elif not quoted and depth == 0 and letter in ",|":
            return text[:at]
    return text


def _one_line(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def row_key(row: str) -> tuple[int, str]:
    """Order of rows: U2 before U10, U18 before U18.high."""
    number = re.search(r"\d+", row)
    return (int(number.group()) if number else 0, row)


def reading(stanza: Mapping[str, str]) -> str:
    """In words: when a search runs and over what."""
    cron = stanza.get("cron_schedule", "")
    span = f"event time `{stanza.get('dispatch.earliest_time')}` to `{stanza.get('dispatch.latest_time')}`"
    if "dispatch.index_earliest" in stanza:
        indexed = f"`{stanza['dispatch.index_earliest']}` and `{stanza['dispatch.index_latest']}`"
        span = f"what was indexed between {indexed}, {span}"
    return f"`{cron}` over {span}" if cron else f"by hand, over {span}"


def document(catalogue: Catalogue) -> str:
    """Return docs/detections.md."""
    texts = catalogue.texts
    alerts = sorted(catalogue.alerts, key=lambda alert: row_key(min(alert.rows, key=row_key, default="")))
    out = ["# Detections", "", _one_line(texts["introduction"]["text"]), ""]
    out += ["| Row | Alert | Severity | Tier | ATT&CK |", "|---|---|---|---|---|"]
    out += [
        f"| {', '.join(alert.rows)} | [{alert.name}](#{alert.slug}) | {', '.join(catalogue.severities(alert))} "
        f"| {alert.tier} | {', '.join(alert.techniques)} |"
        for alert in alerts
    ]
    others = [(title, stanza) for title, stanza in catalogue.saved.items() if not title.endswith(" - Rule")]
    out += ["", "Rows without an alert: [not built](#not-built). What no rule can see: [blind spots](#blind-spots)."]
    for alert in alerts:
        out += ["", *_section(catalogue, alert)]
    out += ["", '<a id="baselines"></a>', "## What keeps the histories", ""]
    out += ["| Search | What | Runs |", "|---|---|---|"]
    out += [
        f"| {title.removeprefix('Slack - ')} | {_cell(_one_line(stanza['description']))} | {_cell(reading(stanza))} |"
        for title, stanza in others
    ]
    out += ["", '<a id="not-built"></a>', "## Rows that are not alerts", "", "| Row | What | Why |", "|---|---|---|"]
    for row, entry in sorted(not_built(texts).items(), key=lambda item: row_key(item[0])):
        out.append(f"| {row} | {_cell(entry['what'])} | {_cell(_one_line(entry['why']))} |")
    out += ["", '<a id="blind-spots"></a>', "## What the audit log cannot show", ""]
    out += [f"- {_one_line(text)}" for _, text in sorted(texts["blind spots"].items())]
    return "\n".join(out) + "\n"


def not_built(texts: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Return row -> what and why, of the rows without an alert."""
    return {name.removeprefix("not built "): entry for name, entry in texts.items() if name.startswith("not built ")}


def _section(catalogue: Catalogue, alert: Alert) -> Iterable[str]:
    chance, description = alert.description
    yield f'<a id="{alert.slug}"></a>'
    yield f"## {alert.name}"
    yield ""
    yield description
    yield ""
    yield f"- **Rows** {', '.join(alert.rows)} · **severity** {', '.join(catalogue.severities(alert))} · **tier** " + (
        f"{alert.tier} ({TIERS.get(alert.tier, 'unknown')}) · **chance of action** {chance}"
    )
    yield (
        f"- **Runs** {reading(alert.stanza)}; throttled by {_code(alert.stanza['alert.suppress.fields'])} for "
        + (alert.stanza["alert.suppress.period"])
    )
    lookups = catalogue.lookups(alert.stanza["search"])
    if lookups:
        yield f"- **Lookups** {', '.join(_code(name) for name in lookups)}"
    yield f"- **ATT&CK** {', '.join(alert.techniques)}"
    for label, name in (("Tuning", "tuning"), ("False positives", "false_positives"), ("Blind spots", "blind_spots")):
        if alert.param(name):
            yield f"- **{label}** {alert.param(name)}"
    yield ""
    yield "| Macro | Default | Meaning |"
    yield "|---|---|---|"
    for name, default, meaning in catalogue.tunable(alert):
        yield f"| `{name}` | {_code(default)} | {_cell(meaning)} |"


def lookup_columns(root: Path) -> dict[str, str]:
    """Return CSV lookup -> its columns, comma separated, from the header of its file."""
    columns = {}
    for name, stanza in AppConfs(root).conf("transforms").items():
        # A second view of a file explains itself where it is defined.
        if stanza.get("filename") == f"{name}.csv":
            with (root / "lookups" / stanza["filename"]).open(encoding="utf-8", newline="") as handle:
                columns[name] = ",".join(next(csv.reader(handle)))
        elif name.endswith("_reviews"):  # the only lists of the KV store that people write
            columns[name] = stanza["fields_list"].replace(" ", "").replace("_key,", "")
    return columns


def tuning(root: Path) -> str:
    """Return docs/tuning.md with the columns of each lookup as its file has them."""
    columns = lookup_columns(root)

    def corrected(row: re.Match[str]) -> str:
        return f"| `{row[1]}` | `{columns.get(row[1], row[2])}` |"

    return _LOOKUP_ROW.sub(corrected, (root / TUNING).read_text(encoding="utf-8"))


def rules(catalogue: Catalogue) -> str:
    """Return lookups/slack_audit_rules.csv: what a person who reads a finding wants to know of its alert."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rule", "rows", "tier", "chance", "why", "false_positives", "tuning", "blind_spots"])
    for alert in catalogue.alerts:
        chance, why = alert.description
        known = [alert.param(name) for name in ("false_positives", "tuning", "blind_spots")]
        writer.writerow([alert.title, " ".join(alert.rows), alert.tier, chance, why, *known])
    return text.getvalue()


def outputs(root: Path) -> dict[str, str]:
    """Return path -> what the file must hold."""
    catalogue = Catalogue(root)
    return {
        DETECTIONS: document(catalogue),
        TUNING: tuning(root),
        macros_doc.PATH: macros_doc.macros_page(root),
        RULES: rules(catalogue),
        searches_lookup.PATH: searches_lookup.searches(root),
        searches_lookup.WATCHED_PATH: searches_lookup.watched_actions(root),
    }


def check_docs(root: Path) -> list[Problem]:
    """Report what is stale, and lookups that nobody explains."""
    problems = [
        Problem(name, "is not what the confs say: run `make docs`")
        for name, text in outputs(root).items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != text
    ]
    explained = {row[1] for row in _LOOKUP_ROW.finditer((root / TUNING).read_text(encoding="utf-8"))}
    columns = lookup_columns(root)
    problems += [
        Problem(TUNING, f"no row of the table says what {name} means") for name in sorted(set(columns) - explained)
    ]
    problems += [Problem(TUNING, f"there is no lookup {name}") for name in sorted(explained - set(columns))]
    return problems


def main() -> None:
    """Write the files; with --check only say whether they are stale."""
    parser = argparse.ArgumentParser(description="Write what follows from the confs: docs and lookups.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if something is stale")
    root = Path(__file__).resolve().parents[1]
    if parser.parse_args().check:
        problems = check_docs(root)
        print("\n".join(str(problem) for problem in problems))
        sys.exit(bool(problems))
    for name, text in outputs(root).items():
        (root / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
