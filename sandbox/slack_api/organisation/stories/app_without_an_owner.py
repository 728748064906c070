"""U76: an app goes on after its installer has left."""

from __future__ import annotations

from ..machines import provision
from ..places import CLOUD
from ..tales import Tale
from ..things import as_context_app
from ..world import DOWNLOADS, World, at_home
from ..writing import Object, Seat, user

NAME = "app_without_an_owner"
TALE = (
    "An engineer installs a note-taking app and leaves the company on Wednesday; on Friday the app still "
    "writes files in his name."
)
RULE_IDS = ("U29", "U76")

_APP: Object = {
    "id": "A0NOTEKEEP1", "name": "Note Keeper", "is_distributed": True, "is_directory_approved": False,
    "is_workflow_app": False, "scopes": [], "bot_scopes": ["files:write", "commands"],
}  # fmt: skip


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("New York")
    place, write = person.site.workspace, world.writer.write
    installed = world.calendar.clock(monday, "11:15:00", person.site.zone)
    gone = world.calendar.clock(monday + 2, "17:40:00", person.site.zone)
    app = {"type": "app", "app": _APP}
    world.hush(person, installed, installed + 3700, DOWNLOADS)
    tale.add(write(installed, "app_installed", person.as_slack, app, at_home(person), workspace=place))
    world.leave(person, gone)
    tale.add(provision(world, gone, "user_deactivated", user(person), workspace=place))
    at = world.calendar.clock(monday + 4, "09:30:00", person.site.zone)
    robot = Seat(CLOUD.address(7), "note-keeper/2.1", None)
    for n in range(3):
        file = {"type": "file", "file": world.shelf.new_file(person.team)}
        tale.add(
            write(
                at + 900 * n,
                "file_uploaded",
                person.as_slack,
                file,
                robot,
                workspace=place,
                app=as_context_app(_APP),
            )
        )
    tale.about(_APP["id"], _APP["name"], person.id, person.email)
