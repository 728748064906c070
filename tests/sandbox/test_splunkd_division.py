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


def shares(*searches: SavedSearch, automatic: str = "", parts: int = 2, **costs: float) -> list[Share]:
    by_name = {f"Slack - {name} - Rule": cost for name, cost in costs.items()}
    return divide(searches, {one.name: one.search for one in searches}, automatic, TABLES, parts, by_name)


@pytest.mark.parametrize(("text", "other", "is_read"), CASES)
def test_what_fills_a_table_runs_where_it_is_read(text: str, other: str, is_read: bool) -> None:
    """With two readers, each so dear that they must be apart."""
    divided = shares(
        search("Slack - First - Rule", text),
        search("Slack - Second - Rule", other),
        search("Slack - Third - Rule", other.replace("x=1", "x=2")),
        First=1.0, Second=9.0, Third=9.0,
    )  # fmt: skip
    first, second, third = (
        [f"Slack - {name} - Rule" in share.names for share in divided] for name in ("First", "Second", "Third")
    )
    if "collect" in text:
        assert first == [True, True], "what is written into an index, anybody may read"
    elif is_read:
        assert all(one for one, *readers in zip(first, second, third) if any(readers))
    else:
        assert sum(first) == 1
    assert sum("Slack - First - Rule" in share.own for share in divided) == 1


def test_without_searches_there_is_nothing_to_do() -> None:
    assert shares() == [Share(frozenset(), frozenset())] * 2


def test_readers_stay_with_a_dear_table_and_leave_a_cheap_one() -> None:
    writer = search("Slack - First - Rule", WRITES.format("seen"))
    reading = "index=a | lookup seen id OUTPUT first"
    readers = [search(f"Slack - {name} - Rule", reading) for name in ("Second", "Third")]
    other = search("Slack - Fourth - Rule", "index=a | stats count")
    dear = shares(writer, *readers, other, First=50.0, Second=2.0, Third=2.0, Fourth=20.0)
    assert sorted(len(share.names) for share in dear) == [1, 3]
    cheap = shares(writer, *readers, other, First=1.0, Second=30.0, Third=30.0, Fourth=1.0)
    assert all(writer.name in share.names for share in cheap)
    assert sum(sum(reader.name in share.names for reader in readers) for share in cheap) == 2


def test_what_feeds_a_feeder_comes_along() -> None:
    chain = [
        search("Slack - First - Rule", WRITES.format("own")),
        search("Slack - Second - Rule", "| inputlookup own | outputlookup append=true seen"),
        search("Slack - Third - Rule", "| inputlookup seen_again"),
        search("Slack - Fourth - Rule", "index=a"),
    ]
    divided = shares(*chain, First=1.0, Second=1.0, Third=1.0, Fourth=2.9)
    assert sorted(len(share.names) for share in divided) == [1, 3]


def test_how_long_rows_are_kept_is_no_reading() -> None:
    text = '| makeresults | eval collection="d", days=3 | lookup seen id'
    cleanup = search("Slack - Old - Rule", text, action__slack_audit_prune="1")
    divided = shares(cleanup, search("Slack - First - Rule", WRITES.format("own")),
                     search("Slack - Second - Rule", WRITES.format("seen")), search("Slack - Third - Rule", "index=a"),
                     First=5.0, Second=1.0, Third=5.0)  # fmt: skip
    names = [share.names for share in divided]
    assert all(cleanup.name in one for one in names)
    assert sum("Slack - First - Rule" in one for one in names) == 1
    assert all("Slack - Second - Rule" in one for one in names), "a command reads it"


def test_tables_of_automatic_lookups_and_the_removal_of_old_rows_are_everywhere() -> None:
    writer = search("Slack - First - Rule", WRITES.format("own"))
    others = [search(f"Slack - {name} - Rule", "index=a | stats count") for name in ("Second", "Third")]
    costs = {"First": 1.0, "Second": 5.0, "Third": 5.0}
    assert sum(writer.name in share.names for share in shares(writer, *others, **costs)) == 1
    automatic = "own id AS user OUTPUT name"
    assert all(writer.name in share.names for share in shares(writer, *others, automatic=automatic, **costs))
    cleanup = search("Slack - Old - Lookup Cleanup", "| makeresults", action__slack_audit_prune="1")
    assert all(cleanup.name in share.names for share in shares(cleanup, *others, **costs))


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_every_shipped_search_is_one_share_s_own_and_the_work_is_divided(parts: int) -> None:
    confs = AppConfs(repository_root())
    searches, engine = read_saved_searches(confs.conf("savedsearches")), SplEngine(repository_root())
    texts = {one.name: engine.expanded(one) for one in searches}
    costs = {one.name: 1.0 for one in searches} | {"Slack - Session on Two Networks - Rule": 50.0}
    divided = divide(searches, texts, str(confs.conf("props")), engine.tables, parts, costs)
    assert sorted(name for share in divided for name in share.own) == sorted(texts)
    assert all(share.own <= share.names for share in divided)
    apart = [share.names - frozenset.intersection(*(other.names for other in divided)) for share in divided]
    assert parts == 1 or all(apart)
    # The costliest of all writes a table, which nobody else reads.
    assert sum("Slack - Session on Two Networks - Rule" in share.names for share in divided) == 1
    weighed = [sum(costs[name] for name in share.names) for share in divided]
    assert max(weighed) < 1.2 * max(sum(costs.values()) / parts, 60.0)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of a hundred people."""
    folder = tmp_path_factory.mktemp("life")
    organisation = Organisation.generate(people=100, days=4, stories_wanted=[])
    organisation.write_jsonl(folder / "life.jsonl")
    organisation.write_geo_csv(folder / "geo.csv")
    return folder


@pytest.mark.long
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


KEYED = (
    'index=a | eval _key="{0}|" . id | lookup local=true seen _key OUTPUT first | where isnull(first)'
    " | outputlookup append=true key_field=_key seen"
)


@pytest.mark.parametrize(
    ("second", "apart"),
    [
        (KEYED.format("U2"), True),
        (KEYED.format("U1"), False),
        (KEYED.format("U2").replace('"U2|" . id', 'rule . "|" . id'), False),
        (KEYED.format("U2").replace("lookup local=true seen _key", "lookup seen id"), False),
        (KEYED.format("U2").replace("key_field=_key ", ""), False),
        (KEYED.format("U2") + " | append [| inputlookup seen]", False),
        (KEYED.format("U2").replace("| lookup", "| rename id AS _key | lookup"), False),
        ("index=a | stats count | inputlookup append=true seen_again", False),
        (KEYED.format("U1").replace(" seen", " seen_again"), False),
    ],
)
def test_a_table_of_own_keys_keeps_nobody_together(second: str, apart: bool) -> None:
    searches = [search("Slack - First - Rule", KEYED.format("U1")), search("Slack - Second - Rule", second)]
    divided = shares(*searches, search("Slack - Third - Rule", "index=a"), First=9.0, Second=9.0, Third=0.5)
    both = [share for share in divided if {one.name for one in searches} <= share.names]
    assert bool(both) is not apart
