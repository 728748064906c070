"""rex and spath: new fields out of a text."""

from __future__ import annotations

import re
from typing import Any

from .. import jsonfields
from ..context import RunContext
from ..errors import Place
from ..jsonpath import parse_path, parse_text, select, spath_value
from ..pcre import compile_regex, replacement
from ..rows import Row
from ..stream import INTEGER, TEXT, TokenStream, choice
from ..switches import Switches
from ..values import Scalar, members, multivalue, text
from .base import Command, Compiler, Rows, command


class Rex(Command):
    """rex: named groups become fields; no match leaves them as they were."""

    idle = True

    def __init__(self, field: str, pattern: Any, max_match: int, offset_field: str | None) -> None:
        self._field = field
        self._pattern = pattern
        self._max = max_match
        self._offset_field = offset_field

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            self._one(row)
        return rows

    def _one(self, row: Row) -> None:
        found: dict[str, list[Scalar]] = {}
        offsets: list[Scalar] = []
        count = 0
        for value in members(row.get(self._field)):
            matched = 0
            for match in self._pattern.finditer(text(value)):
                matched += 1
                for name, part in match.groupdict().items():
                    if part is not None:
                        found.setdefault(name, []).append(part)
                        offsets.append(f"{name}={match.start(name)}-{match.end(name) - 1}")
                if self._max and matched >= self._max:
                    break
            count += matched
        if not count:
            return
        for name, values in found.items():
            row.set(name, multivalue(values))
        if self._offset_field:
            row.set(self._offset_field, "&".join(map(text, offsets)))


class Sed(Command):
    """rex mode=sed: s/re/new/flags or y/abc/xyz/ over one field."""

    idle = True

    def __init__(self, field: str, script: str, place: Place) -> None:
        self._field = field
        kind, first, second, flags = _sed_parts(script, place)
        self._table = None
        if kind == "y":
            if len(first) != len(second):
                raise place.error("Both sides of y/// must have the same length.")
            self._table = str.maketrans(first, second)
            return
        digits = "".join(character for character in flags if character.isdigit())
        if re.sub(r"[gi\d]", "", flags):
            raise place.error(f'The flags of s/// are g, i or a number, not "{flags}".')
        self._which = int(digits or 1)
        self._all = "g" in flags
        self._pattern = compile_regex(("(?i)" if "i" in flags else "") + first, place)
        self._new = replacement(second)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            values = members(row.get(self._field))
            if values:
                row.set(self._field, multivalue([self._changed(text(value)) for value in values]))
        return rows

    def _changed(self, value: str) -> str:
        if self._table is not None:
            return value.translate(self._table)
        if self._all:
            return str(self._pattern.sub(self._new, value))
        seen = 0

        def chosen(match: Any) -> str:
            nonlocal seen
            seen += 1
            return self._new(match) if seen == self._which else str(match.group())

        return str(self._pattern.sub(chosen, value))


def _sed_parts(script: str, place: Place) -> tuple[str, str, str, str]:
    kind, mark = script[:1], script[1:2]
    if kind not in ("s", "y") or not mark:
        raise place.error('A sed script reads "s/regular expression/new text/g" or "y/abc/xyz/".')
    parts: list[str] = [""]
    position = 2
    while position < len(script):
        character = script[position]
        if character == "\\" and script[position + 1 : position + 2] == mark:
            parts[-1] += mark
            position += 2
            continue
        if character == "\\" and position + 1 < len(script):
            parts[-1] += script[position : position + 2]
            position += 2
            continue
        if character == mark:
            parts.append("")
        else:
            parts[-1] += character
        position += 1
    if len(parts) != 3:
        raise place.error(f'The sed script needs three "{mark}".')
    return kind, parts[0], parts[1], parts[2]


@command("rex")
def parse_rex(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"field": TEXT, "max_match": INTEGER, "offset_field": TEXT, "mode": choice("sed")}
    options = stream.options(known)
    place = stream.place()
    pattern = stream.string("a regular expression in double quotes")
    stream.options(known, options)
    stream.end()
    field = options.get("field", "_raw")
    if "mode" in options:
        return Sed(field, pattern, place)
    compiled = compile_regex(pattern, place)
    if not compiled.groupindex:
        raise place.error("rex needs at least one named group: (?<name>...).")
    return Rex(field, compiled, options.get("max_match", 1), options.get("offset_field"))


class SpathPath(Command):
    """spath with a path: reads the whole text; several matches are a multivalue."""

    idle = True

    def __init__(self, source: str, target: str, path: str, switches: Switches, place: Place) -> None:
        self._source = source
        self._target = target
        self._steps = parse_path(path, place, switches.spath_first_index)
        self._numbered = any(isinstance(step, int) for step in self._steps)
        self._null = "null" if switches.json_null == "text" else None

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            value = row.get(self._source)
            document = None if value is None else parse_text(text(members(value)[0]))
            if document is None:
                continue
            parts = [self._null if part is None else spath_value(part) for part in select(document[0], self._steps)]
            found = multivalue([part for part in parts if part is not None])
            if found is not None:
                row.set(self._target, found)
                if self._numbered:
                    context.warn("spath counts array elements from 0 or from 1: not documented. Use json_extract.")
        return rows


class SpathAll(Command):
    """spath without a path: every field, from the first 5,000 bytes."""

    idle = True

    def __init__(self, source: str) -> None:
        self._source = source

    def run(self, rows: Rows, context: RunContext) -> Rows:
        null_is_text = context.switches.json_null == "text"
        for row in rows:
            value = row.get(self._source)
            if value is None:
                continue
            extracted = jsonfields.extract(text(members(value)[0]), null_is_text)
            if extracted.lost:
                context.warn(
                    f"spath left out fields beyond the first {jsonfields.CUTOFF_BYTES} bytes or"
                    f" {jsonfields.FIELD_LIMIT} fields of a text; name a path instead."
                )
            for name, values in extracted.fields.items():
                row.set(name, multivalue(values))
        return rows


@command("spath")
def parse_spath(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"input": TEXT, "output": TEXT, "path": TEXT}
    options = stream.options(known)
    place = stream.place()
    path = options.get("path")
    if path is None and not stream.at_end():
        path = stream.field("a path", wildcards=False)
    stream.options(known, options)
    stream.end()
    path = options.get("path", path)
    source = options.get("input", "_raw")
    if path is None:
        if "output" in options:
            raise place.error("spath needs a path when it has an output.")
        return SpathAll(source)
    return SpathPath(source, options.get("output", path), path, compiler.switches, place)
