"""The few things we ask of the splunkd that started us: the stored secrets and its message bar.

Through splunk-sdk, with the session key that splunkd hands to each run. Its certificate is not verified (the
SDK's default): the address is splunkd's own on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from slack_audit_monitor import APP_ID
from slack_audit_monitor.errors import FatalError
from slack_audit_monitor.log import redact


class Splunkd:
    """splunkd's REST interface at `server_uri`.

    Args:
        metadata: `server_uri` and `session_key` as they stand in the XML of a run or a validation.
    """

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._uri = str(metadata.get("server_uri") or "")
        self._session_key = str(metadata.get("session_key") or "")
        self._service: Any = None

    def secrets(self) -> dict[str, str]:
        """Return the secrets of this app's realm: name to text.

        Raises:
            FatalError: splunkd does not answer or does not permit it.
        """
        try:
            return {
                str(secret.username): str(secret.clear_password or "")
                for secret in self._connect().storage_passwords.list()
                if secret.realm == APP_ID
            }
        except Exception as problem:  # noqa: BLE001 - the SDK raises its own, http.client's, socket's and XML's errors
            raise FatalError(
                f"The stored secrets cannot be read from splunkd at {self._uri or '(no server_uri)'}: "
                f"{_short(problem)}."
            ) from problem

    def store_secret(self, name: str, text: str) -> None:
        """Replace a secret of this app's realm, or create it.

        Raises:
            FatalError: it is not stored.
        """
        if name in self.secrets():
            self._post(_path_of(name), password=text)
        else:
            self.add_secret(name, text)

    def add_secret(self, name: str, text: str) -> None:
        """Create a secret of this app's realm.

        Raises:
            FatalError: it is not stored.
        """
        self._post("storage/passwords", name=name, realm=APP_ID, password=text)

    def remove_secret(self, name: str) -> bool:
        """Remove a secret of this app's realm; tell whether it worked."""
        try:
            self._connect().delete(_path_of(name))
        except Exception:  # noqa: BLE001 - as above; what is no longer used does no harm
            return False
        return True

    def secret(self, name: str) -> str:
        """Return one secret of this app's realm, "" if there is none; no other is asked for.

        Raises:
            FatalError: splunkd does not answer or does not permit it.
        """
        try:
            from splunklib.binding import HTTPError

            try:
                answer = self._connect().get(_path_of(name), output_mode="json")
            except HTTPError as problem:
                if problem.status == 404:
                    return ""
                raise
            return str(json.loads(answer.body.read())["entry"][0]["content"].get("clear_password") or "").strip()
        except Exception as problem:  # noqa: BLE001 - as above
            raise FatalError(
                f"The secret {name} cannot be read from splunkd at {self._uri or '(no server_uri)'}: {_short(problem)}."
            ) from problem

    def show_message(self, name: str, text: str, severity: str = "error") -> bool:
        """Put a line into Splunk's message bar, replacing the one of this name; tell whether it worked."""
        try:
            self._connect().post("/services/messages", name=name, value=text, severity=severity)
        except Exception:  # noqa: BLE001 - a message that cannot be shown is in the log anyway
            return False
        return True

    def remove_message(self, name: str) -> bool:
        """Take the line of this name off the message bar; tell whether there was one."""
        try:
            self._connect().delete(f"/services/messages/{name}")
        except Exception:  # noqa: BLE001 - most of all 404: there is none
            return False
        return True

    def _post(self, path: Any, **fields: str) -> None:
        try:
            self._connect().post(path, **fields)
        except Exception as problem:  # noqa: BLE001 - as above
            raise FatalError(f"A secret cannot be stored in splunkd at {self._uri}: {_short(problem)}.") from problem

    def _connect(self) -> Any:
        if self._service is None:
            parts = urlsplit(self._uri)
            if not parts.hostname or parts.scheme not in ("http", "https"):
                raise ValueError("server_uri is no address")
            from splunklib.client import Service

            self._service = Service(
                scheme=parts.scheme,
                host=parts.hostname,
                port=parts.port or 8089,
                token=self._session_key,
                owner="nobody",
                app=APP_ID,
            )
        return self._service


def _path_of(secret: str) -> Any:
    """Return the path of a stored secret, in which the colons of its name are escaped once."""
    from splunklib.binding import UrlEncoded

    return UrlEncoded(f"storage/passwords/{quote(f'{APP_ID}:{secret}:', safe='')}", skip_encode=True)


def _short(problem: BaseException | None) -> str:
    return redact(" ".join(str(problem).split()))[:200].rstrip(".") or type(problem).__name__
