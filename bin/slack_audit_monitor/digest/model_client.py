"""One call to a chat endpoint in the form that OpenAI made common, and what can go wrong with it.

Knows HTTP, limits and time; does not know what is asked or what an answer may say. The server is no friend: its answer
is bounded in size and time, and redirects are not followed, so that neither findings nor key travel on.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_audit_monitor.digest.answer import Unusable
from slack_audit_monitor.digest.settings import Model, check_target
from slack_audit_monitor.errors import ConfigError
from slack_audit_monitor.proxy import proxy_headers, signed_in
from slack_audit_monitor.release import user_agent

MOST_BYTES = 262_144
PIECE_BYTES = 16_384
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Answer:
    """What the model said, and what the server says it took (0 when it does not)."""

    content: str
    tokens: int


@dataclass(frozen=True)
class _Received:
    status: int
    content_type: str
    body: bytes


class ModelClient:
    """Asks one endpoint.

    Args:
        key: sent as a bearer token; "" for none.
        proxy_secret: "user:password" for the proxy, or "".
    """

    def __init__(self, model: Model, key: str, proxy_secret: str = "") -> None:
        self._model = model
        self._key = key
        self._proxy_secret = proxy_secret

    def ask(self, messages: Sequence[Mapping[str, str]]) -> Answer:
        """Return what the model says.

        Raises:
            Unusable: no answer, or none that could be read. Its code says which; see `is_worth_repeating`.
        """
        received = self._in_time(messages)
        if 300 <= received.status < 400:
            raise Unusable("redirected", f"the server sent us elsewhere (status {received.status})")
        if received.status in (401, 403):
            raise Unusable(
                f"status_{received.status}",
                f"the server refuses the key (status {received.status}); it is the secret {self._model.secret_name}",
            )
        if received.status != 200:
            raise Unusable(f"status_{received.status}", f"the server answered with status {received.status}")
        if not received.content_type.partition(";")[0].strip().lower().endswith(("/json", "+json")):
            raise Unusable("wrong_content_type", "the server's answer is not application/json")
        return _read(received.body)

    def _in_time(self, messages: Sequence[Mapping[str, str]]) -> _Received:
        """Make the call in a thread of its own: neither a slow resolver nor a server that drips can hold us up."""
        outcome: list[_Received | Unusable] = []
        worker = threading.Thread(target=lambda: outcome.append(self._outcome(messages)), daemon=True)
        worker.start()
        worker.join(self._model.timeout)
        if not outcome:
            raise Unusable("time_out", f"the server took more than {self._model.timeout} seconds")
        if isinstance(outcome[0], Unusable):
            raise outcome[0]
        return outcome[0]

    def _outcome(self, messages: Sequence[Mapping[str, str]]) -> _Received | Unusable:
        import requests

        errors = requests.exceptions
        host = self._model.host
        try:
            check_target(self._model)
            return self._call(messages)
        except ConfigError as problem:
            return Unusable("bad_address", str(problem).rstrip("."))
        except Unusable as problem:
            return problem
        except errors.ProxyError as problem:
            if "407" in str(problem):
                wants = "the proxy wants another user and password: the secret digest_model.proxy"
                return Unusable("proxy_sign_in", wants)
            return Unusable("unreachable", f"the proxy did not pass us on to {host}; check model_proxy_url")
        except errors.SSLError:
            return Unusable(
                "untrusted", f"the certificate of {host} is not trusted; name its authority in model_ca_bundle"
            )
        except errors.Timeout:
            return Unusable("time_out", f"{host} stayed silent for too long")
        except Exception as problem:  # noqa: BLE001 - whatever goes wrong, the digest is written; texts may quote keys
            return Unusable("unreachable", f"no connection to {host} ({type(problem).__name__})")

    def _call(self, messages: Sequence[Mapping[str, str]]) -> _Received:
        import requests

        model = self._model
        session = requests.Session()
        session.trust_env = False  # no password of a ~/.netrc, no proxy but the one that is set
        adapter = requests.adapters.HTTPAdapter()
        adapter.proxy_headers = proxy_headers  # type: ignore[method-assign]
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # Not compressed: a small body must not become a large one.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": user_agent()}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        deadline = time.monotonic() + model.timeout
        with session, session.post(
            model.url,
            data=json.dumps(self._body(messages)).encode("utf-8"),
            headers={**headers, "Content-Type": "application/json"},
            stream=True,
            allow_redirects=False,
            proxies=self._proxies(),
            verify=model.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True,
            timeout=(min(CONNECT_SECONDS, model.timeout), model.timeout),
        ) as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise Unusable("wrong_content_type", "the server's answer is compressed, which was not asked for")
            body = bytearray()
            while True:
                piece = response.raw.read1(PIECE_BYTES, decode_content=False)
                if not piece:
                    break
                body += piece
                if len(body) > MOST_BYTES:
                    raise Unusable("too_large", f"the server's answer is longer than {MOST_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise Unusable("time_out", f"the server took more than {model.timeout} seconds")
            return _Received(response.status_code, response.headers.get("Content-Type", ""), bytes(body))

    def _body(self, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model.name,
            "messages": list(messages),
            "max_tokens": self._model.answer_tokens,
            "temperature": 0,
            "response_format": {"type": "json_object"},
        }
        for name, value in self._model.request.items():
            body[name] = value
            if value is None:
                del body[name]
        return body

    def _proxies(self) -> dict[str, str]:
        url = self._model.proxy_url
        if not url or self._model.url.startswith("http:"):  # plain http stays on this machine
            return {}
        return signed_in(url, self._proxy_secret)


#: Another attempt would end the same, or would cost time that is lost already.
_FINAL = frozenset(
    "time_out redirected untrusted bad_address proxy_sign_in refused too_large over_budget".split()
)


def is_worth_repeating(problem: Unusable) -> bool:
    """Tell whether a second attempt may end otherwise: not after lost time, a refusal, or a wrong address or key."""
    if problem.code.startswith("status_4"):
        return problem.code == "status_429"
    return problem.code not in _FINAL


def _read(body: bytes) -> Answer:
    try:
        value = json.loads(body.decode("utf-8"))
        choice = value["choices"][0]
        message = choice["message"]
        content = message["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Unusable("bad_answer", "the server's answer is no chat completion") from None
    finish = choice.get("finish_reason") if isinstance(choice, dict) else None
    if message.get("refusal") or finish == "content_filter":
        raise Unusable("refused", "the model refused")
    if message.get("tool_calls") or message.get("function_call"):
        raise Unusable("bad_answer", "the model asked for a tool; it has none")
    if finish == "length":
        raise Unusable("too_long", "the model's answer is longer than answer_tokens allows")
    if not isinstance(content, str) or not content.strip():
        raise Unusable("refused", "the model said nothing")
    usage = value.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return Answer(content, total if isinstance(total, int) and 0 <= total < 10**9 else 0)
