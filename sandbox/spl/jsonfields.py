"""Fields of a JSON text, named as Splunk's automatic extraction names them, within its limits.

Knows the naming (objects join with dots, arrays get ``{}``) and the limits of limits.conf ``[spath]
extraction_cutoff`` and ``[kv] limit``. A named path (json_extract, ``spath path=``) is not bound by them: not here.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

CUTOFF_BYTES = 5000
FIELD_LIMIT = 100

Fields = dict[str, list[str]]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r'[^\s,\]}":{\[]+')
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


class Extracted(NamedTuple):
    """``lost`` names the fields that the limits cut off or cut short."""

    fields: Fields
    lost: frozenset[str]


NOTHING = Extracted({}, frozenset())


def is_within_limits(text: str) -> bool:
    """Say whether no limit can touch a JSON text: then one field can be had without the others.

    A text has at most as many fields as colons.
    """
    return len(text) <= CUTOFF_BYTES // 4 and text.count(":") <= FIELD_LIMIT


def decode(text: str) -> object:
    """Return the document of a JSON text, numbers as texts.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    document, end = _DECODER.raw_decode(text)
    return document if end == len(text) else _DECODER.decode(text.strip())


class NotDirect(Exception):
    """This document must be extracted as a whole."""


def pick(document: object, name: str, null_is_text: bool) -> list[str]:
    """Return the values of one field, as `extract` would give them.

    Raises:
        NotDirect: a member of the document has an empty name, which vanishes from the names below it.
    """
    found: list[str] = []
    if type(document) is dict:
        if "" in document:
            raise NotDirect
        _pick(document, name, found, null_is_text)
    elif type(document) is list:
        _pick_items(document, name, found, null_is_text)
    return found


def _pick(node: dict[str, object], name: str, found: list[str], null_is_text: bool) -> None:
    for key, member in node.items():
        if not name.startswith(key):
            continue
        kind, length = type(member), len(key)
        if length == len(name):
            if kind is str:
                found.append(member)  # type: ignore[arg-type]
            elif kind is not dict and kind is not list:
                text = _scalar_text(member, null_is_text)
                if text is not None:
                    found.append(text)
        elif name[length] == ".":
            if kind is dict:
                _pick(member, name[length + 1 :], found, null_is_text)  # type: ignore[arg-type]
        elif kind is list:
            _pick_items(member, name[length:], found, null_is_text)  # type: ignore[arg-type]


def _pick_items(items: list[object], name: str, found: list[str], null_is_text: bool) -> None:
    if not name.startswith("{}"):
        return
    rest = name[2:]
    for item in items:
        kind = type(item)
        if kind is dict:
            if rest[:1] == ".":
                _pick(item, rest[1:], found, null_is_text)  # type: ignore[arg-type]
        elif kind is list:
            _pick_items(item, rest, found, null_is_text)  # type: ignore[arg-type]
        elif not rest:
            text = _scalar_text(item, null_is_text)
            if text is not None:
                found.append(text)


def extract(text: str, null_is_text: bool) -> Extracted:
    """Extract all fields of a JSON object or array; text that is none gives nothing."""
    if not looks_like_json(text):
        return NOTHING
    oversize = len(text) > CUTOFF_BYTES // 4 and len(text.encode("utf-8", "replace")) > CUTOFF_BYTES
    try:
        document = decode(text)
    except (ValueError, RecursionError):
        if oversize:
            return Extracted(_limited(_Prefix(_cut(text), null_is_text).fields), frozenset())
        return NOTHING
    complete: Fields = {}
    _walk(document, "", complete, null_is_text)
    found = _Prefix(_cut(text), null_is_text).fields if oversize else complete
    found = _limited(found)
    if found is complete:
        return Extracted(complete, frozenset())
    return Extracted(found, frozenset(name for name, values in complete.items() if found.get(name) != values))


def looks_like_json(text: str) -> bool:
    """Say whether extraction would try at all."""
    return text.lstrip()[:1] in ("{", "[")


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:CUTOFF_BYTES].decode("utf-8", "ignore")


def _limited(fields: Fields) -> Fields:
    if len(fields) <= FIELD_LIMIT:
        return fields
    return {name: fields[name] for name in list(fields)[:FIELD_LIMIT]}


def _walk(node: object, path: str, into: Fields, null_is_text: bool) -> None:
    """Add the leaves below a node. Texts, by far the most, take the short way."""
    kind = type(node)
    if kind is dict:
        prefix = path + "." if path else ""
        for key, member in node.items():  # type: ignore[attr-defined]
            name = prefix + key
            if type(member) is str and name:
                if name in into:
                    into[name].append(member)
                else:
                    into[name] = [member]
            else:
                _walk(member, name, into, null_is_text)
    elif kind is list:
        for member in node:  # type: ignore[attr-defined]
            _walk(member, path + "{}", into, null_is_text)
    elif path:
        text = _scalar_text(node, null_is_text)
        if text is not None:
            into.setdefault(path, []).append(text)


def _scalar_text(node: object, null_is_text: bool) -> str | None:
    if node is None:
        return "null" if null_is_text else None
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)


class _Cut(Exception):
    """The text ended in the middle of the document."""


class _Prefix:
    """Fields of the beginning of a JSON text; a value that the end cuts is not taken."""

    def __init__(self, text: str, null_is_text: bool) -> None:
        self.fields: Fields = {}
        self._text = text
        self._null_is_text = null_is_text
        self._at = 0
        try:
            self._value("")
        except (_Cut, RecursionError):
            pass

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        if self._at >= len(self._text):
            raise _Cut
        return self._text[self._at]

    def _string(self) -> str:
        try:
            text, self._at = json.decoder.scanstring(self._text, self._at + 1, False)  # type: ignore[attr-defined]
        except ValueError as error:
            raise _Cut from error
        return str(text)

    def _value(self, path: str) -> None:
        character = self._peek()
        if character == "{":
            self._object(path)
        elif character == "[":
            self._array(path)
        elif character == '"':
            self._take(path, self._string())
        else:
            scalar = _SCALAR.match(self._text, self._at)
            if scalar is None or scalar.end() == len(self._text):
                raise _Cut
            self._at = scalar.end()
            if scalar.group() != "null" or self._null_is_text:
                self._take(path, scalar.group())

    def _take(self, path: str, value: str) -> None:
        if path:
            self.fields.setdefault(path, []).append(value)

    def _object(self, path: str) -> None:
        self._at += 1
        while self._peek() != "}":
            if self._peek() == ",":
                self._at += 1
                continue
            if self._peek() != '"':
                raise _Cut
            key = self._string()
            if self._peek() != ":":
                raise _Cut
            self._at += 1
            self._value(f"{path}.{key}" if path else key)
        self._at += 1

    def _array(self, path: str) -> None:
        self._at += 1
        while self._peek() != "]":
            if self._peek() == ",":
                self._at += 1
                continue
            self._value(path + "{}")
        self._at += 1
