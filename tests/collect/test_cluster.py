"""Several members of a search head cluster: splunkd starts the input on each of them, and one collects."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("cluster_double", Path(__file__).with_name("cluster_double.py"))
cluster_double = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cluster_double)

FLUSH_BATCH = 500


@pytest.fixture
def store(splunkd):
    shared = cluster_double.SharedStore()
    yield shared
    shared.rows.close()


@pytest.fixture
def members(store, slack, tmp_path, prod):
    """Makes the input of member 1, 2, ...; each has its own splunkd and its own checkpoint folder."""
    doubles = []

    def make(number, **options):
        doubles.append(cluster_double.MemberDouble(store, number, **options))
        member = type(prod)(tmp_path / f"sh{number}", slack, doubles[-1])
        member.params["interval"] = "60"
        return member

    yield make
    for double in doubles:
        double.close()


@pytest.fixture
def many(slack, make_entry):
    now = int(time.time())
    slack.page_size = 500
    slack.entries = [make_entry(i, now - 5 - i) for i in range(3000)]
    return sorted(entry["id"] for entry in slack.entries)


def add_new(slack, make_entry, number=90_000):
    entry = make_entry(number, int(time.time()) - 2)
    slack.entries.append(entry)
    return entry["id"]


def finish(process):
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr.decode()


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def texts(stdout):
    """Ids of the whole events of a stream that may end anywhere."""
    if b"</event>" not in stdout:
        return []
    whole = stdout[: stdout.rindex(b"</event>") + 8] + b"</stream>"
    return [json.loads(event.findtext("data"))["id"] for event in ElementTree.fromstring(whole)]


def test_members_started_at_once_collect_once(members, slack, many, prod):
    everyone = [members(number) for number in range(1, 5)]
    processes = [member.start() for member in everyone]
    ended = []
    readers = [threading.Thread(target=lambda p=p: ended.append(finish(p))) for p in processes]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert [code for code, _, _ in ended] == [0, 0, 0, 0]
    ids = [i for _, stdout, _ in ended for i in texts(stdout)]
    assert sorted(ids) == many
    assert sum("outcome=stopped" in stderr for _, _, stderr in ended) == 3
    assert slack.logs_calls <= 7


def test_the_others_stand_by_between_the_runs_and_do_not_call_slack(members, slack, many, make_entry):
    one, two = members(1), members(2)
    assert sorted(one.run().ids()) == many
    calls = len(slack.requests)
    result = two.run()
    assert result.code == 0 and result.ids() == [] and len(slack.requests) == calls
    assert "Another member of the search head cluster collects: sh1" in result.stderr
    new = add_new(slack, make_entry)
    time.sleep(1.1)
    assert one.run().ids() == [new]  # its own lease is no obstacle to the next run


def test_a_dead_member_is_followed_within_two_intervals_with_nothing_lost(members, slack, many, make_entry):
    one, two = members(1), members(2)
    for member in (one, two):
        member.params["interval"] = "4"
    killed, in_time = one.run_until_killed(700_000)
    assert in_time and 500 < len(killed.ids()) < 3000
    got = two.run().ids()
    if not got:
        time.sleep(4.0)
        got = two.run().ids()
    assert got, "nobody followed within two intervals"
    counts = Counter(killed.ids() + got)
    assert sorted(counts) == many
    assert sum(counts.values()) - len(counts) <= FLUSH_BATCH
    assert two.run().ids() == []


def test_the_same_host_goes_on_at_once_after_a_crash(members, slack, many):
    one = members(1)
    killed, in_time = one.run_until_killed(700_000)
    counts = Counter(killed.ids() + one.run().ids())
    assert in_time and sorted(counts) == many
    assert sum(counts.values()) - len(counts) <= FLUSH_BATCH


def test_kill_after_kill_on_changing_members_repeats_at_most_one_batch_each(members, slack, many, store):
    everyone = [members(number) for number in (1, 2, 3)]
    got, kills = [], 0
    for round_ in range(12):
        result, killed = everyone[round_ % 3].run_until_killed(250_000 + 100_000 * (round_ % 3))
        got += result.ids()
        kills += killed
        for row in store.all("beat"):  # as if its time had passed
            store.put({**row, "free": True})
    got += everyone[0].run().ids()
    counts = Counter(got)
    assert kills >= 4 and sorted(counts) == many
    assert sum(counts.values()) - len(counts) <= FLUSH_BATCH * kills


def test_a_member_that_is_stopped_hands_over_at_once(members, slack, many, answers):
    one, two = members(1), members(2)
    slack.fault = lambda number, params: answers.Answer(silent_seconds=8) if number == 3 else None
    process = one.start()
    got = []
    reader = threading.Thread(target=lambda: got.append(process.stdout.read()))
    reader.start()
    wait_until(lambda: slack.logs_calls >= 3)
    process.terminate()
    assert process.wait(timeout=120) == 0
    reader.join()
    process.stdout.close()
    process.stderr.close()
    assert sorted(texts(got[0]) + two.run().ids()) == many


def test_a_member_that_cannot_collect_hands_over(members, slack, many):
    one, two = members(1), members(2)
    one.splunkd.secrets.clear()
    result = one.run()
    assert result.code != 0 and result.ids() == []
    assert sorted(two.run().ids()) == many


def test_a_member_that_slept_through_its_lease_writes_nothing_more(members, slack, many, make_entry, answers):
    one, two = members(1), members(2)
    for member in (one, two):
        member.params["interval"] = "4"  # a lease of three seconds
    slack.fault = lambda number, params: answers.Answer(silent_seconds=2) if number == 4 else None
    process = one.start()
    got = []
    reader = threading.Thread(target=lambda: got.append(process.stdout.read()))
    reader.start()
    wait_until(lambda: slack.logs_calls >= 4)
    os.kill(process.pid, signal.SIGSTOP)
    slack.fault = lambda number, params: None
    try:
        followed = two.run().ids()
        assert followed == []  # the first look
        time.sleep(3.1)
        followed = two.run().ids()
        assert followed
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=120) == 0
    reader.join()
    stderr = process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    assert "outcome=stopped" in stderr and "has taken over" in stderr
    assert sorted(texts(got[0]) + followed) == many  # its last page came, and it did not write it
    new = add_new(slack, make_entry)
    time.sleep(1.1)
    assert two.run().ids() == [new]  # what the late one knew has overwritten nothing


def test_a_row_of_another_member_ends_the_run_at_the_next_batch(members, slack, many, store, answers):
    """However it came there: no clock and no beat is needed to notice."""
    one = members(1)

    def intrude(number, params):
        if number == 4:
            last = max(store.all("log"), key=lambda row: row["seq"])
            number = last["seq"] + 1
            key = last["_key"][:-12] + f"{number:012d}"
            store.put({**last, "_key": key, "seq": number, "holder": "somebody", "body": '{"t":{"owner":"x"}}'})

    slack.fault = intrude
    result = one.run()
    assert result.code == 0 and "outcome=stopped" in result.stderr and "has taken over" in result.stderr
    assert len(result.ids()) == 4 * FLUSH_BATCH  # the batch that was on its way is the last one


def test_a_store_that_is_not_ready_after_a_start_is_waited_for(members, slack, many, store):
    one, refusals = members(1), iter([503, 503, 503])
    store.fault = lambda method, path: next(refusals, None)
    assert sorted(one.run().ids()) == many


def test_a_store_that_changes_its_captain_in_mid_run_is_waited_for(members, slack, many, store):
    one = members(1)
    store.fault = lambda method, path: 503 if len(store.calls) in (7, 8, 11, 15) else None
    assert sorted(one.run().ids()) == many
    assert one.run().ids() == []


def test_an_insert_whose_answer_was_lost_is_recognised(members, slack, many, store):
    one = members(1)
    lost = []

    def fault(method, path):
        if method == "POST" and path == cluster_double.DATA and len(store.all("log")) == 3 and not lost:
            # The row arrives, the answer does not: what the next attempt finds is the collector's own row.
            lost.append(True)
        return None

    answer = store.answer

    def losing(method, path, query, body):
        status, told = answer(method, path, query, body)
        if lost == [True] and method == "POST" and path == cluster_double.DATA:
            lost.append(False)
            return 503, cluster_double.NOT_READY
        return status, told

    store.fault, store.answer = fault, losing
    result = one.run()
    assert len(lost) == 2 and sorted(result.ids()) == many and "outcome=done" in result.stderr


@pytest.mark.parametrize(
    ("roles", "in_store"), [(("search_head", "indexer"), False), (("search_head", "shc_captain"), True)]
)
def test_auto_asks_the_instance_what_it_is(roles, in_store, members, slack, many, store):
    one = members(1, roles=roles)
    assert sorted(one.run().ids()) == many
    assert bool(store.all()) is in_store
    assert bool(list(one.folder.glob("prod-*.json"))) is not in_store


def test_the_position_is_carried_over_in_both_directions(members, slack, many, store, make_entry):
    one = members(1)
    for state in ("file", "kvstore", "file", "kvstore"):
        one.params["state"] = state
        expected = (
            many if state == "file" and not store.all() else [add_new(slack, make_entry, 90_000 + len(slack.entries))]
        )
        time.sleep(1.1)
        result = one.run()
        assert sorted(result.ids()) == expected, (state, result.stderr)


def test_a_member_that_never_collected_goes_on_from_the_store(members, slack, many, make_entry):
    one, two = members(1), members(2)
    one.run()
    two.run()
    new = add_new(slack, make_entry)
    two.params["state"] = "file"
    time.sleep(1.1)
    assert two.run().ids() == [new]


def test_auto_never_leaves_the_store_by_itself(members, slack, many, store):
    one = members(1)
    one.run()
    one.splunkd.roles = ("search_head",)  # just after a start
    assert one.run().ids() == [] and not list(one.folder.glob("prod-*.json"))


def test_leaving_a_store_that_is_gone_says_what_to_do(members, slack, many, store):
    one = members(1)
    one.run()
    one.params["state"] = "file"
    store.fault = lambda method, path: 404 if method == "GET" else None
    result = one.run()
    assert result.code == 1 and "remove" in result.stderr and ".kvstore" in result.stderr
    next(one.folder.glob("*.kvstore")).unlink()
    assert sorted(one.run().ids()) == many


def last_row(store):
    return max(store.all("log"), key=lambda row: row["seq"])


def _spoil_state(store):
    row = last_row(store)
    store.put({**row, "body": row["body"].replace('"position":', '"position":"x","old":')})


def _spoil_text(store):
    row = last_row(store)
    store.put({**row, "body": "no JSON" + row["body"][5:]})


def _no_text(store):
    store.put({**last_row(store), "body": 5})


def _row_in_the_way(store):
    row = last_row(store)
    store.put({"_key": row["_key"][:-12] + f"{row['seq'] + 1:012d}", "note": "left by a search"})


def _beat_spoilt(store):
    store.put({**store.all("beat")[0], "lasts": "for ever", "seq": None})


@pytest.mark.parametrize("spoil", [_spoil_state, _spoil_text, _no_text, _row_in_the_way, _beat_spoilt])
def test_a_poisoned_row_is_reported_and_work_goes_on(spoil, members, slack, many, store, make_entry):
    one = members(1)
    assert sorted(one.run().ids()) == many
    spoil(store)
    new = add_new(slack, make_entry)
    time.sleep(1.1)
    result = one.run()
    assert result.code == 0, result.stderr
    if spoil is not _beat_spoilt:
        assert "event=checkpoint_set_aside" in result.stderr or "event=journal_damaged" in result.stderr
        assert len(store.all("aside")) == 1 and store.all("aside")[0]["reason"]
    again = one.run()
    assert again.code == 0
    # Without the row that closed the window it is closed again first, and what came since is for the next poll.
    assert result.ids() + again.ids() == [new]
    assert "set_aside" not in again.stderr and "journal_damaged" not in again.stderr


def test_rows_of_a_newer_version_stop_the_older_one(members, slack, many, store):
    one = members(1)
    one.run()
    row = last_row(store)
    store.put({**row, "format": 2, "body": "something new"})
    result = one.run()
    assert result.code == 1 and "newer version" in result.stderr and "Update the app" in result.stderr
    assert last_row(store)["body"] == "something new" and one.splunkd.messages


@pytest.mark.once  # sizes and numbers of rows
def test_much_state_stays_in_small_rows_and_is_not_written_again_for_each_batch(members, slack, store, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 10 - i // 20) for i in range(60_000)]
    one = members(1)
    assert len(one.run().ids()) == 60_000
    assert store.largest_row < 1_000_000
    assert len(store.all("log")) <= 300
    written = sum(size for method, _, size in store.calls if method == "POST")
    assert written < 60_000 * 40  # eleven bytes an entry in its row, and again in a summary
    store.calls.clear()
    assert one.run().ids() == []
    assert sum(size for method, _, size in store.calls if method == "POST") < 10_000


def test_the_list_of_rows_does_not_grow_for_ever(members, slack, many, store, monkeypatch):
    one = members(1)
    one.run()
    for _ in range(2):
        row = last_row(store)
        for number in range(row["seq"] + 1, row["seq"] + 202):
            store.put({**row, "_key": row["_key"][:-12] + f"{number:012d}", "seq": number, "body": '{"c":1.0}'})
        one.run()
        assert len(store.all("log")) < 80
    assert one.run().ids() == []


def test_nothing_to_do_is_quick_and_cheap(members, slack, many, store):
    one = members(1)
    one.run()
    store.calls.clear()
    before = os.times().children_user
    assert one.run().ids() == []
    assert os.times().children_user - before < 2  # 0.4 s of work, however busy the machine is
    assert len(store.calls) <= 9
