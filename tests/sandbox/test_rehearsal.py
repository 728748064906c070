"""What searches cost, found out before a replay is divided."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cli import side_by_side
from sandbox.cli.rehearsal import MOST_EVENTS, SECONDS, in_the_middle, rehearse
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch, read_saved_searches

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
    pytest.mark.skipif(not side_by_side.can_fork(), reason="this system starts no process as a copy of another"),
]


def events(count: int, apart: float) -> list[IndexedEvent]:
    kept = ("h", "s", "slack:audit", "slack_audit")
    return [IndexedEvent(f'{{"id":"{n}","action":"user_login"}}', n * apart, n * apart, *kept) for n in range(count)]


def search(name: str, text: str, cron: str = "*/5 * * * *") -> SavedSearch:
    stanza = {"search": text, "cron_schedule": cron, "enableSched": "1", "dispatch.earliest_time": "-3h"}
    (found,) = read_saved_searches({name: stanza})
    return found


DEAR = search("Slack - Dear - Rule", "index=slack_audit " + "| eval n=md5(_raw) " * 20 + "| stats count BY n")
CHEAP = search("Slack - Cheap - Rule", "index=slack_audit TERM(nothing) | stats count BY n")
SELDOM = search("Slack - Seldom - Rule", "index=slack_audit | stats count BY n", "0 3 1 1 *")


def test_the_dear_one_is_found_dear_and_nothing_is_left_behind() -> None:
    engine, given = SplEngine(repository_root()), events(3_000, 10.0)
    costs = rehearse([DEAR, CHEAP, SELDOM], engine, given)
    assert costs[DEAR.name] > 10 * costs[CHEAP.name] > 0
    assert SELDOM.name not in costs, "not due in these hours"
    assert not engine.run(CHEAP, given[-1].indextime).rows
    assert engine.run(DEAR, given[-1].indextime).rows == (), "the rehearsal's events are not seen here"


@pytest.mark.parametrize(
    ("count", "apart", "expected"),
    [(1, 1.0, 1), (10_000, 60.0, SECONDS / 60), (100_000, 1.0, SECONDS / 2), (30, 86_400.0, 1)],
    ids=["one event", "a part of them", "thinned out", "days apart"],
)
def test_some_hours_around_the_middle(count: int, apart: float, expected: float) -> None:
    found = in_the_middle(events(count, apart))
    assert len(found) == pytest.approx(expected, rel=0.01) and len(found) <= MOST_EVENTS
    assert found[-1].indextime - found[0].indextime <= SECONDS


def test_no_events_and_a_search_that_fails_cost_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(self: SplEngine, search: SavedSearch, now: float) -> None:
        raise RuntimeError("no more")

    engine = SplEngine(repository_root())
    assert rehearse([DEAR], engine, []) == {}
    monkeypatch.setattr(SplEngine, "run", fail)
    assert rehearse([DEAR], engine, events(3_000, 10.0)) == {}
    assert capfd.readouterr().err == ""
