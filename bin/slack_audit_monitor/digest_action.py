"""The alert action `slack_audit_digest`: makes the daily digest of a day's rows and stores it.

It reads rows, writes one event, and asks a model for words if a site wants that. It holds no credential that could
change anything at Slack: of the stored secrets it asks for its own three by name, never for a collector's token.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace

from slack_audit_monitor.alert_action import EXIT_DONE, run_action
from slack_audit_monitor.alert_payload import AlertPayload
from slack_audit_monitor.digest.answer import Unusable
from slack_audit_monitor.digest.day import read_day
from slack_audit_monitor.digest.model_client import ModelClient
from slack_audit_monitor.digest.model_wording import not_by_model, word
from slack_audit_monitor.digest.page import Author, Digest, digest_of, web_of
from slack_audit_monitor.digest.prompt import read_prompt
from slack_audit_monitor.digest.pseudonyms import SECRET_NAME, Pseudonyms, new_key
from slack_audit_monitor.digest.ranking import Item, ranked, worth_telling
from slack_audit_monitor.digest.settings import PROXY_SECRET, Model, read_index, read_model
from slack_audit_monitor.digest.store import DigestStore, Stored, says_the_same
from slack_audit_monitor.digest.wording import Words, outcome_of, words_of
from slack_audit_monitor.errors import ConfigError, FatalError
from slack_audit_monitor.kvstore import SplunkdRest
from slack_audit_monitor.log import Log, hide
from slack_audit_monitor.splunk import Splunkd

#: Together with twice the longest time-out of a model below the action's maxtime.
INDEX_PATIENCE_SECONDS = 60.0
STORE_PATIENCE_SECONDS = 15.0

_REFUSED = (
    "The digest is not stored. Check that the index of the action's parameter exists and that the search's owner may "
    "send events over REST (capability edit_tcp)."
)
_STORE_REFUSED = "Whether this day has a digest already is not known."


def main(argv: Sequence[str]) -> int:
    """Do what splunkd asks for; return the exit status."""
    return run_action(argv, _write, failed="digest_not_written")


def _write(payload: AlertPayload, log: Log, now: float) -> int:
    day = read_day(payload.rows())
    items = ranked(day.findings)
    told = worth_telling(items)
    web = web_of(payload.results_link)
    with contextlib.ExitStack() as stack:
        rest = stack.enter_context(contextlib.closing(_rest(payload, INDEX_PATIENCE_SECONDS, _REFUSED)))
        store = stack.enter_context(contextlib.closing(_rest(payload, STORE_PATIENCE_SECONDS, _STORE_REFUSED)))
        digests = DigestStore(rest, store, read_index(payload.configuration), log)
        plain = [words_of(item) for item in told]
        digest = digest_of(day, items, plain, Author(), web)
        row = digests.known(digest)
        if says_the_same(row, digest, bool(payload.configuration.get("model_url", "").strip())):
            _say(log, digest, "known", payload)
            return EXIT_DONE
        words, author = _words(payload, told, log)
        digest = replace(digest, words=words or plain, author=author)
        stored = digests.write(digest, row, sid=payload.sid, search_name=payload.search_name, now=time.time())
    _say(log, digest, "replaced" if stored is Stored.REPLACED else "written", payload)
    return EXIT_DONE


def _words(payload: AlertPayload, items: Sequence[Item], log: Log) -> tuple[list[Words] | None, Author]:
    """Return the model's words, or None for the template's, and the author either way."""
    model: Model | None = None
    try:
        model = read_model(payload.configuration)
        if model is None or not items:
            return None, Author()
        prompt = read_prompt(model, _app_folder())
        splunkd = Splunkd({"server_uri": payload.server_uri, "session_key": payload.session_key})
        key, proxy_secret = splunkd.secret(model.secret_name), splunkd.secret(PROXY_SECRET) if model.proxy_url else ""
        hide(key)
        hide(proxy_secret.partition(":")[2])
        pseudonyms = Pseudonyms(_pseudonym_key(splunkd, log)) if model.pseudonyms else None
    except (ConfigError, FatalError) as problem:
        log.error("model_not_asked", reason=str(problem))
        code = "setting" if isinstance(problem, ConfigError) else "no_secret"
        return None, not_by_model(model, Unusable(code, str(problem)))
    client = ModelClient(model, key, proxy_secret)
    return word(items, model, prompt, client, pseudonyms, log)


def _pseudonym_key(splunkd: Splunkd, log: Log) -> str:
    """Return the site's key; one that cannot be kept serves this digest alone."""
    key = splunkd.secret(SECRET_NAME)
    if not key:
        key = new_key()
        try:
            splunkd.add_secret(SECRET_NAME, key)
        except FatalError as problem:
            log.warn("pseudonyms_not_stable", reason=str(problem))
    hide(key)
    return key


def _app_folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _say(log: Log, digest: Digest, became: str, payload: AlertPayload) -> None:
    log.info(
        f"digest_{became}",
        digest_id=digest.digest_id,
        outcome=outcome_of(digest.day),
        findings=digest.day.total,
        things=len(digest.words),
        written_by=digest.author.written_by,
        fallback=digest.author.fallback,
        sid=payload.sid,
    )


def _rest(payload: AlertPayload, patience_seconds: float, consequence: str) -> SplunkdRest:
    return SplunkdRest(
        payload.server_uri, payload.session_key, patience_seconds=patience_seconds, consequence=consequence
    )
