"""One collection of Splunk's key-value store, and what splunkd says about itself, over REST.

Knows the calls, what their answers mean, and how long to wait for a store that is not ready. Knows nothing of
checkpoints or leases. Of all calls only one is atomic in a way that two members can rely on: adding a row
whose `_key` exists already is refused (status 409). There is no conditional update. In a search head cluster
writes go to the KV store captain, while reads are answered from the member's own copy, which may lag behind
(Splexicon, "KV store captain").
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Callable
from urllib.parse import quote, urlsplit

import requests
import urllib3

from slack_audit_monitor import APP_ID
from slack_audit_monitor.errors import FatalError, KvStoreUnavailable
from slack_audit_monitor.log import redact

COLLECTION = "slack_audit_checkpoints"
#: A store that is starting or changing its captain is waited for; a start took less in every public report
#: that was not about a broken store, and the next interval tries again anyway.
PATIENCE_SECONDS = 60.0
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 5.0
TIMEOUT_SECONDS = 30.0

Row = dict[str, Any]


class SplunkdRest:
    """Calls to the splunkd that started us.

    Args:
        server_uri, session_key: as splunkd hands them to each run.
        sleep: waits so many seconds; may raise to end the waiting.
        patience_seconds: how long to go on asking a store that is not ready; 0 means one attempt.
        timeout_seconds: for one call.
        consequence: what a refusal means to whoever reads of it, a sentence.
    """

    def __init__(
        self,
        server_uri: str,
        session_key: str,
        sleep: Callable[[float], None] = time.sleep,
        patience_seconds: float = PATIENCE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        consequence: str = "Checkpoints cannot be kept in the KV store.",
    ) -> None:
        self._consequence = consequence
        self._uri = server_uri.rstrip("/")
        self._sleep = sleep
        self._patience = patience_seconds
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # never through a proxy
        self._session.headers["Authorization"] = f"Splunk {session_key}"
        # splunkd's own certificate names no address; on loopback there is nobody to impersonate it.
        self._session.verify = not _is_loopback(self._uri)
        if not self._session.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def server_info(self) -> dict[str, Any]:
        """Return what splunkd says about itself; empty if it does not know that address.

        Raises:
            KvStoreUnavailable, FatalError: see `call`.
        """
        answer = self.call("GET", "/services/server/info", params={"output_mode": "json"}, expected=(200, 404))
        if answer.status_code == 404:
            return {}
        try:
            content = answer.json()["entry"][0]["content"]
        except (ValueError, LookupError, TypeError):
            content = None
        if not isinstance(content, dict):
            raise FatalError(f"splunkd at {self._uri} answered /services/server/info with something else.")
        return content

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        expected: Sequence[int] = (200, 201),
    ) -> requests.Response:
        """Make one call; repeat it while splunkd or its KV store is not ready.

        Args:
            body: sent as JSON, except for bytes, which are sent as they are.
            form: sent as a form, in the place of a body.

        Raises:
            KvStoreUnavailable: still not ready after `patience_seconds`.
            FatalError: another status than the expected ones; repeating would not help.
        """
        waited, wait = 0.0, FIRST_WAIT_SECONDS
        is_plain = isinstance(body, bytes)
        kind = "text/plain" if is_plain else "application/json"
        while True:
            try:
                answer = self._session.request(
                    method,
                    self._uri + path,
                    params=params,
                    data=form or (body if body is None or is_plain else json.dumps(body, separators=(",", ":"))),
                    headers=None if body is None else {"Content-Type": kind},
                    timeout=self._timeout,
                )
            except requests.exceptions.SSLError as problem:
                raise FatalError(
                    f"The certificate of splunkd at {self._uri} is not trusted; it is only taken unchecked on this "
                    f"machine's own address: {redact(str(problem))[:200]}"
                ) from problem
            except requests.exceptions.RequestException as problem:
                reason = f"splunkd at {self._uri} does not answer ({type(problem).__name__})"
            else:
                if answer.status_code in expected:
                    return answer
                reason = f"splunkd answered {method} {path} with status {answer.status_code} {_told(answer)}".rstrip()
                if answer.status_code < 500:
                    raise FatalError(f"{reason}. {self._consequence}")
            if waited >= self._patience:
                raise KvStoreUnavailable(f"{reason}; it was waited for {waited:.0f} seconds.")
            self._sleep(wait)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT_SECONDS)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


def splunkd_rest(metadata: Mapping[str, Any], sleep: Callable[[float], None], **options: Any) -> SplunkdRest:
    """Return a way to the splunkd that started us, whose address and key stand in the XML of a run."""
    uri, key = str(metadata.get("server_uri") or ""), str(metadata.get("session_key") or "")
    return SplunkdRest(uri, key, sleep, **options)


class Collection:
    """The rows of one collection, of this app if no other is named; the default is that of checkpoints and leases."""

    def __init__(self, rest: SplunkdRest, name: str = COLLECTION, app: str = APP_ID) -> None:
        self._rest = rest
        self._path = f"/servicesNS/nobody/{quote(app, safe='')}/storage/collections/data/{quote(name, safe='')}"

    def insert(self, row: Row) -> bool:
        """Add a row; return False if its `_key` is taken. The one atomic step there is.

        Keys are unique for each user of the store; ours is always "nobody". An insert that is repeated after a lost
        answer finds itself: False does not say whose row is there.
        """
        return self._rest.call("POST", self._path, body=row, expected=(200, 201, 409)).status_code != 409

    def save(self, rows: Sequence[Row]) -> None:
        """Add or replace rows by `_key`. At most 1,000 and 50 MB together (limits.conf, [kvstore])."""
        self._rest.call("POST", self._path + "/batch_save", body=list(rows))

    def row(self, key: str) -> Row | None:
        """Return one row, or None."""
        answer = self._rest.call("GET", f"{self._path}/{key}", expected=(200, 404))
        found = _json(answer) if answer.status_code == 200 else None
        return found if isinstance(found, dict) else None

    def rows(self, query: Mapping[str, Any]) -> list[Row]:
        """Return the rows that match."""
        found = _json(self._rest.call("GET", self._path, params={"query": json.dumps(query)}))
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def delete(self, query: Mapping[str, Any]) -> None:
        """Remove the rows that match. Not atomic: some of them may outlive a crash."""
        self._rest.call("DELETE", self._path, params={"query": json.dumps(query)})

    def delete_row(self, key: str) -> None:
        """Remove one row, if it is there."""
        self._rest.call("DELETE", f"{self._path}/{key}", expected=(200, 404))


def entries_of(answer: requests.Response) -> list[Row]:
    """Return the entries of a feed; none if it is no feed."""
    found = _json(answer)
    entries = found.get("entry") if isinstance(found, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError as problem:
        raise KvStoreUnavailable("splunkd's answer is no JSON.") from problem


def _told(answer: requests.Response) -> str:
    """Return splunkd's own words, shortened."""
    try:
        return "(" + "; ".join(redact(str(message["text"]))[:150] for message in answer.json()["messages"]) + ")"
    except (ValueError, LookupError, TypeError):
        return ""


def _is_loopback(uri: str) -> bool:
    host = urlsplit(uri).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
