"""auth/login, authentication/current-context, server/info: who speaks with whom."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

from werkzeug.wrappers import Response

from sandbox.splunkd.rest.access import Access
from sandbox.splunkd.rest.answers import (
    BUILD,
    VERSION,
    Entry,
    Feed,
    feed_response,
    json_response,
    message_response,
    xml_response,
)
from sandbox.splunkd.rest.routing import Call, Endpoint
from sandbox.splunkd.rest.sessions import Sessions


class ServerInfo:
    """The stand-in's own description and its door."""

    def __init__(self, sessions: Sessions, server_name: str, access: Access) -> None:
        self._sessions = sessions
        self._access = access
        self._server_name = server_name

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("auth/login", ["POST"], self._login, public=True),
            Endpoint("authentication/httpauth-tokens/<key>", ["DELETE"], self._logout),
            Endpoint("authentication/current-context", ["GET"], self._context),
            Endpoint("server/info", ["GET"], self._info, public=True),
            Endpoint("server/info/<name>", ["GET"], self._info, public=True),
        ]

    def _login(self, call: Call) -> Response:
        key = self._sessions.login(call.arguments.get("username", ""), call.arguments.get("password", ""))
        if call.output_mode == "json":
            if key is None:
                message = {"type": "WARN", "code": "incorrect_username_or_password", "text": "Login failed"}
                return json_response({"messages": [message]}, 401)
            return json_response({"sessionKey": key, "message": "", "code": ""})
        root = ElementTree.Element("response")
        if key is not None:
            ElementTree.SubElement(root, "sessionKey").text = key
            return xml_response(root)
        attributes = {"type": "WARN", "code": "incorrect_username_or_password"}
        messages = ElementTree.SubElement(root, "messages")
        ElementTree.SubElement(messages, "msg", attributes).text = "Login failed"
        return xml_response(root, 401)

    def _logout(self, call: Call, key: str) -> Response:
        self._sessions.close(key)
        return message_response(200, "The session is closed.", "INFO", call.output_mode)

    def _context(self, call: Call) -> Response:
        roles = self._sessions.roles_of(call.user)
        held = sorted(self._access.capabilities_of(roles))
        content = {"username": call.user, "roles": list(roles), "capabilities": held}
        return feed_response(Feed("authentication/current-context", [Entry("context", content)]), call.output_mode)

    def _info(self, call: Call, name: str = "server-info") -> Response:
        content = {
            "version": VERSION,
            "build": BUILD,
            "serverName": self._server_name,
            "host": self._server_name,
            "guid": "00000000-0000-4000-8000-000000000000",
            "product_type": "enterprise",
            "server_roles": ["indexer", "search_head"],
            "os_name": sys.platform,
            "kvStoreStatus": "ready",
            "isFree": False,
            "isTrial": False,
            "mode": "normal",
        }
        return feed_response(Feed("server/info", [Entry("server-info", content)]), call.output_mode)
