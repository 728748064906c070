"""How an act becomes an entry: ids, actor, entity, context, and the many forms Slack gives them.

Knows the shape of an entry. It does not know why anything happens.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .people import ENTERPRISE, WORKSPACES, Person

Object = dict[str, Any]
_NOT_GIVEN = object()


@dataclass(frozen=True)
class Seat:
    """From where an act is done: address, client and session. `address` may be empty."""

    address: str
    ua: str
    session: Any = None


class Writer:
    """Collects entries. One writer writes the whole organisation, so ids never collide."""

    def __init__(self, seed: int) -> None:
        self.entries: list[Object] = []
        self._draw = random.Random(f"writer/{seed}")  # noqa: S311

    def write(
        self,
        at: float,
        action: str,
        actor: Mapping[str, Any],
        entity: Object,
        seat: Seat,
        *,
        details: Any = _NOT_GIVEN,
        workspace: str | None = None,
        app: Any = _NOT_GIVEN,
        more_context: Object | None = None,
    ) -> Object:
        """Add one entry and return it.

        Args:
            at: Unix seconds; fractions are cut off, as Slack does.
            details: left out when not given; None is written as null.
            workspace: id of the workspace where it happened; None means the organisation.
            app: the app that made the call; sometimes null, sometimes absent when there is none.
        """
        bits = self._draw.getrandbits(128)
        digits = f"{bits:032x}"
        if workspace is None:
            location: Object = {"type": "enterprise", **ENTERPRISE}
        else:
            location = {"type": "workspace", **WORKSPACES[workspace]}
        context: Object = {"location": location, "ua": seat.ua, "ip_address": seat.address}
        self._add_session(context, seat.session, bits)
        if app is not _NOT_GIVEN:
            context["app"] = app
        elif bits % 11 == 0:
            context["app"] = None
        if more_context:
            context.update(more_context)
        entry: Object = {
            "id": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}",
            "date_create": int(at),
            "action": action,
            "actor": {"type": "user", "user": actor},
            "entity": entity,
            "context": context,
        }
        if details is not _NOT_GIVEN:
            entry["details"] = details
        elif bits % 5 == 0:
            entry["details"] = None
        self.entries.append(entry)
        return entry

    def _add_session(self, context: Object, session: Any, bits: int) -> None:
        kind = bits % 211
        if kind == 0:
            return  # older entries have no such member
        context["session_id"] = str(session) if kind == 1 and session is not None else session


def user(person: Person) -> Object:
    return {"type": "user", "user": person.as_slack}


def enterprise() -> Object:
    return {"type": "enterprise", "enterprise": ENTERPRISE}


def workspace(workspace_id: str) -> Object:
    return {"type": "workspace", "workspace": WORKSPACES[workspace_id]}
