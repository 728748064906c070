"""The two formats of an alert action's payload say the same."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.splunkd.alert_payload import as_json, as_xml, clean

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once

MEMBERS = "app owner results_file results_link search_uri server_host server_uri session_key sid search_name".split()
TEXTS = st.text(max_size=20)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=8), st.one_of(TEXTS, st.lists(TEXTS, min_size=2, max_size=4)))
PAYLOADS = st.fixed_dictionaries(
    {**{name: TEXTS for name in MEMBERS}, "configuration": st.dictionaries(TEXTS, TEXTS), "result": FIELDS}
)


def read(document: bytes) -> dict[str, Any]:
    """What a script makes of the XML."""
    found: dict[str, Any] = {}
    for element in ElementTree.fromstring(document):
        if element.tag == "configuration":
            (stanza,) = element
            assert stanza.tag == "stanza"
            found["stanza"] = stanza.get("name")
            found[element.tag] = {param.get("name"): param.text or "" for param in stanza}
        elif element.tag == "result":
            values = {field.get("k"): [text.text or "" for text in field.findall("value/text")] for field in element}
            found[element.tag] = {name: one[0] if len(one) == 1 else one for name, one in values.items()}
        else:
            found[element.tag] = element.text or ""
    return found


def cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {clean(name): cleaned(member) for name, member in value.items()}
    return [clean(member) for member in value] if isinstance(value, list) else clean(value)


@given(PAYLOADS)
def test_xml_says_what_json_says(payload: dict[str, Any]) -> None:
    told = json.loads(as_json(payload))
    found = read(as_xml(payload))
    assert found.pop("stanza") == clean(payload["search_name"])
    assert found == cleaned(told)


def test_what_xml_cannot_hold_is_left_out_and_nothing_else() -> None:
    assert clean("a\x00\x07\x1b\ufffe\ud800b") == "ab"
    kept = "\t\n\r <>&\"' ü \U0001f600 \x7f"
    assert clean(kept) == kept
