"""A replay in several processes gives to the letter what one process gives, and ends as cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.cli import side_by_side
from sandbox.cli.main import main
from sandbox.confs import AppConfs
from sandbox.slack_api.organisation import Organisation
from sandbox.spl.errors import SplError
from sandbox.spl.lookups import Definition, LookupTables
from sandbox.splunkd.division import Share, divide
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.saved_searches import SavedSearch, read_saved_searches
from sandbox.splunkd.scheduler import Outcome
from tests.end_to_end.processes import heed_interrupts, is_running

pytestmark = [
    pytest.mark.once,
    # pytest's workers have threads of their own; `replay` as a command has none by then.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
    pytest.mark.skipif(not side_by_side.can_fork(), reason="this system starts no process as a copy of another"),
]

TABLES = LookupTables(
    {name: Definition(name, "kvstore", target) for name, target in (("seen", "c"), ("seen_again", "c"), ("own", "d"))},
    None,
    {},
)
WRITES = "index=a | outputlookup append=true key_field=_key {}"
# What one search says, what another one says, and whether the first must run in every process.
CASES = [
    ("index=a | stats count", "| inputlookup seen", False),
    (WRITES.format("own"), "| inputlookup seen", False),
    (WRITES.format("seen"), "index=a | lookup seen id OUTPUT first", True),
    (WRITES.format("seen"), "| inputlookup seen_again", True),  # two names of one collection
    (WRITES.format("seen"), "index=a | append [| inputlookup seen where x=1]", True),
    (WRITES.format("seen"), WRITES.format("seen"), True),
    ("index=a | appendpipe [stats count | outputlookup seen]", "| inputlookup seen", True),
    ("index=a | outputlookup new.csv", "| inputlookup new.csv", True),
    ("index=a | collect index=b", "index=c", True),
]


def search(name: str, text: str, **settings: str) -> SavedSearch:
    stanza = {"search": text, "cron_schedule": "*/5 * * * *", "enableSched": "1", **settings}
    (found,) = read_saved_searches({name: {key.replace("__", "."): value for key, value in stanza.items()}})
    return found


def shares(*searches: SavedSearch, automatic: str = "", parts: int = 2) -> list[Share]:
    return divide(searches, {one.name: one.search for one in searches}, automatic, TABLES, parts)


@pytest.mark.parametrize(("text", "other", "everywhere"), CASES)
def test_what_others_read_is_written_everywhere(text: str, other: str, everywhere: bool) -> None:
    divided = shares(search("Slack - First - Rule", text), search("Slack - Second - Rule", other))
    assert sum("Slack - First - Rule" in share.names for share in divided) == (2 if everywhere else 1)
    assert sum("Slack - First - Rule" in share.own for share in divided) == 1


def test_tables_of_automatic_lookups_and_the_removal_of_old_rows_are_everywhere() -> None:
    writer = search("Slack - First - Rule", WRITES.format("own"))
    assert sum(writer.name in share.names for share in shares(writer)) == 1
    assert sum(writer.name in share.names for share in shares(writer, automatic="own id AS user OUTPUT name")) == 2
    cleanup = search("Slack - Old - Lookup Cleanup", "| makeresults", action__slack_audit_prune="1")
    assert sum(cleanup.name in share.names for share in shares(cleanup)) == 2


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_every_shipped_search_is_one_share_s_own_and_the_work_is_divided(parts: int) -> None:
    confs = AppConfs(repository_root())
    searches, engine = read_saved_searches(confs.conf("savedsearches")), SplEngine(repository_root())
    texts = {one.name: engine.expanded(one) for one in searches}
    divided = divide(searches, texts, str(confs.conf("props")), engine.tables, parts)
    assert sorted(name for share in divided for name in share.own) == sorted(texts)
    assert all(share.own <= share.names for share in divided)
    apart = [share.names - frozenset.intersection(*(other.names for other in divided)) for share in divided]
    assert parts == 1 or all(apart)
    # The costliest of all writes a table, which nobody else reads.
    assert sum("Slack - Session on Two Networks - Rule" in share.names for share in divided) == 1


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of a hundred people."""
    folder = tmp_path_factory.mktemp("life")
    organisation = Organisation.generate(people=100, days=4, stories_wanted=[])
    organisation.write_jsonl(folder / "life.jsonl")
    organisation.write_geo_csv(folder / "geo.csv")
    return folder


def test_several_processes_tell_what_one_tells(life: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for jobs in ("1", "3"):
        assert main(["replay", str(life / "life.jsonl"), "--geo", str(life / "geo.csv"), "--jobs", jobs]) == 0
        told.append(capsys.readouterr())
    assert len(told[0].out.splitlines()) > 5 and "runs" in told[0].err
    assert told[1] == told[0]


def test_a_search_that_fails_ends_the_replay_with_its_own_words(
    life: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: SplEngine, search: SavedSearch, now: float) -> Outcome:
        raise SplError(f"[{search.name}] no more")

    monkeypatch.setattr(SplEngine, "run", fail)
    assert main(["replay", str(life / "life.jsonl"), "--jobs", "2"]) == 2
    assert "] no more" in capsys.readouterr().err


def test_a_process_that_dies_is_said(
    life: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: SplEngine, search: SavedSearch, now: float) -> Outcome:
        os._exit(9)

    monkeypatch.setattr(SplEngine, "run", die)
    assert main(["replay", str(life / "life.jsonl"), "--jobs", "2"]) == 2
    assert "a process of the replay ended without a word" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found through /proc")
def test_ctrl_c_leaves_nothing_running(life: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "replay", str(life / "life.jsonl"), "--jobs", "2"]
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(
            command, cwd=repository_root(), stdout=said, stderr=said, start_new_session=True, preexec_fn=heed_interrupts
        )
        try:
            deadline = time.monotonic() + 60
            children: list[str] = []
            while len(children) < 2 and time.monotonic() < deadline and running.poll() is None:
                children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
                time.sleep(0.02)
            assert len(children) == 2
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does
            assert running.wait(timeout=30) == 130
            assert not any(is_running(int(child)) for child in children)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
    assert "Traceback" not in (tmp_path / "said").read_text()
