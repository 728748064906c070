"""Entries of shapes that nobody expects: new names, strange types and values, all of them legal."""

from __future__ import annotations

from .tales import Tale
from .world import World, at_office
from .writing import Seat, enterprise, user, workspace

UNKNOWN_ACTIONS = ("canvas_presence_shared", "huddle_noise_filter_set")


def play(world: World) -> list[Tale]:
    """A dozen of them, spread over the days."""
    person = world.people[20]
    tale = Tale(
        "odd_shapes",
        "Entries of odd shapes, some of which a rule must report for want of better knowledge.",
        ("U16", "U18", "U36", "U62"),
    )
    tale.about(person.id, person.email)
    before = len(world.writer.entries)
    write, seat, actor = world.writer.write, at_office(person), person.as_slack

    def at(n: int) -> float:
        # Working days: the change of a setting among them would be news on a Sunday.
        day = world.calendar.first_monday() + 7 * (n // 5) + n % 5
        return world.calendar.at(day, 36_000 + 60 * n, person.site.zone)

    for n in range(3):
        write(at(n), UNKNOWN_ACTIONS[0], actor, {"type": "canvas", "canvas": {"id": "F0CANVAS001"}}, seat)
    for n in range(3, 5):
        write(at(n), UNKNOWN_ACTIONS[1], actor, {"type": "huddle_room", "huddle_room": {"id": "R0ROOM"}}, seat)
    write(
        at(5),
        "anomaly",
        actor,
        user(person),
        seat,
        details={"reason": ["quantum_login"], "action_timestamp": int(at(5) * 1000)},
    )
    write(at(6), "anomaly", actor, user(person), seat, details={"reason": "ip_address"})
    write(
        at(7),
        "pref.dm_retention_changed",
        actor,
        enterprise(),
        seat,
        details={"new_value": None, "previous_value": {"type": "DELETE", "duration_days": 365}},
    )
    write(
        at(8),
        "external_auth_oauth2_token_fetched",
        actor,
        {
            "type": "external_auth_oauth2_token",
            "external_auth_oauth2_token": {"token_id": 9_007_199_254_740_993, "provider": "crm"},
        },
        seat,
    )
    write(
        at(9),
        "file_uploaded",
        actor,
        {
            "type": "file",
            "file": {
                "id": "F0ODDNAME01",
                "name": "<b>\u202ereport\u0000 😀 \" ' &amp;.pdf",
                "filetype": "application/pdf",
                "title": "a\tb\nc \\ d",
            },
        },
        seat,
    )
    write(
        at(10),
        "user_profile_updated",
        {**actor, "name": None},
        user(person),
        Seat("", "", None),
        details={"new_profile": {"real_name": "x" * 20_000}, "previous_profile": {}},
    )
    slack = {"id": "USLACKSECURITY", "name": "Slack Security", "email": ""}
    write(
        at(11),
        "user_password_reset_slack_security",
        slack,
        user(person),
        Seat("127.0.0.1", "", None),
        details=None,
    )
    write(
        at(12),
        "prefs_setting_changed",
        actor,
        workspace(person.site.workspace),
        Seat("10.20.30.40", "curl/8.12", "5700000000001"),
        details={"pref_name": "locale"},
    )
    begin, end = world.calendar.begin, world.calendar.end
    tale.add(*(entry for entry in world.writer.entries[before:] if begin <= entry["date_create"] < end))
    return [tale] if tale.entries else []
