"""Holds entries against Slack's page contract, each new shape once.

Validating an entry is many times dearer than everything else that happens to it, and a busy organisation
sends the same few hundred shapes all day. A shape is an entry without its values: member names, types, empty
or not, and the `type` members that decide which object must follow. Verdicts are kept across runs. Nothing is
ever dropped for its
shape: an entry that does not fit is counted and reported, because Slack adds members and types without
    notice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Callable

from slack_audit_monitor.shapes import FamiliarParts, Shape, shape_of

SCHEMA_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "logs_page.schema.json")
UNREADABLE = "the entry is not readable JSON"
UNCHECKED = ""
#: Maps with free keys (details.new_value) could make new shapes for ever.
MOST_SHAPES = 3_000


class Contract:
    """Answers what is wrong with an entry's shape.

    Args:
        verdicts: digest of a shape to its problem ("" for none), as an earlier run knew them.
    """

    def __init__(self, verdicts: dict[str, str] | None = None) -> None:
        self._by_digest: dict[str, str] = dict(verdicts or {})
        self._by_shape: dict[Shape, str] = {}
        self._by_outline: dict[Shape, str] = {}
        self._familiar = FamiliarParts()
        self._validate: Callable[[Any], Iterator[Any]] | None = None

    @property
    def verdicts(self) -> dict[str, str]:
        """Digest of each known shape to its problem."""
        return self._by_digest

    def problem(self, value: Any, text: str = "") -> str:
        """Return what does not fit, as `member.member: rule`, or "".

        Args:
            value: the entry, parsed; None when it is unreadable.
            text: its JSON, if at hand: most entries are judged quicker with it.
        """
        if value is None:
            return UNREADABLE
        outline = self._familiar.outline(text, value)
        if outline is None:
            return self._look_up(value)
        known = self._by_outline.get(outline)
        if known is None:
            known = self._by_outline[outline] = self._look_up(value)
            if len(self._by_outline) > MOST_SHAPES:
                self._by_outline.clear()
        return known

    def _look_up(self, value: Any) -> str:
        shape = shape_of(value)
        known = self._by_shape.get(shape)
        if known is not None:
            return known
        digest = blake2b(_stable_text(shape).encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
        verdict = self._by_digest.get(digest)
        if verdict is None:
            if len(self._by_digest) >= MOST_SHAPES:
                return UNCHECKED
            verdict = self._by_digest[digest] = self._judge(value)
        if len(self._by_shape) < MOST_SHAPES:
            self._by_shape[shape] = verdict
        return verdict

    def _judge(self, value: Any) -> str:
        if self._validate is None:
            self._validate = _entry_validator()
        for error in self._validate(value):
            place = ".".join(str(step) for step in error.absolute_path) or "entry"
            wanted = f" {error.validator_value}" if error.validator in ("required", "type", "const") else ""
            return f"{place}: {error.validator}{wanted}"[:200]
        return ""


def _entry_validator() -> Callable[[Any], Iterator[Any]]:
    from jsonschema import Draft202012Validator  # a tenth of a second that most runs can spare

    with open(SCHEMA_PATH, encoding="utf-8") as file:
        definitions = json.load(file)["definitions"]
    validator = Draft202012Validator({"$ref": "#/definitions/entry", "definitions": definitions})
    validate: Callable[[Any], Iterator[Any]] = validator.iter_errors
    return validate


def _stable_text(shape: Shape) -> str:
    """Return the same text for the same shape in every process: sets have no order of their own."""
    parts = []
    for part in shape:
        if isinstance(part, frozenset):
            parts.append("{" + ",".join(sorted(kind.__name__ for kind in part)) + "}")
        else:
            parts.append(part.__name__ if isinstance(part, type) else repr(part))
    return ",".join(parts)
