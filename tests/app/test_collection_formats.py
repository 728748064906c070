"""What is kept in the KV store outlives a version of the app: no field may change its meaning under the same name.

`collection_fields.txt` holds the fields of each collection as they were published. A field that is new is added there.
One that must go, or mean something else, needs a collection with another name (`<name>_2`; docs/upgrade.md): then an
older version of the app goes on with its own, and finds it as it left it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.confs import Stanzas, read_conf

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = Path(__file__).with_name("collection_fields.txt")


def fields_of(collections: Stanzas) -> dict[str, dict[str, str]]:
    return {
        name: {key[len("field.") :]: kind for key, kind in settings.items() if key.startswith("field.")}
        for name, settings in collections.items()
    }


def published(text: str) -> dict[str, dict[str, str]]:
    lines = [line.partition(":") for line in text.splitlines() if line and not line.startswith("#")]
    return {
        name: dict(pair.split("=") for pair in fields.split()) for name, _, fields in lines
    }


def broken(before: dict[str, dict[str, str]], now: dict[str, dict[str, str]]) -> list[str]:
    """What a reader of the published fields would misunderstand."""
    gone = [f"{name} is gone" for name in before if name not in now]
    changed = [
        f"{name}.{field} was {kind} and is {now[name].get(field, 'gone')}"
        for name in before.keys() & now.keys()
        for field, kind in before[name].items()
        if now[name].get(field) != kind
    ]
    return sorted(gone + changed)


def _format(collection: str) -> int:
    found = re.search(r"_(\d+)$", collection)
    return int(found.group(1)) if found else 1


NOW = fields_of(read_conf(ROOT / "default/collections.conf"))


def test_every_published_field_is_there_and_of_the_same_kind() -> None:
    assert broken(published(PUBLISHED.read_text(encoding="utf-8")), NOW) == []


def test_every_field_is_published() -> None:
    """Add what is new to collection_fields.txt, in the same change."""
    assert broken(NOW, published(PUBLISHED.read_text(encoding="utf-8"))) == []


def test_the_comparison_sees_what_it_is_there_for() -> None:
    before = {"a": {"x": "number", "y": "string"}, "b": {"z": "string"}}
    said = ["a.x was number and is string", "a.y was string and is gone", "b is gone"]
    assert broken(before, {"a": {"x": "string"}}) == said
    assert broken(before, {**before, "a": {**before["a"], "new": "bool"}, "b_2": {}}) == []


def test_a_lookup_reads_the_newest_format_of_its_collection() -> None:
    """Searches name lookups; a lookup whose collection has a second format must have moved to it."""
    newest: dict[str, str] = {}
    for name in sorted(NOW, key=_format):
        newest[re.sub(r"_\d+$", "", name)] = name
    used = {
        settings["collection"]
        for settings in read_conf(ROOT / "default/transforms.conf").values()
        if "collection" in settings
    }
    assert used <= set(newest.values())
