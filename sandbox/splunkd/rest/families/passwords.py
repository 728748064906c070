"""storage/passwords: secrets by realm and name.

Listing gives the clear text, as splunkd does to callers on its own host.
"""

from __future__ import annotations

import threading

from werkzeug.wrappers import Response

from sandbox.splunkd.password_store import PasswordStore
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint

_PATH = "storage/passwords"


def _escaped(text: str) -> str:
    """As splunkd writes a colon inside a part of `realm:name:`."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


class Passwords:
    """What is stored, by (realm, name)."""

    def __init__(self, store: PasswordStore | None = None) -> None:
        self._store = store or PasswordStore()
        self._lock = threading.Lock()

    def put(self, realm: str, name: str, password: str, app: str) -> None:
        """Store or replace a secret, as an administrator would have done through the endpoint."""
        with self._lock:
            self._store.put((realm, name), password, app)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH, ["GET"], self._list),
            Endpoint(_PATH, ["POST"], self._create),
            Endpoint(f"{_PATH}/<path:key>", ["GET"], self._read),
            Endpoint(f"{_PATH}/<path:key>", ["POST"], self._update),
            Endpoint(f"{_PATH}/<path:key>", ["DELETE"], self._delete),
        ]

    def _list(self, call: Call) -> Response:
        with self._lock:
            entries = [self._entry(key) for key in self._store.keys()]
        return feed_response(page_of(entries, _PATH, call.arguments), call.output_mode)

    def _create(self, call: Call) -> Response:
        realm, name = call.arguments.get("realm", ""), call.arguments.get("name", "")
        password = call.arguments.get("password", "")
        if not name:
            raise RestError(400, "The following required arguments are missing: name.")
        if not password:
            raise RestError(400, "The following required arguments are missing: password.")
        with self._lock:
            if self._store.get((realm, name)) is not None:
                raise RestError(409, f"An object with name={_escaped(realm)}:{_escaped(name)}: already exists")
            self._store.put((realm, name), password, call.app)
            entry = self._entry((realm, name))
        return feed_response(Feed(_PATH, [entry]), call.output_mode, 201)

    def _read(self, call: Call, key: str) -> Response:
        with self._lock:
            return feed_response(Feed(_PATH, [self._entry(self._find(key))]), call.output_mode)

    def _update(self, call: Call, key: str) -> Response:
        if not call.arguments.get("password"):
            raise RestError(400, "The following required arguments are missing: password.")
        with self._lock:
            found = self._find(key)
            self._store.put(found, call.arguments["password"], (self._store.get(found) or ("", call.app))[1])
            return feed_response(Feed(_PATH, [self._entry(found)]), call.output_mode)

    def _delete(self, call: Call, key: str) -> Response:
        with self._lock:
            self._store.remove(self._find(key))
            entries = [self._entry(kept) for kept in self._store.keys()]
        return feed_response(Feed(_PATH, entries), call.output_mode)

    def _find(self, key: str) -> tuple[str, str]:
        for realm, name in self._store.keys():
            if key in (f"{_escaped(realm)}:{_escaped(name)}:", f"{realm}:{name}:") or (not realm and key == name):
                return realm, name
        raise RestError(404, f"Could not find object id={key}")

    def _entry(self, key: tuple[str, str]) -> Entry:
        realm, name = key
        password, app = self._store.get(key) or ("", "")
        content = {
            "realm": realm,
            "username": name,
            "password": "********",
            "encr_password": self._store.sealed(key),
            "clear_password": password,
        }
        return Entry(f"{_escaped(realm)}:{_escaped(name)}:", content, app=app)
