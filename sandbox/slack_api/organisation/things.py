"""Apps, partners, channels and files of the organisation."""

from __future__ import annotations

import random
from typing import Any

from . import names

Object = dict[str, Any]


def _app(app_id: str, name: str, scopes: list[str], bot_scopes: list[str], approved: bool = True) -> Object:
    return {
        "id": app_id,
        "name": name,
        "is_distributed": approved,
        "is_directory_approved": approved,
        "is_workflow_app": False,
        "scopes": scopes,
        "bot_scopes": bot_scopes,
    }


PROVISIONER = _app("A0KEYSTONE1", "Keystone Identity", ["admin", "scim:write"], [])
ARCHIVE = _app("A0VAULTLINE", "Vaultline eDiscovery", ["discovery:read"], [])
APPROVED_APPS: list[Object] = [
    _app("A0TIDEPOLL1", "Tidepoll", [], ["chat:write", "commands", "users:read"]),
    _app("A0MEETMAP01", "Meetmap Calendar", ["calendar:read"], ["chat:write", "commands"]),
    _app("A0BUGBOARD1", "Bugboard", [], ["chat:write", "links:read", "channels:read"]),
    _app("A0DESKBELL1", "Deskbell", [], ["chat:write", "users:read.email"]),
    _app("A0ASKHALDEN", "Ask Halden", ["search:read"], ["chat:write"]),
]
ASSISTANT = APPROVED_APPS[4]
PARTNERS: list[dict[str, str]] = [
    {"id": "T0FJORDLAB1", "name": "Fjord Laboratories", "domain": "fjordlab.example"},
    {"id": "T0ORCHARD01", "name": "Orchard & Sons", "domain": "orchard.example"},
    {"id": "E0METROGRID", "name": "Metrogrid", "domain": "metrogrid.example"},
]


def as_context_app(app: Object) -> Object:
    """The same app as it stands in `context.app`, where bot scopes have another name."""
    return {
        "id": app["id"],
        "name": app["name"],
        "scopes": app["scopes"],
        "scopes_bot": app["bot_scopes"],
        "creator": "W0SVCIDENT1",
        "team": "E0HALDEN00",
    }


class Shelf:
    """Files and channels that exist; new ones are made on request."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(f"shelf/{seed}")  # noqa: S311
        self._made = 0
        self.files: dict[str, list[Object]] = {
            team: [self.new_file(team) for _ in range(260)] for team in names.TEAMS
        }
        self.channels: dict[str, list[Object]] = {
            team: [self.new_channel(f"{team}-{topic}") for topic in names.CHANNEL_TOPICS]
            for team in names.TEAMS
        }

    def new_file(self, team: str) -> Object:
        self._made += 1
        stem, ending, media_type = names.FILE_STEMS[self._draw.randrange(len(names.FILE_STEMS))]
        name = f"{stem}-{self._made % 400}.{ending}"  # names repeat, ids do not
        return {"id": self._id("F"), "name": name, "filetype": media_type, "title": f"{team} {stem}"}

    def new_channel(self, name: str, privacy: str = "public") -> Object:
        return {
            "id": self._id("C"),
            "name": name,
            "privacy": privacy,
            "is_shared": False,
            "is_org_shared": False,
        }

    def new_id(self, prefix: str) -> str:
        return self._id(prefix)

    def _id(self, prefix: str) -> str:
        return f"{prefix}0{self._draw.getrandbits(40):010X}"[:11]
