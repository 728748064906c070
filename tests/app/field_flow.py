"""Which fields a search reads that nothing before has made: a reading of its pipeline, command by command.

Knows the commands that shipped searches use; another one is an error, so that a new command is taken up here and not
overlooked. It says nothing about values: a field that some entry lacks is still a field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sandbox.confs import AppConfs
from sandbox.spl import pipeline
from sandbox.spl.evaluate import field_names
from sandbox.spl.searchexpr import field_names as search_fields
from sandbox.spl.searchexpr import subsearches

INDEXED = {"_time", "_raw", "_indextime", "index", "host", "source", "sourcetype", "_serial", "splunk_server"}
INFO = {"info_min_time", "info_max_time", "info_search_time", "info_sid"}
PLACES = {"City", "Country", "Region", "lat", "lon"}
_GROUP = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_OPTION = re.compile(r'(\w+)=("[^"]*"|\S+)')


def extracted(root: Path, sourcetype: str = "slack:audit") -> set[str]:
    """Fields that props.conf makes of an entry, and those every event has."""
    found = set(INDEXED)
    for key, text in AppConfs(root).conf("props")[sourcetype].items():
        kind, _, name = key.partition("-")
        if kind == "EVAL":
            found.add(name)
        elif kind == "LOOKUP":
            _, _, outputs = re.sub(r"\bOUTPUT(NEW)?\b", "OUTPUT", text).partition("OUTPUT")
            found.update(_targets(outputs))
        elif kind == "FIELDALIAS":
            found.update(re.findall(r"\bAS\s+(\w+)", text, re.IGNORECASE))
    return found


def _targets(text: str) -> Iterable[str]:
    for part in re.findall(r"([\w.]+)(?:\s+AS\s+([\w.]+))?(?:\s*,\s*|\s+|$)", text, re.IGNORECASE):
        yield part[1] or part[0]


class FieldFlow:
    """Follows the fields through one search."""

    def __init__(self, known: set[str], lookups: Mapping[str, list[str]]) -> None:
        self.known = set(known)
        self.lookups = lookups
        self.missing: list[str] = []

    def follow(self, text: str) -> list[str]:
        """Return a sentence for each field that is read and that nothing made. The text has its macros replaced."""
        stages = pipeline.parse(text).stages
        for number, stage in enumerate(stages):
            handler: Callable[[Any, bool], None] | None = getattr(self, f"_{stage.name}", None)
            assert handler is not None, f"tests/app/field_flow.py does not know the command {stage.name}"
            self._where_now = f"{stage.name} (stage {number + 1})"
            handler(stage, number == 0)
        return self.missing

    def _needs(self, names: Iterable[str]) -> None:
        for name in names:
            if "*" not in name and name not in self.known:
                self.missing.append(f"{self._where_now} reads {name}, which nothing before makes")
                self.known.add(name)  # said once

    def _keep(self, patterns: Iterable[str], more: Iterable[str] = ()) -> None:
        wanted = list(patterns)
        self.known = {name for name in self.known if any(fnmatchcase(name, pattern) for pattern in wanted)} | set(more)

    def _search(self, stage: Any, first: bool) -> None:
        expression = stage.stream.search_expression()
        for inner in subsearches(expression.root):
            commands = [stage.name for stage in inner.pipeline().stages]
            assert commands[0] == "inputlookup", f"a subsearch over events: {commands}"
        # `search *`, the filter macro as shipped, reads no event.
        self._needs(name for name in search_fields(expression.root) if first or name != "_raw")

    def _where(self, stage: Any, first: bool) -> None:
        self._needs(field_names(stage.stream.only_expression()))

    def _eval(self, stage: Any, first: bool) -> None:
        for assignment in stage.stream.assignments():
            # A field that is given a default (`user=coalesce(user, "unknown")`) need not be there before.
            self._needs(field_names(assignment.expression) - {assignment.target})
            self.known.add(assignment.target)

    def _stats(self, stage: Any, first: bool) -> None:
        by, columns = self._statistics(stage.stream)
        self.known = set(by) | set(columns)

    def _eventstats(self, stage: Any, first: bool) -> None:
        self.known.update(self._statistics(stage.stream)[1])

    _streamstats = _eventstats

    def _statistics(self, stream: Any) -> tuple[list[str], list[str]]:
        while stream.option_name():
            stream.option(stream.option_name(), lambda value, token, stream: value)
        found = stream.aggregations()
        for aggregation in found:
            if aggregation.field is not None:
                self._needs([aggregation.field])
            if aggregation.expression is not None:
                self._needs(field_names(aggregation.expression))
        by = stream.by_clause()
        self._needs(by)
        return by, [aggregation.column for aggregation in found]

    def _lookup(self, stage: Any, first: bool) -> None:
        text = re.sub(r"^\s*lookup\s+", "", stage.text, flags=re.IGNORECASE)
        text = re.sub(r"^((?:local|update)=\S+\s+)*", "", text)
        name, _, rest = text.partition(" ")
        inputs, verb, outputs = re.sub(r"\bOUTPUTNEW\b", "OUTPUT", rest, flags=re.IGNORECASE).partition("OUTPUT")
        columns = self.lookups[name]
        pairs = re.findall(r"([\w.]+)(?:\s+AS\s+([\w.]+))?", inputs, re.IGNORECASE)
        self._needs(event or column for column, event in pairs)
        asked = {column for column, _ in pairs}
        given = re.findall(r"([\w.]+)(?:\s+AS\s+([\w.]+))?", outputs, re.IGNORECASE)
        for column in sorted((asked | {column for column, _ in given}) - set(columns)):
            self.missing.append(f"{self._where_now} asks {name} for {column}; it has {', '.join(columns)}")
        self.known.update(event or column for column, event in given) if verb else self.known.update(columns)

    def _inputlookup(self, stage: Any, first: bool) -> None:
        name = next(name for name in self.lookups if re.search(rf"\b{name}\b", stage.text))
        self.known.update(self.lookups[name])

    def _outputlookup(self, stage: Any, first: bool) -> None:
        if "key_field" in (options := dict(_OPTION.findall(stage.text))):
            self._needs([options["key_field"]])

    def _fields(self, stage: Any, first: bool) -> None:
        stream = stage.stream
        sign = stream.accept("-", "+")
        names = stream.field_list()
        if sign == "-":
            self.known = {name for name in self.known if not any(fnmatchcase(name, pattern) for pattern in names)}
        else:
            self._keep(names, INDEXED & self.known)

    def _table(self, stage: Any, first: bool) -> None:
        self._keep(stage.stream.field_list())

    def _rename(self, stage: Any, first: bool) -> None:
        for old, new in re.findall(r"([\w.*]+)\s+AS\s+([\w.*]+)", stage.text, re.IGNORECASE):
            self._needs([old])
            pattern = re.compile(re.escape(old).replace(r"\*", "(.*)"))
            for match in [found for name in self.known if (found := pattern.fullmatch(name))]:
                self.known.discard(match.group())
                self.known.add(new.replace("*", match.group(1)) if "*" in old else new)

    def _dedup(self, stage: Any, first: bool) -> None:
        self._needs(re.findall(r"(?<![\w=])([A-Za-z_]\w*)(?!\w*=)", stage.text.split("dedup", 1)[1]))

    def _sort(self, stage: Any, first: bool) -> None:
        self._needs(re.findall(r"[A-Za-z_]\w*", stage.text.split("sort", 1)[1]))

    def _mvexpand(self, stage: Any, first: bool) -> None:
        self._needs([stage.stream.field()])

    def _rex(self, stage: Any, first: bool) -> None:
        options = dict(_OPTION.findall(stage.text.split('"', 1)[0]))
        self._needs([options.get("field", "_raw")])
        self.known.update(_GROUP.findall(stage.text))

    def _spath(self, stage: Any, first: bool) -> None:
        options = dict(_OPTION.findall(stage.text))
        self._needs([options.get("input", "_raw")])
        assert "output" in options, "spath without output= makes fields nobody can name"
        self.known.add(options["output"])

    def _iplocation(self, stage: Any, first: bool) -> None:
        prefix = dict(_OPTION.findall(stage.text)).get("prefix", "")
        self._needs([stage.text.split()[-1]])
        self.known.update(prefix + name for name in PLACES)

    def _addinfo(self, stage: Any, first: bool) -> None:
        self.known |= INFO

    def _tstats(self, stage: Any, first: bool) -> None:
        _, _, by = re.sub(r"\bby\b", "BY", stage.text, flags=re.IGNORECASE).partition(" BY ")
        self.known = (
            set(re.findall(r"\bAS\s+(\w+)", stage.text, re.IGNORECASE)) | set(re.findall(r"\w+", by)) | {"count"}
        )

    def _appendpipe(self, stage: Any, first: bool) -> None:
        """Its rows come after those that are there, so the fields of both are there."""
        before, here = set(self.known), self._where_now
        self.follow(re.sub(r"^\s*appendpipe\s*\[(.*)\]\s*$", r"| \1", stage.text, flags=re.DOTALL))
        self.known |= before
        self._where_now = here

    def _append(self, stage: Any, first: bool) -> None:
        before, here = set(self.known), self._where_now
        self.follow(re.sub(r"^\s*append\s*\[(.*)\]\s*$", r"\1", stage.text, flags=re.DOTALL))
        self.known |= before
        self._where_now = here

    def _fillnull(self, stage: Any, first: bool) -> None:
        self.known.update(re.findall(r"\b(?!fillnull\b|value=)[a-z_]\w*\b(?!=)", stage.text))

    def _makeresults(self, stage: Any, first: bool) -> None:
        self.known = {"_time"}


def lookup_columns(root: Path) -> dict[str, list[str]]:
    """Lookup -> its columns, from the file's header or from fields_list."""
    found: dict[str, list[str]] = {}
    for name, stanza in AppConfs(root).conf("transforms").items():
        if "filename" in stanza:
            header = (root / "lookups" / stanza["filename"]).read_text(encoding="utf-8").split("\n", 1)[0]
            found[name] = header.strip().split(",")
        elif "fields_list" in stanza:
            found[name] = [field.strip() for field in stanza["fields_list"].split(",")]
    return found
