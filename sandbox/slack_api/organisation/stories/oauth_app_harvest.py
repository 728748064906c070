"""S7: an app is installed and begins to fetch."""

from __future__ import annotations

from ..places import CLOUD
from ..tales import Tale
from ..things import as_context_app
from ..world import DOWNLOADS, World, at_home
from ..writing import Object, Seat

NAME = "oauth_app_harvest"
TALE = (
    "A developer installs an unapproved tidy-up app; within the hour the app fetches 18 files by "
    "itself, under his name, from its own cloud."
)
RULE_IDS = ("U29", "U37")

_APP: Object = {
    "id": "A0INBOXZERO", "name": "Inbox Zero Helper", "is_distributed": True, "is_directory_approved": False,
    "is_workflow_app": False, "bot_scopes": [],
    "scopes": ["files:read", "channels:history", "groups:history"],
}  # fmt: skip


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("Bangalore")
    tale.about(_APP["id"], _APP["name"], person.id, person.email)
    at = world.calendar.clock(monday + 4, "14:05:09", person.site.zone)
    # He himself fetches nothing near it: it is the app, and it stays below the threshold for mass downloads.
    world.hush(person, at - 7200, at + 10_800, DOWNLOADS)
    tale.add(
        world.writer.write(
            at,
            "app_installed",
            person.as_slack,
            {"type": "app", "app": _APP},
            at_home(person),
            details={"is_internal_integration": False},
            workspace=person.site.workspace,
        )
    )
    robot = Seat(CLOUD.address(9), "inbox-zero/0.9", None)
    files = world.luck(NAME).sample(world.shelf.files["engineering"], 18)
    for n, file in enumerate(files):
        tale.add(world.download(at + 240 + 150 * n, person, file, robot, as_context_app(_APP)))
