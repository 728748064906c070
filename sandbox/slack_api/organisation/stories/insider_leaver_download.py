"""S6: somebody who leaves takes the files along."""

from __future__ import annotations

from ..machines import fetch_files
from ..tales import Tale
from ..world import DOWNLOADS, World, at_home

NAME = "insider_leaver_download"
TALE = (
    "In her last week a saleswoman fetches 64 different files from home within 55 evening minutes, "
    "across the full hour; some of them twice."
)
RULE_IDS = ("U40",)


def play(world: World, tale: Tale, monday: int) -> None:
    person = world.pick("London")
    tale.about(person.id, person.email)
    at = world.calendar.clock(monday + 3, "19:34:00", person.site.zone)
    world.hush(person, at - 7200, at + 7200, DOWNLOADS)
    files = fetch_files(world, world.luck(NAME), person, at, 3300, 64, at_home(person))
    tale.add(*files)
    for entry in files[:6]:
        again = entry["date_create"] + 5
        tale.add(world.download(again, person, entry["entity"]["file"], at_home(person)))
