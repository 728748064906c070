"""What people ordinarily do in Slack, with how often: a table of small acts."""

from __future__ import annotations

import random
from typing import Any, Callable

from . import names
from .people import Person
from .places import CLOUD
from .things import ASSISTANT, as_context_app
from .world import World
from .writing import Object, Seat, enterprise, user, workspace

Act = Callable[[World, random.Random, Person, float, Seat], None]


def _file(world: World, luck: random.Random, person: Person) -> Object:
    team = person.team if luck.random() < 0.8 else luck.choice(names.TEAMS)
    return luck.choice(world.shelf.files[team])


def _channel(world: World, luck: random.Random, person: Person) -> Object:
    team = person.team if luck.random() < 0.7 else luck.choice(names.TEAMS)
    return luck.choice(world.shelf.channels[team])


def _write(
    world: World, at: float, action: str, person: Person, entity: Object, seat: Seat, **more: Any
) -> None:
    world.writer.write(at, action, person.as_slack, entity, seat, workspace=person.site.workspace, **more)


def download(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    world.download(at, person, _file(world, luck, person), seat)


def upload(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    file = world.shelf.new_file(person.team)
    fresh = {**file, "filetype": ""} if luck.random() < 0.3 else file  # the type is not known at once
    _write(world, at, "file_uploaded", person, {"type": "file", "file": fresh}, seat)
    if luck.random() < 0.7:
        share(world, luck, person, at + 2, seat, file)


def share(
    world: World, luck: random.Random, person: Person, at: float, seat: Seat, file: Any = None
) -> None:  # fmt: skip
    channel = _channel(world, luck, person)
    details = {
        "shared_with": {"channel_id": channel["id"], "access_level": "read"},
        "is_ext_shared": False,
        "teams_shared_with": [],
    }
    entity = {"type": "file", "file": file or _file(world, luck, person)}
    _write(world, at, "file_shared", person, entity, seat, details=details)


def on_file(action: str) -> Act:
    def act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
        _write(world, at, action, person, {"type": "file", "file": _file(world, luck, person)}, seat)

    return act


def on_canvas(action: str) -> Act:
    def act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
        number = luck.randrange(400)
        canvas = {"id": f"F0CANVAS{number:03d}", "filetype": "quip", "title": f"{person.team} notes {number}"}
        details = {"is_channel_canvas": luck.random() < 0.4} if action == "canvas_opened" else None
        _write(world, at, action, person, {"type": "canvas", "canvas": canvas}, seat, details=details)

    return act


def on_list(action: str) -> Act:
    def act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
        entity = {"type": "list", "list": {"id": f"F0LIST{luck.randrange(150):05d}"}}
        row = {"row_id": f"Rec{luck.getrandbits(32):08X}", "cell_date_updated": int(at)}
        _write(world, at, action, person, entity, seat, details=row if "cell" in action else None)

    return act


def on_channel(action: str) -> Act:
    def act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
        _write(world, at, action, person, {"type": "channel", "channel": _channel(world, luck, person)}, seat)

    return act


def join(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    """The actor is who was added; who did it stands in the details, in one of two forms."""
    entity = {"type": "channel", "channel": _channel(world, luck, person)}
    kind = luck.random()
    if kind < 0.5:
        _write(world, at, "user_channel_join", person, entity, seat)
        return
    other = luck.choice(world.people)
    inviter: Object = dict(other.as_slack) if kind > 0.9 else user(other)
    details = {"type": "INVITED", "inviter": inviter, "is_workflow": False}
    _write(world, at, "user_channel_join", person, entity, seat, details=details)


def leave(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    entity = {"type": "channel", "channel": _channel(world, luck, person)}
    if luck.random() < 0.3:
        details = {"type": "KICKED", "kicker": user(luck.choice(world.people))}
        _write(world, at, "user_channel_leave", person, entity, seat, details=details)
    else:
        _write(world, at, "user_channel_leave", person, entity, seat)


def make_channel(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    topic = luck.choice(names.CHANNEL_TOPICS)
    channel = world.shelf.new_channel(f"{person.team}-{topic}-{luck.randrange(99)}")
    _write(world, at, "public_channel_created", person, {"type": "channel", "channel": channel}, seat)


def huddle(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    """One conversation: begun, joined, left, ended. Servers report parts of it under a cloud's address."""
    guests = luck.sample(world.people, luck.randrange(1, 5))
    talk: Object = {
        "id": world.shelf.new_id("R"),
        "date_start": int(at),
        "date_end": 0,
        "participants": [person.id],
    }
    _write(world, at, "huddle_started", person, {"type": "huddle", "huddle": talk}, seat)
    cloud = Seat(CLOUD.address(3), "", None)
    for n, guest in enumerate(guests):
        talk = {**talk, "participants": [*talk["participants"], guest.id]}
        entity = {"type": "huddle", "huddle": talk}
        _write(world, at + 20 * (n + 1), "huddle_participant_joined", guest, entity, cloud)
    end = at + luck.randrange(300, 2400)
    over = {"type": "huddle", "huddle": {**talk, "date_end": int(end)}}
    for guest in guests:
        _write(world, end - luck.randrange(0, 30), "huddle_participant_left", guest, over, cloud)
    _write(world, end, "huddle_ended", person, over, seat)


def forward(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    message = {"team": person.site.workspace, "channel": world.shelf.new_id("D"), "timestamp": f"{at:.6f}"}
    target = _channel(world, luck, person)
    details = {
        "source_channel": {"id": message["channel"], "privacy": luck.choice(("DM", "MPDM")), "name": ""},
        "destination_channel": {"id": target["id"], "privacy": "public", "name": target["name"]},
        "source_message": {"author_id": luck.choice(world.people).id},
    }
    _write(
        world,
        at,
        "private_message_forwarded",
        person,
        {"type": "message", "message": message},
        seat,
        details=details,
    )


def view_activity(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    channel = _channel(world, luck, person)
    message = {"team": person.site.workspace, "channel": channel["id"], "timestamp": f"{at - 90:.6f}"}
    _write(world, at, "message_activity_viewed", person, {"type": "message", "message": message}, seat)


def on_workspace(action: str) -> Act:
    def act(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
        _write(world, at, action, person, workspace(person.site.workspace), seat)

    return act


def remind(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    _write(world, at, "user_added_reminder", person, user(person), seat)


def change_profile(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    first = person.name.split()[0]
    details = {"new_profile": {"display_name": first.lower()}, "previous_profile": {"display_name": first}}
    _write(world, at, "user_profile_updated", person, user(person), seat, details=details)


def add_emoji(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    _write(
        world,
        at,
        "emoji_added",
        person,
        workspace(person.site.workspace),
        seat,
        details={"name": f"party-{luck.randrange(500)}"},
    )


def ask_assistant(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    """An agent acts under a person's name, from a cloud's address."""
    tool = luck.choice(("slack_search_public", "slack_read_channel"))
    cloud = Seat(CLOUD.address(5), "ask-halden/1.4 (mcp)", None)
    world.writer.write(
        at,
        f"mcp_{tool}_tool_called",
        person.as_slack,
        enterprise(),
        cloud,
        details={"tool": tool, "arguments": {"channel_id": _channel(world, luck, person)["id"]}},
        app=as_context_app(ASSISTANT),
    )


def let_slackbot(world: World, luck: random.Random, person: Person, at: float, seat: Seat) -> None:
    agent = {
        "acting_agent": "Slackbot",
        "agent_message": {
            "channel_id": world.shelf.new_id("D"),
            "message_ts": f"{at - 3:.6f}",
            "thread_ts": None,
        },
    }
    _write(
        world,
        at,
        "slack_ai_calendar_read",
        person,
        user(person),
        Seat("", "", person.session),
        more_context=agent,
    )


ACTS: list[tuple[float, Act]] = [
    (27, download), (7, upload), (4, share), (11, on_canvas("canvas_opened")),
    (6, on_canvas("canvas_edited")), (1.2, on_canvas("canvas_created")), (0.8, on_canvas("canvas_shared")),
    (0.5, on_canvas("canvas_access_added")), (5, join), (2, leave),
    (5, on_channel("public_channel_preview")), (0.3, make_channel), (0.4, on_channel("channel_tab_added")),
    (0.1, on_channel("channel_renamed")), (4, view_activity), (2.5, on_list("list_opened")),
    (2, on_list("list_row_updated")), (3, on_list("list_cell_updated")),
    (4, on_workspace("slack_ai_summary_requested")),
    (1, on_workspace("slack_ai_message_translation_generated")),
    (1.5, on_file("slack_ai_file_summary_generated")), (0.5, on_file("file_deleted")),
    (0.2, on_file("file_public_link_created")), (0.1, on_file("file_download_blocked")), (2, remind),
    (0.4, change_profile), (0.3, add_emoji), (0.5, forward), (1.1, huddle), (1.2, ask_assistant),
    (0.4, let_slackbot),
]  # fmt: skip
