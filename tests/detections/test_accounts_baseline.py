"""The baseline of accounts says the same whatever the order, the batches and the copies in which entries arrive.

Expectations are worked out here, from what default/collections.conf promises of each column.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.spl import APP_ROOT, search

pytestmark = pytest.mark.once

NOW = 1_772_600_000
TABLE = "slack_audit_accounts"
SEARCH = AppConfs(APP_ROOT).conf("savedsearches")["Slack - Accounts - Lookup Gen"]["search"]
PLACES = {"192.0.2.7": "192.0.2.7", "2001:DB8:0:1::9": "2001:db8:0:1::/64", "10.1.1.1": "-", "": "-"}
STATES = ("user_created", "user_deactivated", "user_reactivated", "guest_expired", "guest_reactivated")

Entry = dict[str, Any]
Table = dict[str, dict[str, Any]]


def person(number: int) -> Entry:
    return {"id": f"W0P{number}", "name": f"P{number}", "email": f"p{number}@corp.example", "team": "E0EXAMPLE"}


def entries(luck: random.Random) -> list[Entry]:
    """Sign-ins, changes of state and anomalies of three people; more than 30 sign-ins of the first."""
    made = []
    for number in range(220):
        action = luck.choice(("user_login",) * 3 + STATES + ("anomaly", "user_logout"))
        account = person(luck.choice((1, 1, 1, 1, 2, 3)))
        made.append({
            "id": f"e{number}",
            "date_create": NOW - luck.randrange(1, 2_000_000),
            "action": action,
            "actor": {"type": "user", "user": person(9) if action in STATES else account},
            "entity": {"type": "user", "user": account},
            "context": {
                "location": {"type": "enterprise", "id": "E0EXAMPLE"},
                "ip_address": luck.choice(list(PLACES)),
                "session_id": None,
                **({"app": {"id": "A0BOT", "name": "Bot"}} if number % 11 == 0 else {}),
            },
            "details": {"reason": luck.choice((["tor"], ["asn", "tor"], ["asn"]))} if action == "anomaly" else None,
        })  # fmt: skip
    return made


def promised(given: list[Entry]) -> Table:
    """The rows that collections.conf describes."""
    lists: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for entry in given:
        at, action, context = entry["date_create"], entry["action"], entry["context"]
        address = context["ip_address"]
        place = "- -" if "app" in context else f"{address.lower() or '-'} {PLACES[address]}"
        account = entry["entity"]["user"]["id"]
        if action == "user_login":
            lists[account]["sign_ins"].add(f"{at} {place} {entry['id']}")
            for key in (account, "*"):
                first[key] = min(at, first.get(key, at))
        elif action in STATES:
            lists[account]["states"].add(f"{at} {action}")
        elif action == "anomaly" and "tor" in entry["details"]["reason"]:
            lists[account]["tor"].add(f"{at} {place} {entry['id']}")
        else:
            continue
        for key in (account, "*"):
            last[key] = max(at, last.get(key, at))
    kept = {"sign_ins": 30, "states": 30, "tor": 10}
    return {
        key: {
            **({"first": first[key]} if key in first else {}),
            "last": last[key],
            **{name: ";".join(sorted(values)[-kept[name] :]) for name, values in lists[key].items()},
        }
        for key in list(last)
    }


def learn(table: list[Any], batch: list[Entry]) -> list[Any]:
    events = [json.dumps(entry) for entry in batch]
    return list(search(SEARCH, events, now=NOW, earliest="-35d@d", latest="now", lookups={TABLE: table}).lookups[TABLE])


def as_table(rows: list[Any]) -> Table:
    return {
        row["_key"]: {
            name: int(float(row[name])) if name in ("first", "last") else row[name]
            for name in ("first", "last", "sign_ins", "states", "tor")
            if row.get(name) not in (None, "")
        }
        for row in rows
    }


@pytest.mark.parametrize("seed", range(2))
def test_order_batches_and_copies_do_not_matter(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - not a secret
    given = entries(luck)
    wanted = promised(given)
    assert len(wanted["W0P1"]["sign_ins"].split(";")) == 30, "the case must have more than the row keeps"
    assert as_table(learn([], given)) == wanted
    arriving = given + luck.sample(given, 40)
    luck.shuffle(arriving)
    table: list[Any] = []
    while arriving:
        size = luck.randrange(20, 80)
        table, arriving = learn(table, arriving[:size]), arriving[size:]
    assert as_table(table) == wanted


def test_nothing_new_changes_nothing() -> None:
    known = learn([], entries(random.Random(1)))  # noqa: S311 - not a secret
    assert learn(known, []) == known
    logout = {"id": "x", "date_create": NOW - 9, "action": "user_logout", "actor": {"type": "user", "user": person(1)}}
    assert learn(known, [logout]) == known
