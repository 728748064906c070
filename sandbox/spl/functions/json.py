"""JSON functions (SR: JSON functions).

A value is put in as JSON when it comes straight from a JSON function (also `json(field)`), as a
number when it was calculated, as an array when it is a multivalue, else as text. The result is
compact JSON text; a text that is no JSON gives null.
"""
from __future__ import annotations

from typing import Any, Callable, Optional

from ..evaluate import NULL, TRUTH, Closure, EvalContext, constant, kind_of, truth_of, value_of
from ..expressions import Call, Expression
from ..jsonpath import MISSING, Step, dump, field_value, member, parse_path, parse_text, read_text, select
from ..values import Value, multivalue, text
from .registry import argument, special

_MAKERS = frozenset((
    "json", "json_object", "json_array", "json_append", "json_extend", "json_set", "json_set_exact",
    "json_delete", "json_keys", "json_entries", "mv_to_json_array", "toarray", "toobject",
))
PathReader = Callable[[Any, EvalContext], Optional[tuple[Step, ...]]]


def _inserted(node: Expression) -> Closure:
    """Compile an argument to the Python form of the JSON that it stands for."""
    if kind_of(node) in (TRUTH, NULL):
        return truth_of(node)
    reader = value_of(node)
    nested = isinstance(node, Call) and node.name in _MAKERS
    extracted = isinstance(node, Call) and node.name in ("json_extract", "json_extract_exact")

    def convert(row: Any, context: EvalContext) -> Any:
        value = reader(row, context)
        if type(value) is tuple:
            return list(value)
        if type(value) is str and (nested or (extracted and value[:1] in ("{", "["))):
            found = parse_text(value)
            return value if found is None else found[0]
        return value

    return convert


@special("json_object(key, value, ...)", 0, None)
def _json_object(call: Call) -> Closure:
    pairs = _pairs(call, call.arguments)
    return lambda row, context: dump({text(key(row, context)): value(row, context) for key, value in pairs})


def _pairs(call: Call, nodes: tuple[Expression, ...]) -> list[tuple[Closure, Closure]]:
    if len(nodes) % 2:
        raise call.place.error(f"{call.name}() needs a value for each key or path; one is missing.")
    return [(value_of(key), _inserted(value)) for key, value in zip(nodes[::2], nodes[1::2])]


@special("json_array(value, ...)", 0, None)
def _json_array(call: Call) -> Closure:
    parts = [_inserted(node) for node in call.arguments]
    return lambda row, context: dump([part(row, context) for part in parts])


def _on_document(call: Call, use: Callable[[Any, Any, EvalContext], Any], changes: bool = False) -> Closure:
    """Build a function of the document in the first argument; null for null and for no JSON.

    `changes` says that `use` changes the document, so that it must be its own.
    """
    parse = parse_text if changes else read_text
    subject = argument(call.arguments[0], "t", call)

    def closure(row: Any, context: EvalContext) -> Any:
        value = subject(row, context)
        found = None if value is None else parse(value)
        return None if found is None else use(found[0], row, context)

    return closure


@special("json(value)", 1, 1)
def _json(call: Call) -> Closure:
    subject = argument(call.arguments[0], "t", call)

    def checked(row: Any, context: EvalContext) -> Value:
        value = subject(row, context)
        return None if value is None or parse_text(value) is None else value

    return checked


@special("json_valid(value)", 1, 1, TRUTH)
def _json_valid(call: Call) -> Closure:
    subject = argument(call.arguments[0], "t", call)

    def valid(row: Any, context: EvalContext) -> bool | None:
        value = subject(row, context)
        return None if value is None else parse_text(value) is not None

    return valid


def _paths(call: Call, nodes: tuple[Expression, ...]) -> list[PathReader]:
    """Compile path arguments; constant ones are read once."""

    def one(node: Expression) -> PathReader:
        fixed = constant(node)
        if fixed is not None:
            steps = parse_path(text(fixed), node.place)
            return lambda row, context: steps
        reader = argument(node, "t", call)

        def read(row: Any, context: EvalContext) -> tuple[Step, ...] | None:
            written = reader(row, context)
            return None if written is None else parse_path(written, node.place)

        return read

    return [one(node) for node in nodes]


def _only_keys(call: Call) -> tuple[Step, ...]:
    """Return the steps of the one path of a call, if it is written there and leads from object to object; else none."""
    written = constant(call.arguments[1]) if len(call.arguments) == 2 else None
    steps = () if written is None else parse_path(text(written), call.arguments[1].place)
    return steps if all(type(step) is str for step in steps) else ()


def _plain(part: Any) -> Value:
    if type(part) is str:
        return part
    return None if part is MISSING else field_value(part)


@special("json_extract(json, path, ...)", 1, None)
def _json_extract(call: Call) -> Closure:
    """One match gives the value, several give a JSON array; JSON null and no match give null."""
    keys = _only_keys(call)
    if keys:
        return _on_document(call, lambda document, row, context: _plain(member(document, keys)))
    paths = _paths(call, call.arguments[1:])

    def extract(document: Any, row: Any, context: EvalContext) -> Value:
        if not paths:
            return field_value(document)
        found: list[Any] = []
        for path in paths:
            steps = path(row, context)
            if steps is not None:
                found.extend(select(document, steps))
        if len(found) > 1:
            return dump(found)
        return field_value(found[0]) if found else None

    return _on_document(call, extract)


@special("json_extract_exact(json, key, ...)", 1, None)
def _json_extract_exact(call: Call) -> Closure:
    """As json_extract, but keys are taken as they are, dots and braces included."""
    keys = [argument(node, "t", call) for node in call.arguments[1:]]

    def extract(document: Any, row: Any, context: EvalContext) -> Value:
        if not keys:
            return field_value(document)
        if not isinstance(document, dict):
            return None
        found = [document[key] for key in (reader(row, context) for reader in keys) if key in document]
        if len(found) > 1:
            return dump(found)
        return field_value(found[0]) if found else None

    return _on_document(call, extract)


@special("json_has_key_exact(json, key)", 2, 2, TRUTH)
def _json_has_key_exact(call: Call) -> Closure:
    key = argument(call.arguments[1], "t", call)
    return _on_document(call, lambda document, row, context: (
        isinstance(document, dict) and key(row, context) in document))


@special("json_keys(json)", 1, 1)
def _json_keys(call: Call) -> Closure:
    return _on_document(call, lambda document, row, context: (
        dump(list(document)) if isinstance(document, dict) else None))


@special("json_entries(json)", 1, 1)
def _json_entries(call: Call) -> Closure:
    return _on_document(call, lambda document, row, context: (
        dump([{"key": key, "value": value} for key, value in document.items()])
        if isinstance(document, dict) else None))


@special("json_array_to_mv(json_array[, keep_quotes])", 1, 2)
def _json_array_to_mv(call: Call) -> Closure:
    from .conversion import truth_or_text

    keep = truth_or_text(call.arguments[1]) if len(call.arguments) == 2 else None

    def convert(document: Any, row: Any, context: EvalContext) -> Value:
        if not isinstance(document, list):
            return None
        if keep is not None and keep(row, context):
            return multivalue(dump(item) for item in document)
        # A JSON null has no place in a multivalue but as text.
        values = ("null" if item is None else field_value(item) for item in document)
        return multivalue(value for value in values if value is not None)

    return _on_document(call, convert)


@special("json_delete(json, key, ...)", 2, None)
def _json_delete(call: Call) -> Closure:
    paths = _paths(call, call.arguments[1:])

    def delete(document: Any, row: Any, context: EvalContext) -> Value:
        for path in paths:
            steps = path(row, context)
            for holder in _holders(document, steps or ()):
                _delete(holder, steps[-1])  # type: ignore[index]
        return dump(document)

    return _on_document(call, delete, changes=True)


def _holders(document: Any, steps: tuple[Step, ...]) -> list[Any]:
    return select(document, steps[:-1]) if steps else []


def _delete(holder: Any, step: Step) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder.pop(step, None)
    elif isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder):
        del holder[step]
    elif isinstance(holder, list) and step is None:
        holder.clear()


def _changing(name: str, change: Callable[[Any, tuple[Step, ...], Any], None], exact: bool = False) -> None:
    """Register a function (json, path, value, ...) that changes the parts that each path names."""

    @special(f"{name}(json, path, value, ...)", 3, None)
    def build(call: Call) -> Closure:
        pairs = _pairs(call, call.arguments[1:])
        places = [node.place for node in call.arguments[1::2]]

        def changed(document: Any, row: Any, context: EvalContext) -> Value:
            for (path, value), place in zip(pairs, places):
                written = path(row, context)
                if written is None:
                    continue
                steps: tuple[Step, ...] = (text(written),) if exact else parse_path(text(written), place)
                if steps:
                    change(document, steps, value(row, context))
            return dump(document)

        return _on_document(call, changed, changes=True)


def _set(document: Any, steps: tuple[Step, ...], value: Any) -> None:
    """Set a key or element; objects on the way are created where they are missing."""
    for index in range(1, len(steps)):
        for holder in select(document, steps[:index - 1]):
            key = steps[index - 1]
            if isinstance(holder, dict) and isinstance(key, str) and key not in holder:
                holder[key] = {} if isinstance(steps[index], str) else []
    for holder in select(document, steps[:-1]):
        step = steps[-1]
        if isinstance(holder, dict) and isinstance(step, str):
            holder[step] = value
        elif isinstance(holder, list) and isinstance(step, int):
            if 0 <= step < len(holder):
                holder[step] = value
            elif step == len(holder):
                holder.append(value)
        elif isinstance(holder, list) and step is None:
            holder[:] = [value] * len(holder)


def _append(document: Any, steps: tuple[Step, ...], value: Any) -> None:
    _grow(document, steps, [value])


def _extend(document: Any, steps: tuple[Step, ...], value: Any) -> None:
    _grow(document, steps, value if isinstance(value, list) else [value])


def _grow(document: Any, steps: tuple[Step, ...], values: list[Any]) -> None:
    """Add to the array that a path names; what is no array becomes the first element of one."""
    for part in select(document, steps[:-1]):
        step = steps[-1]
        if isinstance(part, dict) and isinstance(step, str):
            present: dict[Any, Any] = part
            old = present.get(step, [])
            present[step] = (old if isinstance(old, list) else [old]) + values
        elif isinstance(part, list) and isinstance(step, int) and 0 <= step < len(part):
            part[step] = (part[step] if isinstance(part[step], list) else [part[step]]) + values
        elif isinstance(part, list) and step is None:
            part.extend(values)


_changing("json_set", _set)
_changing("json_set_exact", _set, exact=True)
_changing("json_append", _append)
_changing("json_extend", _extend)
