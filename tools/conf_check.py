"""Check each conf file by itself: form, duplicates, known settings and their values.

Knows which settings the app may use (tools/conf_keys.conf), what some may say (tools/conf_values.conf) and the layout
rules of long values. How the confs agree with each other, with the input and with the lookups is the business of
tools/app_check.py.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from sandbox.confs import ConfError, read_conf, read_conf_file
from tools.findings import Problem

KEYS = Path(__file__).with_name("conf_keys.conf")
VALUES = Path(__file__).with_name("conf_values.conf")
LONGEST_LINE = 120
ONE_LINE = ("savedsearches.conf", "macros.conf", "eventtypes.conf")
"""Confs that hold searches: a person has to read them, so their lines have a limit."""


def known_keys(path: Path = KEYS) -> dict[str, list[tuple[str, list[str]]]]:
    """Return conf -> (stanza pattern, key patterns) in the order of the list; the first matching pattern counts."""
    known: dict[str, list[tuple[str, list[str]]]] = {}
    for title, settings in read_conf(path).items():
        conf, _, stanza = (part.strip() for part in title.partition("|"))
        known.setdefault(conf, []).append((stanza, settings["keys"].split()))
    return known


def spec_keys(root: Path, conf: str) -> list[tuple[str, list[str]]]:
    """Return what the app's own README/<conf>.conf.spec declares, in the form of `known_keys`."""
    spec = root / "README" / f"{conf}.conf.spec"
    declared: list[tuple[str, list[str]]] = []
    for line in spec.read_text(encoding="utf-8").splitlines() if spec.is_file() else ():
        stanza = re.fullmatch(r"\[(.+)\]", line)
        setting = re.match(r"([\w.<>-]+)\s*=", line)
        if stanza:
            declared.append((re.sub(r"<[^>]*>", "*", stanza.group(1)), []))
        elif setting and declared:
            declared[-1][1].append(re.sub(r"<[^>]*>", "*", setting.group(1)))
    return declared


def check_keys(root: Path, path: Path) -> list[Problem]:
    """Report every setting that neither Splunk's reduced list nor the app's own spec knows for its stanza."""
    conf = path.stem
    parsed = read_conf_file(path)
    patterns = known_keys().get(conf, [])
    declared = spec_keys(root, conf)
    if not patterns and not declared:
        return [Problem(_place(root, path), f"{conf}.conf is not in {KEYS.name}: add it, or its spec in README/")]
    problems = []
    for stanza, settings in parsed.stanzas.items():
        allowed = next((keys for pattern, keys in patterns if fnmatchcase(stanza, pattern)), [])
        # Splunk lets [scheme] set the defaults of all [scheme://name].
        own = [keys for pattern, keys in declared if fnmatchcase(stanza, pattern) or pattern == f"{stanza}://*"]
        allowed = allowed + [key for keys in own for key in keys]
        for key in settings:
            if not any(fnmatchcase(key, pattern) for pattern in allowed):
                line = parsed.origins[stanza, key].line
                problems.append(Problem(_place(root, path, line), f"[{stanza}] does not know the setting {key}"))
    return problems


def check_values(root: Path, path: Path) -> list[Problem]:
    """Report every setting whose value is none of those that tools/conf_values.conf allows."""
    allowed = read_conf(VALUES).get(path.stem, {})
    parsed = read_conf_file(path)
    problems = []
    for stanza, settings in parsed.stanzas.items():
        for key, value in settings.items():
            pattern = next((allowed[name] for name in allowed if fnmatchcase(key, name)), None)
            if pattern is not None and not re.fullmatch(pattern, value):
                line = parsed.origins[stanza, key].line
                told = f"[{stanza}] {key}: found {value[:60]!r}, allowed is {pattern}"
                problems.append(Problem(_place(root, path, line), told))
    return problems


def check_form(root: Path, path: Path) -> list[Problem]:
    """Report broken continuations, stray lines within values, over-long lines and whatever stands twice."""
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    stanza, continued = "", False
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        complaints = []
        if len(line) > LONGEST_LINE and path.name in ONE_LINE and not line.startswith("action."):
            complaints.append(f"{len(line)} characters; at most {LONGEST_LINE}, so wrap the search")
        if re.search(r"\\[ \t]+$", line):
            complaints.append("something follows the backslash: Splunk would end the value here")
        elif line != line.rstrip():
            complaints.append("blanks at the end of the line")
        elif line.endswith("\\") and not line.endswith(" \\"):
            complaints.append("a continued line ends in one blank and a backslash")
        if "\t" in line:
            complaints.append("a tab; indent with blanks")
        if continued:
            if not line.strip():
                complaints.append("an empty line within a continued value")
            elif line.startswith(("#", "[")):
                complaints.append("a comment or stanza within a continued value: it would become part of it")
        else:
            header = re.fullmatch(r"\[(.+)\]", line)
            key = "" if header else line.partition("=")[0].strip()
            stanza = header.group(1) if header else stanza
            if header or (key and not key.startswith("#")):
                if (stanza, key) in seen:
                    complaints.append(f"{key or '[' + stanza + ']'} stands twice; Splunk takes the last")
                seen.add((stanza, key))
        problems += [Problem(_place(root, path, number), complaint) for complaint in complaints]
        continued = line.endswith("\\")
    return problems


def check_confs(root: Path) -> list[Problem]:
    """Check every file of default/ and metadata/."""
    problems: list[Problem] = []
    for path in sorted((root / "default").glob("*.conf")):
        try:
            problems += check_form(root, path)
            problems += check_keys(root, path)
            problems += check_values(root, path)
        except ConfError as error:
            problems.append(Problem(_place(root, path), str(error)))
        if "default" in _stanzas(path):
            problems.append(Problem(_place(root, path), "a [default] stanza reaches into other apps: name the stanza"))
    problems += check_form(root, root / "metadata" / "default.meta")
    return problems


def _stanzas(path: Path) -> set[str]:
    return {line[1:-1] for line in path.read_text(encoding="utf-8").splitlines() if re.fullmatch(r"\[.+\]", line)}


def _place(root: Path, path: Path, line: int = 0) -> str:
    return path.relative_to(root).as_posix() + (f":{line}" if line else "")
