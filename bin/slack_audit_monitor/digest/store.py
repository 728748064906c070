"""The digest as an event, and a row in the KV store by which a second run of the same day is known.

First the event, then the row: a death in between can repeat a digest (under the same digest_id, of which readers take
the one that was written last) but never lose it. A store that does not answer does not keep one from being written.
"""

from __future__ import annotations

from enum import Enum

from slack_audit_monitor.digest.page import Digest
from slack_audit_monitor.errors import FatalError, KvStoreUnavailable
from slack_audit_monitor.kvstore import Collection, Row, SplunkdRest
from slack_audit_monitor.log import Log
from slack_audit_monitor.receiver import send_event

COLLECTION = "slack_audit_digests"
SOURCETYPE = "slack:audit:digest"
SOURCE = "slack_audit_digest"


class Stored(Enum):
    """What became of a digest."""

    NEW = "new"
    REPLACED = "replaced"
    KNOWN = "known"


class DigestStore:
    """Writes digests to `index`.

    Args:
        rest: splunkd; its patience is how long an index that takes nothing is waited for.
        store: splunkd for the calls to the KV store.
    """

    def __init__(self, rest: SplunkdRest, store: SplunkdRest, index: str, log: Log) -> None:
        self._rest = rest
        self._rows = Collection(store, COLLECTION)
        self._index = index
        self._log = log

    def known(self, digest: Digest) -> Row | None:
        """Return what is remembered of the same day; None too when the store does not answer."""
        try:
            return self._rows.row(digest.digest_id)
        except (KvStoreUnavailable, FatalError) as problem:
            self._log.warn("digest_unchecked", digest_id=digest.digest_id, reason=str(problem))
            return None

    def write(self, digest: Digest, row: Row | None, *, sid: str, search_name: str, now: float) -> Stored:
        """Write the digest in place of what was written of this day before.

        Args:
            row: what `known` returned.

        Raises:
            KvStoreUnavailable: splunkd does not take events now.
            FatalError: splunkd refuses the event, for example because the index does not exist.
        """
        revision = 1 if row is None else _whole(row.get("revision")) + 1
        event = digest.event(revision=revision, written_at=round(now, 3), sid=sid, search_name=search_name)
        send_event(self._rest, event, index=self._index, sourcetype=SOURCETYPE, source=SOURCE)
        try:
            self._rows.save([{**mark_of(digest), "revision": revision}])
        except (KvStoreUnavailable, FatalError) as problem:
            self._log.warn("digest_not_remembered", digest_id=digest.digest_id, reason=str(problem))
        return Stored.NEW if row is None else Stored.REPLACED


def mark_of(digest: Digest) -> Row:
    """Return what is remembered of a digest, its revision aside."""
    return {
        "_key": digest.digest_id,
        "content": digest.content,
        "written_by": digest.author.written_by,
        "last": digest.day.end,
    }


def says_the_same(row: Row | None, digest: Digest, wants_model: bool) -> bool:
    """Tell whether what is remembered of the day is this digest. Words of a template are no model's."""
    if row is None or row.get("content") != digest.content:
        return False
    return not wants_model or not digest.words or row.get("written_by") == "model"


def _whole(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and value == value else 0
