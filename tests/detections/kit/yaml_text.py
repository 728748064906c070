"""YAML as a scenario needs it: no surprises from YAML 1.1.

Plain `no`, `off`, `12:30` and `2026-03-03` stay text, and a key given twice is refused: in a
table of events a doubled `ip:` would silently test something else.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from .problems import ScenarioError

# The same in C where PyYAML was built with it: many times as fast; there is half a megabyte of scenarios.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _PlainLoader(_SafeLoader):
    """SafeLoader with the implicit types of YAML 1.2's core schema, and unique keys."""


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|false)\Z", "tf"),
    ("int", r"[-]?(?:0|[1-9]\d*)\Z", "-0123456789"),
    ("float", r"[-]?\d+\.\d+\Z", "-0123456789"),
    ("null", r"(?:~|null|)\Z", ["~", "n", ""]),
    ("merge", r"<<\Z", "<"),
):
    _PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _unique_mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise ScenarioError(f"line {key_node.start_mark.line + 1}: {key!r} is given twice; keep one")
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_PlainLoader.add_constructor("tag:yaml.org,2002:map", _unique_mapping)


def read_yaml(text: str) -> Any:
    """The document in `text`.

    Raises:
        ScenarioError: not YAML, or a key given twice; the sentence has the line.
    """
    try:
        # SafeLoader's constructors only: no tag can build anything but plain values.
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ScenarioError(f"line {line}: {error.problem or error}") from None
