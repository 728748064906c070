"""Attack stories, one module each; together they need every headline alert and every correlation.

A module has `NAME`, `TALE`, `RULE_IDS` and `play(world, tale, monday)`, where `monday` is the day on which
the week of the stories begins. All stories end on the Monday after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from ..tales import Tale
from ..world import World
from . import (
    admin_grant_from_nowhere,
    app_without_an_owner,
    consent_phishing_app,
    cookie_in_two_places,
    helpdesk_impostor,
    insider_leaver_download,
    leaver_comes_back,
    looking_into_every_room,
    malware_passed_on,
    night_shift_export,
    oauth_app_harvest,
    outsider_in_payroll,
    owner_takeover,
    password_spray,
    patient_guesser,
    purge_by_a_new_admin,
    quiet_guest,
    stolen_session_abroad,
    two_countries_at_once,
    warned_twice,
)

STORIES: tuple[ModuleType, ...] = (
    consent_phishing_app, owner_takeover, password_spray, stolen_session_abroad, quiet_guest,
    insider_leaver_download, oauth_app_harvest, admin_grant_from_nowhere, patient_guesser, night_shift_export,
    two_countries_at_once, leaver_comes_back, cookie_in_two_places, warned_twice,
    purge_by_a_new_admin, malware_passed_on, outsider_in_payroll,
    looking_into_every_room, app_without_an_owner, helpdesk_impostor,
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(story.NAME for story in STORIES)
DAYS_NEEDED = 8  # from the story week's Monday to the Monday after


def play(world: World, wanted: Iterable[str] | None = None) -> list[Tale]:
    """The stories by name, all by default; none if the organisation's days end before them.

    Raises:
        ValueError: there is no such story.
    """
    names = set(NAMES if wanted is None else wanted)
    unknown = names - set(NAMES)
    if unknown:
        raise ValueError(f"no story is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    monday = world.calendar.story_monday()
    if monday + DAYS_NEEDED > world.calendar.days:
        return []
    found = []
    for story in STORIES:
        # All are played, so that leaving one out does not give its people to another.
        tale = Tale(story.NAME, story.TALE, story.RULE_IDS)
        before = len(world.writer.entries), len(world.hushes)
        story.play(world, tale, monday)
        if story.NAME not in names:
            del world.writer.entries[before[0] :], world.hushes[before[1] :]
            continue
        for entry in tale.entries:
            world.staged(entry)
        found.append(tale)
    return found
