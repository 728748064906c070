"""The KV store and the tables of searches: each sees what the other wrote, and what is remembered is what is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.spl.lookups import Definition, LookupTables
from sandbox.spl.tables import Table
from sandbox.splunkd.kv_tables import KvTables
from sandbox.splunkd.kvstore import KvStore

pytestmark = pytest.mark.once

SEEN = Definition("seen", "kvstore", "seen")
KEYS = st.sampled_from(["a", "b", "c", "ä"])
RECORDS = st.fixed_dictionaries({"_key": KEYS, "last": st.integers(0, 3) | st.sampled_from(["1", "x"])})
STEPS = st.one_of(
    st.tuples(st.just("save"), RECORDS),
    st.tuples(st.just("delete"), st.integers(0, 4)),
    st.tuples(st.just("replace"), st.lists(RECORDS, max_size=3, unique_by=lambda record: record["_key"])),
    st.tuples(st.just("change"), st.tuples(RECORDS, KEYS)),
    st.tuples(st.just("look"), st.none()),
)


@pytest.fixture()
def store() -> Iterator[KvStore]:
    with closing(KvStore(None, "app", {"seen": {}})) as opened:
        yield opened


@pytest.fixture()
def tables() -> LookupTables:
    return LookupTables({"seen": SEEN}, None, {})


def stored(store: KvStore) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "_user"} for record in store.query("seen", {})]


def rows(tables: LookupTables) -> list[dict[str, Any]]:
    return sorted(tables.table(SEEN).rows(), key=lambda row: str(row["_key"]))


@given(st.lists(STEPS, max_size=12))
@settings(max_examples=60)
def test_what_is_remembered_is_what_is_on_disk(steps: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kv.sqlite"
        store = KvStore(path, "app", {"seen": {}})
        for step, given_ in steps:
            if step == "save":
                store.save("seen", given_)
            elif step == "delete":
                store.delete("seen", {"last": {"$lt": given_}})
            elif step == "replace":
                store.replace_all("seen", given_)
            elif step == "change":
                record, key = given_
                store.change("seen", [record], {key} - {record["_key"]})
            else:
                store.query("seen", {})
        remembered = store.query("seen", {})
        store.close()
        with closing(KvStore(path, "app", {"seen": {}})) as again:
            assert again.query("seen", {}) == remembered


def test_a_search_writes_only_what_it_changed(store: KvStore, tables: LookupTables) -> None:
    store.save("seen", {"_key": "a", "last": 1, "nested": {"deep": True}})
    store.save("seen", {"_key": "b", "last": 1})
    store.save("seen", {"_key": "c", "last": 1})
    bridge = KvTables(store, tables)
    bridge.read()
    table: Table = tables.table(SEEN)
    table.add({"_key": "b", "last": 2})
    table.add({"_key": "d", "last": 2})
    table.drop("c")
    assert bridge.write() == ["seen"]
    assert stored(store) == [
        {"_key": "a", "last": 1, "nested": {"deep": True}},
        {"_key": "b", "last": 2},
        {"_key": "d", "last": 2},
    ]
    version = store.version("seen")
    bridge.read()
    assert (bridge.write(), store.version("seen")) == ([], version)


def test_what_somebody_else_stores_while_a_search_runs_is_kept_and_read(store: KvStore, tables: LookupTables) -> None:
    store.save("seen", {"_key": "a", "last": 1})
    bridge = KvTables(store, tables)
    bridge.read()
    tables.table(SEEN).add({"_key": "b", "last": 2})
    store.save("seen", {"_key": "c", "last": 3})
    bridge.write()
    assert [record["_key"] for record in stored(store)] == ["a", "b", "c"]
    bridge.read()
    assert [row["_key"] for row in rows(tables)] == ["a", "b", "c"]


def test_a_row_that_was_cleared_and_written_again_keeps_its_nested_members(
    store: KvStore, tables: LookupTables
) -> None:
    store.save("seen", {"_key": "a", "last": 1, "nested": {"deep": [1, 2]}})
    bridge = KvTables(store, tables)
    bridge.read()
    table = tables.table(SEEN)
    (row,) = table.rows()
    table.clear()
    table.add(row)
    bridge.write()
    assert stored(store) == [{"_key": "a", "last": 1, "nested": {"deep": [1, 2]}}]


def test_what_is_stored_in_the_very_moment_of_writing_is_read_as_well(
    store: KvStore, tables: LookupTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = KvTables(store, tables)
    bridge.read()
    tables.table(SEEN).add({"_key": "a", "last": 1})
    change = store.change

    def interrupted(*given_: Any) -> None:
        store.save("seen", {"_key": "b", "last": 2})
        change(*given_)

    monkeypatch.setattr(store, "change", interrupted)
    bridge.write()
    bridge.read()
    assert [row["_key"] for row in rows(tables)] == ["a", "b"]
