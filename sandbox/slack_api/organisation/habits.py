"""What everybody does all the time and some rules keep for the report: low findings that no tale needs to stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .tales import Tale
from .writing import Object


@dataclass(frozen=True)
class Habit:
    """One kind of everyday entry and the rules that may note it."""

    name: str
    tale: str
    rule_ids: tuple[str, ...]
    actions: frozenset[str]


HABITS: tuple[Habit, ...] = (
    Habit("public_links", "People make public links of files.", ("U43",), frozenset({"file_public_link_created"})),
    Habit("apps_tidied", "Administrators remove and restrict apps.", ("U35",),
          frozenset({"app_uninstalled", "app_restricted"})),
    Habit("slacks_anomalies", "Slack notices new networks and new clients.", ("U18",), frozenset({"anomaly"})),
    Habit("forwards", "People forward private messages.", ("U47",), frozenset({"private_message_forwarded"})),
    Habit("sign_in_settings", "Owners require more of sign-ins.", ("U56", "U57"),
          frozenset({"pref.sso_setting_changed", "pref.two_factor_auth_changed"})),
    Habit("ranges", "Offices are put on the list of allowed addresses.", ("U64",),
          frozenset({"team_authorized_ip_range_set"})),
    Habit("guest_settings", "Fewer people may let guests in.", ("U55",), frozenset({"pref.who_can_manage_guests"})),
    Habit("own_passkeys", "People add and remove their own passkeys.", ("U57",),
          frozenset({"user_passkey_created", "user_passkey_removed"})),
)  # fmt: skip


def tales_of(entries: Iterable[Object], staged: frozenset[str]) -> list[Tale]:
    """The habits that occur among `entries`, without the `staged` ids, which belong to a tale."""
    by_action = {action: habit for habit in HABITS for action in habit.actions}
    found: dict[str, Tale] = {}
    for entry in entries:
        habit = by_action.get(entry["action"])
        if habit is not None and entry["id"] not in staged:
            found.setdefault(habit.name, Tale(habit.name, habit.tale, habit.rule_ids)).add(entry)
    return [found[habit.name] for habit in HABITS if habit.name in found]
