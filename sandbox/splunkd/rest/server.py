"""A listener, of the management endpoints or of the event collector: a thread of its own, loopback only.

werkzeug's server says `Connection: close` on each answer, which splunklib's handler needs:
without a word on the connection it reads every body as empty.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Callable

from werkzeug.serving import WSGIRequestHandler, make_server

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log: paths may hold names that are nobody's business on a terminal."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        return None


class RestServer:
    """Serves a WSGI application on 127.0.0.1 until it is closed.

    Raises:
        OSError: the port cannot be had.
    """

    def __init__(self, application: Application, port: int = 0) -> None:
        try:
            self._server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler)
        except SystemExit:  # werkzeug ends the process over a port that is taken
            raise OSError("the port is taken") from None
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="splunkd REST",
            daemon=True,
        )
        self._thread.start()

    @property
    def uri(self) -> str:
        """The server_uri that a script is told."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
