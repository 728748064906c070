"""Scheduler and search engine together, on a small app of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.confs import AppConfs
from sandbox.spl.errors import SplError
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import read_saved_searches
from sandbox.splunkd.scheduler import History, Scheduler

DAY = 1_700_006_400  # 2023-11-15 00:00:00 UTC

ALWAYS = """
enableSched = 1
counttype = number of events
relation = greater than
quantity = 0
alert.track = 1
alert.digest_mode = 0
"""
EACH_ONCE = """
cron_schedule = */15 * * * *
dispatch.earliest_time = -7d@m
dispatch.latest_time = now
dispatch.index_earliest = -20m@m
dispatch.index_latest = -5m@m
"""


def app(folder: Path, searches: str, **confs: str) -> Path:
    (folder / "default").mkdir(parents=True)
    (folder / "lookups").mkdir()
    for name, text in {"savedsearches": searches, **confs}.items():
        (folder / "default" / f"{name}.conf").write_text(text, encoding="utf-8")
    return folder


def event(n: int, at: float, arrives: float | None = None) -> IndexedEvent:
    raw = json.dumps({"id": f"e{n}", "date_create": at, "n": n, "who": "ana" if n % 2 else "ben"})
    return IndexedEvent(raw, at, at + 10 if arrives is None else arrives, "h", "s", "slack:audit", "slack_audit")


def simulate(folder: Path, events: list[IndexedEvent], **macros: str) -> History:
    searches = read_saved_searches(AppConfs(folder).conf("savedsearches"))
    engine = SplEngine(folder, macros=macros)
    engine.compile(searches)
    return Scheduler(searches, engine).run(sorted(events, key=lambda one: one.indextime))


def test_an_index_time_window_judges_each_event_once_however_late(tmp_path: Path) -> None:
    folder = app(tmp_path / "a", f"[once]\nsearch = index=slack_audit | table id\n{ALWAYS}{EACH_ONCE}")
    events = [event(n, DAY + 400 * n) for n in range(40)]
    events += [event(100, DAY + 50, arrives=DAY + 6 * 86_400), event(101, DAY + 50, arrives=DAY + 8 * 86_400)]
    events += [event(102, DAY, arrives=DAY + 900), event(103, DAY, arrives=DAY + 1200)]
    found = [finding["id"] for finding in simulate(folder, events).findings]
    # 101 came after the seven days that the window reaches back.
    assert sorted(found) == sorted([f"e{n}" for n in (*range(40), 100, 102, 103)])


def test_nothing_is_seen_before_it_arrived(tmp_path: Path) -> None:
    text = f"[look]\nsearch = index=slack_audit | stats count\ncron_schedule = */5 * * * *\n{ALWAYS}"
    folder = app(tmp_path / "a", text.replace("greater than\nquantity = 0", "greater than\nquantity = 0"))
    history = simulate(folder, [event(1, DAY), event(2, DAY, arrives=DAY + 600), event(3, DAY, arrives=DAY + 601)])
    counts = [(finding["triggered_at"] - DAY, finding["count"]) for finding in history.findings][:4]
    assert counts == [(300, 1), (600, 2), (900, 3), (1200, 3)]


def test_what_a_baseline_writes_later_runs_see(tmp_path: Path) -> None:
    searches = f"""
[seen - Lookup Gen]
search = index=slack_audit | stats min(_time) AS first BY who | inputlookup append=t seen \\
| stats min(first) AS first BY who | outputlookup override_if_empty=false seen
enableSched = 1
{EACH_ONCE}
[z new - Rule]
search = index=slack_audit | lookup seen who OUTPUT first | where first=_time | table id who
{ALWAYS}{EACH_ONCE}
"""
    folder = app(tmp_path / "a", searches, transforms="[seen]\nfilename = seen.csv\n", collections="")
    (folder / "lookups" / "seen.csv").write_text("who,first\n")
    history = simulate(folder, [event(n, DAY + 1000 * n) for n in range(1, 20)])
    assert [(finding["id"], finding["who"]) for finding in history.findings] == [("e1", "ana"), ("e2", "ben")]
    assert (folder / "lookups" / "seen.csv").read_text() == "who,first\n", "the app's own file is not touched"


def test_a_custom_condition_runs_over_the_results(tmp_path: Path) -> None:
    text = (
        "[c]\nsearch = index=slack_audit | stats count values(id) AS ids BY who\ncron_schedule = 0 1 * * *\n"
        "enableSched = 1\ncounttype = custom\nalert_condition = where count>2 AND mvcount(ids)>2\n"
        "alert.digest_mode = 0\nalert.track = 1\n"
    )
    folder = app(tmp_path / "a", text)
    assert simulate(folder, [event(n, DAY) for n in range(4)]).findings == []
    fired = simulate(folder, [event(n, DAY) for n in range(5)]).findings
    assert {finding["who"]: finding["count"] for finding in fired} == {"ana": 2, "ben": 3}


def test_a_macro_can_be_given_another_definition(tmp_path: Path) -> None:
    text = f"[m]\nsearch = index=slack_audit | where n>`limit` | table id\n{ALWAYS}{EACH_ONCE}"
    folder = app(tmp_path / "a", text, macros="[limit]\ndefinition = 100\n")
    events = [event(n, DAY) for n in range(5)]
    assert simulate(folder, events).findings == []
    assert [finding["id"] for finding in simulate(folder, events, limit="3").findings] == ["e4"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("table id", "tabel id"), "[broken]"),
        (("-20m@m", "-20x@m"), "-20x@m"),
        (("index=slack_audit", "`no_such_macro`"), "no_such_macro"),
    ],
)
def test_a_search_that_cannot_run_is_named_before_anything_runs(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    text = f"[broken]\nsearch = index=slack_audit | table id\n{ALWAYS}{EACH_ONCE}".replace(*change)
    folder = app(tmp_path / "a", text)
    with pytest.raises(SplError) as refusal:
        SplEngine(folder).compile(read_saved_searches(AppConfs(folder).conf("savedsearches")))
    assert complaint in str(refusal.value) and "[broken]" in str(refusal.value)
