"""bin (bucket): a number or a time becomes the bucket in which it lies."""

from __future__ import annotations

from typing import Any

from ..context import RunContext
from ..discretize import OPTIONS, bucket_of
from ..errors import Place
from ..stream import TokenStream
from ..values import members, multivalue
from .base import Command, Compiler, Rows, command


class Bin(Command):
    """One bin. Times stay epoch seconds; numbers become the text ``low-high``."""

    idle = True

    def __init__(self, field: str, target: str, options: dict[str, Any], place: Place) -> None:
        self._field = field
        self._target = target
        self._options = options
        self._place = place

    def run(self, rows: Rows, context: RunContext) -> Rows:
        name = self._field
        met = [] if "span" in self._options else [value for row in rows for value in members(row.get(name))]
        bucket = bucket_of(name, self._options, met, context, self._place)
        for row in rows:
            row.set(self._target, multivalue([bucket(value) for value in members(row.get(name))]))
        return rows


@command("bin", "bucket")
def parse_bin(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    options = stream.options(OPTIONS)
    field = stream.field(wildcards=False)
    target = stream.field("a new name", wildcards=False) if stream.accept("as") else field
    stream.options(OPTIONS, options)
    if target == field and stream.accept("as"):
        target = stream.field("a new name", wildcards=False)
    stream.end()
    return Bin(field, target, options, place)
