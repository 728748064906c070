"""From a request to the handler that answers it: paths, authentication, capabilities, refusals.

Knows the two spellings of each path (`/services/x` and `/servicesNS/<owner>/<app>/x`)
and nothing of what stands behind a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Callable
from urllib.parse import parse_qsl, unquote_plus

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.splunkd.rest.access import Access
from sandbox.splunkd.rest.answers import RestError, message_response
from sandbox.splunkd.rest.sessions import Sessions

# Splunk refuses bodies that no management call needs.
_LARGEST_BODY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Call:
    """One authenticated request as a handler sees it."""

    method: str
    owner: str
    app: str
    user: str
    arguments: Mapping[str, str]  # query and form together
    body: bytes
    content_type: str
    output_mode: str
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)  # arguments that were given, with all their values
    query: Mapping[str, str] = field(default_factory=dict)  # arguments of the address alone
    address: str = ""  # of the caller
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    stream: Any = None  # a body without an announced end, to be read until the caller closes


Handler = Callable[..., Response]


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One path below /services; `<name>` parts become keyword arguments of the handler."""

    path: str
    methods: Sequence[str]
    handler: Handler
    public: bool = False  # may be called without a session


class Router:
    """A WSGI application over a list of endpoints."""

    def __init__(
        self, sessions: Sessions, endpoints: Iterable[Endpoint], access: Access, apps: Iterable[str] = ()
    ) -> None:
        self._sessions = sessions
        self._access = access
        self._apps = frozenset(apps)  # names that a namespace may have; none: any
        self._endpoints = list(endpoints)
        self._map = _map_of(tuple((endpoint.path, tuple(endpoint.methods)) for endpoint in self._endpoints))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = _LARGEST_BODY_BYTES
        return self.answer(request)(environ, start_response)

    def answer(self, request: Request) -> Response:
        output_mode = "xml"
        try:
            body = request.get_data()
            pairs = [*request.args.items(multi=True), *_form(body, request.mimetype)]
            arguments = dict(pairs)
            lists: dict[str, list[str]] = {}
            for name, value in pairs:
                lists.setdefault(name, []).append(value)
            output_mode = arguments.get("output_mode", "xml")
            endpoint, parts = self._match(request)
            user = self._sessions.user_of(request.headers.get("Authorization"))
            if user is None and not endpoint.public:
                raise RestError(401, "call not properly authenticated", "WARN")
            if user is not None:
                self._access.check(user, self._sessions.roles_of(user), endpoint.path, request.method, parts)
            owner, app = parts.pop("_owner", "nobody"), parts.pop("_app", "search")
            if self._apps and app not in self._apps:
                raise RestError(404, f"Application does not exist: {app}")
            call = Call(
                request.method,
                owner,
                app,
                user or "",
                arguments,
                body,
                request.mimetype,
                output_mode,
                lists,
                request.args.to_dict(),
                request.remote_addr or "",
                {name.lower(): value for name, value in request.headers.items()},
                _open_body(request),
            )
            handler: Handler = endpoint.handler
            return handler(call, **parts)
        except RestError as error:
            return message_response(error.status, error.text, error.level, output_mode)
        except HTTPException as error:
            return message_response(error.code or 500, error.description or error.name, "ERROR", output_mode)

    def _match(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        try:
            # A slash at the end changes nothing, also behind a name that may hold slashes.
            path = _path_of(request).rstrip("/")
            number, parts = self._map.bind_to_environ(request.environ).match(path)
        except NotFound:
            raise RestError(404, f"Not Found: {request.path}") from None
        except MethodNotAllowed:
            raise RestError(405, f"Method Not Allowed: {request.method} {request.path}") from None
        named = {name: part.replace("%2F", "/").replace("%2f", "/") for name, part in parts.items()}
        return self._endpoints[number], named


@lru_cache(maxsize=4)
def _map_of(shapes: tuple[tuple[str, tuple[str, ...]], ...]) -> Map:
    """The numbers of paths by their two spellings. Compiled once: it is most of what the start of a stand-in costs."""
    return Map(
        [
            Rule(f"{prefix}/{path}", methods=methods, endpoint=number)
            for number, (path, methods) in enumerate(shapes)
            for prefix in ("/services", "/servicesNS/<_owner>/<_app>")
        ],
        strict_slashes=True,
        merge_slashes=False,
    )


def _open_body(request: Request) -> Any:
    """The body of a request in Splunk's input mode `Streaming`, which has no length."""
    streams = request.headers.get("X-Splunk-Input-Mode", "").lower() == "streaming"
    return request.environ["wsgi.input"] if streams and request.content_length is None else None


def _path_of(request: Request) -> str:
    """The path with `+` read as a space: splunkd does so, and splunklib relies on it (and sends / as %252F)."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not isinstance(raw, str) or not raw.startswith("/"):
        return request.path
    return unquote_plus(raw.split("?", 1)[0])


def _form(body: bytes, mimetype: str) -> list[tuple[str, str]]:
    """The fields of a form; splunklib's client sends one without saying so."""
    if mimetype not in ("", "application/x-www-form-urlencoded"):
        return []
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise RestError(400, "The body is not a form in UTF-8.") from None
