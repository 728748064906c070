"""A chat endpoint on loopback in the form that OpenAI made common; plays good, slow, wrong, refusing and malicious."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

KEY = "sk-invented-key-0123456789abcdef"


def completion(content: Any, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion with this text."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000},
    }


def good_items(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a well-behaved model makes of the things it is given."""
    items = []
    for thing in things:
        facts = list(thing["facts"])
        person = next((name for name in facts if name.startswith("{person-")), "Somebody")
        count = next(name for name in facts if name.startswith("{count-"))
        items.append(
            {
                "thing": thing["thing"],
                "finding_ids": [thing["findings"][0]["id"]],
                "title": f"{person} gave away more rights than usual",
                "why": f"{person} appears in {count} entries of the audit log. Slack has seldom seen such a grant.",
                "next_step": f"Ask {person} on another channel.",
            }
        )
    return items


class ModelServer:
    """Answers each request through `play`, which gets the things that were asked for and may change at any time.

    `play` returns an object (sent as JSON), a Response, or bytes.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.play: Callable[[list[dict[str, Any]]], Any] = self.good
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @staticmethod
    def good(things: list[dict[str, Any]]) -> dict[str, Any]:
        return completion(json.dumps({"items": good_items(things)}))

    @property
    def sent(self) -> str:
        """Everything that was ever sent to it, as text."""
        return "\n".join(json.dumps(request, ensure_ascii=False) for request in self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = json.loads(request.get_data(as_text=True))
        self.requests.append({"path": request.path, **body})
        self.headers.append(dict(request.headers))
        things = json.loads(body["messages"][-1]["content"])["things"]
        played = self.play(things)
        if isinstance(played, Response):
            return played(environ, start_response)
        data = played if isinstance(played, bytes) else json.dumps(played).encode()
        return Response(data, content_type="application/json")(environ, start_response)


def slow(seconds: float) -> Callable[[list[dict[str, Any]]], Any]:
    """Answers well, but late."""

    def play(things: list[dict[str, Any]]) -> Any:
        time.sleep(seconds)
        return ModelServer.good(things)

    return play


def dripping(things: list[dict[str, Any]]) -> Response:
    """Sends a byte now and then, for ever."""

    def pieces() -> Iterator[bytes]:
        while True:
            yield b" "
            time.sleep(0.2)

    return Response(pieces(), content_type="application/json")


def flooding(things: list[dict[str, Any]]) -> Response:
    """Sends as much as anybody takes."""

    def pieces() -> Iterator[bytes]:
        for _ in range(4_000):
            yield b" " * 65_536

    return Response(pieces(), content_type="application/json")


def with_change(**change: Any) -> Callable[[list[dict[str, Any]]], Any]:
    """A good answer whose first item has other members; a callable gets that item."""

    def play(things: list[dict[str, Any]]) -> Any:
        items = good_items(things)
        for name, value in change.items():
            items[0][name] = value(items[0]) if callable(value) else value
        return completion(json.dumps({"items": items}))

    return play
