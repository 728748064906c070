"""As much of splunkd's REST interface as a run needs: the stored token, and a message bar that swallows all.

On loopback, in a thread. It answers at once, so that what is measured is the input.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSION_KEY = "invented-session-key"
_FEED = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:s="http://dev.splunk.com/ns/rest"><title>passwords</title><entry><title>slack_audit_monitor:prod:</title>
<id>http://127.0.0.1{path}</id><link href="{path}" rel="alternate"/><content type="text/xml"><s:dict>
<s:key name="clear_password">{token}</s:key><s:key name="realm">slack_audit_monitor</s:key>
<s:key name="username">prod</s:key></s:dict></content></entry></feed>"""
_SECRETS = "/servicesNS/nobody/slack_audit_monitor/storage/passwords"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A run that was killed is its own business."""


class SecretStore:
    """Holds one token for the stanza `prod`; `uri` is what the input gets as server_uri."""

    def __init__(self, token: str) -> None:
        feed = _FEED.format(path=f"{_SECRETS}/slack_audit_monitor%3Aprod%3A", token=token).encode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                known = self.headers.get("Authorization") == f"Splunk {SESSION_KEY}"
                found = known and self.path.startswith(_SECRETS)
                self._answer(200 if found else 404 if known else 401, feed if found else b"<response/>")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(200, b"<response/>")

            do_DELETE = do_POST

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response_only(status)
                self.send_header("Content-Type", "text/xml; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to tell."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
