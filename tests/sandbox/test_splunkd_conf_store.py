"""What the stand-in says of a conf is what the file says now, however seldom it reads it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sandbox.splunkd import conf_store
from sandbox.splunkd.conf_store import ConfStore

pytestmark = pytest.mark.once


@pytest.fixture()
def conf(tmp_path: Path) -> Path:
    (tmp_path / "default").mkdir()
    path = tmp_path / "default" / "savedsearches.conf"
    path.write_text("[one]\ndisabled = 0\n", encoding="utf-8")
    return path


def settle(path: Path, seconds: float = 60) -> None:
    """Make a file look as if it had been changed so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_an_edit_counts_at_once_even_if_time_and_size_stay(conf: Path) -> None:
    store = ConfStore(conf.parents[1])
    status = conf.stat()
    assert store.merged("savedsearches") == {"one": {"disabled": "0"}}
    conf.write_text("[one]\ndisabled = 1\n", encoding="utf-8")
    os.utime(conf, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert store.merged("savedsearches") == {"one": {"disabled": "1"}}


def test_a_settled_file_is_read_once_until_it_changes(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = conf_store.read_conf_file
    monkeypatch.setattr(conf_store, "read_conf_file", lambda path: reads.append(path) or read(path))
    settle(conf)
    store = ConfStore(conf.parents[1])
    for _ in range(3):
        assert store.stanzas("savedsearches") == {"one": {"disabled": "0"}}
    assert len(reads) == 1
    conf.write_text("[one]\ndisabled = 1\n", encoding="utf-8")
    settle(conf, 30)
    for _ in range(2):
        assert store.stanzas("savedsearches") == {"one": {"disabled": "1"}}
    assert len(reads) == 2
    store.write("savedsearches", "one", {"disabled": "0"})
    assert store.stanzas("savedsearches") == {"one": {"disabled": "0"}}
    conf.unlink()
    assert store.layer("default", "savedsearches") == {}


def test_who_asks_may_change_what_it_is_given(conf: Path) -> None:
    settle(conf)
    store = ConfStore(conf.parents[1])
    for _ in range(2):
        given = store.layer("default", "savedsearches")
        assert given == {"one": {"disabled": "0"}}
        given["one"]["disabled"] = "changed"
        given["two"] = {}
