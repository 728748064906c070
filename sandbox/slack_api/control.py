"""The simulator's own back door under `/sandbox/`, for programs that run it as a process.

It is no part of Slack's API: it moves the clock, plays faults, adds entries and shows what was called.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .faults import Answer
from .schedule import parse_rule

if TYPE_CHECKING:
    from .simulator import SlackSimulator


def answer(slack: SlackSimulator, method: str, path: str, body: bytes) -> Answer:
    """Answer one control request; a mistake in it gives 400 and a sentence."""
    name = path[len("/sandbox/") :]
    if method == "GET":
        return _show(slack, name)
    try:
        wish: Any = json.loads(body or b"{}")
        if not isinstance(wish, dict):
            raise ValueError("the body must be a JSON object")
        return _do(slack, method, name, wish)
    except (ValueError, KeyError, TypeError) as problem:
        return Answer.json(400, {"error": f"{name}: {problem}"})


def _show(slack: SlackSimulator, name: str) -> Answer:
    if name == "calls":
        return Answer.json(200, slack.call_log.as_json())
    if name == "state":
        return Answer.json(
            200, {"now": slack.clock.now(), "entries": len(slack.journal), "calls": len(slack.call_log.all())}
        )
    if name == "ground_truth":
        return Answer.json(200, slack.ground_truth)
    return Answer.json(404, {"error": f"no such page: {name}; there are calls, state, ground_truth"})


def _do(slack: SlackSimulator, method: str, name: str, wish: dict[str, Any]) -> Answer:
    if name == "clock" and "now" in wish:
        slack.clock.set(float(wish["now"]))
    elif name == "clock":
        slack.clock.advance(float(wish["advance"]))
    elif name == "faults":
        for text in wish["rules"]:
            for rule in parse_rule(text):
                slack.schedule.play(rule.fault, int(wish.get("times", 1)))
    elif name == "entries":
        slack.add(wish["entry"], wish.get("arrives_at"))
    elif name == "calls" and method == "DELETE":
        slack.call_log.clear()
    else:
        return Answer.json(404, {"error": f"cannot {method} {name}; there are clock, faults, entries, calls"})
    return Answer.json(200, {"done": name, "now": slack.clock.now()})
