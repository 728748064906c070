"""Shapes of entries: put together from familiar parts they must lead to the verdict that the whole entry gets."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from sandbox.slack_api import Organisation, bulk_entries
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.page_reader import PageReader
from slack_audit_monitor.shapes import FamiliarParts

ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", [], {}, [1, "a"], [{"id": ""}], {"id": ""}, {"type": "user"},
    {"type": 7}, {"actor": {"type": "user"}, "entity": {}}, '","actor":', "\u2028é\\\"",
)  # fmt: skip
MEMBERS = ("id", "date_create", "action", "actor", "entity", "context", "details", "type", "extra")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.fixture(scope="module")
def lively() -> list[dict[str, Any]]:
    organisation = Organisation.generate(1, "2026-03-02T00:00:00Z", 2, 100, [])
    journal = organisation.journal()
    found = [json.loads(text) for text in journal._payloads[:1_500]]
    return found + list(bulk_entries(300))


def mutated(entry: dict[str, Any], rng: random.Random) -> str:
    """Return the JSON of an entry with one to three things odd about it."""
    entry = copy.deepcopy(entry)
    text = None
    for _ in range(rng.randint(1, 3)):
        place: Any = entry
        while True:
            inner = [value for value in place.values() if isinstance(value, dict) and value]
            if not inner or rng.random() < 0.4:
                break
            place = rng.choice(inner)
        what = rng.randrange(5)
        if what == 0 and place:
            place[rng.choice(list(place))] = copy.deepcopy(rng.choice(ODD_VALUES))
        elif what == 1:
            place[rng.choice(MEMBERS)] = copy.deepcopy(rng.choice(ODD_VALUES))
        elif what == 2 and place:
            del place[rng.choice(list(place))]
        elif what == 3:
            names = list(place)
            rng.shuffle(names)
            for name in names:
                place[name] = place.pop(name)
        else:  # a name twice, the later one wins
            text = compact(entry)[:-1] + f',"{rng.choice(MEMBERS)}":{compact(rng.choice(ODD_VALUES))}}}'
            text = "{" + text[1:] if text[1] != "," else "{" + text[2:]
    return text or compact(entry)


@pytest.mark.parametrize("seed", range(4))
def test_parts_and_whole_lead_to_the_same_verdict(lively, seed):
    rng = random.Random(seed)  # noqa: S311 - imagined entries
    by_parts, by_whole = Contract(), Contract()
    odd = 0
    for _ in range(2_500):
        entry = rng.choice(lively)
        text = mutated(entry, rng) if rng.random() < 0.6 else compact(entry)
        value = json.loads(text)
        expected = by_whole.problem(value)
        assert by_parts.problem(value, text) == expected, text
        odd += expected != ""
    assert odd > 300  # otherwise this would prove nothing


def test_entries_as_slack_writes_them_are_put_together_from_parts(lively):
    parts = FamiliarParts()
    outlines = [parts.outline(compact(entry), entry) for entry in lively]
    assert sum(outline is not None for outline in outlines) > 0.95 * len(lively)
    assert len(set(outlines)) < len(lively) / 4


def test_an_unusual_entry_has_no_outline():
    entry = next(iter(bulk_entries(1)))
    parts = FamiliarParts()
    assert parts.outline(compact(entry), entry) is not None
    for changed in (
        {**entry, "id": ""},
        {**entry, "id": 7},
        {**entry, "date_create": "1"},
        {**entry, "type": "user"},
        {name: value for name, value in entry.items() if name != "action"},
        dict(reversed(list(entry.items()))),
    ):
        assert parts.outline(compact(changed), changed) is None
    assert parts.outline(json.dumps(entry), entry) is None  # with spaces: the long way


def test_what_is_remembered_is_bounded():
    parts = FamiliarParts()
    entry = next(iter(bulk_entries(1)))
    for number in range(20_000):
        entry["details"] = {"name": f"file {number}"}
        assert parts.outline(compact(entry), entry) is not None
    assert len(parts._known) <= 6_000
    for number in range(5_000):
        entry["details"] = {f"key {number}": 1}
        parts.outline(compact(entry), entry)
    assert len(parts._numbers) <= 3_000


@pytest.mark.parametrize("size", [1, 7, 100, 1_000, 100_000])
@pytest.mark.parametrize("control", ["", "\n", "\x01"])
def test_plain_entries_are_told_from_those_with_control_characters(size, control):
    entries = [{"id": str(n), "s": "a" * (n % 50), "o": [{"a": {}}, {}]} for n in range(60)]
    texts = [compact(entry) for entry in entries]
    texts[30] = texts[30].replace('"s":"', '"s":"' + control)
    body = '{"entries":[' + ",".join(texts) + '],"response_metadata":{"next_cursor":"x"}}'
    plain: list[str] = []
    found: list[str] = []
    reader = PageReader(
        lambda text, value: found.append(text),
        lambda text, value: (plain.append(text), found.append(text)) and None,
    )
    for at in range(0, len(body), size):
        reader.feed(body[at : at + size])
    assert reader.close()["response_metadata"] == {"next_cursor": "x"}
    assert found == texts
    assert not (control and texts[30] in plain)
    assert size < 100_000 or len(plain) >= 58
