"""S1: an app is installed, and next day asks for more."""

from __future__ import annotations

from ..tales import Tale
from ..world import DOWNLOADS, World, at_home
from ..writing import Object

NAME = "consent_phishing_app"
TALE = (
    "A mail talks a marketing manager into installing a calendar helper that nobody approved; the next "
    "morning the helper asks for her files and private channels, and she agrees."
)
RULE_IDS = ("U29", "U30")

_APP: Object = {
    "id": "A0CALSYNC99", "name": "Calendar Sync Pro", "is_distributed": True, "is_directory_approved": False,
    "is_workflow_app": False, "scopes": ["calendar:read", "users:read"], "bot_scopes": ["commands"],
}  # fmt: skip
_MORE = ["users:read", "files:read", "groups:history", "calendar:read"]


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Berlin", v6=True)
    tale.about(_APP["id"], _APP["name"], person.id, person.email)
    installed_at = world.calendar.clock(monday, "10:12:31", person.site.zone)
    expanded_at = world.calendar.clock(monday + 1, "09:48:05", person.site.zone)
    for at in (installed_at, expanded_at):
        world.hush(person, at, at + 3700, DOWNLOADS)  # an install followed by downloads is another story
    entity = {"type": "app", "app": _APP}
    tale.add(
        world.writer.write(
            installed_at,
            "app_installed",
            person.as_slack,
            entity,
            at_home(person, 0x51),
            details={"is_internal_integration": False, "app_owner_id": "U0CALSYNC01"},
            workspace=person.site.workspace,
        )
    )
    tale.add(
        world.writer.write(
            expanded_at,
            "app_scopes_expanded",
            person.as_slack,
            {"type": "app", "app": {**_APP, "scopes": _MORE}},
            at_home(person, 0x52),
            details={
                "new_scopes": _MORE,
                "previous_scopes": _APP["scopes"],
                "granular_bot_token": True,
                "is_internal_integration": False,
                "is_token_rotation_enabled_app": False,
            },
            workspace=person.site.workspace,
        )
    )
