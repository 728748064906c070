"""The shape of an entry: everything but its values. What shapes are good for is told in `contract`.

Finding a shape by visiting every object of an entry takes longer than parsing it. But most entries of a page
share their actor, their context or their object with others, word for word, so `FamiliarParts` remembers the
shapes of such parts by their text.
"""

from __future__ import annotations

import json
from typing import Any

#: No honest entry holds more objects and lists.
MOST_CONTAINERS = 500
#: Lists hold many of the same kind; the first ones tell it.
LIST_ITEMS = 50
_CONTAINERS = frozenset((dict, list))
#: An entry longer than this is not worth remembering parts of.
LONGEST_TEXT = 4_000
MOST_PARTS = 6_000
MOST_NUMBERS = 3_000
UNUSUAL = -1

Shape = Any


def shape_of(value: Any) -> Shape:
    """Return member names, types and what else the contract looks at, as one flat tuple.

    Whole rows of names and types at once and no recursion: containers are visited in the order in which they are
    found, which keeps the tuple unambiguous.
    """
    flat: list[Any] = []
    visit = [value]
    for container in visit:
        if type(container) is dict:
            types = tuple(map(type, container.values()))
            flat.append(len(types))
            flat.extend(container)
            flat.extend(types)
            if "id" in container:
                flat.append(container["id"] != "")
            if "type" in container:
                flat.append(container["type"] if isinstance(container["type"], str) else "")
            if "action" in container:
                flat.append(container["action"] != "")
            if dict in types or list in types:
                visit.extend([member for member in container.values() if type(member) in _CONTAINERS])
        elif type(container) is list:
            flat.append(frozenset(map(type, container)))
            visit.extend([item for item in container[:LIST_ITEMS] if type(item) in _CONTAINERS])
        else:
            flat.append(type(container))
        if len(visit) > MOST_CONTAINERS:
            break
    return tuple(flat)


class FamiliarParts:
    """Outlines of entries, put together from parts that were met before."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._numbers: dict[Shape, int] = {}

    def outline(self, text: str, value: Any) -> Shape | None:
        """Return the same for entries of the same shape; None for an entry that is not as Slack writes them.

        That is: id, date_create, action, actor, entity, context and often details, without spaces. In JSON text
        `,"actor":` cannot stand inside a string, where quotes have a backslash before them. So the text falls into
        pieces between its members, and when each of them makes a whole object by itself, together they make the entry.
        """
        if len(text) > LONGEST_TEXT or type(value) is not dict:
            return None
        actor = text.find(',"actor":')
        entity = text.find(',"entity":', actor)
        context = text.find(',"context":', entity)
        if actor < 0 or entity < 0 or context < 0:
            return None
        details = text.find(',"details":', context)
        # The pieces hold all members but three; those must be what they always are.
        get = value.get
        if len(value) != (6 if details < 0 else 7) or type(get("date_create")) is not int:
            return None
        if type(get("id")) is not str or type(get("action")) is not str or not value["id"] or not value["action"]:
            return None
        known, one, two = self._known.get, text[actor:entity], text[entity:context]
        three = text[context : details if details > 0 else -1]
        four = text[details:-1] if details > 0 else ""
        outline = (
            known(one) or self._learn(one),
            known(two) or self._learn(two),
            known(three) or self._learn(three),
            (known(four) or self._learn(four)) if four else 0,
        )
        return None if UNUSUAL in outline else outline

    def _learn(self, piece: str) -> int:
        """Return a number for the shape of a member, given as `,"name":value`; UNUSUAL if it is no whole value."""
        number = UNUSUAL
        try:
            shape = shape_of(json.loads("{" + piece[1:] + "}"))
        except (ValueError, RecursionError):
            pass
        else:
            if len(self._numbers) < MOST_NUMBERS:
                number = self._numbers.setdefault(shape, len(self._numbers) + 1)
        if len(self._known) >= MOST_PARTS:
            self._known.clear()
        self._known[piece] = number
        return number
