"""One call to Slack a time: a page of audit entries, or an error that says what to do next.

Knows HTTP, time limits, proxies and certificates. Does not repeat anything and does not wait: that is
`caller`.
"""

from __future__ import annotations

import codecs
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from slack_audit_monitor.addresses import as_address, is_no_server, resolved
from slack_audit_monitor.clock import Clock
from slack_audit_monitor.contract import Contract
from slack_audit_monitor.entries import Entry, make_entry, newest_first
from slack_audit_monitor.errors import FatalError, PageTooLarge, RateLimited, SlackUnavailable, UnexpectedAnswer
from slack_audit_monitor.log import redact
from slack_audit_monitor.page_reader import PageReader
from slack_audit_monitor.proxy import proxies, proxy_headers, proxy_problem
from slack_audit_monitor.refusals import refusal
from slack_audit_monitor.release import user_agent
from slack_audit_monitor.settings import Settings

PIECE_BYTES = 262_144
#: A page is aimed at this size, whatever its entries weigh, so that memory stays flat.
PAGE_BYTES = 12_000_000
#: Reading breaks off here, unpacked. Only entries much heavier than those of the page before bring a page so far; no
#: single entry of Slack's does.
MOST_PAGE_BYTES = PAGE_BYTES * 4 // 3
#: What we ask for and unpack: a piece at a time, so that a small body is never held as the large one that it may be.
PACKINGS = "gzip, deflate"
#: Answers other than pages (errors, auth.test) are small; more of one is not worth reading.
SMALL_BYTES = 1_000_000


@dataclass(frozen=True)
class Query:
    """The parameters of one call. All of them go with every page: a cursor holds a position, not the query."""

    oldest: int
    latest: int
    limit: int
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    """A successful answer.

    Attributes:
        entries: newest first.
        next_cursor: None when this is the last page: Slack leaves it out, sends null or sends "".
        slack_time: Slack's time, from the header Date.
        size_bytes: length of the body.
    """

    entries: list[Entry]
    next_cursor: str | None
    slack_time: float | None
    size_bytes: int


class SlackClient:
    """Calls Slack with one token.

    Args:
        token: the user token; see `hide` in `log`.
        proxy_secret: "user:password" for the proxy, or "".
    """

    def __init__(
        self, settings: Settings, token: str, clock: Clock, contract: Contract, proxy_secret: str = ""
    ) -> None:
        import requests  # costs a tenth of a second that --scheme must not pay

        self._requests = requests
        self._settings = settings
        self._clock = clock
        self._contract = contract
        self._session = requests.Session()
        # Otherwise requests would take a password from ~/.netrc in place of the token, among other surprises.
        self._session.trust_env = False
        adapter = requests.adapters.HTTPAdapter()
        adapter.proxy_headers = proxy_headers  # type: ignore[method-assign]
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Encoding": PACKINGS,
                "User-Agent": user_agent(),
            }
        )
        self._proxies = proxies(settings, proxy_secret)
        self._is_place_known = settings.addresses.is_slacks_own
        self._verify = (
            settings.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        )

    def use_token(self, token: str) -> None:
        """Go on with another token."""
        self._session.headers["Authorization"] = f"Bearer {token}"

    def page(self, query: Query) -> Page:
        """Fetch one page of `/logs`.

        Raises:
            RateLimited, SlackUnavailable, UnexpectedAnswer, PageTooLarge, CursorRefused, RangeRefused,
                RefusedBySlack: see `errors`.
        """
        params: dict[str, str] = {
            "oldest": str(query.oldest),
            "latest": str(query.latest),
            "limit": str(query.limit),
        }
        settings = self._settings
        for name, value in (
            ("action", ",".join(settings.actions)),
            ("actor", settings.actor),
            ("entity", settings.entity),
            ("cursor", query.cursor or ""),
        ):
            if value:
                params[name] = value
        deadline = time.monotonic() + settings.answer_timeout_seconds
        response = self._get(settings.addresses.logs, params)
        try:
            slack_time = self._clock.learn(response.headers.get("Date"))
            if response.status_code != 200:
                raise self._refused(response, deadline)
            return self._read_page(response, deadline, slack_time, query.limit)
        finally:
            response.close()

    def auth_test(self) -> dict[str, Any]:
        """Ask the Web API whose token this is; also a way to learn Slack's time.

        Raises:
            the same as `page`.
        """
        deadline = time.monotonic() + self._settings.answer_timeout_seconds
        response = self._get(self._settings.addresses.auth_test, {})
        try:
            self._clock.learn(response.headers.get("Date"))
            if response.status_code != 200:
                raise self._refused(response, deadline)
            body = _json_object(self._small_body(response, deadline))
            if body is None:
                raise UnexpectedAnswer("Slack's answer to auth.test is not JSON.")
            if body.get("ok") is not True:
                raise refusal(200, body)
            scopes = response.headers.get("X-OAuth-Scopes")
            return {
                **body,
                "scopes": None if scopes is None else [scope.strip() for scope in scopes.split(",") if scope.strip()],
            }
        finally:
            response.close()

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form to `oauth.v2.access`: a new pair of tokens for a refresh token.

        Raises:
            the same as `page`.
        """
        deadline = time.monotonic() + self._settings.answer_timeout_seconds
        response = self._send("POST", self._settings.addresses.token_refresh, form)
        try:
            self._clock.learn(response.headers.get("Date"))
            if response.status_code != 200:
                raise self._refused(response, deadline)
            body = _json_object(self._small_body(response, deadline))
            if body is None:
                raise UnexpectedAnswer("Slack's answer to the renewal of the token is not JSON.")
            if body.get("ok") is not True:
                raise refusal(200, body)
            return body
        finally:
            response.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _get(self, url: str, params: Mapping[str, str]) -> Any:
        return self._send("GET", url, params)

    def _send(self, method: str, url: str, values: Mapping[str, str]) -> Any:
        """Send the values as query (GET) or form (POST, without the token); return the answer, its body unread."""
        settings, errors = self._settings, self._requests.exceptions
        self._check_place()
        try:
            # Cursors end in "=" and hold other signs; requests encodes them.
            return self._session.request(
                method,
                url,
                params=values if method == "GET" else None,
                data=None if method == "GET" else values,
                headers=None if method == "GET" else {"Authorization": None},  # None takes the header away
                stream=True,
                allow_redirects=False,  # it would carry the token elsewhere
                proxies=self._proxies,
                verify=self._verify,
                timeout=(
                    settings.connect_timeout_seconds,
                    min(settings.read_timeout_seconds, settings.answer_timeout_seconds),
                ),
            )
        except errors.ProxyError as problem:
            raise proxy_problem(_host(url), _cause(problem)) from None
        except errors.SSLError as problem:
            raise SlackUnavailable(
                f"No secure connection to {_host(url)}: {_cause(problem)}. If a proxy or relay presents its "
                "own certificate, name its authority in ca_bundle."
            ) from None
        except errors.ConnectTimeout:
            raise SlackUnavailable(
                f"No connection to {_host(url)} within {settings.connect_timeout_seconds} s."
            ) from None
        except errors.Timeout:
            raise SlackUnavailable(
                f"{_host(url)} stayed silent for {settings.read_timeout_seconds} s.", too_slow=True
            ) from None
        except (errors.InvalidURL, errors.InvalidProxyURL, errors.InvalidHeader, UnicodeError) as problem:
            raise FatalError(f"The call to {_host(url)} cannot be made: {_cause(problem)}.") from None
        except OSError as problem:
            if isinstance(problem, errors.RequestException):
                raise SlackUnavailable(f"No connection to {_host(url)}: {_cause(problem)}.") from None
            raise FatalError(f"The call to {_host(url)} cannot be made: {_cause(problem)}.") from None

    def _check_place(self) -> None:
        """Refuse, once, a name that leads to where no relay can be.

        Who answers there must also show a certificate for the name, so one that leads elsewhere a moment later gains
        nothing. A name that does not resolve is left to the call, which knows how to complain.
        """
        host = self._settings.addresses.host
        if self._is_place_known or (self._proxies and as_address(host) is None):
            return  # the proxy resolves it
        try:
            found = resolved(host)
        except OSError:
            return
        for address in found:
            if is_no_server(address):
                raise FatalError(f"api_url: {host} leads to {address}, where no server of yours is. Correct api_url.")
        self._is_place_known = True

    def _read_page(self, response: Any, deadline: float, slack_time: float | None, limit: int) -> Page:
        entries: list[Entry] = []
        contract = self._contract
        size = 0

        def take(text: str, value: Any) -> None:
            entries.append(make_entry(text, value, contract.problem(value, text)))

        def take_plain(text: str, value: Any) -> None:
            entries.append(make_entry(text, value, contract.problem(value, text), True))

        reader = PageReader(take, take_plain)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        for piece in self._pieces(response, deadline):
            size += len(piece)
            reader.feed(decode(piece))
            if size > MOST_PAGE_BYTES:
                if limit > 1 or len(entries) > 1:
                    raise PageTooLarge(size, len(entries))
                raise UnexpectedAnswer(f"An entry in Slack's answer is larger than {MOST_PAGE_BYTES:,} bytes.")
        reader.feed(decode(b"", True))
        members = reader.close()
        if members.get("ok") is False:
            raise (
                refusal(200, members)
                if members.get("error")
                else UnexpectedAnswer("Slack answered ok=false, without a reason.")
            )
        if "entries" not in members or members["entries"] is not True:
            raise UnexpectedAnswer(f"The answer of {_host(response.url)} is JSON, but holds no list of entries.")
        return Page(newest_first(entries), _next_cursor(members), slack_time, size)

    def _pieces(self, response: Any, deadline: float) -> Any:
        errors = self._requests.exceptions
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        packing = (response.headers.get("Content-Encoding") or "identity").strip().lower()
        if packing not in ("identity", "gzip", "x-gzip", "deflate"):
            raise UnexpectedAnswer("Slack's answer is packed in a way that was not asked for.")
        while True:
            if time.monotonic() > deadline:
                raise SlackUnavailable(
                    f"Slack's answer took more than {self._settings.answer_timeout_seconds} s.", too_slow=True
                )
            try:
                # read1 returns what has arrived; read would wait for a full piece, for ever if it comes byte
                # by byte.
                piece = response.raw.read1(PIECE_BYTES, decode_content=True)
            except ReadTimeoutError:
                raise SlackUnavailable(
                    f"Slack stayed silent for {self._settings.read_timeout_seconds} s in the middle of an answer.",
                    too_slow=True,
                ) from None
            except (HTTPError, OSError, ValueError, errors.RequestException) as problem:
                raise SlackUnavailable(
                    f"The connection broke in the middle of an answer: {_cause(problem)}.",
                    too_slow=True,
                    answered=True,
                ) from None
            if not piece:
                return
            yield piece

    def _refused(self, response: Any, deadline: float) -> Exception:
        if response.status_code == 429:
            return RateLimited(_retry_after(response.headers.get("Retry-After"), self._clock))
        if 300 <= response.status_code < 400:
            return UnexpectedAnswer(
                f"{_host(response.url)} sent us elsewhere (status {response.status_code}); it is not Slack's "
                "audit API. Check environment, api_url and the proxy."
            )
        if response.status_code == 407:
            return proxy_problem(_host(response.url), "407")
        try:
            text = self._small_body(response, deadline)
        except SlackUnavailable as problem:
            return problem  # what Slack refuses is in the part that did not come
        body = _json_object(text)
        if body is None and text.lstrip().startswith(b"{"):
            return UnexpectedAnswer(f"Slack answered with status {response.status_code} and broken JSON.")
        return refusal(response.status_code, body)

    def _small_body(self, response: Any, deadline: float) -> bytes:
        body = bytearray()
        for piece in self._pieces(response, deadline):
            body += piece
            if len(body) > SMALL_BYTES:
                break
        return bytes(body)


def _next_cursor(members: Mapping[str, Any]) -> str | None:
    metadata = members.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    if cursor is None or cursor == "":
        return None
    return cursor if isinstance(cursor, str) else json.dumps(cursor)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _retry_after(header: str | None, clock: Clock) -> float | None:
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - clock.slack_now())
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _cause(problem: BaseException) -> str:
    """Return the innermost reason of a chain of library exceptions, in one short line."""
    seen = set()
    inner: BaseException = problem
    while id(inner) not in seen:
        seen.add(id(inner))
        reason = getattr(inner, "reason", None)
        following = (
            reason
            if isinstance(reason, BaseException)
            else next((arg for arg in inner.args if isinstance(arg, BaseException)), None)
        )
        inner = following or inner
    text = getattr(inner, "strerror", None) or (inner.args[-1] if inner.args else None) or type(inner).__name__
    return redact(" ".join(str(text).split()))[:200].rstrip(".")
