"""What the collector knows between two runs, and how it is written down.

`State` is small and replaced as a whole; the many ids of entries already sent are beside it (see
`checkpoint`). Reading is strict: a field of the wrong kind is a poisoned checkpoint, not something to guess
about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from slack_audit_monitor.errors import NewerFormat
from slack_audit_monitor.windows import Walk, Window

#: Goes up when an earlier version of this app would misunderstand what is written. A member that earlier versions
#: may overlook needs no new number. For each number below it `_UPGRADES` has the way to the next one.
VERSION = 1


@dataclass
class Unreadable:
    """A second of which not every entry could be had.

    Attributes:
        second: which one.
        since, tried_at: when it was found and last tried. What of it is out already is held in `seen`.
    """

    second: int
    since: int
    tried_at: int


@dataclass
class State:
    """Where the collector stands. Seconds are epoch seconds of Slack's clock unless a comment says otherwise.

    Attributes:
        start_at: oldest second to collect, fixed at the first run.
        position: everything up to here was read at least once; None before the first finished window.
        walk, window: the pass and the span being read; None between runs that ended well.
        windows: how many windows were begun so far.
        look_back_from, looked_at: see `windows`.
        entries_per_second: density of the last window, for the size of the next.
        page_limit: entries a page, smaller than the setting while Slack is slow; None means the setting.
        skew_seconds: Slack's clock minus this machine's.
        token_mark, token_since, token_check_due_at: see `token_watch`; the times are of this machine's clock.
        verdicts: shapes of entries already held against the contract.
        unreadable: seconds that Slack could not deliver so far; see `detour`.
    """

    start_at: int | None = None
    position: int | None = None
    walk: Walk | None = None
    window: Window | None = None
    windows: int = 0
    look_back_from: int | None = None
    looked_at: int | None = None
    entries_per_second: float | None = None
    page_limit: int | None = None
    skew_seconds: float | None = None
    token_mark: str | None = None
    token_since: int | None = None
    token_check_due_at: int | None = None
    verdicts: dict[str, str] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values. The mark inside the window is not among them: it lives in the journal."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        walk, window = self.walk, self.window
        return {
            "version": VERSION,
            **plain,
            "token_mark": self.token_mark,
            "verdicts": self.verdicts,
            "unreadable": [vars(place) for place in self.unreadable],
            "walk": None if walk is None else {"next": walk.next, "started_at": walk.started_at, "deep": walk.deep},
            "window": None
            if window is None
            else {"number": window.number, "oldest": window.oldest, "latest": window.latest},
        }


_PLAIN = {
    "start_at": int,
    "position": int,
    "windows": int,
    "look_back_from": int,
    "looked_at": int,
    "entries_per_second": float,
    "page_limit": int,
    "skew_seconds": float,
    "token_since": int,
    "token_check_due_at": int,
}


def state_from_json(value: Any, place: str = "its place") -> State:
    """Return the state that `to_json` wrote.

    Args:
        place: where it was found, for the sentence of a refusal.

    Raises:
        NewerFormat: written by a newer version of this app.
        ValueError: damaged, or of a version that never was.
    """
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    value = _of_present_version(value, place)
    state = State()
    for name, kind in _PLAIN.items():
        setattr(state, name, _number(value, name, kind))
    state.windows = state.windows or 0
    mark = value.get("token_mark")
    if mark is not None and not isinstance(mark, str):
        raise ValueError("its member token_mark is no text")
    state.token_mark = mark
    verdicts = value.get("verdicts", {})
    if not isinstance(verdicts, dict) or not all(isinstance(text, str) for text in verdicts.values()):
        raise ValueError("its member verdicts is no map of texts")
    state.verdicts = dict(verdicts)
    places = value.get("unreadable", [])
    if not isinstance(places, list):
        raise ValueError("its member unreadable is no list")
    state.unreadable = [_unreadable(place) for place in places]
    walk, window = value.get("walk"), value.get("window")
    if walk is not None:
        state.walk = Walk(_whole(walk, "next"), _whole(walk, "started_at"), bool(walk.get("deep")))
    if window is not None:
        state.window = Window(_whole(window, "number"), _whole(window, "oldest"), _whole(window, "latest"))
        if state.walk is None or state.window.oldest > state.window.latest:
            raise ValueError("its window does not fit its walk")
    return state


#: Version to what makes the next one of a State written by it. None was published before the first.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def check_format(found: Any, place: str) -> None:
    """Refuse what a newer version of this app has written; anything that is no number is for others to judge.

    Raises:
        NewerFormat: the format is newer than ours.
    """
    if isinstance(found, (int, float)) and not isinstance(found, bool) and found > VERSION:
        raise NewerFormat(
            f"The checkpoint in {place} was written by a newer version of this app (format {found:g}, known is "
            f"{VERSION}). Nothing was collected, and the checkpoint stays as it is. Update the app on this host to "
            "that version; its docs/upgrade.md says how to go back all the same."
        )


def _of_present_version(value: dict[str, Any], place: str) -> dict[str, Any]:
    version: Any = value.get("version")
    check_format(version, place)
    while isinstance(version, bool) or version != VERSION:
        upgrade = _UPGRADES.get(version) if isinstance(version, int) and not isinstance(version, bool) else None
        if upgrade is None:
            raise ValueError(f"its version is {version!r:.40}, known is {VERSION}")
        value, version = upgrade(value), version + 1
    return value


def _unreadable(place: Any) -> Unreadable:
    return Unreadable(*(_whole(place, name) for name in ("second", "since", "tried_at")))


def _number(value: dict[str, Any], name: str, kind: type) -> Any:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float) if kind is float else int):
        raise ValueError(f"its member {name} is no number")
    return found


def _whole(value: Any, name: str) -> int:
    found = _number(value, name, int) if isinstance(value, dict) else None
    if found is None:
        raise ValueError(f"its member {name} is missing")
    return int(found)
