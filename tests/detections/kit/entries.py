"""From a line of a scenario to the full entry that Slack would have sent, and when it arrives.

Knows Slack's shape of an entry: actor, entity by action, context, details. Every finished entry
is checked against the page contract, so that a case cannot pass on an entry Slack never sends;
a line marked `odd: true` breaks the contract on purpose. Does not know any detection.
"""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .contract import ActionList, Contract
from .moments import parse_at, parse_duration, parse_repeat
from .problems import ScenarioError
from .scenario import Case, fill_number, spread_lists

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
_ORGANISATION = {"type": "enterprise", "id": "E0EXAMPLE", "name": "Example Org", "domain": "example"}
_WORKSPACE = {"type": "workspace", "id": "T0EXAMPLE", "name": "Example Workspace", "domain": "example-main"}
_HOME_ADDRESS = "192.0.2.10"


@dataclass(frozen=True)
class Arrival:
    """One copy of an entry on its way into the index."""

    entry: Mapping[str, Any]
    label: str
    arrives_at: int  # epoch seconds; becomes _indextime
    log: str = ""  # a line of the collector's own log instead of an entry


class EntryBuilder:
    """Expands the lines of one case."""

    def __init__(self, case: Case, actions: ActionList, contract: Contract) -> None:
        self._case = case
        self._actions = actions
        self._contract = contract
        self._places = {"org": _ORGANISATION, "main": _WORKSPACE, **case.scenario.places}
        self._made: dict[str, list[Arrival]] = {}

    def build(self) -> list[Arrival]:
        """Every arrival of the case, in order of arrival; ties stay as the file lists them."""
        arrivals: list[Arrival] = []
        for number, line in enumerate(self._case.lines, 1):
            try:
                made = self._repeat_entries(line) if "same_as" in line else self._expand(line, number)
            except ScenarioError as error:
                raise error.within(f"{self._case.title}, event {number}") from None
            arrivals += made
        return sorted(arrivals, key=lambda arrival: arrival.arrives_at)

    def ids_of(self, label: str) -> list[str]:
        """The entry ids behind an `id:` label, for comparing with a finding's event_ids."""
        if label not in self._made:
            known = ", ".join(sorted(self._made)) or "none"
            raise ScenarioError(f"no event has the id: {label!r} (known: {known})")
        return [str(arrival.entry["id"]) for arrival in self._made[label] if "id" in arrival.entry]

    def _repeat_entries(self, line: Mapping[str, Any]) -> list[Arrival]:
        label = line["same_as"]
        extra = set(line) - {"same_as", "arrives", "arrives_at"}
        if extra:
            raise ScenarioError(f"same_as: is the same entry again; {', '.join(sorted(extra))} cannot differ")
        self.ids_of(label)
        return [
            Arrival(first.entry, label, self._arrival(line, int(first.entry["date_create"])), first.log)
            for first in self._made[label]
        ]

    def _expand(self, line: Mapping[str, Any], number: int) -> list[Arrival]:
        if "files" in line and "repeat" in line:
            raise ScenarioError("files: and repeat: are both repetitions; give one")
        count, step = parse_repeat(line.get("repeat") or line.get("files") or "1 every 0s")
        label = str(line.get("id") or f"line-{number}")
        if label in self._made:
            raise ScenarioError(f"the id: {label!r} is taken; a doubled entry is written same_as: {label}")
        if "at" not in line:
            raise ScenarioError("at: is missing")
        first_at = parse_at(line["at"], self._case.start)
        made = []
        for n in range(1, count + 1):
            filled = fill_number(dict(line), n)
            created = first_at + (n - 1) * step
            if "log" in filled:
                made.append(Arrival({"date_create": created}, label, self._arrival(line, created), filled["log"]))
                continue
            entry = self._entry(filled, created, f"{label}/{n}", f"F0{number:02}{n:05}")
            if n == 1:
                self._check(entry, bool(line.get("odd")))
            made.append(Arrival(entry, label, self._arrival(line, created)))
        self._made[label] = made
        return made

    def _arrival(self, line: Mapping[str, Any], created: int) -> int:
        if "arrives_at" in line:
            return parse_at(line["arrives_at"], self._case.start)
        return created + (parse_duration(line["arrives"]) if "arrives" in line else self._case.arrives)

    def _check(self, entry: Mapping[str, Any], odd: bool) -> None:
        complaint = self._contract.complaint(entry)
        if complaint and not odd:
            raise ScenarioError(f"Slack would not send this entry ({complaint}); mark the line odd: true if meant")
        if odd and not complaint:
            raise ScenarioError("the line is marked odd: true, yet its entry keeps Slack's contract; drop the mark")

    def _entry(self, line: Mapping[str, Any], created: int, seed: str, file_id: str) -> dict[str, Any]:
        action = line.get("did") or ("file_downloaded" if "files" in line else None)
        if not action:
            raise ScenarioError("did: is missing (Slack's name of the action)")
        if action not in self._actions and not line.get("odd"):
            raise ScenarioError(f"did: {action!r} is no action of Slack's list{self._actions.hint(action)}")
        person = self._person(line.get("who"))
        actor = {"type": "user", "user": _user(person)}
        context = self._context(line, person, action)
        entry: dict[str, Any] = {
            "id": str(uuid.UUID(bytes=hashlib.sha256(f"{self._case.title}/{seed}".encode()).digest()[:16])),
            "date_create": created,
            "action": action,
            "actor": actor,
            "entity": self._entity(line, action, actor, context, file_id),
            "context": context,
        }
        if "details" in line:
            entry["details"] = spread_lists(copy.deepcopy(line["details"]))
        _merge(entry, line.get("raw") or {})
        for path in line.get("without") or ():
            _drop(entry, path)
        return entry

    def _person(self, who: Any) -> Mapping[str, Any]:
        if isinstance(who, dict):
            return who
        if who is None:
            raise ScenarioError("who: is missing (a name of the cast, or {id: …, email: …})")
        if who not in self._case.scenario.cast:
            raise ScenarioError(f"who: {who!r} is not in the cast ({', '.join(self._case.scenario.cast)})")
        return {"name": str(who).capitalize() + " Example", **self._case.scenario.cast[who]}

    def _context(self, line: Mapping[str, Any], person: Mapping[str, Any], action: str) -> dict[str, Any]:
        where = line.get("where", "org")
        if where not in self._places:
            raise ScenarioError(f"where: {where!r} is no place of this scenario ({', '.join(self._places)})")
        session = None if action == "user_login_failed" else 5_700_000_000_001
        context: dict[str, Any] = {
            "location": dict(self._places[where]),
            "ua": line.get("ua", person.get("ua", _BROWSER)),
            "ip_address": line.get("ip", person.get("ip", _HOME_ADDRESS)),
            "session_id": line.get("session", session),
        }
        if "via" in line:
            context["app"] = _app_in_context(self._named("apps", line["via"]))
        if "agent" in line:
            context["acting_agent"] = line["agent"]
        return context

    def _named(self, kind: str, name: Any) -> Mapping[str, Any]:
        table: Mapping[str, Any] = getattr(self._case.scenario, kind)
        if isinstance(name, dict):
            return name
        if name not in table:
            raise ScenarioError(f"{name!r} is not among the {kind} of this scenario ({', '.join(table) or 'none'})")
        return dict(table[name])

    def _entity(
        self,
        line: Mapping[str, Any],
        action: str,
        actor: Mapping[str, Any],
        context: Mapping[str, Any],
        file_id: str,
    ) -> dict[str, Any]:
        if "entity" in line:
            return copy.deepcopy(line["entity"])
        if "file" in line or "files" in line or action.startswith("file_"):
            return {"type": "file", "file": _file(line.get("file", file_id))}
        target = line.get("to")
        kind = self._actions.entity_type(action)
        for candidate in (kind,) + (("user", "app", "channel", "place") if target is not None else ()):
            found = self._resolve(candidate, target, actor, context)
            if found is not None:
                return found
        if target is not None:
            raise ScenarioError(f"to: {target!r} is in neither cast nor apps, channels or places")
        raise ScenarioError(f"{action} acts on a {kind}: say on which with to:, or write entity: out")

    def _resolve(
        self, kind: str, target: Any, actor: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        scenario = self._case.scenario
        if kind == "user":
            if target is None:
                return {"type": "user", "user": dict(actor["user"])}
            if target in scenario.cast:
                return {"type": "user", "user": _user(self._person(target))}
        if kind == "app" and target in scenario.apps:
            return {"type": "app", "app": _app_as_entity(dict(scenario.apps[target]))}
        if kind == "channel" and target in scenario.channels:
            return {"type": "channel", "channel": _channel(dict(scenario.channels[target]))}
        if kind in ("place", "workspace|enterprise", "workspace", "enterprise"):
            if target is not None and target not in self._places:
                return None
            place = dict(self._places[target] if target is not None else context["location"])
            place_type = str(place.pop("type"))
            return {"type": place_type, place_type: place}
        return None


def _user(person: Mapping[str, Any]) -> dict[str, Any]:
    members = {key: person[key] for key in ("id", "name", "email", "team", "account_type") if key in person}
    members.setdefault("team", "E0EXAMPLE")
    return members


def _app_as_entity(app: dict[str, Any]) -> dict[str, Any]:
    return {
        "is_distributed": False,
        "is_directory_approved": False,
        "is_workflow_app": False,
        "scopes": [],
        **app,
    }


def _app_in_context(app: Mapping[str, Any]) -> dict[str, Any]:
    members = {key: value for key, value in app.items() if key in ("id", "name", "scopes", "creator", "team")}
    members["scopes_bot"] = app.get("bot_scopes", [])
    return members


def _channel(channel: dict[str, Any]) -> dict[str, Any]:
    return {"privacy": "public", "is_shared": True, "is_org_shared": False, **channel}


def _file(given: Any) -> dict[str, Any]:
    file = given if isinstance(given, dict) else {"id": given}
    return {"name": f"{file['id']}.pdf", "filetype": "application/pdf", "title": str(file["id"]), **file}


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _drop(entry: dict[str, Any], path: str) -> None:
    *parents, last = path.split(".")
    holder: Any = entry
    for parent in parents:
        holder = holder.get(parent) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or last not in holder:
        raise ScenarioError(f"without: {path!r} is not in the entry anyhow")
    del holder[last]


__all__: tuple[str, ...] = ("Arrival", "EntryBuilder")
