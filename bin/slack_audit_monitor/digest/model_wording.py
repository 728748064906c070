"""Asks a model for the words of a digest: one attempt, at most one more, within a budget of tokens.

Whatever goes wrong ends here: the template's words are always there, and the digest says why it has them.
"""

from __future__ import annotations

from collections.abc import Sequence

from slack_audit_monitor.digest.answer import Unusable, words_from
from slack_audit_monitor.digest.model_client import Answer, ModelClient, is_worth_repeating
from slack_audit_monitor.digest.page import Author
from slack_audit_monitor.digest.prompt import messages_of, things_of, tokens_of
from slack_audit_monitor.digest.pseudonyms import Pseudonyms
from slack_audit_monitor.digest.ranking import Item
from slack_audit_monitor.digest.settings import Model
from slack_audit_monitor.digest.wording import Words
from slack_audit_monitor.log import Log

ATTEMPTS = 2


def word(
    items: Sequence[Item], model: Model, prompt: str, client: ModelClient, pseudonyms: Pseudonyms | None, log: Log
) -> tuple[list[Words] | None, Author]:
    """Return the model's words for each item, or None, and who is the author or why it is not the model."""
    things = things_of(items, model, pseudonyms)
    messages = messages_of(things, prompt)
    asked = tokens_of(messages)
    spent, told = 0, 0
    problem = Unusable("over_budget", "")
    for attempt in range(1, ATTEMPTS + 1):
        if spent + asked + model.answer_tokens > model.token_budget:
            if attempt == 1:
                problem = Unusable(
                    "over_budget",
                    f"asking would take about {asked + model.answer_tokens:,} tokens, and token_budget is "
                    f"{model.token_budget:,}",
                )
            break
        spent += asked + model.answer_tokens
        try:
            answer: Answer = client.ask(messages)
            told += answer.tokens
            words = words_from(answer.content, things)
        except Unusable as found:
            problem = found
            log.warn("model_answer_not_used", attempt=attempt, code=found.code, reason=str(found), host=model.host)
            if not is_worth_repeating(found):
                break
            continue
        log.info("model_answer_used", attempt=attempt, host=model.host, model=model.name, tokens=told)
        return words, Author("model", model.name, tokens=told)
    return None, not_by_model(model, problem, told)


def not_by_model(model: Model | None, problem: Unusable, tokens: int = 0) -> Author:
    """Return the template as author, with the reason why it is not the model."""
    reason = str(problem).rstrip(".") + "."
    return Author("template", model.name if model else "", problem.code, reason[:1].upper() + reason[1:], tokens)
