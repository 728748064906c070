"""What an earlier or a later version of this app has left behind: understood, or refused with words and left alone."""

from __future__ import annotations

import json

import pytest

from slack_audit_monitor import checkpoint_files, shared_log, state
from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.checkpoint_files import CheckpointFiles
from slack_audit_monitor.errors import NewerFormat
from slack_audit_monitor.log import Log
from slack_audit_monitor.state import State, state_from_json
from slack_audit_monitor.windows import Window


@pytest.fixture
def left(tmp_path):
    """A checkpoint of this version, with a position and entries that it remembers."""
    stem = str(tmp_path / "prod")
    checkpoint = Checkpoint(CheckpointFiles(stem, Log("prod")))
    checkpoint.load()
    checkpoint.state = State(start_at=1_000, position=2_000, windows=1, look_back_from=1_500)
    checkpoint.seen.move_horizon(1_500)
    checkpoint.seen.add(1_999, 42)
    checkpoint.batch_sent(Window(1, 1_000, 2_000, 1_000), [(1_999, 42)])
    checkpoint.window_done()
    checkpoint.close()
    return tmp_path


def load(folder):
    checkpoint = Checkpoint(CheckpointFiles(str(folder / "prod"), Log("prod")))
    checkpoint.load()
    checkpoint.close()
    return checkpoint


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_state_of_an_earlier_format_is_brought_up_step_by_step(left, monkeypatch):
    """As a later version will do it: each format has a way to the next one."""
    monkeypatch.setattr(state, "VERSION", 3)
    to_two = {1: lambda old: {**old, "position": old["position"] + 1}}
    to_three = {2: lambda old: {**old, "windows": old["windows"] * 2}}
    monkeypatch.setattr(state, "_UPGRADES", {**to_two, **to_three})
    found = load(left)
    assert (found.state.position, found.state.windows) == (2_001, 2)
    assert found.seen.holds(1_999, 42)


@pytest.mark.parametrize("version", [2, 7, 1.5])
def test_a_state_of_a_later_format_is_refused_and_left_alone(version, left):
    path = left / "prod.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": version}))
    before = contents(left)
    with pytest.raises(NewerFormat, match=rf"prod\.json was written by a newer version .* \(format {version:g}, known"):
        load(left)
    assert contents(left) == before


def test_a_journal_of_a_later_format_is_refused(left):
    """The State may be gone: what the journal says must not be misread then."""
    (left / "prod.json").unlink()
    journal = left / "prod.journal"
    journal.write_bytes(journal.read_bytes().replace(b'{"f":1}', b'{"f":2}'))
    before = contents(left)
    with pytest.raises(NewerFormat, match="the journal was written by a newer version"):
        load(left)
    assert contents(left) == before


def test_a_journal_says_its_format_from_its_first_line_on(left, monkeypatch):
    assert (left / "prod.journal").read_bytes().startswith(b'{"f":1}\n')
    monkeypatch.setattr(checkpoint_files, "COMPACT_BYTES", 0)
    checkpoint = Checkpoint(CheckpointFiles(str(left / "prod"), Log("prod")))
    checkpoint.load()
    for _ in range(20):
        checkpoint.call_made(1.0)
    checkpoint.window_done()  # which rewrites it
    checkpoint.close()
    lines = (left / "prod.journal").read_bytes().splitlines()
    assert lines[0] == b'{"f":1}' and lines.count(b'{"f":1}') == 1
    assert load(left).seen.holds(1_999, 42)


def test_a_journal_from_before_it_said_so_is_of_the_first_format(left):
    journal = left / "prod.journal"
    journal.write_bytes(journal.read_bytes().replace(b'{"f":1}\n', b""))
    assert load(left).seen.holds(1_999, 42)


@pytest.mark.parametrize("version", [None, 0, -1, True, "1", [1]])
def test_a_version_that_never_was_is_damage(version):
    with pytest.raises(ValueError, match="its version is"):
        state_from_json({**State().to_json(), "version": version})


class Rows:
    """A collection that holds these rows."""

    def __init__(self, *rows):
        self._rows = rows

    def rows(self, query):
        return list(self._rows)


def row(number, form):
    key = f"prod.log.{number:012d}"
    return {"_key": key, "input": "prod", "kind": "log", "seq": number, "holder": "h", "body": "{}", "format": form}


def test_rows_of_an_earlier_format_are_read_and_of_a_later_one_refused(monkeypatch):
    log = shared_log.SharedLog(Rows(row(1, 1), row(2, 2)), "prod", Log("prod"))
    with pytest.raises(NewerFormat, match=r"the KV store was written by a newer version .* \(format 2, known is 1\)"):
        log.read()
    monkeypatch.setattr(state, "VERSION", 2)
    assert [number for number, _, _ in log.read()] == [1, 2]


def test_members_that_a_later_version_adds_are_overlooked():
    """So that adding one needs no new format, and a step back costs nothing but what it held."""
    assert state_from_json({**State(position=5).to_json(), "something_new": {"a": 1}}).position == 5
