"""foreach: a template of commands for each field that fits, or for each value of one field (SR: foreach)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..context import RunContext
from ..jsonpath import field_value, parse_text
from ..pipeline import Subsearch
from ..stream import TEXT, TokenStream, choice
from ..tokens import escape
from ..values import Value, members, number, text, wildcard_match
from .base import Command, Compiler, Rows, all_names, command, is_internal

MOST_TEMPLATES = 10_000
"""Compiled templates that one foreach keeps."""


class ForEach(Command):
    """One foreach. Templates are compiled once for each field name met."""

    idle = True

    def __init__(self, patterns: Sequence[str], template: Subsearch, names: dict[str, str], compiler: Compiler) -> None:
        self._patterns = patterns
        self._template = template
        self._field_mark = f"<<{names.get('fieldstr', 'FIELD')}>>"
        self._match_mark = f"<<{names.get('matchstr', 'MATCHSTR')}>>"
        self._compiler = compiler
        self._compiled: dict[str, Command] = {}
        # A wrong template is refused now, not when the first field fits.
        self._command_for("field", patterns[0])

    def run(self, rows: Rows, context: RunContext) -> Rows:
        names = all_names(rows)
        for pattern in self._patterns:
            if "*" not in pattern:
                rows = self._command_for(pattern, pattern).run(rows, context)
                continue
            for name in names:
                if (pattern.startswith("_") or not is_internal(name)) and wildcard_match(pattern, name):
                    rows = self._command_for(name, pattern).run(rows, context)
        return rows

    def _command_for(self, name: str, pattern: str) -> Command:
        written = self._template.text.replace(self._field_mark, name)
        parts = _wildcards(pattern, name)
        written = written.replace(self._match_mark, "".join(parts))
        for place, part in enumerate(parts, start=1):
            written = written.replace(f"<<MATCHSEG{place}>>", part)
        if written not in self._compiled:
            self._compiled[written] = self._compiler.template(self._template, written)
        return self._compiled[written]


def _wildcards(pattern: str, name: str) -> list[str]:
    found: re.Match[str] | None = re.fullmatch("(.*)".join(map(re.escape, pattern.split("*"))), name, re.S)
    return list(found.groups()) if found else []


class ForEachItem(Command):
    """foreach over the values of one field: a multivalue or a JSON array. The template is one eval command."""

    idle = True

    def __init__(self, mode: str, field: str, template: Subsearch, names: dict[str, str], compiler: Compiler) -> None:
        self._mode = mode
        self._field = field
        self._template = template
        self._item_mark = f"<<{names.get('itemstr', 'ITEM')}>>"
        self._place_mark = f"<<{names.get('iterstr', 'ITER')}>>"
        self._compiler = compiler
        self._compiled: dict[str, Command] = {}
        stages = template.pipeline().stages
        if len(stages) != 1 or stages[0].name != "eval":
            raise template.place.error(f"foreach with mode={mode} takes one eval command in its brackets.")
        self._command_for("0", 0)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            for place, item in enumerate(self._items(row.get(self._field))):
                self._command_for(item, place).run([row], context)
        return rows

    def _items(self, value: Value) -> list[str]:
        """Return the items as they are written into the template: numbers plain, texts in double quotes."""
        given = members(value)
        if self._mode == "json_array" or (self._mode == "auto_collections" and len(given) == 1):
            parsed = parse_text(text(given[0])) if given else None
            if parsed is not None and isinstance(parsed[0], list):
                given = tuple(part for part in map(field_value, parsed[0]) if part is not None)
            elif self._mode == "json_array":
                given = ()
        return [text(item) if number(item) is not None else escape(text(item)) for item in given]

    def _command_for(self, item: str, place: int) -> Command:
        written = self._template.text.replace(self._item_mark, item).replace(self._place_mark, str(place))
        if written not in self._compiled:
            if len(self._compiled) > MOST_TEMPLATES:
                self._compiled.clear()
            self._compiled[written] = self._compiler.template(self._template, written)
        return self._compiled[written]


@command("foreach")
def parse_foreach(stream: TokenStream, compiler: Compiler) -> Command:
    mode = stream.option("mode", choice("multifield", "multivalue", "json_array", "auto_collections")) or "multifield"
    patterns: list[str] = []
    while not stream.at("[") and stream.option_name() is None:
        patterns.append(stream.field())
        stream.accept(",")
    if not patterns:
        raise stream.error("The command foreach needs at least one field.")
    if mode == "multifield":
        names = stream.options({"fieldstr": TEXT, "matchstr": TEXT})
    else:
        if len(patterns) > 1:
            raise stream.error(f"foreach with mode={mode} takes one field.")
        names = stream.options({"itemstr": TEXT, "iterstr": TEXT})
    template = stream.subsearch()
    stream.end()
    if mode == "multifield":
        return ForEach(patterns, template, names, compiler)
    return ForEachItem(mode, patterns[0], template, names, compiler)
