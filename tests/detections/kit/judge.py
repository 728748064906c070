"""The verdict on one case: nothing when the shipped search did as expected, else a note for an analyst."""

from __future__ import annotations

from pathlib import Path

from .contract import APP_ROOT, ActionList, Contract
from .entries import EntryBuilder
from .findings import Expectation
from .promises import broken_promises
from .report import case_note, disagreement, show_entry
from .scenario import Case
from .stage import Stage


class Judge:
    """Plays cases on one stage; reads the action list and Slack's contract once.

    Args:
        app: another app than the shipped one.
        execute_actions: run the alert actions of each trigger as processes; one that fails raises ScenarioError.
    """

    def __init__(self, *, app: Path = APP_ROOT, execute_actions: bool = False) -> None:
        self._stage = Stage(app=app, execute_actions=execute_actions)
        self._actions = ActionList()
        self._contract = Contract()

    def complaint(self, case: Case) -> str | None:
        """What is wrong, with the entries and the rows after each pipe; None when nothing is.

        Raises:
            ScenarioError: the case cannot be played as written.
            sandbox.spl.errors.SplError: a shipped search is refused by the engine.
        """
        builder = EntryBuilder(case, self._actions, self._contract)
        arrivals = builder.build()
        expected = [Expectation(wanted, case.start, builder.ids_of) for wanted in case.alerts]
        history = self._stage.play(case, arrivals).history
        wrong = disagreement(case, expected, history.findings)
        entry_ids = {str(arrival.entry["id"]) for arrival in arrivals if "id" in arrival.entry}
        for finding in history.findings:
            wrong += broken_promises(
                finding, detection=case.scenario.detection, rule_id=case.scenario.rule_id, entry_ids=entry_ids
            )
        for search, sentences in history.warnings.items():
            wrong += [f"the engine warned of {search}: {sentence}" for sentence in sorted(sentences)]
        if not wrong:
            return None
        runs = self._stage.play(case, arrivals, explain=True).runs
        return case_note(case, wrong, runs, [show_entry(arrival, case.start) for arrival in arrivals])
