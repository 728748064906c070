"""The process dies before its n-th record, for every n there is: nothing is lost, and only what it had just sent comes
twice. Around a second that Slack cannot deliver, which has a memory of its own, and below the horizon of the look back,
where nobody looks a second time."""

from __future__ import annotations

import json

import pytest
from in_process import MemoryPlace, Organisation

# What is remembered when, in the order of records: the same on every Python.
pytestmark = pytest.mark.once

HOUR = 3_600
ENTRIES = 12


class Killed(BaseException):
    """The end of the process."""


class DeadlyPlace(MemoryPlace):
    """Lets so many records be made, and no more until `revive`."""

    def __init__(self, records: int) -> None:
        super().__init__()
        self._left = records

    def revive(self) -> None:
        self._left = 1_000_000

    def _one_more(self) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1

    def write_state(self, state):
        self._one_more()
        super().write_state(state)

    def append(self, record):
        self._one_more()
        super().append(record)


@pytest.fixture
def stage(slack, answers, make_entry):
    """An organisation for each death, in which Slack cannot deliver the second in the middle for the time being."""
    now = int(slack.now())
    slack.page_size = 5
    slack.entries = [make_entry(n, now - HOUR - 300 - 20 * (n // 4)) for n in range(ENTRIES)]  # four in each second
    bad = slack.entries[ENTRIES // 2 + 1]["id"].encode()

    def fault(number, params):
        page = slack.page(params)
        return answers.Answer(200, page.body.replace(bad + b'"', bad)) if bad in page.body else None

    return Stage(slack, answers, fault)


class Stage:
    """What the tests do with it."""

    def __init__(self, slack, answers, fault):
        self.slack, self._answers, self._fault = slack, answers, fault

    def organisation(self, records):
        def passes(seconds):
            self.slack.skew += seconds

        self.slack.skew = 0.0
        self.slack.fault = self._fault
        organisation = Organisation(self.slack.url, self._answers.TOKEN, passes)
        organisation.place = DeadlyPlace(records)
        return organisation

    def repair(self):
        self.slack.fault = lambda number, params: None

    def later(self, organisation, seconds):
        self.slack.skew += seconds
        organisation.ahead += seconds

    def ids(self):
        return sorted(entry["id"] for entry in self.slack.entries)


def dies(organisation):
    """Run once; tell whether it died on the way."""
    try:
        organisation.run()
    except Killed:
        return True
    return False


def check_survival(stage, organisation, looks):
    """The next processes bring all that is missing, once, but for what the killed one had sent."""
    at_death = len(organisation.ids())
    organisation.place.revive()
    organisation.run()
    stage.repair()
    for _ in range(looks):
        stage.later(organisation, 1_000)
        organisation.run()
    after, ids = organisation.ids()[at_death:], organisation.ids()
    assert sorted(set(ids)) == stage.ids()
    assert len(after) == len(set(after))
    assert len(ids) - len(set(ids)) <= ENTRIES


def test_while_the_second_is_found_and_noted(stage):
    deaths = 0
    while True:
        organisation = stage.organisation(deaths)
        if not dies(organisation):
            break
        deaths += 1
        check_survival(stage, organisation, looks=2)
    assert deaths > 20


def test_while_the_second_is_tried_again(stage):
    deaths = 0
    while True:
        organisation = stage.organisation(1_000_000)
        organisation.run()
        stage.repair()
        stage.later(organisation, 1_000)
        organisation.place._left = deaths
        if not dies(organisation):
            break
        deaths += 1
        check_survival(stage, organisation, looks=1)
    assert deaths > 3


def test_what_was_read_since_then_does_not_come_twice(slack, answers, make_entry, stage):
    """Noted while it was new, read whole by the next walk, tried again when the horizon is above it."""
    now = int(slack.now())
    slack.entries = [make_entry(n, now - 10 - n // 4) for n in range(ENTRIES)]
    organisation = stage.organisation(1_000_000)
    organisation.run()
    stage.repair()
    stage.later(organisation, 30)
    organisation.run()
    assert sorted(organisation.ids()) == stage.ids()
    for _ in range(3):
        stage.later(organisation, 2 * HOUR)
        organisation.run()
    assert sorted(organisation.ids()) == stage.ids()
    assert "event=second_readable_again" in organisation.log
    assert json.loads(organisation.place.state)["unreadable"] == []


def test_a_second_of_many_does_not_come_twice(slack, answers, make_entry, stage):
    now = int(slack.now())
    slack.page_size = 9_999
    slack.entries = [make_entry(n, now - HOUR - 300) for n in range(1_500)]
    organisation = stage.organisation(1_000_000)
    organisation.run()
    assert len(organisation.ids()) < 1_500
    stage.repair()
    for _ in range(2):
        stage.later(organisation, 1_000)
        organisation.run()
    assert sorted(organisation.ids()) == stage.ids()
