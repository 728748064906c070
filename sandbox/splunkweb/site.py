"""Splunk Web's addresses: sign-in, pages, static files, and what is passed on to splunkd.

    with SplunkWeb.open(splunkd, harness) as web:
        print(web.start_address)
"""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.rest.server import RestServer
from sandbox.splunkweb import documents
from sandbox.splunkweb.browser_sessions import BrowserSessions, Session
from sandbox.splunkweb.exposed import Exposed
from sandbox.splunkweb.pages import Pages
from sandbox.splunkweb.proxy import FORM, Proxy
from sandbox.splunkweb.views import ViewError, Views

LOCALE = "/en-US"
DEFAULT_PORT = 8000
# Universal time, in the form in which splunkd hands a time zone to its pages.
_ZONE = "### SERIALIZED TIMEZONE FORMAT 1.0;C0;Y0 NW 55 54 43;$"
_HOSTS = ("127.0.0.1", "localhost", "::1")
_CLOCKS_AGREE_SECONDS = 5.0
_LARGEST_BODY_BYTES = 64 * 1024 * 1024
# Whatever a view brings stays on this machine, and no text of an event becomes a script.
_POLICY = (
    "default-src 'self'; script-src 'self'{more}; worker-src 'self' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:;"
    " font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)


class SplunkWeb:
    """A running stand-in for Splunk Web beside one for splunkd; close it to end the listener.

    Args:
        splunkd: whom it speaks to. It is asked over its endpoints alone; a session key for the administrator and the
            app's folder come from it directly.
        harness: the folder of the built pages.
        port: on 127.0.0.1; 0 takes a free one.
    """

    def __init__(self, splunkd: Splunkd, harness: Path, port: int = DEFAULT_PORT) -> None:
        self._splunkd = splunkd
        self._harness = harness
        self._static = splunkd.app_folder / "appserver" / "static"
        self._server = RestServer(self, port)
        self.port = urlsplit(self._server.uri).port or port
        self.sessions = BrowserSessions(self.port, lambda: splunkd.sessions.open_for("admin"))
        self._views = Views(splunkd.app_folder)
        self._pages = Pages(splunkd.app_id, self._views, splunkd.conf_store, LOCALE)
        self._proxy = Proxy(splunkd.uri, Exposed(splunkd.conf_store.stanzas("web")), self.sessions)

    @property
    def uri(self) -> str:
        return self._server.uri

    @property
    def start_address(self) -> str:
        """The address that signs a browser in; it holds as long as the stand-in lives."""
        return f"{self.uri}{LOCALE}/account/start?token={self.sessions.token}"

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> SplunkWeb:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- answering

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = _LARGEST_BODY_BYTES
        answer = self._answer(request)
        answer.headers.setdefault("Content-Security-Policy", _POLICY.format(more=""))
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        # A page of somebody else's site whose name leads here is not served.
        if urlsplit(f"//{request.host}").hostname not in _HOSTS:
            return Response("This address is served on this machine alone.", 400, content_type="text/plain")
        path = _raw_path(request)
        try:
            session = self.sessions.of(request)
            if path.startswith(f"{LOCALE}/splunkd/__raw/"):
                return self._proxy.answer(request, session, path[len(f"{LOCALE}/splunkd/__raw") :])
            parts = [unquote(part) for part in path.strip("/").split("/") if part]
            if any("\0" in part for part in parts):
                return Response("No address holds a null character.", 400, content_type="text/plain")
            return self._page(request, session, parts)
        except ViewError as error:
            return self._said(500, "This view cannot be shown", str(error), request)
        except HTTPException as error:
            return Response(error.description or error.name, error.code or 500, content_type="text/plain")

    def _page(self, request: Request, session: Session | None, parts: list[str]) -> Response:
        if parts[:1] == ["static"] or parts[1:2] == ["static"]:
            return self._file(parts[1:] if parts[0] == "static" else parts[2:], request)
        if not parts or parts[0] != LOCALE[1:]:
            query = request.query_string.decode("latin-1")
            path = "/".join(quote(part) for part in parts if part != LOCALE[1:])
            return redirect(f"{LOCALE}/{path}" + (f"?{query}" if query else ""))
        parts = parts[1:]
        if parts[:1] == ["account"]:
            return self._account(request, parts[1:])
        if parts == ["config"]:
            return _script(documents.config_script(self._config(session)))
        if session is None:
            to = f"{request.path}?{request.query_string.decode('latin-1')}".rstrip("?")
            return redirect(f"{LOCALE}/account/login?return_to={quote(to, safe='')}")
        return self._signed_in(request, session, parts)

    def _signed_in(self, request: Request, session: Session, parts: list[str]) -> Response:
        theme, app = _theme(request), self._splunkd.app_id
        if parts in ([], ["app", app]):
            return redirect(f"{LOCALE}/app/{app}/{self._pages.first_view()}")
        if parts == ["alerts", app]:
            return self._html(self._pages.triggered(session.user, theme))
        if len(parts) == 3 and parts[:2] == ["app", app]:
            name = parts[2]
            if name == "@go":
                return redirect(f"{LOCALE}/app/{app}/search?{request.query_string.decode('latin-1')}")
            setup = self._pages.setup_view_to_show(name)
            if setup:
                return redirect(f"{LOCALE}/app/{app}/{setup}")
            page = self._pages.view(name, session.user, theme)
            if page is not None:
                answer = self._html(page)
                if self._pages.is_studio(name):
                    # Splunk's own dashboard components compile the JSON schema of a definition.
                    answer.headers["Content-Security-Policy"] = _POLICY.format(more=" 'unsafe-eval'")
                return answer
        return self._said(404, "Page not found", f"{request.path} is no page of this stand-in.", request)

    def _account(self, request: Request, parts: list[str]) -> Response:
        if parts == ["start"]:
            answer = redirect(f"{LOCALE}/")
            if self.sessions.start_with_token(request.args.get("token", ""), answer):
                return answer
            return redirect(f"{LOCALE}/account/login?problem=token")
        if parts == ["logout"]:
            answer = redirect(f"{LOCALE}/account/login")
            self.sessions.end(request, answer)
            return answer
        if parts == ["login"] and request.method == "POST":
            return self._login(request)
        problem = ""
        if request.args.get("problem") == "token":
            problem = "That address is of an earlier start. Take the one that `serve` has printed, or sign in."
        return self._html(self._pages.login(_theme(request), request.args.get("return_to", ""), problem))

    def _login(self, request: Request) -> Response:
        form = {name: request.form.get(name, "") for name in ("username", "password")}
        if request.headers.get("X-Requested-With") != "XMLHttpRequest":
            return Response("", 401)
        body = urlencode({**form, "output_mode": "json"}).encode()
        said = self._proxy.ask("POST", "/services/auth/login", body, {"Content-Type": FORM})
        if said.status_code != 200:
            return Response("", 401)
        answer = Response("", 200)
        self.sessions.start(json.loads(said.get_data())["sessionKey"], form["username"], answer)
        return answer

    def _config(self, session: Session | None) -> dict[str, Any]:
        return {
            "BUILD_NUMBER": self._pages.build,
            "BUILD_PUSH_NUMBER": 0,
            "LOCALE": LOCALE[1:],
            "SERVER_ZONEINFO": _ZONE,
            "MRSPARKLE_PORT_NUMBER": self.port,
            "MRSPARKLE_ROOT_PATH": "",
            "SPLUNKD_PATH": f"{LOCALE}/splunkd/__raw",
            "SPLUNK_UI_THEME": "enterprise",
            "USERNAME": session.user if session else "",
            "VERSION_LABEL": "9.4.0",
        }

    # -- files

    def _file(self, parts: list[str], request: Request) -> Response:
        if parts and parts[0].startswith("@"):
            parts = parts[1:]
        if parts == ["build", "api", "get_theme.js"]:
            return _script(documents.theme_script(_theme(request)))
        if parts == ["harness", "clock.js"]:
            behind = time.time() - self._splunkd.clock()
            return _script(documents.clock_script(behind) if abs(behind) > _CLOCKS_AGREE_SECONDS else "")
        if parts[:1] == ["harness"] and len(parts) == 2:
            small = documents.small_files().get(parts[1])
            if small:
                return Response(small[1], content_type=f"{small[0]}; charset=UTF-8")
            return _sent(self._harness, parts[1:], request)
        if parts[:2] == ["app", self._splunkd.app_id]:
            return _sent(self._static, parts[2:], request)
        return Response("There is no such file.", 404, content_type="text/plain")

    def _html(self, text: str) -> Response:
        return Response(text, content_type="text/html; charset=UTF-8", headers={"Cache-Control": "no-store"})

    def _said(self, status: int, heading: str, sentence: str, request: Request) -> Response:
        text = documents.message_page(heading, [sentence], _theme(request))
        return Response(text, status, content_type="text/html; charset=UTF-8")


def _theme(request: Request) -> str:
    """Which theme this browser has chosen; Splunk Web keeps it with the user."""
    return "dark" if request.cookies.get("splunkweb_theme") == "dark" else "light"


def _script(text: str) -> Response:
    return Response(text, content_type="text/javascript; charset=UTF-8", headers={"Cache-Control": "no-store"})


def _sent(folder: Path, parts: list[str], request: Request) -> Response:
    """A file below `folder`, unless the browser has it already."""
    path = folder.joinpath(*parts).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return Response("There is no such file.", 404, content_type="text/plain")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = "text/javascript" if path.suffix == ".js" else kind
    answer = Response(path.read_bytes(), content_type=f"{kind}; charset=UTF-8" if kind.startswith("text/") else kind)
    state = path.stat()
    answer.set_etag(f"{state.st_mtime_ns:x}-{state.st_size:x}")
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


def _raw_path(request: Request) -> str:
    """The path as it was sent: an encoded slash in a name is no border between segments."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    return str(raw).split("?", 1)[0] if isinstance(raw, str) and raw.startswith("/") else quote(request.path)
